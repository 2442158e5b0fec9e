"""Finding a case as one remembers it: where it was, what it was about, its number in a former system."""

import datetime as dt

import pytest

from onehall.casework.actions import CasePlace
from onehall.casework.models import Case
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person, report


def at(city: City, words: str, service: str = "pothole") -> str:
    place = CasePlace(words=words, lon=-120.992, lat=40.004, areas={})
    return report(city, service, words="", place=place).number


def found(person: Person, text: str) -> list[str]:
    """The numbers on the page of a search, in its order."""
    page = person.get("/search", q=text).content.decode()
    return [part.partition('"')[0] for part in page.split('data-number="')[1:]]


@pytest.fixture
def cases(city: City) -> dict[str, str]:
    return {
        "main": at(city, "On Main Street, near Hill Street"),
        "fourteenth": at(city, "Corner of 14th Street and Broadway"),
        "fourth": at(city, "1527 4th Street"),
        "noise": at(city, "On Wilshire Boulevard, near 4th Street", "noise"),
    }


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("main st", ["main"]),
        ("Main Street", ["main"]),
        ("4th street", ["noise", "fourth"]),
        ("1527 4th", ["fourth"]),
        ("wilshire blvd", ["noise"]),
        ("pothole", ["fourth", "fourteenth", "main"]),
        ("pothole 4th", ["fourth"]),
        ("4th pothole", ["fourth"]),
        ("pothole wilshire", []),
        ("&", []),
        ("#", []),
        (r"\.*", []),
    ],
)
def test_words_of_the_place_and_of_the_service_find_it(
    ana: Person, cases: dict[str, str], text: str, keys: list[str]
) -> None:
    assert sorted(found(ana, text)) == sorted(cases[key] for key in keys)


def test_the_number_of_a_former_system_finds_it_and_stands_on_its_page(
    ana: Person, cases: dict[str, str]
) -> None:
    mine = ServiceRequest.objects.filter(number=cases["main"])
    mine.update(source="old-desk", source_id="589296", channel="import")
    ServiceRequest.objects.filter(number=cases["fourth"]).update(source="older", source_id="77")
    assert found(ana, "589296") == [cases["main"]]
    assert found(ana, " 77 ") == [cases["fourth"]]
    page = ana.get(f"/cases/{cases['main']}").content.decode()
    assert 'in the former system (<bdi dir="ltr">589296</bdi>)' in page


def test_what_ended_says_when_and_which_queue_had_it(ana: Person, cases: dict[str, str]) -> None:
    ended = Case.objects.filter(number=cases["main"])
    when = dt.datetime(2016, 2, 12, 17, tzinfo=dt.UTC)
    ended.update(is_open=False, state="closed", category="closed", closed_at=when, promised_at=None)
    page = ana.get(show="all").content.decode()
    row = page.partition(f'data-number="{cases["main"]}"')[2].partition("</tr>")[0]
    assert "Ended Feb 12, 2016" in row
    assert "Roads" in row
    assert "Nobody" not in row


def test_an_empty_inbox_leads_to_what_ended(ana: Person) -> None:
    assert 'href="?show=all"' in ana.get().content.decode().partition('class="empty"')[2]
    assert 'href="/desk"' in ana.get(show="late").content.decode().partition('class="empty"')[2]


def test_the_page_and_its_live_part_are_the_same_version(
    ana: Person, cases: dict[str, str]
) -> None:
    path = f"/cases/{cases['main']}"
    page = ana.get(path).content.decode()
    tag = ana.get(path, part="live", see="all").headers["ETag"]
    assert f'data-live-etag="{tag.replace(chr(34), "&quot;")}"' in page


def test_the_queues_stand_under_their_department_in_one_table(ana: Person) -> None:
    page = ana.get("/queues").content.decode()
    assert page.count("<table") == 1
    table = page.partition("<table")[2]
    assert table.index("Public Works") < table.index("Roads north") < table.index("City Clerk")
