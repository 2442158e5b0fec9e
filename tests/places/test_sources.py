"""Files that others make: what is taken from them, and what is refused."""

import shutil
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehall.places import pack
from onehall.places.pack import openaddresses, osm, osm_tags
from onehall.places.queries import find_place, reverse
from onehall.places.rows import AddressRow
from tests import shared_data
from tests.places.conftest import LAT, LON

HEAD = "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\n"
MONACO = "streets-and-places/osm-monaco-2021-04.osm.pbf"


def told(folder: Path) -> list[str]:
    """The problems of a pack as text."""
    return [str(problem) for problem in pack.read(folder)[1]]


class TestOpenAddresses:
    @pytest.fixture
    def folder(self, town_folder: Path) -> Path:
        """The town without a list of addresses of its own."""
        (town_folder / "addresses.csv").unlink()
        return town_folder

    def test_addresses_are_taken_each_once_and_as_people_write_them(self, folder: Path) -> None:
        (folder / openaddresses.OPENADDRESSES).write_text(
            HEAD + f"{LON},{LAT},12,N 4TH ST,APT 3,MILLBROOK,,CA,90401,,abc\n"
            f"{LON},{LAT},12,N 4TH ST,APT 3,MILLBROOK,,CA,90401,,abd\n"
            f"{LON},{LAT},14,McGill Lane,,,,,,,\n"
            f"{LON},{LAT},0,MAIN ST,,,,,,,\n{LON},{LAT},,MAIN ST,,,,,,,\n{LON},{LAT},3,,,,,,,,\n"
            f"{LON + 1},{LAT},9,FAR ST,,,,,,,\n"
        )
        found, problems = pack.read(folder)
        assert problems == []
        assert found.addresses == [
            AddressRow("12", "N 4th St", "APT 3", LON, LAT),
            AddressRow("14", "McGill Lane", "", LON, LAT),
        ]

    def test_columns_may_be_written_small(self, folder: Path) -> None:
        (folder / openaddresses.OPENADDRESSES).write_text(
            f"hash,number,street,lon,lat\nx,1,Elm Row,{LON},{LAT}\n"
        )
        assert pack.read(folder)[0].addresses == [AddressRow("1", "Elm Row", "", LON, LAT)]

    def test_the_own_list_comes_first(self, town_folder: Path) -> None:
        before, _ = pack.read(town_folder)
        (town_folder / openaddresses.OPENADDRESSES).write_text(HEAD + f"{LON},{LAT},1,Elm,,,,,,,\n")
        assert pack.read(town_folder)[0].addresses == before.addresses

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("LON,LAT,STREET\n", "openaddresses.csv:1: There is no column NUMBER."),
            ("", "openaddresses.csv:1: There is no column LON, LAT, NUMBER, STREET."),
            (HEAD + "x,1,1,Elm,,,,,,,\n", 'openaddresses.csv:2: "x, 1" is not a point.'),
            (HEAD + "1,nan,1,Elm,,,,,,,\n", 'openaddresses.csv:2: "1, nan" is not a point.'),
            (HEAD + "1,1,1\n", "openaddresses.csv:2: The line is not whole."),
            (HEAD + '1,1,"1\n', "openaddresses.csv:1: The file cannot be read"),
            (HEAD + "9,9,1,Elm,,,,,,,\n", "openaddresses.csv:1: Nothing in this file lies inside"),
        ],
    )
    def test_a_mistake_is_told(self, folder: Path, text: str, wanted: str) -> None:
        (folder / openaddresses.OPENADDRESSES).write_text(text)
        assert any(line.startswith(wanted) for line in told(folder)), told(folder)

    def test_many_mistakes_are_counted(self, folder: Path) -> None:
        (folder / openaddresses.OPENADDRESSES).write_text(HEAD + "x,1,1,Elm,,,,,,,\n" * 99)
        assert len(told(folder)) == 21
        assert any("79 more lines have mistakes" in line for line in told(folder))


class TestExtract:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A pack that is a name and an extract."""
        folder = tmp_path / "monaco"
        folder.mkdir()
        words = "slug: monaco\nname: Monaco\ntime_zone: Europe/Monaco\nlanguages: [fr, es]\n"
        (folder / "city.yaml").write_text(words)
        shutil.copy(shared_data.shared(MONACO), folder / "monaco.osm.pbf")
        return folder

    def test_a_city_is_made_of_it(self, folder: Path, now: datetime, db: None) -> None:
        found, problems = pack.read(folder)
        assert problems == []
        city = pack.apply(found, by="tests", now=now)
        museum = find_place(city, "museo oceanografico", language="es")[0]
        assert museum.words == "Museo Oceanográfico de Mónaco"
        # A slip, the old name of a street, its name in another language, a corner.
        for text, words in (
            ("31 av de Grand Bretagne", "31 Avenue de Grande-Bretagne"),
            ("Rue des Orchidees", "Rue Révérend Père Louis Frolla"),
            ("Placa d'a Meria", "Place de la Mairie"),
            ("jardin exotique", "Jardin Exotique"),
        ):
            assert find_place(city, text, language="fr")[0].words.startswith(words[:12]), text
        here = reverse(city, museum.lon, museum.lat, "fr")
        assert here is not None
        assert here.words

    def test_its_makers_are_named_unless_the_city_says_otherwise(self, folder: Path) -> None:
        assert pack.read(folder)[0].city.map["credit"] == "© OpenStreetMap contributors"
        city = folder / "city.yaml"
        city.write_text(city.read_text() + 'map: {zoom: 15, credit: "© OSM, © Mairie"}\n')
        assert pack.read(folder)[0].city.map == {"zoom": 15, "credit": "© OSM, © Mairie"}
        city.write_text(city.read_text().replace("© OSM", "©" * 120))
        assert told(folder)[0].startswith("city.yaml:5: ")

    def test_what_is_exported_reads_back_as_the_same(
        self, folder: Path, tmp_path: Path, now: datetime, db: None
    ) -> None:
        found, _ = pack.read(folder)
        city = pack.apply(found, by="tests", now=now)
        pack.write(city, tmp_path / "out")
        again, problems = pack.read(tmp_path / "out")
        assert problems == []
        assert again == found

    def test_only_what_is_in_the_city_is_taken(self, folder: Path) -> None:
        (folder / "areas").mkdir()
        (folder / "areas/00-city-limit.geojson").write_text(
            '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties":'
            '{"code": "all", "name": "Rock"}, "geometry": {"type": "Polygon", "coordinates":'
            "[[[7.419, 43.729], [7.428, 43.729], [7.428, 43.733], [7.419, 43.733], [7.419, 43.729]]]}}]}"
        )
        found, problems = pack.read(folder)
        assert problems == []
        assert 0 < len(found.addresses) < 120
        assert all(7.416 < row.lon < 7.431 for row in found.addresses)

    def test_files_of_the_pack_come_first(self, folder: Path) -> None:
        (folder / "addresses.csv").write_text("number,street,lon,lat\n1,Rue Une,7.42,43.73\n")
        found, problems = pack.read(folder)
        assert problems == []
        assert len(found.addresses) == 1
        assert len(found.streets) > 500

    def test_two_are_refused(self, folder: Path) -> None:
        shutil.copy(folder / "monaco.osm.pbf", folder / "nice.osm.pbf")
        wanted = (
            "nice.osm.pbf:1: There are two extracts, monaco.osm.pbf and nice.osm.pbf. Keep one."
        )
        assert told(folder) == [wanted]

    def test_a_file_that_is_none_is_refused(self, folder: Path) -> None:
        (folder / "monaco.osm.pbf").write_bytes(b"not at all")
        assert told(folder)[0].startswith("monaco.osm.pbf:1: This is not an OpenStreetMap extract")

    def test_half_a_file_is_refused(self, folder: Path) -> None:
        path = folder / "monaco.osm.pbf"
        path.write_bytes(path.read_bytes()[:90_000])
        assert told(folder)[0].startswith("monaco.osm.pbf:1: This is not an OpenStreetMap extract")

    def test_without_the_reader_it_is_told(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(osm, "is_installed", lambda: False)
        wanted = "monaco.osm.pbf:1: The reader of OpenStreetMap extracts is not installed."
        assert told(folder) == [f'{wanted} Install it: pip install "onehall[osm]".']


class TestTags:
    @pytest.mark.parametrize(
        ("tags", "houses"),
        [
            ({"addr:housenumber": "12", "addr:street": "Elm"}, [("12", "Elm", "")]),
            ({"addr:housenumber": "7;9", "addr:street": "Elm"}, [("7", "Elm", ""), ("9", "Elm", "")]),
            ({"addr:housenumber": "1, 3", "addr:place": "Elm"}, [("1", "Elm", ""), ("3", "Elm", "")]),
            ({"addr:housenumber": "8 8A"}, [("8", "", ""), ("8A", "", "")]),
            ({"addr:housenumber": "12-16", "addr:street": "Elm"}, [("12-16", "Elm", "")]),
            ({"addr:housenumber": "1,9", "addr:street": "Oak,Elm"}, [("1", "Oak", ""), ("9", "Elm", "")]),
            ({"addr:housenumber": "15 Fl 2", "addr:street": "Elm"}, [("15", "Elm", "Fl 2")]),
            ({"addr:housenumber": "15", "addr:street": "Elm", "addr:unit": "B"}, [("15", "Elm", "B")]),
            ({"addr:housenumber": "Elm", "addr:street": "255"}, [("255", "Elm", "")]),
            ({"addr:housenumber": "5 bis", "addr:street": "Elm"}, [("5 bis", "Elm", "")]),
            ({"addr:housenumber": "Elm House", "addr:street": "Elm"}, []),
            ({"addr:housenumber": ";", "addr:street": "Elm"}, []),
            ({"addr:housenumber": "1" * 30, "addr:street": "Elm"}, []),
        ],
    )  # fmt: skip
    def test_house_numbers(self, tags: dict[str, str], houses: list[tuple[str, str, str]]) -> None:
        assert osm_tags.houses(tags) == houses

    @pytest.mark.parametrize(
        ("tags", "kind"),
        [
            ({"highway": "primary"}, "main"),
            ({"highway": "residential", "name": "Elm"}, "street"),
            ({"highway": "service"}, ""),
            ({"highway": "service", "name": "Elm"}, "lane"),
            ({"highway": "construction", "name": "Elm"}, ""),
        ],
    )
    def test_streets(self, tags: dict[str, str], kind: str) -> None:
        assert osm_tags.street_kind(tags) == kind

    def test_a_street_has_its_other_names(self) -> None:
        tags = {
            "highway": "primary", "name": "Elm Street;Elm Row", "old_name": "Army St", "ref": "US 101",
            "name:es": "Calle Olmo", "name:etymology": "a tree", "alt_name": "ELM ST",
        }  # fmt: skip
        assert osm_tags.street_names(tags) == (
            "Elm Street",
            ["Elm Row", "Army St", "Calle Olmo", "US 101"],
        )
        assert osm_tags.street_names({"highway": "motorway", "ref": "I 80"}) == ("I 80", [])
        assert osm_tags.names_in(tags, "Elm Street", ["es", "fr"]) == {"es": "Calle Olmo"}
        assert osm_tags.names_in(tags, "Calle Olmo", ["es"]) == {}

    @given(
        st.dictionaries(
            st.sampled_from(["addr:housenumber", "addr:street", "name", "highway", "shop", "ref"]),
            st.text(max_size=40),
        )
    )
    def test_any_tags_may_be_read(self, tags: dict[str, str]) -> None:
        assert all(number and len(unit) <= 40 for number, _, unit in osm_tags.houses(tags))
        osm_tags.street_names(tags)
        osm_tags.place_names(tags, ["en"])
        osm_tags.place_kind(tags)
