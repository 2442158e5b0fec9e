"""A flow document as typed values: states, moves, outcomes. Parsed once, read by pages and engine."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from onehall.catalog import categories, flowparts
from onehall.catalog.flowparts import (
    PLAIN_DONE,
    Doc,
    Effect,
    Guard,
    Join,
    Requirement,
    Scenario,
    StateTimer,
    TaskSpec,
    Tree,
    Words,
)
from onehall.catalog.services import parse_question
from onehall.kernel import expressions


@dataclass(frozen=True, slots=True)
class State:
    """A named state with its fixed category and the words a resident reads."""

    key: str
    category: str
    stage: str
    label: Words
    words: Words
    timers: tuple[StateTimer, ...] = ()
    tasks: tuple[TaskSpec, ...] = ()
    join: Join | None = None
    rerun: str = "all"
    enter: tuple[Effect, ...] = ()
    requires: tuple[Requirement, ...] = ()

    def task(self, key: str) -> TaskSpec | None:
        """The task of this state with this key."""
        return next((t for t in self.tasks if t.key == key), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a close can end: where the case goes and what it takes."""

    key: str
    label: Words
    to: str
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Move:
    """A named step, who may make it and what it needs. `to` may be `$previous` or `$outcome`.

    `within` is how long after the end of a case it can be made; None means always.
    """

    key: str
    sources: frozenset[str]
    to: str
    by: frozenset[str]
    label: Words
    hint: Words = ""
    purpose: str = ""
    needs: frozenset[str] = field(default_factory=frozenset)
    icon: str = ""
    within: timedelta | None = None
    guard: Guard | None = None
    auto_when: Tree | None = None
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A station of the line that residents see."""

    key: str
    label: Words


@dataclass(frozen=True, slots=True)
class FlowDefinition:
    """A whole parsed flow. `moves` keep the order of the document: the likely one first."""

    key: str
    start: str
    stages: tuple[Stage, ...]
    states: dict[str, State]
    outcomes: dict[str, Outcome]
    moves: dict[str, Move]
    scenarios: tuple[Scenario, ...] = ()
    reads: frozenset[str] = frozenset()

    @property
    def acts_by_itself(self) -> bool:
        """Whether anything but a person and a timer can move a case: a join or `auto_when`."""
        return any(m.auto_when is not None for m in self.moves.values()) or any(
            s.join is not None for s in self.states.values()
        )

    def task(self, key: str) -> tuple[State, TaskSpec] | None:
        """A task by key, with its state; keys are unique in a flow."""
        return next(((s, t) for s in self.states.values() for t in s.tasks if t.key == key), None)

    def leaving(self, state: str, roles: Iterable[str]) -> list[Move]:
        """The moves that somebody with one of `roles` may make from `state`, likely one first."""
        mine = frozenset(roles)
        return [m for m in self.moves.values() if state in m.sources and m.by & mine]

    def with_purpose(self, purpose: str, state: str, roles: Iterable[str]) -> Move | None:
        """The first move for `purpose` that is open to `roles` in `state`, or None."""
        return next((m for m in self.leaving(state, roles) if m.purpose == purpose), None)


GROUPS: Final = ("open", "ended", "paused", "active")
"""Fixed groups of states, named with @ in `from`; a flow may add its own."""


def _named(value: Mapping[str, Doc] | Sequence[Doc]) -> Iterator[tuple[str, Doc]]:
    """Key and document of each part. Stored as a list, because jsonb forgets the order of keys."""
    if isinstance(value, Mapping):
        yield from value.items()
    else:
        yield from ((part["key"], part) for part in value)


def _in_group(category: str, group: str) -> bool:
    is_open, paused = categories.is_open(category), categories.is_paused(category)
    return {
        "open": is_open,
        "ended": not is_open,
        "paused": paused,
        "active": is_open and not paused,
    }[group]


def _sources(
    names: Iterable[str], states: dict[str, State], groups: Mapping[str, list[str]]
) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        group = name.removeprefix("@")
        if name.startswith("@") and group in groups:
            found |= set(groups[group])
        elif name.startswith("@") and group in GROUPS:
            found |= {s.key for s in states.values() if _in_group(s.category, group)}
        else:
            found.add(name)
    return frozenset(found)


def _task(doc: Doc) -> TaskSpec:
    return TaskSpec(
        key=doc["key"],
        label=doc["label"],
        queue=doc["queue"],
        words=doc.get("words", ""),
        due=flowparts.span_of(doc.get("due", {})),
        due_next_cycle=flowparts.span_of(doc.get("due_next_cycle", {})),
        when=flowparts.tree_of(doc.get("when")),
        questions=tuple(parse_question(q) for q in doc.get("questions", [])),
        by=frozenset(doc.get("by", [])),
    )


def _state(key: str, doc: Doc) -> State:
    queue = (Effect("set_queue", {"queue": doc["queue"]}),) if doc.get("queue") else ()
    return State(
        key=key,
        category=doc["category"],
        stage=doc.get("stage", ""),
        label=doc["label"],
        words=doc.get("words", ""),
        timers=tuple(flowparts.timer_of(t, n) for n, t in enumerate(doc.get("timers", []))),
        tasks=tuple(_task(t) for t in doc.get("tasks", [])),
        join=flowparts.join_of(doc.get("join")),
        rerun=doc.get("rerun", "all"),
        enter=(*queue, *(flowparts.effect_of(e) for e in doc.get("enter", []))),
        requires=tuple(flowparts.requirement_of(r) for r in doc.get("requires", [])),
    )


def _move(key: str, doc: Doc, states: dict[str, State], groups: Mapping[str, list[str]]) -> Move:
    return Move(
        key=key,
        sources=_sources(doc["from"], states, groups),
        to=doc["to"],
        by=frozenset(doc["by"]),
        label=doc.get("label", key),
        hint=doc.get("hint", ""),
        purpose=doc.get("purpose", ""),
        needs=frozenset(doc.get("needs", [])),
        icon=doc.get("icon", ""),
        within=timedelta(**doc["within"]) if "within" in doc else None,
        guard=flowparts.guard_of(doc.get("guard")),
        auto_when=flowparts.tree_of(doc.get("auto_when")),
        effects=tuple(flowparts.effect_of(e) for e in doc.get("effects", [])),
    )


def _reads(states: Iterable[State], moves: Iterable[Move]) -> frozenset[str]:
    """Every field that a condition reads, and `requires.<predicate>` for what checklists ask."""
    found: set[str] = set()
    for state in states:
        found |= {f"requires.{r.name}" for r in state.requires}
        for task in state.tasks:
            found |= expressions.fields(task.when)
    for move in moves:
        found |= expressions.fields(move.auto_when)
        found |= expressions.fields(move.guard.when) if move.guard else set()
    return frozenset(found)


def parse(doc: Doc) -> FlowDefinition:
    """Typed flow from a checked document; `KeyError` means the document was not checked.

    States, outcomes and moves may be a mapping by key (as in a pack) or a list with keys (as stored).
    """
    groups = {name: list(g["states"]) for name, g in _named(doc.get("groups", []))}
    states = {key: _state(key, s) for key, s in _named(doc["states"])}
    moves = {key: _move(key, m, states, groups) for key, m in _named(doc["moves"])}
    outcomes = {
        key: Outcome(key=key, label=o["label"], to=o["to"], needs=frozenset(o.get("needs", [])))
        for key, o in _named(doc.get("outcomes", {}))
    }
    return FlowDefinition(
        key=doc["key"],
        start=doc["start"],
        stages=tuple(Stage(s["key"], s["label"]) for s in doc["stages"]),
        states=states,
        outcomes=outcomes,
        moves=moves,
        scenarios=tuple(Scenario(s["key"], s) for s in doc.get("scenarios", [])),
        reads=_reads(states.values(), moves.values()),
    )


def effects_of(flow: FlowDefinition) -> Iterator[tuple[tuple[str, ...], Effect]]:
    """Every effect of a flow, with where it stands."""
    for state in flow.states.values():
        for effect in state.enter:
            yield ("states", state.key, "enter"), effect
        for timer in state.timers:
            if timer.effect is not None:
                yield ("states", state.key, "timers"), timer.effect
    for move in flow.moves.values():
        for effect in move.effects:
            yield ("moves", move.key, "effects"), effect


def endings(flow: FlowDefinition) -> dict[str, set[str]]:
    """How each task can come out: those of states, and those that effects add."""
    found = {str(e.given["key"]): {PLAIN_DONE} for _, e in effects_of(flow) if e.name == "add_task"}
    for state in flow.states.values():
        ends = {o.key for o in state.join.outcomes} if state.join else {PLAIN_DONE}
        found |= {task.key: ends for task in state.tasks}
    return found
