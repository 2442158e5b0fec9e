"""A basemap made of an OpenStreetMap extract: what is in it, whole or not at all, the same each time."""

import gzip
import io
import math
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pmtiles.reader import MmapSource, all_tiles

from onehall.cli import running, words
from onehall.cli.main import main
from onehall.kernel import geo
from onehall.places import ground, tiles
from onehall.places.drawing import held_labels, mvt
from onehall.places.drawing.colors import palette
from onehall.places.drawing.mvt import TileLayer
from onehall.places.drawing.vector import VectorFile, tiles_of
from onehall.places.making import make as making
from onehall.places.making.cutting import EXTENT, Heap, cut
from onehall.places.making.features import Feature, projected
from onehall.places.making.make import NotMade, make
from onehall.places.making.packing import tile
from onehall.places.making.sea import sea
from onehall.places.models import City
from onehall.places.rows import STREET_KINDS
from tests.packs import testford
from tests.shared_data import shared

pytest.importorskip("osmium", reason="the reader of extracts is not installed (onehall[osm])")

ALL = frozenset(STREET_KINDS)
MIDDLE = (-120.99, 40.005)
EVERYTHING = frozenset(
    {"roads", "water", "parks", "buildings", "landuse", "pier", "pois", "places"}
)


@pytest.fixture
def city(db: None, settings: Any, tmp_path: Path) -> City:
    """Testford, with a folder for maps."""
    settings.MAPS_DIR = tmp_path / "maps"
    settings.ONEHALL_TILE_CACHE = tmp_path / "tiles"
    ground.forget()
    held_labels.forget()
    return testford()


class Town:
    """Writes an extract: ways around a middle, in thousandths of degrees."""

    def __init__(self) -> None:
        self.nodes: list[tuple[float, float, dict[str, str]]] = []
        self.ways: list[tuple[list[int], dict[str, str]]] = []

    def way(self, *points: tuple[float, float], **tags: str) -> "Town":
        """A way through points; with the first point again at the end it is a surface."""
        ids: dict[tuple[float, float], int] = {}
        for east, north in points:
            if (east, north) not in ids:
                self.nodes.append((MIDDLE[0] + east / 1000, MIDDLE[1] + north / 1000, {}))
                ids[east, north] = len(self.nodes)
        self.ways.append(
            ([ids[p] for p in points], {k.replace("__", ":"): v for k, v in tags.items()})
        )
        return self

    def box(self, west: float, south: float, east: float, north: float, **tags: str) -> "Town":
        """A surface with four corners."""
        ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
        return self.way(*ring, **tags)

    def spot(self, east: float, north: float, **tags: str) -> "Town":
        """A point."""
        said = {k.replace("__", ":"): v for k, v in tags.items()}
        self.nodes.append((MIDDLE[0] + east / 1000, MIDDLE[1] + north / 1000, said))
        return self

    def write(self, path: Path) -> Path:
        """The extract as a file."""
        import osmium

        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for number, (lon, lat, tags) in enumerate(self.nodes, start=1):
                node = osmium.osm.mutable.Node(id=number, location=(lon, lat), tags=tags, version=1)
                writer.add_node(node)
            for number, (refs, tags) in enumerate(self.ways, start=1):
                writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags, version=1))
        return path


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    """A town with one of each."""
    town = (
        Town()
        .way((-8, 0), (8, 0), highway="primary", name="Long Road", name__es="Calle Larga")
        .way((-8, 1), (8, 1), highway="residential", name="Short Street")
        .way((-8, 2), (8, 2), highway="footway", footway="sidewalk")
        .way((-8, 3), (8, 3), highway="service", service="driveway")
        .way((-8, 4), (8, 4), highway="motorway", ref="I 9", tunnel="yes")
        .box(-4, -4, 0, -1, natural="water", name="Big Pond", name__es="Estanque Grande")
        .box(1, -4, 4, -1, leisure="park", name="Green", name__es="Verde")
        .box(5, -4, 5.2, -3.8, building="yes")
        .box(5, -2, 6, -1, shop="mall", name="No Building")
        .box(7, -4, 8, -3, natural="beach")
        .way((-8, 4.5), (8, 4.5), waterway="river", name="Brook")
        .spot(0, 5, place="suburb", name="North End", name__es="Extremo Norte")
    )
    return town.write(tmp_path / "town.osm.pbf")


def silent(_what: str, _number: int, _of: int) -> None:
    """Told of nothing."""


def made(extract: Path, city: City) -> VectorFile:
    """The map of an extract."""
    make(extract, city, ground.path_of(city), silent)
    return VectorFile(ground.path_of(city))


def layers_of(file: VectorFile, zoom: int) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """What a library that is not ours reads in all tiles of a zoom."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    level, numbers = tiles_of(file, file.box, zoom)
    assert level == zoom
    for x, y in numbers:
        data = file._bytes(zoom, x, y)
        for name, layer in mapbox_vector_tile.decode(data).items() if data else ():
            for one in layer["features"]:
                found.setdefault(name, []).append((one["geometry"]["type"], one["properties"]))
    return found


class TestWhatIsInIt:
    def test_is_what_a_map_shows_of_the_extract(self, city: City, extract: Path) -> None:
        found = layers_of(made(extract, city), 14)
        roads = {facts.get("name"): facts for _type, facts in found["roads"]}
        assert set(roads) == {"Long Road", "Short Street"}
        assert roads["Long Road"] == {"kind": "main", "name": "Long Road", "name:es": "Calle Larga"}
        assert {facts["kind"] for _type, facts in found["water"]} == {"water"}
        assert {facts["kind"] for _type, facts in found["parks"]} == {"park"}
        assert {facts["kind"] for _type, facts in found["landuse"]} == {"beach"}
        assert {kind for kind, _facts in found["buildings"]} == {"Polygon"}
        assert [facts["name:es"] for _type, facts in found["places"]] == ["Extremo Norte"]
        assert {facts["name"]: facts["name:es"] for _type, facts in found["pois"]} == {
            "Big Pond": "Estanque Grande", "Green": "Verde",
        }  # fmt: skip

    def test_is_less_from_far_away(self, city: City, extract: Path) -> None:
        file = made(extract, city)
        assert (file.widest, file.deepest) == (8, 14)
        near, far = layers_of(file, 12), layers_of(file, 8)
        assert "buildings" not in near
        assert {facts["name"] for _type, facts in near["roads"]} == {"Long Road", "Short Street"}
        assert {facts["name"] for _type, facts in far["roads"]} == {"Long Road"}
        assert set(far) == {"roads", "water"}

    def test_is_credited_to_whom_asks_for_it(self, city: City, extract: Path) -> None:
        made(extract, city)
        assert city.credit == "© OpenStreetMap contributors"

    def test_has_the_citys_languages_only(self, city: City, extract: Path) -> None:
        file = made(extract, city)
        assert [file.speaks(code) for code in ("es", "fr")] == [True, False]
        city.languages = ["en"]
        assert not made(extract, city).speaks("es")

    def test_is_drawn(self, city: City, extract: Path) -> None:
        made(extract, city)
        x, y = geo.mercator(MIDDLE[0] - 0.002, MIDDLE[1] - 0.0025)
        zoom = 15
        where = int(x * (1 << zoom)), int(y * (1 << zoom))
        data = tiles.draw_tile(city, zoom, *where, dark=False)
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        at = [int((v * (1 << zoom) - n) * 512) for v, n in zip((x, y), where, strict=True)]
        # Beside the pond's name.
        seen = picture.getpixel((at[0], min(511, at[1] + 60)))
        assert isinstance(seen, tuple)
        assert max(abs(a - b) for a, b in zip(seen, palette(dark=False).water, strict=True)) < 8

    def test_is_the_same_each_time(self, city: City, extract: Path) -> None:
        made(extract, city)
        before = ground.path_of(city).read_bytes()
        made(extract, city)
        assert ground.path_of(city).read_bytes() == before

    def test_is_found_again_where_it_was(self, city: City, extract: Path) -> None:
        made(extract, city)
        lon, lat = MIDDLE
        box = (*geo.mercator(lon - 0.001, lat + 0.0005), *geo.mercator(lon + 0.001, lat - 0.0005))
        names: Any = ground.names_of(city, box, 16, "es")
        (road,) = [line for line in names.names if line.name == "Calle Larga"]
        ys = shapely.get_coordinates(road.line)[:, 1]
        assert np.allclose(ys, geo.mercator(lon, lat)[1], atol=1 / (EXTENT << 14))


class TestWhatIsRefused:
    def refused(self, extract: Path, city: City) -> NotMade:
        path = ground.path_of(city)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"before")
        with pytest.raises(NotMade) as told:
            make(extract, city, path, silent)
        assert path.read_bytes() == b"before"
        assert list(path.parent.iterdir()) == [path]
        return told.value

    @pytest.mark.parametrize("content", [b"", b"no extract at all", b"\x00\x00\x00\x0d" * 50])
    def test_what_is_no_extract(self, city: City, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "x.osm.pbf"
        path.write_bytes(content)
        told = str(self.refused(path, city))
        assert "not an OpenStreetMap extract" in told or "Nothing in this extract" in told

    def test_a_piece_of_one(self, city: City, extract: Path) -> None:
        extract.write_bytes(extract.read_bytes()[:-40])
        assert "not an OpenStreetMap extract" in str(self.refused(extract, city))

    def test_one_of_elsewhere(self, city: City, tmp_path: Path) -> None:
        away = Town().way((900, 0), (901, 0), highway="primary").write(tmp_path / "away.osm.pbf")
        told = self.refused(away, city)
        assert str(told) == "Nothing in this extract lies in the city."
        assert told.advice

    def test_one_that_is_too_large(
        self, city: City, extract: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(making, "MOST_BYTES", 10)
        told = self.refused(extract, city)
        assert "larger than" in str(told)
        assert "osmium extract" in told.advice

    def test_a_city_without_a_place_or_of_a_continent(self, city: City, extract: Path) -> None:
        city.west, city.east = -140.0, -60.0
        assert "too large" in str(self.refused(extract, city))
        city.west = city.south = city.east = city.north = None
        assert "is not known" in str(self.refused(extract, city))

    def test_without_the_reader(
        self, city: City, extract: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("onehall.places.pack.osm.is_installed", lambda: False)
        assert "onehall[osm]" in self.refused(extract, city).advice

    def test_a_disk_that_is_full(
        self, city: City, extract: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_given: object) -> None:
            import sqlite3

            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(Heap, "add", full)
        assert "disk is full" in str(self.refused(extract, city))


class TestTheCommand:
    def run(self, *given: str) -> tuple[int, str]:
        with words.out.capture() as said, words.err.capture() as errors:
            answer = CliRunner().invoke(main, ["map", "make", *given])
        if answer.exception and not isinstance(answer.exception, SystemExit):
            raise answer.exception
        return answer.exit_code, " ".join((said.get() + errors.get() + answer.output).split())

    def test_makes_the_map_that_is_drawn_at_once(
        self, city: City, extract: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(running, "django", nullcontext)
        assert not ground.is_used(city)
        code, said = self.run(str(extract))
        assert code == 0, said
        assert "features in" in said
        assert ground.is_used(city)

    def test_says_why_not(
        self, city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(running, "django", nullcontext)
        path = tmp_path / "x.osm.pbf"
        path.write_bytes(b"nothing")
        code, said = self.run(str(path), "--city", "testford")
        assert code == 1
        assert "not an OpenStreetMap extract" in said
        assert "There is no city" in self.run(str(path), "--city", "elsewhere")[1]


class TestTheSea:
    BOX = (0.0, 0.0, 10.0, 10.0)

    def test_is_on_the_right_of_the_coast(self) -> None:
        # From the bottom up on the page, where y grows downward: the right is the larger x.
        (water,) = sea([shapely.LineString([(4, 11), (4, -1)])], self.BOX)
        assert water.bounds == (4, 0, 10, 10)

    def test_is_around_an_island(self) -> None:
        # Land on the left: against the clock on the ground, which is so on the page too.
        ring = shapely.LineString([(4, 4), (4, 6), (6, 6), (6, 4), (4, 4)])
        (water,) = sea([ring], self.BOX)
        assert water.area == pytest.approx(96)

    def test_goes_on_where_the_extract_ends(self) -> None:
        (water,) = sea([shapely.LineString([(4, 9.5), (4, 0.5)])], self.BOX)
        assert water.area == pytest.approx(60)

    @pytest.mark.parametrize("coast", [[], [shapely.LineString([(20, 20), (30, 30)])]])
    def test_is_not_where_there_is_no_coast(self, coast: list[Any]) -> None:
        assert sea(coast, self.BOX) == []

    def test_that_the_coast_contradicts_stays_land(self) -> None:
        lines = [shapely.LineString([(4, 11), (4, -1)]), shapely.LineString([(6, 11), (6, -1)])]
        assert [one.bounds for one in sea(lines, self.BOX)] == [(6, 0, 10, 10)]


corner = st.tuples(st.integers(0, 400), st.integers(0, 400))


class TestCutting:
    def read(self, heap: Heap, layer: str, make_shapes: Callable[[TileLayer], Any]) -> Any:
        """All that was cut for the deepest zoom, put together again on the whole map."""
        found = []
        from pmtiles.tile import tileid_to_zxy

        for where, pieces in heap.tiles():
            z, x, y = tileid_to_zxy(where)
            data = gzip.decompress(tile(pieces))
            if z != 14:
                continue
            for packed in mvt.split(data, EVERYTHING)[layer]:
                for shape in make_shapes(TileLayer(packed)):
                    inside = shapely.clip_by_rect(shape, 0, 0, EXTENT, EXTENT)
                    found.append(
                        shapely.transform(inside, lambda p, at=(x * EXTENT, y * EXTENT): p + at)
                    )
        return shapely.union_all(shapely.make_valid(np.array(found, dtype=object)))

    @given(st.lists(corner, min_size=3, max_size=9, unique=True))
    def test_a_surface_comes_out_as_it_went_in(self, ring: list[tuple[int, int]]) -> None:
        shape = shapely.make_valid(shapely.Polygon(ring))
        if shape.geom_type != "Polygon" or shape.area < 2_000:
            return
        unit = 1 / (EXTENT << 14)
        # Twenty units of a tile for each, around a corner where four tiles meet.
        put = shapely.transform(shape, lambda p: (p - 200) * 20 * unit + 0.5)
        heap = Heap(Path(":memory:"))
        cut([Feature("water", {"kind": "water"}, put, 14)], (0.0, 0.0, 1.0, 1.0), heap)
        back = self.read(heap, "water", lambda one: one.polygons(range(len(one)))[0])
        heap.close()
        wanted = shapely.transform(put, lambda p: p / unit)
        edge = wanted.length * 2 + 20
        assert abs(back.area - wanted.area) < edge
        assert shapely.difference(back, wanted.buffer(3)).area < 1

    def test_a_line_goes_through_all_its_tiles(self) -> None:
        line = projected(shapely.LineString([(10.0, 50.0), (10.2, 50.1)]))
        heap = Heap(Path(":memory:"))
        cut([Feature("roads", {"kind": "main"}, line, 0)], (0.0, 0.0, 1.0, 1.0), heap)
        back = self.read(heap, "roads", lambda one: one.lines(range(len(one)))[0])
        heap.close()
        assert back.length == pytest.approx(line.length * (EXTENT << 14), rel=1e-3)

    def test_what_is_less_than_a_pixel_is_left_out_from_far_away(self) -> None:
        small = shapely.box(0.5, 0.5, 0.5 + 2e-7, 0.5 + 2e-7)
        heap = Heap(Path(":memory:"))
        cut([Feature("water", {}, small, 0)], (0.0, 0.0, 1.0, 1.0), heap)
        from pmtiles.tile import tileid_to_zxy

        assert {tileid_to_zxy(where)[0] for where, _pieces in heap.tiles()} == {14}
        heap.close()

    def test_only_the_tiles_of_the_window_are_cut(self) -> None:
        line = shapely.LineString([(0.1, 0.50003), (0.9, 0.50003)])
        heap = Heap(Path(":memory:"))
        cut([Feature("roads", {}, line, 14)], (0.5, 0.4, 0.5001, 0.6), heap)
        count = heap.count()
        heap.close()
        assert count == math.floor(0.5001 * 16384) - 8192 + 1


@pytest.mark.parametrize(
    ("name", "least", "street"),
    [
        ("osm-monaco-2021-04", 3_000, "Rue Grimaldi"),
        ("osm-sf-downtown-2023-07", 10_000, "Market Street"),
    ],
)
def test_real_extracts_become_maps(
    name: str, least: int, street: str, settings: Any, tmp_path: Path
) -> None:
    from onehall.places.pack import osm

    path = shared(f"streets-and-places/{name}.osm.pbf")
    box = osm.box_of(path)
    assert box is not None
    west, south, east, north = box
    city = City(
        slug="real",
        name="Real",
        languages=["en", "fr"],
        west=west,
        south=south,
        east=east,
        north=north,
    )
    target = tmp_path / "real.pmtiles"
    said = make(path, city, target, silent)
    assert said.features > least
    file = VectorFile(target)
    level, numbers = tiles_of(file, file.box, 14)
    found = [file.tile(level, x, y) for x, y in numbers]
    assert street in {facts["name"] for one in found for facts, _k, _l in one.lines(ALL)}
    assert sum(len(s) for one in found for s in one.surfaces(buildings=True).values()) > least / 3
    # Both lie by the sea, which is in no extract.
    water = shapely.union_all(
        [shape for one in found for shape in one.surfaces(buildings=False).get("water", ())]
    )
    left, top, right, bottom = file.box
    assert water.area > 0.1 * (right - left) * (bottom - top)
    with target.open("rb") as stream:
        assert max(len(data) for _where, data in all_tiles(MmapSource(stream))) < 500_000
