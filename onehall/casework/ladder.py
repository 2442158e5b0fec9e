"""The ladders of a promise and of its further targets: who is told in turn when one comes at risk or is late."""

from datetime import datetime, timedelta

from onehall.casework.models import Case, CaseTarget
from onehall.casework.timeline import NewEntry
from onehall.catalog.services import ServiceDefinition
from onehall.catalog.targets import LadderStep, Target
from onehall.kernel.work_calendar import WorkCalendar


def set_next(case: Case, service: ServiceDefinition, *, calendar: WorkCalendar) -> None:
    """When the next step of the ladder is due; None when there is none. `case` is not saved."""
    step = next_step(case, service)
    case.ladder_at = (
        None if step is None else _at(step, risk=case.risk_at, due=case.due_at, calendar=calendar)
    )


def next_step(case: Case, service: ServiceDefinition) -> LadderStep | None:
    """The step that was not taken yet. The count of steps grows with each, so that none is taken twice."""
    if not case.is_open or case.ladder_step >= len(service.ladder):
        return None
    return service.ladder[case.ladder_step]


def set_next_of(row: CaseTarget, target: Target | None, *, calendar: WorkCalendar) -> None:
    """The same for a further target. `row` is not saved."""
    step = next_step_of(row, target)
    row.ladder_at = (
        None if step is None else _at(step, risk=row.risk_at, due=row.due_at, calendar=calendar)
    )


def next_step_of(row: CaseTarget, target: Target | None) -> LadderStep | None:
    """The step of a running target's own ladder that was not taken yet."""
    if target is None or row.ended_at is not None or row.ladder_step >= len(target.ladder):
        return None
    return target.ladder[row.ladder_step]


def entry_of(step: LadderStep, taken: int, *, target: str = "") -> NewEntry:
    """What a step writes after `taken` others; the staff who are meant get a message of it.

    `target` is the kind of the further target that it is about, "" for the promise.
    """
    data = {"ladder": taken + 1, "after": step.after, "to": "team", "who": step.remind}
    if step.remind == "supervisor":
        data["role"] = "supervisor"
    if target:
        data["target"] = target
    kind = "reminded" if step.remind == "assignee" else "escalated"
    return NewEntry(kind=kind, data=data, public=False)


def _at(
    step: LadderStep, *, risk: datetime | None, due: datetime | None, calendar: WorkCalendar
) -> datetime | None:
    start = risk if step.after == "risk" else due
    if start is None:
        return None
    return calendar.add_time(start, timedelta(hours=step.hours)) if step.hours else start
