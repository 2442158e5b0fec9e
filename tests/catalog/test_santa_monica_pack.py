"""The pack made from real open data is sound and complete."""

import csv
from pathlib import Path

import pytest

from onehall.catalog import pack as catalog_pack
from onehall.catalog import services
from onehall.catalog.search import build_index, find_services
from onehall.kernel import clock
from onehall.service_requests.importing import profile
from onehall.service_requests.importing.targets import Targets
from onehall.setup import applying, packs
from tests import shared_data
from tests.catalog.test_search import Shelf
from tools.santa_monica_pack import build, key_of, street_name


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> packs.CityPack:
    """The pack, read back; any mistake fails."""
    shared_data.shared("311/santa-monica-topics.csv")
    folder: Path = tmp_path_factory.mktemp("santa-monica")
    build(shared_data.folder(), folder)
    pack, problems = packs.read(folder)
    assert problems == []
    return pack


def _docs(built: packs.CityPack) -> dict[str, catalog_pack.Doc]:
    return {doc["key"]: doc for doc in built.catalog.services}


def test_every_topic_is_a_service_and_the_former_ones_are_not_offered(
    built: packs.CityPack,
) -> None:
    docs = _docs(built)
    former = {key for key, doc in docs.items() if doc.get("active") is False}
    with shared_data.shared("311/santa-monica-topics.csv").open(encoding="utf-8") as file:
        topics = {key_of(row["topic"]) for row in csv.DictReader(file)}
    assert len(topics) == 193
    over = "february-2017-service-schedule-change"
    assert set(docs) - former == topics - {over}
    assert former == {
        over,
        "public-records-request",
        "sign-clearance",
        "general-feedback-or-questions",
        "annual-inspection-fees",
    }
    assert len([g for g in built.catalog.groups if g["active"]]) == 44


def test_departments_promises_and_places_come_from_the_history(built: packs.CityPack) -> None:
    docs = _docs(built)
    assert len(built.people.departments) == 16
    assert docs["potholes"]["routing"][0]["queue"] == "public-works"
    assert docs["bus-stops"]["routing"][0]["queue"] == "big-blue-bus"
    assert all(doc["promise"]["days"] >= 1 for doc in docs.values())
    assert docs["graffiti-public-property"]["place"] == "required"
    assert sum(doc["common"] for doc in docs.values()) == 8


def test_the_map_is_filled(built: packs.CityPack) -> None:
    places = built.places
    assert {layer.layer: len(layer.rows) for layer in places.areas} == {
        "city_limit": 1,
        "zip": 5,
        "police_beat": 4,
        "school_area": 7,
        "rent_control": 7,
        "downtown": 1,
        "tsunami_zone": 1,
    }
    assert len({s.name for s in places.streets}) > 120
    assert len(places.assets["bicycle-parking"]) == 721
    assert len([p for p in places.landmarks if p.kind == "block"]) > 1300


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("the lamp outside my house is dark", "streetlights"),
        ("pothole on my street", "potholes"),
        ("gardener with a leaf blower", "leafblowers"),
        ("I want to contest a parking ticket", "parking-citations-contesting"),
        ("dog barking all night", "barking-dogs"),
    ],
)
def test_residents_words_find_real_topics(built: packs.CityPack, text: str, key: str) -> None:
    offered = [services.parse(d) for d in built.catalog.services if d.get("active", True)]
    hits = find_services(Shelf(build_index(offered, ["en"])), text, "en", limit=3)
    assert key in [h.service.key for h in hits], [(h.service.key, h.score) for h in hits]


def test_every_name_says_what_it_is_about_without_its_group(built: packs.CityPack) -> None:
    names = [doc["name"]["en"] for doc in _docs(built).values()]
    assert len(set(names)) == len(names)
    assert not {"Other", "Maintenance", "Hours", "Noise", "Events"} & set(names)
    assert not [name for name in names if name.startswith("Other (")]


def test_what_is_mended_in_the_street_is_closed_with_a_photo(built: packs.CityPack) -> None:
    docs = _docs(built)
    assert docs["streetlights"]["closing"]["needs"] == ["words", "after_photo"]
    assert docs["parking-permits"]["closing"]["needs"] == ["words"]


@pytest.mark.django_db
def test_the_history_finds_each_topic_under_whatever_name_it_has_now(
    built: packs.CityPack,
) -> None:
    city = applying.apply(built, by="tests", now=clock.now())
    targets = Targets(city, profile.load("santa-monica-gorequest"))
    topics = {
        row["Topic"] for row in shared_data.rows("311/santa-monica-gorequest-2005-2015.csv.gz")
    }
    found = {topic: targets.service(topic) for topic in topics}
    assert {t: s.service.key for t, s in found.items() if s} == {t: key_of(t) for t in topics}


@pytest.mark.parametrize(
    ("full", "name"),
    [
        ("2ND ST", "2nd Street"),
        ("SANTA MONICA BLVD", "Santa Monica Boulevard"),
        ("3RD STREET PROM", "3rd Street Promenade"),
        ("BROADWAY", "Broadway"),
        ("SANTA MONICA FWY ON-RAMP", "Santa Monica Freeway on-ramp"),
    ],
)
def test_street_names_are_written_as_people_write_them(full: str, name: str) -> None:
    assert street_name(full) == name


@pytest.mark.django_db
def test_the_whole_city_applies_twice_without_a_change(built: packs.CityPack) -> None:
    city = applying.apply(built, by="tests", now=clock.now())
    assert packs.changes(built) == []
    assert applying.apply(built, by="tests", now=clock.now()).revision == city.revision == 1
