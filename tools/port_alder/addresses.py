"""House numbers: odd on the left, even on the right, counted from the low end of each street."""

from dataclasses import dataclass

from shapely import prepare
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tools.port_alder import grid as g
from tools.port_alder.coast import Shore
from tools.port_alder.ground import Plot, road_space
from tools.port_alder.plane import Dice
from tools.port_alder.roads import HALF_WIDTH, Street

# Metres of street for one step of two in the numbers.
STEP = 12.0
# Front doors that guides, tests and the demo history name, so they always exist.
KEPT = {
    "Mill Lane": (14, 40, 44), "Quay Street": (2, 18, 60), "Gull Street": (5, 31), "Ferry Road": (2,),
    "Orchard Row": (12,), "Cooper Green": (3,), "Lighthouse Way": (8,),
}  # fmt: skip


@dataclass(frozen=True)
class Address:
    """One front door, `x` and `y` in metres."""

    number: int
    street: str
    unit: str
    x: float
    y: float


def addresses(shore: Shore, streets: list[Street], ground: list[Plot]) -> list[Address]:
    """All addresses, street by street, in number order."""
    shut = [shore.water, road_space([s for s in streets if s.kind != "path"]).buffer(2)]
    shut += [p.shape for p in ground if p.key and p.kind in ("park", "block", "beach")]
    closed = unary_union(shut)
    prepare(closed)
    core = g.SOUTH.cell(-1010, 930, -20, 610)
    prepare(core)
    dice = Dice(23)
    taken: set[tuple[int, int]] = set()
    out: list[Address] = []
    for street in streets:
        if street.numbered:
            out += _on(street, closed, core, dice, taken)
    return out


def _on(
    street: Street,
    closed: BaseGeometry,
    core: BaseGeometry,
    dice: Dice,
    taken: set[tuple[int, int]],
) -> list[Address]:
    out: list[Address] = []
    done = 0.0
    for line in street.lines:
        for side in (-1, 1):
            at = 9.0
            while at < line.length - 6:
                middle = line.interpolate(at)
                dense = core.contains(middle)
                spot = beside(line, at, side, HALF_WIDTH[street.kind] + 7)
                number = 2 * int((done + at) / STEP) + (2 if side > 0 else 1)
                if not closed.contains(spot) and _is_free(spot, taken):
                    out += _doors(number, street.name, spot, dice, dense=dense)
                at += STEP * (1 if dense and dice.roll() < 0.8 else 2 if dice.roll() < 0.12 else 3)
        done += line.length
    have = {a.number for a in out}
    for number in KEPT.get(street.name, ()):
        if number not in have:
            along = (number - 1) // 2 * STEP + STEP / 2
            spot = beside(
                street.lines[0], along, 1 if number % 2 == 0 else -1, HALF_WIDTH[street.kind] + 7
            )
            out.append(Address(number, street.name, "", spot.x, spot.y))
    out.sort(key=lambda a: (a.number, a.unit))
    return out


def _is_free(spot: Point, taken: set[tuple[int, int]]) -> bool:
    """Keeps corner houses apart: one front door in any square of 9 metres."""
    cell = (int(spot.x // 9), int(spot.y // 9))
    if cell in taken:
        return False
    taken.add(cell)
    return True


def _doors(number: int, street: str, spot: Point, dice: Dice, *, dense: bool) -> list[Address]:
    flats = dense and dice.roll() < 0.03
    units = ["A", "B", "C"] if flats else [""]
    return [Address(number, street, unit, spot.x, spot.y) for unit in units]


def beside(line: LineString, at: float, side: int, offset: float) -> Point:
    """A point `offset` metres to the left (-1) or right (1) of a line, `at` metres along it."""
    a, b = line.interpolate(max(0.0, at - 1)), line.interpolate(min(line.length, at + 1))
    dx, dy = b.x - a.x, b.y - a.y
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    middle = line.interpolate(at)
    return Point(middle.x + side * offset * dy / length, middle.y - side * offset * dx / length)


def ranges(street: Street, found: list[Address]) -> dict[str, int]:
    """The lowest and highest number on each side of a street, for those sides that have houses."""
    out: dict[str, int] = {}
    for side, odd in (("left", 1), ("right", 0)):
        numbers = [a.number for a in found if a.street == street.name and a.number % 2 == odd]
        if numbers:
            out[f"{side}_from"], out[f"{side}_to"] = min(numbers), max(numbers)
    return out
