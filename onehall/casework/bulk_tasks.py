"""The tasks of cases that are written many at once: those that a move into their state would open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.backends.utils import CursorWrapper

from onehall.casework import clock
from onehall.casework.bulk import CaseRow, EntryRow, copy_lines
from onehall.casework.linking import json_text
from onehall.catalog import categories, flowparts, machine
from onehall.catalog.facts import Snapshot
from onehall.catalog.flowparts import Span
from onehall.catalog.flows import FlowDefinition
from onehall.kernel.chain import moment
from onehall.kernel.copylines import FLAG, NULL, json, text
from onehall.kernel.work_calendar import WorkCalendar

TASKS: Final = "casework_task"


@dataclass(slots=True, kw_only=True)
class OpenTask:
    """An open task of a case that is not written yet, with the day it was opened."""

    key: str
    during: str
    queue_id: int
    opened_at: datetime
    due_at: datetime | None
    position: int
    joins: bool = True
    label: dict[str, str] = field(default_factory=dict)

    def entry(self) -> EntryRow:
        """How the timeline tells of it."""
        data: dict[str, Any] = {"task": self.key, "cycle": 1, "queue": self.queue_id}
        if self.due_at is not None:
            data["due"] = self.due_at.isoformat()
        if self.label:
            data["label"] = self.label
        return EntryRow(at=self.opened_at, kind="task_opened", data=data)


def asks_for_work(flow: FlowDefinition, state: str) -> bool:
    """Whether entering a state may open tasks."""
    found = flow.states[state]
    adds = any(e.name == "add_task" for e in found.enter)
    return categories.is_open(found.category) and bool(found.tasks or adds)


def opened_by(
    flow: FlowDefinition,
    case: Snapshot,
    *,
    at: datetime,
    queues: Callable[[str], int],
    calendar: WorkCalendar,
    language: str,
) -> list[OpenTask]:
    """The tasks that a case gets that came into its state at `at`, due from then. Nothing moves it on.

    `queues` gives the id of a queue by its key.
    """
    state = flow.states[case.state]
    due = _Due(at, calendar)
    found = [
        OpenTask(
            key=spec.key, during=state.key, queue_id=queues(spec.queue), opened_at=at,
            due_at=due.of(spec.due), position=position,
        )
        for position, spec in enumerate(machine.to_open(state, (), machine.values(flow, case)))
    ]  # fmt: skip
    for effect in state.enter:
        if effect.name == "add_task":
            given = effect.given
            label = given["label"]
            found.append(
                OpenTask(
                    key=str(given["key"]),
                    during="",
                    queue_id=queues(given["queue"]),
                    opened_at=at,
                    due_at=due.of(flowparts.span_of(given.get("due", {}))),
                    position=len(found),
                    joins=False,
                    label={language: label} if isinstance(label, str) else label,
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class _Due:
    since: datetime
    calendar: WorkCalendar

    def of(self, span: Span) -> datetime | None:
        return clock.later(span, self.since, self.calendar) if span else None


_COLUMNS: Final = (
    "city_id", "case_id", "queue_id", "opened_at", "due_at", "entered", "cycle", "position", "joins",
    "key", "during", "label", "state", "outcome", "words", "answers",
)  # fmt: skip


def copy_tasks(cursor: CursorWrapper, rows: Sequence[tuple[CaseRow, OpenTask]]) -> None:
    """Insert open tasks of cases that were written before, in the caller's transaction."""
    if rows:
        copy_lines(cursor, TASKS, _COLUMNS, (_line(case, task) for case, task in rows))


def _line(case: CaseRow, task: OpenTask) -> str:
    due = NULL if task.due_at is None else moment(task.due_at)
    label = json(json_text(task.label)) if task.label else "{}"
    return (
        f"{case.city_id}\t{case.id}\t{task.queue_id}\t{moment(task.opened_at)}\t{due}\t"
        f"{case.entered}\t1\t{task.position}\t{FLAG[task.joins]}\t{text(task.key)}\t"
        f"{text(task.during)}\t{label}\topen\t\t\t{{}}"
    )
