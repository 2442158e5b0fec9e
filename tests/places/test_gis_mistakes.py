"""Shapefiles that are wrong, and a sources.yaml that is: each is refused in words."""

import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("shapefile", reason='the extra "gis" is not installed (pyshp)')
pytest.importorskip("pyproj", reason='the extra "gis" is not installed (pyproj)')

from onehall.kernel.yamlfile import Problems
from onehall.places import pack
from onehall.places.pack import gis
from tests.docs.pages import blocks, text_of
from tests.places.conftest import LAT, LON, feature, square
from tests.places.gis_files import (
    ADDRESSES,
    ASSETS,
    CITY,
    FEET,
    PLACES,
    STREETS,
    empty_pack,
    line,
    point,
    says,
    sound,
    told,
    write_shp,
)

type Features = list[dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pack that is a name and nothing else yet."""
    return empty_pack(tmp_path)


class TestMistakesInTheMapping:
    @pytest.mark.parametrize(
        ("entry", "wanted"),
        [
            ("{file: gis/no.shp, gives: streets, columns: {name: NAME}}", 'sources.yaml:2: There is no file gis/no.shp. Put it'),
            ("{file: ../x.shp, gives: streets, columns: {name: NAME}}", "sources.yaml:2: ../x.shp is outside the pack."),
            ("{file: city.yaml, gives: streets, columns: {name: NAME}}", "sources.yaml:2: city.yaml is no GIS file. A source ends in .shp, .zip, .gpkg"),
            ("{file: gis/streets.shp, gives: roads, columns: {name: NAME}}", 'sources.yaml:2: "sources[1].gives" is "roads".'),
            ("{file: gis/streets.shp, gives: streets}", 'sources.yaml:2: "sources[1].columns" is missing.'),
            ("{file: gis/streets.shp, gives: streets, columns: {name: NAM}}", 'sources.yaml:2: gis/streets.shp has no column "NAM". Did you mean "NAME"?'),
            ("{file: gis/streets.shp, gives: streets, columns: {name: QQQQQQQQ}}", 'sources.yaml:2: gis/streets.shp has no column "QQQQQQQQ". It has: NAME.'),
            ("{file: gis/streets.shp, gives: streets, columns: {nam: NAME}}", 'sources.yaml:2: Unknown field "sources[1].columns.nam". Did you mean "name"?'),
            ("{file: gis/streets.shp, gives: streets, columns: {name: '{NAME'}}", 'sources.yaml:2: "{NAME" has a brace too many.'),
            ("{file: gis/streets.shp, gives: streets, only: {WHAT: [x]}, columns: {name: NAME}}", 'sources.yaml:2: gis/streets.shp has no column "WHAT".'),
            ("{file: gis/streets.shp, gives: streets, layer: other, columns: {name: NAME}}", 'gis/streets.shp:1: Layer "other": There is no layer "other" in it. Write "layer:" as one of: "streets".'),
            ("{file: gis/streets.shp, gives: streets, crs: feet, columns: {name: NAME}}", 'sources.yaml:2: "sources[1].crs" is "feet". Write one like "EPSG:2229".'),
            ("{file: gis/streets.shp, gives: areas, columns: {code: NAME, name: NAME}}", 'sources.yaml:2: "sources[1].as" is missing.'),
            ("{file: gis/streets.shp, gives: assets, as: lamp, columns: {code: NAME}, facts: {code: NAME}}", 'sources.yaml:2: "code" is no fact.'),
            ("{file: gis/streets.shp, gives: places, columns: {key: NAME, name: {fr: NAME}, kind: NAME}}", 'sources.yaml:2: "fr" is not a language here.'),
            ("{file: gis/streets.shp, gives: places, columns: {key: NAME, name: NAME}}", 'sources.yaml:2: "sources[1].columns.kind" is missing.'),
        ],
    )  # fmt: skip
    def test_it_is_told_by_its_line(self, folder: Path, entry: str, wanted: str) -> None:
        write_shp(folder / "gis/streets.shp", [line({"NAME": "Oak St"})])
        says(folder, entry)
        assert any(text.startswith(wanted) for text in told(folder)), told(folder)

    def test_a_list_without_entries(self, folder: Path) -> None:
        (folder / "sources.yaml").write_text("sources: []\n")
        assert told(folder)[0].startswith('sources.yaml:1: "sources" has no entries.')


class TestMistakesInRecords:
    @pytest.mark.parametrize(
        ("entry", "features", "wanted"),
        [
            (STREETS, [line({"NAME": "Oak"}), line({"NAME": "Elm"})], []),
            (STREETS, [point({"NAME": "Oak"})], ["gis/streets.shp:1: Record 1: The geometry is a Point. Here it must be a LineString or MultiLineString."]),
            (ADDRESSES, [line({"NO": "1", "STREET": "Elm"})], ["gis/a.shp:1: Record 1: The geometry is a LineString. Here it must be a Point or Polygon or MultiPolygon."]),
            (ASSETS, [point({"POLE": "1"}), point({"POLE": "1"})], ['gis/lamp.shp:2: Record 2: "1" is there twice. Give each its own, or put columns together: "{BLOCK}-{ID}".']),
            (PLACES, [point({"ID": "1", "NAME": "A", "KIND": "x"}), point({"ID": "1", "NAME": "B", "KIND": "x"})], ['gis/p.shp:2: Record 2: "p-1" is there twice. Give each its own, or put columns together: "{BLOCK}-{ID}".']),
            (PLACES, [feature({"ID": "1", "NAME": "A", "KIND": "shop"}, "Polygon", square(LON, LAT, LON + 1e-3, LAT + 1e-3))], ['gis/p.shp:1: Record 1: A shape of kind "shop" is not drawn. Use one of: water, park, building, block, beach, pier.']),
            (PLACES.replace("p-{ID}", "{ID}"), [point({"ID": "1", "NAME": "A", "KIND": "x"})], ['gis/p.shp:1: Record 1: The key "1" is not well formed. It must begin with a letter: write it like "library-{ID}".']),
            (STREETS.replace("NAME}", "NAME, kind: NAME}"), [line({"NAME": "Oak"})], ['gis/streets.shp:1: Record 1: The kind "Oak" is not known. Say with "map" under "kind" which of these it is: main, street, lane, path.']),
            (ADDRESSES, [point({"NO": "", "STREET": "Elm"})], ["gis/a.shp:1: Nothing in it can be used; left out: 1 without a number or a street. Check that it is of this city, and what its columns are."]),
        ],
    )  # fmt: skip
    def test_each_is_told(
        self, folder: Path, entry: str, features: Features, wanted: list[str]
    ) -> None:
        write_shp(folder / entry[7 : entry.index(",")], features)
        says(folder, entry)
        assert told(folder) == wanted

    def test_many_are_counted(self, folder: Path) -> None:
        write_shp(folder / "gis/streets.shp", [point({"NAME": "Oak"})] * 99)
        says(folder, STREETS)
        assert len(told(folder)) == 21
        assert (
            told(folder)[20]
            == "gis/streets.shp:21: 79 more records have mistakes. Mend those listed first."
        )

    def test_records_without_a_shape_and_deleted_ones_are_counted(self, folder: Path) -> None:
        none = {"type": "Feature", "properties": {"NAME": "Elm"}, "geometry": None}
        path = write_shp(
            folder / "gis/streets.shp", [line({"NAME": "Oak"}), none, line({"NAME": "Ash"})]
        )
        data = bytearray(path.with_suffix(".dbf").read_bytes())
        head, size = struct.unpack("<HH", data[8:12])
        data[head + 2 * size] = ord("*")
        path.with_suffix(".dbf").write_bytes(data)
        says(folder, STREETS)
        found = sound(folder)
        assert [row.name for row in found.streets] == ["Oak"]
        assert found.notes == ["gis/streets.shp: left out: 1 without a shape, 1 deleted."]

    def test_a_far_layer_of_areas_is_told_by_its_own_file(self, town_folder: Path) -> None:
        there = feature({"C": "1", "N": "Far"}, "Polygon", square(LON + 3, LAT, LON + 4, LAT + 1))
        write_shp(town_folder / "gis/wards.shp", [there])
        says(
            town_folder,
            "{file: gis/wards.shp, gives: areas, as: 20-ward, columns: {code: C, name: N}}",
        )
        assert told(town_folder)[0].startswith(
            "gis/wards.shp:1: [-117, 40] is far from the city limit."
        )


class TestBrokenShapefiles:
    @pytest.fixture
    def path(self, folder: Path) -> Path:
        says(folder, STREETS)
        return write_shp(folder / "gis/streets.shp", [line({"NAME": f"Oak {n}"}) for n in range(9)])

    @pytest.mark.parametrize(
        ("ending", "wanted"),
        [
            (".dbf", "gis/streets.shp:1: Its .dbf is missing. Add it. A shapefile is a .shp, a .shx and a .dbf"),
            (".shx", "gis/streets.shp:1: Its .shx is missing. Add it."),
            (".prj", 'gis/streets.shp:1: It does not say in which reference system its coordinates are. A shapefile says it in its .prj. Write the right one under "crs:"'),
        ],
    )  # fmt: skip
    def test_a_part_that_is_missing(
        self, folder: Path, path: Path, ending: str, wanted: str
    ) -> None:
        path.with_suffix(ending).unlink()
        assert told(folder)[0].startswith(wanted), told(folder)

    def test_a_reference_system_can_be_said(self, folder: Path, path: Path) -> None:
        before = sound(folder)
        path.with_suffix(".prj").unlink()
        says(folder, STREETS.replace("gives", "crs: EPSG:4326, gives"))
        assert sound(folder) == before

    @pytest.mark.parametrize(
        "words",
        ["what", "", 'LOCAL_CS["Plan",UNIT["m",1]]', 'GEOGCS["x"', "EPSG:999999", "+proj=longlat"],
    )
    def test_a_reference_system_that_is_none(self, folder: Path, path: Path, words: str) -> None:
        path.with_suffix(".prj").write_text(words)
        (text,) = told(folder)
        assert text.startswith("gis/streets.shp:1: ")
        assert "reference system" in text
        assert 'Write the right one under "crs:", like "EPSG:2229"' in text

    def test_feet_that_call_themselves_degrees(self, folder: Path, path: Path) -> None:
        write_shp(path, [line({"NAME": "Oak"})], crs=FEET)
        path.with_suffix(".prj").write_text((folder / "gis/streets.prj").read_text())
        says(folder, STREETS.replace("gives", "crs: EPSG:4326, gives"))
        (text,) = told(folder)
        assert text.startswith("gis/streets.shp:1: Record 1: ")

    @pytest.mark.parametrize(
        ("ending", "keep", "wanted"),
        [
            (".shp", 400, "gis/streets.shp:1: The .shp is cut off: it has 400 bytes of 892. Copy it again."),
            (".shp", 10, "gis/streets.shp:1: The .shp is not that of a shapefile."),
            (".shx", 110, "gis/streets.shp:1: Record 1 can not be read: "),
            (".dbf", 90, "gis/streets.shp:5: Record 5 can not be read: "),
            (".dbf", 40, "gis/streets.shp:1: It can not be read: "),
            (".dbf", 0, "gis/streets.shp:1: It can not be read: "),
        ],
    )  # fmt: skip
    def test_a_part_that_is_cut_off(
        self, folder: Path, path: Path, ending: str, keep: int, wanted: str
    ) -> None:
        part = path.with_suffix(ending)
        part.write_bytes(part.read_bytes()[:keep])
        assert told(folder)[0].startswith(wanted), told(folder)

    def test_parts_of_two_exports(self, folder: Path, path: Path) -> None:
        other = write_shp(folder / "gis/other.shp", [line({"NAME": "Oak"})])
        shutil.copy(other.with_suffix(".dbf"), path.with_suffix(".dbf"))
        assert told(folder)[0].startswith(
            "gis/streets.shp:1: The .shp has 9 shapes and the .dbf 1 rows"
        )

    def test_a_number_that_is_no_angle(self, folder: Path, path: Path) -> None:
        content = bytearray(path.read_bytes())
        # The last eight bytes of the file are the latitude of its last corner.
        content[-8:] = struct.pack("<d", 1e305)
        path.write_bytes(content)
        assert "A coordinate lies outside of what WGS 84 can say." in told(folder)[0]

    @settings(max_examples=60)
    @given(data=st.data())
    def test_any_bytes_may_be_wrong(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = tmp_path_factory.mktemp("broken")
        (folder / "city.yaml").write_text(CITY)
        says(folder, STREETS)
        path = write_shp(folder / "gis/streets.shp", [line({"NAME": f"Oak {n}"}) for n in range(3)])
        part = path.with_suffix(
            data.draw(st.sampled_from([".shp", ".shx", ".dbf", ".prj", ".cpg"]))
        )
        content = bytearray(part.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        part.write_bytes(content)
        pack.read(folder)


class TestLetters:
    @pytest.fixture
    def path(self, folder: Path) -> Path:
        says(folder, STREETS)
        return write_shp(
            folder / "gis/streets.shp", [line({"NAME": "Calle José Martí"})], encoding="cp1252"
        )

    @pytest.mark.parametrize("words", ["1252", "ANSI 1252", "windows-1252", "cp1252\n", "88591"])
    def test_the_cpg_says_it(self, folder: Path, path: Path, words: str) -> None:
        path.with_suffix(".cpg").write_text(words)
        assert sound(folder).streets[0].name == "Calle José Martí"

    def test_the_mark_in_the_dbf_says_it(self, folder: Path, path: Path) -> None:
        path.with_suffix(".cpg").unlink()
        data = bytearray(path.with_suffix(".dbf").read_bytes())
        data[29] = 0x57
        path.with_suffix(".dbf").write_bytes(data)
        assert sound(folder).streets[0].name == "Calle José Martí"

    def test_nothing_says_it(self, folder: Path, path: Path) -> None:
        path.with_suffix(".cpg").unlink()
        assert told(folder) == [
            'gis/streets.shp:1: Record 1: NAME is not utf-8. Write the right one under "encoding:", like utf-8 or cp1252.'
        ]
        says(folder, STREETS.replace("gives", "encoding: cp1252, gives"))
        assert sound(folder).streets[0].name == "Calle José Martí"

    @pytest.mark.parametrize("words", ["klingon", "utf-16", "hex"])
    def test_an_encoding_that_is_none(self, folder: Path, path: Path, words: str) -> None:
        path.with_suffix(".cpg").write_text(words)
        assert told(folder)[0].startswith(
            f'gis/streets.shp:1: The encoding "{words}" is not known.'
        )

    def test_a_letter_that_the_column_cut_in_two_is_left_out(
        self, folder: Path, path: Path
    ) -> None:
        write_shp(path, [line({"NAME": "Calle JoséX"})])
        data = path.with_suffix(".dbf").read_bytes()
        cut = "Calle JoséX".encode()
        assert cut in data
        path.with_suffix(".dbf").write_bytes(data.replace(cut, b"Calle Jos\xc3\xa9\xc3"))
        assert sound(folder).streets[0].name == "Calle José"


def test_without_the_readers_it_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gis, "is_installed", lambda: False)
    write_shp(folder / "gis/limit.shp", [feature({"C": "a"}, "Polygon", square(LON, LAT, LON + 1, LAT + 1))])  # fmt: skip
    says(
        folder,
        "{file: gis/limit.shp, gives: areas, as: 00-city-limit, columns: {code: C, name: C}}",
    )
    assert told(folder) == [
        (
            "gis/limit.shp:1: The reader of shapefiles and GeoPackages is not installed."
            ' Install it: pip install "onehall[gis]".'
        )
    ]


def test_the_example_of_the_documents_is_understood(folder: Path) -> None:
    (example,) = [
        block.text
        for block in blocks(text_of("docs/packs/places.md"))
        if block.text.startswith("sources:")
    ]
    (folder / "sources.yaml").write_text(example, "utf-8")
    problems = Problems()
    gis.mapping.read(folder, ["en", "es"], problems)
    assert {problem.message for problem in problems} == {
        f"There is no file gis/{name}."
        for name in ("boundary.shp", "millbrook.gpkg", "centerlines.zip", "facilities.shp", "lights.shp")
    }  # fmt: skip
