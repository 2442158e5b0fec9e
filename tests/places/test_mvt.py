"""Vector tiles unpacked: the same shapes and facts as a library reads, and words for what is broken."""

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from onehall.places.drawing import mvt
from onehall.places.drawing.found import Found
from onehall.places.drawing.mvt import BrokenTile, TileLayer
from onehall.places.rows import STREET_KINDS

SQUARE = "POLYGON ((0 0, 0 100, 100 100, 100 0, 0 0), (20 20, 40 20, 40 40, 20 40, 20 20))"
FAR = "POLYGON ((200 200, 200 300, 300 300, 200 200))"
NAME = "water"
ALL = frozenset(STREET_KINDS)


def packed(*shapes: str, facts: list[dict[str, object]] | None = None, name: str = NAME) -> bytes:
    """A tile with one layer, as the library packs it."""
    said = facts or [{}] * len(shapes)
    features = [{"geometry": s, "properties": f} for s, f in zip(shapes, said, strict=True)]
    layer = {"name": name, "features": features}
    return bytes(mapbox_vector_tile.encode([layer], default_options={"y_coord_down": True}))


def layer_of(data: bytes, name: str = NAME) -> TileLayer:
    """The one layer of a tile."""
    ((one,),) = mvt.split(data, frozenset({name})).values()
    return TileLayer(one)


class TestShapes:
    def test_a_polygon_keeps_its_holes(self) -> None:
        shapes, owners = layer_of(packed(SQUARE)).polygons([0])
        assert owners.tolist() == [0]
        assert shapes[0].equals(shapely.from_wkt(SQUARE))

    def test_parts_of_one_feature_are_told_apart(self) -> None:
        both = f"MULTIPOLYGON ({SQUARE[8:]}, {FAR[8:]})"
        shapes, owners = layer_of(packed(both, FAR)).polygons([0, 1])
        assert owners.tolist() == [0, 0, 1]
        assert [round(shape.area) for shape in shapes] == [9600, 5000, 5000]

    def test_only_what_is_asked_for_is_made(self) -> None:
        layer = layer_of(packed("LINESTRING (0 0, 5 5)", "LINESTRING (7 7, 9 9, 9 12)"))
        shapes, owners = layer.lines([1])
        assert (shapes[0].wkt, owners.tolist()) == ("LINESTRING (7 7, 9 9, 9 12)", [0])
        assert layer.lines([])[0].tolist() == []
        assert layer.polygons([])[0].tolist() == []
        assert layer.points([])[0].tolist() == []

    def test_points_come_with_their_feature(self) -> None:
        points, owners = layer_of(packed("POINT (3 4)", "MULTIPOINT ((1 1), (2 2))")).points([0, 1])
        assert points.tolist() == [[3, 4], [1, 1], [2, 2]]
        assert owners.tolist() == [0, 1, 1]

    @given(
        st.lists(
            st.lists(
                st.tuples(st.integers(-64, 4160), st.integers(-64, 4160)),
                min_size=2, max_size=12, unique=True,
            ),
            min_size=1, max_size=8,
        )
    )  # fmt: skip
    def test_lines_are_those_of_the_library(self, lines: list[list[tuple[int, int]]]) -> None:
        data = packed(*(shapely.LineString(line).wkt for line in lines))
        shapes, owners = layer_of(data).lines(range(len(lines)))
        assert owners.tolist() == list(range(len(lines)))
        assert [shapely.get_coordinates(s).astype(int).tolist() for s in shapes] == [
            [list(point) for point in line] for line in lines
        ]


class TestFacts:
    def test_are_of_every_kind(self) -> None:
        said: dict[str, object] = {"name": "Río", "lanes": 2, "low": -3, "high": 1.5, "toll": True}
        layer = layer_of(packed(SQUARE, FAR, facts=[said, {}]))
        assert layer.facts(0) == said
        assert layer.facts(1) == {}
        assert [layer.kind(number) for number in range(len(layer))] == [mvt.POLYGON] * 2

    def test_other_layers_are_passed_over(self) -> None:
        assert mvt.split(packed(SQUARE, name="housenumber"), frozenset({NAME})) == {}


class TestWhatIsBroken:
    @pytest.mark.parametrize(
        "geometry",
        [
            [9, 0],  # a move without its point
            [9, 0, 0, 18],  # a line without one
            [10, 2, 2],  # a line that begins nowhere
            [13, 1, 1],  # no command at all
            [9 | 1 << 31, 0, 0],  # more points than there are
        ],
    )
    def test_a_shape_is_refused(self, geometry: list[int]) -> None:
        tile = mvt.vector_tile_pb2.tile()
        layer = tile.layers.add(name=NAME, version=2, extent=4096)
        feature = layer.features.add(type=2)
        feature.geometry.extend(geometry)
        with pytest.raises(BrokenTile):
            layer_of(tile.SerializeToString()).lines([0])

    def test_facts_that_are_not_there_are_refused(self) -> None:
        tile = mvt.vector_tile_pb2.tile()
        layer = tile.layers.add(name=NAME, version=2, extent=4096)
        layer.features.add(type=3, tags=[0, 7])
        with pytest.raises(BrokenTile):
            layer_of(tile.SerializeToString()).facts(0)

    @pytest.mark.parametrize("extent", [0, 1 << 20])
    def test_an_extent_without_sense_is_refused(self, extent: int) -> None:
        tile = mvt.vector_tile_pb2.tile()
        tile.layers.add(name=NAME, version=2, extent=extent)
        with pytest.raises(BrokenTile):
            layer_of(tile.SerializeToString())

    @given(st.binary(max_size=200))
    def test_any_bytes_are_read_or_refused(self, data: bytes) -> None:
        try:
            found = Found(data, 14, 1, 1)
            found.streets()
            found.surfaces(buildings=True)
            found.lines(ALL)
            found.spots(near=True)
        except BrokenTile:
            return

    @given(st.integers(0, 400), st.binary(min_size=1, max_size=3))
    def test_a_tile_with_bytes_changed_is_read_or_refused(self, at: int, other: bytes) -> None:
        good = packed(SQUARE, FAR, facts=[{"class": "park", "name": "A"}] * 2, name="landuse")
        at %= len(good)
        found = None
        try:
            found = Found(good[:at] + other + good[at + len(other) :], 14, 1, 1)
            found.surfaces(buildings=True)
        except (ValueError, shapely.errors.ShapelyError):
            return
        assert found is not None


def test_what_lies_on_the_edge_of_two_tiles_is_one_point() -> None:
    right = Found(
        packed(
            "LINESTRING (4000 8, 4096 8)", facts=[{"class": "primary", "name": "A"}], name="roads"
        ),
        14,
        5,
        5,
    )
    left = Found(
        packed("LINESTRING (0 8, 90 8)", facts=[{"class": "primary", "name": "A"}], name="roads"),
        14,
        6,
        5,
    )
    ends = [shapely.get_coordinates(one.lines(ALL)[0][2]) for one in (right, left)]
    assert np.array_equal(ends[0][-1], ends[1][0])
