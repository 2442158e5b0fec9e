"""Areas from a city's GIS in the console: zipped shapefiles, GeoPackages and KML, read, turned into degrees, refused in words."""

import json
import sqlite3
import zipfile
from collections.abc import Sequence
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pyproj
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from onehall.places import geometry
from onehall.places.models import City
from onehall.places.pack import foreign, gis
from onehall.places.pack.foreign import FileRefused
from onehall.places.pack.gis import sent
from onehall.places.pack.gis.sent import Hints
from onehall.setup import queries
from onehall.setup.area_models import AreaUpload
from onehall.setup.area_uploads import NO_HINTS
from tests.console.people import Person
from tests.console.test_setup_areas import DISTRICTS, EAST, NORTH, SOUTH, WEST, feature, square
from tests.places.gis_files import FEET, write_gpkg, write_shp, zipped
from tests.shared_data import shared

TENTH = "EPSG:26910"
"""UTM zone 10, in metres: where the town of the tests lies."""
MOST = 8_000_000
WARDS = (
    feature(square(WEST, SOUTH, -120.99, NORTH), WARD=1, LABEL="Número uno"),
    feature(square(-120.99, SOUTH, EAST, NORTH), WARD=2, LABEL="Second"),
)
KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>
<Placemark id="w1"><name>First</name><ExtendedData><SchemaData><SimpleData name="WARD">1</SimpleData></SchemaData></ExtendedData>
<MultiGeometry><Polygon><outerBoundaryIs><LinearRing><coordinates>
 -121,40,0 -120.99,40,0 -120.99,40.01,0 -121,40.01,0 -121,40,0
</coordinates></LinearRing></outerBoundaryIs></Polygon></MultiGeometry></Placemark>
<Placemark><name>A pin</name><Point><coordinates>-121,40</coordinates></Point></Placemark>
</Folder></Document></kml>"""


@pytest.fixture
def ada(city: City) -> Person:
    """The administrator."""
    return Person(city, "ada@testford.example")


def shp(
    home: Path, features: Sequence[dict[str, Any]] = WARDS, *, without: str = "", **how: Any
) -> bytes:
    """A zipped shapefile; `without` one of its parts."""
    path = write_shp(home / "wards" / "wards.shp", features, **how)
    if without:
        path.with_suffix(without).unlink()
    return zipped(home / "wards.zip", path).read_bytes()


def gpkg(
    home: Path, layers: dict[str, Sequence[dict[str, Any]]] | None = None, **how: Any
) -> bytes:
    """A GeoPackage."""
    return write_gpkg(home / "wards.gpkg", layers or {"wards": WARDS}, **how).read_bytes()


def packed(members: dict[str, bytes]) -> bytes:
    """A .zip."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def send(ada: Person, name: str, data: bytes, **hints: str) -> Any:
    return ada.post(f"{DISTRICTS}/file", file=SimpleUploadedFile(name, data), **hints)


def taken(ada: Person, name: str, data: bytes, **hints: str) -> list[dict[str, Any]]:
    """What the draft has after a file was taken over by its columns WARD and LABEL."""
    answer = send(ada, name, data, **hints)
    assert answer.status_code == 302, answer.content.decode()
    given = {"seen": "0", "do": "save", "how": "instead", "key": "WARD", "name.en": "LABEL"}
    answer = ada.post(answer.url.removeprefix("/desk"), **given)
    assert answer.status_code == 302, answer.content.decode()
    file = queries.draft_view(ada.city).files["areas/10-district.geojson"]
    found: list[dict[str, Any]] = json.loads(file.text or "")["features"]
    return found


def refused(data: bytes, hints: Hints = NO_HINTS, bounds: Any = None) -> str:
    """Why a file can not be used, and what to do."""
    with pytest.raises(FileRefused) as no:
        foreign.read(sent.as_geojson(data, hints, bounds=bounds, most=MOST), bounds)
    return f"{no.value} {no.value.advice}"


class TestTaking:
    @pytest.mark.parametrize("crs", ["EPSG:4326", TENTH])
    def test_a_zipped_shapefile(self, city: City, ada: Person, tmp_path: Path, crs: str) -> None:
        one, two = taken(ada, "wards.zip", shp(tmp_path, crs=crs))
        assert one["properties"] == {"code": "1", "name": {"en": "Número uno"}}
        x, y = two["geometry"]["coordinates"][0][0]
        assert -121.0 <= x <= -120.97
        assert 39.99 <= y <= 40.02

    def test_a_geopackage_in_metres_says_what_it_was(
        self, city: City, ada: Person, tmp_path: Path
    ) -> None:
        data = gpkg(tmp_path, crs=TENTH)
        page = ada.get(send(ada, "w.gpkg", data).url.removeprefix("/desk")).content.decode()
        assert "UTM zone 10N and are degrees now" in page
        assert len(taken(ada, "w.gpkg", data)) == 2

    def test_kml_and_kmz(self, city: City, ada: Person) -> None:
        for name, data in (
            ("w.kml", KML.encode()),
            ("w.kmz", packed({"doc.kml": KML.encode()})),
        ):
            page = ada.get(send(ada, name, data).url.removeprefix("/desk"))
            assert page.context["count"] == 1
            assert page.context["key"] == "id"
            assert "Feature 2" in page.content.decode()
            assert "It has no polygon." in page.content.decode()

    def test_a_zipped_geopackage_and_geojson(self, tmp_path: Path) -> None:
        doc = json.dumps({"type": "FeatureCollection", "features": WARDS}).encode()
        for data in (packed({"a/w.gpkg": gpkg(tmp_path)}), packed({"w.geojson": doc})):
            text = sent.as_geojson(data, Hints(), bounds=None, most=MOST)
            assert len(foreign.read(text, None).found) == 2

    def test_letters_of_an_old_program(self, city: City, ada: Person, tmp_path: Path) -> None:
        data = shp(tmp_path, encoding="cp1252", without=".cpg")
        answer = send(ada, "w.zip", data)
        assert answer.status_code == 422
        assert "is not utf-8" in answer.content.decode()
        found = taken(ada, "w.zip", data, encoding="cp1252")
        assert found[0]["properties"]["name"]["en"] == "Número uno"

    def test_one_layer_of_several(self, city: City, ada: Person, tmp_path: Path) -> None:
        data = gpkg(tmp_path, {"wards": WARDS, "old": WARDS[:1]})
        assert "It has 2 layers." in send(ada, "w.gpkg", data).content.decode()
        assert len(taken(ada, "w.gpkg", data, layer="old")) == 1

    def test_outlines_that_cross_themselves_are_put_right(self, tmp_path: Path) -> None:
        bow = [[[-121, 40], [-120.98, 40.01], [-120.98, 40], [-121, 40.01], [-121, 40]]]
        data = shp(tmp_path, [feature(bow, WARD=1)])
        found = foreign.read(sent.as_geojson(data, Hints(), bounds=None, most=MOST), None)
        assert found.repaired[foreign.UNTANGLED] == 1

    def test_a_record_without_a_shape_is_left_out_in_words(
        self, city: City, ada: Person, tmp_path: Path
    ) -> None:
        lame = {"type": "Feature", "properties": {"WARD": 3, "LABEL": "-"}, "geometry": None}
        data = shp(tmp_path, [*WARDS, lame])
        page = ada.get(send(ada, "w.zip", data).url.removeprefix("/desk")).content.decode()
        assert "It has no shape." in page

    def test_nobody_else_may(self, city: City, tmp_path: Path) -> None:
        carl = Person(city, "carl@testford.example")
        assert send(carl, "w.zip", shp(tmp_path)).status_code == 403
        assert not AreaUpload.objects.exists()


class TestRefusing:
    def test_without_a_prj_until_it_is_said(self, city: City, ada: Person, tmp_path: Path) -> None:
        data = shp(tmp_path, crs=TENTH, without=".prj")
        answer = send(ada, "w.zip", data)
        assert answer.status_code == 422
        assert "It does not say in which reference system" in answer.content.decode()
        assert len(taken(ada, "w.zip", data, crs=TENTH)) == 2

    def test_the_prj_of_another_file(self, city: City, ada: Person, tmp_path: Path) -> None:
        data = shp(tmp_path, crs=TENTH, prj=pyproj.CRS(FEET).to_wkt("WKT1_ESRI"))
        answer = send(ada, "w.zip", data)
        assert answer.status_code == 422
        assert "far from the city" in answer.content.decode()
        # What was written stays in the form.
        again = send(ada, "w.zip", data, crs=FEET).content.decode()
        assert 'value="EPSG:2229"' in again

    def test_a_reference_system_that_is_none(self, tmp_path: Path) -> None:
        assert "is not known" in refused(shp(tmp_path), Hints(crs="EPSG:1"))
        assert "is not known" in refused(shp(tmp_path, prj="nonsense"))

    def test_parts_that_are_missing(self, tmp_path: Path) -> None:
        assert "Its .dbf is missing." in refused(shp(tmp_path, without=".dbf"))
        assert "no .shp in the .zip" in refused(packed({"readme.txt": b"x"}))
        assert "Send them one by one" in refused(packed({"a.kml": b"", "b.kml": b""}))

    def test_a_shp_alone(self, tmp_path: Path) -> None:
        shp(tmp_path)
        assert "Put the .shp" in refused((tmp_path / "wards" / "wards.shp").read_bytes())

    def test_what_unpacks_without_end(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sent, "MOST_UNPACKED", 1_000_000)
        assert "unpacks to more than" in refused(packed({"w.shp": b"\x00" * 2_000_000}))
        # One that lies about it is read no further than it says.
        lying = packed({"w.kml": b"\x00" * 2_000_000})
        size = (2_000_000).to_bytes(4, "little")
        assert "can not be unpacked" in refused(lying.replace(size, (10).to_bytes(4, "little")))

    def test_a_damaged_archive(self, tmp_path: Path) -> None:
        assert "can not be unpacked" in refused(shp(tmp_path)[:-30])
        assert "can not be unpacked" in refused(b"PK\x03\x04nothing")

    def test_a_damaged_geopackage(self, tmp_path: Path) -> None:
        assert "not a GeoPackage" in refused(b"SQLite format 3\x00" + b"\x00" * 2_000)

    def test_a_geopackage_that_thinks_for_ever(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sent, "SECONDS", 0.2)
        gpkg(tmp_path)
        with closing(sqlite3.connect(tmp_path / "wards.gpkg")) as base:
            base.executescript(
                "ALTER TABLE wards RENAME TO kept; CREATE VIEW wards AS WITH RECURSIVE n(i) AS"
                " (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT kept.* FROM kept, n WHERE i < 0"
            )
        assert "interrupted" in refused((tmp_path / "wards.gpkg").read_bytes())

    def test_a_value_without_end(self, tmp_path: Path) -> None:
        gpkg(tmp_path)
        with closing(sqlite3.connect(tmp_path / "wards.gpkg")) as base:
            base.executescript(
                "ALTER TABLE wards RENAME TO kept;"
                " CREATE VIEW wards AS SELECT kept.*, zeroblob(900000000) AS big FROM kept"
            )
        assert "can not be read" in refused((tmp_path / "wards.gpkg").read_bytes())

    def test_too_many_areas_and_corners(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = shp(tmp_path)
        monkeypatch.setattr(foreign, "MOST_CORNERS", 7)
        assert "more than 7 corners" in refused(data)
        monkeypatch.setattr(foreign, "MOST_FEATURES", 1)
        assert "more than 1 areas" in refused(data)

    def test_points(self, tmp_path: Path) -> None:
        pin = {
            "type": "Feature",
            "properties": {"NO": 1},
            "geometry": {"type": "Point", "coordinates": [-121, 40]},
        }
        assert "is a Point" in refused(shp(tmp_path, [pin]))

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"<kml><Placemark>", "This is not KML"),
            (b"<!DOCTYPE kml [<!ENTITY a 'b'>]><kml></kml>", "declares a document type"),
            (b"<kml>" + b"<a>" * 500, "nested deeper"),
            (b"<kml></kml>", "There are no areas"),
            (
                b"<kml><Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>x</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></kml>",
                "longitude,latitude",
            ),
            (b"\x00\x01\x02\xff" * 10, "no file of areas"),
            (b"", "not a GeoJSON file"),
        ],
    )
    def test_no_map(self, data: bytes, words: str) -> None:
        assert words in refused(data)

    def test_without_the_reader_it_says_what_to_install(
        self, city: City, ada: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(gis, "is_installed", lambda: False)
        for name, data in (("w.zip", shp(tmp_path)), ("w.gpkg", gpkg(tmp_path))):
            answer = send(ada, name, data)
            assert answer.status_code == 422
            assert "pip install &quot;onehall[gis]&quot;" in answer.content.decode()


class TestRealBoundaries:
    @pytest.mark.parametrize(
        ("file", "count"),
        [
            ("santa-monica/police-beats.geojson", 4),
            ("santa-monica/census-block-groups-2010.geojson", 74),
            ("new-york/community-districts.geojson", 71),
        ],
    )
    @pytest.mark.parametrize("kind", ["zip", "gpkg"])
    def test_come_through_every_kind_of_file(
        self, tmp_path: Path, file: str, count: int, kind: str
    ) -> None:
        read = json.loads(shared(f"boundaries/{file}").read_text())["features"]
        crs = FEET if "monica" in file else "EPSG:2263"
        data = (
            shp(tmp_path, read, crs=crs) if kind == "zip" else gpkg(tmp_path, {"a": read}, crs=crs)
        )
        found = foreign.read(sent.as_geojson(data, Hints(), bounds=None, most=MOST), None)
        assert len(found.found) == count
        assert found.turned_from.startswith("NAD83")
        first, again = read[0]["geometry"], found.found[0].geometry
        near = geometry.inner_point(again)
        assert near == pytest.approx(geometry.inner_point(first), abs=2e-3)
