"""The map of a list: the same selection as marks, every mark a link with words, and the list beside it."""

import datetime as dt
import html
import re

import pytest

from onehall.casework.actions import CasePlace
from onehall.casework.models import Case
from onehall.casework.selection import Box
from onehall.console import maps as marked
from onehall.kernel.clock import now
from onehall.look import maps
from onehall.places.models import City
from tests.console.people import Person, report

LON, LAT = -120.992, 40.004


def at(city: City, lon: float, lat: float, service: str = "pothole") -> Case:
    place = CasePlace(words="Somewhere", lon=lon, lat=lat, areas={})
    return Case.objects.get(pk=report(city, service, place=place, email="").case_id)


def page(person: Person, **query: str) -> str:
    answer = person.get("/map", **query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_mark_is_a_link_with_words(ana: Person, city: City) -> None:
    alone = at(city, LON + 0.01, LAT)
    for n in range(3):
        at(city, LON + n * 1e-6, LAT)
    text = page(ana, lon=str(LON), lat=str(LAT), z="14")
    marks = re.findall(r'<a class="spot[^"]*" href="([^"]+)" aria-label="([^"]+)"', text)
    assert (f"/desk/cases/{alone.number}", f"Case {alone.number}") in marks
    assert [words for _href, words in marks if "3 cases here" in words]
    assert 'role="status">4 cases on this part of the map.' in text
    assert text.count("<image") > 10


def test_a_mark_of_several_leads_closer_and_at_last_to_the_list(ana: Person, city: City) -> None:
    for _ in range(2):
        at(city, LON, LAT)
    address = "/desk/map?service=pothole"
    for _ in range(12):
        text = ana.client.get(address).content.decode()
        found = re.search(r'<a class="spot[^"]*" href="([^"]+)" aria-label="2 cases here', text)
        assert found
        address = html.unescape(found[1])
        assert "service=pothole" in address
        if not address.startswith("/desk/map"):
            break
    assert "box=" in address
    assert len(ana.client.get(address).context["rows"]) == 2


def test_shows_only_what_the_list_has(ana: Person, carl: Person, city: City) -> None:
    at(city, LON, LAT)
    at(city, LON, LAT, "noise")
    at(city, LON, LAT, "question")
    assert "3 cases on this part" in page(ana)
    assert "1 case on this part" in page(ana, service="noise")
    assert "2 cases on this part" in page(ana, service="noise,question")
    assert "question" not in page(carl).partition("map-list")[2]
    assert "1 case on this part" in page(carl) or "2 cases on this part" in page(carl)


def test_the_list_follows_when_asked(ana: Person, city: City) -> None:
    here, there = at(city, LON, LAT), at(city, LON + 0.05, LAT + 0.02)
    seen = {"lon": str(LON), "lat": str(LAT), "z": "17"}
    both = ana.get("/map", **seen).context["rows"]
    assert {r["case"].number for r in both} == {here.number, there.number}
    near = ana.get("/map", **seen, follow="1").context["rows"]
    assert [r["case"].number for r in near] == [here.number]


def test_it_moves_and_zooms_by_links(ana: Person, city: City) -> None:
    at(city, LON, LAT)
    text = page(ana, lon=str(LON), lat=str(LAT), z="15", service="pothole")
    ways = {
        key: html.unescape(address)
        for address, key in re.findall(r'href="([^"]+)" data-map data-way="(\w+)"', text)
    }
    assert set(ways) == {"north", "west", "east", "south", "closer", "farther"}
    for address in ways.values():
        assert "service=pothole" in address
        assert ana.client.get(address).status_code == 200
    assert "z=16" in ways["closer"]


@pytest.mark.parametrize(
    "query", [{"lon": "x"}, {"lon": "1e999", "lat": "0", "z": "3"}, {"lon": "nan", "lat": "0", "z": "15"},
              {"lon": "0", "lat": "0", "z": "99"}]
)  # fmt: skip
def test_what_can_not_be_seen_is_the_whole_city(
    ana: Person, city: City, query: dict[str, str]
) -> None:
    answer = ana.get("/map", **query)
    assert answer.status_code == 200
    assert answer.context["seen"] == maps.whole(city)


def test_draws_a_bounded_number_of_marks(
    ana: Person, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(6):
        at(city, LON + n * 0.004, LAT)
    monkeypatch.setattr(marked, "MOST_MARKS", 4)
    text = page(ana, lon=str(LON), lat=str(LAT), z="15")
    assert text.count('<a class="spot') == 4
    assert "go closer to see all of them" in text


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,x,4", "5,0,1,1", "0,0,999,1", "nan,0,1,1"])
def test_a_box_that_is_none_is_not_found(ana: Person, text: str) -> None:
    assert Box.of(text) is None
    if text:
        assert ana.get(box=text).status_code == 404


def test_late_ones_are_marked_in_words_too(ana: Person, city: City) -> None:
    case = at(city, LON, LAT)
    past = now() - dt.timedelta(days=1)
    Case.objects.filter(pk=case.pk).update(due_at=past, due_order=past)
    assert f'aria-label="Case {case.number}, late"' in page(ana)


def test_words_that_nothing_has_leave_the_map_empty(ana: Person, city: City) -> None:
    at(city, LON, LAT)
    assert '<a class="spot' not in page(ana, text="zzzz")
