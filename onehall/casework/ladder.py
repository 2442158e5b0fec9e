"""The ladder of a promise: who is told in turn when a case comes at risk or is late."""

from datetime import datetime, timedelta

from onehall.casework.models import Case
from onehall.casework.timeline import NewEntry
from onehall.catalog.services import ServiceDefinition
from onehall.catalog.targets import LadderStep
from onehall.kernel.work_calendar import WorkCalendar


def set_next(case: Case, service: ServiceDefinition, *, calendar: WorkCalendar) -> None:
    """When the next step of the ladder is due; None when there is none. `case` is not saved."""
    step = next_step(case, service)
    case.ladder_at = None if step is None else _at(case, step, calendar)


def next_step(case: Case, service: ServiceDefinition) -> LadderStep | None:
    """The step that was not taken yet. The count of steps grows with each, so that none is taken twice."""
    if not case.is_open or case.ladder_step >= len(service.ladder):
        return None
    return service.ladder[case.ladder_step]


def entry_of(case: Case, step: LadderStep) -> NewEntry:
    """What a step writes; the staff who are meant get a message of it."""
    data = {"ladder": case.ladder_step + 1, "after": step.after, "to": "team", "who": step.remind}
    if step.remind == "supervisor":
        data["role"] = "supervisor"
    kind = "reminded" if step.remind == "assignee" else "escalated"
    return NewEntry(kind=kind, data=data, public=False)


def _at(case: Case, step: LadderStep, calendar: WorkCalendar) -> datetime | None:
    start = case.risk_at if step.after == "risk" else case.due_at
    if start is None:
        return None
    return calendar.add_time(start, timedelta(hours=step.hours)) if step.hours else start
