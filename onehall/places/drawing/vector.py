"""The ground of a window, read from a PMTiles file of vector tiles: OpenMapTiles, Protomaps, or a city's own layers."""

import contextlib
import copy
import gzip
import io
import json
import mmap
import re
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import shapely
from pmtiles.reader import Reader
from pmtiles.tile import Compression, TileType

from onehall.kernel.geo import Box, mercator
from onehall.places.drawing import kinds
from onehall.places.drawing.found import Found, Named
from onehall.places.drawing.kinds import Facts, name_in
from onehall.places.drawing.mvt import BrokenTile, Shapes
from onehall.places.drawing.scene import Layer, NamedLine, NamedSpot, Plane
from onehall.places.drawing.view import BUILDINGS_FROM, SPOTS_FROM, named_at

MOST_TILES: Final = 96
"""Tiles of the file that one process keeps."""
MOST_WEIGHT: Final = 8_000_000
"""The same in bytes as they come from the file, unpacked: of dense tiles fewer are kept. As shapes they take ten times that."""
MOST_BYTES: Final = 4_000_000
"""Of one tile, packed and not: more is no map of a city."""
_LOOKED_AT: Final = 24
"""Tiles in which the languages are looked for, where the file does not list them."""
_LARGEST: Final = 100_000

_TAG: Final = re.compile(r"<[^>]*>")


class BrokenFile(Exception):
    """Not a file of vector tiles that can be drawn; the text says why."""


class VectorFile:
    """A PMTiles file, open for reading; several threads may read at once. Raises `BrokenFile`, `OSError`."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            held = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        # The library has no types.
        self._reader: Any = cast(Any, Reader)(lambda offset, length: held[offset : offset + length])
        try:
            self.header: dict[str, Any] = self._reader.header()
            self.metadata: dict[str, Any] = self._reader.metadata()
        except Exception as error:
            # The library says what it stumbles over in many ways.
            raise BrokenFile("It is no PMTiles file, or only a part of one.") from error
        if self.header["tile_type"] != TileType.MVT:
            raise BrokenFile("It holds pictures, not vector tiles.")
        if self.header["tile_compression"] not in (Compression.GZIP, Compression.NONE):
            raise BrokenFile("Its tiles are packed in another way than gzip.")
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, int, int], Found] = OrderedDict()
        self._weight = 0

    @cached_property
    def credit(self) -> str:
        """Whom the file asks to name, without markup; "" for nobody."""
        said = str(self.metadata.get("attribution", ""))
        return " ".join(shown.strip() for shown in _TAG.split(said) if shown.strip())[:120]

    @property
    def deepest(self) -> int:
        """The closest zoom that it has; what is closer is drawn from it."""
        return int(self.header["max_zoom"])

    @property
    def widest(self) -> int:
        """The farthest zoom that it has."""
        return int(self.header["min_zoom"])

    def speaks(self, language: str) -> bool:
        """Whether anything in it may have a name in a language."""
        wanted = language.lower()
        return wanted in self._languages or wanted.partition("-")[0] in self._languages

    @cached_property
    def _languages(self) -> frozenset[str]:
        keys = self._listed_keys()
        found = self._seen_keys() if keys is None else keys
        return frozenset(spoken for key in found if (spoken := kinds.language_in(key)))

    def _listed_keys(self) -> set[str] | None:
        """The facts that its description lists, None when it lists none."""
        layers = self.metadata.get("vector_layers")
        try:
            if layers is None:
                layers = json.loads(self.metadata["json"])["vector_layers"]
            return {
                key for layer in layers if layer["id"] in kinds.WANTED for key in layer["fields"]
            }
        except (KeyError, TypeError, ValueError):
            return None

    def _seen_keys(self) -> set[str]:
        """The facts in the tiles around its middle."""
        left, top, right, bottom = self.box
        level, tiles = tiles_of(self, self.box, self.deepest)
        x, y = ((a + b) / 2 * (1 << level) - 0.5 for a, b in ((left, right), (top, bottom)))
        tiles.sort(key=lambda tile: (abs(tile[0] - x) + abs(tile[1] - y), tile))
        keys: set[str] = set()
        for column, row in tiles[:_LOOKED_AT]:
            # One that can not be read is told of when it is drawn.
            with contextlib.suppress(BrokenFile, BrokenTile):
                keys |= self.tile(level, column, row).keys()
        return keys

    @property
    def box(self) -> Box:
        """Where it lies on the whole map: left, top, right, bottom, 0 to 1."""
        west, south, east, north = self._degrees
        return (*mercator(west, north), *mercator(east, south))

    @property
    def _degrees(self) -> Box:
        keys = ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7")
        west, south, east, north = (self.header[key] / 1e7 for key in keys)
        return west, south, east, north

    def covers(self, west: float, south: float, east: float, north: float) -> bool:
        """Whether any of a box of degrees lies in it."""
        left, low, right, high = self._degrees
        return west <= right and east >= left and south <= high and north >= low

    def tile(self, z: int, x: int, y: int) -> Found:
        """What a tile holds; nothing where there is none. Raises `BrokenFile`."""
        name = (z, x, y)
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        try:
            found = Found(self._bytes(z, x, y), z, x, y)
        except BrokenFile:
            raise
        except Exception as error:
            raise BrokenFile(f"Its tile {z}/{x}/{y} can not be read.") from error
        with self._lock:
            if name not in self._kept:
                self._kept[name] = found
                self._weight += found.weight
            while len(self._kept) > MOST_TILES or self._weight > MOST_WEIGHT:
                self._weight -= self._kept.popitem(last=False)[1].weight
        return found

    def _bytes(self, z: int, x: int, y: int) -> bytes:
        data = self._reader.get(z, x, y) or b""
        if data and self.header["tile_compression"] == Compression.GZIP:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as unpacked:
                data = unpacked.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise BrokenFile(f"Its tile {z}/{x}/{y} is larger than {MOST_BYTES // 1_000_000} MB.")
        return bytes(data)


def shapes_of(plane: Plane, found: Sequence[Found], zoom: float) -> Plane:
    """What is drawn of tiles at a zoom, but for names. `plane` is that of the whole map. Raises `BrokenFile`."""
    near = zoom >= BUILDINGS_FROM
    made = copy.copy(plane)
    made.shapes = _layers([_part(one, lambda one: one.surfaces(buildings=near)) for one in found])
    made.streets = _layers([_part(one, Found.streets) for one in found])
    return made


def names_of(plane: Plane, found: Sequence[Found], zoom: float, language: str) -> Plane:
    """The names of tiles, as far as they are written at a zoom, in a language. Raises `BrokenFile`."""
    wanted = named_at(zoom)
    lines = [_part(one, lambda one: one.lines(wanted)) for one in found]
    near = zoom >= SPOTS_FROM
    spots = [spot for one in found for spot in _part(one, lambda one: one.spots(near=near))]
    made = copy.copy(plane)
    made.names = list(_named_lines([named for some in lines for named in some], language))
    made.spots = [
        NamedSpot(name, kind, x, y, _size(facts) * plane.metre)
        for facts, kind, x, y in spots
        if (name := name_in(facts, language))
    ]
    made.index()
    return made


def _size(facts: Facts) -> float:
    """Metres across, as maps made here say it; 0 where it is not said."""
    said = facts.get("size")
    return float(min(max(said, 0), _LARGEST)) if isinstance(said, int) else 0.0


def _part[T](found: Found, ask: Callable[[Found], T]) -> T:
    try:
        return ask(found)
    except (ArithmeticError, LookupError, ValueError, shapely.errors.ShapelyError) as error:
        raise BrokenFile(f"Its tile {found.name} can not be read.") from error


def _layers(found: Sequence[Mapping[str, Shapes]]) -> dict[str, Layer]:
    """The shapes of several tiles, each kind with a tree over them."""
    some: dict[str, list[Shapes]] = defaultdict(list)
    for one in found:
        for kind, shapes in one.items():
            some[kind].append(shapes)
    return {kind: Layer(np.concatenate(shapes)) for kind, shapes in some.items()}


def _named_lines(found: Sequence[Named], language: str) -> Iterator[NamedLine]:
    """What hangs together under one name, across tiles."""
    named: dict[tuple[str, str], list[Any]] = defaultdict(list)
    # Many pieces of a road share what is said of them.
    known: dict[int, str] = {}
    for facts, kind, line in found:
        name = known.get(id(facts))
        if name is None:
            name = known[id(facts)] = name_in(facts, language)
        if name:
            named[name, kind].append(line)
    for (name, kind), lines in named.items():
        whole = shapely.multilinestrings(shapely.get_parts(np.array(lines, dtype=object)))
        for line in shapely.get_parts(shapely.line_merge(whole)):
            yield NamedLine(name, kind, line)


def tiles_of(file: VectorFile, box: Box, zoom: int) -> tuple[int, list[tuple[int, int]]]:
    """The zoom of the file that serves one of the map, and its tiles that a box (left, top, right, bottom; 0 to 1) meets."""
    level = max(file.widest, min(file.deepest, zoom))
    size = 1 << level
    # A box that ends where a tile begins does not meet it.
    ends = (box[0], box[1], box[2] - 1e-9, box[3] - 1e-9)
    first = [max(0, min(size - 1, int(side * size))) for side in ends]
    return level, [
        (x, y) for x in range(first[0], first[2] + 1) for y in range(first[1], first[3] + 1)
    ]
