"""What is on a city's map, projected and indexed, held in memory per city and revision.

Coordinates are Web-Mercator, 0 to 1, measured from the middle of the city so that small differences stay exact.
"""

import copy
import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from onehall.kernel.geo import Box, mercator, mercators
from onehall.kernel.localized import Localized
from onehall.places import geometry
from onehall.places.held import Held
from onehall.places.models import LIMIT_LAYER, Area, City, Landmark, Street
from onehall.places.rows import STREET_KINDS

type Shapes = NDArray[np.object_]

_SMALLEST_BLOCK: Final = 350.0
_LARGEST_BLOCK: Final = 400_000.0


class Layer:
    """Shapes of one kind with a tree over them."""

    def __init__(self, shapes: list[Any] | Shapes) -> None:
        self.shapes: Shapes = np.array(shapes, dtype=object)
        self._tree = STRtree(self.shapes)

    def within(self, box: Box) -> Shapes:
        """The shapes cut to a box (left, top, right, bottom), in order."""
        return clipped(self.shapes[self.numbers(box)], box)

    def numbers(self, box: Box) -> NDArray[np.int64]:
        """The numbers of the shapes whose own box meets a box."""
        found: NDArray[np.int64] = np.sort(self._tree.query(shapely.box(*box)))
        return found


def clipped(shapes: Shapes, box: Box) -> Shapes:
    """Shapes cut to a box; empty ones are left out."""
    if len(shapes) == 0:
        return shapes
    cut = shapely.clip_by_rect(shapes, *box)
    kept: Shapes = cut[~shapely.is_empty(cut)]
    return kept


@dataclass(frozen=True)
class NamedLine:
    """All of a street that hangs together under one name."""

    name: str
    kind: str
    line: Any


@dataclass(frozen=True)
class NamedSpot:
    """A name at a point; `size` is the square root of its shape's surface in mercator units, 0 for a point and where
    nobody knows.
    """

    name: str
    kind: str
    x: float
    y: float
    size: float


class Plane:
    """Where a city lies: its middle, its size, its limit. With `whole` coordinates are those of the whole map."""

    def __init__(self, city: City, *, whole: bool = False) -> None:
        west, south, east, north = city.bounds or (0.0, 0.0, 0.0, 0.0)
        middle = mercator((west + east) / 2, (south + north) / 2)
        self.x0, self.y0 = (0.0, 0.0) if whole else middle
        left, top = self.project_point(west, north)
        right, bottom = self.project_point(east, south)
        self.bounds: Box = (left, top, right, bottom)
        # Mercator units per meter on the ground at this latitude.
        self.metre = 1 / (40_075_016.686 * math.cos(math.radians((south + north) / 2)))
        self.limit = Layer(self._limit(city))
        self.streets: dict[str, Layer] = {}
        self.shapes: dict[str, Layer] = {}
        self.spots: list[NamedSpot] = []
        self.names: list[NamedLine] = []

    def project_point(self, lon: float, lat: float) -> tuple[float, float]:
        """A point on the scene's plane."""
        x, y = mercator(lon, lat)
        return x - self.x0, y - self.y0

    def project(self, shape: Any) -> Any:
        """A shape in degrees on the scene's plane."""
        return shapely.transform(shape, self._project_all)

    def _project_all(self, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        return mercators(degrees) - (self.x0, self.y0)

    def _limit(self, city: City) -> list[Any]:
        rows = Area.objects.filter(city=city, layer=LIMIT_LAYER).order_by("sort", "id")
        return [
            self.project(geometry.built(row)) for row in rows.values_list("geometry", flat=True)
        ]

    def index(self) -> None:
        """Trees over what has a name."""
        self.name_lines = Layer([name.line for name in self.names])
        self.spot_points = STRtree([shapely.Point(spot.x, spot.y) for spot in self.spots])


class Scene(Plane):
    """Everything of a city's own pack that can be drawn."""

    def __init__(self, city: City) -> None:
        super().__init__(city)
        self._street_words: dict[str, Localized] = {}
        self._spot_words: list[Localized] = []
        self._spoken: dict[str, Plane] = {city.language: self}
        self._read_streets(city)
        self._read_landmarks(city)
        if not len(self.shapes["block"].shapes):
            self.shapes["block"] = Layer(self._blocks())
        self.index()

    def _read_streets(self, city: City) -> None:
        rows = Street.objects.filter(city=city).order_by("sort", "id")
        by_kind: dict[str, list[Any]] = {kind: [] for kind in STREET_KINDS}
        named: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for name, kind, lines, words in rows.values_list("name", "kind", "geometry", "names"):
            for line in lines:
                flat = self.project(shapely.LineString(line))
                by_kind.setdefault(kind, []).append(flat)
                if name:
                    named[name, kind].append(flat)
            if words:
                self._street_words[name] = words
        self.streets = {kind: Layer(shapes) for kind, shapes in by_kind.items()}
        self.names = [
            NamedLine(name, kind, line)
            for (name, kind), lines in named.items()
            for line in shapely.get_parts(shapely.line_merge(shapely.MultiLineString(lines)))
        ]

    def _read_landmarks(self, city: City) -> None:
        rows = Landmark.objects.filter(city=city).order_by("sort", "id")
        by_kind: dict[str, list[Any]] = {"block": []}
        for name, kind, lon, lat, shape in rows.values_list(
            "name", "kind", "lon", "lat", "geometry"
        ):
            flat = None if shape is None else self.project(geometry.built(shape))
            if flat is not None:
                by_kind.setdefault(kind, []).append(flat)
            words = city.words(name, city.language)
            if words:
                x, y = self.project_point(lon, lat)
                size = 0.0 if flat is None else math.sqrt(flat.area)
                self._spot_words.append(name)
                self.spots.append(
                    NamedSpot(words, kind if flat is not None else "point", x, y, size)
                )
        self.shapes = {kind: Layer(shapes) for kind, shapes in by_kind.items()}

    def speaking(self, language: str) -> Plane:
        """The same with its names in a language of the city; what has none in it keeps its own."""
        if language not in self._spoken:
            made = copy.copy(self)
            made.names = [
                replace(
                    named, name=self._street_words.get(named.name, {}).get(language, named.name)
                )
                for named in self.names
            ]
            made.spots = [
                replace(spot, name=words.get(language) or spot.name)
                for spot, words in zip(self.spots, self._spot_words, strict=True)
            ]
            self._spoken[language] = made
        return self._spoken[language]

    def _blocks(self) -> list[Any]:
        """The ground between streets, for a city whose pack has no blocks of its own."""
        lines = [layer.shapes for layer in self.streets.values()]
        drawn = np.concatenate(lines) if lines else np.array([], dtype=object)
        if not len(drawn):
            return []
        faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(drawn))))
        surface = shapely.area(faces) / self.metre**2
        faces = faces[(surface > _SMALLEST_BLOCK) & (surface < _LARGEST_BLOCK)]
        # In by 13 m and out by 3 m: room for the street, and corners that are not sharp.
        faces = shapely.buffer(faces, -13 * self.metre, join_style="mitre")
        faces = shapely.buffer(faces, 3 * self.metre, quad_segs=3)
        return [face for face in faces if not face.is_empty]


_held: Final = Held[Scene](most=8)
_planes: Final = Held[Plane](most=8)


def scene_of(city: City) -> Scene:
    """The scene of a city, built when first asked for."""
    return _held.get((city.pk, city.digest), lambda: Scene(city))


def plane_of(city: City) -> Plane:
    """Where a city lies on the whole map, without what its pack has to draw."""
    return _planes.get((city.pk, city.digest), lambda: Plane(city, whole=True))


def forget(city_id: int | None = None) -> None:
    """Drop what is held of one city, or of all."""
    _held.forget(city_id)
    _planes.forget(city_id)
