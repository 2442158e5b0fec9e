"""Who else has a case open: named to the staff, gone after a minute, on no timeline and no resident's page."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onehall.casework import presence, tasks
from onehall.casework.models import Case, Presence, TimelineEntry
from onehall.kernel.clock import now
from onehall.messaging.models import Outbox
from onehall.people.actor import resident
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person


def beat(person: Person, case: Case, **facts: str) -> str:
    """What a page's script does every half minute; the line it gets."""
    answer = person.post(f"/cases/{case.number}/looking", **facts)
    assert answer.status_code == 200
    return str(answer.content.decode())


def told(case: Case) -> int:
    """How often the open pages were woken."""
    rows = Outbox.objects.filter(topic="live", key__startswith="looking:")
    assert all(row.payload["channels"] == [f"looking:{case.pk}"] for row in rows)
    return rows.count()


def test_others_are_named_and_oneself_is_not(ana: Person, sue: Person, case: Case) -> None:
    assert "looking" not in beat(ana, case)
    assert "Ana Agent is also looking" in beat(sue, case)
    line = beat(ana, case)
    assert "Sue" in line
    assert "Ana" not in line


def test_who_writes_is_said_first(ana: Person, sue: Person, carl: Person, case: Case) -> None:
    beat(ana, case)
    beat(sue, case, writing="1")
    line = beat(carl, case)
    assert "is writing" in line
    assert line.index("is writing") < line.index("is also looking")
    beat(sue, case)
    assert "is writing" not in beat(carl, case)


def test_the_page_says_it_without_a_script(ana: Person, sue: Person, case: Case) -> None:
    beat(ana, case)
    assert "Ana Agent is also looking" in sue.get(f"/cases/{case.number}").content.decode()


def test_opening_a_page_writes_nothing(ana: Person, case: Case) -> None:
    ana.get(f"/cases/{case.number}")
    assert not Presence.objects.exists()


def test_it_costs_the_page_one_question(ana: Person, sue: Person, case: Case) -> None:
    beat(sue, case)
    ana.get(f"/cases/{case.number}")
    with CaptureQueriesContext(connection) as found:
        ana.get(f"/cases/{case.number}")
    asked = [q["sql"] for q in found.captured_queries if "presence" in q["sql"]]
    assert len(asked) == 1


def test_who_reports_no_more_is_gone_and_then_forgotten(
    ana: Person, sue: Person, case: Case
) -> None:
    beat(ana, case)
    later = now() + presence.LIFE + dt.timedelta(seconds=1)
    with time_machine.travel(later, tick=False):
        assert "Ana" not in beat(sue, case)
    assert tasks.purge_presence(later) == 0
    assert tasks.purge_presence(later + presence.KEPT + dt.timedelta(seconds=1)) == 2
    assert not Presence.objects.exists()


def test_who_leaves_is_gone_at_once(ana: Person, sue: Person, case: Case) -> None:
    beat(ana, case)
    assert ana.post(f"/cases/{case.number}/looking", gone="1").status_code == 204
    assert "Ana" not in beat(sue, case)


def test_pages_are_woken_only_when_something_is_new(ana: Person, case: Case) -> None:
    ticks = iter(range(1, 9))
    start = now()

    def later(**facts: str) -> int:
        with time_machine.travel(start + dt.timedelta(seconds=next(ticks)), tick=False):
            beat(ana, case, **facts)
        return told(case)

    assert [later(), later(), later(writing="1"), later(writing="1"), later()] == [1, 1, 2, 2, 3]


def test_nothing_of_it_is_kept_on_the_case(ana: Person, case: Case) -> None:
    entries = TimelineEntry.objects.filter(case_id=case.pk).count()
    beat(ana, case, writing="1")
    assert TimelineEntry.objects.filter(case_id=case.pk).count() == entries
    before = case.lock
    case.refresh_from_db()
    assert case.lock == before


def test_residents_cannot_listen_to_it(ana: Person, case: Case) -> None:
    beat(ana, case)
    sent = ServiceRequest.objects.get(case=case)
    page = Person(ana.city).client.get(f"/r/{sent.token}")
    assert "Ana Agent" not in page.content.decode()
    assert "looking" not in page.context["stream"]
    from onehall.messaging.live import channels_of

    assert channels_of(page.context["stream"].removeprefix("/live/")) == [f"case:{case.pk}"]


@pytest.mark.parametrize("who", ["resident", "other city"])
def test_only_staff_of_the_city_leave_a_trace(case: Case, other_city: City, who: str) -> None:
    ida = Person(other_city, "ana@elsewhere.example").actor
    by = ida if who == "other city" else resident(case.city_id)
    presence.look(case=case, by=by, writing=True, now=now())
    assert not Presence.objects.exists()
