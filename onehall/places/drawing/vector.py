"""The ground of a window, read from a PMTiles file of vector tiles: OpenMapTiles, Protomaps, or a city's own layers."""

import gzip
import io
import json
import mmap
import re
import threading
import zlib
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from pmtiles.reader import Reader
from pmtiles.tile import Compression, TileType

from onehall.kernel.geo import Box, mercator
from onehall.places.drawing import kinds, mvt
from onehall.places.drawing.kinds import Facts, name_in
from onehall.places.drawing.mvt import TileLayer
from onehall.places.drawing.scene import Layer, NamedLine, NamedSpot, Plane
from onehall.places.rows import STREET_KINDS

MOST_TILES: Final = 96
"""Tiles of the file that one process keeps as shapes."""
MOST_POINTS: Final = 4_000_000
"""The same in points of those shapes: of dense tiles fewer are kept. About 100 MB."""
MOST_BYTES: Final = 4_000_000
"""Of one tile, packed and not: more is no map of a city."""
_LOOKED_AT: Final = 24
"""Tiles in which the languages are looked for, where the file does not list them."""

_TAG: Final = re.compile(r"<[^>]*>")

type Shapes = NDArray[np.object_]


class BrokenFile(Exception):
    """Not a file of vector tiles that can be drawn; the text says why."""


@dataclass
class Found:
    """What one tile of the file holds, on the plane of the whole map (Web-Mercator 0 to 1)."""

    shapes: dict[str, list[Shapes]] = field(default_factory=lambda: defaultdict(list))
    streets: dict[str, list[Shapes]] = field(default_factory=lambda: defaultdict(list))
    lines: list[tuple[Facts, str, Any]] = field(default_factory=list)
    spots: list[tuple[Facts, str, float, float]] = field(default_factory=list)

    @property
    def points(self) -> int:
        """How much memory it takes."""
        some = [*self.shapes.values(), *self.streets.values()]
        drawn = sum(int(shapely.get_num_coordinates(one).sum()) for part in some for one in part)
        return drawn + 2 * len(self.lines) + len(self.spots)


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
        self._points = 0

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
            try:
                for layer in mvt.read(self._bytes(level, column, row), kinds.WANTED):
                    keys.update(layer.keys)
            except (BrokenFile, OSError, EOFError, ValueError, zlib.error):
                continue
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
            found = _read(self._bytes(z, x, y), z, x, y)
        except BrokenFile:
            raise
        except Exception as error:
            raise BrokenFile(f"Its tile {z}/{x}/{y} can not be read.") from error
        with self._lock:
            if name not in self._kept:
                self._kept[name] = found
                self._points += found.points
            while len(self._kept) > MOST_TILES or (self._points > MOST_POINTS and self._kept):
                self._points -= self._kept.popitem(last=False)[1].points
        return found

    def _bytes(self, z: int, x: int, y: int) -> bytes:
        data = self._reader.get(z, x, y) or b""
        if data and self.header["tile_compression"] == Compression.GZIP:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as unpacked:
                data = unpacked.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise BrokenFile(f"Its tile {z}/{x}/{y} is larger than {MOST_BYTES // 1_000_000} MB.")
        return bytes(data)


def _read(data: bytes, z: int, x: int, y: int) -> Found:
    found = Found()
    for layer in mvt.read(data, kinds.WANTED):
        place = _Place(x, y, 1 / ((1 << z) * layer.extent), layer.extent)
        if layer.name in kinds.ROADS:
            _roads(found, layer, place)
        elif layer.name in kinds.SPOTS:
            _spots(found, layer, place)
        else:
            _surfaces(found, layer, place)
    return found


@dataclass(frozen=True)
class _Place:
    """Where a tile lies among all of its zoom, and how large one of its units is on the whole map."""

    column: int
    row: int
    unit: float
    extent: int

    def put(self, shapes: Shapes) -> Shapes:
        """Shapes in units of the tile, on the whole map. A point on the edge comes out the same in both tiles."""
        if len(shapes):
            shapes = shapely.set_coordinates(shapes, self.points(shapely.get_coordinates(shapes)))
        return shapes

    def points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same for points."""
        corner = (self.column * self.extent, self.row * self.extent)
        moved: NDArray[np.float64] = (points + corner) * self.unit
        return moved

    def inside(self, shapes: Shapes) -> Shapes:
        """The parts that are the tile's own, without what it shares with its neighbors, in its units."""
        cut: Shapes = shapely.clip_by_rect(shapes, 0, 0, self.extent, self.extent)
        return cut


type _Chosen = list[tuple[int, Facts, str]]


def _chosen(layer: TileLayer, wanted: int, kind_of: Callable[[Facts], str]) -> _Chosen:
    """The features of a type to which `kind_of` gives a kind: number, facts, kind."""
    said = (
        (number, layer.facts(number))
        for number in range(len(layer))
        if layer.kind(number) == wanted
    )
    return [(number, facts, kind) for number, facts in said if (kind := kind_of(facts))]


def _roads(found: Found, layer: TileLayer, place: _Place) -> None:
    chosen = _chosen(layer, mvt.LINE, lambda facts: kinds.street_kind(kinds.kind_of(facts)))
    lines, owners = layer.lines([number for number, _facts, _kind in chosen])
    drawn_as = np.array([kind for _number, _facts, kind in chosen], dtype=object)[owners]
    if layer.name != "transportation_name":
        for kind in STREET_KINDS:
            found.streets[kind].append(place.put(lines[drawn_as == kind]))
    # One layer of roads has the names itself; where there are two, the second has them.
    if layer.name != "transportation":
        named = np.array([kinds.is_named(facts) for _n, facts, _kind in chosen], dtype=bool)[owners]
        own = place.put(place.inside(lines[named]))
        for owner, line in zip(owners[named].tolist(), own, strict=True):
            if not line.is_empty:
                found.lines.append((*chosen[owner][1:], line))


def _spots(found: Found, layer: TileLayer, place: _Place) -> None:
    def kind_of(facts: Facts) -> str:
        return kinds.spot_kind(layer.name, kinds.kind_of(facts)) if kinds.is_named(facts) else ""

    chosen = _chosen(layer, mvt.POINT, kind_of)
    points, owners = layer.points([number for number, _facts, _kind in chosen])
    for (x, y), owner in zip(place.points(points).tolist(), owners.tolist(), strict=True):
        found.spots.append((*chosen[owner][1:], x, y))


def _surfaces(found: Found, layer: TileLayer, place: _Place) -> None:
    chosen: dict[str, list[int]] = defaultdict(list)
    # Layers of one kind only are not asked what each of their shapes is.
    same = kinds.SHAPES.get(layer.name)
    for number in range(len(layer)):
        if layer.kind(number) == mvt.POLYGON:
            kind = same or kinds.shape_kind(layer.name, kinds.kind_of(layer.facts(number)))
            if kind:
                chosen[kind].append(number)
    for kind, numbers in chosen.items():
        shapes, _owners = layer.polygons(numbers)
        tangled = ~shapely.is_valid(shapes)
        shapes[tangled] = shapely.make_valid(shapes[tangled])
        found.shapes[kind].append(place.put(shapes))


class VectorGround(Plane):
    """The ground of some tiles of a file, on the plane of the whole map. Raises `BrokenFile`."""

    def __init__(
        self,
        plane: Plane,
        file: VectorFile,
        zoom: int,
        tiles: Iterable[tuple[int, int]],
        language: str,
    ) -> None:
        self.x0, self.y0 = plane.x0, plane.y0
        self.bounds, self.metre, self.limit = plane.bounds, plane.metre, plane.limit
        found = [file.tile(zoom, x, y) for x, y in tiles]
        self.shapes = _layers([one.shapes for one in found])
        self.streets = {kind: Layer([]) for kind in STREET_KINDS}
        self.streets |= _layers([one.streets for one in found])
        self.names = list(_named_lines(found, language))
        self.spots = [
            NamedSpot(name, kind, x, y, 0.0)
            for one in found
            for facts, kind, x, y in one.spots
            if (name := name_in(facts, language))
        ]
        self._index()


def _layers(found: list[dict[str, list[Shapes]]]) -> dict[str, Layer]:
    """The shapes of several tiles, each kind with a tree over them."""
    some: dict[str, list[Shapes]] = defaultdict(list)
    for one in found:
        for kind, shapes in one.items():
            some[kind] += shapes
    return {kind: Layer(np.concatenate(shapes)) for kind, shapes in some.items()}


def _named_lines(found: list[Found], language: str) -> Iterator[NamedLine]:
    """What hangs together under one name, across tiles."""
    named: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for one in found:
        for facts, kind, line in one.lines:
            if name := name_in(facts, language):
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
