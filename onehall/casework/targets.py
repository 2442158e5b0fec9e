"""Targets of a case beside the resident's date: when they are due, what meets them, what ends them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from onehall.casework import clock, ladder
from onehall.casework.models import Case, CasePause, CaseTarget
from onehall.casework.rules import good_end
from onehall.casework.timeline import PUBLIC_KINDS, NewEntry
from onehall.catalog.flows import FlowDefinition
from onehall.catalog.registry import PRIORITY_KEYS
from onehall.catalog.services import ServiceDefinition
from onehall.catalog.targets import FIRST_RESPONSE, Target
from onehall.kernel.work_calendar import WorkCalendar
from onehall.people.actor import Actor


def begin(
    case: Case, service: ServiceDefinition, *, calendar: WorkCalendar, since: datetime
) -> list[CaseTarget]:
    """The targets of a new case, unsaved."""
    found = []
    for target in service.targets:
        row = CaseTarget(city_id=case.city_id, case=case, kind=target.kind)
        if _date(row, case, target, service, calendar, since=since, pauses=()):
            found.append(row)
    return found


def recount(
    case: Case,
    service: ServiceDefinition,
    *,
    calendar: WorkCalendar,
    now: datetime,
    pauses: Sequence[CasePause],
) -> None:
    """Bring the running targets of an open case in line with its service, priority and place.

    One that was met stays met; one that ended without is taken up again, as after a join was undone.
    """
    rows = {row.kind: row for row in CaseTarget.objects.filter(case_id=case.pk).order_by("id")}
    wanted = {target.kind: target for target in service.targets}
    for kind, row in rows.items():
        if kind not in wanted and row.ended_at is None:
            row.ended_at = now
            row.save(update_fields=["ended_at"])
    for kind, target in wanted.items():
        row = rows.get(kind) or CaseTarget(city_id=case.city_id, case=case, kind=kind)
        if row.met_at is not None:
            continue
        row.ended_at = None
        before = row.due_at if row.pk else None
        since = case.opened_at
        if _date(row, case, target, service, calendar, since=since, pauses=pauses):
            if before is not None and row.due_at < now <= before:
                row.due_at = before
                ladder.set_next_of(row, target, calendar=calendar)
            row.save()


def shift(
    case: Case,
    service: ServiceDefinition,
    stopped: datetime,
    now: datetime,
    calendar: WorkCalendar,
) -> None:
    """Go on after a pause: the working time that was left is left again."""
    if not service.targets:
        return
    kinds = {target.kind: target for target in service.targets}
    for row in CaseTarget.objects.filter(case_id=case.pk, ended_at=None).order_by("id"):
        row.due_at = clock.resume(clock.Clock(row.due_at, stopped), now, calendar).due_at or now
        row.risk_at = clock.resume(clock.Clock(row.risk_at, stopped), now, calendar).due_at or now
        ladder.set_next_of(row, kinds.get(row.kind), calendar=calendar)
        row.save(update_fields=["due_at", "risk_at", "ladder_at"])


def follow(
    case: Case,
    flow: FlowDefinition,
    service: ServiceDefinition,
    entries: Sequence[NewEntry],
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Note what an act met or ended. In the act's transaction."""
    if not service.targets or (case.is_open and not any(_counts(e) for e in entries)):
        return
    rows = list(CaseTarget.objects.filter(case_id=case.pk, ended_at=None).order_by("id"))
    for row in judge(rows, case, flow, service, entries, by=by, now=now):
        row.save(update_fields=["met_at", "ended_at"])


def judge(
    rows: Iterable[CaseTarget],
    case: Case,
    flow: FlowDefinition,
    service: ServiceDefinition,
    entries: Sequence[NewEntry],
    *,
    by: Actor,
    now: datetime,
) -> list[CaseTarget]:
    """Mark those of the running targets that an act met or ended; the ones that changed."""
    kinds = {target.kind: target for target in service.targets}
    changed = []
    for row in rows:
        target = kinds.get(row.kind)
        met = target is not None and any(_meets(target, e, flow, by) for e in entries)
        if not met and not case.is_open:
            # Whoever fixed it was there.
            met = row.kind != FIRST_RESPONSE and case.outcome == good_end(service) != ""
        if met:
            row.met_at = row.ended_at = now
        elif not case.is_open:
            row.ended_at = now
        else:
            continue
        changed.append(row)
    return changed


def _counts(entry: NewEntry) -> bool:
    return entry.kind in ("moved", "replied", "called")


def _meets(target: Target, entry: NewEntry, flow: FlowDefinition, by: Actor) -> bool:
    """Whether one entry is what a target waits for."""
    if entry.kind == "moved":
        state = flow.states.get(str(entry.data.get("to")))
        if state is not None and state.stage in target.stages:
            return True
        step = flow.moves.get(str(entry.data.get("move")))
        if step is not None and step.key in target.moves:
            return True
        named = target.stages or target.moves
        if target.kind != FIRST_RESPONSE and step is not None and not named:
            return step.purpose == "start"
    if target.kind != FIRST_RESPONSE or not (entry.by or by).is_staff:
        return False
    public = entry.kind in PUBLIC_KINDS if entry.public is None else entry.public
    return public and (entry.kind == "called" or bool(entry.data.get("words")))


def _date(
    row: CaseTarget,
    case: Case,
    target: Target,
    service: ServiceDefinition,
    calendar: WorkCalendar,
    *,
    since: datetime,
    pauses: Sequence[CasePause],
) -> bool:
    promise = target.term.of(PRIORITY_KEYS[case.priority], case.areas)
    due = clock.recounted(promise, since, pauses, calendar)
    if due is None:
        return False
    row.due_at, row.risk_at = due, clock.risk(service.risk, since, due, calendar)
    ladder.set_next_of(row, target, calendar=calendar)
    return True
