"""The drawing of a layer: the tiles of the house's own renderer, and the areas over them as paths."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from onehall.kernel.geo import Box
from onehall.look import maps
from onehall.look.maps import Tile, Window
from onehall.places import geometry
from onehall.places.models import City

TONES: Final = 6
"""Tints that tell neighbours apart."""
MOST_LABELS: Final = 60


@dataclass(frozen=True, slots=True)
class Drawn:
    """One area on the drawing: its path, where its name stands, its tint."""

    path: str
    name: str
    x: float
    y: float
    tone: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing of areas."""

    seen: Window
    tiles: list[Tile]
    areas: list[Drawn]
    named: bool


def picture(
    city: City, areas: Sequence[tuple[str, dict[str, Any] | None, bool]], *, close: bool = False
) -> Picture:
    """The drawing of (name, polygon, chosen). The whole city is seen, or only the chosen ones when `close`."""
    shapes = [(name, shape, chosen) for name, shape, chosen in areas if shape is not None]
    wanted = [shape for _name, shape, chosen in shapes if chosen] if close else []
    box = box_of(wanted) or _grown(city.bounds, box_of([shape for _n, shape, _c in shapes]))
    seen = maps.around(*(box or (-180.0, -60.0, 180.0, 75.0)))
    drawn = [
        _drawn(n, name, shape, seen, chosen=chosen)
        for n, (name, shape, chosen) in enumerate(shapes)
    ]
    return Picture(seen, maps.tiles(seen, city), drawn, len(drawn) <= MOST_LABELS)


def box_of(shapes: Iterable[dict[str, Any]]) -> Box | None:
    """The degrees that shapes lie in."""
    points = [p for shape in shapes for p in geometry.positions(shape["coordinates"])]
    if not points:
        return None
    west, south = np.min(points, axis=0).tolist()
    east, north = np.max(points, axis=0).tolist()
    return west, south, east, north


def _grown(one: Box | None, other: Box | None) -> Box | None:
    if one is None or other is None:
        return one or other
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )


def _drawn(n: int, name: str, shape: dict[str, Any], seen: Window, *, chosen: bool) -> Drawn:
    left, top = seen.corner
    x, y = maps.pixels(*geometry.inner_point(shape), seen.zoom)
    path = "".join(_ring(ring, seen) for ring in _rings(shape))
    return Drawn(path, name, round(x - left, 1), round(y - top, 1), n % TONES, chosen)


def _rings(shape: dict[str, Any]) -> Iterator[Sequence[Sequence[float]]]:
    many = shape["coordinates"]
    for part in [many] if shape["type"] == "Polygon" else many:
        yield from part


def _ring(ring: Sequence[Sequence[float]], seen: Window) -> str:
    """A ring as a piece of a path; corners that no eye can tell apart are left out."""
    left, top = seen.corner
    flat = [maps.pixels(p[0], p[1], seen.zoom) for p in ring]
    line = shapely.LineString(flat) if len(flat) > 60 else None
    kept = shapely.get_coordinates(line.simplify(0.5)).tolist() if line is not None else flat
    points = " ".join(f"{x - left:.1f},{y - top:.1f}" for x, y in kept[:-1])
    return f"M{points}Z"
