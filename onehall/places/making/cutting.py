"""Features cut into the tiles of each zoom, in whole units of a tile, laid by on disk until all are there."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pmtiles.tile import zxy_to_tileid

from onehall.kernel.geo import Box
from onehall.places.making.features import DEEPEST, LAYERS, Feature

EXTENT: Final = 4096
BUFFER: Final = 80
"""Units that a tile has of its neighbors, so that a wide line ends beyond its edge."""
_FINE: Final = 1.0
_COARSE: Final = 4.0
_SMALLEST: Final = 8.0
"""Units across; a smaller surface is less than a pixel. Not at the deepest zoom, of which closer ones are drawn."""

POINT, LINE, POLYGON = 1, 2, 3
type Numbers = NDArray[np.int64]
type Piece = tuple[int, int, str, bytes]
"""Layer, type, facts as text, and each part as its count of points and the points."""


class Heap:
    """Pieces of tiles in a file of its own, sorted by the database library on disk: memory stays small."""

    def __init__(self, path: Path) -> None:
        self._rows = sqlite3.connect(path, isolation_level=None)
        self._rows.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;"
            "CREATE TABLE piece (tile INTEGER, layer INTEGER, type INTEGER, facts TEXT, parts BLOB); BEGIN"
        )

    def add(self, rows: Sequence[tuple[int, int, int, str, bytes]]) -> None:
        """Lay by rows of tile, layer, type, facts and parts."""
        self._rows.executemany("INSERT INTO piece VALUES (?, ?, ?, ?, ?)", rows)

    def count(self) -> int:
        """How many tiles there are."""
        (found,) = self._rows.execute("SELECT count(DISTINCT tile) FROM piece").fetchone()
        return int(found)

    def tiles(self) -> Iterator[tuple[int, Iterator[Piece]]]:
        """Each tile in order with its pieces: layer, type, facts, parts."""
        found = self._rows.execute(
            "SELECT tile, layer, type, facts, parts FROM piece ORDER BY tile, layer, type, facts, rowid"
        )
        for tile, rows in groupby(found, key=lambda row: row[0]):
            yield tile, (row[1:] for row in rows)

    def close(self) -> None:
        """Let the file go."""
        self._rows.close()


def cut(batch: Sequence[Feature], box: Box, heap: Heap) -> None:
    """Lay by the pieces of features in every tile that a box (left, top, right, bottom; 0 to 1) meets."""
    for zoom in range(DEEPEST + 1):
        there = [feature for feature in batch if feature.zoom <= zoom]
        if there:
            _cut_at(there, zoom, box, heap)


def _cut_at(batch: Sequence[Feature], zoom: int, box: Box, heap: Heap) -> None:
    unit = 1 / (EXTENT << zoom)
    shapes = _simple(np.array([feature.shape for feature in batch], dtype=object), zoom, unit)
    owners, columns, rows = _pairs(shapes, zoom, box)
    if not len(owners):
        return
    margin = BUFFER * unit
    size = 1 << zoom
    left, top = columns / size, rows / size
    frames = shapely.box(
        left - margin, top - margin, left + 1 / size + margin, top + 1 / size + margin
    )
    pieces = shapely.intersection(shapes[owners], frames)
    corners = np.column_stack((columns, rows)) * EXTENT
    facts = [json.dumps(f.facts, ensure_ascii=False, sort_keys=True) for f in batch]
    layers = [LAYERS.index(feature.layer) for feature in batch]
    ids: dict[tuple[int, int], int] = {}
    laid = []
    for kind, place, parts in _whole(pieces, corners, unit):
        owner, where = int(owners[place]), (int(columns[place]), int(rows[place]))
        if where not in ids:
            ids[where] = zxy_to_tileid(zoom, *where)
        laid.append((ids[where], layers[owner], kind, facts[owner], parts))
    heap.add(laid)


def _simple(shapes: NDArray[np.object_], zoom: int, unit: float) -> NDArray[np.object_]:
    """The shapes with no more corners than are seen; None for what is too small to be."""
    fine = zoom == DEEPEST
    tangled = ~shapely.is_valid(shapes)
    shapes[tangled] = shapely.make_valid(shapes[tangled])
    found: NDArray[np.object_] = shapely.simplify(shapes, (_FINE if fine else _COARSE) * unit)
    if not fine:
        flat = shapely.get_dimensions(found) == 2
        small = flat & (np.sqrt(shapely.area(found)) < _SMALLEST * unit)
        found[small] = None
    return found


def _pairs(shapes: NDArray[np.object_], zoom: int, box: Box) -> tuple[Numbers, Numbers, Numbers]:
    """Which shape meets which tile of those that the box meets: numbers of shapes, columns, rows."""
    size, edge = 1 << zoom, BUFFER / EXTENT
    seen = np.floor(np.array(box) * size).astype(np.int64).clip(0, size - 1)
    there = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    bounds = shapely.bounds(shapes[there]) * size
    first = np.floor(bounds[:, :2] - edge).astype(np.int64).clip(seen[:2], None)
    last = np.floor(bounds[:, 2:] + edge).astype(np.int64).clip(None, seen[2:])
    across = (last - first + 1).clip(0, None)
    counts = across.prod(axis=1)
    owner = np.repeat(np.arange(len(there)), counts)
    turn = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    columns = first[owner, 0] + turn // across[owner, 1]
    rows = first[owner, 1] + turn % across[owner, 1]
    return there[owner], columns, rows


def _whole(
    pieces: NDArray[np.object_], corners: Numbers, unit: float
) -> Iterator[tuple[int, int, bytes]]:
    """The pieces in whole units of their tiles: type, number of the piece, parts packed. What falls to nothing is left out."""
    singles, places = shapely.get_parts(pieces, return_index=True)
    # What is left of a cut polygon may be a collection that holds lines and points too.
    singles, nested = shapely.get_parts(singles, return_index=True)
    places = places[nested]
    dimensions = shapely.get_dimensions(singles)
    wanted = shapely.get_dimensions(pieces)[places] == dimensions
    for kind in (POINT, LINE, POLYGON):
        chosen = wanted & (dimensions == kind - 1)
        some, where = singles[chosen], places[chosen]
        if kind == POLYGON:
            some, ring_of = shapely.get_rings(some, return_index=True)
            inner = np.concatenate(([False], ring_of[1:] == ring_of[:-1]))[: len(some)]
            where = where[ring_of]
        else:
            inner = np.zeros(len(some), dtype=bool)
        yield from _packed(kind, some, where, inner, corners, unit)


def _packed(
    kind: int, shapes: Any, where: Numbers, inner: Any, corners: Numbers, unit: float
) -> Iterator[tuple[int, int, bytes]]:
    points, of = shapely.get_coordinates(shapes, return_index=True)
    flat = (np.rint(points / unit).astype(np.int64) - corners[where[of]]).astype(np.int16)
    keep = np.ones(len(flat), dtype=bool)
    if kind != POINT:
        keep[1:] = (flat[1:] != flat[:-1]).any(axis=1) | (of[1:] != of[:-1])
    flat, of = flat[keep], of[keep]
    ends = np.searchsorted(of, np.arange(len(shapes) + 1))
    turned = _turned(flat, of, len(shapes))
    parts: list[bytes] = []
    before, outline = -1, False
    for number, place in enumerate(where.tolist()):
        if place != before and parts:
            yield kind, before, b"".join(parts)
            parts = []
        before = place
        part = flat[ends[number] : ends[number + 1]]
        if kind == POLYGON:
            # A hole in an outline that fell to nothing would be ground.
            seen = outline or not inner[number]
            part = _ring(part, turned[number], inner=bool(inner[number])) if seen else part[:0]
            outline = bool(len(part)) if not inner[number] else outline
        if len(part) >= kind:
            parts.append(np.int32(len(part)).tobytes() + part.tobytes())
    if parts:
        yield kind, before, b"".join(parts)


def _turned(flat: NDArray[np.int16], of: Numbers, count: int) -> Numbers:
    """Twice the surface of each closed line, below 0 for those that turn the other way."""
    same = of[1:] == of[:-1]
    (x, y), (then_x, then_y) = flat[:-1].T.astype(np.int64), flat[1:].T.astype(np.int64)
    swept = np.where(same, x * then_y - then_x * y, 0)
    # Whole numbers of this size are exact as weights.
    return np.bincount(of[:-1], weights=swept, minlength=count).astype(np.int64)


def _ring(part: NDArray[np.int16], turned: int, *, inner: bool) -> NDArray[np.int16]:
    """A ring without its last point, which is its first; an outline turns one way, a hole the other."""
    part = part[:-1]
    if len(part) < 3 or not turned:
        return part[:0]
    return part if (turned > 0) != inner else part[::-1]
