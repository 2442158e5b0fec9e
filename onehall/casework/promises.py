"""Changes of a case's promise: another priority, a fresh start, a clock that stands or runs."""

from datetime import datetime
from typing import Final

from onehall.casework import clock, queries
from onehall.casework.models import Case
from onehall.casework.timeline import NewEntry
from onehall.catalog.queries import catalogue
from onehall.catalog.registry import PRIORITY_KEYS
from onehall.places.models import City

PRIORITY_NAMES: Final = dict(enumerate(PRIORITY_KEYS))
"""Keys of a service's `promise.priorities`."""


def set_priority(case: Case, priority: int, *, city: City, now: datetime) -> list[NewEntry]:
    """Another priority, and the date that the service promises for it; the entries that tell of both."""
    before, case.priority = case.priority, priority
    entries = [NewEntry(kind="priority", data={"from": before, "to": priority})]
    service = catalogue(city).by_id(case.service_id)
    promise = service.promise_for(PRIORITY_NAMES[priority])
    if case.is_open and promise != service.promise_for(PRIORITY_NAMES[before]):
        changed = clock.change(
            clock.Clock(case.due_at, case.paused_at),
            promise,
            sooner=priority > before,
            opened_at=case.opened_at,
            now=now,
            calendar=queries.calendar_of(city),
        )
        entries += due_entries(case, changed.due_at)
    return entries


def renew(case: Case, *, city: City, now: datetime) -> None:
    """A new date, counted from now; the first promise is kept beside it. A clock that stands goes on standing."""
    service = catalogue(city).by_id(case.service_id)
    promise = service.promise_for(PRIORITY_NAMES[case.priority])
    case.due_at = clock.due(promise, now, queries.calendar_of(city))
    case.due_order = clock.order(case.due_at)
    case.paused_at = None if case.paused_at is None else now


def run(case: Case, *, running: bool, city: City, now: datetime) -> None:
    """Let the clock of the promise stand still or go on; it stays as it is where it is so already."""
    stood = clock.Clock(case.due_at, case.paused_at)
    go_on = running and case.paused_at is not None
    held = clock.resume(stood, now, queries.calendar_of(city)) if go_on else stood
    if not running:
        held = clock.pause(stood, now)
    case.due_at, case.paused_at = held.due_at, held.paused_at
    case.due_order = clock.order(case.due_at)


def due_entries(case: Case, due: datetime | None) -> list[NewEntry]:
    """Set the date; the entry that tells of it, if it is another one."""
    if due == case.due_at:
        return []
    case.due_at, case.due_order = due, clock.order(due)
    data = {"due": due.isoformat() if due else None}
    return [NewEntry(kind="promised", data=data)]
