"""The parts of a flow beyond states and moves, as typed values: spans, timers, tasks, joins, effects, checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

from onehall.catalog.services import Question

type Doc = dict[str, Any]
type Words = dict[str, str] | str
type Tree = Mapping[str, Any]

JOIN_RULES: Final = ("all", "any", "quorum", "worst")
"""How the outcomes of parallel tasks become one."""

RERUNS: Final = ("all", "failed")
"""Which tasks are worked again when a case comes back to their state."""

PLAIN_DONE: Final = "done"
"""The outcome of a task in a state that asks for none."""


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: on the clock, or in the city's working time."""

    wall: timedelta = timedelta()
    working_hours: float = 0
    working_days: int = 0

    def __bool__(self) -> bool:
        return bool(self.wall or self.working_hours or self.working_days)


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect of the registry with its checked parameters."""

    name: str
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One predicate of the registry with its parameters, and the city's own words for the checklist."""

    name: str
    given: Mapping[str, Any] = field(default_factory=dict)
    label: Words = ""


@dataclass(frozen=True, slots=True)
class StateTimer:
    """What happens when a case has been in the state for some time.

    `after` is time on the clock; `span` holds it whole, with working time. `do` says whether it
    fires `move` or reminds or escalates by `effect`. `position` tells the timers of a state apart.
    """

    after: timedelta
    move: str = ""
    do: Literal["fire", "remind", "escalate"] = "fire"
    effect: Effect | None = None
    span: Span = field(default_factory=Span)
    position: int = 0


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A piece of work that a state asks of a queue. `when` None means always.

    `by` are the roles that may decide it, among those who serve the queue; none means all of them.
    """

    key: str
    label: Words
    queue: str
    words: Words = ""
    due: Span = field(default_factory=Span)
    due_next_cycle: Span = field(default_factory=Span)
    when: Tree | None = None
    questions: tuple[Question, ...] = ()
    by: frozenset[str] = frozenset()

    def due_in(self, cycle: int) -> Span:
        """The time it has in a cycle: later ones may have their own."""
        return self.due_next_cycle if cycle > 1 and self.due_next_cycle else self.due


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """How a task of a state can come out, and the move that fires when this decides the join."""

    key: str
    label: Words
    move: str


@dataclass(frozen=True, slots=True)
class Join:
    """How the tasks of a state become one outcome. `outcomes` from the worst to the best."""

    rule: str
    outcomes: tuple[TaskOutcome, ...]
    quorum: int = 0

    def outcome(self, key: str) -> TaskOutcome | None:
        """The outcome with this key."""
        return next((o for o in self.outcomes if o.key == key), None)

    @property
    def best(self) -> TaskOutcome:
        """The outcome that every task hopes for: the last one listed."""
        return self.outcomes[-1]


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that must hold for a move, with the sentence for those whom it stops."""

    when: Tree
    words: Words = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named run through the flow, as its document."""

    key: str
    doc: Doc


REQUIRES_MET: Final[Tree] = {"eq": ["requires.met", True]}
"""What `requires_met` stands for in a guard or in `auto_when`."""


def span_of(doc: Doc) -> Span:
    """A span from its document."""
    return Span(
        wall=timedelta(days=doc.get("days", 0), hours=doc.get("hours", 0)),
        working_hours=doc.get("working_hours", 0),
        working_days=int(doc.get("working_days", 0)),
    )


def tree_of(doc: Any) -> Tree | None:
    """A condition; the short form `requires_met` written out."""
    return REQUIRES_MET if doc == "requires_met" else doc


def effect_of(doc: Any) -> Effect:
    """An effect: its bare name, or a mapping of its name to its parameters."""
    return Effect(*named(doc))


def named(doc: Any) -> tuple[str, Mapping[str, Any]]:
    """The name and the parameters of an effect or a predicate."""
    if isinstance(doc, str):
        return doc, {}
    name, given = next(iter(doc.items()))
    return str(name), given


def requirement_of(doc: Any) -> Requirement:
    """A predicate of a checklist; its label is kept apart from its parameters."""
    name, given = named(doc)
    rest = {k: v for k, v in given.items() if k != "label"}
    return Requirement(name, rest, given.get("label", ""))


def timer_of(doc: Doc, position: int) -> StateTimer:
    """A timer of a state."""
    span = span_of(doc["after"])
    for kind in ("remind", "escalate"):
        if kind in doc:
            effect = Effect(kind, doc[kind])
            return StateTimer(span.wall, "", kind, effect, span, position)
    return StateTimer(span.wall, doc.get("fire", ""), "fire", None, span, position)


def guard_of(doc: Any) -> Guard | None:
    """The guard of a move, if it has one."""
    if not doc:
        return None
    if doc == "requires_met":
        return Guard(REQUIRES_MET)
    return Guard(tree_of(doc["when"]) or REQUIRES_MET, doc.get("words", ""))


def join_of(doc: Doc | None) -> Join | None:
    """The join of a state, if it has one."""
    if not doc:
        return None
    found = doc["outcomes"]
    named_ones = found.items() if isinstance(found, Mapping) else ((o["key"], o) for o in found)
    outcomes = tuple(TaskOutcome(key, o["label"], o["fire"]) for key, o in named_ones)
    return Join(doc["rule"], outcomes, doc.get("of", 0))
