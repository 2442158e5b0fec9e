"""The promise of a case: another priority or place, a fresh start, a clock that stands or runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from onehall.casework import clock, queries, targets
from onehall.casework.models import Case, CasePause
from onehall.casework.timeline import NewEntry
from onehall.catalog.flowparts import Words
from onehall.catalog.queries import catalogue
from onehall.catalog.registry import PRIORITY_KEYS
from onehall.catalog.services import Promise, ServiceDefinition
from onehall.kernel.work_calendar import WorkCalendar
from onehall.places.models import City

PRIORITY_NAMES: Final = dict(enumerate(PRIORITY_KEYS))
"""Keys of a service's `promise.priorities`."""


def promise_of(case: Case, service: ServiceDefinition) -> Promise:
    """What the service promises for a case of this priority at this place."""
    return service.promise_for(PRIORITY_NAMES[case.priority], case.areas)


def begin(case: Case, service: ServiceDefinition, *, city: City, now: datetime) -> None:
    """The first promise of a new case."""
    calendar = queries.calendar_of(city)
    due = clock.due(promise_of(case, service), now, calendar)
    case.promised_at = due
    _set(case, due, service, calendar, since=now)


def set_priority(case: Case, priority: int, *, city: City, now: datetime) -> list[NewEntry]:
    """Another priority, and the dates that the service promises for it; the entries that tell of both."""
    before, case.priority = case.priority, priority
    entries = [NewEntry(kind="priority", data={"from": before, "to": priority})]
    service, calendar = catalogue(city).by_id(case.service_id), queries.calendar_of(city)
    promise = promise_of(case, service)
    old = service.promise_for(PRIORITY_NAMES[before], case.areas)
    if not case.is_open:
        return entries
    if promise != old:
        sooner = priority > before
        start = (case.paused_at or now) if sooner or case.due_at is None else case.opened_at
        changed = clock.change(
            clock.Clock(case.due_at, case.paused_at),
            promise,
            sooner=sooner,
            opened_at=case.opened_at,
            now=now,
            calendar=calendar,
        )
        if sooner and changed.due_at != case.due_at:
            case.counted_from = start
        entries += due_entries(case, changed.due_at, service, calendar)
    if service.targets:
        targets.recount(case, service, calendar=calendar, now=now, pauses=pauses_of(case))
    return entries


def renew(case: Case, *, city: City, now: datetime) -> None:
    """A new date, counted from now; the first promise is kept beside it. A clock that stands goes on standing."""
    service, calendar = catalogue(city).by_id(case.service_id), queries.calendar_of(city)
    case.counted_from, case.ladder_step = now, 0
    due = clock.due(promise_of(case, service), now, calendar)
    _set(case, due, service, calendar, since=now)
    case.paused_at = None if case.paused_at is None else now


def run(case: Case, *, running: bool, city: City, now: datetime, label: Words = "") -> None:
    """Let the clocks of the case stand still or go on; they stay as they are where they are so already.

    `label` says why they stand, in the city's words.
    """
    if running is (case.paused_at is None):
        return
    calendar = queries.calendar_of(city)
    if not running:
        case.paused_at = now
        CasePause.objects.create(
            city_id=case.city_id,
            case=case,
            began_at=now,
            category=case.category,
            label=label if isinstance(label, dict) else {},
        )
        return
    stopped = case.paused_at or now
    case.due_at = clock.resume(clock.Clock(case.due_at, stopped), now, calendar).due_at
    case.risk_at = clock.resume(clock.Clock(case.risk_at, stopped), now, calendar).due_at
    case.paused_at, case.due_order = None, clock.order(case.due_at)
    cost = int(calendar.working_time(stopped, now).total_seconds())
    CasePause.objects.filter(case_id=case.pk, ended_at=None).update(
        ended_at=now, cost_seconds=max(0, cost)
    )
    targets.shift(case, catalogue(city).by_id(case.service_id), stopped, now, calendar)


def recount(
    case: Case,
    service: ServiceDefinition,
    *,
    calendar: WorkCalendar,
    now: datetime,
    why: str,
    pauses: Sequence[CasePause] | None = None,
) -> list[NewEntry]:
    """The dates that hold now for an open case, after a change of its service, place or calendar.

    Counted from where they were counted before, with the time that its clock stood still. A change
    makes no case late that was not.
    """
    stood = pauses_of(case) if pauses is None else pauses
    since = case.counted_from or case.opened_at
    due = clock.recounted(promise_of(case, service), since, stood, calendar)
    if due is not None and case.due_at is not None and due < now <= case.due_at:
        due = case.due_at
    entries = due_entries(case, due, service, calendar, why=why)
    targets.recount(case, service, calendar=calendar, now=now, pauses=stood)
    return entries


def pauses_of(case: Case) -> list[CasePause]:
    """The times in which the clock of a case stood still, in order; the last one may go on."""
    return list(CasePause.objects.filter(case_id=case.pk).order_by("began_at", "id"))


def due_entries(
    case: Case,
    due: datetime | None,
    service: ServiceDefinition,
    calendar: WorkCalendar,
    *,
    why: str = "",
) -> list[NewEntry]:
    """Set the date; the entry that tells of it, if it is another one. Changes for many at once are no news."""
    moved = due != case.due_at
    _set(case, due, service, calendar, since=case.counted_from or case.opened_at)
    if not moved:
        return []
    data = {"due": due.isoformat() if due else None}
    if not why:
        return [NewEntry(kind="promised", data=data)]
    return [NewEntry(kind="promised", data=data | {"why": why}, news=False)]


def _set(
    case: Case,
    due: datetime | None,
    service: ServiceDefinition,
    calendar: WorkCalendar,
    *,
    since: datetime,
) -> None:
    case.due_at, case.due_order = due, clock.order(due)
    case.risk_at = None if due is None else clock.risk(service.risk, since, due, calendar)
