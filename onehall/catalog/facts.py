"""What conditions and checklists may know about a case: typed names for publishing, plain values for running."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from onehall.catalog.flows import FlowDefinition, endings
from onehall.catalog.services import Question
from onehall.kernel import expressions
from onehall.kernel.expressions import FieldType

CASE_FIELDS: Final[Mapping[str, FieldType]] = {
    "case.priority": expressions.choice(("normal", "high", "urgent")),
    "case.queue": expressions.TEXT,
    "case.assigned": expressions.FLAG,
    "case.reopened": expressions.NUMBER,
    "case.people": expressions.NUMBER,
    "channel": expressions.TEXT,
    "place.exists": expressions.FLAG,
    "requires.met": expressions.FLAG,
    "tasks.open": expressions.NUMBER,
    "tasks.cycle": expressions.NUMBER,
}
"""Facts that every case has, besides `area.<layer>`, its answers and what came of its tasks."""

_KINDS: Final[Mapping[str, FieldType]] = {
    "text": expressions.TEXT,
    "number": expressions.NUMBER,
    "yes_no": expressions.FLAG,
    "date": expressions.DATE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """A task as a condition sees it. `entered` is the stay in the state it was opened in."""

    key: str
    during: str
    cycle: int
    entered: int
    state: str = "open"
    outcome: str = ""
    joins: bool = True
    answers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A case at one moment, as far as its flow asks."""

    state: str
    entered: int = 0
    answers: Mapping[str, Any] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)
    channel: str = ""
    placed: bool = False
    priority: str = "normal"
    queue: str = ""
    assigned: bool = False
    reopened: int = 0
    people: int = 1
    photos_before: int = 0
    photos_after: int = 0
    replied: bool = False
    open_children: int = 0
    tasks: Sequence[TaskRow] = ()

    def open_tasks(self) -> list[TaskRow]:
        """Tasks on which somebody still has to work."""
        return [t for t in self.tasks if t.state == "open"]

    def last_task(self, key: str) -> TaskRow | None:
        """The newest row of a task."""
        mine = [t for t in self.tasks if t.key == key]
        return max(mine, key=lambda t: t.cycle, default=None)


def values(case: Snapshot, *, met: bool) -> dict[str, Any]:
    """The fields of conditions with their values. `met` says whether the state's checklist is complete."""
    found: dict[str, Any] = dict(case.answers)
    found |= {f"area.{layer}": code for layer, code in case.areas.items()}
    found |= {
        "case.priority": case.priority,
        "case.queue": case.queue,
        "case.assigned": case.assigned,
        "case.reopened": case.reopened,
        "case.people": case.people,
        "channel": case.channel,
        "place.exists": case.placed,
        "requires.met": met,
        "tasks.open": len(case.open_tasks()),
        "tasks.cycle": max((t.cycle for t in case.tasks if t.during == case.state), default=0),
    }
    # From the oldest cycle to the newest, so that the newest one stands.
    for task in sorted(case.tasks, key=lambda t: t.cycle):
        if task.state == "done":
            found[f"task.{task.key}.outcome"] = task.outcome
            found |= {f"task.{task.key}.{name}": value for name, value in task.answers.items()}
    return found


def field_of(question: Question) -> FieldType | None:
    """What conditions may say about the answer to a question."""
    keys = [o.key for o in question.options]
    if question.type == "choice":
        return expressions.choice(keys)
    if question.type == "choices":
        return expressions.choices(keys)
    return _KINDS.get(question.type)


def schema(
    flow: FlowDefinition, questions: Iterable[Question], layers: Iterable[str]
) -> dict[str, FieldType]:
    """Every field that the conditions of a flow may read when it works a service with these questions."""
    found: dict[str, FieldType] = dict(CASE_FIELDS)
    found |= {f"area.{layer}": expressions.TEXT for layer in layers}
    found |= {q.key: kind for q in questions if (kind := field_of(q)) is not None}
    for key, ends in endings(flow).items():
        found[f"task.{key}.outcome"] = expressions.choice(sorted(ends))
    for state in flow.states.values():
        for task in state.tasks:
            found |= {
                f"task.{task.key}.{q.key}": kind
                for q in task.questions
                if (kind := field_of(q)) is not None
            }
    return found
