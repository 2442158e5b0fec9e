"""Shapefiles and GeoPackages of a city: what a pack takes from them, and what it leaves out."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
import shapely

pytest.importorskip("shapefile", reason='the extra "gis" is not installed (pyshp)')
pytest.importorskip("pyproj", reason='the extra "gis" is not installed (pyproj)')

from onehall.kernel import geo
from onehall.places import geometry, pack
from onehall.places.models import City
from onehall.places.queries import find_place
from onehall.places.rows import AddressRow, PlacesPack
from tests import shared_data
from tests.places.conftest import LAT, LON, feature, square
from tests.places.gis_files import (
    ADDRESSES,
    CITY,
    DEGREES,
    FEET,
    empty_pack,
    line,
    point,
    says,
    sound,
    write_gpkg,
    write_shp,
    zipped,
)

type Features = list[dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pack that is a name and nothing else yet."""
    return empty_pack(tmp_path)


class TestTheSameTown:
    """A town as GeoJSON and as files of a GIS is one town."""

    LAYERS: Final = ("limit", "district", "streets", "addresses", "parks", "library", "lamps")

    @pytest.fixture
    def layers(self, town_folder: Path) -> dict[str, Features]:
        """Millbrook's features under the columns that a GIS might have."""

        def of(name: str) -> Features:
            return list(json.loads((town_folder / name).read_text("utf-8"))["features"])

        def renamed(found: Features, make: Callable[[dict[str, Any]], dict[str, Any]]) -> Features:
            return [one | {"properties": make(one["properties"])} for one in found]

        places = of("places.geojson")
        rows = [
            text.split(",")
            for text in (town_folder / "addresses.csv").read_text("utf-8").splitlines()[1:]
        ]
        return {
            "limit": renamed(of("areas/00-city-limit.geojson"), lambda p: {"CODE": p["code"], "NAME": p["name"]}),
            "district": renamed(
                of("areas/10-district.geojson"),
                lambda p: {"CODE": p["code"], "NAME": p["name"]["en"], "NOMBRE": p["name"]["es"]},
            ),
            "streets": renamed(
                of("streets.geojson"),
                lambda p: {
                    "FULLNAME": p["name"], "CLASS": {"main": 1, "street": 2, "lane": 3}[p["kind"]],
                    "L_F_ADD": p.get("left_from", 0), "L_T_ADD": p.get("left_to", 0),
                    "R_F_ADD": p.get("right_from", 0), "R_T_ADD": p.get("right_to", 0),
                },
            ),
            "addresses": [
                feature(
                    {"ADDR_NO": no, "STREETNAME": street, "UNITNO": unit.strip('"')},
                    "Point", [float(lon), float(lat)],
                )
                for no, street, unit, lon, lat in rows
            ],
            "parks": renamed(
                [one for one in places if one["geometry"]["type"] == "Polygon"],
                lambda p: {"ID": len(p), "NAME": p.get("name", ""), "TYPE": p["kind"]},
            ),
            "library": renamed(
                [one for one in places if one["geometry"]["type"] == "Point"],
                lambda p: {"ID": p["key"], "NAME": p["name"]["en"], "NOMBRE": p["name"]["es"], "ALSO": p["aliases"][0]},
            ),
            "lamps": renamed(of("assets/street-light.geojson"), lambda p: {"POLE": p["code"], "ON": p.get("name", ""), "LAMP": p.get("lamp", "")}),
        }  # fmt: skip

    ENTRIES: Final = (
        "gives: areas, as: 00-city-limit, columns: {code: code, name: Name}",
        (
            "gives: areas, as: 10-district, label: {en: District, es: Distrito},"
            " columns: {code: CODE, name: {en: NAME, es: NOMBRE}}"
        ),
        (
            "gives: streets, columns: {name: FULLNAME, kind: {column: CLASS, map: {1: main, 3: lane}, otherwise: street},"
            " left_from: L_F_ADD, left_to: L_T_ADD, right_from: R_F_ADD, right_to: R_T_ADD}"
        ),
        "gives: addresses, columns: {number: ADDR_NO, street: STREETNAME, unit: UNITNO}",
        'gives: places, columns: {key: "shape-{ID}", name: NAME, kind: TYPE}',
        "gives: places, columns: {key: ID, name: {en: NAME, es: NOMBRE}, kind: {value: building}, aliases: [ALSO]}",
        "gives: assets, as: street-light, columns: {code: POLE, name: ON}, facts: {lamp: LAMP}",
    )

    def write(self, folder: Path, layers: dict[str, Features], how: str, crs: str) -> None:
        """The layers as files of a kind, and the sources.yaml that names them."""
        if how == "gpkg":
            write_gpkg(folder / "gis/town.gpkg", layers, crs=crs)
            files = {name: f"gis/town.gpkg, layer: {name}" for name in layers}
        else:
            made = [
                write_shp(folder / f"gis/{n}.shp", found, crs=crs) for n, found in layers.items()
            ]
            files = {name: f"gis/{name}.shp" for name in layers}
        if how == "zip":
            zipped(folder / "town.zip", *made, folder="export/")
            shutil.rmtree(folder / "gis")
            files = {name: f"town.zip, layer: {name}" for name in layers}
        says(
            folder,
            *(f"{{file: {files[n]}, {e}}}" for n, e in zip(self.LAYERS, self.ENTRIES, strict=True)),
        )

    @pytest.mark.parametrize("crs", [DEGREES, FEET])
    @pytest.mark.parametrize("how", ["shp", "zip", "gpkg"])
    def test_whatever_the_file_and_the_reference_system(
        self, folder: Path, town_folder: Path, layers: dict[str, Features], how: str, crs: str
    ) -> None:
        self.write(folder, layers, how, crs)
        found, wanted = sound(folder), pack.read(town_folder)[0]
        assert [(x.stem, x.label, x.public) for x in found.areas] == [
            (x.stem, x.label, x.public) for x in wanted.areas
        ]
        assert [(s.name, s.kind, s.numbers) for s in found.streets] == [
            (s.name, s.kind, s.numbers) for s in wanted.streets
        ]
        assert [(a.number, a.street, a.unit) for a in found.addresses] == [
            (a.number, a.street, a.unit) for a in wanted.addresses
        ]
        key = {m.name.get("en", m.kind): (m.name, m.kind, m.aliases) for m in wanted.landmarks}
        assert {
            m.name.get("en", m.kind): (m.name, m.kind, m.aliases) for m in found.landmarks
        } == key
        assert {
            k: [(r.code, r.name, r.facts) for r in rows] for k, rows in found.assets.items()
        } == {k: [(r.code, r.name, r.facts) for r in rows] for k, rows in wanted.assets.items()}
        assert farthest(found, wanted) < 0.5

    def test_it_is_applied_found_and_exported(
        self, folder: Path, tmp_path: Path, layers: dict[str, Features], now: datetime, db: None
    ) -> None:
        self.write(folder, layers, "gpkg", FEET)
        found = sound(folder)
        assert {(c.kind, c.what) for c in pack.plan(None, found)} >= {
            ("add", "street"),
            ("add", "layer"),
        }
        city = pack.apply(found, by="tests", now=now)
        assert pack.plan(City.objects.get(), sound(folder)) == []
        assert find_place(city, "14b gull st", language="en")[0].words == "14B Gull Street"
        assert find_place(city, "50 numbers way", language="en")[0].words == (
            "About where 50 Numbers Way would be"
        )
        pack.write(city, tmp_path / "out")
        assert not (tmp_path / "out/sources.yaml").exists()
        assert sound(tmp_path / "out") == found


def farthest(found: PlacesPack, wanted: PlacesPack) -> float:
    """The longest way in metres between a point of one pack and the same point of another."""

    def points(one: PlacesPack) -> list[tuple[float, float]]:
        rings = [
            corner
            for layer in one.areas
            for row in layer.rows
            for corner in shapely.get_coordinates(
                shapely.normalize(geometry.built(row.geometry))
            ).tolist()
        ]
        lines = [p for row in one.streets for p in geometry.positions(row.lines)]
        spots = sorted((row.lon, row.lat) for row in one.landmarks)
        things = [(row.lon, row.lat) for rows in one.assets.values() for row in rows]
        return [*rings, *lines, *((a.lon, a.lat) for a in one.addresses), *spots, *things]

    return max(geo.distance(*a, *b) for a, b in zip(points(found), points(wanted), strict=True))


class TestRealData:
    """Santa Monica's own files, in degrees and in the feet that the city works in."""

    def entries(self, file: Callable[[str], str]) -> list[str]:
        return [
            f"{{file: {file('limit')}, gives: areas, as: 00-city-limit, columns: {{code: {{value: all}}, name: name}}}}",
            f'{{file: {file("beats")}, gives: areas, as: 10-beat, columns: {{code: beat, name: "Beat {{beat}}"}}}}',
            (
                f"{{file: {file('streets')}, gives: streets, columns: {{name: FULLNAME, left_from: ADLF, left_to: ADLT,"
                " right_from: ADRF, right_to: ADRT}}"
            ),
            (
                f'{{file: {file("rooms")}, gives: places, columns: {{key: "restroom-{{Location}}", name: Location,'
                " kind: {value: toilets}}}"
            ),
        ]

    @pytest.fixture
    def layers(self) -> dict[str, Features]:
        names = {
            "limit": "boundaries/santa-monica/city-limit-derived.geojson",
            "beats": "boundaries/santa-monica/police-beats.geojson",
            "streets": "streets-and-places/santa-monica-street-segments.geojson",
            "rooms": "streets-and-places/santa-monica-public-restrooms.geojson",
        }
        found = {}
        for name, file in names.items():
            features = json.loads(shared_data.shared(file).read_text("utf-8"))["features"]
            # A .dbf knows no text of more than 254 letters.
            found[name] = [
                one | {"properties": {k[:10]: v[:250] if isinstance(v, str) else v for k, v in one["properties"].items()}}
                for one in features
            ]  # fmt: skip
        return found

    def test_all_kinds_of_files_say_the_same(
        self, tmp_path: Path, layers: dict[str, Features]
    ) -> None:
        packs = []
        for how, crs in (("shp", DEGREES), ("shp", FEET), ("gpkg", FEET)):
            folder = tmp_path / f"{how}-{crs[5:]}"
            folder.mkdir()
            (folder / "city.yaml").write_text(CITY)
            if how == "gpkg":
                write_gpkg(folder / "all.gpkg", layers, crs=crs)
                says(folder, *self.entries(lambda name: f"all.gpkg, layer: {name}"))
            else:
                for name, features in layers.items():
                    write_shp(folder / f"{name}.shp", features, crs=crs)
                says(folder, *self.entries(lambda name: f"{name}.shp"))
            packs.append(sound(folder))
        first = packs[0]
        assert (len(first.streets), len(first.landmarks)) == (402, 28)
        assert [len(layer.rows) for layer in first.areas] == [1, 4]
        assert "2nd St" in {row.name for row in first.streets}
        ranges = ("ADLF", "ADLT", "ADRF", "ADRT")
        numbered = sum(any(one["properties"][name] for name in ranges) for one in layers["streets"])
        assert sum(bool(row.numbers) for row in first.streets) == numbered > 20
        for other in packs[1:]:
            assert farthest(other, first) < 0.5


class TestColumns:
    def test_several_columns_make_one_name(self, folder: Path) -> None:
        write_shp(
            folder / "gis/streets.shp",
            [line({"DIR": "N", "NAME": "4TH", "TYPE": "ST", "OLD": "Army St"}),
             line({"DIR": "", "NAME": "McGill", "TYPE": "Lane", "OLD": "mcgill ln"})],
        )  # fmt: skip
        says(
            folder,
            '{file: gis/streets.shp, gives: streets, columns: {name: "{DIR} {NAME} {TYPE}", aliases: [OLD]}}',
        )
        assert [(s.name, s.aliases) for s in sound(folder).streets] == [
            ("N 4th St", ["Army St"]),
            ("McGill Lane", []),
        ]

    def test_only_some_records_count_and_some_words_are_blank(self, folder: Path) -> None:
        rows = [("A", "Oak St"), ("a", "None"), ("B", "Elm St")]
        write_shp(folder / "gis/streets.shp", [line({"ST": s, "NAME": n}) for s, n in rows])
        says(
            folder,
            "{file: gis/streets.shp, gives: streets, blank: [none], only: {ST: [A]}, columns: {name: NAME}}",
        )
        found = sound(folder)
        assert [row.name for row in found.streets] == ["Oak St", ""]
        assert found.notes == ['gis/streets.shp: left out: 1 not asked for ("only").']

    def test_house_numbers_that_are_none_are_passed_over(self, folder: Path) -> None:
        names = ("LF", "LT", "RF", "RT")
        rows = [(0, 98, 1, 99), (0, 0, 0, 0), (None, 8, 7, 9), (10, 2, None, None)]
        write_gpkg(
            folder / "gis/s.gpkg",
            {"s": [line({"N": "Oak"} | dict(zip(names, row, strict=True))) for row in rows]},
        )
        ranges = "left_from: LF, left_to: LT, right_from: RF, right_to: RT"
        says(folder, f"{{file: gis/s.gpkg, gives: streets, columns: {{name: N, {ranges}}}}}")
        found = sound(folder)
        left, right = ("left_from", "left_to"), ("right_from", "right_to")
        assert [row.numbers for row in found.streets] == [
            dict(zip((*left, *right), (0, 98, 1, 99), strict=True)),
            {},
            dict(zip(right, (7, 9), strict=True)),
            dict(zip(left, (10, 2), strict=True)),
        ]
        assert "no pair of whole numbers: 1." in found.notes[0]

    def test_an_address_may_be_its_parcel_and_counts_once(self, folder: Path) -> None:
        lot = square(LON, LAT, LON + 0.001, LAT + 0.001)
        write_shp(
            folder / "gis/a.shp",
            [feature({"NO": no, "STREET": st}, "Polygon", lot)
             for no, st in (("12", "ELM ST"), ("12", "ELM ST"), ("", "ELM ST"), ("1" * 30, "ELM ST"))],
        )  # fmt: skip
        says(folder, ADDRESSES)
        found = sound(folder)
        assert found.addresses == [AddressRow("12", "Elm St", "", LON + 0.0005, LAT + 0.0005)]
        assert found.notes == [
            (
                "gis/a.shp: left out: 1 that are there twice, 1 without a number or a street,"
                " 1 with a value that is too long."
            )
        ]

    def test_the_parts_of_an_area_are_joined_and_crossed_outlines_mended(
        self, folder: Path
    ) -> None:
        bow = [
            [[LON, LAT], [LON + 1e-3, LAT + 1e-3], [LON + 1e-3, LAT], [LON, LAT + 1e-3], [LON, LAT]]
        ]
        write_gpkg(
            folder / "gis/d.gpkg",
            {"d": [
                feature({"W": 1.0, "N": "One"}, "Polygon", square(LON, LAT, LON + 1e-3, LAT + 1e-3)),
                feature({"W": 1.0, "N": "One"}, "Polygon", square(LON + 1e-3, LAT, LON + 2e-3, LAT + 1e-3)),
                feature({"W": 2.0, "N": "Two"}, "Polygon", bow),
            ]},
        )  # fmt: skip
        says(
            folder,
            "{file: gis/d.gpkg, gives: areas, as: 00-city-limit, public: false, columns: {code: W, name: N}}",
        )
        found = sound(folder)
        (layer,) = found.areas
        assert [(row.code, row.geometry["type"]) for row in layer.rows] == [
            ("1", "Polygon"),
            ("2", "MultiPolygon"),
        ]
        assert geometry.built(layer.rows[0].geometry).area == pytest.approx(2e-6)
        assert not layer.public
        assert found.notes == ["gis/d.gpkg: mended: 1 outlines that cross themselves."]

    def test_facts_keep_their_kind(self, folder: Path) -> None:
        write_gpkg(
            folder / "gis/l.gpkg",
            {"l": [point({"POLE": "L1", "W": 40.0, "H": 2.5, "OF": " brook  power ", "X": None})]},
        )
        says(
            folder,
            "{file: gis/l.gpkg, gives: assets, as: lamp, columns: {code: POLE}, facts: {watts: W, height: H, owner: OF, x: X}}",
        )
        (row,) = sound(folder).assets["lamp"]
        assert row.facts == {"watts": 40, "height": 2.5, "owner": "brook power"}

    def test_files_of_the_pack_come_first(self, town_folder: Path) -> None:
        before, _ = pack.read(town_folder)
        write_shp(town_folder / "gis/a.shp", [point({"NO": "1", "STREET": "Elm"})])
        says(
            town_folder,
            ADDRESSES,
            "{file: gis/a.shp, gives: areas, as: 20-district, columns: {code: NO, name: NO}}",
            "{file: gis/a.shp, gives: assets, as: street-light, columns: {code: NO}}",
        )
        assert sound(town_folder) == before

    def test_what_is_outside_of_the_limit_is_left_out(self, town_folder: Path) -> None:
        (town_folder / "addresses.csv").unlink()
        (town_folder / "openaddresses.csv").write_text(
            f"LON,LAT,NUMBER,STREET\n{LON},{LAT},9,Elm\n"
        )
        write_shp(town_folder / "gis/a.shp", [point({"NO": "1", "STREET": "Elm"}), point({"NO": "2", "STREET": "Elm"}, 1)])  # fmt: skip
        says(town_folder, ADDRESSES)
        found = sound(town_folder)
        assert [row.number for row in found.addresses] == ["1"]
        assert found.notes == ["gis/a.shp: left out: 1 outside of the city."]
