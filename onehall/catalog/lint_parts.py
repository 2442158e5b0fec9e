"""What is wrong with the tasks, joins, timers, effects and checklists of a flow."""

from collections.abc import Iterator

from onehall.catalog import categories
from onehall.catalog.findings import STAFF, Finding, unknown
from onehall.catalog.flowparts import Join
from onehall.catalog.flows import FlowDefinition, Move, State, effects_of, endings


def lint_parts(flow: FlowDefinition) -> Iterator[Finding]:
    """Names and kinds, part by part."""
    yield from _task_keys(flow)
    for state in flow.states.values():
        yield from _tasks(flow, state)
        yield from _timers(flow, state)
        yield from _requires(flow, state)
    for move in flow.moves.values():
        yield from _auto(move)


def _task_keys(flow: FlowDefinition) -> Iterator[Finding]:
    seen: set[str] = set()
    named = [
        (("states", s.key, "tasks", t.key), t.key) for s in flow.states.values() for t in s.tasks
    ]
    added = [
        (where, str(e.given.get("key", "")))
        for where, e in effects_of(flow)
        if e.name == "add_task"
    ]
    for where, key in named:
        if key in seen:
            yield Finding(where, f'There are two tasks "{key}".', "Give one another key.")
        seen.add(key)
    for there, key in added:
        if key in {name for _, name in named}:
            yield Finding(
                there, f'"{key}" is a task of a state.', "Give the added one another key."
            )


def _tasks(flow: FlowDefinition, state: State) -> Iterator[Finding]:
    where = ("states", state.key)
    ended = not categories.is_open(state.category)
    adds = any(e.name == "add_task" for e in state.enter)
    if ended and (state.tasks or adds):
        yield Finding(
            (*where, "tasks"),
            f'The state "{state.key}" is an end, but asks for work.',
            "Move the tasks to a state that is open.",
        )
    if state.join is None:
        if state.rerun != "all":
            yield Finding(where, '"rerun" needs a join.', "Say with join how tasks come out.")
        return
    if not state.tasks:
        yield Finding((*where, "join"), "The join has no tasks.", 'Add them under "tasks".')
    yield from _join(flow, state, state.join)


def _join(flow: FlowDefinition, state: State, join: Join) -> Iterator[Finding]:
    where = ("states", state.key, "join")
    if not join.outcomes:
        yield Finding(where, "The join has no outcomes.", "List them from the worst to the best.")
    if join.rule == "quorum" and join.quorum > len(state.tasks):
        yield Finding(
            where,
            f"{join.quorum} must agree, but there are {len(state.tasks)} tasks.",
            'Lower "of", or add tasks.',
        )
    for outcome in join.outcomes:
        here = (*where, "outcomes", outcome.key)
        yield from fired_by_system(flow, state, outcome.move, here, f'The outcome "{outcome.key}"')


def fired_by_system(
    flow: FlowDefinition, state: State, name: str, where: tuple[str, ...], what: str
) -> Iterator[Finding]:
    """What stops the system from making a move that a timer or a join fires."""
    move = flow.moves.get(name)
    if move is None:
        yield Finding(where, *unknown("move", name, set(flow.moves)))
        return
    if "system" not in move.by:
        yield Finding(
            where,
            f'{what} fires "{move.key}", which the system may not make.',
            f'Add "system" to the "by" of "{move.key}".',
        )
    if state.key not in move.sources:
        yield Finding(
            where,
            f'{what} fires "{move.key}", which does not leave "{state.key}".',
            f'Add "{state.key}" to the "from" of "{move.key}".',
        )
    yield from _needs_nobody(move, where, f'{what} fires "{move.key}"')


def _needs_nobody(move: Move, where: tuple[str, ...], what: str) -> Iterator[Finding]:
    if move.needs or move.to == "$outcome":
        yield Finding(
            where,
            f"{what}, which needs something that only a person gives.",
            "Take away its needs, or make another move for it.",
        )


def _timers(flow: FlowDefinition, state: State) -> Iterator[Finding]:
    where = ("states", state.key, "timers")
    for timer in state.timers:
        if timer.do == "fire":
            yield from fired_by_system(flow, state, timer.move, where, "The timer")
            move = flow.moves.get(timer.move)
            if move is not None and move.purpose == "settle" and timer.span and not timer.after:
                yield Finding(
                    where,
                    "A resident's time to answer is counted in working time.",
                    "Count it in days or hours, as the resident does.",
                )
        if not timer.span:
            yield Finding(where, "The timer fires at once.", "Give it hours or days.")


def _requires(flow: FlowDefinition, state: State) -> Iterator[Finding]:
    where = ("states", state.key, "requires")
    for requirement in state.requires:
        key = requirement.given.get("task")
        if key is None:
            continue
        ends = endings(flow).get(str(key))
        if ends is None:
            yield Finding(where, *unknown("task", str(key), set(endings(flow))))
            continue
        outcome = requirement.given.get("outcome")
        if outcome is not None and outcome not in ends:
            yield Finding(where, *unknown("outcome", str(outcome), ends))


def _auto(move: Move) -> Iterator[Finding]:
    if move.auto_when is None:
        return
    where = ("moves", move.key, "auto_when")
    if "system" not in move.by:
        yield Finding(
            where,
            f'"{move.key}" is made by itself, but the system may not make it.',
            'Add "system" to its "by".',
        )
    yield from _needs_nobody(move, where, f'"{move.key}" is made by itself')
    if move.purpose and move.purpose not in ("start", "settle"):
        yield Finding(
            where,
            f'A move with the purpose "{move.purpose}" is a person\'s to make.',
            "Make another move without that purpose for it.",
        )


def lint_circles(flow: FlowDefinition) -> Iterator[Finding]:
    """Moves that a case could make by itself in a circle, in one step, with nobody touching it.

    A join counts where it may find nothing to do: every task has a condition, or only failed ones
    are worked again.
    """
    steps = _by_itself(flow)
    for key in flow.states:
        if key in reached(steps, key):
            yield Finding(
                ("states", key),
                f'A case could go from "{key}" in a circle by itself.',
                "Let a person make one of the moves, or tighten their conditions.",
            )


def _by_itself(flow: FlowDefinition) -> dict[str, set[str]]:
    """Where a case may go from each state with nobody touching it."""
    steps: dict[str, set[str]] = {key: set() for key in flow.states}
    for move in flow.moves.values():
        for source in move.sources & set(steps) if move.auto_when is not None else ():
            steps[source] |= _ways(flow, move.to, source)
    for state in flow.states.values():
        free = state.rerun == "failed" or all(t.when is not None for t in state.tasks)
        for best in state.join.outcomes[-1:] if state.join is not None and free else ():
            steps[state.key] |= _ways(flow, flow.moves[best.move].to, state.key)
    return steps


def _ways(flow: FlowDefinition, to: str, source: str) -> set[str]:
    """Where a move from `source` may lead: back, that is to where a case came from, or to the start."""
    if to != "$previous":
        return {to}
    return {flow.start} | {s for m in flow.moves.values() if m.to == source for s in m.sources}


def reached(steps: dict[str, set[str]], start: str) -> set[str]:
    """Every state that steps lead to from one; `$previous` leads nowhere new."""
    seen: set[str] = set()
    todo = list(steps.get(start, ()))
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo.extend(steps.get(here, ()))
    return seen


def lint_waiting(flow: FlowDefinition) -> Iterator[Finding]:
    """Waiting states in which nothing ever happens by itself: a warning, since people may still look."""
    for state in flow.states.values():
        if categories.is_paused(state.category) and not state.timers:
            yield Finding(
                ("states", state.key),
                f'A case may wait in "{state.key}" for ever.',
                "Add a timer that reminds, escalates or fires a move.",
                warning=True,
            )


def leavable_by_staff(flow: FlowDefinition, state: State) -> bool:
    """Whether staff can get a case out of a state: by a move, or by finishing its tasks."""
    if state.join is not None:
        return True
    return any(
        m.by & STAFF for m in flow.moves.values() if state.key in m.sources and m.to != state.key
    )
