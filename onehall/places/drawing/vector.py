"""The ground of a window, read from a PMTiles file of vector tiles: OpenMapTiles, Protomaps, or a city's own layers."""

import gzip
import io
import mmap
import re
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast

import mapbox_vector_tile
import numpy as np
import shapely
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from numpy.typing import NDArray
from pmtiles.reader import Reader
from pmtiles.tile import Compression, TileType

from onehall.kernel.geo import Box
from onehall.places.drawing.scene import Layer, NamedLine, NamedSpot, Plane
from onehall.places.rows import STREET_KINDS

MOST_TILES: Final = 96
"""Tiles of the file that one process keeps as shapes."""
MOST_BYTES: Final = 4_000_000
"""Of one tile, packed and not: more is no map of a city."""

_PARKS: Final = frozenset(
    [
        "park",
        "garden",
        "grass",
        "wood",
        "forest",
        "cemetery",
        "pitch",
        "playground",
        "golf_course",
        "nature_reserve",
        "recreation_ground",
        "village_green",
        "meadow",
        "scrub",
        "dog_park",
        "allotments",
        "zoo",
        "protected_area",
        "national_park",
        "stadium",
    ]
)
_BEACHES: Final = frozenset({"sand", "beach"})
_MAIN: Final = frozenset(
    ["motorway", "trunk", "primary", "secondary", "highway", "major_road", "medium_road"]
)
_STREETS: Final = frozenset(
    ["tertiary", "minor", "minor_road", "street", "residential", "unclassified"]
)
_LANES: Final = frozenset(["service", "track", "raceway", "busway", "alley", "other_road"])
_PATHS: Final = frozenset(["path", "footway", "pedestrian", "cycleway", "steps"])
_ROADS: Final = ("transportation", "roads", "transportation_name")
_GREEN: Final = ("landcover", "landuse", "park", "natural")
_SPOTS: Final = ("place", "places", "water_name", "poi", "pois")
_SHAPES: Final = {
    "water": "water",
    "building": "building",
    "buildings": "building",
    "blocks": "block",
    "pier": "pier",
}
_WANTED: Final = frozenset((*_ROADS, *_GREEN, *_SPOTS, *_SHAPES))


_TAG: Final = re.compile(r"<[^>]*>")


class BrokenFile(Exception):
    """Not a file of vector tiles that can be drawn; the text says why."""


@dataclass
class Found:
    """What one tile of the file holds, on the plane of the whole map (Web-Mercator 0 to 1)."""

    shapes: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    streets: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    lines: list[tuple[Mapping[str, Any], str, Any]] = field(default_factory=list)
    spots: list[tuple[Mapping[str, Any], str, float, float]] = field(default_factory=list)


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

    def covers(self, west: float, south: float, east: float, north: float) -> bool:
        """Whether any of a box of degrees lies in it."""
        box = [
            self.header[k] / 1e7 for k in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7")
        ]
        return bool(west <= box[2] and east >= box[0] and south <= box[3] and north >= box[1])

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
            self._kept[name] = found
            while len(self._kept) > MOST_TILES:
                self._kept.popitem(last=False)
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
    if not data:
        return found
    for name, layer in mapbox_vector_tile.decode(
        _thinned(data), default_options={"y_coord_down": True}
    ).items():
        size = 1 << z
        place = _Place(x / size, y / size, 1 / size / layer["extent"], layer["extent"])
        features = layer["features"]
        shapes = np.array([shapely.geometry.shape(f["geometry"]) for f in features], dtype=object)
        for feature, shape in zip(features, place.put(shapes), strict=True):
            _sort_in(found, name, feature["properties"], shape, place)
    return found


def _thinned(data: bytes) -> bytes:
    """A tile without the layers that are not drawn: most of its weight."""
    tile = vector_tile_pb2.tile()
    tile.ParseFromString(data)
    wanted = [layer for layer in tile.layers if layer.name in _WANTED]
    thin = vector_tile_pb2.tile()
    thin.layers.extend(wanted)
    return bytes(thin.SerializeToString())


@dataclass(frozen=True)
class _Place:
    """Where a tile lies on the whole map, and how large one of its units is."""

    left: float
    top: float
    unit: float
    extent: int

    def put(self, shapes: Any) -> Any:
        """Shapes in units of the tile, on the whole map."""

        def on_map(points: NDArray[np.float64]) -> NDArray[np.float64]:
            moved: NDArray[np.float64] = points * self.unit + (self.left, self.top)
            return moved

        return shapely.transform(shapes, on_map)

    def inside(self, shape: Any) -> Any:
        """The part that is the tile's own, without what it shares with its neighbors."""
        across = self.unit * self.extent
        return shapely.clip_by_rect(
            shape, self.left, self.top, self.left + across, self.top + across
        )


def _sort_in(found: Found, layer: str, facts: Mapping[str, Any], shape: Any, place: _Place) -> None:
    kind = str(facts.get("class") or facts.get("kind") or facts.get("pmap:kind") or "")
    flat = shape.geom_type in ("Polygon", "MultiPolygon")
    if layer in _ROADS:
        _road(found, layer, facts, kind, shape, place)
    elif layer in _SPOTS:
        if shape.geom_type == "Point" and _named(facts):
            found.spots.append((facts, _spot_kind(layer, kind), shape.x, shape.y))
    elif flat and layer in _SHAPES:
        found.shapes[_SHAPES[layer]].append(_whole(shape))
    elif flat and kind in _BEACHES:
        found.shapes["beach"].append(_whole(shape))
    elif flat and (layer == "park" or kind in _PARKS):
        found.shapes["park"].append(_whole(shape))


def _road(
    found: Found, layer: str, facts: Mapping[str, Any], kind: str, shape: Any, place: _Place
) -> None:
    drawn = _street_kind(kind)
    if not drawn or not shape.geom_type.endswith("LineString"):
        return
    if layer != "transportation_name":
        found.streets[drawn].extend(shapely.get_parts(shape))
    # One layer of roads has the names itself; where there are two, the second has them.
    if layer != "transportation" and _named(facts):
        own = place.inside(shape)
        if not own.is_empty:
            found.lines.append((facts, drawn, own))


def _whole(shape: Any) -> Any:
    return shape if shape.is_valid else shapely.make_valid(shape)


def _street_kind(kind: str) -> str:
    for name, kinds in (("main", _MAIN), ("street", _STREETS), ("lane", _LANES), ("path", _PATHS)):
        if kind in kinds:
            return name
    return ""


def _spot_kind(layer: str, kind: str) -> str:
    if layer == "water_name" or kind in ("water", "lake", "ocean", "sea", "bay"):
        return "water"
    return "place" if layer in ("place", "places") else ("park" if kind in _PARKS else "point")


def _named(facts: Mapping[str, Any]) -> bool:
    return any(key == "name" or key.startswith("name:") for key in facts)


def name_in(facts: Mapping[str, Any], language: str) -> str:
    """What something is called in a language; otherwise as it is called there."""
    for key in (f"name:{language}", "name", "name:latin", "name:en"):
        if words := str(facts.get(key) or "").strip():
            return words
    return ""


class VectorGround(Plane):
    """The ground of a window, from those tiles of a file that it meets. Raises `BrokenFile`."""

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
        self.spots = []
        shapes: dict[str, list[Any]] = defaultdict(list)
        streets: dict[str, list[Any]] = {kind: [] for kind in STREET_KINDS}
        named: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for x, y in tiles:
            found = file.tile(zoom, x, y)
            for kind, some in found.shapes.items():
                shapes[kind] += some
            for kind, some in found.streets.items():
                streets.setdefault(kind, []).extend(some)
            for facts, kind, line in found.lines:
                named[name_in(facts, language), kind] += list(shapely.get_parts(line))
            self.spots += [
                NamedSpot(name_in(facts, language), kind, x - self.x0, y - self.y0, 0.0)
                for facts, kind, x, y in found.spots
                if kind != "point"
            ]
        self.shapes = {kind: Layer(self._near(some)) for kind, some in shapes.items()}
        self.streets = {kind: Layer(self._near(some)) for kind, some in streets.items()}
        self.names = [
            NamedLine(name, kind, line)
            for (name, kind), lines in named.items()
            if name
            for line in shapely.get_parts(
                shapely.line_merge(shapely.MultiLineString(self._near(lines)))
            )
        ]
        self._index()

    def _near(self, shapes: list[Any]) -> list[Any]:
        """Shapes of the whole map on the city's plane, where small differences stay exact."""
        if not shapes:
            return []
        moved = shapely.transform(
            np.array(shapes, dtype=object), lambda points: points - (self.x0, self.y0)
        )
        return list(moved)


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
