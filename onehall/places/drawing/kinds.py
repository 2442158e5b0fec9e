"""What the layers and facts of vector tiles mean here: OpenMapTiles, Protomaps, and a city's own. Pure but for letters."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from onehall.places.drawing import letters

type Facts = Mapping[str, Any]

PARKS: Final = frozenset(
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
BEACHES: Final = frozenset({"sand", "beach"})
_STREETS: Final = {
    "main": "main motorway trunk primary secondary highway major_road medium_road",
    "street": "tertiary minor minor_road street residential unclassified",
    "lane": "lane service track raceway busway alley other_road",
    "path": "path footway pedestrian cycleway steps",
}
_STREET_OF: Final = {kind: name for name, kinds in _STREETS.items() for kind in kinds.split()}
_PARTS: Final = frozenset(
    [
        "suburb",
        "quarter",
        "neighbourhood",
        "macrohood",
        "borough",
        "town",
        "village",
        "hamlet",
        "island",
    ]
)
"""What lies in a city or beside it; the city itself needs no name on its own map."""
_WATERS: Final = frozenset({"water", "lake", "ocean", "sea", "bay"})

ROADS: Final = frozenset({"transportation", "roads", "transportation_name"})
POIS: Final = frozenset({"poi", "pois"})
SPOTS: Final = POIS.union({"place", "places", "water_name"})
GREEN: Final = frozenset({"landcover", "landuse", "park", "natural", "parks"})
SHAPES: Final = {
    "water": "water",
    "building": "building",
    "buildings": "building",
    "blocks": "block",
    "pier": "pier",
}
WANTED: Final = ROADS.union(SPOTS, GREEN, SHAPES)

_NAME_IN: Final = re.compile(r"name:([A-Za-z]{2,3}(?:[-_][A-Za-z]+)?)|name_([a-z]{2})")
_OWN_NAMES: Final = ("name", "name2", "name3", "name:latin", "name_int", "name:en")
_LETTERS: Final = 12.0


def kind_of(facts: Facts) -> str:
    """The kind that a feature says it is."""
    return str(facts.get("class") or facts.get("kind") or facts.get("pmap:kind") or "")


def street_kind(kind: str) -> str:
    """How a road is drawn; "" when it is not."""
    return _STREET_OF.get(kind, "")


def spot_kind(layer: str, kind: str) -> str:
    """What a name at a point belongs to; "" for a shop and the like, which is not written."""
    if layer == "water_name" or kind in _WATERS:
        return "water"
    if layer in ("place", "places"):
        return "place" if kind in _PARTS else ""
    return "park" if kind in PARKS else ""


def shape_kind(layer: str, kind: str) -> str:
    """As what a polygon is drawn; "" when it is not."""
    if layer in SHAPES:
        return SHAPES[layer]
    if kind in BEACHES:
        return "beach"
    return "park" if layer in ("park", "parks") or kind in PARKS else ""


def is_named(facts: Facts) -> bool:
    """Whether it is called anything."""
    return any(key.startswith("name") for key in facts)


@lru_cache(maxsize=2048)
def language_in(key: str) -> str:
    """The language, in small letters, of the names under a key; "" when it says none."""
    found = _NAME_IN.fullmatch(key)
    return (found[1] or found[2]).replace("_", "-").lower() if found else ""


def name_in(facts: Facts, language: str) -> str:
    """What something is called in a language, otherwise as it is called there; "" when that can not be written."""
    wanted = language.lower()
    named = {spoken: facts[key] for key in facts if (spoken := language_in(key))}
    found = [named.get(wanted), named.get(wanted.partition("-")[0])]
    found += [facts.get(key) for key in _OWN_NAMES]
    for one in found:
        words = str(one or "").strip()
        if words and letters.width(words, _LETTERS) is not None:
            return words
    return ""
