"""From a city's rows to the columns of its gazetteer: the slow part, done once for all processes."""

import json
import re
from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from onehall.places import geometry, rules
from onehall.places.models import Address, Asset, Corner, Landmark, Street
from onehall.places.names import name_columns
from onehall.places.rows import NUMBER_FIELDS
from onehall.places.tables import Columns, coded_columns, ends_of, text_columns

_NO_NUMBER: Final = -1
_CHUNK: Final = 5000


def columns_of(city_id: int) -> Columns:
    """Everything that `GazetteerIndex` needs to know of a city."""
    streets = _Streets()
    found = streets.read(city_id)
    found |= _address_columns(city_id, streets)
    found |= _corner_columns(city_id, streets)
    found |= streets.columns()
    found |= _landmark_columns(city_id)
    found |= _asset_columns(city_id)
    return found


class _Streets:
    """Streets by name, numbered as they come; two spellings of one name are one street."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._names: list[str] = []
        self._second: list[tuple[str, int]] = []
        self.id_of = lru_cache(maxsize=100_000)(self._id_of)

    def _id_of(self, name: str) -> int:
        norm = rules.street_norm(name)
        found = self._ids.get(norm)
        if found is None:
            found = self._ids[norm] = len(self._names)
            self._names.append(name)
        return found

    def read(self, city_id: int) -> Columns:
        """The lines of the streets, sorted by street, and the house numbers along them."""
        lines: list[tuple[int, Any]] = []
        ranges: list[tuple[int, Any, list[int]]] = []
        rows = Street.objects.filter(city_id=city_id).exclude(name="").order_by("sort", "id")
        for name, shapes, numbers, aliases, names in rows.values_list(
            "name", "geometry", "numbers", "aliases", "names"
        ).iterator(chunk_size=_CHUNK):
            street = self.id_of(name)
            others = dict.fromkeys((*aliases, *names.values()))
            self._second.extend((other, street) for other in others)
            lines.extend((street, line) for line in shapes)
            if numbers:
                # The numbers belong to the first line of the feature.
                kept = [numbers.get(field, _NO_NUMBER) for field in NUMBER_FIELDS]
                ranges.append((street, shapes[0], kept))
        lines.sort(key=lambda line: line[0])
        ranges.sort(key=lambda one: one[0])
        return {
            **_line_columns("line", [line for _, line in lines]),
            "line.street": np.array([street for street, _ in lines], dtype=np.int64),
            **_line_columns("range", [line for _, line, _ in ranges]),
            "range.street": np.array([street for street, _, _ in ranges], dtype=np.int64),
            "range.numbers": np.array([kept for *_, kept in ranges], dtype=np.int64).reshape(-1, 4),
        }

    def columns(self) -> Columns:
        """Their names, once nothing more will be added."""
        named = [(name, number, False) for number, name in enumerate(self._names)]
        named += [(alias, number, True) for alias, number in self._second]
        return {
            **text_columns("street.name", self._names),
            **text_columns("street.norm", self._ids),
            **name_columns("streets", named),
        }


def _line_columns(name: str, lines: Sequence[Any]) -> Columns:
    points = np.array([point[:2] for line in lines for point in line], dtype=np.float64)
    return {f"{name}.points": points.reshape(-1, 2), f"{name}.ends": ends_of(map(len, lines))}


def _point_columns(name: str, lon: ArrayLike, lat: ArrayLike, cell: ArrayLike) -> Columns:
    """The columns that `index.Points` reads."""
    keys = np.array(cell, dtype=np.int64)
    order = np.argsort(keys, kind="stable")
    return {
        f"{name}.lon": np.array(lon, dtype=np.float64),
        f"{name}.lat": np.array(lat, dtype=np.float64),
        f"{name}.order": order,
        f"{name}.keys": keys[order],
    }


class _Codes:
    """Numbers for texts that come again and again, and the column of them."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._column = array("i")

    def add(self, text: str) -> None:
        self._column.append(self._known.setdefault(text, len(self._known)))

    def ranked(self) -> NDArray[np.int64]:
        """For each row the place of its text among all texts in order."""
        ranks = np.zeros(len(self._known), dtype=np.int64)
        for rank, text in enumerate(sorted(self._known)):
            ranks[self._known[text]] = rank
        return ranks[np.frombuffer(self._column, dtype=np.int32)]

    def columns(self, name: str, order: NDArray[np.int64]) -> Columns:
        return coded_columns(name, np.frombuffer(self._column, dtype=np.int32)[order], self._known)


def _address_columns(city_id: int, streets: _Streets) -> Columns:
    """Addresses sorted by street, then house number; one that stands for several numbers comes with each."""
    street_ids, numbers, cells = array("q"), array("q"), array("q")
    lons, lats = array("d"), array("d")
    suffixes, units, shown = _Codes(), _Codes(), _Codes()
    houses_of = lru_cache(maxsize=100_000)(rules.houses)
    found = Address.objects.filter(city_id=city_id).order_by("sort", "id")
    for number, street, unit, lon, lat, cell in found.values_list(
        "number", "street", "unit", "lon", "lat", "cell"
    ).iterator(chunk_size=_CHUNK):
        where = streets.id_of(street)
        for house in houses_of(number):
            street_ids.append(where)
            numbers.append(house.number)
            suffixes.add(house.suffix)
            units.add(unit)
            shown.add(number)
            lons.append(lon)
            lats.append(lat)
            cells.append(cell)
    by_street = np.frombuffer(street_ids, dtype=np.int64)
    by_number = np.frombuffer(numbers, dtype=np.int64)
    order = np.lexsort((units.ranked(), suffixes.ranked(), by_number, by_street))
    return {
        "address.street": by_street[order],
        "address.number": by_number[order],
        **suffixes.columns("address.suffix", order),
        **units.columns("address.unit", order),
        **shown.columns("address.shown", order),
        **_point_columns(
            "address",
            np.frombuffer(lons, dtype=np.float64)[order],
            np.frombuffer(lats, dtype=np.float64)[order],
            np.frombuffer(cells, dtype=np.int64)[order],
        ),
    }


def _corner_columns(city_id: int, streets: _Streets) -> Columns:
    rows = list(
        Corner.objects.filter(city_id=city_id)
        .order_by("a", "b", "id")
        .values_list("a", "b", "lon", "lat", "cell")
    )
    pairs = np.array([(streets.id_of(a), streets.id_of(b)) for a, b, *_ in rows], dtype=np.int64)
    pairs = pairs.reshape(-1, 2)
    keys = corner_keys(pairs.min(axis=1), pairs.max(axis=1)) if rows else np.zeros(0, np.int64)
    order = np.argsort(keys, kind="stable")
    return {
        "corner.streets": pairs,
        "corner.pair_keys": keys[order],
        "corner.pair_order": order,
        **_point_columns("corner", *_last_three(rows, 2)),
    }


def corner_keys(low: Any, high: Any) -> Any:
    """One number for two streets, the lower number first."""
    return low << 32 | high


def _last_three(rows: Sequence[Sequence[Any]], first: int) -> Iterable[list[Any]]:
    return ([row[column] for row in rows] for column in range(first, first + 3))


def _landmark_columns(city_id: int) -> Columns:
    rows = list(
        Landmark.objects.filter(city_id=city_id)
        .exclude(name={})
        .order_by("sort", "id")
        .values_list("key", "name", "kind", "lon", "lat", "cell", "aliases", "geometry")
    )
    named = [
        (name, number, second)
        for number, row in enumerate(rows)
        for second, names in ((False, row[1].values()), (True, row[6]))
        for name in names
    ]
    shaped = [(number, geometry.built(row[7])) for number, row in enumerate(rows) if row[7]]
    shapes = [shapely.to_wkb(shape) for _, shape in shaped]
    return {
        **text_columns("landmark.facts", map(_json, (row[:3] for row in rows))),
        **name_columns("landmarks", named),
        **_point_columns("landmark", *_last_three(rows, 3)),
        "shape.landmark": np.array([number for number, _ in shaped], dtype=np.int64),
        "shape.wkb": np.frombuffer(b"".join(shapes), dtype=np.uint8),
        "shape.ends": ends_of(map(len, shapes)),
    }


def _asset_columns(city_id: int) -> Columns:
    rows = list(
        Asset.objects.filter(city_id=city_id)
        .order_by("sort", "id")
        .values_list("kind", "code", "name", "lon", "lat", "cell")
    )
    keys = sorted(
        (key.encode(), number) for number, row in enumerate(rows) for key in code_keys(row[1])
    )
    return {
        **text_columns("asset.facts", map(_json, (row[:3] for row in rows))),
        **_point_columns("asset", *_last_three(rows, 3)),
        "code.keys": np.array([key for key, _ in keys], dtype=np.bytes_),
        "code.assets": np.array([number for _, number in keys], dtype=np.int64),
    }


def code_keys(code: str) -> list[str]:
    """How a painted number may be typed: "SL-1042" as sl1042 or 1042."""
    whole = re.sub(r"[\W_]+", "", rules.plain(code))
    tail = re.search(r"\d+$", whole)
    keys = [whole]
    if tail and tail[0] != whole:
        keys.append(tail[0])
    return [key for key in keys if key]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
