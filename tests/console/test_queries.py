"""How many questions a page asks the database: fixed numbers, whatever the number of rows."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onehall.casework import actions
from onehall.casework.models import Case
from onehall.kernel.clock import now
from onehall.people.actor import resident
from onehall.service_requests import actions as requests
from onehall.service_requests.actions import Contact
from tests.console.people import Person, report
from tests.console.test_joining import join


def asked(get: Callable[[], Any]) -> list[str]:
    """The statements of one page, with warm catalogues and cold counts."""
    get()
    caches["local"].clear()
    with CaptureQueriesContext(connection) as found:
        assert get().status_code == 200
    return statements(found)


def statements(found: CaptureQueriesContext) -> list[str]:
    """What was asked; the test's own savepoints stand for a BEGIN and do not count."""
    return [q["sql"] for q in found.captured_queries if "SAVEPOINT" not in q["sql"]]


def fill(person: Person, rows: int) -> None:
    for n in range(rows):
        sent = report(person.city, at=now() - dt.timedelta(hours=n), email="")
        if n % 2:
            actions.assign(
                city=person.city,
                case_id=sent.case_id,
                user_id=person.user.pk,
                user_name="x",
                by=person.actor,
                now=now(),
            )


@pytest.mark.parametrize("path", ["", "?show=all", "/queues/roads"])
def test_inbox(ana: Person, path: str) -> None:
    fill(ana, 55)
    found = asked(lambda: ana.get(path))
    assert len(found) <= 8, found
    rows = next(s for s in found if "place_words" in s)
    for column in ("areas", "route_reason", "head", "password", "email"):
        assert f'"{column}"' not in rows


def test_inbox_of_a_department(carl: Person, ana: Person) -> None:
    """The queues themselves stand in the question, so that the index of the inbox gives its order."""
    fill(ana, 55)
    found = asked(carl.get)
    assert len(found) <= 8
    rows = next(s for s in found if "place_words" in s)
    assert "people_queue" not in rows
    assert '"queue_id" IN (' in rows


def test_case_page(ana: Person, case: Case) -> None:
    sent = report(ana.city, photo=True)
    twin = Case.objects.get(pk=sent.case_id)
    join(ana, twin, case)
    for n in range(6):
        requests.follow(
            city=ana.city,
            case_id=case.pk,
            key=uuid.uuid4(),
            words=f"Me too {n}",
            contact=Contact(email=f"p{n}@example.com"),
            language="en",
            by=resident(ana.city.id),
            now=now(),
        )
        ana.act(case, "say", words=f"Note {n}", **{"as": "note"})
        report(ana.city)
    for path in (f"/cases/{case.number}", f"/work/{case.number}"):
        found = asked(lambda path=path: ana.get(path))
        assert len(found) <= (21 if "cases" in path else 23), found


def test_an_unread_reply_costs_one_more(ana: Person, case: Case) -> None:
    ana.get(f"/cases/{case.number}")
    Case.objects.filter(pk=case.pk).update(unread_reply=True)
    caches["local"].clear()
    with CaptureQueriesContext(connection) as found:
        ana.get(f"/cases/{case.number}")
    assert len(statements(found)) <= 22, statements(found)


def test_work(carl: Person, ana: Person) -> None:
    fill(ana, 30)
    assert len(asked(lambda: carl.get("/work"))) <= 10


def test_search(ana: Person) -> None:
    fill(ana, 30)
    assert len(asked(lambda: ana.get("/search", q="Main Street"))) <= 13


def test_a_page_that_did_not_change_asks_little(ana: Person, case: Case) -> None:
    first = ana.get(f"/cases/{case.number}", part="live")
    headers = {"if-none-match": first.headers["ETag"]}
    with CaptureQueriesContext(connection) as found:
        answer = ana.client.get(f"/desk/cases/{case.number}?part=live", headers=headers)
    assert answer.status_code == 304
    assert len(found.captured_queries) <= 5
