"""Things that stand in the street and carry a painted number: lights, bins, trees, signs, benches, drains."""

from collections.abc import Callable
from dataclasses import dataclass, field

from shapely import prepare
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tools.port_alder import grid as g
from tools.port_alder.addresses import beside
from tools.port_alder.coast import Shore
from tools.port_alder.ground import Plot
from tools.port_alder.plane import Dice, areas
from tools.port_alder.roads import HALF_WIDTH, Street

SPECIES = [
    "red alder",
    "bigleaf maple",
    "shore pine",
    "vine maple",
    "Oregon ash",
    "crab apple",
    "hornbeam",
    "ginkgo",
]
SIGNS = [
    "stop",
    "speed limit",
    "street name",
    "no parking",
    "school crossing",
    "yield",
    "one way",
    "tsunami route",
]


@dataclass
class Asset:
    """One thing, `x` and `y` in metres; `facts` are further columns of the register."""

    code: str
    name: str
    x: float
    y: float
    facts: dict[str, str] = field(default_factory=dict)


def assets(
    shore: Shore, streets: list[Street], ground: list[Plot], letters: Callable[[float, float], str]
) -> dict[str, list[Asset]]:
    """Asset kind to its assets, numbered along the streets; `letters` gives the district letters of a point."""
    number: dict[str, int] = {}

    def code(x: float, y: float, start: int) -> str:
        prefix = letters(x, y)
        key = f"{prefix}{start}"
        number[key] = number.get(key, start) + 1
        return f"{prefix}-{number[key]}"

    town = g.SOUTH.cell(-1010, 1050, -20, 610)
    prepare(town)
    wet = unary_union([shore.water, shore.pond])
    return {
        "street-light": _lights(streets, town, code),
        "bin": _bins(streets, ground, town, wet, code),
        "tree": _trees(streets, wet, code),
        "sign": _signs(streets, code),
        "bench": _in_parks(ground, wet, code),
        "drain": _drains(streets, wet, code),
        "parking-meter": _meters(streets, code),
        "traffic-signal": _signals(streets, code),
    }


Code = Callable[[float, float, int], str]


def _along(
    line: LineString,
    first: float,
    gap: float,
    *,
    town: BaseGeometry | None = None,
    in_town: float = 0.0,
    dice: Dice | None = None,
) -> list[float]:
    """Metres along a line: every `gap`, every `in_town` inside the town, shaken by the dice."""
    out, at = [], first
    while at < line.length - 4:
        out.append(at)
        step = in_town if town is not None and town.contains(line.interpolate(at)) else gap
        at += step * dice.between(0.8, 1.5) if dice else step
    return out


def _lights(streets: list[Street], town: BaseGeometry, code: Code) -> list[Asset]:
    out: list[Asset] = []
    for street in streets:
        if street.kind == "path" and street.name not in ("Harbor Walk", "Long Pier"):
            continue
        for line in street.lines:
            far = 84.0 if street.kind == "main" else 124.0
            side = 1
            for at in _along(line, 14, far, town=town, in_town=64.0):
                p = beside(line, at, side, HALF_WIDTH[street.kind] - 1.5)
                lamp = "LED" if (len(out) * 7) % 10 < 7 else "sodium"
                # The old lamps hang on the poles of the power company.
                facts = {"lamp": lamp, "owner": "city" if lamp == "LED" else "tidewater-power"}
                out.append(Asset(code(p.x, p.y, 1000), street.name, p.x, p.y, facts))
                side = -side
    return out


def _bins(
    streets: list[Street], ground: list[Plot], town: BaseGeometry, wet: BaseGeometry, code: Code
) -> list[Asset]:
    out: list[Asset] = []
    for street in streets:
        busy = street.kind == "main" or street.name in (
            "Harbor Walk",
            "Long Pier",
            "Mill Lane",
            "Gull Street",
        )
        for line in street.lines:
            near, far = (130.0, 130.0) if busy else (330.0, 470.0)
            for at in _along(line, 40, far, town=town, in_town=near):
                p = beside(line, at, -1, HALF_WIDTH[street.kind] - 1)
                if not wet.contains(p) or street.kind == "path":
                    out.append(Asset(code(p.x, p.y, 5000), street.name, p.x, p.y))
    for plot in ground:
        if plot.key and plot.kind in ("park", "beach"):
            for x, y in _scattered(plot, wet, 9_000.0, 6, Dice(len(plot.key) + 31)):
                out.append(Asset(code(x, y, 5000), plot.en, x, y))
    return out


def _trees(streets: list[Street], wet: BaseGeometry, code: Code) -> list[Asset]:
    dice = Dice(41)
    out: list[Asset] = []
    leafy = (
        "Orchard Row",
        "Mill Lane",
        "Market Street",
        "Cooper Row",
        "Cooper Green",
        "Hillcrest Drive",
    )
    for street in streets:
        if street.kind in ("lane", "path"):
            continue
        gap = 36.0 if street.name in leafy or "Avenue" in street.name else 165.0
        kind = dice.pick(SPECIES)
        for line in street.lines:
            for at in _along(line, 24, gap, dice=dice):
                p = beside(line, at, 1 if dice.roll() < 0.5 else -1, HALF_WIDTH[street.kind] - 0.5)
                if not wet.contains(p) and (gap > 100 or dice.roll() < 0.55):
                    facts = {"species": kind if dice.roll() < 0.7 else dice.pick(SPECIES)}
                    out.append(Asset(code(p.x, p.y, 7000), street.name, p.x, p.y, facts))
    return out


def _signs(streets: list[Street], code: Code) -> list[Asset]:
    dice = Dice(47)
    out: list[Asset] = []
    for street in streets:
        if street.kind == "path":
            continue
        for line in street.lines:
            for at in _along(line, 18, 330.0):
                p = beside(line, at, 1, HALF_WIDTH[street.kind] - 1)
                sign = (
                    "speed limit"
                    if street.kind == "main" and dice.roll() < 0.4
                    else dice.pick(SIGNS)
                )
                out.append(Asset(code(p.x, p.y, 3000), street.name, p.x, p.y, {"sign": sign}))
    return out


def _in_parks(ground: list[Plot], wet: BaseGeometry, code: Code) -> list[Asset]:
    out: list[Asset] = []
    for plot in ground:
        if plot.key and plot.kind == "park":
            for x, y in _scattered(plot, wet, 3_200.0, 9, Dice(len(plot.key) + 59)):
                out.append(Asset(code(x, y, 8000), plot.en, x, y))
    return out


def _scattered(
    plot: Plot, wet: BaseGeometry, each: float, most: int, dice: Dice
) -> list[tuple[float, float]]:
    """Up to `most` spots a little inside a plot, one for every `each` square metres."""
    out: list[tuple[float, float]] = []
    for area in areas(plot.shape):
        inner = area.buffer(-6)
        if inner.is_empty:
            continue
        x0, y0, x1, y1 = inner.bounds
        want = min(most, 1 + int(area.area / each))
        for _ in range(400):
            if want <= 0:
                break
            p = Point(dice.between(x0, x1), dice.between(y0, y1))
            if inner.contains(p) and not wet.contains(p):
                out.append((p.x, p.y))
                want -= 1
    return out


def _drains(streets: list[Street], wet: BaseGeometry, code: Code) -> list[Asset]:
    out: list[Asset] = []
    for street in streets:
        if street.kind not in ("main", "street"):
            continue
        for line in street.lines:
            side = 1
            for at in _along(line, 30, 250.0):
                p = beside(line, at, side, HALF_WIDTH[street.kind] - 2.5)
                side = -side
                if not wet.contains(p):
                    out.append(Asset(code(p.x, p.y, 4000), street.name, p.x, p.y))
    return out


def _meters(streets: list[Street], code: Code) -> list[Asset]:
    out: list[Asset] = []
    for street in streets:
        if street.name in ("Quay Street", "Mill Lane", "Market Street"):
            for line in street.lines:
                for at in _along(line, 22, 34.0):
                    p = beside(line, at, 1, HALF_WIDTH[street.kind] - 0.8)
                    if -420 < p.x < 480:
                        out.append(Asset(code(p.x, p.y, 2000), street.name, p.x, p.y))
    return out


def _signals(streets: list[Street], code: Code) -> list[Asset]:
    mains = [s for s in streets if s.kind == "main"]
    out: list[Asset] = []
    seen: list[Point] = []
    for i, a in enumerate(mains):
        for b in mains[i + 1 :]:
            hit = a.geometry.intersection(b.geometry)
            for p in (
                [hit]
                if isinstance(hit, Point)
                else [h for h in getattr(hit, "geoms", []) if isinstance(h, Point)]
            ):
                if all(p.distance(q) > 40 for q in seen):
                    seen.append(p)
                    out.append(Asset(code(p.x, p.y, 9000), f"{a.name} / {b.name}", p.x, p.y))
    return out
