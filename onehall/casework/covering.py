"""Which squares of the map lie inside a box or a circle, and which lie across its side."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from onehall.casework.selection import Box, Circle
from onehall.kernel import cells, geo
from onehall.kernel.cells import Range

MOST_SQUARES: Final = 5_000
"""So many squares are looked at; a larger part of the map wants larger ones."""
HAIR: Final = 1e-7
"""Degrees by which a square must lie inside, so that no rounding of a point in it decides: a centimetre."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Ranges of map cells, ends included: squares wholly inside, and those that are partly inside."""

    inside: list[Range]
    across: list[Range]


def cover(
    box: Box | None, circle: Circle | None, *, level: int, window: Box | None = None, shift: int = 0
) -> Cover | None:
    """Squares of a level that make up what lies in the box and the circle; None where they are too many.

    Where a window is given, only those that belong to what is drawn in it: whole squares of `shift` bits.
    """
    grid = _grid(box, circle, level)
    if window is not None:
        grid = _meet(grid, _drawn(window, shift, level))
    left, top, right, bottom = grid
    if right < left or bottom < top:
        return Cover([], [])
    if (right - left + 1) * (bottom - top + 1) > MOST_SQUARES:
        return None
    lons, lats = _sides(left, right, level), _parallels(top, bottom, level)
    inside = np.ones((len(lats) - 1, len(lons) - 1), dtype=np.bool_)
    touched = inside.copy()
    if box is not None:
        wide = (lons[:-1] >= box.west + HAIR) & (lons[1:] <= box.east - HAIR)
        high = (lats[1:] >= box.south + HAIR) & (lats[:-1] <= box.north - HAIR)
        inside &= high[:, None] & wide[None, :]
    if circle is not None:
        within, near = _in_circle(circle, lons, lats)
        inside &= within
        touched &= near
    bits = 2 * (cells.ZOOM - level)
    columns, rows = np.meshgrid(np.arange(left, right + 1), np.arange(top, bottom + 1))
    squares = cells.joins(columns, rows)
    return Cover(_ranges(squares[inside], bits), _ranges(squares[touched & ~inside], bits))


type _Grid = tuple[int, int, int, int]


def _grid(box: Box | None, circle: Circle | None, level: int) -> _Grid:
    """First and last column and row that both may have a part in."""
    found: _Grid = (0, 0, (1 << level) - 1, (1 << level) - 1)
    for part in (box, circle.box if circle else None):
        if part is not None:
            west, north = cells.grid_xy(part.west, part.north)
            east, south = cells.grid_xy(part.east, part.south)
            less = cells.ZOOM - level
            found = _meet(found, (west >> less, north >> less, east >> less, south >> less))
    return found


def _drawn(window: Box, shift: int, level: int) -> _Grid:
    """The same of the squares of `shift` bits that are seen in a window."""
    west, north = cells.grid_xy(window.west, window.north)
    east, south = cells.grid_xy(window.east, window.south)
    coarse, finer = shift // 2, shift // 2 - (cells.ZOOM - level)
    return (
        west >> coarse << finer,
        north >> coarse << finer,
        ((east >> coarse) + 1 << finer) - 1,
        ((south >> coarse) + 1 << finer) - 1,
    )


def _meet(one: _Grid, other: _Grid) -> _Grid:
    return (
        max(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        min(one[3], other[3]),
    )


def _sides(left: int, right: int, level: int) -> NDArray[np.float64]:
    """Longitudes of the sides of columns, from west to east; one more than there are columns."""
    sides: NDArray[np.float64] = np.arange(left, right + 2) / (1 << level) * 360.0 - 180.0
    return sides


def _parallels(top: int, bottom: int, level: int) -> NDArray[np.float64]:
    """Latitudes of the sides of rows, from north to south."""
    up = np.pi * (1 - 2 * np.arange(top, bottom + 2) / (1 << level))
    parallels: NDArray[np.float64] = np.degrees(np.arctan(np.sinh(up)))
    return parallels


def _in_circle(
    circle: Circle, lons: NDArray[np.float64], lats: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which squares lie in the circle with all of their corners, and which with any point; as `Circle.condition` measures."""
    east = (lons - circle.lon) * math.cos(math.radians(circle.lat))
    north = lats - circle.lat
    radius = circle.metres / geo.METRES_PER_DEGREE
    farthest = (
        np.maximum(abs(east[:-1]), abs(east[1:]))[None, :] ** 2
        + np.maximum(abs(north[:-1]), abs(north[1:]))[:, None] ** 2
    )
    nearest = (
        np.maximum(np.maximum(east[:-1], -east[1:]), 0)[None, :] ** 2
        + np.maximum(np.maximum(north[1:], -north[:-1]), 0)[:, None] ** 2
    )
    return farthest <= max(0.0, radius - HAIR) ** 2, nearest <= (radius + HAIR) ** 2


def _ranges(squares: NDArray[np.int64], bits: int) -> list[Range]:
    """Squares as ranges of map cells, neighbours joined."""
    if not squares.size:
        return []
    order = np.sort(squares)
    breaks = np.flatnonzero(np.diff(order) > 1)
    firsts = order[np.concatenate(([0], breaks + 1))]
    lasts = order[np.concatenate((breaks, [len(order) - 1]))]
    return [
        (int(first) << bits, (int(last) + 1 << bits) - 1)
        for first, last in zip(firsts, lasts, strict=True)
    ]
