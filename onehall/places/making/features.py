"""What of an extract is drawn on a map, and how: layer, kind, names, from which zoom on."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from onehall.kernel.geo import EARTH_RADIUS, mercators
from onehall.places.drawing.view import TILE
from onehall.places.pack import osm, osm_tags
from onehall.places.pack.osm import Thing
from onehall.places.pack.osm_tags import Tags

LAYERS: Final = ("water", "landuse", "parks", "buildings", "pier", "roads", "places", "pois")
DEEPEST: Final = 14
KEYS: Final = (
    *("highway", "natural", "waterway", "leisure", "landuse", "building", "man_made", "place"),
)
_ROADS_FROM: Final = {"main": 8, "street": 12, "lane": 13, "path": 14}
_THROUGH: Final = frozenset({"motorway", "trunk"})
_ACROSS: Final = {"river": 20.0, "canal": 10.0, "stream": 4.0}
"""Metres of running waters that are only a line."""
_PLACES: Final = {
    "town": 10, "village": 11, "suburb": 12, "quarter": 13, "neighbourhood": 13, "island": 12, "hamlet": 13,
}  # fmt: skip
_SMALL_FROM: Final = {"park": 10, "water": 8, "beach": 10, "pier": 12}

_ROOM: Final = 46
"""Pixels across for a name to be written on it."""

type Facts = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that is drawn; `shape` is on the whole map (Web-Mercator 0 to 1)."""

    layer: str
    facts: Facts
    shape: Any
    zoom: int


def features(path: Path, languages: Sequence[str]) -> Iterator[Feature]:
    """Everything of an extract that is drawn, but for the sea. Raises `osm.Unreadable`."""
    for thing in osm.things(path, KEYS):
        yield from _drawn(thing, languages)


def coast(path: Path) -> list[Any]:
    """The lines of the coast, as they are drawn there: the sea is on their right. Raises `osm.Unreadable`."""
    return [
        projected(shapely.LineString(thing.points))
        for thing in osm.ways(path, "natural", "coastline")
    ]


def projected(shape: Any) -> Any:
    """Degrees on the whole map."""
    return shapely.transform(shape, mercators)


def metre(lat: float) -> float:
    """How long a metre on the ground is there on the whole map."""
    return 1 / (2 * np.pi * EARTH_RADIUS * max(0.05, float(np.cos(np.radians(lat)))))


def _drawn(thing: Thing, languages: Sequence[str]) -> Iterator[Feature]:
    tags = thing.tags
    if thing.shape is not None:
        yield from _surface(thing, languages)
    elif len(thing.points) > 1:
        yield from _line(thing, languages)
    elif tags.get("place") in _PLACES and (names := _names(tags, languages)):
        spot = projected(shapely.Point(thing.points[0]))
        yield Feature("places", {"kind": tags["place"], **names}, spot, _PLACES[tags["place"]])


def _line(thing: Thing, languages: Sequence[str]) -> Iterator[Feature]:
    tags = thing.tags
    if across := _ACROSS.get(tags.get("waterway", ""), 0.0):
        if tags.get("tunnel", "no") == "no":
            line = projected(shapely.LineString(thing.points))
            half = across / 2 * metre(thing.points[0][1])
            yield Feature("water", {"kind": "water"}, shapely.buffer(line, half, quad_segs=2), 12)
    elif kind := osm_tags.way_kind(tags):
        through = tags["highway"] in _THROUGH
        said: Facts = {"kind": kind, **_street_names(tags, languages)}
        line = projected(shapely.LineString(thing.points))
        yield Feature("roads", said, line, 5 if through else _ROADS_FROM[kind])


def _surface(thing: Thing, languages: Sequence[str]) -> Iterator[Feature]:
    tags, kind = thing.tags, osm_tags.drawn_kind(thing.tags)
    if kind == "building" or (not kind and tags.get("building", "no") != "no"):
        yield Feature("buildings", {}, projected(thing.shape), DEEPEST)
        return
    kind = kind or _green(tags)
    if not kind:
        return
    shape = projected(thing.shape)
    layer = {"water": "water", "park": "parks", "pier": "pier"}.get(kind, "landuse")
    yield Feature(layer, {"kind": kind}, shape, _SMALL_FROM.get(kind, 10))
    names = _names(tags, languages)
    if names and kind in ("park", "water"):
        lat = thing.point[1]
        # So large that its name has room in it, as the square root of its surface.
        size = round(shape.area**0.5 / metre(lat))
        inner = shapely.point_on_surface(shape)
        yield Feature("pois", {"kind": kind, "size": size, **names}, inner, _named_from(shape.area))


def _named_from(surface: float) -> int:
    """The zoom from which on a name has room on a shape."""
    wanted = math.ceil(math.log2(_ROOM / (TILE * math.sqrt(surface))))
    return max(8, min(DEEPEST, wanted))


def _green(tags: Tags) -> str:
    """Ground that is drawn as a park is."""
    green = (
        tags.get("landuse") in ("forest", "grass", "village_green", "meadow", "allotments")
        or tags.get("natural") in ("wood", "scrub", "grassland", "heath")
        or tags.get("leisure") in ("golf_course", "pitch", "dog_park", "common")
    )
    return "park" if green else ("beach" if tags.get("natural") == "sand" else "")


def _names(tags: Tags, languages: Sequence[str]) -> Facts:
    own = tags.get("name", "").strip()[: osm_tags.MOST_NAME]
    if not own:
        return {}
    return _said(tags, own, languages)


def _street_names(tags: Tags, languages: Sequence[str]) -> Facts:
    own, _aliases = osm_tags.street_names(tags)
    if not own or len(own) > osm_tags.MOST_NAME:
        return {}
    return _said(tags, own, languages)


def _said(tags: Tags, own: str, languages: Sequence[str]) -> Facts:
    others = osm_tags.names_in(tags, own, languages)
    return {"name": own, **{f"name:{code}": name for code, name in others.items()}}
