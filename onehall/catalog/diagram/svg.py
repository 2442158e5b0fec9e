"""Writes a laid-out flow as one SVG that stands alone: no script, no font of its own, light and dark."""

from collections import Counter
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from onehall.catalog.diagram.layout import (
    LINE,
    MARGIN,
    PADDING,
    WIDTH,
    Arrow,
    Box,
    Picture,
    Say,
    lay_out,
    targets,
)
from onehall.catalog.flows import FlowDefinition

STYLE: Final = """
svg{color-scheme:light dark;font:13px system-ui,sans-serif}
.bg{fill:light-dark(#fff,#15191d)}
.box{fill:light-dark(#f3f6f8,#20272d);stroke:light-dark(#5c6b78,#93a3b1);stroke-width:1.3}
.start{stroke-width:2.8}
.end{fill:light-dark(#e7ecef,#2a323a);stroke-dasharray:5 3}
.name{font-weight:600;fill:light-dark(#12181d,#f0f4f7)}
.small{font-size:11.5px;fill:light-dark(#4a5763,#b4c0ca)}
.stage{font-size:12px;font-weight:600;letter-spacing:.04em;fill:light-dark(#4a5763,#b4c0ca)}
.arrow{fill:none;stroke:light-dark(#5c6b78,#93a3b1);stroke-width:1.3}
.auto{stroke-dasharray:2 3}
.tip{fill:light-dark(#5c6b78,#93a3b1)}
.said{font-size:11px;fill:light-dark(#33404a,#c9d3db);paint-order:stroke;stroke:light-dark(#fff,#15191d);stroke-width:4px}
"""


def draw(flow: FlowDefinition, title: str, say: Say) -> str:
    """The flow as SVG, with a title and a description for those who cannot see it."""
    picture = lay_out(flow, title, say)
    width, height = picture.width, picture.height
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img" aria-labelledby="flow-title flow-desc">'
        ),
        f'<title id="flow-title">{escape(title)}</title>',
        f'<desc id="flow-desc">{escape(described(picture))}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="bg" width="{width:g}" height="{height:g}"/>',
        (
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            'orient="auto-start-reverse"><path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>'
        ),
    ]
    parts += [
        f'<text class="stage" x="{x:g}" y="{MARGIN + 4}">{escape(name.upper())}</text>'
        for x, name in picture.headings
    ]
    parts += _arrows(picture)
    parts += [_box(box) for box in picture.boxes.values()]
    first = height - MARGIN - LINE * (len(picture.often) - 1)
    parts += [
        f'<text class="small" x="{MARGIN}" y="{first + LINE * n:g}">{escape(_cut(words, 190))}</text>'
        for n, words in enumerate(picture.often)
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def described(picture: Picture) -> str:
    """The drawing in sentences."""
    found: list[str] = []
    for box in picture.boxes.values():
        ways = [
            f"{', '.join(a.moves)} → {picture.boxes[a.target].label if a.target else '↩'}"
            for a in picture.arrows
            if a.source == box.key
        ]
        tasks = "; ".join(box.lines)
        found.append(
            f"{box.label}{f' ({tasks})' if tasks else ''}{': ' + '; '.join(ways) if ways else ''}."
        )
    return " ".join(found)


def table(flow: FlowDefinition, say: Say) -> list[tuple[str, str, str, str]]:
    """The same as rows: from, the move, who may make it, to. Moves that the drawing leaves out are here."""
    found: list[tuple[str, str, str, str]] = []
    for move in flow.moves.values():
        ends = ", ".join(
            say(flow.states[t].label) if t else "↩ $previous" for t in targets(flow, move)
        )
        sources = ", ".join(say(s.label) for s in flow.states.values() if s.key in move.sources)
        found.append((sources, say(move.label), ", ".join(sorted(move.by)), ends))
    return found


def _box(box: Box) -> str:
    kind = " start" if box.start else " end" if box.end else ""
    x, y = box.x + PADDING, box.y + PADDING
    lines = [
        (
            f'<rect class="box{kind}" x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" '
            f'height="{box.height:g}" rx="{4 if box.end else 9}"/>'
        ),
        f'<text class="name" x="{x:g}" y="{y + 11:g}">{escape(_cut(box.label, 20))}</text>',
        f'<text class="small" x="{x:g}" y="{y + 11 + LINE:g}">{escape(box.category)}</text>',
    ]
    lines += [
        f'<text class="small" x="{x:g}" y="{y + 11 + LINE * (n + 2):g}">{escape(line)}</text>'
        for n, line in enumerate(box.lines)
    ]
    return f"<g data-state={quoteattr(box.key)}>{''.join(lines)}</g>"


def _arrows(picture: Picture) -> list[str]:
    """Arrows leave and reach a side of a box at points of their own, so that they do not lie on each other."""
    drawn = [a for a in picture.arrows if a.target]
    backs = [a for a in picture.arrows if not a.target]
    leaving = Counter(a.source for a in drawn)
    coming = Counter(a.target for a in drawn)
    left: Counter[str] = Counter()
    come: Counter[str] = Counter()
    found: list[str] = []
    lanes: Counter[float] = Counter()
    for arrow in sorted(drawn, key=lambda a: (picture.boxes[a.target].y, a.source)):
        left[arrow.source] += 1
        come[arrow.target] += 1
        start = _at(picture.boxes[arrow.source], left[arrow.source], leaving[arrow.source])
        end = _at(picture.boxes[arrow.target], come[arrow.target], coming[arrow.target])
        found.append(_arrow(picture, arrow, start, end, lanes))
    found += [_back(picture.boxes[a.source], a) for a in backs]
    return found


def _at(box: Box, number: int, count: int) -> float:
    return box.y + box.height * number / (count + 1)


def _arrow(picture: Picture, arrow: Arrow, y1: float, y2: float, lanes: Counter[float]) -> str:
    a, b = picture.boxes[arrow.source], picture.boxes[arrow.target]
    if b.x > a.x:
        x1, x2, out = a.x + WIDTH, b.x, 1
    elif b.x < a.x:
        x1, x2, out = a.x, b.x + WIDTH, -1
    else:
        x1 = x2 = a.x + WIDTH
        out = 0
    if (lane := _lane(picture, arrow, x1, y1, x2, y2)) is not None:
        # Arrows in one lane run beside each other, not on each other.
        lanes[lane] += 1
        aside = 13 * (lanes[lane] - 1)
        return _around(arrow, x1, y1, x2, y2, lane - aside if lane < min(y1, y2) else lane + aside)
    bend = max(44.0, abs(x2 - x1) * 0.42)
    c1, c2 = (x1 + bend, x2 + bend) if out == 0 else (x1 + out * bend, x2 - out * bend)
    path = f"M{x1:g} {y1:g}C{c1:g} {y1:g} {c2:g} {y2:g} {x2:g} {y2:g}"
    middle_x = (x1 + 3 * c1 + 3 * c2 + x2) / 8
    middle_y = (y1 + y2) / 2
    return _line(path, arrow) + _said(arrow.moves, middle_x, middle_y, "middle")


def _lane(
    picture: Picture, arrow: Arrow, x1: float, y1: float, x2: float, y2: float
) -> float | None:
    """Where an arrow goes around the boxes in its way: above or below all of them; None with a free way."""
    low, high = min(x1, x2), max(x1, x2)
    between = [
        b
        for b in picture.boxes.values()
        if b.x >= low and b.x + WIDTH <= high and b.key not in (arrow.source, arrow.target)
    ]
    hit = [
        b
        for b in between
        if b.y - 10 < y1 + (y2 - y1) * (b.x + WIDTH / 2 - x1) / (x2 - x1) < b.y + b.height + 10
    ]
    if not hit:
        return None
    below = max(b.y + b.height for b in between) + 22
    above = min(b.y for b in between) - 18
    room = above > MARGIN + LINE
    return (
        above
        if room and abs(y1 - above) + abs(y2 - above) < abs(y1 - below) + abs(y2 - below)
        else below
    )


def _around(arrow: Arrow, x1: float, y1: float, x2: float, y2: float, lane: float) -> str:
    out = 60.0 if x2 > x1 else -60.0
    path = (
        f"M{x1:g} {y1:g}C{x1 + out * 0.7:g} {y1:g} {x1 + out * 0.3:g} {lane:g} {x1 + out:g} {lane:g}"
        f"L{x2 - out:g} {lane:g}C{x2 - out * 0.3:g} {lane:g} {x2 - out * 0.7:g} {y2:g} {x2:g} {y2:g}"
    )
    return _line(path, arrow) + _said(arrow.moves, (x1 + x2) / 2, lane, "middle")


def _back(box: Box, arrow: Arrow) -> str:
    """A short loop below the box for a move that leads back to where the case was."""
    x, y = box.x + WIDTH * 0.25, box.y + box.height
    path = f"M{x + 44:g} {y:g}c0 22 -44 22 -44 0"
    return _line(path, arrow) + _said(arrow.moves, x + 50, y + 13, "start")


def _line(path: str, arrow: Arrow) -> str:
    auto = " auto" if arrow.automatic else ""
    return f'<path class="arrow{auto}" d="{path}" marker-end="url(#tip)"/>'


def _said(moves: Sequence[str], x: float, y: float, anchor: str) -> str:
    first = _cut(moves[0], 22) + (f" +{len(moves) - 1}" if len(moves) > 1 else "")
    return (
        f'<text class="said" x="{x:g}" y="{y + 3:g}" text-anchor="{anchor}">{escape(first)}</text>'
    )


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
