"""Many points of one city named after their street, quickly: an import brings tens of thousands."""

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import shapely
from django.utils import translation
from shapely import STRtree

from onehall.places import wording
from onehall.places.index import index_of
from onehall.places.models import City

_ON_STREET = 40.0
_AT_CORNER = 20.0
_FAR = 250.0
_IN_SIGHT = 150.0

type Told = tuple[str, int, int]
"""How a point lies to its street (corner, near another one, on it, off it), the street and the other one."""


class StreetNames:
    """What `reverse` would say of a point where no house and no landmark is asked for."""

    def __init__(self, city: City) -> None:
        self._index = index_of(city)
        self._language = city.language
        self._scale = np.array(self._index.metres_per_degree)
        # Piece by piece: how far a point is from a long line takes many times longer.
        pieces, owners = self._index.line_pieces
        self._owner: list[int] = owners.tolist()
        self._pieces = STRtree(shapely.linestrings(pieces * self._scale))
        self._corners = self._corners_by_street()
        self._said: dict[Told, str] = {}

    def _corners_by_street(self) -> dict[int, list[tuple[float, float, int]]]:
        """(metres east, metres north, the other street) of each corner of a street."""
        found: dict[int, list[tuple[float, float, int]]] = defaultdict(list)
        points = self._index.corner_points
        at = np.column_stack([points.lon, points.lat]) * self._scale
        for (x, y), (a, b) in zip(at.tolist(), self._index.corners, strict=True):
            found[a].append((x, y, b))
            found[b].append((x, y, a))
        return found

    def words(self, lon: float, lat: float) -> str:
        """ "Corner of Mill Lane and Gull Street", "On Mill Lane, near Gull Street"; "" away from any street."""
        return self.many([(lon, lat)])[0]

    def many(self, points: Sequence[tuple[float, float]]) -> list[str]:
        """The words of each of many points (longitude, latitude)."""
        found = [""] * len(points)
        if not points or not self._owner:
            return found
        at = np.array(points, dtype=np.float64) * self._scale
        (asked, nearest), away = self._pieces.query_nearest(
            shapely.points(at), max_distance=_IN_SIGHT, return_distance=True, all_matches=False
        )
        places = zip(
            asked.tolist(), nearest.tolist(), away.tolist(), at[asked].tolist(), strict=True
        )
        with translation.override(self._language):
            for number, piece, off, (x, y) in places:
                found[number] = self._say(self._told(self._owner[piece], off, x, y))
        return found

    def _told(self, street: int, off: float, x: float, y: float) -> Told:
        if off > _ON_STREET:
            return "off", street, street
        corners = (
            (math.hypot(a - x, b - y), other) for a, b, other in self._corners.get(street, ())
        )
        away, other = min(corners, default=(math.inf, street))
        if away <= _AT_CORNER:
            return "corner", street, other
        return ("near", street, other) if away <= _FAR else ("on", street, street)

    def _say(self, told: Told) -> str:
        """In words; the same few thousand come again and again."""
        if told not in self._said:
            how, street, other = told
            name, next_name = (self._index.street_name(number) for number in (street, other))
            match how:
                case "corner":
                    self._said[told] = wording.corner(name, next_name)
                case "near":
                    self._said[told] = wording.on_street(name, next_name)
                case "on":
                    self._said[told] = wording.on_street(name)
                case _:
                    self._said[told] = wording.near(name)
        return self._said[told]
