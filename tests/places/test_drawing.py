"""Map pictures: their size, their colors, the same names on neighboring tiles, the cache on disk."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pytest_django import Settings

from onehall.kernel import cells
from onehall.places import tiles
from onehall.places.drawing import letters
from onehall.places.drawing.colors import DARK, LIGHT, Color, color
from onehall.places.drawing.held_labels import labels_of_tile
from onehall.places.drawing.scene import scene_of
from onehall.places.models import City
from tests.places.conftest import LAT, LON


@pytest.fixture(autouse=True)
def _tile_cache(settings: Settings, tmp_path: Path) -> None:
    settings.ONEHALL_TILE_CACHE = tmp_path / "tiles"


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    """The tile that a point lies on."""
    x, y = cells.grid_xy(lon, lat)
    return z, x >> (26 - z), y >> (26 - z)


def opened(data: bytes) -> Image.Image:
    """The picture, as red, green, blue."""
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "WEBP"
    return picture.convert("RGB")


def shares(picture: Image.Image, wanted: Color) -> float:
    """The part of the pixels that are about of a color."""
    pixels = np.asarray(picture).astype(int).reshape(-1, 3)
    return float(np.mean(np.all(np.abs(pixels - np.array(wanted)) <= 6, axis=1)))


@pytest.mark.parametrize("dark", [False, True])
def test_a_tile_has_the_city_s_ground_blocks_and_streets(town: City, *, dark: bool) -> None:
    colors = DARK if dark else LIGHT
    picture = opened(tiles.draw_tile(town, *tile_of(LON + 0.001, LAT + 0.001, 16), dark=dark))
    assert picture.size == (512, 512)
    assert shares(picture, colors.block) > 0.1
    assert shares(picture, colors.street) > 0.02


def test_parks_and_water_are_drawn(town: City) -> None:
    park = opened(tiles.draw_tile(town, *tile_of(LON - 0.0055, LAT + 0.006, 17), dark=False))
    water = opened(tiles.draw_tile(town, *tile_of(LON - 0.005, LAT - 0.0095, 16), dark=False))
    assert shares(park, LIGHT.park) > 0.15
    assert shares(water, LIGHT.water) > 0.05


def test_a_tile_is_kept_and_drawn_anew_for_a_new_revision(town: City, tmp_path: Path) -> None:
    where = tile_of(LON, LAT, 15)
    first = tiles.draw_tile(town, *where, dark=False)
    (kept,) = (tmp_path / "tiles").rglob("*.webp")
    kept.write_bytes(b"kept")
    assert tiles.draw_tile(town, *where, dark=False) == b"kept"
    assert tiles.draw_tile(town, *where, dark=True) != b"kept"
    town.revision += 1
    assert tiles.draw_tile(town, *where, dark=False) == first
    assert list((tmp_path / "tiles").rglob("*.part")) == []


def test_a_disk_that_cannot_be_written_only_costs_speed(
    town: City, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    settings.ONEHALL_TILE_CACHE = tmp_path / "file" / "tiles"
    assert opened(tiles._drawn(town, *tile_of(LON, LAT, 15), "en", dark=False)).size == (512, 512)


@pytest.mark.parametrize("tile", [(9, 0, 0), (20, 0, 0), (12, -1, 0), (12, 4096, 0), (12, 0, 4096)])
def test_a_tile_that_does_not_exist_is_refused(town: City, tile: tuple[int, int, int]) -> None:
    with pytest.raises(tiles.NoSuchTile):
        tiles.draw_tile(town, *tile, dark=False)


def test_far_from_the_city_the_tile_is_plain_and_not_kept(town: City, tmp_path: Path) -> None:
    picture = opened(tiles.draw_tile(town, *tile_of(10.0, 50.0, 14), dark=False))
    assert shares(picture, LIGHT.beyond) == 1
    assert not (tmp_path / "tiles").exists()


def test_a_city_without_a_map_has_plain_tiles(db: None) -> None:
    city = City.objects.create(slug="bare", name="Bare")
    assert tiles.draw_tile(city, 15, 1, 1, dark=True) == tiles.draw_tile(city, 15, 9, 9, dark=True)


def test_a_name_on_the_edge_of_two_tiles_stands_at_one_spot(town: City) -> None:
    scene = scene_of(town)
    z, x, y = tile_of(LON, LAT, 16)
    key = (town.pk, town.digest)
    spots = set()
    tiles_seen = [(x + dx, y + dy) for dx in range(-2, 3) for dy in range(-2, 3)]
    for tx, ty in tiles_seen:
        for label in labels_of_tile(key, lambda: scene, z, tx, ty):
            spots.add((label.text, round(label.x + tx * 512, 3), round(label.y + ty * 512, 3)))
    texts = [text for text, _, _ in spots]
    assert {"Mill Lane", "Main Street"} <= set(texts)
    for text, a, b in spots:
        twins = [s for s in spots if s[0] == text and abs(s[1] - a) < 40 and abs(s[2] - b) < 40]
        assert len(twins) == 1


def test_a_still_map_has_the_pin_in_its_middle_and_numbered_dots(town: City) -> None:
    pins = [tiles.Pin(LON, LAT), tiles.Pin(LON + 0.0015, LAT, "other", "2")]
    picture = opened(
        tiles.draw_still(town, LON, LAT, width=300, height=200, zoom=16, dark=False, pins=pins)
    )
    assert picture.size == (600, 400)
    assert shares(picture.crop((280, 120, 320, 190)), LIGHT.buoy) > 0.4
    assert shares(picture, LIGHT.brand) > 0.002
    single = tiles.draw_still(town, LON, LAT, width=300, height=200, zoom=16, dark=True, ratio=1)
    assert opened(single).size == (300, 200)


@pytest.mark.parametrize(("width", "height"), [(0, 10), (5000, 5000), (-3, 4)])
def test_a_still_map_without_sense_is_refused(town: City, width: int, height: int) -> None:
    with pytest.raises(ValueError, match="is not drawn"):
        tiles.draw_still(town, LON, LAT, width=width, height=height, zoom=15, dark=False)


def test_accents_are_drawn_over_plain_letters() -> None:
    plain = letters.lettering("Jose", 24, halo=2)
    marked = letters.lettering("José", 24, halo=2)
    assert plain is not None
    assert marked is not None
    assert plain.ink.size == marked.ink.size
    assert plain.ink.tobytes() != marked.ink.tobytes()


@pytest.mark.parametrize("text", ["شارع", "中山路", "", " "])
def test_a_name_the_font_cannot_write_is_left_out(text: str) -> None:
    assert letters.lettering(text, 24, halo=2) is None


@given(st.text(max_size=40))
def test_any_name_is_drawn_or_left_out(text: str) -> None:
    assert (letters.width(text, 20) is None) == (letters.lettering(text, 20, halo=2) is None)


def test_the_colors_are_those_of_the_style_sheet() -> None:
    assert LIGHT.land == color("#eef2ea")
    assert DARK.buoy == color("#ff9a66")
