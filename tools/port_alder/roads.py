"""The streets: grids clipped to their quarter, roads along the water, hill roads, lanes and paths."""

import math
from dataclasses import dataclass

from shapely.geometry import LineString, MultiLineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge, substring, unary_union

from tools.port_alder import grid as g
from tools.port_alder.plane import Point2, curve, pieces

# Half the width from the middle of the road to the edge of a block, in metres.
HALF_WIDTH = {"main": 11.0, "street": 8.5, "lane": 5.0, "path": 2.5}


@dataclass(frozen=True)
class Street:
    """A named street; its lines run from low to high house numbers."""

    name: str
    kind: str
    lines: tuple[LineString, ...]
    numbered: bool = True

    @property
    def geometry(self) -> BaseGeometry:
        """One line, or several where the street is interrupted."""
        return self.lines[0] if len(self.lines) == 1 else MultiLineString(list(self.lines))

    @property
    def length(self) -> float:
        """Metres in all."""
        return float(sum(line.length for line in self.lines))


OCEAN_DRIVE = curve(
    [
        (-1260, 40), (-1400, -160), (-1520, -420), (-1540, -700), (-1455, -1050), (-1350, -1450), (-1300, -1900),
        (-1340, -2280),
    ]
)  # fmt: skip
ALDER_AVENUE = curve(
    [
        (1090, 1960), (1110, 1750), (1130, 1300), (1110, 900), (1075, 640), (1058, 480), (1045, 298), (1060, -100),
        (1075, -500), (1085, -1100), (1110, -1700), (1120, -2260),
    ]
)  # fmt: skip
FERRY_ROAD = curve(
    [
        (-345, 137), (-140, -20), (110, -150), (420, -330), (740, -545), (1079, -790), (1400, -1180),
        (1760, -1480), (2150, -1700), (2330, -2000), (2350, -2260),
    ]
)  # fmt: skip
SAWMILL_ROAD = curve([(1697, 520), (1668, 660), (1660, 800), (1640, 1000), (1610, 1240)])
NORTH_BEACH_ROAD = curve(
    [(-1310, 805), (-1400, 940), (-1432, 1120), (-1492, 1360), (-1478, 1650), (-1545, 1940)]
)

# Places that swallow the streets inside them: (name, grid, column from, column to, depth from, depth to).
SITES: dict[str, Polygon] = {
    "cooper-green": g.SOUTH.cell(450, 770, 85, 285),
    "high-school": g.SOUTH.cell(-690, -370, 720, 940),
    "tern-field": g.SOUTH.cell(-60, 280, 1050, 1270),
    "dunes-school": g.SOUTH.cell(-1170, -1010, 830, 1050),
    "college": g.SOUTH.cell(610, 920, 830, 1160),
    "madrone-park": g.NORTH.cell(-720, -380, 215, 445),
    "laurel-school": g.NORTH.cell(310, 480, 105, 330),
    "river-park": g.RIVER.cell(1900, 2240, 100, 315),
    "mill-yard": g.EAST.cell(1830, 2170, 0, 215),
}

# Rows that are themselves the edge of their quarter.
EDGES = {"Southgate Road", "Meadow Road", "Upland Road", "Ridge Road", "17th Avenue"}

HILL = (1790.0, -870.0)


def _hill(radius: float, angle: float) -> Point2:
    r = radius * (1 + 0.13 * math.sin(2 * angle + 0.6) + 0.07 * math.sin(3 * angle + 1.9))
    return HILL[0] + 1.12 * r * math.cos(angle), HILL[1] + 0.88 * r * math.sin(angle)


def _arc(radius: float, start: float, end: float) -> LineString:
    n = max(8, int(abs(end - start) / 4))
    angles = [math.radians(start + (end - start) * i / n) for i in range(n + 1)]
    return LineString([_hill(radius, a) for a in angles])


def _spoke(angle: float, r0: float, r1: float, twist: float = 0.18) -> LineString:
    n = 9
    steps = [r0 + (r1 - r0) * i / n for i in range(n + 1)]
    return LineString([_hill(r, math.radians(angle) + twist * (r - r0) / 300) for r in steps])


def _quarters() -> dict[str, Polygon]:
    """The area each set of streets may fill, bounded by roads."""
    ocean = [p for p in OCEAN_DRIVE.coords if p[1] > -1700]
    alder_south = [p for p in ALDER_AVENUE.coords if -1900 < p[1] <= 299]
    alder_north = [p for p in ALDER_AVENUE.coords if p[1] >= 639]
    bottom = list(g.SOUTH.row(1500, -1400, 1150).coords)
    south = Polygon([*g.QUAY.coords, *alder_south, (1200, -1900), (-1200, -1900), *reversed(ocean)])
    south = south.buffer(0).intersection(
        Polygon([(-2000, 900), *bottom, (1500, bottom[-1][1]), (1500, 900)])
    )
    west = [p for p in NORTH_BEACH_ROAD.coords if p[1] > 806]
    north = Polygon([*NORTH_SHORE_SOUTH, *reversed(alder_north), (-1400, 1960), *reversed(west)])
    north = north.buffer(0)
    top = Polygon([(-2000, 500), (2000, 500), *g.NORTH.row(680, 1300, -1700).coords])
    east = Polygon([*_upto(g.NORTHBANK, 1075, 2260), *g.EAST.row(450, 2280, 900).coords]).buffer(0)
    east = east.difference(Polygon([(500, 0), *reversed(alder_north), (500, 2200)]).buffer(0))
    river = (
        g.RIVER.cell(1000, 2580, 0, 430)
        .buffer(0.5)
        .difference(Polygon([(500, 300), *alder_south, (500, -1900)]).buffer(0))
    )
    meadow = list(g.RIVER.row(430, 1030, 2560).coords)
    ferry = [p for p in FERRY_ROAD.coords if p[0] >= 1079]
    hill = Polygon(
        [*meadow, (2900, -300), (2900, -1300), (2330, -1790), *reversed(ferry), (1072, -400)]
    )
    fork = Polygon(
        [*(p for p in ferry if p[1] > -1990), (1115, -1990), (1100, -1500), (1085, -1100)]
    )
    return {
        "south": south, "north": north.intersection(top), "east": east, "river": river,
        "hill": hill.buffer(0), "fork": fork.buffer(0),
    }  # fmt: skip


def _upto(line: LineString, x0: float, x1: float) -> list[tuple[float, ...]]:
    return [p for p in line.coords if x0 - 1 <= p[0] <= x1 + 1]


NORTH_SHORE_SOUTH = [p for p in g.NORTH_SHORE_DRIVE.coords if p[1] < 806 or p[0] > -1300]


def _drafts() -> list[tuple[str, str, BaseGeometry, str]]:
    """Every street before clipping: name, kind, line, the quarter that it is clipped to ("" for none)."""
    out: list[tuple[str, str, BaseGeometry, str]] = [
        ("Ocean Drive", "main", OCEAN_DRIVE, ""),
        ("Quay Street", "main", substring(g.QUAY, 0, _green_corner()).reverse(), ""),
        ("River Road", "main", _river_road(), ""),
        ("Alder Avenue", "main", ALDER_AVENUE, ""),
        ("Ferry Road", "main", FERRY_ROAD, ""),
        ("North Shore Drive", "main", g.NORTH_SHORE_DRIVE.reverse(), ""),
        ("Northbank Road", "main", LineString([p for p in g.NORTHBANK.coords if p[0] > 1074]), ""),
        ("Sawmill Road", "main", SAWMILL_ROAD, ""),
        ("North Beach Road", "street", NORTH_BEACH_ROAD, ""),
    ]
    out += _south() + _north_and_east() + _hills() + _lanes() + _paths()
    return out


def _river_road() -> LineString:
    first = substring(g.QUAY, _green_corner(), g.QUAY.length)
    return LineString([*first.coords, *(p for p in g.RIVER_ROAD.coords if p[0] > 1050)])


def _green_corner() -> float:
    """Where Quay Street turns into River Road, in metres along the quay."""
    return float(g.QUAY.project(Point(g.SOUTH.at(770, 0))))


def _south() -> list[tuple[str, str, BaseGeometry, str]]:
    out: list[tuple[str, str, BaseGeometry, str]] = []
    for d, name in g.ROWS_SOUTH:
        kind = "main" if name in ("Market Street", "Southgate Road") else "street"
        east = 450.0 if name in ("Mill Lane", "Gull Street") else 1250.0
        out.append((name, kind, g.SOUTH.row(d, east, -1700), "south"))
    out.append(("Cooper Row", "street", g.SOUTH.row(85, 450, 1250), "south"))
    out.append(("Weir Street", "street", g.SOUTH.row(180, 770, 1250), "south"))
    for x, name in g.COLUMNS_SOUTH:
        top, end = (285.0, 1500.0) if name == "6th Avenue" else (-20.0, 1500.0)
        if name == "Seabreeze Street":
            top = 180.0
        out.append((name, "street", g.SOUTH.column(x, top, end), "south"))
    out.append(("Cooper Green", "street", g.SOUTH.column(770, -20, 285), "south"))
    return out


def _north_and_east() -> list[tuple[str, str, BaseGeometry, str]]:
    out: list[tuple[str, str, BaseGeometry, str]] = []
    out += [(n, "street", g.NORTH.row(d, 1300, -1700), "north") for d, n in g.ROWS_NORTH]
    out += [(n, "street", g.NORTH.column(x, -20, 680), "north") for x, n in g.COLUMNS_NORTH]
    out += [(n, "street", g.EAST.row(d, 1000, 2190), "east") for d, n in g.ROWS_EAST]
    out += [(n, "street", g.EAST.column(x, -20, 450), "east") for x, n in g.COLUMNS_EAST]
    out += [(n, "street", g.RIVER.row(d, 1000, 2580), "river") for d, n in g.ROWS_RIVER]
    out += [(n, "street", g.RIVER.column(x, -20, 430), "river") for x, n in g.COLUMNS_RIVER]
    return out


def _hills() -> list[tuple[str, str, BaseGeometry, str]]:
    names = [
        (18, 190, 715, "Apple Street"), (56, 310, 1300, "Pear Street"), (94, 190, 1300, "Plum Street"),
        (124, 310, 1300, "Cherry Street"), (160, 190, 1300, "Quince Street"), (206, 310, 1300, "Medlar Street"),
        (262, 190, 440, "Almond Street"), (290, 310, 1300, "Walnut Street"), (330, 310, 715, "Filbert Street"),
        (72, 440, 1300, "Damson Street"),
    ]  # fmt: skip
    out: list[tuple[str, str, BaseGeometry, str]] = [
        ("Summit Circle", "street", _arc(190, 20, 380), "hill"),
        ("Hillcrest Drive", "street", _arc(310, -62, 225), "hill"),
        ("Orchard Row", "street", _arc(440, 145, 505), "hill"),
        ("Bramble Way", "street", _arc(580, -70, 205), "hill"),
        ("Windfall Way", "street", _arc(715, -70, 168), "hill"),
    ]
    out += [
        (
            name,
            "street",
            _spoke(angle, r0, r1, 0.0 if name == "Walnut Street" else 0.18 if r1 < 1000 else 0.07),
            "hill",
        )
        for angle, r0, r1, name in names
    ]
    out += [
        ("Hospital Road", "street", curve([(1085, -1080), (1200, -1120), (1330, -1100)]), ""),
        ("Larkspur Street", "street", curve([(1095, -1380), (1330, -1350), (1560, -1325)]), "fork"),
        (
            "Yarrow Street",
            "street",
            curve([(1108, -1640), (1400, -1600), (1700, -1545), (1900, -1560)]),
            "fork",
        ),
        (
            "Fairground Road",
            "street",
            curve([(1340, -1110), (1350, -1350), (1380, -1603), (1400, -1800)]),
            "",
        ),
    ]
    return out


def _lanes() -> list[tuple[str, str, BaseGeometry, str]]:
    rows = [
        ("Net Loft Lane", 43, 280, -60), ("Sailmakers Lane", 132, 110, -215), ("Cooperage Lane", 232, 110, -215),
        ("Lantern Lane", 337, 450, 110), ("Bakers Court", 445, -60, -370), ("Tinker Lane", 555, 610, 450),
        ("Starling Lane", 665, -60, -215), ("Button Lane", 885, 280, 110), ("Plover Lane", 1105, -370, -530),
        ("Wren Lane", 1215, 770, 610), ("Sandlark Lane", 1325, -690, -850), ("Curlew Lane", 665, -850, -1010),
    ]  # fmt: skip
    out: list[tuple[str, str, BaseGeometry, str]] = [
        (name, "lane", g.SOUTH.row(d, x0, x1), "south") for name, d, x0, x1 in rows
    ]
    out += [
        ("Pilots Lane", "lane", g.SOUTH.column(-290, 85, 285), "south"),
        ("Anvil Lane", "lane", g.SOUTH.column(30, 285, 500), "south"),
        ("Skiff Lane", "lane", g.NORTH.row(52, 140, -205), "north"),
        ("Caulker Lane", "lane", g.NORTH.row(160, -205, -380), "north"),
        ("Thimble Lane", "lane", g.NORTH.row(500, 310, 140), "north"),
        ("Mallard Lane", "lane", g.RIVER.row(152, 1220, 1560), "river"),
        ("Lighthouse Way", "street", curve(
            [(-1400, -160), (-1620, -60), (-1850, -110), (-2100, -20), (-2300, 0), (-2460, 20)]), ""),
        ("Foghorn Street", "street", curve(
            [(-1260, 40), (-1480, 40), (-1700, 105), (-1900, 140), (-2080, 120), (-2150, -8)]), ""),
        ("Cliff Street", "street", curve(
            [(-1533, -480), (-1690, -330), (-1900, -275), (-2090, -185), (-2190, -14)]), ""),
        ("Keepers Lane", "lane", curve([(-1700, 105), (-1695, 20), (-1720, -82)]), ""),
        ("Beacon Street", "street", curve([(-1900, 140), (-1890, 10), (-1890, -108), (-1905, -273)]), ""),
        ("Spyglass Lane", "lane", curve([(-1560, -85), (-1600, -220), (-1640, -375)]), ""),
    ]  # fmt: skip
    return out


def _paths() -> list[tuple[str, str, BaseGeometry, str]]:
    return [
        ("Fish Pier", "lane", LineString([(331, 140), (331, 152), (319, 452)]), ""),
        ("Long Pier", "path", LineString([(204, 120), (180, 545)]), ""),
        ("Harbor Walk", "path", g.QUAY.offset_curve(21).intersection(box(-1000, -50, 760, 400)), ""),
        ("Pond Walk", "path", curve([(468, 62), (520, 0), (545, -80), (620, -112), (690, -85), (700, 0), (752, 92)]), ""),
        ("Heron Footbridge", "path", curve([(2352, 385), (2370, 480), (2385, 663)]), ""),
        ("Signal Path", "path", curve([(1640, -780), (1720, -840), (1800, -880), (1880, -820), (1950, -930)]), ""),
        ("Dune Trail", "path", curve(
            [(-1432, -1960), (-1400, -1900), (-1440, -1600), (-1440, -1400), (-1530, -1100), (-1610, -760)]), ""),
        ("Mill Yard Walk", "path", curve([(1840, 790), (1900, 900), (2010, 940), (2120, 880)]), ""),
    ]  # fmt: skip


def streets() -> list[Street]:
    """All streets, clipped, joined and sharing a vertex wherever two of them meet; in a fixed order."""
    quarters = _quarters()
    swallowed = unary_union([site.buffer(-1) for site in SITES.values()])
    rough: list[tuple[str, str, list[LineString]]] = []
    for name, kind, line, quarter in _drafts():
        area = quarters[quarter].buffer(1.0) if name in EDGES else quarters.get(quarter)
        shape: BaseGeometry = line.intersection(area) if area is not None else line
        if kind in ("street", "lane"):
            shape = shape.difference(swallowed)
        parts = [p for p in pieces(_merged(shape)) if p.length > 45]
        parts = [_along(part, line) for part in parts]
        parts.sort(key=lambda p: line.project(Point(p.coords[0])))
        if parts:
            rough.append((name, kind, parts))
    return _noded(rough)


def _merged(shape: BaseGeometry) -> BaseGeometry:
    lines = pieces(shape)
    return linemerge(lines) if len(lines) > 1 else shape


def _along(part: LineString, line: BaseGeometry) -> LineString:
    start, end = line.project(Point(part.coords[0])), line.project(Point(part.coords[-1]))
    return part if start <= end else part.reverse()


def _noded(rough: list[tuple[str, str, list[LineString]]]) -> list[Street]:
    flat = [(i, line) for i, (_, _, lines) in enumerate(rough) for line in lines]
    out: list[Street] = []
    for i, (name, kind, lines) in enumerate(rough):
        done = []
        for line in lines:
            meets: list[Point] = []
            for j, other in flat:
                if j == i or line.distance(other) > 1.5:
                    continue
                meets += _points(line.intersection(other))
                meets += [
                    Point(c)
                    for c in (other.coords[0], other.coords[-1])
                    if line.distance(Point(c)) < 1.5
                ]
            done.append(_with_points(line.simplify(0.35), meets))
        out.append(Street(name, kind, tuple(done), numbered=kind != "path"))
    return out


def _points(shape: BaseGeometry) -> list[Point]:
    if isinstance(shape, Point):
        return [shape]
    return [p for part in getattr(shape, "geoms", []) for p in _points(part)]


def _with_points(line: LineString, points: list[Point]) -> LineString:
    """The line with a vertex at each point, neighbours closer than half a metre made one."""
    stops: list[tuple[float, Point2]] = [
        (line.project(Point(c)), (c[0], c[1])) for c in line.coords
    ]
    stops[-1] = (line.length, stops[-1][1])
    for p in points:
        at = line.project(p)
        stops = [s for s in stops if abs(s[0] - at) > 0.5]
        stops.append((at, (p.x, p.y)))
    stops.sort(key=lambda s: s[0])
    return LineString([xy for _, xy in stops])
