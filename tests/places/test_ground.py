"""The ground of the map from a file of vector tiles: drawn in the city's look, and passed over when it can not be read."""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest
from PIL import Image
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from onehall.kernel import geo
from onehall.places import ground, tiles
from onehall.places.drawing import held_labels, scene, vector
from onehall.places.drawing.colors import palette
from onehall.places.drawing.kinds import name_in
from onehall.places.drawing.vector import BrokenFile, VectorFile
from onehall.places.models import City, Landmark, Street
from onehall.places.rows import STREET_KINDS
from tests.packs import testford
from tests.shared_data import shared

ALL = frozenset(STREET_KINDS)
ZOOM = 14
LAKE = "POLYGON ((0 0, 4096 0, 4096 2048, 0 2048, 0 0))"
ROAD = "LINESTRING (0 3072, 4096 3072)"
LAYERS = [
    {"name": "water", "features": [{"geometry": LAKE, "properties": {"class": "lake"}}]},
    {
        "name": "transportation",
        "features": [{"geometry": ROAD, "properties": {"class": "primary"}}],
    },
    {
        "name": "transportation_name",
        "features": [
            {
                "geometry": ROAD,
                "properties": {"class": "primary", "name": "Long Road", "name:es": "Calle Larga"},
            }
        ],
    },
    {
        "name": "poi",
        "features": [{"geometry": "POINT (5 5)", "properties": {"name": "A shop"}}],
    },
]


@pytest.fixture
def city(db: None, settings: Any, tmp_path: Path) -> City:
    """Testford, with a folder for maps."""
    settings.MAPS_DIR = tmp_path / "maps"
    settings.ONEHALL_TILE_CACHE = tmp_path / "tiles"
    (tmp_path / "maps").mkdir()
    ground.forget()
    held_labels.forget()
    return testford()


def spot(city: City, zoom: int = ZOOM) -> tuple[int, int]:
    """The tile in the middle of the city."""
    assert city.center is not None
    x, y = geo.mercator(*city.center)
    return int(x * (1 << zoom)), int(y * (1 << zoom))


@pytest.fixture
def put(city: City) -> Callable[..., Path]:
    """Writes a file for the city, with the same layers in all tiles around its middle."""

    def write(
        layers: list[dict[str, Any]] = LAYERS, *, raw: bytes | None = None, **changes: Any
    ) -> Path:
        packed = {"tile_compression": Compression.GZIP, "attribution": ""} | changes
        path = ground.path_of(city)
        x, y = spot(city)
        with path.open("wb") as stream:
            writer = Writer(stream)
            for column in range(x - 3, x + 4):
                for row in range(y - 3, y + 4):
                    tile = (
                        raw
                        if raw is not None
                        else gzip.compress(
                            mapbox_vector_tile.encode(
                                layers, default_options={"y_coord_down": True}
                            )
                        )
                    )
                    writer.write_tile(zxy_to_tileid(ZOOM, column, row), tile)
            west, north = geo.unmercator((x - 3) / (1 << ZOOM), (y - 3) / (1 << ZOOM))
            east, south = geo.unmercator((x + 4) / (1 << ZOOM), (y + 4) / (1 << ZOOM))
            header = {
                "tile_type": packed.get("tile_type", TileType.MVT),
                "tile_compression": packed["tile_compression"],
                "min_lon_e7": int(packed.get("west", west) * 1e7),
                "min_lat_e7": int(south * 1e7),
                "max_lon_e7": int(packed.get("east", east) * 1e7),
                "max_lat_e7": int(north * 1e7),
                "center_zoom": ZOOM,
                "center_lon_e7": 0,
                "center_lat_e7": 0,
            }
            said = packed.get("metadata", {})
            writer.finalize(header, {"attribution": packed["attribution"], **said})
        return path

    return write


def drawn(city: City, zoom: int = ZOOM, *, dark: bool = False) -> Image.Image:
    """The middle tile."""
    x, y = spot(city, zoom)
    return Image.open(io.BytesIO(tiles.draw_tile(city, zoom, x, y, dark=dark))).convert("RGB")


def like(one: Any, other: tuple[int, int, int]) -> bool:
    """Whether two colors are the same but for packing."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < 8


class TestDrawing:
    @pytest.mark.parametrize("dark", [False, True])
    def test_shows_what_is_in_the_file_in_the_citys_look(
        self, city: City, put: Callable[..., Path], *, dark: bool
    ) -> None:
        put()
        picture, colors = drawn(city, dark=dark), palette(dark=dark)
        assert like(picture.getpixel((40, 100)), colors.water)
        assert like(picture.getpixel((40, 384)), colors.street)
        assert not like(picture.getpixel((40, 320)), colors.water)

    @pytest.mark.parametrize("zoom", [13, 15, 17, 19])
    def test_is_drawn_closer_and_farther_than_the_file_goes(
        self, city: City, put: Callable[..., Path], zoom: int
    ) -> None:
        put()
        found = {p for _n, p in drawn(city, zoom).getcolors(1 << 20) or []}
        if zoom >= ZOOM:
            assert any(like(p, palette(dark=False).water) for p in found) or any(
                like(p, palette(dark=False).street) for p in found
            )

    def test_a_still_map_stands_on_the_same_ground(
        self, city: City, put: Callable[..., Path]
    ) -> None:
        put()
        x, y = spot(city)
        lon, lat = geo.unmercator((x + 0.5) / (1 << ZOOM), (y + 0.25) / (1 << ZOOM))
        data = tiles.draw_still(city, lon, lat, width=200, height=100, zoom=15, dark=False)
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        assert like(picture.getpixel((20, 20)), palette(dark=False).water)

    def test_a_kept_tile_is_drawn_anew_when_the_file_changes(
        self, city: City, put: Callable[..., Path]
    ) -> None:
        before = drawn(city)
        put()
        between = drawn(city)
        ground.path_of(city).unlink()
        assert drawn(city).tobytes() == before.tobytes() != between.tobytes()

    def test_names_are_in_the_readers_language_where_they_are_known(
        self, city: City, put: Callable[..., Path]
    ) -> None:
        put()
        x, y = spot(city)
        box = (x / (1 << ZOOM), y / (1 << ZOOM), (x + 1) / (1 << ZOOM), (y + 1) / (1 << ZOOM))
        for language, name in (("en", "Long Road"), ("es", "Calle Larga"), ("fr", "Long Road")):
            made: Any = ground.names_of(city, box, ZOOM, language)
            assert {n.name for n in made.names} == {name}

    def test_tiles_are_kept_by_language_only_where_the_file_has_names_in_it(
        self, city: City, put: Callable[..., Path]
    ) -> None:
        put()
        x, y = spot(city)
        assert [tiles.language_of(city, code) for code in ("en", "es", "fr", "")] == [
            "en",
            "es",
            "en",
            "en",
        ]
        kept = [
            tiles.draw_tile(city, ZOOM + 1, x * 2, y * 2 + 1, dark=False, language=code)
            for code in ("en", "es", "fr", "")
        ]
        assert kept[0] == kept[2] == kept[3] != kept[1]
        assert {path.name for path in tiles.cache_root().glob("*/*/*")} == {"light", "light-es"}
        put([layer for layer in LAYERS if layer["name"] != "transportation_name"])
        assert tiles.language_of(city, "es") == "en"

    @pytest.mark.parametrize("packed", [False, True])
    def test_the_languages_are_those_that_the_file_lists(
        self, city: City, put: Callable[..., Path], *, packed: bool
    ) -> None:
        listed = [
            {"id": "transportation_name", "fields": {"name": "", "name:fr": "", "name_de": ""}}
        ]
        put(
            metadata={"json": json.dumps({"vector_layers": listed})}
            if packed
            else {"vector_layers": listed}
        )
        file = VectorFile(ground.path_of(city))
        assert [file.speaks(code) for code in ("fr", "de", "fr-CA", "es")] == [
            True,
            True,
            True,
            False,
        ]

    def test_a_road_through_several_tiles_is_one_name(
        self, city: City, put: Callable[..., Path]
    ) -> None:
        put()
        x, y = spot(city)
        box = (x / (1 << ZOOM), y / (1 << ZOOM), (x + 3) / (1 << ZOOM), (y + 1) / (1 << ZOOM))
        made: Any = ground.names_of(city, box, ZOOM, "en")
        (name,) = made.names
        assert name.line.length == pytest.approx(3 / (1 << ZOOM), rel=1e-6)

    def test_shops_and_numbers_are_left_to_other_maps(
        self, city: City, put: Callable[..., Path]
    ) -> None:
        put()
        x, y = spot(city)
        found = VectorFile(ground.path_of(city)).tile(ZOOM, x, y)
        assert found.spots(near=True) == []
        box = (x / (1 << ZOOM), y / (1 << ZOOM), (x + 1) / (1 << ZOOM), (y + 1) / (1 << ZOOM))
        made: Any = ground.names_of(city, box, ZOOM, "en")
        assert made.spots == []

    def test_who_made_the_map_is_named_without_markup(
        self, city: City, put: Callable[..., Path]
    ) -> None:
        put(attribution='<a href="https://x.example">© OpenStreetMap</a> <b>contributors</b>')
        assert city.credit == "© OpenStreetMap contributors"
        city.map = {"credit": "Testford GIS"}
        assert city.credit == "Testford GIS"


class TestTheNamesOfTheFolder:
    def test_are_in_the_readers_language(self, city: City) -> None:
        assert ground.language_of(city, "es") == "es"
        x, y = spot(city)
        box = (x / (1 << ZOOM), y / (1 << ZOOM), (x + 1) / (1 << ZOOM), (y + 1) / (1 << ZOOM))
        found: dict[str, Any] = {
            code: ground.names_of(city, box, ZOOM, code) for code in ("en", "es")
        }
        assert "Mill Park" in {spot.name for spot in found["en"].spots}
        assert "Parque del Molino" in {spot.name for spot in found["es"].spots}
        assert {line.name for line in found["es"].names} == {
            line.name for line in found["en"].names
        }

    def test_are_one_set_of_tiles_where_they_are_the_same(self, city: City) -> None:
        for one in Landmark.objects.filter(city=city):
            one.name = {"en": one.name["en"], "es": one.name["en"]}
            one.save()
        assert ground.language_of(city, "es") == "en"
        street = Street.objects.filter(city=city).order_by("id")[0]
        street.names = {"es": "Calle Mayor"}
        street.save()
        ground.forget()
        scene.forget()
        assert ground.language_of(city, "es") == "es"
        found: Any = ground.names_of(city, (0.0, 0.0, 1.0, 1.0), ZOOM, "es")
        assert "Calle Mayor" in {line.name for line in found.names}
        city.languages = ["en"]
        assert ground.language_of(city, "es") == "en"


class TestAFileThatCanNotBeUsed:
    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"tile_type": TileType.PNG}, "It holds pictures"),
            ({"tile_compression": Compression.BROTLI}, "packed in another way"),
            ({"west": 10.0, "east": 11.0}, "Nothing in it lies in the city"),
        ],
    )
    def test_is_passed_over_and_says_why(
        self, city: City, put: Callable[..., Path], changes: dict[str, Any], why: str
    ) -> None:
        own = drawn(city)
        put(**changes)
        assert drawn(city).tobytes() == own.tobytes()
        assert why in ground.why_not(city)
        assert not ground.is_used(city)

    @pytest.mark.parametrize("content", [b"", b"no tiles", b"PMTiles" + b"\x03" * 200])
    def test_that_is_none_is_passed_over(self, city: City, content: bytes) -> None:
        own = drawn(city)
        ground.path_of(city).write_bytes(content)
        assert drawn(city).tobytes() == own.tobytes()
        assert ground.why_not(city)

    @pytest.mark.parametrize(
        "raw",
        [b"no gzip", gzip.compress(b"no tile"), gzip.compress(b"\x1a" * 5_000_000)],
        # Packed bytes hold the moment, and processes that share the tests out would call them otherwise.
        ids=["not packed", "no tile", "too large"],
    )
    def test_whose_tiles_are_broken_is_passed_over(
        self, city: City, put: Callable[..., Path], raw: bytes
    ) -> None:
        own = drawn(city)
        put(raw=raw)
        picture = drawn(city)
        assert "can not be read" in ground.why_not(city) or "larger than" in ground.why_not(city)
        held_labels.forget()
        assert drawn(city).tobytes() == own.tobytes()
        assert picture.size == own.size

    def test_a_piece_of_a_file_is_no_file(self, put: Callable[..., Path]) -> None:
        path = put()
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(BrokenFile):
            VectorFile(path)

    def test_what_is_kept_in_memory_is_bounded(
        self, city: City, put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(vector, "MOST_TILES", 3)
        monkeypatch.setattr(ground, "MOST_GROUNDS", 2)
        file = VectorFile(put())
        x, y = spot(city)
        for column in range(x - 3, x + 3):
            file.tile(ZOOM, column, y)
            box = (
                column / (1 << ZOOM),
                y / (1 << ZOOM),
                (column + 1) / (1 << ZOOM),
                (y + 1) / (1 << ZOOM),
            )
            ground.names_of(city, box, ZOOM, "en")
        assert len(file._kept) == 3
        assert len(ground._grounds) == 2


def test_a_name_falls_back_to_the_local_one() -> None:
    facts = {"name": "Main", "name:es": "Principal"}
    assert [name_in(facts, code) for code in ("es", "en", "vi")] == ["Principal", "Main", "Main"]
    assert name_in({"name:latin": "Rue"}, "es") == "Rue"
    assert name_in({}, "es") == ""
    assert name_in({"name": "Main", "name_es": "Mayor"}, "es") == "Mayor"
    assert name_in({"name": "Main", "name:zh-Hant": "X", "name:zh": "Y"}, "zh-hant") == "X"
    assert name_in({"name": "Main", "name:zh": "Y"}, "zh-hant") == "Y"


def test_a_name_whose_letters_can_not_be_drawn_gives_way_to_one_that_can() -> None:
    facts = {
        "name": "\u4e2d\u592e\u901a\u308a",
        "name2": "Ch\u016b\u014d-d\u014dri",
        "name:en": "Central Street",
    }
    assert name_in(facts, "es") == "Ch\u016b\u014d-d\u014dri"
    assert name_in({"name": "\u4e2d\u592e", "name:en": "Central Street"}, "es") == "Central Street"
    assert name_in({"name": "\u4e2d\u592e"}, "es") == ""


@pytest.mark.parametrize("name", ["monaco", "sf-downtown", "santa-monica"])
def test_real_files_are_read_whole(name: str) -> None:
    file = VectorFile(shared(f"basemap/{name}.pmtiles"))
    level, numbers = vector.tiles_of(file, file.box, file.deepest)
    found = [file.tile(level, x, y) for x, y in numbers]
    assert sum(len(lines) for f in found for lines in f.streets().values()) > 500
    assert sum(len(f.lines(ALL)) for f in found) > 100
