"""Truly at the same moment, on connections of their own: one wins, nobody waits for ever, nothing is half done."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse

from onehall.casework import actions
from onehall.casework.models import Case, Photo, TimelineEntry
from onehall.casework.timeline import facts_for_hash
from onehall.kernel.chain import entry_hash
from onehall.kernel.clock import now
from onehall.people.models import Queue
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person, report, upload

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], Any]) -> list[int]:
    """Status codes of acts that start together, sorted."""
    start = threading.Barrier(len(acts))

    def one(act: Callable[[], Any]) -> int:
        try:
            start.wait(timeout=10)
            return int(act().status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(one, acts))


def intact(case: Case) -> bool:
    """Whether the case's chain of entries is whole and ends where the case says."""
    head = None
    entries = list(TimelineEntry.objects.filter(case=case).order_by("seq"))
    for entry in entries:
        head = entry_hash(head, facts_for_hash(entry))
        assert bytes(entry.hash) == head
    case.refresh_from_db()
    return (case.lock, bytes(case.head or b"")) == (entries[-1].seq, head)


def test_of_six_who_press_at_once_one_wins(city: City, case: Case) -> None:
    people = [Person(city, f"{name}@testford.example") for name in ("ana", "sue", "carl")] * 2
    seen = str(case.lock)
    close = {"move": "close", "asked": "1", "outcome": "fixed", "words": "Filled.", "seen": seen}

    def press(person: Person) -> Callable[[], Any]:
        return lambda: person.post(
            f"/cases/{case.number}/move", draft=str(uuid.uuid4()), photos=upload(), **close
        )

    assert at_once(*(press(p) for p in people)) == [302, 409, 409, 409, 409, 409]
    assert TimelineEntry.objects.filter(case=case, kind="moved").count() == 1
    assert Photo.objects.filter(case=case, kind="after").count() == 1
    assert intact(case)


def test_joined_into_each_other_at_once(city: City, case: Case) -> None:
    for _ in range(4):
        one, two = (Case.objects.get(number=report(city).number) for _ in range(2))
        ana, sue = Person(city, "ana@testford.example"), Person(city, "sue@testford.example")
        codes = at_once(
            partial(ana.act, one, "change", what="join", into=two.number),
            partial(sue.act, two, "change", what="join", into=one.number),
        )
        assert codes[0] == 302
        assert codes[1] in (409, 422)
        one.refresh_from_db()
        two.refresh_from_db()
        assert [one.merged_into_id, two.merged_into_id].count(None) == 1
        assert (
            ServiceRequest.objects.filter(case__merged_into=None, case__in=[one, two]).count() == 2
        )
        assert intact(one)
        assert intact(two)


def test_a_resident_writes_while_their_case_is_joined(city: City, case: Case) -> None:
    ana = Person(city, "ana@testford.example")
    for n in range(4):
        sent = report(city)
        twin = Case.objects.get(pk=sent.case_id)
        rosa = Person(city)
        codes = at_once(
            partial(ana.act, twin, "change", what="join", into=case.number),
            partial(rosa.client.post, f"/r/{sent.token}/write", {"words": f"Bigger now, {n}"}),
        )
        assert codes in ([302, 302], [302, 409])
        said = TimelineEntry.objects.get(kind="wrote", data__words=f"Bigger now, {n}")
        assert said.case_id in (case.pk, twin.pk)
        assert intact(case)
        assert intact(twin)


def test_a_resident_writes_on_the_whole_while_staff_work_on_its_parts(
    ana: Person, case: Case
) -> None:
    """The parts are locked before the whole by all of them, so that nobody waits in a circle."""
    clerk = Queue.objects.get(city=ana.city, key="neighbors")
    for name in ("the branch", "the light"):
        ana.act(case, "split", part=name, to_queue=str(clerk.pk), takes=["words"])
    parts = list(Case.objects.filter(parent=case).order_by("pk"))
    token = ServiceRequest.objects.get(case=case).token
    resident, by = Person(ana.city), ana.actor

    def reply(part: Case) -> HttpResponse:
        actions.reply(city=ana.city, case_id=part.pk, words="On Monday", by=by, now=now())
        return HttpResponse(status=302)

    acts = [
        partial(resident.client.post, f"/r/{token}/write", {"words": "It got bigger"}),
        *(partial(reply, part) for part in parts),
    ]
    for _ in range(4):
        assert at_once(*acts) == [302, 302, 302]
    for part in parts:
        assert TimelineEntry.objects.filter(case=part, kind="wrote").count() == 4
        part.refresh_from_db()
        assert intact(part)
    case.refresh_from_db()
    assert TimelineEntry.objects.filter(case=case, kind="part").count() == 8
    assert intact(case)
