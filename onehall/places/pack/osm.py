"""Streets, addresses and places from an OpenStreetMap extract (`.osm.pbf`). The reader is an extra: `onehall[osm]`."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from shapely import STRtree

from onehall.kernel import geo
from onehall.places import geometry
from onehall.places.pack import osm_tags
from onehall.places.pack.osm_tags import Tags
from onehall.places.rows import AddressRow, LandmarkRow, StreetRow
from onehall.places.rules import house, street_norm

CREDIT: Final = "© OpenStreetMap contributors"
"""Asked for by the Open Database License wherever the data is shown."""
_DIGITS: Final = 7
_KEYS: Final = (
    "addr:housenumber",
    "addr:interpolation",
    "highway",
    "name",
    *("natural", "leisure"),
)
_SAME_PLACE: Final = 150.0
_OWN_STREET: Final = 80.0
_STEPS: Final = {"odd": 2, "even": 2, "all": 1}
_MOST_BETWEEN: Final = 200

type Point = tuple[float, float]
type Inside = Callable[[float, float], bool]


class Unreadable(ValueError):
    """The file is not an extract that can be read; the message says why."""


@dataclass
class Extract:
    """What an extract says about a city."""

    streets: list[StreetRow] = field(default_factory=list)
    addresses: list[AddressRow] = field(default_factory=list)
    landmarks: list[LandmarkRow] = field(default_factory=list)


def is_installed() -> bool:
    """Whether extracts can be read here at all."""
    return find_spec("osmium") is not None


def read(path: Path, languages: Sequence[str], inside: Inside) -> Extract:
    """The streets, addresses and places of an extract that lie inside; `Unreadable` when it is none."""
    reader = _Reader(languages, inside)
    for thing in things(path, _KEYS):
        reader.take(thing)
    return reader.done()


@dataclass(frozen=True)
class Thing:
    """A node, way or multipolygon: its tags, its points, and its shape when it is a surface."""

    key: str
    tags: Tags
    points: list[Point]
    refs: list[int]
    shape: Any = None

    @property
    def point(self) -> Point:
        """A point in it."""
        if self.shape is not None:
            inner = shapely.point_on_surface(self.shape)
            return _rounded(inner.x, inner.y)
        return self.points[len(self.points) // 2]


def box_of(path: Path) -> geo.Box | None:
    """West, south, east, north of what an extract says it was cut to; None when it does not say. Raises `Unreadable`."""
    osmium = import_module("osmium")
    try:
        with osmium.io.Reader(str(path)) as reader:
            box = reader.header().box()
    except (RuntimeError, OSError) as error:
        raise Unreadable(str(error)) from None
    if not box.valid():
        return None
    return box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat


def things(path: Path, keys: Sequence[str]) -> Iterator[Thing]:
    """The nodes, ways and multipolygons of an extract that have any of some tags. Raises `Unreadable`."""
    try:
        yield from _things(path, keys)
    except (RuntimeError, OSError) as error:
        raise Unreadable(str(error)) from None


def ways(path: Path, key: str, value: str) -> Iterator[Thing]:
    """The ways of an extract with a tag: quicker where nothing is asked of surfaces. Raises `Unreadable`."""
    osmium = import_module("osmium")
    try:
        found = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
        for one in found.with_filter(osmium.filter.TagFilter((key, value))):
            if one.is_way():
                yield from _way(one, {tag.k: tag.v for tag in one.tags})
    except (RuntimeError, OSError) as error:
        raise Unreadable(str(error)) from None


def _things(path: Path, keys: Sequence[str]) -> Iterator[Thing]:
    # An extra that most cities do not need, and that takes a moment to load.
    osmium = import_module("osmium")
    found = osmium.FileProcessor(str(path)).with_areas()
    factory = osmium.geom.WKBFactory()
    for one in found.with_filter(osmium.filter.KeyFilter(*keys)):
        tags = {tag.k: tag.v for tag in one.tags}
        if one.is_node():
            yield Thing(f"n{one.id}", tags, [_rounded(one.lon, one.lat)], [one.id])
        elif one.is_way():
            yield from _way(one, tags)
        elif one.is_area() and not one.from_way():
            shape = _sound(shapely.from_wkb(bytes.fromhex(factory.create_multipolygon(one))))
            if shape is not None:
                yield Thing(f"r{one.orig_id()}", tags, [], [], shape)


def _way(way: Any, tags: Tags) -> Iterator[Thing]:
    nodes = [node for node in way.nodes if node.location.valid()]
    points = [_rounded(node.location.lon, node.location.lat) for node in nodes]
    if len(set(points)) < 2:
        return
    closed = len(points) > 3 and points[0] == points[-1] and "highway" not in tags
    shape = _sound(shapely.Polygon(points)) if closed else None
    yield Thing(f"w{way.id}", tags, points, [node.ref for node in nodes], shape)


def _rounded(lon: float, lat: float) -> Point:
    return round(lon, _DIGITS), round(lat, _DIGITS)


def _sound(shape: Any) -> Any:
    """A shape that a pack may have: valid, of polygons only; None when nothing is left of it."""
    if not shape.is_valid:
        shape = shapely.make_valid(shape)
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


class _Reader:
    def __init__(self, languages: Sequence[str], inside: Inside) -> None:
        self._languages = languages
        self._inside = inside
        self._found = Extract()
        self._numbered: dict[int, tuple[str, str, Point]] = {}
        self._streetless: list[AddressRow] = []
        self._between: list[Thing] = []
        self._spots: dict[str, list[Point]] = {}
        self._points: list[LandmarkRow] = []

    def take(self, thing: Thing) -> None:
        """Keep what a thing is: a street, houses, a place; it may be all of them."""
        tags = thing.tags
        if "addr:housenumber" in tags:
            self._take_houses(thing)
        if "addr:interpolation" in tags:
            self._between.append(thing)
        elif "highway" in tags and len(thing.points) > 1:
            self._take_street(thing)
        else:
            self._take_place(thing)

    def _take_street(self, thing: Thing) -> None:
        kind = osm_tags.street_kind(thing.tags)
        if not kind or not any(self._inside(*point) for point in thing.points):
            return
        name, aliases = osm_tags.street_names(thing.tags)
        if len(name) <= osm_tags.MOST_NAME:
            line = [list(point) for point in thing.points]
            names = osm_tags.names_in(thing.tags, name, self._languages[1:])
            self._found.streets.append(StreetRow(name, kind, [line], {}, aliases, names))

    def _take_houses(self, thing: Thing) -> None:
        lon, lat = thing.point
        houses = osm_tags.houses(thing.tags)
        if len(thing.points) == 1 and houses:
            self._numbered[thing.refs[0]] = (houses[0][0], houses[0][1], (lon, lat))
        if not self._inside(lon, lat):
            return
        for number, street, unit in houses:
            row = AddressRow(number, street, unit, lon, lat)
            (self._found.addresses if street_norm(street) else self._streetless).append(row)

    def _take_place(self, thing: Thing) -> None:
        tags = thing.tags
        drawn = osm_tags.drawn_kind(tags) if thing.shape is not None else ""
        kind = drawn or osm_tags.place_kind(tags)
        names, aliases = osm_tags.place_names(tags, self._languages)
        lacks = not names or osm_tags.is_stop_at_corner(tags)
        if not kind or (lacks and drawn in ("", "building")) or not self._inside(*thing.point):
            return
        key = f"osm-{thing.key}"
        if drawn:
            shape = geometry.as_lists(thing.shape)
            row = LandmarkRow(key, names, kind, aliases, *geometry.inner_point(shape), shape)
            self._keep_place(row)
        else:
            self._points.append(LandmarkRow(key, names, kind, aliases, *thing.point))

    def _keep_place(self, row: LandmarkRow) -> None:
        """Keep a place unless the same one is there: a park is often both a shape and a point."""
        for name in row.name.values():
            spots = self._spots.setdefault(street_norm(name), [])
            if any(geo.distance(*spot, row.lon, row.lat) < _SAME_PLACE for spot in spots):
                return
            spots.append((row.lon, row.lat))
        self._found.landmarks.append(row)

    def done(self) -> Extract:
        """Everything, once all things were seen."""
        for row in self._points:
            self._keep_place(row)
        for thing in self._between:
            self._found.addresses.extend(self._interpolated(thing))
        self._found.addresses.extend(self._with_streets())
        self._found.addresses = list(dict.fromkeys(self._found.addresses))
        return self._found

    def _interpolated(self, thing: Thing) -> Iterator[AddressRow]:
        """The houses along a line whose ends are numbered ("addr:interpolation")."""
        step = _STEPS.get(thing.tags["addr:interpolation"])
        known = [
            (at, *self._numbered[ref]) for at, ref in enumerate(thing.refs) if ref in self._numbered
        ]
        if step is None:
            return
        for (start, first, street, _), (end, last, other, _) in pairwise(known):
            low, high = house(first).number, house(last).number
            count = abs(high - low) // step
            if not low or not high or street != other or not street or count > _MOST_BETWEEN:
                continue
            line = shapely.LineString(thing.points[start : end + 1])
            for number in range(1, count):
                point = line.interpolate(number / count, normalized=True)
                lon, lat = _rounded(point.x, point.y)
                if self._inside(lon, lat):
                    shown = low + math.copysign(step * number, high - low)
                    yield AddressRow(str(int(shown)), street, "", lon, lat)

    def _with_streets(self) -> Iterator[AddressRow]:
        """Houses whose street is not said, on the nearest one that has a name."""
        named = [row for row in self._found.streets if row.name]
        if not named or not self._streetless:
            return
        wide = math.cos(math.radians(self._streetless[0].lat)) * geo.METRES_PER_DEGREE
        scale = np.array([wide, geo.METRES_PER_DEGREE])
        tree = STRtree([shapely.LineString(np.array(row.lines[0]) * scale) for row in named])
        for row in self._streetless:
            spot = shapely.Point(np.array([row.lon, row.lat]) * scale)
            for at in tree.query_nearest(spot, max_distance=_OWN_STREET, all_matches=False):
                yield AddressRow(row.number, named[int(at)].name, row.unit, row.lon, row.lat)
