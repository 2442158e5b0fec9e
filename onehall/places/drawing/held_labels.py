"""The names of each region of tiles, worked out once and kept for the tiles that follow."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from onehall.places.drawing.labels import Label, place
from onehall.places.drawing.scene import Plane
from onehall.places.drawing.view import TILE, View
from onehall.places.held import Key

ACROSS: Final = 4
"""Tiles on each side of a region, where the ground is in memory as a whole."""
ACROSS_READ: Final = 2
"""The same where it is read from a file tile by tile, which takes its time."""
_MOST: Final = 400

type RegionKey = tuple[Key, int, int, int, int]

_lock = threading.Lock()
_regions: OrderedDict[RegionKey, list[Label]] = OrderedDict()


def labels_of_tile(
    key: Key, scene: Callable[[], Plane], z: int, x: int, y: int, across: int = ACROSS
) -> list[Label]:
    """The names that touch a tile, in the tile's pixels. `key` tells city and revision, `across` how large regions are.

    `scene` is asked for the names of the region when they are not kept.
    """
    column, row = x // across, y // across
    left, top = (x - column * across) * TILE, (y - row * across) * TILE
    return [
        replace(label, x=label.x - left, y=label.y - top)
        for label in _region((key, across, z, column, row), scene)
        if _touches(label, left, top)
    ]


def _region(key: RegionKey, asked: Callable[[], Plane]) -> list[Label]:
    with _lock:
        found = _regions.get(key)
        if found is not None:
            _regions.move_to_end(key)
            return found
    _, across, z, column, row = key
    scene = asked()
    size, wide = 1 << z, TILE * across
    left, top = column * across / size - scene.x0, row * across / size - scene.y0
    labels = place(scene, View(left, top, TILE * size, wide, wide, float(z)))
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
