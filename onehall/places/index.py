"""The gazetteer of one city: names, house numbers and points, seen through columns that processes share."""

import json
import math
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from onehall.kernel import cells
from onehall.kernel.geo import METRES_PER_DEGREE
from onehall.places import keeping, rules
from onehall.places.building import code_keys, corner_keys
from onehall.places.held import Held
from onehall.places.models import City
from onehall.places.names import Names
from onehall.places.rows import NUMBER_FIELDS
from onehall.places.tables import Coded, Columns, Rows, Texts

__all__ = ["GazetteerIndex", "code_keys", "forget", "index_of"]

type Floats = NDArray[np.float64]
type Whole = NDArray[np.int64]


class Points:
    """Points by map cell: what lies near, nearest first."""

    def __init__(self, columns: Columns, name: str) -> None:
        self.lon: Floats = columns[f"{name}.lon"]
        self.lat: Floats = columns[f"{name}.lat"]
        self._order: Whole = columns[f"{name}.order"]
        self._keys: Whole = columns[f"{name}.keys"]

    def near(self, lon: float, lat: float, metres: float) -> list[tuple[float, int]]:
        """(distance in metres, number of the point) within `metres`, nearest first."""
        parts = []
        for first, last in cells.near(lon, lat, metres):
            low, high = np.searchsorted(self._keys, (first, last + 1))
            if high > low:
                parts.append(self._order[low:high])
        if not parts:
            return []
        found = np.concatenate(parts)
        wide = math.cos(math.radians(lat)) * METRES_PER_DEGREE
        away = np.hypot((self.lon[found] - lon) * wide, (self.lat[found] - lat) * METRES_PER_DEGREE)
        kept = away <= metres
        pairs = zip(away[kept].tolist(), found[kept].tolist(), strict=True)
        return sorted(pairs)


class StreetFacts:
    """A street by name; what is asked of it is put together then."""

    def __init__(self, index: "GazetteerIndex", number: int) -> None:
        self._index = index
        self._number = number
        self.name = index.street_name(number)

    @cached_property
    def lines(self) -> list[list[list[float]]]:
        """All its lines, each a list of [lon, lat]."""
        return [line for _, line in self._index.lines_of("line", self._number)]

    @cached_property
    def ranges(self) -> list[tuple[dict[str, int], list[list[float]]]]:
        """House numbers by side, and the line that they are along."""
        found = self._index.lines_of("range", self._number)
        return [(self._index.numbers_along(position), line) for position, line in found]

    @cached_property
    def addresses(self) -> range:
        """Where its addresses stand in the arrays."""
        return self._index.addresses_of(self._number)


@dataclass(frozen=True)
class LandmarkFacts:
    """A named landmark."""

    key: str
    name: dict[str, str]
    kind: str
    lon: float
    lat: float


@dataclass(frozen=True)
class AssetFacts:
    """A thing with a painted number."""

    kind: str
    code: str
    name: dict[str, str]
    lon: float
    lat: float

    @cached_property
    def words(self) -> frozenset[str]:
        """What it may be called beside its number."""
        text = " ".join([self.kind.replace("-", " "), *self.name.values()])
        return frozenset(re.split(r"[\s,\-/]+", rules.plain(text)))


class GazetteerIndex:
    """Everything that search and "what is here" need for one city."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._street_names = Texts(columns, "street.name")
        norms = Texts(columns, "street.norm").all()
        self._ids = {norm: number for number, norm in enumerate(norms)}
        self.streets = Rows(len(norms), lambda number: StreetFacts(self, number))
        self.street_names = Names(columns, "streets")
        self.address_street: Whole = columns["address.street"]
        self.address_number: Whole = columns["address.number"]
        self.address_suffix = Coded(columns, "address.suffix")
        self.address_unit = Coded(columns, "address.unit")
        self.address_shown = Coded(columns, "address.shown")
        self.addresses = Points(columns, "address")
        self._landmark_facts = Texts(columns, "landmark.facts")
        self.landmarks = Rows(len(self._landmark_facts), self._landmark)
        self.landmark_names = Names(columns, "landmarks")
        self.landmark_points = Points(columns, "landmark")
        self._asset_facts = Texts(columns, "asset.facts")
        self.assets = Rows(len(self._asset_facts), self._asset)
        self.asset_points = Points(columns, "asset")
        self.corners: list[list[int]] = columns["corner.streets"].tolist()
        self.corner_points = Points(columns, "corner")

    def knows_street(self, name: str) -> int | None:
        """The number of a street by its name, if there is one."""
        return self._ids.get(rules.street_norm(name))

    def street_name(self, number: int) -> str:
        """The name of a street by its number."""
        return self._street_names[number]

    def addresses_of(self, street: int) -> range:
        """Where the addresses of a street stand in the arrays, in order of their numbers."""
        low, high = np.searchsorted(self.address_street, (street, street + 1)).tolist()
        return range(low, high)

    def lines_of(self, name: str, street: int) -> list[tuple[int, list[list[float]]]]:
        """(number of the line, its points) of a street, among all lines ("line") or those with house numbers."""
        owners, points = self._columns[f"{name}.street"], self._columns[f"{name}.points"]
        low, high = np.searchsorted(owners, (street, street + 1)).tolist()
        ends = self._columns[f"{name}.ends"][low : high + 1].tolist()
        return [
            (low + position, points[start:end].tolist())
            for position, (start, end) in enumerate(pairwise(ends))
        ]

    def numbers_along(self, line: int) -> dict[str, int]:
        """The house numbers of a line by side and end."""
        numbers = self._columns["range.numbers"][line].tolist()
        return {k: v for k, v in zip(NUMBER_FIELDS, numbers, strict=True) if v >= 0}

    def _landmark(self, number: int) -> LandmarkFacts:
        points = self.landmark_points
        key, name, kind = json.loads(self._landmark_facts[number])
        return LandmarkFacts(key, name, kind, float(points.lon[number]), float(points.lat[number]))

    def _asset(self, number: int) -> AssetFacts:
        points = self.asset_points
        kind, code, name = json.loads(self._asset_facts[number])
        return AssetFacts(kind, code, name, float(points.lon[number]), float(points.lat[number]))

    def assets_with(self, code: str) -> list[int]:
        """The assets whose painted number may be typed like this (see `code_keys`)."""
        keys, wanted = self._columns["code.keys"], np.bytes_(code.encode())
        if len(wanted) > keys.dtype.itemsize:
            return []
        low, high = (int(np.searchsorted(keys, wanted, side)) for side in ("left", "right"))
        found: list[int] = self._columns["code.assets"][low:high].tolist()
        return found

    def corners_of(self, a: int, b: int) -> list[int]:
        """The corners of two streets."""
        keys, wanted = self._columns["corner.pair_keys"], corner_keys(min(a, b), max(a, b))
        low, high = np.searchsorted(keys, (wanted, wanted + 1)).tolist()
        found: list[int] = self._columns["corner.pair_order"][low:high].tolist()
        return found

    @cached_property
    def metres_per_degree(self) -> tuple[float, float]:
        """Of longitude and latitude, in the middle of the city."""
        points = self._columns["line.points"]
        middle = float(points[0, 1]) if len(points) else 0.0
        return math.cos(math.radians(middle)) * METRES_PER_DEGREE, METRES_PER_DEGREE

    @cached_property
    def line_pieces(self) -> tuple[Floats, Whole]:
        """Every straight piece of a street in degrees, two points each, and the number of its street."""
        points, ends = self._columns["line.points"], self._columns["line.ends"]
        owners = np.repeat(self._columns["line.street"], np.diff(ends))
        inner = np.ones(max(0, len(points) - 1), dtype=bool)
        # The last point of a line and the first of the next are no piece.
        inner[ends[1:-1] - 1] = False
        pieces = np.stack([points[:-1][inner], points[1:][inner]], axis=1)
        return pieces, owners[:-1][inner]

    @cached_property
    def _line_tree(self) -> tuple[Any, STRtree]:
        points, ends = self._columns["line.points"], self._columns["line.ends"]
        numbers = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
        lines = shapely.linestrings(points * np.array(self.metres_per_degree), indices=numbers)
        return lines, STRtree(lines)

    def streets_near(self, lon: float, lat: float, metres: float) -> list[tuple[float, int]]:
        """(distance in metres, street number), each street once, nearest first."""
        wide, high = self.metres_per_degree
        lines, tree = self._line_tree
        point = shapely.Point(lon * wide, lat * high)
        found = tree.query(point, predicate="dwithin", distance=metres)
        owners = self._columns["line.street"][found].tolist()
        nearest: dict[int, float] = {}
        for owner, away in zip(owners, shapely.distance(lines[found], point).tolist(), strict=True):
            nearest[owner] = min(away, nearest.get(owner, away))
        return sorted((away, owner) for owner, away in nearest.items())

    @cached_property
    def _shapes(self) -> STRtree:
        data, ends = self._columns["shape.wkb"].tobytes(), self._columns["shape.ends"].tolist()
        return STRtree(shapely.from_wkb([data[start:end] for start, end in pairwise(ends)]))

    def shapes_at(self, lon: float, lat: float) -> list[LandmarkFacts]:
        """Named shapes (parks, buildings) that hold the point."""
        found = self._shapes.query(shapely.Point(lon, lat), predicate="intersects")
        numbers = self._columns["shape.landmark"][np.sort(found)].tolist()
        return [self.landmarks[number] for number in numbers]

    def address_words(self, position: int) -> str:
        """An address as it is shown, "14 Mill Lane"."""
        street = self._street_names[int(self.address_street[position])]
        return f"{self.address_shown[position]} {street}"


_held: Final = Held[GazetteerIndex](most=8)


def index_of(city: City) -> GazetteerIndex:
    """The gazetteer of a city: mapped from its file, which is built when there is none."""
    return _held.get((city.pk, city.digest), lambda: GazetteerIndex(keeping.columns_for(city)))


def forget(city_id: int | None = None) -> None:
    """Drop what is held of one city, or of all."""
    _held.forget(city_id)
