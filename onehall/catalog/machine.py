"""What a flow says happens next: pure functions that the engine and the scenarios both run.

Nothing here knows rows, clocks or people by name, so that a definition can be tried without a database.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from onehall.catalog import categories, facts, registry
from onehall.catalog.facts import Snapshot, TaskRow
from onehall.catalog.flowparts import Requirement, TaskOutcome, TaskSpec
from onehall.catalog.flows import FlowDefinition, Move, State
from onehall.kernel.expressions import evaluate
from onehall.people.permissions import roles_with

MOST_IN_A_ROW: Final = 20
"""Moves that a case may make by itself in one step. More is a circle, which the lint should have found."""

MAY_SKIP: Final = roles_with("skip_tasks")
"""Who may decide that a task is not needed. The crew that should do it may not."""

_CLOSED: Final = frozenset({"done", "skipped"})


def checklist(state: State, case: Snapshot) -> list[tuple[Requirement, bool]]:
    """What the state requires, each with whether it holds."""
    return [(r, registry.PREDICATES[r.name].holds(case, r.given)) for r in state.requires]


def values(flow: FlowDefinition, case: Snapshot) -> dict[str, Any]:
    """The values that conditions read."""
    met = all(holds for _, holds in checklist(flow.states[case.state], case))
    return facts.values(case, met=met)


def guard_holds(move: Move, given: Mapping[str, Any]) -> bool:
    """Whether the guard of a move lets it through."""
    return move.guard is None or evaluate(move.guard.when, given)


def cycle_of(state: str, tasks: Iterable[TaskRow]) -> int:
    """The number of the next cycle of a state's tasks, from 1."""
    return max((t.cycle for t in tasks if t.during == state), default=0) + 1


def to_open(state: State, tasks: Sequence[TaskRow], given: Mapping[str, Any]) -> list[TaskSpec]:
    """The tasks that entering a state opens: those whose condition holds, less those that need no rerun."""
    found = [t for t in state.tasks if t.when is None or evaluate(t.when, given)]
    if state.rerun == "all":
        return found
    return [t for t in found if not _stands(state, _last(t.key, tasks))]


def _last(key: str, tasks: Iterable[TaskRow]) -> TaskRow | None:
    return max((t for t in tasks if t.key == key), key=lambda t: t.cycle, default=None)


def _stands(state: State, task: TaskRow | None) -> bool:
    """Whether what came of a task holds in the next cycle too."""
    if task is None or task.state not in _CLOSED:
        return False
    return task.state == "skipped" or state.join is None or task.outcome == state.join.best.key


def in_play(state: State, tasks: Sequence[TaskRow], entered: int) -> list[TaskRow]:
    """The rows that the join of a state looks at: this stay's, and what stands from earlier ones."""
    mine = [t for t in tasks if t.during == state.key and t.joins]
    now = [t for t in mine if t.entered == entered and t.state != "cancelled"]
    if state.rerun == "all":
        return now
    known = {t.key for t in now}
    kept = {t.key: t for t in sorted(mine, key=lambda t: t.cycle) if t.key not in known}
    return now + [t for t in kept.values() if _stands(state, t)]


def decided(state: State, tasks: Sequence[TaskRow], entered: int) -> TaskOutcome | None:
    """What the tasks of a state come to, or None while that is open. Skipped tasks object to nothing."""
    join = state.join
    if join is None or _never_asked(state, tasks):
        return None
    rows = in_play(state, tasks, entered)
    order = [o.key for o in join.outcomes]
    done = [order.index(t.outcome) for t in rows if t.state == "done" and t.outcome in order]
    waiting = any(t.state == "open" for t in rows)
    found = _by_rule(join.rule, join.quorum, done, best=len(order) - 1, waiting=waiting)
    return None if found is None else join.outcomes[found]


def _never_asked(state: State, tasks: Sequence[TaskRow]) -> bool:
    """Whether a case came into the state without its tasks, as one taken over from a former system does."""
    known = {t.key for t in tasks}
    return any(t.when is None and t.key not in known for t in state.tasks)


def _by_rule(rule: str, quorum: int, done: list[int], *, best: int, waiting: bool) -> int | None:
    """The place of the outcome, counted from the worst."""
    early = None
    if rule == "all":
        early = next((n for n in sorted(done) if n < best), None)
    elif rule == "any" and best in done:
        early = best
    elif rule == "quorum":
        early = next((n for n in sorted(set(done)) if done.count(n) >= quorum), None)
    if early is not None:
        return early
    if waiting:
        return None
    if not done:
        return best
    return max(done) if rule == "any" else min(done)


def next_move(flow: FlowDefinition, case: Snapshot) -> Move | None:
    """The move that a case makes by itself now: its join's first, then `auto_when` in the flow's order."""
    state = flow.states[case.state]
    outcome = decided(state, case.tasks, case.entered)
    given = values(flow, case)
    if outcome is not None:
        move = flow.moves[outcome.move]
        if guard_holds(move, given):
            return move
    for move in flow.moves.values():
        if (
            move.auto_when is not None
            and case.state in move.sources
            and evaluate(move.auto_when, given)
            and guard_holds(move, given)
        ):
            return move
    return None


def previous_of(flow: FlowDefinition, state: str, previous: str) -> str:
    """What `$previous` means after leaving a state: where the case was before it waited."""
    return previous if categories.is_paused(flow.states[state].category) else state


def target_of(move: Move, flow: FlowDefinition, *, previous: str, end: str) -> str:
    """The state a move leads to; `end` is where its outcome leads, "" without one."""
    if move.to == "$outcome":
        return end
    if move.to == "$previous":
        return previous or flow.start
    return move.to
