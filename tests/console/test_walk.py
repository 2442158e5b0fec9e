"""Walking a list case by case: in its order, over its pages, after acts, and back to the same place."""

import datetime as dt
import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onehall.casework.models import Case
from onehall.casework.queries import PAGE
from onehall.kernel.clock import now
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person, report


def many(city: City, count: int) -> list[str]:
    """Numbers of so many cases, in the order of the inbox."""
    for n in range(count):
        report(city, email="", at=now() - dt.timedelta(minutes=count - n))
    return list(Case.objects.order_by("due_order", "id").values_list("number", flat=True))


def links(page: Any, list_page: bool = True) -> list[str]:
    """Addresses of the cases that a list shows, in its order."""
    found = re.findall(r'<a id="c-[^"]+" href="([^"]+)"', page.content.decode())
    return [html.unescape(address) for address in found]


def ways(page: Any) -> dict[str, str]:
    """The previous and next address of a case page, and the way back."""
    text = page.content.decode()
    found = {
        rel: html.unescape(address)
        for rel, address in re.findall(r'<a rel="(prev|next)" data-key="[jk]" href="([^"]+)"', text)
    }
    back = re.search(r'<a href="([^"]+)" data-key="u">', text)
    return found | ({"back": html.unescape(back[1])} if back else {})


def number_of(address: str) -> str:
    return urlsplit(address).path.rpartition("/")[2]


def walk(person: Person, start: str, way: str) -> list[str]:
    """Every case from an address on, until the list ends."""
    seen, address = [number_of(start)], start
    while address := ways(person.client.get(address)).get(way, ""):
        seen.append(number_of(address))
        assert len(seen) < 500
    return seen


def test_next_and_previous_walk_the_list_in_its_order(ana: Person, city: City) -> None:
    numbers = many(city, 5)
    shown = links(ana.get())
    assert [number_of(a) for a in shown] == numbers
    assert walk(ana, shown[0], "next") == numbers
    assert walk(ana, shown[-1], "prev") == numbers[::-1]


def test_the_newest_first_list_is_walked_downwards(ana: Person, city: City) -> None:
    numbers = many(city, 4)[::-1]
    shown = links(ana.get(show="all"))
    assert walk(ana, shown[0], "next") == [number_of(a) for a in shown] == numbers


def test_the_walk_keeps_the_selection(ana: Person, city: City) -> None:
    many(city, 4)
    mine = Case.objects.order_by("due_order", "id")[1:4:2]
    Case.objects.filter(pk__in=[c.pk for c in mine]).update(assignee=ana.user)
    shown = links(ana.get(show="mine"))
    assert walk(ana, shown[0], "next") == [c.number for c in mine]


def test_it_goes_over_the_pages_and_the_list_turns_with_it(ana: Person, city: City) -> None:
    numbers = many(city, PAGE + 3)
    first = links(ana.get())
    assert walk(ana, first[0], "next") == numbers
    over = ways(ana.client.get(first[-1]))["next"]
    assert number_of(over) == numbers[PAGE]
    back = ways(ana.client.get(over))["back"]
    assert [number_of(a) for a in links(ana.client.get(back))] == numbers[PAGE:]
    again = ways(ana.client.get(over))["prev"]
    back = ways(ana.client.get(again))["back"]
    assert [number_of(a) for a in links(ana.client.get(back))] == numbers[:PAGE]


def test_back_leads_to_the_row_it_came_from(ana: Person, city: City) -> None:
    many(city, 3)
    address = links(ana.client.get("/desk/queues/roads?show=unassigned"))[1]
    back = ways(ana.client.get(address))["back"]
    assert back == f"/desk/queues/roads?show=unassigned#c-{number_of(address)}"


def test_a_case_that_left_the_list_still_knows_its_place(ana: Person, city: City) -> None:
    numbers = many(city, 3)
    address = links(ana.get(show="unassigned"))[1]
    Case.objects.filter(number=numbers[1]).update(assignee=ana.user, due_order=now())
    found = ways(ana.client.get(address))
    assert (number_of(found["prev"]), number_of(found["next"])) == (numbers[0], numbers[2])


def test_an_act_keeps_the_walk(ana: Person, city: City) -> None:
    numbers = many(city, 3)
    address = links(ana.get())[1]
    case = Case.objects.get(number=numbers[1])
    answer = ana.client.post(
        f"/desk/cases/{case.number}/change",
        {"what": "take", "seen": case.lock},
        headers={"referer": f"https://testford.example{address}"},
    )
    assert answer.status_code == 302
    assert number_of(ways(ana.client.get(answer.headers["Location"]))["next"]) == numbers[2]


def test_a_refusal_and_another_try_keep_it_too(ana: Person, city: City) -> None:
    numbers = many(city, 3)
    address = links(ana.get())[1]
    case = Case.objects.get(number=numbers[1])
    say = f"/desk/cases/{case.number}/say"
    refused = ana.client.post(
        say,
        {"words": "", "as": "reply", "seen": case.lock},
        headers={"referer": f"https://testford.example{address}"},
    )
    assert refused.status_code == 422
    assert number_of(ways(refused)["next"]) == numbers[2]
    done = ana.client.post(
        say,
        {"words": "Hello", "as": "reply", "seen": case.lock},
        headers={"referer": f"https://testford.example{say}"},
    )
    assert done.status_code == 302
    assert parse_qs(urlsplit(done.headers["Location"]).query)["i"] == ["1"]
    assert done.cookies["walk"].value == ""


def test_the_parts_that_change_keep_it(ana: Person, city: City) -> None:
    many(city, 2)
    address = links(ana.get())[0]
    page = ana.client.get(address)
    for part in (page, ana.client.get(f"{address}&part=live")):
        text = part.content.decode()
        assert "?see=staff&amp;list=" in text
    assert "&list=" in page.context["live_address"]


def test_without_a_list_there_is_no_walk_and_no_question_for_it(ana: Person, case: Case) -> None:
    assert ways(ana.get(f"/cases/{case.number}")) == {}


def test_it_is_one_question(ana: Person, city: City) -> None:
    many(city, 3)
    address = links(ana.get())[1]
    ana.client.get(address)
    with CaptureQueriesContext(connection) as found:
        ana.client.get(address)
    asked = [q["sql"] for q in found.captured_queries if "UNION ALL" in q["sql"]]
    assert len(asked) == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/desk",
        "//evil.example/desk",
        "javascript:alert(1)",
        "/desk/search?q=x",
        "/accounts/logout/",
        "/desk/queues/no-such-queue",
        "desk",
        "",
    ],
)
def test_only_a_list_of_ones_own_is_a_list(ana: Person, case: Case, address: str) -> None:
    page = ana.get(f"/cases/{case.number}", list=address, at=f"{now().isoformat()}~1", i="0")
    assert page.status_code == 200
    assert ways(page) == {}


def test_a_list_of_another_department_is_not_walked(city: City, ana: Person) -> None:
    many(city, 2)
    kim = Person(city, "rick@testford.example")
    theirs = report(city, "question", email="")
    address = links(ana.get("/queues/roads"))[0]
    query = urlsplit(address).query
    page = kim.client.get(f"/desk/cases/{theirs.number}?{query}")
    assert page.status_code == 200
    assert ways(page) == {}
    assert ServiceRequest.objects.count() == 3
