"""Pieces put together to tiles as files of vector tiles have them (Mapbox, version 2)."""

import gzip
import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import numpy as np
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from numpy.typing import NDArray

from onehall.places.making.cutting import EXTENT, POINT, POLYGON, Piece
from onehall.places.making.features import LAYERS


def tile(pieces: Iterable[Piece]) -> bytes:
    """One tile, packed. Pieces of which the same is said become one feature."""
    made = vector_tile_pb2.tile()
    for layer, rows in groupby(pieces, key=lambda piece: piece[0]):
        packed = _Layer(made.layers.add(name=LAYERS[layer], version=2, extent=EXTENT))
        for (kind, facts), same in groupby(rows, key=lambda piece: (piece[1], piece[2])):
            packed.add(kind, json.loads(facts), b"".join(piece[3] for piece in same))
    return gzip.compress(made.SerializeToString(deterministic=True), 9, mtime=0)


class _Layer:
    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._keys: dict[str, int] = {}
        self._values: dict[str | int, int] = {}

    def add(self, kind: int, facts: dict[str, str | int], parts: bytes) -> None:
        feature = self._layer.features.add(type=kind)
        for key, value in facts.items():
            feature.tags.extend((self._key(key), self._value(value)))
        feature.geometry.extend(_commands(kind, list(_points(parts))))

    def _key(self, key: str) -> int:
        if key not in self._keys:
            self._keys[key] = len(self._keys)
            self._layer.keys.append(key)
        return self._keys[key]

    def _value(self, value: str | int) -> int:
        if value not in self._values:
            self._values[value] = len(self._values)
            one = self._layer.values.add()
            if isinstance(value, str):
                one.string_value = value
            else:
                one.int_value = value
        return self._values[value]


def _points(parts: bytes) -> Iterator[NDArray[np.int64]]:
    at = 0
    while at < len(parts):
        count = int(np.frombuffer(parts, np.int32, 1, at)[0])
        points = np.frombuffer(parts, np.int16, 2 * count, at + 4).reshape(-1, 2)
        yield points.astype(np.int64)
        at += 4 + 4 * count


def _commands(kind: int, parts: list[NDArray[np.int64]]) -> list[int]:
    """Moves and lines from each point to the next, through all parts."""
    steps = np.diff(np.concatenate([np.zeros((1, 2), np.int64), *parts]), axis=0)
    coded: list[int] = ((steps << 1) ^ (steps >> 63)).ravel().tolist()
    if kind == POINT:
        return [len(steps) << 3 | 1, *coded]
    found: list[int] = []
    at = 0
    for part in parts:
        end = at + 2 * len(part)
        found += [1 << 3 | 1, *coded[at : at + 2], (len(part) - 1) << 3 | 2, *coded[at + 2 : end]]
        if kind == POLYGON:
            found.append(1 << 3 | 7)
        at = end
    return found
