"""Map cells: order, tiles and covers, on random points and boxes."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehall.kernel import cells, geo

lons = st.floats(-179.9, 179.9)
lats = st.floats(-84.9, 84.9)


def holds(found: list[cells.Range], cell: int) -> bool:
    """True when one of the ranges holds the cell."""
    return any(first <= cell <= last for first, last in found)


def test_a_known_point_keeps_its_number() -> None:
    assert cells.cell_of(-180.0, 90.0) == 0
    assert cells.cell_of(0.0, 0.0) == 3 << 50
    assert cells.cell_of(180.0, -90.0) == (1 << 52) - 1


@given(lons, lats)
def test_a_cell_and_its_centre_are_less_than_a_meter_apart(lon: float, lat: float) -> None:
    cell = cells.cell_of(lon, lat)
    assert 0 <= cell < 1 << 52
    assert cells.join(*cells.split(cell)) == cell
    assert geo.distance(lon, lat, *cells.centre_of(cell)) < 1.0


@given(lons, lats, st.integers(0, 26))
def test_a_point_lies_in_the_range_of_its_tile_and_of_no_neighbor(
    lon: float, lat: float, z: int
) -> None:
    x, y = (v >> (26 - z) for v in cells.grid_xy(lon, lat))
    first, last = cells.tile_range(z, x, y)
    assert first <= cells.cell_of(lon, lat) <= last
    if x + 1 < 1 << z:
        beside = cells.tile_range(z, x + 1, y)
        assert beside[0] > last or beside[1] < first


def test_the_four_children_of_a_tile_fill_it_exactly() -> None:
    first, last = cells.tile_range(13, 1402, 3272)
    children = sorted(cells.tile_range(14, 2804 + dx, 6544 + dy) for dx in (0, 1) for dy in (0, 1))
    assert children[0][0] == first
    assert children[-1][1] == last
    assert all(a[1] + 1 == b[0] for a, b in itertools.pairwise(children))


@pytest.mark.parametrize("tile", [(-1, 0, 0), (27, 0, 0), (3, 8, 0), (3, 0, -1)])
def test_a_tile_that_does_not_exist_is_refused(tile: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no such tile"):
        cells.tile_range(*tile)


@given(lons, lats, st.floats(0, 2), st.floats(0, 2), st.floats(0, 1), st.floats(0, 1))
def test_the_ranges_of_a_box_hold_every_point_of_it(
    west: float, south: float, wide: float, tall: float, u: float, v: float
) -> None:
    east, north = min(180.0, west + wide), min(85.0, south + tall)
    found = cells.ranges(west, south, east, north)
    assert 1 <= len(found) <= 12
    assert all(a[1] < b[0] for a, b in itertools.pairwise(found))
    lon, lat = west + u * (east - west), south + v * (north - south)
    assert holds(found, cells.cell_of(min(lon, east), min(lat, north)))


@given(lons, st.floats(-80, 80), st.floats(1, 5000), st.floats(0, 2 * math.pi), st.floats(0, 0.999))
def test_near_holds_every_point_inside_the_circle(
    lon: float, lat: float, metres: float, angle: float, part: float
) -> None:
    _, _, east, north = geo.box_around(lon, lat, metres * part)
    there = (lon + (east - lon) * math.cos(angle), lat + (north - lat) * math.sin(angle))
    if abs(there[0]) > 180 or geo.distance(lon, lat, *there) > metres:
        return
    assert holds(cells.near(lon, lat, metres), cells.cell_of(*there))


def test_a_small_circle_covers_little() -> None:
    found = cells.near(-118.49, 34.02, 100)
    covered = sum(last - first + 1 for first, last in found)
    # The circle's box is about 200 m wide: 410 cells of 0.49 m.
    assert covered < 4 * 410 * 410


def test_a_turned_around_box_is_refused() -> None:
    with pytest.raises(ValueError, match="turned around"):
        cells.ranges(10, 50, 9, 51)


def test_typed_coordinates_are_read_latitude_first() -> None:
    assert geo.read_point("34.0195, -118.4912") == (-118.4912, 34.0195)
    assert geo.read_point("-118.4912 34.0195") == (-118.4912, 34.0195)
    assert geo.read_point("14, 15") is None
    assert geo.read_point("14 Mill Lane") is None


@given(lons, lats)
def test_a_rounded_place_is_near_and_the_same_for_all_in_its_square(lon: float, lat: float) -> None:
    middle = geo.rounded(lon, lat)
    assert geo.distance(lon, lat, *middle) < 150
    again = geo.rounded(*middle)
    assert geo.distance(*middle, *again) < 0.01


@given(lons, lats)
def test_mercator_there_and_back(lon: float, lat: float) -> None:
    back = geo.unmercator(*geo.mercator(lon, lat))
    assert back == pytest.approx((lon, lat), abs=1e-9)
