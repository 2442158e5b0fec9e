"""A flow document as typed values: states, moves, outcomes. Parsed once, read by pages and engine."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from onehall.catalog import categories

type Doc = dict[str, Any]
type Words = dict[str, str] | str


@dataclass(frozen=True, slots=True)
class StateTimer:
    """Fire `move` when a case has been `after` in the state, as wall time."""

    after: timedelta
    move: str


@dataclass(frozen=True, slots=True)
class State:
    """A named state with its fixed category and the words a resident reads."""

    key: str
    category: str
    stage: str
    label: Words
    words: Words
    timers: tuple[StateTimer, ...] = ()


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

    def leaving(self, state: str, roles: Iterable[str]) -> list[Move]:
        """The moves that somebody with one of `roles` may make from `state`, likely one first."""
        mine = frozenset(roles)
        return [m for m in self.moves.values() if state in m.sources and m.by & mine]

    def with_purpose(self, purpose: str, state: str, roles: Iterable[str]) -> Move | None:
        """The first move for `purpose` that is open to `roles` in `state`, or None."""
        return next((m for m in self.leaving(state, roles) if m.purpose == purpose), None)


def _span(doc: Doc) -> timedelta:
    return timedelta(days=doc.get("days", 0), hours=doc.get("hours", 0))


def _named(value: Mapping[str, Doc] | Sequence[Doc]) -> Iterator[tuple[str, Doc]]:
    """Key and document of each part. Stored as a list, because jsonb forgets the order of keys."""
    if isinstance(value, Mapping):
        yield from value.items()
    else:
        yield from ((part["key"], part) for part in value)


def _sources(names: Iterable[str], states: dict[str, State]) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        if name == "@open":
            found |= {s.key for s in states.values() if categories.is_open(s.category)}
        elif name == "@ended":
            found |= {s.key for s in states.values() if not categories.is_open(s.category)}
        else:
            found.add(name)
    return frozenset(found)


def parse(doc: Doc) -> FlowDefinition:
    """Typed flow from a checked document; `KeyError` means the document was not checked.

    States, outcomes and moves may be a mapping by key (as in a pack) or a list with keys (as stored).
    """
    states = {
        key: State(
            key=key,
            category=s["category"],
            stage=s.get("stage", ""),
            label=s["label"],
            words=s.get("words", ""),
            timers=tuple(StateTimer(_span(t["after"]), t["fire"]) for t in s.get("timers", [])),
        )
        for key, s in _named(doc["states"])
    }
    moves = {
        key: Move(
            key=key,
            sources=_sources(m["from"], states),
            to=m["to"],
            by=frozenset(m["by"]),
            label=m.get("label", key),
            hint=m.get("hint", ""),
            purpose=m.get("purpose", ""),
            needs=frozenset(m.get("needs", [])),
            icon=m.get("icon", ""),
            within=_span(m["within"]) if "within" in m else None,
        )
        for key, m in _named(doc["moves"])
    }
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
    )
