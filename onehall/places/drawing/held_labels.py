"""The names of each region of tiles, worked out once and kept for the tiles that follow."""

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from onehall.places.drawing.labels import Label, place
from onehall.places.drawing.scene import Scene
from onehall.places.drawing.view import TILE, View
from onehall.places.held import Key

_ACROSS: Final = 4
_MOST: Final = 400

type RegionKey = tuple[Key, int, int, int]

_lock = threading.Lock()
_regions: OrderedDict[RegionKey, list[Label]] = OrderedDict()


def labels_of_tile(key: Key, scene: Scene, z: int, x: int, y: int) -> list[Label]:
    """The names that touch a tile, in the tile's pixels. `key` tells city and revision."""
    column, row = x // _ACROSS, y // _ACROSS
    left, top = (x - column * _ACROSS) * TILE, (y - row * _ACROSS) * TILE
    return [
        replace(label, x=label.x - left, y=label.y - top)
        for label in _region((key, z, column, row), scene)
        if _touches(label, left, top)
    ]


def _region(key: RegionKey, scene: Scene) -> list[Label]:
    with _lock:
        found = _regions.get(key)
        if found is not None:
            _regions.move_to_end(key)
            return found
    _, z, column, row = key
    size, across = 1 << z, TILE * _ACROSS
    left, top = column * _ACROSS / size - scene.x0, row * _ACROSS / size - scene.y0
    labels = place(scene, View(left, top, TILE * size, across, across, float(z)))
    with _lock:
        _regions[key] = labels
        while len(_regions) > _MOST:
            _regions.popitem(last=False)
    return labels


def _touches(label: Label, left: float, top: float) -> bool:
    reach = label.size * (len(label.text) * 0.4 + 2)
    return (
        left - reach <= label.x <= left + TILE + reach
        and top - reach <= label.y <= top + TILE + reach
    )


def forget() -> None:
    """Drop every region, so that the next tile is drawn as for the first time."""
    with _lock:
        _regions.clear()
