"""A draft rehearsed from the set-up: who may, what the worker does, what stands on the page."""

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine

from onehall.casework.models import Case
from onehall.kernel.clock import now
from onehall.messaging import worker
from onehall.messaging.models import Outbox
from onehall.places.models import City
from onehall.setup import queries, rehearsals
from onehall.setup.models import Rehearsal
from tests.console.people import Person, hire, report
from tests.console.test_setup_pages import save

DAY = dt.timedelta(days=1)


@pytest.fixture
def ada(city: City) -> Person:
    """The administrator."""
    return Person(city, "ada@testford.example")


@pytest.fixture
def case(city: City) -> Case:
    """A report of yesterday."""
    made = report(city)
    Case.objects.filter(pk=made.case_id).update(opened_at=now() - DAY)
    return Case.objects.get(pk=made.case_id)


def begin(person: Person, days: str = "30") -> Rehearsal:
    seen = queries.draft_view(City.objects.get(pk=person.city.pk)).fingerprint
    answer = person.post("/set-up/rehearse", seen=seen, days=days)
    assert answer.status_code == 302
    return Rehearsal.objects.order_by("-id")[0]


def work() -> None:
    for row in worker.claim(now=now()):
        if row.topic == rehearsals.TOPIC:
            worker.handle(row)


def test_is_asked_for_played_and_read(ada: Person, city: City, case: Case) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    page = ada.get("/set-up").content.decode()
    assert "Rehearse it on real cases" in page
    row = begin(ada)
    assert "It is being played" in ada.get(f"/set-up/rehearsals/{row.pk}").content.decode()
    assert "A rehearsal is running." in ada.get("/set-up").content.decode()
    before = Case.objects.values().get(pk=case.pk)
    work()
    row.refresh_from_db()
    assert (row.state, row.total, row.played, row.left_out) == ("done", 1, 1, 0)
    page = ada.get(f"/set-up/rehearsals/{row.pk}").content.decode()
    assert "1 of 1 cases would be otherwise" in page
    assert "Would go to another queue" in page
    assert f'href="/desk/cases/{case.number}"' in page
    assert "Who would get how much" in page
    assert "1 of 1 cases would be otherwise" in ada.get("/set-up").content.decode()
    assert Case.objects.values().get(pk=case.pk) == before


def test_says_when_the_draft_was_changed_since(ada: Person, case: Case) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    row = begin(ada)
    work()
    save(ada, "common: true", "common: false", seen=1)
    page = ada.get(f"/set-up/rehearsals/{row.pk}").content.decode()
    assert "The draft was changed since." in page
    assert "about the draft as it was before" in ada.get("/set-up").content.decode()


def test_a_draft_that_changed_before_its_turn_is_not_played(ada: Person, case: Case) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    row = begin(ada)
    save(ada, "common: true", "common: false", seen=1)
    work()
    row.refresh_from_db()
    assert (row.state, row.report) == ("outdated", None)
    page = ada.get(f"/set-up/rehearsals/{row.pk}").content.decode()
    assert "another one when its turn came" in page


def test_one_at_a_time_and_one_that_fell_silent_can_be_begun_again(
    ada: Person, case: Case, frozen_clock: time_machine.Traveller
) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    row = begin(ada)
    assert begin(ada) == row
    frozen_clock.shift(rehearsals.SILENT)
    assert "broke off" in ada.get(f"/set-up/rehearsals/{row.pk}").content.decode()
    assert begin(ada) != row


def test_what_fails_is_said_and_ends(
    ada: Person, case: Case, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    row = begin(ada)

    def broken(*_args: object) -> None:
        raise KeyError("rosa@example.org")

    monkeypatch.setattr(rehearsals, "_play", broken)
    work()
    row.refresh_from_db()
    assert (row.state, row.error) == ("failed", "KeyError")
    assert not Outbox.objects.filter(topic=rehearsals.TOPIC, done_at=None).exists()
    assert "broke off" in ada.get(f"/set-up/rehearsals/{row.pk}").content.decode()


def test_played_once_although_the_worker_is_called_twice(ada: Person, case: Case) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    row = begin(ada)
    given = {"city_id": row.city_id, "key": str(row.pk), "now": now()}
    rehearsals.play({"rehearsal": row.pk}, **given)  # type: ignore[arg-type]
    row.refresh_from_db()
    ended = row.ended_at
    Rehearsal.objects.filter(pk=row.pk).update(played=7)
    rehearsals.play({"rehearsal": row.pk}, **given)  # type: ignore[arg-type]
    row.refresh_from_db()
    assert (row.ended_at, row.played) == (ended, 7)


@pytest.mark.parametrize("days", ["", "5", "1e3", "99999"])
def test_only_listed_days(ada: Person, case: Case, days: str) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    seen = queries.draft_view(ada.city).fingerprint
    ada.post("/set-up/rehearse", seen=seen, days=days)
    assert not Rehearsal.objects.exists()


def test_an_outdated_page_or_an_empty_draft_begins_nothing(ada: Person, case: Case) -> None:
    ada.post("/set-up/rehearse", seen="x", days="30")
    save(ada, "queue: roads\n", "queue: roads-north\n")
    ada.post("/set-up/rehearse", seen="x", days="30")
    assert not Rehearsal.objects.exists()


@pytest.mark.parametrize("role", ["agent", "crew", "supervisor"])
def test_others_neither_begin_nor_see(ada: Person, city: City, case: Case, role: str) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    row = begin(ada)
    hire(city, "x@testford.example", role, "works")
    other = Person(city, "x@testford.example")
    assert other.get(f"/set-up/rehearsals/{row.pk}").status_code == 403
    assert other.post("/set-up/rehearse", seen=row.fingerprint, days="30").status_code == 403


def test_an_auditor_reads_what_it_found_and_begins_none(
    ada: Person, city: City, case: Case
) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    row = begin(ada)
    otto = Person(city, "otto@testford.example")
    found = otto.get(f"/set-up/rehearsals/{row.pk}")
    assert found.status_code == 200
    assert f"/set-up/rehearsals/{row.pk}" in otto.get("/set-up").content.decode()
    assert otto.post("/set-up/rehearse", seen=row.fingerprint, days="30").status_code == 403
    assert Rehearsal.objects.count() == 1


def test_of_another_city_is_not_found(ada: Person, case: Case, other_city: City) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    row = begin(ada)
    Rehearsal.objects.filter(pk=row.pk).update(city=other_city)
    assert ada.get(f"/set-up/rehearsals/{row.pk}").status_code == 404
    rehearsals.play({"rehearsal": row.pk}, city_id=ada.city.pk, key="x", now=now())
    row.refresh_from_db()
    assert row.state == "waiting"


def test_the_page_counts_along_and_pages_that_are_open_are_told(
    ada: Person, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    row = begin(ada)
    page = ada.get(f"/set-up/rehearsals/{row.pk}").content.decode()
    assert "begins as soon as the worker has time" in page
    assert f'data-live-fragment="/desk/set-up/rehearsals/{row.pk}?part=live"' in page
    seen_on_page = []

    def rehearse(*_given: object, seen: Callable[[int], None], **_more: object) -> None:
        Rehearsal.objects.filter(pk=row.pk).update(total=300)
        seen(100)
        seen_on_page.append(ada.get(f"/set-up/rehearsals/{row.pk}?part=live").content.decode())
        raise ValueError

    monkeypatch.setattr(rehearsals.rehearsal, "rehearse", rehearse)
    monkeypatch.setattr(rehearsals, "TELL_EVERY", dt.timedelta())
    work()
    assert "<h1>" not in seen_on_page[0]
    assert "100 of 300 cases" in seen_on_page[0]
    assert '<progress max="300" value="100"' in seen_on_page[0]
    told = Outbox.objects.filter(topic="live", key__startswith=f"rehearsal:{row.pk}:")
    assert [t.key.rpartition(":")[2] for t in told.order_by("id")] == ["100", "ended"]
    assert told[0].payload["channels"] == [f"rehearsal:{row.pk}"]


def test_stopped_before_its_turn_it_is_not_played(ada: Person, case: Case) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    row = begin(ada)
    assert ada.post(f"/set-up/rehearsals/{row.pk}/stop").status_code == 302
    work()
    row.refresh_from_db()
    assert (row.state, row.report, row.stopped_by_name) == ("stopped", None, "Ada Admin")
    page = ada.get(f"/set-up/rehearsals/{row.pk}").content.decode()
    assert "The rehearsal was stopped." in page
    assert "Ada Admin" in page
    assert begin(ada) != row


def test_stopped_while_it_is_played_it_ends_and_keeps_nothing(
    ada: Person, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    row = begin(ada)
    played = []

    def rehearse(*_given: object, seen: Callable[[int], None], **_more: object) -> None:
        seen(100)
        ada.post(f"/set-up/rehearsals/{row.pk}/stop")
        played.append(100)
        seen(200)
        played.append(200)

    monkeypatch.setattr(rehearsals.rehearsal, "rehearse", rehearse)
    work()
    row.refresh_from_db()
    assert (played, row.state, row.played, row.report) == ([100], "stopped", 100, None)
    assert not Outbox.objects.filter(topic=rehearsals.TOPIC, done_at=None).exists()


def test_what_has_ended_is_not_stopped_and_others_stop_nothing(
    ada: Person, city: City, case: Case, other_city: City
) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    row = begin(ada)
    hire(city, "x@testford.example", "auditor", None)
    address = f"/set-up/rehearsals/{row.pk}/stop"
    assert Person(city, "x@testford.example").post(address).status_code == 403
    work()
    ada.post(address)
    assert "has ended already" in ada.get("/set-up").content.decode()
    row.refresh_from_db()
    assert row.state == "done"
    Rehearsal.objects.filter(pk=row.pk).update(city=other_city)
    assert ada.post(address).status_code == 404
    assert ada.post("/set-up/rehearsals/999999/stop").status_code == 404


def test_says_how_many_were_played_to_their_opening_only(ada: Person, case: Case) -> None:
    save(ada, "queue: roads\n", "queue: roads-north\n")
    row = begin(ada)
    work()
    row.refresh_from_db()
    assert row.report
    Rehearsal.objects.filter(pk=row.pk).update(
        report=row.report | {"taken_over": 12, "opening_only": 3}
    )
    page = ada.get(f"/set-up/rehearsals/{row.pk}").content.decode()
    assert "12 cases came from another system" in page
    assert "3 of them were played to their opening only" in page
