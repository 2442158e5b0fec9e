"""Which areas of a layer a point may belong to: those whose edge it lies close to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import shapely
from shapely import affinity

from onehall.kernel import cells, geo
from onehall.places import areas
from onehall.places.models import City, Landmark

MOST: Final = 4
"""Sides that one is asked about; a point close to more is in the middle of everything."""

LANDMARK_METRES: Final = 600
_METRES_PER_DEGREE: Final = 111_320.0


@dataclass(frozen=True, slots=True)
class Side:
    """One area that a point may belong to, and a landmark in it to know it by."""

    code: str
    name: dict[str, str]
    landmark: dict[str, str]


def sides(city: City, layer: str, lon: float, lat: float, metres: float) -> list[Side]:
    """The areas of a layer within `metres` of a point, in order; [] unless there are two to four."""
    index = areas.index_of(city)
    found = index.within(_around(lon, lat, metres), layer)
    if not 2 <= len(found) <= MOST:
        return []
    marks = _landmarks(city, layer, lon, lat, [f.code for f in found])
    return [Side(f.code, f.name, marks.get(f.code, {})) for f in found]


def _around(lon: float, lat: float, metres: float) -> shapely.Polygon:
    up = metres / _METRES_PER_DEGREE
    across = up / max(0.01, math.cos(math.radians(lat)))
    circle = shapely.Point(lon, lat).buffer(1.0, quad_segs=8)
    return affinity.scale(circle, across, up, origin="center")


def _landmarks(
    city: City, layer: str, lon: float, lat: float, codes: Sequence[str]
) -> dict[str, dict[str, str]]:
    """The nearest named place on each side."""
    rows = Landmark.objects.none()
    for low, high in cells.near(lon, lat, LANDMARK_METRES):
        rows |= Landmark.objects.filter(city_id=city.pk, cell__gte=low, cell__lte=high)
    near = [row for row in rows.exclude(key="").order_by("id")[:200] if row.name]
    found: dict[str, dict[str, str]] = {}
    for row in sorted(near, key=lambda r: geo.distance(lon, lat, r.lon, r.lat)):
        code = areas.areas_at(city, row.lon, row.lat).get(layer, "")
        if code in codes:
            found.setdefault(code, row.name)
    return found
