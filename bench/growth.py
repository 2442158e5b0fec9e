"""Draws how answers grow with the number of cases, from the lines that other measurements printed.

`python -m bench.growth FILE... --svg docs/growth.svg` reads files of JSON lines as `bench.city`, `bench.http` and
`bench.moves` print them for several numbers of cases, draws each figure as a multiple of that of the smallest number, and prints
the same as a table. It ends as failed where a page that everybody sees takes more than 1.5 times as long.
"""

import argparse
import json
import math
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Final

BOUND: Final = 1.5
"""What a public page may take at any number of cases, as a multiple of the smallest."""
WIDTH: Final = 760
LEFT: Final = 46
RIGHT: Final = 250
HEIGHT: Final = 210
HEAD: Final = 44
TOP: Final = 3.0
"""End of the scale; what is above it lies on it, with its number beside its name."""
GAP: Final = 15
STROKES: Final = ("", "7 4", "2 3", "10 3 2 3", "1 5", "14 4")
SIZE: Final = re.compile(r", (\d+) cases$")


@dataclass(frozen=True)
class Panel:
    """A part of the drawing: which figures belong to it, by the beginning of their name."""

    title: str
    of: str
    bounded: bool = False


PANELS: Final = (
    Panel(
        "What everybody sees: median of an answer that nobody asked for before",
        "city",
        bounded=True,
    ),
    Panel("The desk: median of a page at 8 clients", "desk"),
    Panel("Writing: median of a report and of a move", "write"),
)


@dataclass
class Line:
    """One figure: milliseconds by number of cases."""

    name: str
    panel: str
    at: dict[int, float] = field(default_factory=dict)

    def grown(self) -> dict[int, float]:
        """Each as a multiple of the one at the fewest cases."""
        first = self.at[min(self.at)]
        return {size: took / first for size, took in sorted(self.at.items())}


def read(lines: Iterable[str]) -> list[Line]:
    """The figures of JSON lines that were measured at more than one number of cases; others are passed over."""
    found: dict[tuple[str, str], Line] = {}
    size = 0
    for text in lines:
        if not text.startswith("{"):
            continue
        told = json.loads(text)
        what = str(told.get("what", ""))
        if what == "cases":
            size = _round(int(told["cases"]))
            continue
        named = SIZE.search(what)
        at = int(named[1]) if named else _round(int(told.get("cases", size)))
        name, panel = _place(SIZE.sub("", what))
        if panel and at and told.get("p50_ms"):
            line = found.setdefault((panel, name), Line(name, panel))
            line.at[at] = float(told["p50_ms"])
    return [line for line in found.values() if len(line.at) > 1]


def _round(cases: int) -> int:
    """A number of cases as it was asked for: a history stops some cases later."""
    if cases < 1:
        return 0
    step: int = 10 ** int(math.log10(cases))
    return round(cases / step) * step


def _place(what: str) -> tuple[str, str]:
    """The short name of a figure and its panel, "" for one that is not drawn."""
    if what.endswith(", uncounted"):
        return what.removesuffix(", uncounted"), "city"
    if what.startswith(("inbox", "view: ")):
        return what.removeprefix("view: "), "desk"
    if what == "create a report, worker held":
        return "a report", "write"
    return (what, "write") if what in ("move", "similar cases nearby") else ("", "")


def table(lines: Sequence[Line]) -> Iterator[str]:
    """Rows of a Markdown table: milliseconds at each number of cases, and the growth to the largest."""
    sizes = sorted({size for line in lines for size in line.at})
    yield "| What | " + " | ".join(f"{size:,}" for size in sizes) + " | Growth |"
    yield "|---" * (len(sizes) + 2) + "|"
    for line in lines:
        cells = [f"{line.at[size]:.1f} ms" if size in line.at else "" for size in sizes]
        yield f"| {line.name} | " + " | ".join(cells) + f" | {_last(line):.2f} |"


def _last(line: Line) -> float:
    grown = line.grown()
    return grown[max(grown)]


def svg(lines: Sequence[Line]) -> str:
    """The drawing, light and dark by the reader's own wish."""
    panels = [(p, [x for x in lines if x.panel == p.of]) for p in PANELS]
    panels = [(p, mine) for p, mine in panels if mine]
    parts, y = [], 0.0
    for panel, mine in panels:
        high = max(HEIGHT, GAP * (len(mine) + 1))
        parts.append(_panel(panel, mine, y, high))
        y += HEAD + high + 44
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y:.0f}" role="img" '
        f'aria-label="How answers grow with the number of cases">{STYLE}'
        f'<rect class="paper" width="{WIDTH}" height="{y:.0f}"/>{"".join(parts)}</svg>\n'
    )


STYLE: Final = """<style>
text{font:12px system-ui,sans-serif;fill:#11232a}.t{font-weight:600;font-size:14px}.s{fill:#475b63}
.paper{fill:#fff}.grid{stroke:#d3dddf}.bound{stroke:#a8201f;stroke-dasharray:3 3}.b{fill:#a8201f}
.l{fill:none;stroke-width:2}.c0{stroke:#0b5a70}.c1{stroke:#a8201f}.c2{stroke:#17653a}.c3{stroke:#5a3f9e}.c4{stroke:#7a4a00}.c5{stroke:#8f1f66}
.lead{stroke:#65797f;stroke-width:.5}
@media(prefers-color-scheme:dark){text{fill:#e6eef0}.s{fill:#a9bcc2}.paper{fill:#10191d}.grid{stroke:#2c3a40}.lead{stroke:#7d9097}
.bound{stroke:#ff8f87}.b{fill:#ff8f87}.c0{stroke:#6cc3da}.c1{stroke:#ff8f87}.c2{stroke:#74cf97}.c3{stroke:#b9a5f2}.c4{stroke:#e6b45c}.c5{stroke:#ee93cd}}
</style>"""


def _panel(panel: Panel, lines: Sequence[Line], top: float, high: int) -> str:
    sizes = sorted({size for line in lines for size in line.at})
    across = _across(sizes)
    begin = top + HEAD

    def up(times: float) -> float:
        return begin + high - high * min(max(times, 0.0), TOP) / TOP

    drawn = [f'<text class="t" x="{LEFT}" y="{top + 24:.0f}">{escape(panel.title)}</text>']
    drawn += [
        f'<path class="grid" d="M{LEFT} {up(n):.1f}H{WIDTH - RIGHT}"/>'
        f'<text class="s" x="{LEFT - 8}" y="{up(n) + 4:.1f}" text-anchor="end">{n}×</text>'
        for n in range(int(TOP) + 1)
    ]
    drawn += [
        f'<text class="s" x="{across[size]:.1f}" y="{begin + high + 20:.1f}" text-anchor="middle">{size:,}</text>'
        for size in sizes
    ]
    if panel.bounded:
        drawn.append(f'<path class="bound" d="M{LEFT} {up(BOUND):.1f}H{WIDTH - RIGHT}"/>')
        drawn.append(
            f'<text class="b" x="{LEFT + 6}" y="{up(BOUND) - 5:.1f}">at most {BOUND}×</text>'
        )
    ends = _apart([(up(_last(line)), line) for line in lines], begin, begin + high)
    for number, (place, line) in enumerate(ends):
        drawn.append(
            _drawn(line, number, place, {s: (across[s], up(g)) for s, g in line.grown().items()})
        )
    return "".join(drawn)


def _across(sizes: Sequence[int]) -> dict[int, float]:
    """Where each number of cases stands, by its number of digits."""
    low, high = math.log10(sizes[0]), math.log10(sizes[-1])
    wide = WIDTH - LEFT - RIGHT - 20
    return {s: LEFT + 10 + wide * (math.log10(s) - low) / (high - low) for s in sizes}


def _apart(
    wanted: Sequence[tuple[float, Line]], top: float, bottom: float
) -> list[tuple[float, Line]]:
    """The names at the ends of the lines, moved off each other; from the top down."""
    placed: list[tuple[float, Line]] = []
    least = top
    for y, line in sorted(wanted, key=lambda w: w[0]):
        least = max(y, least)
        placed.append((least, line))
        least += GAP
    over = max(0.0, least - GAP - bottom)
    return [(y - over * (n + 1) / len(placed), line) for n, (y, line) in enumerate(placed)]


def _drawn(line: Line, number: int, place: float, points: dict[int, tuple[float, float]]) -> str:
    color, dash = f"c{number % 6}", STROKES[number // 6 % len(STROKES)]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points.values())
    x, y = points[max(points)]
    dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in points.values())
    stroke = f' stroke-dasharray="{dash}"' if dash else ""
    edge = WIDTH - RIGHT + 6
    return (
        f'<path class="l {color}" d="{path}"{stroke}/>'
        f'<path class="l {color}" d="{dots}" stroke-width="7" stroke-linecap="round" style="stroke-width:7"/>'
        f'<path class="lead" d="M{x + 4:.1f} {y:.1f}L{edge - 2} {place:.1f}"/>'
        f'<text x="{edge}" y="{place + 4:.1f}">{escape(line.name)} <tspan class="s">{_last(line):.2f}×</tspan></text>'
    )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--svg", type=Path)
    asked = parser.parse_args()
    lines = read(text for file in asked.files for text in file.read_text("utf-8").splitlines())
    if not lines:
        sys.exit("No figure was measured at more than one number of cases.")
    if asked.svg:
        asked.svg.write_text(svg(lines), "utf-8")
    print("\n".join(table(lines)))
    over = [f"{x.name} {_last(x):.2f}" for x in lines if x.panel == "city" and _last(x) > BOUND]
    if over:
        sys.exit(f"More than {BOUND} times as long: {', '.join(over)}.")


if __name__ == "__main__":
    main()
