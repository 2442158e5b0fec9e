"""Map cells: one integer per point, ordered so that every map tile is one contiguous range.

A cell is the interleaved bits (Morton order) of the point's Web-Mercator tile coordinates at zoom 26,
52 bits, about 0.6 m wide. Boxes and "near me" become at most twelve B-tree ranges.
"""

import heapq
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

ZOOM: Final = 26
MAX_LATITUDE: Final = 85.05112877980659
_METRES_PER_DEGREE: Final = 111_320.0

_STEPS: Final = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)
"""How bits are spread: moved by so many, and which are kept."""

type Range = tuple[int, int]


def grid_xy(lon: float, lat: float) -> tuple[int, int]:
    """Column and row of a point on the zoom-26 grid; latitudes past the map's edge are clamped."""
    size = 1 << ZOOM
    sine = math.sin(math.radians(max(-MAX_LATITUDE, min(MAX_LATITUDE, lat))))
    x = (lon + 180.0) / 360.0
    y = 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)
    return min(size - 1, max(0, int(x * size))), min(size - 1, max(0, int(y * size)))


def _spread(value: int) -> int:
    """Move the low 32 bits of a number to the even bit positions."""
    for step, kept in _STEPS:
        value = (value | value << step) & kept
    return value


def _squeeze(value: int) -> int:
    """The opposite of `_spread`: collect the even bits."""
    value &= 0x5555555555555555
    value = (value | value >> 1) & 0x3333333333333333
    value = (value | value >> 2) & 0x0F0F0F0F0F0F0F0F
    value = (value | value >> 4) & 0x00FF00FF00FF00FF
    value = (value | value >> 8) & 0x0000FFFF0000FFFF
    return (value | value >> 16) & 0x00000000FFFFFFFF


def join(x: int, y: int) -> int:
    """The cell at a column and row."""
    return _spread(x) | _spread(y) << 1


def joins(columns: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same for many: an array of cells, of the shape of those of columns and rows."""
    return _spreads(columns) | _spreads(rows) << 1


def _spreads(values: NDArray[np.int64]) -> NDArray[np.int64]:
    for step, kept in _STEPS:
        values = (values | values << step) & kept
    return values


def split(cell: int) -> tuple[int, int]:
    """Column and row of a cell."""
    return _squeeze(cell), _squeeze(cell >> 1)


def cell_of(lon: float, lat: float) -> int:
    """The cell of a point in degrees (WGS84), as a number that fits a PostgreSQL bigint."""
    return join(*grid_xy(lon, lat))


def centre_of(cell: int) -> tuple[float, float]:
    """Longitude and latitude of the middle of a cell."""
    x, y = split(cell)
    size = 1 << ZOOM
    lon = (x + 0.5) / size * 360.0 - 180.0
    lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (y + 0.5) / size))))
    return lon, lat


def tile_range(z: int, x: int, y: int) -> Range:
    """First and last cell (both included) of map tile z/x/y; ValueError for a tile that does not exist."""
    if not 0 <= z <= ZOOM or not 0 <= x < 1 << z or not 0 <= y < 1 << z:
        raise ValueError(f"no such tile: {z}/{x}/{y}")
    shift = 2 * (ZOOM - z)
    first = join(x, y) << shift
    return first, first + (1 << shift) - 1


def ranges(west: float, south: float, east: float, north: float, *, most: int = 12) -> list[Range]:
    """At most `most` cell ranges that together cover a box in degrees (they may cover a little more)."""
    x0, y0 = grid_xy(west, north)
    x1, y1 = grid_xy(east, south)
    if x1 < x0 or y1 < y0:
        raise ValueError("the box is turned around: west must be left of east, south below north")
    bits = max((x0 ^ x1).bit_length(), (y0 ^ y1).bit_length())
    todo = [(-bits, x0 >> bits << bits, y0 >> bits << bits)]
    done: list[tuple[int, int, int]] = []
    # Split the largest square that is only partly inside; three more squares may come of one.
    while todo and len(todo) + len(done) + 3 <= max(most, 4):
        negative, left, top = heapq.heappop(todo)
        bits = -negative
        last = (1 << bits) - 1
        if left >= x0 and top >= y0 and left + last <= x1 and top + last <= y1:
            done.append((negative, left, top))
            continue
        half = 1 << (bits - 1)
        for a in (left, left + half):
            for b in (top, top + half):
                if a <= x1 and a + half - 1 >= x0 and b <= y1 and b + half - 1 >= y0:
                    heapq.heappush(todo, (1 - bits, a, b))
    return _merged(done + todo)


def _merged(squares: list[tuple[int, int, int]]) -> list[Range]:
    """Squares (minus their size in bits, column, row) as ranges, neighbours joined."""
    merged: list[Range] = []
    for first, bits in sorted((join(x, y), -negative) for negative, x, y in squares):
        last = first + (1 << 2 * bits) - 1
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def near(lon: float, lat: float, metres: float, *, most: int = 12) -> list[Range]:
    """Cell ranges that hold every point within `metres` of a point (and some further away)."""
    tall = metres / _METRES_PER_DEGREE * 1.01
    # The widest parallel of the circle is the one nearest a pole.
    widest = min(MAX_LATITUDE, abs(lat) + tall)
    wide = tall / math.cos(math.radians(widest))
    return ranges(
        max(-180.0, lon - wide), lat - tall, min(180.0, lon + wide), lat + tall, most=most
    )
