"""Where the states of a flow stand: stages from left to right, then how far a state is from the start."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from onehall.catalog import categories
from onehall.catalog.flows import FlowDefinition, Move, State

WIDTH: Final = 190
LINE: Final = 17
PADDING: Final = 12
GAP_X: Final = 150
GAP_Y: Final = 36
MARGIN: Final = 28
BESIDE: Final = 90
"""Room beside the last column for arrows between its states."""
LANES: Final = 60
"""Room below the boxes for arrows that go around them."""
HEADING: Final = 34
SWEEPS: Final = 6
MANY: Final = 3
"""From so many states on, a move gets no arrows."""

type Say = Callable[[Mapping[str, str] | str], str]
"""Words in the reader's language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A state: where it stands, and what is written in it."""

    key: str
    x: float
    y: float
    height: float
    label: str
    category: str
    lines: tuple[str, ...]
    start: bool
    end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """Every move from one state to another, in one line. `target` "" for one that leads back or differs."""

    source: str
    target: str
    moves: tuple[str, ...]
    automatic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A laid-out flow."""

    title: str
    boxes: dict[str, Box]
    arrows: tuple[Arrow, ...]
    headings: tuple[tuple[float, str], ...]
    often: tuple[str, ...]
    width: float
    height: float


def lay_out(flow: FlowDefinition, title: str, say: Say) -> Picture:
    """Columns by stage, split where a stage is deep; rows so that few arrows cross."""
    arrows = _arrows(flow, say)
    columns = _columns(flow, arrows)
    _untangle(columns, arrows)
    lines = {s.key: _lines(s, say) for s in flow.states.values()}
    boxes: dict[str, Box] = {}
    heights = {key: PADDING * 2 + LINE * (2 + len(lines[key])) for key in flow.states}
    tallest = max(sum(heights[k] + GAP_Y for k in column) for column in columns) - GAP_Y
    for number, column in enumerate(columns):
        used = sum(heights[k] + GAP_Y for k in column) - GAP_Y
        y = MARGIN + HEADING + (tallest - used) / 2
        for key in column:
            state = flow.states[key]
            boxes[key] = Box(
                key=key,
                x=MARGIN + number * (WIDTH + GAP_X),
                y=y,
                height=heights[key],
                label=say(state.label),
                category=state.category,
                lines=lines[key],
                start=key == flow.start,
                end=not categories.is_open(state.category),
            )
            y += heights[key] + GAP_Y
    return Picture(
        title=title,
        boxes=boxes,
        arrows=tuple(arrows),
        headings=_headings(flow, columns, say),
        often=_often(flow, say),
        width=MARGIN * 2 + len(columns) * WIDTH + (len(columns) - 1) * GAP_X + BESIDE,
        height=MARGIN * 2 + HEADING + tallest + LANES + LINE * len(_often(flow, say)),
    )


def targets(flow: FlowDefinition, move: Move) -> list[str]:
    """Where a move leads: "" for back to where the case was."""
    if move.to == "$outcome":
        return sorted({o.to for o in flow.outcomes.values()})
    return [""] if move.to == "$previous" else [move.to]


def _arrows(flow: FlowDefinition, say: Say) -> list[Arrow]:
    """One arrow per pair of states. A move from many is told below the drawing: it would hide the rest."""
    found: dict[tuple[str, str], list[Move]] = defaultdict(list)
    for move in flow.moves.values():
        for source in sorted(_drawn_sources(flow, move)):
            for target in targets(flow, move):
                if target != source:
                    found[source, target].append(move)
    return [
        Arrow(
            source=source,
            target=target,
            moves=tuple(say(m.label) for m in moves),
            automatic=all(m.by == {"system"} for m in moves),
        )
        for (source, target), moves in found.items()
    ]


def _drawn_sources(flow: FlowDefinition, move: Move) -> frozenset[str]:
    """The states from which a move gets an arrow. Of one from many, only the way that work usually goes."""
    if len(move.sources) < MANY or move.purpose == "start":
        return move.sources
    if move.purpose == "close":
        return frozenset(s for s in move.sources if flow.states[s].category == "working")
    return frozenset()


def _often(flow: FlowDefinition, say: Say) -> tuple[str, ...]:
    """Each move from many states, in words."""
    found: list[str] = []
    for move in flow.moves.values():
        if _drawn_sources(flow, move) != move.sources:
            ends = " / ".join(say(flow.states[t].label) if t else "↩" for t in targets(flow, move))
            sources = ", ".join(say(s.label) for s in flow.states.values() if s.key in move.sources)
            found.append(f"{say(move.label)} → {ends}  ({sources})")
    return tuple(found)


def _columns(flow: FlowDefinition, arrows: Sequence[Arrow]) -> list[list[str]]:
    """A column per stage, in order; a stage whose states follow one another gets several."""
    place = {stage.key: n for n, stage in enumerate(flow.stages)}
    depth = _depths(flow, arrows)
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    for state in flow.states.values():
        stage = place.get(state.stage, len(place))
        ended = not categories.is_open(state.category)
        found[stage, 1_000 if ended else depth[state.key]].append(state.key)
    merged: list[list[str]] = []
    last = None
    for (stage, level), keys in sorted(found.items()):
        # States a case reaches at most one step later stand together, unless one leads to the other.
        linked = merged and any(
            a.source in merged[-1] and a.target in keys for a in arrows if a.target
        )
        if last is not None and last[0] == stage and level != 1_000 and not linked:
            merged[-1] += keys
        else:
            merged.append(list(keys))
        last = (stage, level)
    return merged


def _depths(flow: FlowDefinition, arrows: Sequence[Arrow]) -> dict[str, int]:
    """How many moves a state is away from the start, at least."""
    depth = {flow.start: 0}
    todo = [flow.start]
    while todo:
        here = todo.pop(0)
        for arrow in arrows:
            if arrow.source == here and arrow.target and arrow.target not in depth:
                depth[arrow.target] = depth[here] + 1
                todo.append(arrow.target)
    return {key: depth.get(key, len(flow.states)) for key in flow.states}


def _untangle(columns: list[list[str]], arrows: Sequence[Arrow]) -> None:
    """Sort each column by the middle of its neighbors, back and forth, a few times."""
    near: dict[str, list[str]] = defaultdict(list)
    for arrow in arrows:
        if arrow.target:
            near[arrow.source].append(arrow.target)
            near[arrow.target].append(arrow.source)
    for sweep in range(SWEEPS):
        order = columns if sweep % 2 == 0 else columns[::-1]
        for column in order:
            rank = {k: n / len(c) for c in columns if c is not column for n, k in enumerate(c)}
            before = {k: n for n, k in enumerate(column)}

            def middle(
                key: str, rank: dict[str, float] = rank, before: dict[str, int] = before
            ) -> tuple[float, int]:
                others = [rank[k] for k in near[key] if k in rank]
                mean = sum(others) / len(others) if others else before[key] / len(before)
                return mean, before[key]

            column.sort(key=middle)


def _headings(
    flow: FlowDefinition, columns: Sequence[Sequence[str]], say: Say
) -> tuple[tuple[float, str], ...]:
    """The name of each stage above its first column."""
    names = {stage.key: say(stage.label) for stage in flow.stages}
    found: list[tuple[float, str]] = []
    seen: set[str] = set()
    for number, column in enumerate(columns):
        stage = flow.states[column[0]].stage
        if stage in names and stage not in seen:
            seen.add(stage)
            found.append((MARGIN + number * (WIDTH + GAP_X), names[stage]))
    return tuple(found)


def _lines(state: State, say: Say) -> tuple[str, ...]:
    """What is written in a box below its name: its tasks and how they join."""
    found = [f"▸ {_short(say(task.label), 26)}" for task in state.tasks]
    if state.requires:
        found.append(f"☑ {len(state.requires)}")
    if state.timers:
        found.append(f"◷ {len(state.timers)}")
    return tuple(found)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
