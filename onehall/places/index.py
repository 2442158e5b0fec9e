"""The gazetteer of one city in memory: names, house numbers and points, built once per revision."""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from onehall.kernel import cells
from onehall.kernel.geo import METRES_PER_DEGREE
from onehall.places import geometry, rules
from onehall.places.held import Held
from onehall.places.models import Address, Asset, City, Corner, Landmark, Street
from onehall.places.names import Names

type Floats = NDArray[np.float64]
type Whole = NDArray[np.int64]


class Points:
    """Points by map cell: what lies near, nearest first."""

    def __init__(self, lon: Sequence[float], lat: Sequence[float], cell: Sequence[int]) -> None:
        self.lon: Floats = np.array(lon, dtype=np.float64)
        self.lat: Floats = np.array(lat, dtype=np.float64)
        keys: Whole = np.array(cell, dtype=np.int64)
        self._order: Whole = np.argsort(keys, kind="stable")
        self._keys: Whole = keys[self._order]

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


@dataclass
class StreetFacts:
    """A street by name: all its lines, house numbers by side, and where its addresses stand in the arrays."""

    name: str
    lines: list[list[list[float]]] = field(default_factory=list)
    ranges: list[tuple[dict[str, int], list[list[float]]]] = field(default_factory=list)
    first: int = 0
    last: int = 0


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
    words: frozenset[str]


class GazetteerIndex:
    """Everything that search and "what is here" need for one city."""

    def __init__(self, city_id: int) -> None:
        self._ids: dict[str, int] = {}
        self.streets: list[StreetFacts] = []
        self._read_streets(city_id)
        self._read_addresses(city_id)
        self._read_landmarks(city_id)
        self._read_assets(city_id)
        self._read_corners(city_id)
        self.street_names = Names((street.name, i) for i, street in enumerate(self.streets))
        self._grow_line_tree()

    def street_id(self, name: str) -> int:
        """The number of a street by name, made when new."""
        norm = rules.street_norm(name)
        found = self._ids.get(norm)
        if found is None:
            found = self._ids[norm] = len(self.streets)
            self.streets.append(StreetFacts(name))
        return found

    def knows_street(self, name: str) -> int | None:
        """The number of a street by its name, if there is one."""
        return self._ids.get(rules.street_norm(name))

    def _read_streets(self, city_id: int) -> None:
        rows = Street.objects.filter(city_id=city_id).exclude(name="").order_by("sort", "id")
        for name, lines, numbers in rows.values_list("name", "geometry", "numbers"):
            street = self.streets[self.street_id(name)]
            street.lines.extend(lines)
            if numbers:
                street.ranges.extend((numbers, line) for line in lines[:1])

    def _read_addresses(self, city_id: int) -> None:
        """Addresses sorted by street, then house number; each street knows its slice."""
        rows: list[tuple[int, int, str, str, str, float, float, int]] = []
        found = Address.objects.filter(city_id=city_id).order_by("sort", "id")
        for number, street, unit, lon, lat, cell in found.values_list(
            "number", "street", "unit", "lon", "lat", "cell"
        ).iterator(chunk_size=5000):
            house = rules.house(number)
            where = self.street_id(street)
            rows.append((where, house.number, house.suffix, unit, number, lon, lat, cell))
        rows.sort(key=lambda row: row[:4])
        self.address_street = [row[0] for row in rows]
        self.address_number: Whole = np.array([row[1] for row in rows], dtype=np.int64)
        self.address_suffix = [row[2] for row in rows]
        self.address_unit = [row[3] for row in rows]
        self.address_shown = [row[4] for row in rows]
        self.addresses = Points(
            [row[5] for row in rows], [row[6] for row in rows], [row[7] for row in rows]
        )
        for position, row in enumerate(rows):
            street_facts = self.streets[row[0]]
            if street_facts.last == 0:
                street_facts.first = position
            street_facts.last = position + 1

    def _read_landmarks(self, city_id: int) -> None:
        rows = list(
            Landmark.objects.filter(city_id=city_id)
            .exclude(name={})
            .order_by("sort", "id")
            .values_list("key", "name", "kind", "lon", "lat", "cell", "aliases", "geometry")
        )
        self.landmarks = [LandmarkFacts(*row[:5]) for row in rows]
        self.landmark_names = Names(
            (name, number)
            for number, row in enumerate(rows)
            for name in (*row[1].values(), *row[6])
        )
        self.landmark_points = Points(
            [row[3] for row in rows], [row[4] for row in rows], [row[5] for row in rows]
        )
        shaped = [(number, row[7]) for number, row in enumerate(rows) if row[7] is not None]
        self._shaped = [number for number, _ in shaped]
        self._shapes = STRtree([geometry.built(shape) for _, shape in shaped])

    def _read_assets(self, city_id: int) -> None:
        rows = list(
            Asset.objects.filter(city_id=city_id)
            .order_by("sort", "id")
            .values_list("kind", "code", "name", "lon", "lat", "cell")
        )
        self.assets = [
            AssetFacts(kind, code, name, lon, lat, _words_of(kind, name))
            for kind, code, name, lon, lat, _ in rows
        ]
        self.asset_points = Points(
            [row[3] for row in rows], [row[4] for row in rows], [row[5] for row in rows]
        )
        by_code: dict[str, list[int]] = defaultdict(list)
        for number, asset in enumerate(self.assets):
            for key in code_keys(asset.code):
                by_code[key].append(number)
        self.assets_by_code = dict(by_code)

    def _read_corners(self, city_id: int) -> None:
        rows = list(
            Corner.objects.filter(city_id=city_id)
            .order_by("a", "b", "id")
            .values_list("a", "b", "lon", "lat", "cell")
        )
        self.corners = [(self.street_id(a), self.street_id(b)) for a, b, *_ in rows]
        self.corner_points = Points(
            [row[2] for row in rows], [row[3] for row in rows], [row[4] for row in rows]
        )
        self.corners_of: dict[tuple[int, int], list[int]] = defaultdict(list)
        for number, (a, b) in enumerate(self.corners):
            self.corners_of[min(a, b), max(a, b)].append(number)

    def _grow_line_tree(self) -> None:
        owned = [(i, line) for i, street in enumerate(self.streets) for line in street.lines]
        middle = owned[0][1][0][1] if owned else 0.0
        self._wide = math.cos(math.radians(middle)) * METRES_PER_DEGREE
        self._line_owner = [owner for owner, _ in owned]
        self._lines: Any = np.array(
            [shapely.LineString(self._metres(np.array(line))) for _, line in owned], dtype=object
        )
        self._line_tree = STRtree(self._lines)

    @property
    def metres_per_degree(self) -> tuple[float, float]:
        """Of longitude and latitude, in the middle of the city."""
        return self._wide, METRES_PER_DEGREE

    def _metres(self, degrees: Floats) -> Floats:
        scaled: Floats = degrees * np.array([self._wide, METRES_PER_DEGREE])
        return scaled

    def streets_near(self, lon: float, lat: float, metres: float) -> list[tuple[float, int]]:
        """(distance in metres, street number), each street once, nearest first."""
        point = shapely.Point(lon * self._wide, lat * METRES_PER_DEGREE)
        found = self._line_tree.query(point, predicate="dwithin", distance=metres)
        nearest: dict[int, float] = {}
        for number in found.tolist():
            owner = self._line_owner[number]
            away = float(shapely.distance(self._lines[number], point))
            nearest[owner] = min(away, nearest.get(owner, away))
        return sorted((away, owner) for owner, away in nearest.items())

    def shapes_at(self, lon: float, lat: float) -> list[LandmarkFacts]:
        """Named shapes (parks, buildings) that hold the point."""
        found = self._shapes.query(shapely.Point(lon, lat), predicate="intersects")
        return [self.landmarks[self._shaped[int(number)]] for number in sorted(found.tolist())]

    def address_words(self, position: int) -> str:
        """An address as it is shown, "14 Mill Lane"."""
        street = self.streets[self.address_street[position]]
        return f"{self.address_shown[position]} {street.name}"


def _words_of(kind: str, name: dict[str, str]) -> frozenset[str]:
    text = " ".join([kind.replace("-", " "), *name.values()])
    return frozenset(re.split(r"[\s,\-/]+", rules.plain(text)))


def code_keys(code: str) -> list[str]:
    """How a painted number may be typed: "SL-1042" as sl1042 or 1042."""
    whole = re.sub(r"[\W_]+", "", rules.plain(code))
    tail = re.search(r"\d+$", whole)
    keys = [whole]
    if tail and tail[0] != whole:
        keys.append(tail[0])
    return [key for key in keys if key]


_held: Final = Held[GazetteerIndex](most=8)


def index_of(city: City) -> GazetteerIndex:
    """The gazetteer of a city, built when first asked for."""
    return _held.get((city.pk, city.digest), lambda: GazetteerIndex(city.pk))


def forget(city_id: int | None = None) -> None:
    """Drop what is held of one city, or of all."""
    _held.forget(city_id)
