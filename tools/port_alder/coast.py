"""Land and water: the ocean coast, the harbor with its piers, the river, the pond."""

from dataclasses import dataclass

from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from tools.port_alder.plane import Point2, curve

FRAME = box(-5200, -4200, 5200, 4200)

SOUTH_SHORE: list[Point2] = [
    (-1400, -4200), (-1340, -3300), (-1440, -2700), (-1470, -2300), (-1430, -1900), (-1480, -1450),
    (-1600, -1050), (-1720, -700), (-1830, -480), (-2080, -400), (-2290, -230), (-2500, -110), (-2560, 40),
    (-2470, 170), (-2280, 190), (-2080, 260), (-1850, 250), (-1620, 160), (-1400, 205), (-1180, 170),
    (-1020, 85), (-860, 60), (-700, 95), (-560, 170), (-380, 185), (-200, 160), (0, 150), (220, 168),
    (430, 205), (640, 235), (840, 300), (1040, 345), (1240, 395), (1480, 500), (1700, 585), (1960, 590),
    (2200, 500), (2460, 400), (2760, 360), (3100, 400), (3500, 520), (4000, 560), (4500, 480), (5200, 500),
]  # fmt: skip
NORTH_SHORE: list[Point2] = [
    (5200, 590), (4500, 570), (4000, 660), (3500, 630), (3080, 520), (2760, 490), (2500, 530), (2250, 640),
    (1990, 740), (1680, 730), (1440, 640), (1240, 560), (1060, 560), (900, 640), (720, 790), (520, 900),
    (280, 960), (20, 985), (-240, 1000), (-480, 960), (-700, 870), (-880, 790), (-1040, 730), (-1180, 660),
    (-1330, 690), (-1440, 850), (-1500, 1080), (-1580, 1350), (-1560, 1650), (-1640, 1980), (-1760, 2300),
    (-1720, 2800), (-1850, 3400), (-1800, 4200),
]  # fmt: skip

# A line out into the water and its half width, in metres: piers, the breakwaters, the marina floats, the ferry slip.
PIERS: list[tuple[str, list[Point2], float]] = [
    ("fish-pier", [(330, 150), (318, 470)], 15),
    ("long-pier", [(205, 120), (178, 560)], 8),
    ("ferry-slip", [(-330, 130), (-345, 300)], 13),
    ("cannery-quay", [(-20, 110), (-28, 260)], 22),
    ("north-landing", [(-200, 1040), (-185, 860)], 10),
    ("south-breakwater", [(-1640, 130), (-1560, 330), (-1330, 425)], 8),
    ("north-breakwater", [(-1190, 700), (-1330, 560), (-1420, 520)], 8),
    ("marina-float-a", [(-1090, 100), (-1075, 300)], 3.5),
    ("marina-float-b", [(-1010, 60), (-995, 280)], 3.5),
    ("marina-float-c", [(-930, 45), (-915, 265)], 3.5),
    ("marina-float-d", [(-850, 45), (-835, 265)], 3.5),
    ("marina-float-e", [(-770, 60), (-755, 285)], 3.5),
]
ROCKS: list[tuple[float, float, float]] = [
    (-2690, 60, 26), (-2740, -20, 15), (-2655, -190, 18), (-1900, -640, 14), (-1760, 1560, 22), (-1840, 1700, 30),
    (-1770, 2060, 16),
]  # fmt: skip


@dataclass(frozen=True)
class Shore:
    """Where it is wet and where it is dry, in metres."""

    land: BaseGeometry
    water: BaseGeometry
    piers: dict[str, BaseGeometry]
    beaches: dict[str, BaseGeometry]
    pond: BaseGeometry
    south: LineString
    north: LineString


def shore() -> Shore:
    """Builds the coast once; the river is what lies between the two shores."""
    south, north = curve(SOUTH_SHORE, 30), curve(NORTH_SHORE, 30)
    south_land = Polygon([*south.coords, (5200, -4200)])
    north_land = Polygon([*north.coords, (5200, 4200)])
    piers = {name: LineString(line).buffer(w, cap_style="flat") for name, line, w in PIERS}
    rocks = [Point(x, y).buffer(r, quad_segs=3) for x, y, r in ROCKS]
    ground = unary_union([south_land, north_land])
    pond = curve(
        [(560, -40), (610, -12), (665, -30), (672, -68), (620, -92), (568, -78), (560, -40)], 12
    )
    pond_area = Polygon(pond.coords)
    land = unary_union([ground, *piers.values(), *rocks]).difference(pond_area)
    water = FRAME.difference(unary_union([ground, *piers.values(), *rocks])).simplify(0.4)
    return Shore(land, water, piers, _beaches(ground), pond_area, south, north)


def _beaches(ground: BaseGeometry) -> dict[str, BaseGeometry]:
    sea = FRAME.difference(ground)
    strips = {
        "south-beach": (box(-1950, -2600, -1150, -760), 62.0),
        "lighthouse-cove": (box(-2240, -620, -1790, -330), 40.0),
        "harbor-sands": (box(-1830, 60, -1460, 300), 30.0),
        "north-beach": (box(-1900, 780, -1250, 1760), 55.0),
        "ferry-strand": (box(380, 760, 760, 1050), 24.0),
    }
    out: dict[str, BaseGeometry] = {}
    for name, (window, width) in strips.items():
        strip = sea.buffer(width).intersection(ground).intersection(window)
        out[name] = strip.buffer(-4).buffer(4).simplify(0.8)
    return out
