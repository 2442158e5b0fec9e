"""What one tile of a file of vector tiles holds, on the plane of the whole map. Each part is unpacked when first drawn."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from onehall.places.drawing import kinds, mvt
from onehall.places.drawing.kinds import Facts
from onehall.places.drawing.mvt import Shapes, TileLayer
from onehall.places.rows import STREET_KINDS

_BUILDINGS: Final = frozenset(name for name, kind in kinds.SHAPES.items() if kind == "building")
_FLAT: Final = kinds.GREEN.union(kinds.SHAPES) - _BUILDINGS

type Chosen = list[tuple[int, Facts, str]]
type Named = tuple[Facts, str, Any]
type Spot = tuple[Facts, str, float, float]


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


class Found:
    """A tile. Raises `BrokenTile` here, and where a part of it is asked for."""

    def __init__(self, data: bytes, z: int, x: int, y: int) -> None:
        self.name, self.weight = f"{z}/{x}/{y}", len(data)
        self._z, self._x, self._y = z, x, y
        self._layers = mvt.split(data, kinds.WANTED)
        self._streets: dict[str, Shapes] | None = None
        self._surfaces: dict[frozenset[str], dict[str, Shapes]] = {}
        self._lines: dict[frozenset[str], list[Named]] = {}
        self._spots: dict[bool, list[Spot]] = {}

    def keys(self) -> set[str]:
        """What its features say something of."""
        return {key for layer, _place in self._read(kinds.WANTED) for key in layer.keys}

    def streets(self) -> dict[str, Shapes]:
        """The lines of each kind of street."""
        if self._streets is None:
            self._streets = _joined(
                _streets(layer, place)
                for layer, place in self._read(kinds.ROADS - {"transportation_name"})
            )
        return self._streets

    def surfaces(self, *, buildings: bool) -> dict[str, Shapes]:
        """The polygons of each kind; those of buildings, by far the most, only when asked for."""
        flat = self._flat(_FLAT)
        return flat | self._flat(_BUILDINGS) if buildings else flat

    def _flat(self, names: frozenset[str]) -> dict[str, Shapes]:
        if names not in self._surfaces:
            self._surfaces[names] = _joined(
                _polygons(layer, place) for layer, place in self._read(names)
            )
        return self._surfaces[names]

    def lines(self, wanted: frozenset[str]) -> list[Named]:
        """The roads of some kinds that have a name: what is said of each, its kind, the line."""
        if wanted not in self._lines:
            # One layer of roads has the names itself; where there are two, the second has them.
            layers = self._read(kinds.ROADS - {"transportation"})
            self._lines[wanted] = [
                named for layer, place in layers for named in _named(layer, place, wanted)
            ]
        return self._lines[wanted]

    def spots(self, *, near: bool) -> list[Spot]:
        """Names at a point: what is said of each, its kind, where it is. Parks of which no size is said only for `near`."""
        if near not in self._spots:
            self._spots[near] = [
                spot
                for layer, place in self._read(kinds.SPOTS)
                if near or layer.name not in kinds.POIS or "size" in layer.keys
                for spot in _spots(layer, place)
            ]
        return self._spots[near]

    def _read(self, names: frozenset[str]) -> list[tuple[TileLayer, _Place]]:
        found = []
        for name in sorted(names & self._layers.keys()):
            for data in self._layers[name]:
                layer = TileLayer(data)
                unit = 1 / ((1 << self._z) * layer.extent)
                found.append((layer, _Place(self._x, self._y, unit, layer.extent)))
        return found


def _joined(parts: Any) -> dict[str, Shapes]:
    some: dict[str, list[Shapes]] = defaultdict(list)
    for part in parts:
        for kind, shapes in part.items():
            some[kind].append(shapes)
    return {kind: np.concatenate(shapes) for kind, shapes in some.items()}


def _chosen(layer: TileLayer, wanted: int, kind_of: Callable[[Facts], str]) -> Chosen:
    """The features of a type to which `kind_of` gives a kind: number, facts, kind."""
    known: dict[int, str] = {}
    found: Chosen = []
    for number in range(len(layer)):
        if layer.kind(number) == wanted:
            facts = layer.facts(number)
            kind = known.get(id(facts))
            if kind is None:
                kind = known[id(facts)] = kind_of(facts)
            if kind:
                found.append((number, facts, kind))
    return found


def _streets(layer: TileLayer, place: _Place) -> Mapping[str, Shapes]:
    chosen = _chosen(layer, mvt.LINE, lambda facts: kinds.street_kind(kinds.kind_of(facts)))
    lines, owners = layer.lines([number for number, _facts, _kind in chosen])
    drawn_as = np.array([kind for _number, _facts, kind in chosen], dtype=object)[owners]
    put = place.put(lines)
    return {kind: put[drawn_as == kind] for kind in STREET_KINDS}


def _named(layer: TileLayer, place: _Place, wanted: frozenset[str]) -> list[Named]:
    def kind_of(facts: Facts) -> str:
        kind = kinds.street_kind(kinds.kind_of(facts))
        return kind if kind in wanted and kinds.is_named(facts) else ""

    chosen = _chosen(layer, mvt.LINE, kind_of)
    lines, owners = layer.lines([number for number, _facts, _kind in chosen])
    own = place.inside(lines)
    seen = ~shapely.is_empty(own)
    pairs = zip(owners[seen].tolist(), place.put(own[seen]), strict=True)
    return [(*chosen[owner][1:], line) for owner, line in pairs]


def _spots(layer: TileLayer, place: _Place) -> list[Spot]:
    def kind_of(facts: Facts) -> str:
        kind = kinds.spot_kind(layer.name, kinds.kind_of(facts))
        return kind if kind and kinds.is_named(facts) else ""

    chosen = _chosen(layer, mvt.POINT, kind_of)
    points, owners = layer.points([number for number, _facts, _kind in chosen])
    pairs = zip(place.points(points).tolist(), owners.tolist(), strict=True)
    return [(*chosen[owner][1:], x, y) for (x, y), owner in pairs]


def _polygons(layer: TileLayer, place: _Place) -> dict[str, Shapes]:
    chosen: dict[str, list[int]] = defaultdict(list)
    if same := kinds.SHAPES.get(layer.name):
        # Layers of one kind only are not asked what each of their shapes is.
        chosen[same] = [n for n in range(len(layer)) if layer.kind(n) == mvt.POLYGON]
    else:
        for number, _facts, kind in _chosen(
            layer, mvt.POLYGON, lambda facts: kinds.shape_kind(layer.name, kinds.kind_of(facts))
        ):
            chosen[kind].append(number)
    found = {}
    for kind, numbers in chosen.items():
        shapes, _owners = layer.polygons(numbers)
        tangled = ~shapely.is_valid(shapes)
        shapes[tangled] = shapely.make_valid(shapes[tangled])
        found[kind] = place.put(shapes)
    return found
