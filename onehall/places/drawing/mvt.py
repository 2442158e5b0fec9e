"""Tiles in the vector format of Mapbox (version 2, and 1 as far as it is told apart), unpacked layer by layer.

Only what is asked for is made into shapes, and all of a layer's points at once: a dense tile has a hundred thousand.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import shapely
from google.protobuf.message import DecodeError
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from numpy.typing import NDArray

POINT, LINE, POLYGON = 1, 2, 3

_LAYER, _NAME = 3, 1
_MOVE, _DRAW, _CLOSE = 1, 2, 7
_MOST_EXTENT: Final = 1 << 16

type Points = NDArray[np.float64]
type Numbers = NDArray[np.int64]
type Shapes = NDArray[np.object_]


class BrokenTile(ValueError):
    """Bytes that are no vector tile."""


class TileLayer:
    """One layer of a tile. Shapes are in its units: `extent` of them on each side, y downward. Raises `BrokenTile`."""

    def __init__(self, data: bytes) -> None:
        raw: Any = vector_tile_pb2.tile.layer()
        try:
            raw.ParseFromString(data)
        except DecodeError as error:
            raise BrokenTile("no layer of a vector tile") from error
        self.name = str(raw.name)
        self.extent = int(raw.extent)
        if not 0 < self.extent <= _MOST_EXTENT:
            raise BrokenTile(f"an extent of {self.extent}")
        self.keys: list[str] = list(raw.keys)
        self._features = list(raw.features)
        self._values = raw.values
        self._told: dict[tuple[int, ...], dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._features)

    @cached_property
    def _known(self) -> list[Any]:
        return [_value(one) for one in self._values]

    def kind(self, number: int) -> int:
        """POINT, LINE, POLYGON or 0 of a feature."""
        return int(self._features[number].type)

    def facts(self, number: int) -> dict[str, Any]:
        """What is said of a feature; features of which the same is said share it."""
        tags = tuple(self._features[number].tags)
        if tags not in self._told:
            keys = map(self.keys.__getitem__, tags[::2])
            values = map(self._known.__getitem__, tags[1::2])
            try:
                self._told[tags] = dict(zip(keys, values, strict=True))
            except (IndexError, ValueError) as error:
                raise BrokenTile("a fact that is not there") from error
        return self._told[tags]

    def points(self, numbers: Sequence[int]) -> tuple[Points, Numbers]:
        """The points of features, and for each the place in `numbers` of its feature."""
        points, _starts, owners = self._parts(numbers)
        return points, np.repeat(owners, _lengths(_starts, len(points)))

    def lines(self, numbers: Sequence[int]) -> tuple[Shapes, Numbers]:
        """The lines of features, each in one piece, and for each the place in `numbers` of its feature."""
        points, starts, owners = self._parts(numbers)
        sizes = _lengths(starts, len(points))
        good = sizes >= 2
        kept = points[np.repeat(good, sizes)]
        parts = np.repeat(np.arange(int(good.sum())), sizes[good])
        return shapely.linestrings(kept, indices=parts) if len(kept) else _none(), owners[good]

    def polygons(self, numbers: Sequence[int]) -> tuple[Shapes, Numbers]:
        """The polygons of features with their holes, and for each the place in `numbers` of its feature."""
        points, starts, owners = self._parts(numbers)
        sizes = _lengths(starts, len(points))
        surface = _surfaces(points, starts, sizes)
        good = (sizes >= 3) & (surface != 0)
        if not good.any():
            return _none(), np.zeros(0, np.int64)
        owners, surface = owners[good], surface[good]
        ids = np.repeat(np.arange(len(owners)), sizes[good])
        rings = shapely.linearrings(points[np.repeat(good, sizes)], indices=ids)
        # The first ring of a feature is an outline; what turns as it does is one too, and the others are holes.
        first = np.searchsorted(owners, owners)
        outline = np.sign(surface) == np.sign(surface[first])
        return shapely.polygons(rings, indices=np.cumsum(outline) - 1), owners[outline]

    def _parts(self, numbers: Sequence[int]) -> tuple[Points, Numbers, Numbers]:
        """All points of features, where each part begins among them, and the feature of each part."""
        steps: list[int] = []
        starts: list[int] = []
        owners: list[int] = []
        counts: list[int] = []
        for place, number in enumerate(numbers):
            parts, points = len(starts), len(steps)
            _unpack(list(self._features[number].geometry), steps, starts)
            owners += [place] * (len(starts) - parts)
            counts.append((len(steps) - points) // 2)
        packed = np.array(steps, dtype=np.int64).reshape(-1, 2)
        moved = np.cumsum((packed >> 1) ^ -(packed & 1), axis=0)
        # Each feature begins anew at the corner of the tile: what was added up before it is taken off.
        before = np.vstack((np.zeros((1, 2), np.int64), moved))
        firsts = np.cumsum(np.array([0, *counts], dtype=np.int64))[:-1]
        own = moved - np.repeat(before[firsts], counts, axis=0)
        return own.astype(np.float64), np.array(starts, np.int64), np.array(owners, np.int64)


def split(data: bytes, wanted: frozenset[str]) -> dict[str, list[bytes]]:
    """A tile's layers that are wanted, each still packed: most of them are never looked into. Raises `BrokenTile`."""
    found: dict[str, list[bytes]] = {}
    for field, start, end in _fields(data):
        if field == _LAYER:
            name = next((data[a:b] for f, a, b in _fields(data, start, end) if f == _NAME), b"")
            known = name.decode("utf-8", "replace")
            if known in wanted:
                found.setdefault(known, []).append(data[start:end])
    return found


def _fields(data: bytes, at: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int]]:
    """The fields of a message that have a length: number, start, end. Others are passed over."""
    end = len(data) if end is None else end
    while at < end:
        tag, at = _varint(data, at, end)
        match tag & 7:
            case 0:
                _value_of, at = _varint(data, at, end)
            case 1:
                at += 8
            case 2:
                size, at = _varint(data, at, end)
                if at + size > end:
                    raise BrokenTile("a part that ends too early")
                yield tag >> 3, at, at + size
                at += size
            case 5:
                at += 4
            case _:
                raise BrokenTile("no vector tile")


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    found = shift = 0
    while at < end and shift < 64:
        found |= (data[at] & 127) << shift
        at += 1
        if data[at - 1] < 128:
            return found, at
        shift += 7
    raise BrokenTile("no vector tile")


def _unpack(geometry: list[int], steps: list[int], starts: list[int]) -> None:
    """Add a feature's steps to those before, and at which of all points each of its parts begins."""
    at, end = 0, len(geometry)
    while at < end:
        command, count = geometry[at] & 7, geometry[at] >> 3
        at += 1
        if command == _CLOSE:
            continue
        stop = at + 2 * count
        if command not in (_MOVE, _DRAW) or stop > end or (command == _DRAW and at == 1):
            raise BrokenTile("a shape that can not be drawn")
        if command == _MOVE:
            starts += range(len(steps) // 2, len(steps) // 2 + count)
        steps += geometry[at:stop]
        at = stop


def _lengths(starts: Numbers, end: int) -> Numbers:
    return np.diff(np.append(starts, end))


def _surfaces(points: Points, starts: Numbers, sizes: Numbers) -> Points:
    """Twice the signed surface of each ring."""
    if not len(starts):
        return np.zeros(0)
    follow = np.arange(1, len(points) + 1)
    follow[starts + sizes - 1] = starts
    x, y = points.T
    turned: Points = np.add.reduceat(x * y[follow] - x[follow] * y, starts)
    return turned


def _none() -> Shapes:
    return np.array([], dtype=object)


def _value(one: Any) -> Any:
    for name in ("string_value", "int_value", "uint_value", "sint_value", "bool_value"):
        if one.HasField(name):
            return getattr(one, name)
    return one.double_value if one.HasField("double_value") else one.float_value
