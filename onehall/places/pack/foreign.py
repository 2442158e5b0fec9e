"""A file of polygons from another system, as GeoJSON: read, repaired where that is certain, refused in words where not."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import shapely
from shapely.geometry import mapping

from onehall.kernel.geo import Box
from onehall.places import geometry
from onehall.places.geometry import Fault
from onehall.places.rows import Geometry

MOST_FEATURES: Final = 2_000
MOST_CORNERS: Final = 400_000
FAR: Final = 0.5
"""Degrees beyond the city's bounds within which a corner can be right: about 55 km."""

_WEB_MERCATOR: Final = ("3857", "900913", "102100", "3785")
_RADIUS: Final = 6_378_137.0
_KEYS: Final = ("code", "key", "id", "number", "no", "district", "ward", "beat", "zone", "geoid")
_NAMES: Final = ("name", "label", "title", "description")
_MOST_LISTED: Final = 20
_MOST_TOLD: Final = 300

FAULT: Final = "fault"
"""A member of a feature made of another kind of file: what is wrong with its shape."""
TURNED: Final = "turned"
"""A member of such a document: from which reference system it was turned, and what doubt there is."""
SIMPLIFY: Final = (
    "Simplify the outlines, for example in QGIS with Vector > Geometry tools > Simplify."
)

SWAPPED, CLOSED, UNTANGLED, CONVERTED = "swapped", "closed", "untangled", "converted"
"""What was repaired: the order of the coordinates, open rings, crossed outlines, another projection."""


class FileRefused(ValueError):
    """The file as a whole can not be used; `advice` says what to do."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Found:
    """One usable feature: its number in the file from 1, what it says, and its polygon."""

    number: int
    properties: Mapping[str, Any]
    geometry: Geometry


@dataclass(frozen=True, slots=True)
class Refused:
    """One feature that can not be used."""

    number: int
    fault: Fault


@dataclass(slots=True)
class Foreign:
    """What a file holds. `turned_from` is the reference system that its corners were in, `doubt` what is rough about that."""

    found: list[Found] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    repaired: Counter[str] = field(default_factory=Counter)
    turned_from: str = ""
    doubt: str = ""

    def choices(self) -> dict[str, list[str]]:
        """The properties that have words or numbers, with their first values."""
        samples: dict[str, list[str]] = {}
        for one in self.found:
            for name, value in one.properties.items():
                said = said_by(value) if name.isprintable() else ""
                if said and len(samples.setdefault(name, [])) < 3:
                    samples[name].append(said)
        return samples

    def likely_key(self) -> str:
        """The property that tells the areas apart: filled in everywhere and never twice, if there is one."""
        names = list(self.choices())
        ranked = sorted(names, key=lambda n: (_rank(n, _KEYS), names.index(n)))
        for name in ranked:
            values = [said_by(f.properties.get(name)) for f in self.found]
            if all(values) and len(set(values)) == len(values):
                return name
        return ranked[0] if ranked else ""

    def likely_name(self) -> str:
        """The property that names the areas."""
        names = list(self.choices())
        ranked = sorted(names, key=lambda n: (_rank(n, _NAMES), names.index(n)))
        return ranked[0] if ranked and _rank(ranked[0], _NAMES) < len(_NAMES) else self.likely_key()


def said_by(value: Any) -> str:
    """A property as text; "" for what is none."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        value = int(value) if value == int(value) else value
    if isinstance(value, Mapping):
        value = next((v for v in value.values() if isinstance(v, str)), "")
    return _printable(str(value)) if isinstance(value, (str, int, float)) else ""


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()


def _rank(name: str, known: Sequence[str]) -> int:
    plain = name.lower()
    exact = [n for n, word in enumerate(known) if plain == word]
    inside = [n for n, word in enumerate(known) if word in plain]
    return exact[0] if exact else (inside[0] if inside else len(known))


def read(text: str, bounds: Box | None) -> Foreign:
    """The polygons of a file. `bounds` is where the city lies: it tells swapped coordinates from right ones.

    `FileRefused` when nothing in it can be used.
    """
    document = _document(text)
    convert = _is_mercator(document)
    fault = None if convert else geometry.declared_crs(document)
    if fault:
        raise FileRefused(fault.message, fault.advice)
    found = Foreign()
    turned = document.get(TURNED)
    if isinstance(turned, dict):
        found.turned_from, found.doubt = (
            said_by(turned.get(name))[:_MOST_TOLD] for name in ("from", "doubt")
        )
    shapes = [_raw(n, f, found) for n, f in enumerate(document["features"], 1)]
    whole = [(n, p, g) for n, p, g in shapes if g is not None]
    if sum(1 for *_, g in whole for _p in geometry.positions(g["coordinates"])) > MOST_CORNERS:
        raise FileRefused(f"The outlines have more than {MOST_CORNERS:,} corners.", SIMPLIFY)
    turn = bool(whole) and not convert and _is_swapped([g for *_, g in whole], bounds)
    for number, properties, shape in whole:
        _take(found, number, properties, shape, convert=convert, turn=turn)
    if turn and found.found:
        found.repaired[SWAPPED] = len(found.found)
    if not found.found:
        first = found.refused[0].fault if found.refused else Fault("There are no areas in it.", "")
        raise FileRefused(first.message, first.advice)
    return found


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise FileRefused("This is not a GeoJSON file.", "Export the layer as GeoJSON.") from error
    if isinstance(document, dict) and document.get("type") == "Feature":
        document = {"type": "FeatureCollection", "features": [document]}
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        raise FileRefused("This is not a FeatureCollection.", "Export the layer as GeoJSON.")
    if not features:
        raise FileRefused("There are no areas in it.", "Export the layer with its polygons.")
    if len(features) > MOST_FEATURES:
        advice = f"A layer has at most {MOST_FEATURES:,}."
        raise FileRefused(f"The file has {len(features):,} areas.", advice)
    return dict(document)


def _is_mercator(document: Mapping[str, Any]) -> bool:
    crs = document.get("crs")
    said = crs.get("properties") if isinstance(crs, dict) else None
    name = str(said.get("name", "")) if isinstance(said, dict) else ""
    return name.rpartition(":")[2] in _WEB_MERCATOR


type Raw = tuple[int, Mapping[str, Any], Geometry | None]


def _raw(number: int, feature: Any, found: Foreign) -> Raw:
    """A feature with coordinates that can be looked at, or noted as refused."""
    shape = feature.get("geometry") if isinstance(feature, dict) else None
    kind = shape.get("type") if isinstance(shape, dict) else None
    told = said_by(feature.get(FAULT))[:_MOST_TOLD] if isinstance(feature, dict) else ""
    if told and shape is None:
        fault = Fault(told, "Draw it again, or delete it.")
        found.refused.append(Refused(number, fault))
        return number, {}, None
    if not isinstance(shape, dict) or kind not in geometry.POLYGONS:
        faults = geometry.faults_of(shape, kinds=geometry.POLYGONS)
        found.refused.append(Refused(number, faults[0]))
        return number, {}, None
    if not geometry.is_nested(shape):
        words = "The coordinates are not lists of [longitude, latitude]."
        found.refused.append(Refused(number, Fault(words, "Export it again.")))
        return number, {}, None
    said = feature.get("properties")
    return number, said if isinstance(said, dict) else {}, geometry.flat(shape)


def _take(
    found: Foreign,
    number: int,
    properties: Mapping[str, Any],
    shape: Geometry,
    *,
    convert: bool,
    turn: bool,
) -> None:
    """Repair one feature and keep it, or say why not."""
    if convert:
        shape = _changed(shape, _to_degrees)
        found.repaired[CONVERTED] += 1
    elif turn:
        shape = _changed(shape, lambda x, y: [y, x])
    shape, was_open = _closed(shape)
    faults = geometry.faults_of(shape, kinds=geometry.POLYGONS)
    if faults and (mended := _untangled(shape)) is not None:
        shape, faults = mended, []
        found.repaired[UNTANGLED] += 1
    if faults:
        found.refused.append(Refused(number, faults[0]))
        return
    found.repaired[CLOSED] += was_open
    found.found.append(Found(number, properties, shape))


def _is_swapped(shapes: Sequence[Geometry], bounds: Box | None) -> bool:
    """Whether every corner is right only with latitude and longitude in the other order."""
    points = [p for shape in shapes for p in geometry.positions(shape["coordinates"])]
    if bounds is None:
        return any(abs(y) > 90 for _x, y in points) and all(abs(x) <= 90 for x, _y in points)
    west, south, east, north = bounds
    wide = (west - FAR, south - FAR, east + FAR, north + FAR)
    return all(_in(wide, y, x) for x, y in points) and not all(_in(wide, x, y) for x, y in points)


def _in(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _changed(shape: Geometry, how: Any) -> Geometry:
    def each(value: Any) -> Any:
        return how(*value) if isinstance(value[0], (int, float)) else [each(v) for v in value]

    return {"type": shape["type"], "coordinates": each(shape["coordinates"])}


def _to_degrees(x: float, y: float) -> list[float]:
    """A point of Web-Mercator, in metres, as longitude and latitude."""
    lat = math.degrees(math.atan(math.sinh(max(-20.0, min(20.0, y / _RADIUS)))))
    return [round(math.degrees(x / _RADIUS), 7), round(lat, 7)]


def _closed(shape: Geometry) -> tuple[Geometry, bool]:
    """The shape with every ring ending where it began, and whether one did not."""
    was_open = False

    def ring(points: list[Any]) -> list[Any]:
        nonlocal was_open
        if points[0] == points[-1]:
            return points
        was_open = True
        return [*points, points[0]]

    many = shape["coordinates"]
    if shape["type"] == "Polygon":
        return {"type": "Polygon", "coordinates": [ring(r) for r in many]}, was_open
    return {"type": "MultiPolygon", "coordinates": [[ring(r) for r in p] for p in many]}, was_open


def _untangled(shape: Geometry) -> Geometry | None:
    """An outline that crosses or touches itself, put right; None where nothing with a surface is left."""
    if any(geometry.position_fault(x, y) for x, y in geometry.positions(shape["coordinates"])):
        return None
    try:
        built = geometry.built(shape)
    except (ValueError, shapely.errors.ShapelyError):
        return None
    if bool(shapely.is_valid(built)):
        return None
    mended = shape_of(shapely.make_valid(built))
    broken = mended is None or geometry.faults_of(mended, kinds=geometry.POLYGONS)
    return None if broken else mended


def shape_of(built: Any) -> Geometry | None:
    """The polygons of a shape as GeoJSON; None when there are none."""
    parts = [p for p in _flattened(built) if p.geom_type == "Polygon" and p.area]
    if not parts:
        return None
    whole = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return geometry.plain(mapping(whole))


def _flattened(built: Any) -> list[Any]:
    parts = list(shapely.get_parts(built))
    return [x for p in parts for x in (_flattened(p) if hasattr(p, "geoms") else [p])]


def joined(shapes: Sequence[Geometry]) -> Geometry | None:
    """Several polygons as one area."""
    return shape_of(shapely.union_all([geometry.built(s) for s in shapes]))


def listed(refused: Sequence[Refused]) -> Sequence[Refused]:
    """The refused features that are named one by one."""
    return refused[:_MOST_LISTED]
