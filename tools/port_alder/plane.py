"""The drawing plane: metres around the Fish Market, and the one way back to degrees."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from shapely import make_valid, set_precision
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Point2 = tuple[float, float]

LON0, LAT0 = -124.16, 44.60
_X = 111_320.0 * math.cos(math.radians(LAT0))
_Y = 111_132.0


def degrees(x: float, y: float) -> Point2:
    """Longitude and latitude of a point in metres, rounded to 6 decimals (about 10 cm)."""
    return round(LON0 + x / _X, 6), round(LAT0 + y / _Y, 6)


def curve(points: Sequence[Point2], step: float = 40.0) -> LineString:
    """A smooth line (centripetal-like Catmull-Rom) through the points, a vertex about every `step` metres."""
    p = np.asarray(points, dtype=float)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    out: list[Point2] = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False):
        n = max(2, int(np.hypot(*(c - b)) / step))
        for t in np.arange(n) / n:
            q = 0.5 * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )
            out.append((float(q[0]), float(q[1])))
    out.append((float(p[-2][0]), float(p[-2][1])))
    return LineString(out)


def pieces(geometry: BaseGeometry) -> list[LineString]:
    """The line strings of a geometry, longest kept in the order found; points and areas are dropped."""
    if isinstance(geometry, LineString):
        return [geometry] if geometry.length > 0 else []
    return [line for part in getattr(geometry, "geoms", []) for line in pieces(part)]


def areas(geometry: BaseGeometry) -> list[Polygon]:
    """The polygons of a geometry; lines and points are dropped."""
    if isinstance(geometry, Polygon):
        return [] if geometry.is_empty else [geometry]
    return [area for part in getattr(geometry, "geoms", []) for area in areas(part)]


def ring(points: Iterable[tuple[float, ...]]) -> list[Point2]:
    """Points in degrees without neighbours that rounding made equal."""
    out: list[Point2] = []
    for point in points:
        here = degrees(point[0], point[1])
        if not out or out[-1] != here:
            out.append(here)
    return out


def as_geojson(geometry: BaseGeometry) -> dict[str, object]:
    """GeoJSON geometry in degrees of a line, polygon or a collection of one of them, in metres."""
    if isinstance(geometry, LineString):
        return {"type": "LineString", "coordinates": ring(geometry.coords)}
    if isinstance(geometry, MultiLineString):
        return {"type": "MultiLineString", "coordinates": [ring(g.coords) for g in geometry.geoms]}
    if isinstance(geometry, MultiPolygon):
        return {"type": "MultiPolygon", "coordinates": [_rings(g) for g in geometry.geoms]}
    if isinstance(geometry, Polygon):
        return {"type": "Polygon", "coordinates": _rings(geometry)}
    raise TypeError(f"no GeoJSON for {geometry.geom_type}")


def _rings(polygon: Polygon) -> list[list[Point2]]:
    """Outer ring and holes in degrees; what rounding made cross itself or collapse is mended or left out."""
    shell, *holes = (ring(r.coords) for r in (polygon.exterior, *polygon.interiors))
    rounded = Polygon(shell, [hole for hole in holes if len(hole) > 3])
    if not rounded.is_valid:
        mended = max(areas(make_valid(rounded)), key=lambda a: a.area)
        rounded = set_precision(mended, 1e-6)
    return [
        [(round(x, 6), round(y, 6)) for x, y in r.coords]
        for r in (rounded.exterior, *rounded.interiors)
    ]


class Dice:
    """A tiny seeded generator of our own, so that no library update can redraw the town."""

    def __init__(self, seed: int) -> None:
        self._state = (seed * 2_654_435_761 + 97) & 0xFFFFFFFF

    def roll(self) -> float:
        """The next number from 0 up to, not including, 1."""
        self._state = (self._state * 1_664_525 + 1_013_904_223) & 0xFFFFFFFF
        return (self._state >> 8) / 0x1000000

    def between(self, low: float, high: float) -> float:
        """A number from `low` up to `high`."""
        return low + (high - low) * self.roll()

    def pick(self, options: Sequence[str]) -> str:
        """One of the options."""
        return options[int(self.roll() * len(options))]
