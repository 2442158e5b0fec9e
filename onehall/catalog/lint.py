"""What is wrong with a flow: pure checks over its typed form, each with where it is and what to do."""

from collections.abc import Iterator
from typing import Final

from onehall.catalog import categories
from onehall.catalog.findings import BY, STAFF, Finding, unknown
from onehall.catalog.flows import GROUPS, FlowDefinition, Move
from onehall.catalog.lint_parts import (
    leavable_by_staff,
    lint_circles,
    lint_parts,
    lint_waiting,
    reached,
)

__all__ = ["BY", "SPECIAL_TARGETS", "STAFF", "Finding", "lint_flow", "unknown"]

SPECIAL_TARGETS: Final = frozenset({"$previous", "$outcome"})


def lint_flow(flow: FlowDefinition) -> list[Finding]:
    """Every mistake of a flow; names first, and the walk through it only when all names are right."""
    found = [*_start(flow), *_states(flow), *_outcomes(flow), *_moves(flow), *lint_parts(flow)]
    return found or [
        *_unreachable(flow),
        *_stuck(flow),
        *_waiting(flow),
        *_timer_loops(flow),
        *lint_circles(flow),
        *lint_waiting(flow),
    ]


def _start(flow: FlowDefinition) -> Iterator[Finding]:
    if not flow.start:
        yield Finding(("start",), "The flow has no start.", "Name the state a new case begins in.")
    elif flow.start not in flow.states:
        yield Finding(("start",), *unknown("state", flow.start, set(flow.states)))
    elif not categories.is_open(flow.states[flow.start].category):
        yield Finding(
            ("start",),
            f'The flow starts in "{flow.start}", which is not open.',
            "Start in a state whose category is open, such as submitted.",
        )


def _states(flow: FlowDefinition) -> Iterator[Finding]:
    stages = {s.key for s in flow.stages}
    for state in flow.states.values():
        where = ("states", state.key)
        if state.category not in categories.ALL:
            yield Finding(
                (*where, "category"), *unknown("category", state.category, set(categories.ALL))
            )
        if state.stage and state.stage not in stages:
            yield Finding((*where, "stage"), *unknown("stage", state.stage, stages))


def _outcomes(flow: FlowDefinition) -> Iterator[Finding]:
    for outcome in flow.outcomes.values():
        where = ("outcomes", outcome.key)
        target = flow.states.get(outcome.to)
        if target is None:
            yield Finding((*where, "to"), *unknown("state", outcome.to, set(flow.states)))
        elif categories.is_open(target.category):
            yield Finding(
                (*where, "to"),
                f'The outcome "{outcome.key}" leads to "{outcome.to}", which is still open.',
                "Lead to a state whose category is resolved, closed, denied or withdrawn.",
            )
        for need in sorted(outcome.needs - categories.NEEDS):
            yield Finding((*where, "needs"), *unknown("need", need, set(categories.NEEDS)))


def _moves(flow: FlowDefinition) -> Iterator[Finding]:
    for move in flow.moves.values():
        where = ("moves", move.key)
        for source in sorted(move.sources - set(flow.states)):
            known = {*flow.states, *(f"@{group}" for group in GROUPS)}
            yield Finding((*where, "from"), *unknown("state", source, known))
        if move.to not in {*flow.states, *SPECIAL_TARGETS}:
            yield Finding((*where, "to"), *unknown("state", move.to, set(flow.states)))
        for role in sorted(move.by - BY):
            yield Finding((*where, "by"), *unknown("role", role, BY))
        if move.purpose and move.purpose not in categories.PURPOSES:
            known_purposes = set(categories.PURPOSES)
            yield Finding((*where, "purpose"), *unknown("purpose", move.purpose, known_purposes))
        for need in sorted(move.needs - categories.NEEDS):
            yield Finding((*where, "needs"), *unknown("need", need, set(categories.NEEDS)))
        yield from _close(flow, move)
        yield from _within(flow, move)


def _within(flow: FlowDefinition, move: Move) -> Iterator[Finding]:
    """The time in which a resident can still say "not fixed", counted from the end of the case."""
    if move.within is None:
        return
    where = ("moves", move.key, "within")
    if move.purpose != "dispute":
        yield Finding(
            where,
            f'The move "{move.key}" has an end, but is no dispute.',
            'Only a move with "purpose: dispute" can say "within". Delete it here.',
        )
    if not move.within:
        yield Finding(where, "The time is over at once.", "Give it hours or days.")
        return
    for state in (flow.states[key] for key in sorted(move.sources & set(flow.states))):
        if categories.is_open(state.category):
            yield Finding(
                where,
                f'In "{state.key}" a case has not ended, so the time does not run yet.',
                f'Take "{state.key}" out of the "from" of "{move.key}".',
            )
        for timer in state.timers:
            settles = timer.move in flow.moves and flow.moves[timer.move].purpose == "settle"
            if settles and timer.after > move.within:
                yield Finding(
                    where,
                    f'The time is over before a case in "{state.key}" is settled.',
                    "Give it at least as long as the timer of that state.",
                )


def _close(flow: FlowDefinition, move: Move) -> Iterator[Finding]:
    where = ("moves", move.key, "to")
    if move.to == "$outcome" and move.purpose != "close":
        yield Finding(where, "Only a close can lead to $outcome.", 'Add "purpose: close".')
    if move.to == "$outcome" and not flow.outcomes:
        yield Finding(where, "The flow has no outcomes.", 'Add them under "outcomes".')


def _targets(flow: FlowDefinition, move: Move) -> set[str]:
    """Where a move can lead. `$previous` only goes back to a place the case has been."""
    if move.to == "$outcome":
        return {o.to for o in flow.outcomes.values()}
    return set() if move.to == "$previous" else {move.to}


def _unreachable(flow: FlowDefinition) -> Iterator[Finding]:
    reached, todo = {flow.start}, [flow.start]
    while todo:
        here = todo.pop()
        for move in flow.moves.values():
            if here in move.sources:
                new = _targets(flow, move) - reached
                reached |= new
                todo.extend(new)
    for key in flow.states:
        if key not in reached:
            yield Finding(
                ("states", key), f'No case can get to "{key}".', "Add a move to it, or delete it."
            )


def _stuck(flow: FlowDefinition) -> Iterator[Finding]:
    ends = _can_end(flow)
    for state in flow.states.values():
        if not categories.is_open(state.category):
            continue
        where = ("states", state.key)
        leaving = [m for m in flow.moves.values() if state.key in m.sources and m.to != state.key]
        if not leaving:
            yield Finding(
                where, f'A case in "{state.key}" stays there forever.', "Add a move out of it."
            )
        elif not leavable_by_staff(flow, state):
            yield Finding(
                where,
                f'No staff role can move a case out of "{state.key}".',
                "Let a staff role make one of its moves.",
            )
        elif state.key not in ends:
            yield Finding(
                where,
                f'A case in "{state.key}" can never end.',
                "Add a way to a state whose category is resolved, closed, denied or withdrawn.",
            )


def _can_end(flow: FlowDefinition) -> set[str]:
    ends = {s.key for s in flow.states.values() if not categories.is_open(s.category)}
    grown = True
    while grown:
        grown = False
        for move in flow.moves.values():
            new = move.sources - ends
            if new and _targets(flow, move) & ends:
                ends |= new
                grown = True
    return ends


def _waiting(flow: FlowDefinition) -> Iterator[Finding]:
    for state in flow.states.values():
        if state.category != "waiting_applicant":
            continue
        if flow.with_purpose("answer", state.key, {"resident"}) is None:
            yield Finding(
                ("states", state.key),
                f'A resident cannot answer in "{state.key}".',
                f'Add a move from "{state.key}" by the resident with "purpose: answer".',
            )


def _timer_loops(flow: FlowDefinition) -> Iterator[Finding]:
    """Timers that could move a case in a circle with nobody touching it."""
    steps = {
        s.key: {
            t for timer in s.timers if timer.move for t in _targets(flow, flow.moves[timer.move])
        }
        for s in flow.states.values()
    }
    for key in flow.states:
        if key in reached(steps, key):
            yield Finding(
                ("states", key, "timers"),
                f'Timers move a case from "{key}" in a circle.',
                "Let one of them lead to a state without a timer.",
            )
