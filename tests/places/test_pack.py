"""Reading, planning, applying and writing the places part of a pack."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehall.places import pack
from onehall.places.models import Address, Area, Asset, City, Corner, Landmark, Street
from onehall.places.pack.geojson import feature_lines
from onehall.places.pack.write import write_pack
from onehall.places.queries import find_place
from onehall.places.rows import AddressRow, AssetRow, CityFacts, LandmarkRow, PlacesPack, StreetRow
from tests import shared_data
from tests.places.conftest import Break, write_features

pytestmark = pytest.mark.django_db


def counts() -> dict[str, int]:
    """Rows per table."""
    tables = (Area, Street, Address, Landmark, Asset, Corner)
    return {table.__name__: table.objects.count() for table in tables}


def test_a_pack_is_applied_whole(town: City) -> None:
    assert counts() == {
        "Area": 3, "Street": 7, "Address": 41, "Landmark": 3, "Asset": 2, "Corner": 9,
    }  # fmt: skip
    assert town.revision == 1
    assert town.bounds == (-120.01, 39.99, -119.99, 40.01)
    assert town.calendar["extra_holidays"][0]["date"] == "2026-11-27"
    assert town.outside["contacts"][0]["name"] == {"en": "County"}
    assert Asset.objects.get(code="SL-1042").facts == {"lamp": "LED"}
    assert (town.changed_by, town.language) == ("tests", "en")


def test_the_same_pack_twice_changes_nothing(town: City, town_folder: Path, now: datetime) -> None:
    again, problems = pack.read(town_folder)
    ids = set(Address.objects.values_list("id", flat=True))
    assert problems == []
    assert pack.plan(town, again) == []
    assert pack.apply(again, by="tests", now=now).revision == 1
    assert set(Address.objects.values_list("id", flat=True)) == ids


def test_what_is_written_reads_back_as_the_same(
    town: City, town_folder: Path, tmp_path: Path, now: datetime
) -> None:
    first, _ = pack.read(town_folder)
    pack.write(town, tmp_path / "out")
    second, problems = pack.read(tmp_path / "out")
    assert problems == []
    assert second == first
    assert pack.plan(town, second) == []
    pack.write(town, tmp_path / "out")
    assert pack.read(tmp_path / "out")[0] == first


def test_a_changed_part_is_replaced_and_the_rest_left_alone(
    town: City, town_folder: Path, now: datetime
) -> None:
    streets = set(Street.objects.values_list("id", flat=True))
    path = town_folder / "addresses.csv"
    text = path.read_text("utf-8").replace("2,Mill Lane,", "3,Mill Lane,", 1)
    path.write_text(text + "99,Gull Street,,-120.0,40.002\n", "utf-8")
    changed, _ = pack.read(town_folder)
    told = [(change.kind, change.what, change.name) for change in pack.plan(town, changed)]
    assert told == [
        ("add", "address", "3 Mill Lane"),
        ("add", "address", "99 Gull Street"),
        ("remove", "address", "2 Mill Lane"),
    ]
    after = pack.apply(changed, by="tests", now=now)
    assert after.revision == 2
    assert set(Street.objects.values_list("id", flat=True)) == streets
    assert pack.plan(after, changed) == []


def test_a_thing_keeps_its_row_while_its_number_stays(
    town: City, town_folder: Path, now: datetime
) -> None:
    kept = Asset.objects.get(city=town, code="SL-1042").pk
    path = town_folder / "assets/street-light.geojson"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("SL-1043", "SL-1044").replace("LED", "sodium"), encoding="utf-8")
    found, problems = pack.read(town_folder)
    assert problems == []
    pack.apply(found, by="tests", now=now)
    assert sorted(Asset.objects.values_list("code", flat=True)) == ["SL-1042", "SL-1044"]
    light = Asset.objects.get(code="SL-1042")
    assert (light.pk, light.facts) == (kept, {"lamp": "sodium"})


def test_a_removed_layer_and_a_new_name_are_told(
    town: City, town_folder: Path, now: datetime
) -> None:
    (town_folder / "areas/10-district.geojson").unlink()
    (town_folder / "assets/street-light.geojson").unlink()
    city = (town_folder / "city.yaml").read_text().replace("name: Millbrook", "name: Mill Brook", 1)
    (town_folder / "city.yaml").write_text(city)
    changed, _ = pack.read(town_folder)
    told = {(change.kind, change.what, change.name) for change in pack.plan(town, changed)}
    assert told == {
        ("change", "city", "name"),
        ("remove", "layer", "district"),
        ("remove", "street-light", "SL-1042"),
        ("remove", "street-light", "SL-1043"),
    }
    after = pack.apply(changed, by="tests", now=now)
    assert after.name == "Mill Brook"
    assert not Asset.objects.exists()
    assert pack.plan(after, changed) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("city.yaml", "America/Los_Angeles", "America/Los_Angles", 'city.yaml:3: There is no time zone "America/Los_Angles". Did you mean "America/Los_Angeles"?'),
        ("city.yaml", "[en, es]", "[english, es]", 'city.yaml:4: "english" is not a language code.'),
        ("city.yaml", "hosts:", "host:", 'city.yaml:5: Unknown field "host". Did you mean "hosts"?'),
        ("city.yaml", "millbrook.example", "https://x.example", 'city.yaml:5: "https://x.example" is not a host name.'),
        ("city.yaml", "[-120.0, 40.0]", "[40.0, -120.0]", 'city.yaml:10: "map.center" is not a point.'),
        ("calendar.yaml", "17:00", "7pm", "calendar.yaml:1: hours.mon"),
        ("areas/10-district.geojson", '"code"', '"kode"', 'areas/10-district.geojson:2: Unknown property "kode". Did you mean "code"?'),
        ("areas/10-district.geojson", '"east"', '"west"', 'areas/10-district.geojson:3: The code "west" is used twice.'),
        ("areas/10-district.geojson", '"es": "Lado este"', '"fr": "Est"', 'areas/10-district.geojson:3: "name" has words in "fr".'),
        ("streets.geojson", '"kind": "lane"', '"kind": "alley"', 'streets.geojson:8: The kind "alley" is not known.'),
        ("streets.geojson", '"left_to": 99, ', "", "streets.geojson:8: Only one house number on the left side."),
        ("streets.geojson", "[-120.008, 40.0]", "[6409910.1, 1832800.1]", "streets.geojson:2: [6.40991e+06, 1.8328e+06] is not longitude and latitude"),
        ("streets.geojson", "[-120.008, 40.0]", "[-121.5, 40.0]", "streets.geojson:1: [-121.5, 40] is far from the city limit."),
        ("places.geojson", '"key": "library", ', "", 'places.geojson:2: The feature has no "key".'),
        ("places.geojson", '"kind": "water"', '"kind": "lava"', 'places.geojson:4: A shape of kind "lava" is not drawn.'),
        ("assets/street-light.geojson", "SL-1043", "SL-1042", 'assets/street-light.geojson:3: The code "SL-1042" is used twice.'),
        ("assets/street-light.geojson", '"Point"', '"Dot"', "assets/street-light.geojson:2: The geometry is a Dot."),
        ("addresses.csv", "unit,lon", "flat,lon", 'addresses.csv:1: Unknown column "flat".'),
        ("addresses.csv", "4,Mill Lane,,-119.999600", "4,Mill Lane,,west", 'addresses.csv:3: "west, 40.000100" is not a point.'),
        ("addresses.csv", "4,Mill Lane", ",Mill Lane", "addresses.csv:3: The line is not whole."),
        ("addresses.csv", "4,Mill Lane,,-119.999600,40.000100", "4,Mill Lane,,40.0,-119.9", "addresses.csv:3: Latitude and longitude are swapped"),
        ("streets.geojson", '"features"', '"fetures"', "streets.geojson:1: This is not a FeatureCollection."),
        ("streets.geojson", "]]}}", "]]}", "streets.geojson:3: This is not JSON"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_and_line(
    broken: Break, file: str, old: str, new: str, told: str
) -> None:
    assert any(line.startswith(told) for line in broken(file, old, new))


def test_a_pack_without_a_map_is_a_city_too(tmp_path: Path, now: datetime) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "city.yaml").write_text("slug: bare\nname: Bare\ntime_zone: UTC\nlanguages: [en]\n")
    found, problems = pack.read(folder)
    assert problems == []
    city = pack.apply(found, by="tests", now=now)
    assert (city.bounds, city.center) == (None, None)
    assert pack.plan(city, found) == []


def test_a_folder_without_city_yaml_is_told(tmp_path: Path) -> None:
    _, problems = pack.read(tmp_path)
    assert str(problems[0]).startswith("city.yaml:1: The file cannot be read")


def test_a_real_file_in_feet_is_refused_at_each_line(town_folder: Path) -> None:
    name = "streets-and-places/santa-monica-truck-routes-epsg2229.geojson"
    text = shared_data.shared(name).read_text()
    (town_folder / "streets.geojson").write_text(text)
    found = [p for p in pack.read(town_folder)[1] if "feet or meters" in p.message]
    assert found[0].file == "streets.geojson"
    assert found[0].line == 5
    assert "FNODE_" in text.splitlines()[found[0].line - 1]
    assert len(found) == 20


def test_the_line_of_each_feature_is_found(tmp_path: Path) -> None:
    write_features(tmp_path / "a.geojson", [{"type": "Feature", "n": n} for n in range(3)])
    text = (tmp_path / "a.geojson").read_text()
    assert feature_lines(text) == [2, 3, 4]
    assert feature_lines(json.dumps(json.loads(text), indent=1)) == [4, 8, 12]
    assert feature_lines("{}") == []


degrees = st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
words = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20
)


@given(
    st.lists(st.tuples(words, st.lists(degrees, min_size=2, max_size=4, unique=True)), max_size=3),
    st.lists(st.tuples(words, degrees), max_size=3, unique_by=lambda pair: pair[0]),
    st.dictionaries(words, st.one_of(st.booleans(), st.integers(-9, 9), words), max_size=2),
)
def test_any_pack_written_reads_back_as_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    streets: list[tuple[str, list[tuple[float, float]]]],
    things: list[tuple[str, tuple[float, float]]],
    facts: dict[str, bool | int | str],
) -> None:
    kept = {key: value for key, value in facts.items() if key not in ("code", "name")}
    whole = PlacesPack(
        city=CityFacts("x", "X", "UTC", ["en"]),
        streets=[StreetRow(name, "lane", [[list(p) for p in line]]) for name, line in streets],
        addresses=[AddressRow("1", "Mill Lane", name, *point) for name, point in things],
        landmarks=[
            LandmarkRow(f"k{n}", {"en": name}, "shop", [name], *point)
            for n, (name, point) in enumerate(things)
        ],
        assets={"bin": [AssetRow(name, {}, *point, kept) for name, point in things]},
    )
    folder = tmp_path_factory.mktemp("pack")
    write_pack(whole, folder)
    again, problems = pack.read(folder)
    assert [str(p) for p in problems] == []
    if not things:
        assert again.assets == {"bin": []}
    assert again == whole


class TestStreetsInLanguages:
    @pytest.fixture
    def folder(self, town_folder: Path) -> Path:
        path = town_folder / "streets.geojson"
        text = path.read_text("utf-8")
        words = '"name": {"en": "Gull Street", "es": "Calle Gaviota"}'
        path.write_text(text.replace('"name": "Gull Street"', words), "utf-8")
        return town_folder

    def test_are_read_kept_written_and_found(
        self, folder: Path, tmp_path: Path, now: datetime
    ) -> None:
        first, problems = pack.read(folder)
        assert problems == []
        city = pack.apply(first, by="tests", now=now)
        assert Street.objects.get(name="Gull Street").names == {"es": "Calle Gaviota"}
        pack.write(city, tmp_path / "out")
        assert pack.read(tmp_path / "out")[0] == first
        (found,) = find_place(city, "9 calle gaviota", limit=1, language="es")
        assert found.words == "9 Gull Street"

    @pytest.mark.parametrize(
        ("words", "wanted"),
        [
            ('{"es": "Calle Gaviota"}', 'has no words in "en"'),
            ('{"en": "Gull Street", "fr": "Rue"}', 'has words in "fr"'),
            ('{"en": "Gull Street", "es": "%s"}' % ("x" * 121), 'is long in "es"'),
        ],
    )
    def test_mistakes_are_told(self, broken: Break, words: str, wanted: str) -> None:
        told = broken("streets.geojson", '"name": "Gull Street"', f'"name": {words}')
        assert len(told) == 1
        assert wanted in told[0]
