"""What comes in a .zip, in a GeoPackage and in other reference systems."""

import sqlite3
import struct
import tracemalloc
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("shapefile", reason='the extra "gis" is not installed (pyshp)')
pytest.importorskip("pyproj", reason='the extra "gis" is not installed (pyproj)')

from onehall.kernel import geo
from onehall.places.pack.gis import gpkg, shp
from onehall.places.pack.gis.crs import ToDegrees
from tests.places.conftest import LAT, LON, feature
from tests.places.gis_files import (
    FEET,
    STREETS,
    blob,
    empty_pack,
    line,
    says,
    sound,
    told,
    write_gpkg,
    write_shp,
    zipped,
)

CURVE: Final = b"GP\x00\x01\xe6\x10\x00\x00" + struct.pack(
    "<BII6d", 1, 8, 3, *(0.0, 0.0), *(1.0, 1.0), *(2.0, 0.0)
)
"""An arc: a shape that many programs of a GIS draw and a map of straight lines can not have."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pack that is a name and nothing else yet."""
    return empty_pack(tmp_path)


class TestZip:
    def test_one_shapefile_needs_no_layer_and_twins_of_macos_are_passed_over(
        self, folder: Path
    ) -> None:
        path = write_shp(folder / "gis/streets.shp", [line({"NAME": "Oak"})])
        zipped(folder / "s.zip", path, folder="a/b/")
        with ZipFile(folder / "s.zip", "a") as archive:
            archive.writestr("__MACOSX/a/._streets.shp", b"x")
        says(folder, "{file: s.zip, gives: streets, columns: {name: NAME}}")
        assert [row.name for row in sound(folder).streets] == ["Oak"]

    def test_two_want_a_choice(self, folder: Path) -> None:
        found = [
            write_shp(folder / f"gis/{n}.shp", [line({"NAME": "Oak"})]) for n in ("one", "two")
        ]
        zipped(folder / "s.zip", *found)
        says(folder, "{file: s.zip, gives: streets, columns: {name: NAME}}")
        assert told(folder) == ['s.zip:1: It has 2 layers. Name one under "layer:": "one", "two".']

    def test_two_of_one_name_are_told_apart_by_their_folders(self, folder: Path) -> None:
        for name in ("east", "west"):
            path = write_shp(folder / f"gis/{name}/roads.shp", [line({"NAME": name})])
            with ZipFile(folder / "s.zip", "a") as archive:
                for part in path.parent.iterdir():
                    archive.write(part, f"{name}/{part.name}")
        says(folder, "{file: s.zip, layer: west/roads, gives: streets, columns: {name: NAME}}")
        assert [row.name for row in sound(folder).streets] == ["west"]

    def test_a_file_that_is_none(self, folder: Path) -> None:
        (folder / "s.zip").write_bytes(b"not at all")
        says(folder, "{file: s.zip, gives: streets, columns: {name: NAME}}")
        assert told(folder)[0].startswith("s.zip:1: The .zip can not be unpacked: ")

    def test_one_without_a_shapefile(self, folder: Path) -> None:
        with ZipFile(folder / "s.zip", "w") as archive:
            archive.writestr("readme.txt", "x")
        says(folder, "{file: s.zip, gives: streets, columns: {name: NAME}}")
        assert told(folder)[0].startswith("s.zip:1: There is no shapefile in it.")

    def test_what_grows_too_large_is_refused(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shp, "MAX_BYTES", 200)
        zipped(folder / "s.zip", write_shp(folder / "gis/streets.shp", [line({"NAME": "Oak"})] * 9))
        says(folder, "{file: s.zip, gives: streets, columns: {name: NAME}}")
        assert any(
            "has more than 200 bytes. Export fewer records." in text for text in told(folder)
        )


class TestGeoPackages:
    ENTRY: Final = "{file: t.gpkg, gives: streets, columns: {name: NAME}}"

    @given(
        st.sampled_from([0, 1]),
        st.sampled_from("<>"),
        st.sampled_from(
            [shapely.Point(1, 2), shapely.Point(1, 2, 3), shapely.LineString([(0, 0), (1, 1)])]
        ),
    )
    def test_any_box_and_order_of_bytes(self, box: int, endian: str, made: Any) -> None:
        found, fault = gpkg.shape_of(blob(made, 4326, box=box, endian=endian))
        assert fault == ""
        assert found.equals(shapely.force_2d(made))

    @pytest.mark.parametrize(
        ("packed", "fault"),
        [
            (None, ""),
            (blob(shapely.Point(), 4326, box=0), ""),
            (b"", "Its shape is not written as in a GeoPackage."),
            ("text", "Its shape is not written as in a GeoPackage."),
            (b"XX\x00\x01\x00\x00\x00\x00", "Its shape is not written as in a GeoPackage."),
            (b"GP\x00\x0b\x00\x00\x00\x00", "Its shape is of a kind beyond the GeoPackage format."),
            (b"GP\x00\x21\x00\x00\x00\x00", "Its shape is of a kind beyond the GeoPackage format."),
            (b"GP\x00\x01\x00\x00\x00\x00\x01\x07", "Its shape is broken: "),
            (CURVE, "It has curves. Export the layer with straight lines"),
        ],
    )
    def test_what_is_none(self, packed: Any, fault: str) -> None:
        made, words = gpkg.shape_of(packed)
        assert made is None
        assert words.startswith(fault)
        assert bool(words) == bool(fault)

    @given(st.binary(max_size=80))
    def test_any_bytes_may_be_wrong(self, packed: bytes) -> None:
        gpkg.shape_of(b"GP\x00" + packed)

    def test_two_layers_want_a_choice(self, folder: Path) -> None:
        write_gpkg(
            folder / "t.gpkg", {"one": [line({"NAME": "Oak"})], "two": [line({"NAME": "Elm"})]}
        )
        says(folder, self.ENTRY)
        assert told(folder) == ['t.gpkg:1: It has 2 layers. Name one under "layer:": "one", "two".']
        says(folder, self.ENTRY.replace("gives", "layer: TWO, gives"))
        assert told(folder)[0].startswith('t.gpkg:1: Layer "TWO": There is no layer "TWO" in it.')

    @pytest.mark.parametrize("system", [-1, 0, 77])
    def test_a_reference_system_that_is_not_said(self, folder: Path, system: int) -> None:
        write_gpkg(folder / "t.gpkg", {"s": [line({"NAME": "Oak"})]}, system=system)
        if system == 77:
            with closing(sqlite3.connect(folder / "t.gpkg")) as base:
                base.execute("DELETE FROM gpkg_spatial_ref_sys WHERE srs_id = 77")
                base.commit()
        says(folder, self.ENTRY)
        assert told(folder)[0].startswith("t.gpkg:1: It does not say in which reference system")
        says(folder, self.ENTRY.replace("gives", "crs: EPSG:4326, gives"))
        assert len(sound(folder).streets) == 1

    def test_one_of_its_own_by_its_definition(self, folder: Path) -> None:
        write_gpkg(folder / "t.gpkg", {"s": [line({"NAME": "Oak"})]}, crs=FEET)
        with closing(sqlite3.connect(folder / "t.gpkg")) as base:
            base.execute(
                "UPDATE gpkg_spatial_ref_sys SET organization = 'CITY' WHERE srs_id = 2229"
            )
            base.commit()
        says(folder, self.ENTRY)
        (lon, lat), _ = sound(folder).streets[0].lines[0]
        assert geo.distance(lon, lat, LON, LAT) < 0.5

    @pytest.mark.parametrize("content", [b"", b"not at all" * 99])
    def test_a_file_that_is_none(self, folder: Path, content: bytes) -> None:
        (folder / "t.gpkg").write_bytes(content)
        says(folder, self.ENTRY)
        assert told(folder)[0].startswith("t.gpkg:1: This is not a GeoPackage that can be read: ")

    def test_half_a_file(self, folder: Path) -> None:
        path = write_gpkg(folder / "t.gpkg", {"s": [line({"NAME": "Oak " * 60})] * 900})
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        says(folder, self.ENTRY)
        assert any("can not be read" in text or "can be read" in text for text in told(folder))

    def test_text_that_is_not_utf_8(self, folder: Path) -> None:
        write_gpkg(folder / "t.gpkg", {"s": [line({"NAME": "Oak"}), line({"NAME": "Elm"})]})
        with closing(sqlite3.connect(folder / "t.gpkg")) as base:
            base.execute("UPDATE s SET NAME = CAST(x'4AFF' AS TEXT) WHERE fid = 2")
            base.commit()
        says(folder, self.ENTRY.replace("gives", "layer: s, gives"))
        assert told(folder)[0].startswith(
            't.gpkg:2: Layer "s": Record 2 can not be read: Could not decode'
        )

    def test_a_broken_shape_is_told_by_its_record(self, folder: Path) -> None:
        write_gpkg(folder / "t.gpkg", {"s": [line({"NAME": "Oak"}), line({"NAME": "Elm"})]})
        with closing(sqlite3.connect(folder / "t.gpkg")) as base:
            base.execute("UPDATE s SET geom = x'4750' WHERE fid = 2")
            base.commit()
        says(folder, self.ENTRY)
        assert told(folder) == [
            "t.gpkg:2: Record 2: Its shape is not written as in a GeoPackage. Draw it again, or delete it."
        ]


class TestReferenceSystems:
    def test_a_shift_that_is_only_roughly_known_is_said(self, folder: Path) -> None:
        write_shp(folder / "gis/streets.shp", [feature({"NAME": "Oak"}, "LineString", [[-118.4, 34], [-118.41, 34]])], crs="EPSG:4267")  # fmt: skip
        says(folder, STREETS)
        (note,) = sound(folder).notes
        assert note.startswith("gis/streets.shp: turned from")
        assert "right to about 7 m. Save the layer again in EPSG:4326" in note

    def test_one_with_heights_in_feet(self, folder: Path) -> None:
        path = write_shp(folder / "gis/streets.shp", [line({"NAME": "Oak"})], crs=FEET)
        heights = (
            ',VERTCS["NAVD_1988_Foot_US",VDATUM["North_American_Vertical_Datum_1988"],'
            'PARAMETER["Vertical_Shift",0.0],PARAMETER["Direction",1.0],UNIT["Foot_US",0.3048006096012192]]'
        )
        path.with_suffix(".prj").write_text(path.with_suffix(".prj").read_text() + heights)
        says(folder, STREETS)
        (lon, lat), _ = sound(folder).streets[0].lines[0]
        assert geo.distance(lon, lat, LON, LAT) < 0.5


def test_records_are_read_one_by_one(folder: Path) -> None:
    """What is in memory at once does not grow with the file."""
    long = [[LON + n * 1e-6, LAT] for n in range(4_000)]
    path = write_shp(folder / "gis/s.shp", [feature({"NAME": "Oak"}, "LineString", long)] * 300)
    assert path.stat().st_size > 19_000_000
    tracemalloc.start()
    with shp.opened(path, "", "") as layer:
        count = sum(1 for _ in ToDegrees(layer.crs).turned(layer.records({"NAME": "NAME"})))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 300
    assert peak < 9_000_000
