"""The city's own facts in the console: saved in the draft, mistakes at their field, colours tried, published."""

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onehall.places.models import City
from onehall.setup import queries
from onehall.setup.models import ChangeEntry
from tests.console.people import Person, hire
from tests.console.test_setup_city import fields, publish

URL = "/set-up/city"


@pytest.fixture
def ada(city: City) -> Person:
    """The administrator."""
    return Person(city, "ada@testford.example")


def form(ada: Person) -> dict[str, Any]:
    return read(ada.get(URL).content.decode())


def read(page: str) -> dict[str, Any]:
    """What a browser would send; the words of a text area end where it does."""
    found = {k: html.unescape(v.partition("</textarea>")[0]) for k, v in fields(page).items()}
    return {k: v for k, v in found.items() if k not in ("do", "")}


def errors(ada: Person) -> dict[str, list[str]]:
    found: dict[str, list[str]] = ada.get(URL).context["errors"]
    return found


def test_saved_as_it_is_nothing_changes(city: City, ada: Person) -> None:
    assert ada.post(URL, **form(ada)).status_code == 302
    assert queries.draft_view(city).changed == []


def test_what_is_changed_reaches_the_city_and_the_history(city: City, ada: Person) -> None:
    sent = form(ada) | {
        "name": "New Testford",
        "contact.phone": "555-0199",
        "contact.phone_hours.en": "every day",
        "contact.phone_hours.es": "todos los días",
        "emergency.words.es": "Primero al 911.",
        "numbering.width": "6",
        "hosts": "testford.example\n311.testford.example",
        "brand.light.brand": "#6A1B4D",
        "map.lon": "-120.9912345",
        "map.credit": "© OpenStreetMap contributors",
        "publishing.two_people": "yes",
    }
    assert ada.post(URL, **sent).status_code == 302
    assert errors(ada) == {}
    assert "New Testford" in ada.get("/set-up").content.decode()
    del sent["publishing.two_people"]
    ada.post(URL, **(sent | {"seen": "1"}))
    assert publish(city, ada).status_code == 302
    city.refresh_from_db()
    assert (city.name, city.numbering, city.hosts) == (
        "New Testford",
        {"width": 6},
        ["testford.example", "311.testford.example"],
    )
    assert city.contact["phone_hours"] == {"en": "every day", "es": "todos los días"}
    assert city.emergency["words"]["es"] == "Primero al 911."
    assert city.brand == {"light": {"brand": "#6a1b4d"}}
    assert city.map["center"] == [-120.9912345, 40.008]
    assert city.credit == "© OpenStreetMap contributors"
    entry = ChangeEntry.objects.get(city=city, path="city.yaml", kind="published")
    assert "New Testford" in entry.after


@pytest.mark.parametrize(
    ("field", "value", "where", "words"),
    [
        ("name", "", "name", '"name" is empty'),
        ("time_zone", "America/Los_Angelos", "time_zone", 'Did you mean "America/Los_Angeles"?'),
        ("languages", "en, en", "languages", "is listed twice"),
        ("languages", "English", "languages", "is not a language code"),
        ("hosts", "https://testford.example", "hosts", "is not a host name"),
        ("numbering.width", "12", "numbering.width", "9"),
        ("numbering.width", "many", "numbering.width", "Write a number."),
        ("map.lon", "west", "map.center", "is not a point"),
        ("map.zoom", "30", "map.zoom", "19"),
        ("map.credit", "©" * 121, "map.credit", "120"),
        ("brand.light.brand", "#cccccc", "brand.light.brand", "contrast"),
        ("brand.dark.brand-ink", "red", "brand.dark.brand-ink", "a color like"),
    ],
)
def test_a_mistake_stands_at_its_field_in_the_words_of_the_check(
    city: City, ada: Person, field: str, value: str, where: str, words: str
) -> None:
    ada.post(URL, **(form(ada) | {field: value}))
    found = errors(ada)
    assert any(part in said for part in words.split("|") for said in found.get(where, ())), found
    page = ada.get(URL).content.decode()
    assert html.escape(found[where][0]) in page or found[where][0] in html.unescape(page)
    assert publish(city, ada).status_code == 409


def test_the_host_of_another_city_is_refused(city: City, other_city: City, ada: Person) -> None:
    ada.post(URL, **(form(ada) | {"hosts": "testford.example\nelsewhere.example"}))
    assert 'The host "elsewhere.example" is of another city.' in errors(ada)["hosts"][0]


def test_offices_outside_are_added_and_removed(city: City, ada: Person) -> None:
    more = ada.post(URL, **form(ada), do="add:outside.contacts").content.decode()
    sent = read(more) | {
        "outside.contacts.1.name.en": "Harbor Board",
        "outside.contacts.1.phone": "555-0100",
        "do": "save",
    }
    assert ada.post(URL, **sent).status_code == 302
    gone = ada.post(URL, **form(ada), do="remove:outside.contacts.0").content.decode()
    ada.post(URL, **(read(gone) | {"do": "save"}))
    publish(city, ada)
    city.refresh_from_db()
    assert city.outside["contacts"] == [{"name": {"en": "Harbor Board"}, "phone": "555-0100"}]


def test_another_zone_and_another_language_are_warned_of(city: City, ada: Person) -> None:
    ada.post(URL, **(form(ada) | {"time_zone": "America/Denver", "languages": "en, es, fr"}))
    page = ada.get(URL).content.decode()
    assert "In force is America/Los_Angeles." in page
    assert "In force are: en, es." in page


def test_the_sample_and_its_pairs_follow_the_colours(city: City, ada: Person) -> None:
    ada.post(URL, **(form(ada) | {"brand.light.brand": "#999999"}))
    page = ada.get(URL).content.decode()
    assert 'fill="#999999"' in page
    assert re.search(r'<li class="bad" data-pair data-text="brand" data-ground="paper"', page)
    assert "style=" not in page.partition("<main")[2]


def test_two_at_once(city: City, ada: Person) -> None:
    sent = form(ada)
    ada.post(URL, **(sent | {"name": "One"}))
    late = ada.post(URL, **(sent | {"name": "Two"}))
    assert late.status_code == 409
    assert 'value="Two"' in late.content.decode()
    assert errors(ada) == {}


@pytest.mark.parametrize("role", ["agent", "crew", "supervisor", "auditor"])
def test_others_change_nothing_and_only_auditors_look(city: City, role: str) -> None:
    hire(city, "x@testford.example", role, "works")
    person = Person(city, "x@testford.example")
    assert person.get(URL).status_code == (200 if role == "auditor" else 403)
    assert person.post(URL, name="Mine", seen="0").status_code == 403
    assert queries.draft_view(city).changed == []


def test_it_stands_in_the_overview(city: City, ada: Person) -> None:
    page = ada.get("/set-up").content.decode()
    assert 'href="/desk/set-up/city"' in page
    assert 'href="/desk/set-up/areas"' in page


def test_so_many_questions_and_no_more(city: City, ada: Person) -> None:
    ada.get(URL)
    with CaptureQueriesContext(connection) as asked:
        ada.get(URL)
    assert len(asked) <= 24, len(asked)
