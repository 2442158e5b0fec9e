"""What the tags of OpenStreetMap mean here: kinds of streets, names in languages, which things are places. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from onehall.places.rules import street_norm

MOST_NAME: Final = 120
_MOST_NUMBER: Final = 20
_MOST_UNIT: Final = 40
_MOST_ALIASES: Final = 12

_STREET_KINDS: Final = {
    "main": "motorway trunk primary secondary motorway_link trunk_link primary_link secondary_link",
    "street": "tertiary tertiary_link unclassified residential living_street pedestrian busway road",
    "lane": "service track",
    "path": "footway cycleway path steps bridleway",
}
_KIND_OF: Final = {
    value: kind for kind, values in _STREET_KINDS.items() for value in values.split()
}
# A parking aisle or a driveway without a name is no street to anybody.
_NOT_ALONE: Final = frozenset({"lane", "path"})
_OTHER_NAMES: Final = ("alt_name", "old_name", "official_name", "short_name", "loc_name")
_NAME_IN: Final = re.compile(r"^name:([a-z]{2,3})(?:[-_][A-Za-z]+)?$")

_SPACED: Final = re.compile(r"^\d+[A-Za-z]?(?:\s+\d+[A-Za-z]?)+$")
_WITH_PART: Final = re.compile(
    r"^(\d+[A-Za-z]?)\s+(?!bis$|ter$)(#?[A-Za-z]{2,}.*|#.*)$", re.IGNORECASE
)

_DRAWN: Final = {
    ("natural", "water"): "water",
    ("waterway", "riverbank"): "water",
    ("landuse", "reservoir"): "water",
    ("natural", "beach"): "beach",
    ("man_made", "pier"): "pier",
    ("leisure", "park"): "park",
    ("leisure", "garden"): "park",
    ("leisure", "playground"): "park",
    ("leisure", "dog_park"): "park",
    ("leisure", "nature_reserve"): "park",
    ("landuse", "cemetery"): "park",
    ("landuse", "recreation_ground"): "park",
}
_PLACE_TAGS: Final = (
    "amenity", "leisure", "tourism", "historic", "railway", "public_transport", "aeroway", "place",
    "natural", "man_made", "healthcare", "office", "shop", "landuse", "bridge",
)  # fmt: skip
_ONLY: Final = {
    "railway": frozenset({"station", "halt", "tram_stop"}),
    "public_transport": frozenset({"station"}),
    "aeroway": frozenset({"aerodrome", "terminal"}),
    "place": frozenset({"square", "neighbourhood", "suburb", "quarter", "island", "islet"}),
    "natural": frozenset({"beach", "water", "peak", "wood", "cape", "spring"}),
    "man_made": frozenset({"pier", "tower", "lighthouse", "bridge", "water_tower", "works"}),
    "office": frozenset({"government", "diplomatic", "administrative"}),
    "landuse": frozenset({"cemetery", "reservoir", "recreation_ground", "retail"}),
    "bridge": frozenset({"yes"}),
}
_NEVER: Final = {
    "amenity": frozenset({
        "atm", "bench", "bicycle_parking", "bicycle_rental", "car_sharing", "charging_station",
        "parking_entrance", "parking_space", "taxi", "vending_machine", "waste_basket",
    }),
    "tourism": frozenset({"information"}),
    "historic": frozenset({"no", "yes"}),
}  # fmt: skip

type Tags = Mapping[str, str]


def way_kind(tags: Tags) -> str:
    """How a way is drawn on a map that shows the nameless ones too; "" for none, and for those that are only beside a road."""
    beside = tags.get("footway") in ("sidewalk", "crossing", "traffic_island") or tags.get("service") in (
        "driveway", "parking_aisle", "drive-through",
    )  # fmt: skip
    hidden = beside or tags.get("area") == "yes" or tags.get("tunnel") == "yes"
    return "" if hidden else _KIND_OF.get(tags.get("highway", ""), "")


def street_kind(tags: Tags) -> str:
    """How a way is drawn as a street; "" when it is none, or one without a name that nobody misses."""
    kind = _KIND_OF.get(tags.get("highway", ""), "")
    return "" if kind in _NOT_ALONE and not tags.get("name") else kind


def street_names(tags: Tags) -> tuple[str, list[str]]:
    """The name of a street and what else it is called: in other languages, of old, by its road number."""
    parts = _parts(tags.get("name", ""))
    numbers = _parts(tags.get("ref", ""))
    if not parts:
        return (numbers[0], numbers[1:]) if numbers and _is_main(tags) else ("", [])
    return parts[0], _others(parts[0], [*parts[1:], *_other_names(tags), *numbers])


def names_in(tags: Tags, own: str, languages: Sequence[str]) -> dict[str, str]:
    """What a thing is called in languages, where that is not its own name."""
    found = {code: _name(tags, f"name:{code}") for code in languages}
    return {code: name for code, name in found.items() if own and name and name != own}


def _is_main(tags: Tags) -> bool:
    return _KIND_OF.get(tags.get("highway", "")) == "main" and "link" not in tags["highway"]


def place_names(tags: Tags, languages: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The name of a place in the city's languages, and its other names; ({}, []) when it has none."""
    plain = _name(tags, "name")
    found = {code: _name(tags, f"name:{code}") for code in languages}
    own = found.get(languages[0]) or plain
    if not own:
        return {}, []
    names = {languages[0]: own} | names_in(tags, own, languages)
    return names, _others(own, [plain, *_other_names(tags)], besides=list(names.values()))


def _name(tags: Tags, tag: str) -> str:
    return tags.get(tag, "").replace("_", " ").strip()[:MOST_NAME]


def _other_names(tags: Tags) -> list[str]:
    found = [part for tag in _OTHER_NAMES for part in _parts(tags.get(tag, ""))]
    return found + [value for tag, value in sorted(tags.items()) if _NAME_IN.match(tag)]


def _others(name: str, found: Sequence[str], *, besides: Sequence[str] = ()) -> list[str]:
    """What is really another name, each once."""
    seen = {street_norm(known) for known in (name, *besides)}
    kept = []
    for other in found:
        norm = street_norm(other)
        if norm and norm not in seen and len(other) <= MOST_NAME:
            seen.add(norm)
            kept.append(other.strip())
    return kept[:_MOST_ALIASES]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def drawn_kind(tags: Tags) -> str:
    """The kind of shape that is drawn on the map; "" for none. A building is drawn when it has a name."""
    for (tag, value), kind in _DRAWN.items():
        if tags.get(tag) == value:
            return kind
    building = tags.get("building", "no")
    return "building" if building != "no" and tags.get("name") else ""


def place_kind(tags: Tags) -> str:
    """What kind of place a named thing is: "library", "station"; "" when it is none that people go by."""
    for tag in _PLACE_TAGS:
        value = tags.get(tag, "")
        only = _ONLY.get(tag)
        if not value or value in _NEVER.get(tag, ()) or (only is not None and value not in only):
            continue
        return {"yes": "bridge" if tag == "bridge" else tag}.get(value, value)[:40]
    return "building" if tags.get("building", "no") != "no" else ""


def is_stop_at_corner(tags: Tags) -> bool:
    """A stop that is called after its corner would stand in the corner's way."""
    stop = tags.get("railway") in ("tram_stop", "halt") or "public_transport" in tags
    return stop and re.search(r" & |/| and ", tags.get("name", "")) is not None


def houses(tags: Tags) -> list[tuple[str, str, str]]:
    """(number, street, unit) for each house number of a thing; the street is "" when it is not said."""
    numbers = _numbers(tags.get("addr:housenumber", ""))
    said = tags.get("addr:street") or tags.get("addr:place") or ""
    streets = [street for street in re.split(r"\s*[;,]\s*", said.strip()) if street] or [""]
    unit = tags.get("addr:unit", "").strip()
    if len(numbers) == 1 and not _has_digit(numbers[0]) and streets[0].isdigit():
        numbers, streets = streets, numbers
    # "1201,900" on "Powell St,Jackson St" is one house with two addresses.
    pairs = (
        zip(numbers, streets, strict=True)
        if len(numbers) == len(streets) > 1
        else ((number, streets[0]) for number in numbers)
    )
    return [
        (number, street, (part or unit)[:_MOST_UNIT])
        for (number, part), street in ((_without_part(number), street) for number, street in pairs)
        if _has_digit(number) and len(number) <= _MOST_NUMBER and len(street) <= MOST_NAME
    ]


def _numbers(text: str) -> list[str]:
    """The numbers of "7;9", "1825, 1827" and "858 858A 858B"."""
    if _SPACED.match(text.strip()):
        return text.split()
    return [number for number in re.split(r"\s*[;,]\s*", text.strip()) if number]


def _without_part(number: str) -> tuple[str, str]:
    """ "1550 Fl 2" is a number and a part of the house."""
    found = _WITH_PART.match(number)
    return (found[1], found[2]) if found else (number, "")


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)
