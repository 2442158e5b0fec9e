"""The ways a case of a service can take through its flow, written as the moves of its timeline. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from onehall.casework.linking import JsonText, json_text
from onehall.catalog import categories
from onehall.catalog.flowparts import Span
from onehall.catalog.flows import FlowDefinition, Move
from onehall.catalog.services import ServiceDefinition

STAFF: Final = frozenset({"crew", "agent", "supervisor"})
_NEEDS: Final = frozenset({"words", "after_photo", "outcome"})
"""What a made-up end may need: words are given, photos are not there."""
_FURTHEST: Final = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One move as it stands in a timeline, to each choice of words; `data` is ready for COPY."""

    move: str
    before: str
    state: str
    category: str
    data: tuple[JsonText, ...]
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """A close and what comes after it: silence for some time, a yes or a no of the resident."""

    close: Step
    settle: Step | None = None
    settle_after: Span = field(default_factory=Span)
    accept: Step | None = None
    dispute: Step | None = None
    dispute_within: timedelta | None = None
    again: Step | None = None
    """The close after the no."""


@dataclass(frozen=True, slots=True)
class Ways:
    """From the start to the end: to the desk (mostly nothing), into work, and to an end straight or from work."""

    before: tuple[Step, ...]
    start: Step | None
    good: End
    good_worked: End | None
    refused: tuple[End, ...]


def ways_of(
    service: ServiceDefinition,
    flow: FlowDefinition,
    done: Sequence[str],
    refused: Sequence[str],
    wrong: Sequence[str],
) -> Ways | None:
    """The ways of a service; None when no move of the staff alone ends a case of it.

    `done`, `refused` and `wrong` are what staff say at a good end and at another, and residents when it was not good.
    """
    if flow.acts_by_itself or any(state.tasks for state in flow.states.values()):
        return None
    before = _to_a_close(flow)
    if before is None:
        return None
    at = before[-1].state if before else flow.start
    outcomes = [key for key in service.outcomes or flow.outcomes if key in flow.outcomes]
    ends = [
        (key, _end(flow, at, key, refused if i else done, done, wrong))
        for i, key in enumerate(outcomes)
    ]
    found = [end for _, end in ends if end is not None]
    if not found:
        end = _end(flow, at, "", done, done, wrong)
        if end is None:
            return None
        found = [end]
    begin = flow.with_purpose("start", at, STAFF)
    start = None
    if begin is not None and not begin.needs and begin.to in flow.states:
        start = _step(flow, begin, at, begin.to)
    good_worked = None
    if start is not None:
        good_worked = _end(flow, start.state, found[0].close.outcome, done, done, wrong)
    if good_worked is None:
        start = None
    return Ways(tuple(before), start, found[0], good_worked, tuple(found[1:]))


def _closing(flow: FlowDefinition, state: str) -> Move | None:
    """The move by which staff end a case in this state."""
    step = flow.with_purpose("close", state, STAFF)
    if step is not None:
        return step if step.needs <= _NEEDS and step.guard is None else None
    for move in flow.leaving(state, STAFF):
        target = flow.states.get(move.to)
        if target and not categories.is_open(target.category) and not move.needs - _NEEDS:
            return move if move.guard is None else None
    return None


def _to_a_close(flow: FlowDefinition) -> list[Step] | None:
    """The fewest moves of the staff to a state from which they can end a case."""
    seen = {flow.start}
    ways: list[tuple[str, list[Step]]] = [(flow.start, [])]
    for _ in range(_FURTHEST):
        further: list[tuple[str, list[Step]]] = []
        for state, steps in ways:
            if _closing(flow, state) is not None:
                return steps
            for move in flow.leaving(state, STAFF):
                target = flow.states.get(move.to)
                if target is None or move.to in seen or move.needs or move.guard is not None:
                    continue
                if categories.is_open(target.category) and not categories.is_paused(
                    target.category
                ):
                    seen.add(move.to)
                    further.append((move.to, [*steps, _step(flow, move, state, move.to)]))
        ways = further
    return None


def _end(
    flow: FlowDefinition,
    state: str,
    outcome: str,
    words: Sequence[str],
    done: Sequence[str],
    wrong: Sequence[str],
    *,
    deep: bool = True,
) -> End | None:
    close = _close(flow, state, outcome, words)
    if close is None:
        return None
    at = close.state
    resident = frozenset({"resident"})
    accept, dispute = (flow.with_purpose(p, at, resident) for p in ("accept", "dispute"))
    timers = (t for t in flow.states[at].timers if t.move and t.do == "fire")
    timer = next(timers, None)
    fired = flow.moves.get(timer.move) if timer else None
    no = None
    if deep and dispute is not None and dispute.to in flow.states and dispute.guard is None:
        no = _step(flow, dispute, at, dispute.to, wrong)
    after = _end(flow, no.state, outcome, done, done, wrong, deep=False) if no else None
    return End(
        close=close,
        settle=_step(flow, fired, at, fired.to) if fired and fired.to in flow.states else None,
        settle_after=timer.span if timer else Span(),
        accept=_step(flow, accept, at, accept.to) if accept and accept.to in flow.states else None,
        dispute=no if after else None,
        dispute_within=dispute.within if dispute else None,
        again=after.close if after else None,
    )


def _close(flow: FlowDefinition, state: str, outcome: str, words: Sequence[str]) -> Step | None:
    move = _closing(flow, state)
    if move is None:
        return None
    if move.to != "$outcome":
        return _step(flow, move, state, move.to, words)
    found = flow.outcomes.get(outcome)
    if found is None or found.needs - _NEEDS:
        return None
    return _step(flow, move, state, found.to, words, outcome)


def _step(
    flow: FlowDefinition,
    move: Move,
    before: str,
    to: str,
    words: Sequence[str] = ("",),
    outcome: str = "",
) -> Step:
    fixed = {"move": move.key, "from": before, "to": to}
    more = {"purpose": move.purpose, "outcome": outcome}
    fixed |= {key: value for key, value in more.items() if value}
    data = (fixed | ({"words": said} if said else {}) for said in words)
    texts = tuple(JsonText(json_text(one)) for one in data)
    return Step(move.key, before, to, flow.states[to].category, texts, outcome)
