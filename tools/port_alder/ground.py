"""What lies between the streets: blocks, parks, schools, woods and the larger buildings."""

from dataclasses import dataclass

from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize, unary_union

from tools.port_alder import grid as g
from tools.port_alder.coast import FRAME, Shore
from tools.port_alder.plane import Dice, Point2, areas, curve
from tools.port_alder.roads import HALF_WIDTH, HILL, Street


@dataclass(frozen=True)
class Plot:
    """A drawn area. `kind` is water, park, building, block or beach; `key` and the names may be empty."""

    kind: str
    shape: BaseGeometry
    key: str = ""
    en: str = ""
    es: str = ""


# Named areas that fill one cell of a grid: key, kind, English, Spanish, grid, columns, depths.
CELLS: list[tuple[str, str, str, str, g.Grid, float, float, float, float]] = [
    ("cooper-green", "park", "Cooper Green", "Parque Cooper Green", g.SOUTH, 450, 770, 85, 285),
    ("city-hall-square", "park", "City Hall Square", "Plaza del Ayuntamiento", g.SOUTH, 280, 450, 180, 285),
    ("tern-field", "park", "Tern Field", "Campo Tern", g.SOUTH, -60, 280, 1050, 1270),
    ("anchor-park", "park", "Anchor Park", "Parque del Ancla", g.SOUTH, -850, -690, 285, 390),
    ("pearl-playground", "park", "Pearl Street Playground", "Parque infantil Pearl", g.SOUTH, -530, -370, 500, 610),
    ("juniper-commons", "park", "Juniper Commons", "Prado Juniper", g.SOUTH, -530, -370, 1160, 1270),
    ("spindrift-park", "park", "Spindrift Park", "Parque Spindrift", g.SOUTH, -1010, -850, 500, 610),
    ("chandler-garden", "park", "Chandler Community Garden", "Huerto comunitario Chandler",
     g.SOUTH, 610, 770, 390, 500),
    ("shoal-ballfield", "park", "Shoal Street Ballfield", "Campo de béisbol Shoal", g.SOUTH, 610, 770, 1270, 1380),
    ("madrone-park", "park", "Madrone Park", "Parque Madrone", g.NORTH, -720, -380, 215, 445),
    ("hawthorn-square", "park", "Hawthorn Square", "Plaza Hawthorn", g.NORTH, -30, 140, 215, 330),
    ("sycamore-park", "park", "Sycamore Park", "Parque Sycamore", g.NORTH, 650, 830, 445, 560),
    ("maple-playground", "park", "Maple Playground", "Parque infantil Maple", g.NORTH, -1240, -1060, 445, 560),
    ("willow-bend-park", "park", "Willow Bend Park", "Parque Willow Bend", g.RIVER, 1900, 2240, 100, 315),
    ("canal-garden", "park", "Canal Garden", "Jardín del Canal", g.RIVER, 1390, 1560, 205, 315),
    ("mill-yard", "park", "Old Mill Yard", "Antiguo aserradero", g.EAST, 1830, 2170, 0, 215),
    ("kingfisher-park", "park", "Kingfisher Park", "Parque Kingfisher", g.EAST, 1260, 1440, 215, 330),
    ("harbor-school", "block", "Harbor School", "Escuela del Puerto", g.SOUTH, 110, 280, 85, 180),
    ("high-school", "block", "Alder High School", "Preparatoria Alder", g.SOUTH, -690, -370, 720, 940),
    ("dunes-school", "block", "Dunes Elementary School", "Primaria Las Dunas", g.SOUTH, -1170, -1010, 830, 1050),
    ("college", "block", "Alder Community College", "Colegio Comunitario Alder", g.SOUTH, 610, 920, 830, 1160),
    ("laurel-school", "block", "Laurel School", "Escuela Laurel", g.NORTH, 310, 480, 105, 330),
]  # fmt: skip

# Buildings of note: key, grid, middle column, middle depth, width, depth in metres.
BUILDINGS: list[tuple[str, g.Grid, float, float, float, float]] = [
    ("city-hall", g.SOUTH, 335, 337 - 28, 62, 26), ("central-library", g.SOUTH, 500, 312, 52, 32),
    ("harbor-school-hall", g.SOUTH, 195, 118, 96, 26), ("harbor-school-gym", g.SOUTH, 235, 156, 34, 22),
    ("courthouse", g.SOUTH, 530, 445, 60, 34), ("post-office", g.SOUTH, 400, 312, 44, 26),
    ("fire-station-1", g.SOUTH, 690, 312, 46, 26), ("police-station", g.SOUTH, 845, 312, 56, 28),
    ("museum", g.SOUTH, -450, 40, 46, 30), ("theater", g.SOUTH, 195, 232, 50, 26),
    ("market-hall", g.SOUTH, -140, 260, 90, 26), ("high-school-hall", g.SOUTH, -560, 775, 150, 44),
    ("high-school-gym", g.SOUTH, -450, 880, 70, 50), ("dunes-school-hall", g.SOUTH, -1090, 900, 70, 90),
    ("college-hall", g.SOUTH, 700, 880, 90, 40), ("college-lab", g.SOUTH, 840, 920, 50, 90),
    ("college-library", g.SOUTH, 700, 1010, 60, 60), ("laurel-hall", g.NORTH, 395, 150, 90, 34),
    ("north-library", g.NORTH, -110, 190, 46, 28), ("fire-station-2", g.NORTH, 60, 190, 42, 26),
    ("water-works", g.EAST, 2080, 300, 90, 60), ("city-yard", g.EAST, 1910, 290, 100, 70),
    ("mill-shed", g.EAST, 1930, 60, 120, 36), ("mill-shed-2", g.EAST, 2080, 150, 60, 46),
    ("rec-center", g.RIVER, 1300, 258, 70, 46), ("senior-center", g.NORTH, -470, 500, 60, 34),
    ("pool", g.SOUTH, 690, 555, 64, 34), ("church-harbor", g.SOUTH, -620, 335, 30, 46),
    ("grocery-south", g.SOUTH, -130, 885, 80, 44), ("grocery-north", g.NORTH, 560, 270, 70, 46),
    ("transit-center", g.SOUTH, 850, 445, 90, 30), ("armory", g.SOUTH, -920, 445, 70, 40),
]  # fmt: skip
LOOSE: list[tuple[str, float, float, float, float]] = [
    ("lighthouse", -2492, 38, 16, 16), ("keepers-house", -2455, 62, 24, 14), ("hospital", 1250, -1220, 130, 70),
    ("hospital-wing", 1180, -1185, 50, 40), ("fairground-hall", 1490, -1440, 110, 60),
    ("harbor-office", 250, 172, 34, 18), ("fish-market", 283, 158, 44, 20), ("ferry-terminal", -352, 160, 34, 22),
    ("cannery", -25, 205, 34, 84), ("pier-shed-1", 333, 290, 8, 90), ("pier-shed-2", 329, 400, 8, 70), ("pier-shed-3", 314, 350, 8, 110),
    ("aquarium", -905, 95, 60, 30), ("boat-yard", -640, 92, 46, 26), ("north-ferry-house", -192, 920, 14, 40),
]  # fmt: skip


def _rect(x: float, y: float, w: float, h: float) -> Polygon:
    return box(x - w / 2, y - h / 2, x + w / 2, y + h / 2)


def road_space(streets: list[Street]) -> BaseGeometry:
    """The ground that streets cover, in metres."""
    return unary_union(
        [line.buffer(HALF_WIDTH[s.kind], quad_segs=3) for s in streets for line in s.lines]
    )


def plots(shore: Shore, streets: list[Street]) -> list[Plot]:
    """Every drawn area, in drawing order: woods, beaches, blocks, parks, water, buildings."""
    space = road_space(streets)
    parks = _parks(shore, space)
    named = unary_union([p.shape for p in parks if p.key])
    blocks = _blocks(shore, streets, space, named)
    beaches = [
        Plot("beach", shape.difference(space), key, *BEACH_NAMES[key])
        for key, shape in shore.beaches.items()
    ]
    water = [Plot("water", area) for area in areas(shore.water)]
    water.append(Plot("water", shore.pond, "mill-pond", "Mill Pond", "Laguna del Molino"))
    return [
        *[p for p in parks if not p.key], *beaches, *blocks, *[p for p in parks if p.key], *water,
        *_buildings(blocks),
    ]  # fmt: skip


BEACH_NAMES = {
    "south-beach": ("South Beach", "Playa Sur"),
    "lighthouse-cove": ("Lighthouse Cove", "Caleta del Faro"),
    "harbor-sands": ("Harbor Sands", "Arenas del Puerto"),
    "north-beach": ("North Beach", "Playa Norte"),
    "ferry-strand": ("Ferry Strand", "Playa del Ferry"),
}


def _parks(shore: Shore, space: BaseGeometry) -> list[Plot]:
    dry = FRAME.difference(shore.water).difference(shore.pond)
    beach = unary_union(list(shore.beaches.values()))
    out = [
        Plot(kind, _round(grid.cell(x0, x1, d0, d1).difference(space).difference(shore.pond), 4), key, en, es)
        for key, kind, en, es, grid, x0, x1, d0, d1 in CELLS
    ]  # fmt: skip
    free: list[tuple[str, str, str, Polygon]] = [
        ("lighthouse-park", "Lighthouse Point Park", "Parque del Faro",
         Polygon([(-2620, 320), (-2620, -620), (-1960, -620), (-2010, -260), (-2140, -200), (-2215, -40), (-2190, 90),
                  (-2080, 170), (-1960, 320)])),
        ("dunes-preserve", "Dunes Preserve", "Reserva de las Dunas",
         Polygon(curve([(-1900, -700), (-1640, -780), (-1470, -1000), (-1385, -1350), (-1300, -1620), (-1240, -1900),
                        (-1280, -2300), (-1900, -2400), (-1900, -700)]).coords)),
        ("north-dunes", "North Dunes", "Dunas del Norte", box(-1700, 900, -1436, 1790)),
        ("signal-hill", "Signal Hill Park", "Parque Signal Hill", Point(HILL).buffer(230)),
        ("hillside-cemetery", "Hillside Cemetery", "Cementerio Hillside",
         Polygon([(1410, -1360), (1700, -1400), (1880, -1545), (1400, -1590)])),
        ("ferry-landing-plaza", "Ferry Landing Plaza", "Plaza del Ferry", box(-320, 132, -240, 172)),
        ("fish-market-square", "Fish Market Square", "Plaza del Mercado de Pescado", box(215, 142, 312, 185)),
        ("north-landing-green", "North Landing Green", "Prado del Embarcadero Norte",
         Polygon([(-330, 985), (-60, 985), (-60, 1060), (-330, 1060)])),
        ("heron-landing", "Heron Landing", "Embarcadero Heron",
         Polygon([(2250, 640), (2500, 545), (2560, 580), (2300, 690)])),
        ("fairground", "Fairground", "Recinto ferial",
         Polygon([(1120, -1400), (1335, -1370), (1360, -1600), (1120, -1620)])),
    ]  # fmt: skip
    for key, en, es, shape in free:
        ground = shape.intersection(dry).difference(space).difference(beach)
        if key == "signal-hill":
            ground = max(areas(ground), key=lambda a: (a.contains(Point(HILL)), a.area))
        out.append(Plot("park", _round(ground, 5), key, en, es))
    return out + _woods(dry, space, beach)


def _woods(dry: BaseGeometry, space: BaseGeometry, beach: BaseGeometry) -> list[Plot]:
    """Unnamed forest around the town, so that the map does not end in nothing."""
    stands: list[list[Point2]] = [
        [(-1230, -1690), (-1000, -1610), (-700, -1640), (-420, -1600), (-200, -1660), (150, -1610), (500, -1650),
         (800, -1590), (1040, -1600), (1075, -2200), (1000, -2900), (900, -4200), (-1250, -4200), (-1270, -2300)],
        [(1170, -1700), (1420, -1650), (1700, -1600), (1960, -1620), (2080, -1740), (2240, -2000), (2270, -2600),
         (2000, -3300), (1160, -2600)],
        [(1900, -1500), (2080, -1440), (2330, -1330), (2590, -1150), (2660, -880), (2640, -500), (2420, -330),
         (2380, -210), (2640, -130), (2690, 120), (2900, 230), (5200, 380), (5200, -4200), (2450, -4200),
         (2420, -2100), (2200, -1680), (2000, -1560)],
        [(1190, 1330), (1380, 1270), (1590, 1310), (1900, 1260), (2210, 1250), (2290, 1000), (2330, 800), (2700, 640),
         (5200, 700), (5200, 4200), (-1500, 4200), (-1480, 2060), (-1370, 1800), (-1000, 1770), (-600, 1830),
         (-150, 1760), (300, 1800), (700, 1700), (1050, 1640), (1050, 2080), (1160, 2080)],
    ]  # fmt: skip
    out = []
    for stand in stands:
        edge = Polygon(curve([*stand, stand[0]], 60).coords).buffer(0)
        shape = edge.buffer(40).buffer(-40).intersection(FRAME).intersection(dry).difference(beach)
        out.append(Plot("park", _round(shape.difference(space.buffer(8)), 14)))
    return out


def _blocks(
    shore: Shore, streets: list[Street], space: BaseGeometry, parks: BaseGeometry
) -> list[Plot]:
    lines = unary_union([line for s in streets if s.kind != "path" for line in s.lines])
    dry = FRAME.difference(shore.water)
    closed = unary_union([parks, shore.pond]).buffer(3)
    out = []
    for face in sorted(polygonize(lines), key=lambda f: (round(f.centroid.y), round(f.centroid.x))):
        if face.area > 260_000 or face.intersection(shore.water).area > 0.3 * face.area:
            continue
        rest = face.intersection(dry).difference(space).difference(closed)
        out += [Plot("block", a) for a in areas(_round(rest, 3)) if a.area > 350]
    return out


def _round(shape: BaseGeometry, r: float) -> BaseGeometry:
    """The shape with softened corners and few vertices."""
    return shape.buffer(-r, quad_segs=2).buffer(r, quad_segs=2).simplify(0.6)


def _buildings(blocks: list[Plot]) -> list[Plot]:
    out: list[Plot] = []
    for key, grid, x, d, w, h in BUILDINGS:
        out.append(
            Plot(
                "building", grid.cell(x - w / 2, x + w / 2, d - h / 2, d + h / 2).simplify(0.8), key
            )
        )
    out += [Plot("building", _rect(x, y, w, h), key) for key, x, y, w, h in LOOSE]
    taken = unary_union([p.shape for p in out]).buffer(4)
    return [*_rows(blocks, taken), *out]


def _gap(outer: BaseGeometry, dice: Dice) -> BaseGeometry:
    """A passage from the street into the yard, square to the edge of the block."""
    edge = max(areas(outer), key=lambda a: a.area).exterior
    corners = [Point(c) for c in edge.simplify(4).coords]
    half = dice.between(1.2, 3.0)
    for _ in range(12):
        s = dice.roll() * edge.length
        a, b = edge.interpolate(s), edge.interpolate((s + 1) % edge.length)
        if min(a.distance(c) for c in corners) > 19:
            break
    else:
        return Polygon()
    dx, dy = b.x - a.x, b.y - a.y
    return LineString([(a.x - 18 * dy, a.y + 18 * dx), (a.x + 18 * dy, a.y - 18 * dx)]).buffer(
        half, cap_style="flat"
    )


def _rows(blocks: list[Plot], taken: BaseGeometry) -> list[Plot]:
    """Built-up edges of the blocks in the old town: a ring of houses with gaps and a yard inside."""
    old_town = g.SOUTH.cell(-700, 930, -10, 510)
    north_town = g.NORTH.cell(-400, 330, 0, 120)
    dice = Dice(11)
    out: list[Plot] = []
    for plot in blocks:
        middle = plot.shape.representative_point()
        if plot.key or not (old_town.contains(middle) or north_town.contains(middle)):
            continue
        outer = plot.shape.buffer(-2.5, join_style="mitre")
        houses = outer.difference(outer.buffer(-13, join_style="mitre")).difference(taken)
        for _ in range(2 + int(plot.shape.area / 3500)):
            houses = houses.difference(_gap(outer, dice))
        out += [Plot("building", a.simplify(0.5)) for a in areas(houses) if a.area > 90]
    return out
