"""Many points of one city named after their street, quickly: an import brings tens of thousands."""

import math
from collections import defaultdict

from django.utils import translation

from onehall.places import wording
from onehall.places.index import index_of
from onehall.places.models import City

_ON_STREET = 40.0
_AT_CORNER = 20.0
_FAR = 250.0
_IN_SIGHT = 150.0


class StreetNames:
    """What `reverse` would say of a point where no house and no landmark is asked for."""

    def __init__(self, city: City) -> None:
        self._index = index_of(city)
        self._language = city.language
        self._corners: dict[int, list[tuple[float, float, int]]] = defaultdict(list)
        points = self._index.corner_points
        places = zip(points.lon.tolist(), points.lat.tolist(), self._index.corners, strict=True)
        for lon, lat, (a, b) in places:
            self._corners[a].append((lon, lat, b))
            self._corners[b].append((lon, lat, a))

    def words(self, lon: float, lat: float) -> str:
        """ "Corner of Mill Lane and Gull Street", "On Mill Lane, near Gull Street"; "" away from any street."""
        nearest = self._index.nearest_street(lon, lat, _IN_SIGHT)
        if nearest is None:
            return ""
        off, mine = nearest
        streets = self._index.streets
        away, other = self._next_corner(mine, lon, lat)
        with translation.override(self._language):
            if off > _ON_STREET:
                return wording.near(streets[mine].name)
            if away <= _AT_CORNER:
                return wording.corner(streets[mine].name, streets[other].name)
            if away <= _FAR:
                return wording.on_street(streets[mine].name, streets[other].name)
            return wording.on_street(streets[mine].name)

    def _next_corner(self, street: int, lon: float, lat: float) -> tuple[float, int]:
        """(metres, the other street) of the nearest corner of a street; infinitely far without one."""
        wide, high = self._index.metres_per_degree
        found = (
            (math.hypot((x - lon) * wide, (y - lat) * high), other)
            for x, y, other in self._corners.get(street, ())
        )
        return min(found, default=(math.inf, street))
