"""The city limit, 6 districts and 4 street-maintenance beats, sharing every vertex along common edges."""

from collections.abc import Callable

from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize, unary_union

from tools.port_alder import grid as g
from tools.port_alder.plane import Point2, areas, curve, ring
from tools.port_alder.roads import ALDER_AVENUE, OCEAN_DRIVE

LIMIT: list[Point2] = [
    (-2900, -900), (-2050, -2300), (2420, -2300), (2420, -1640), (2960, -1640), (2960, 1290), (2120, 1290),
    (2120, 1980), (-2150, 1980), (-2900, 900),
]  # fmt: skip
MIDSTREAM = curve(
    [
        (-3200, 520), (-2000, 500), (-1450, 490), (-900, 500), (-300, 590), (300, 620), (700, 540), (1055, 450),
        (1240, 478), (1450, 570), (1690, 658), (1990, 666), (2230, 570), (2480, 465), (2760, 425), (3200, 470),
    ]
)  # fmt: skip

DISTRICTS: dict[str, tuple[str, str]] = {
    "mill-harbor": ("Mill and Harbor", "Molino y Puerto"),
    "lighthouse": ("Lighthouse", "El Faro"),
    "south-beach": ("South Beach", "Playa Sur"),
    "orchard-hill": ("Orchard Hill", "Cerro del Huerto"),
    "riverside": ("Riverside", "Ribera del Río"),
    "north-shore": ("North Shore", "Orilla Norte"),
}
BEATS: dict[str, tuple[str, str]] = {
    "1": ("Beat 1, north of the water", "Zona 1, norte de la bahía"),
    "2": ("Beat 2, harbor side", "Zona 2, lado del puerto"),
    "3": ("Beat 3, south", "Zona 3, sur"),
    "4": ("Beat 4, river and hill", "Zona 4, río y cerro"),
}
# What residents type or tap on a light pole: two letters for the district, then a number.
LETTERS = {
    "mill-harbor": "MH", "lighthouse": "LH", "south-beach": "SB", "orchard-hill": "OH", "riverside": "RS",
    "north-shore": "NS",
}  # fmt: skip


def _cuts() -> dict[str, LineString]:
    tern, kelp = g.SOUTH.row(500, 1250, -1380), g.SOUTH.row(720, 1250, -1440)
    anchor = g.SOUTH.column(-850, 0, 520)
    top = anchor.coords[0]
    sea = OCEAN_DRIVE.interpolate(OCEAN_DRIVE.project(Point(tern.coords[-1])))
    return {
        "midstream": MIDSTREAM,
        "alder": LineString([(1090, 2400), *ALDER_AVENUE.coords, (1120, -2700)]),
        "tern": LineString([*tern.coords, (sea.x, sea.y), (-1620, -520), (-3200, -900)]),
        "kelp": LineString([*kelp.coords, (-1700, -735), (-3200, -1500)]),
        "anchor": LineString([(top[0] - 20, 800), *anchor.coords]),
        "meadow": LineString([*g.RIVER.row(430, 950, 2640).coords, (3200, -90)]),
    }


def _district_of(p: Point) -> str:
    cuts = _cuts()
    if _above(cuts["midstream"], p):
        return "north-shore"
    if _right_of(cuts["alder"], p):
        return "riverside" if _above(cuts["meadow"], p) else "orchard-hill"
    if not _above(cuts["tern"], p):
        return "south-beach"
    return "mill-harbor" if _right_of(cuts["anchor"], p) else "lighthouse"


def _beat_of(p: Point) -> str:
    cuts = _cuts()
    if _right_of(cuts["alder"], p):
        return "4"
    if _above(cuts["midstream"], p):
        return "1"
    return "2" if _above(cuts["kelp"], p) else "3"


def _above(line: LineString, p: Point) -> bool:
    hit = line.intersection(LineString([(p.x, -9000), (p.x, 9000)]))
    return bool(p.y > hit.centroid.y)


def _right_of(line: LineString, p: Point) -> bool:
    hit = line.intersection(LineString([(-9000, p.y), (9000, p.y)]))
    return bool(p.x > hit.centroid.x)


def faces() -> list[Polygon]:
    """The smallest areas that all layers are made of, in degrees; neighbours share their vertices exactly."""
    limit = Polygon(LIMIT)
    noded = unary_union([limit.exterior, *(c.intersection(limit) for c in _cuts().values())])
    return [f for f in polygonize(noded) if f.area > 1]


def layers() -> dict[str, list[tuple[str, str, str, BaseGeometry]]]:
    """Layer name to (code, English, Spanish, shape in degrees)."""
    found = [(Polygon(ring(f.exterior.coords)), f.representative_point()) for f in faces()]
    whole = unary_union([shape for shape, _ in found])

    def layer(
        names: dict[str, tuple[str, str]], of: Callable[[Point], str]
    ) -> list[tuple[str, str, str, BaseGeometry]]:
        return [
            (code, en, es, unary_union([s for s, p in found if of(p) == code]).normalize())
            for code, (en, es) in names.items()
        ]

    if len(areas(whole)) != 1:
        raise ValueError("the city limit must be one piece")
    return {
        "00-city-limit": [("port-alder", "Port Alder", "Port Alder", whole.normalize())],
        "10-district": layer(DISTRICTS, _district_of),
        "20-beat": layer(BEATS, _beat_of),
    }
