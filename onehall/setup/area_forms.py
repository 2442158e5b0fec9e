"""From the fields of a form to a file of `areas/`, over the document that was there: what a form does not know stays."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import shapely
from django.utils.translation import gettext as _

from onehall.kernel.geo import Box
from onehall.kernel.localized import Localized
from onehall.places import geometry
from onehall.places import pack as places_pack
from onehall.places.models import LIMIT_LAYER
from onehall.places.pack.foreign import FAR
from onehall.setup.forms import listed, mapped

type Doc = dict[str, Any]

HOLE: Final = "hole"
"""The word before the corners of a hole, in the text of a shape."""
MOST_CORNERS: Final = 20_000
"""Corners that are typed or drawn as text; a larger shape comes as a file."""
MOST_KEY: Final = 60
MOST_NAME: Final = 120

_PREFIX: Final = re.compile(r"^\d+[-_]")
_NUMBER: Final = re.compile(r"[+\-\N{MINUS SIGN}]?\d{1,9}([.,]\d{1,15})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaView:
    """One area of a layer's document, as far as it can be read."""

    n: int
    code: str
    name: Localized
    geometry: Doc | None


def read(text: str) -> Doc | None:
    """A file as a document; None for one that is no collection of features."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list) or not all(isinstance(f, dict) for f in features):
        return None
    return dict(found)


def write(doc: Doc) -> str:
    """The document as its file."""
    return places_pack.collection_text(doc)


def stem_of(path: str) -> str:
    """The name of a layer's file without folder and ending."""
    return path.removeprefix("areas/").removesuffix(".geojson")


def path_of(stem: str) -> str:
    """The path of a layer's file."""
    return f"areas/{stem}.geojson"


def layer_of(stem: str) -> str:
    """The name of a layer by its file, as the reader of the folder finds it."""
    return _PREFIX.sub("", stem).replace("-", "_")


def is_limit(stem: str) -> bool:
    """Whether a file is the limit of the city."""
    return layer_of(stem) == LIMIT_LAYER


def new_stem(key: str, stems: Iterable[str]) -> str:
    """The file of a new layer: after those that are there, the city limit first of all."""
    if key.replace("-", "_") == LIMIT_LAYER:
        return "00-" + key.replace("_", "-")
    numbers = [int(n[0]) for stem in stems if (n := re.match(r"\d{1,4}", stem))]
    return f"{(max(numbers, default=0) // 10 + 1) * 10:02}-{key}"


def blank(label: Localized) -> Doc:
    """A layer without areas."""
    extra: Doc = {"label": label} if label else {}
    return {"type": "FeatureCollection", "onehall": extra | {"public": True}, "features": []}


def label_of(doc: Doc, default: str) -> Localized:
    """What a layer is called."""
    found = mapped(doc.get("onehall")).get("label", {})
    return {default: found} if isinstance(found, str) else _words(found)


def is_public(doc: Doc) -> bool:
    """Whether residents see the names of a layer."""
    return mapped(doc.get("onehall")).get("public", True) is not False


def _words(given: Any) -> Localized:
    return {str(k): v for k, v in mapped(given).items() if isinstance(v, str)}


def areas(doc: Doc, default: str) -> list[AreaView]:
    """The areas of a layer, in the order of the city's own lists."""
    found = list(enumerate(listed(doc.get("features"))))
    found.sort(key=lambda item: _sort(item[1]))
    return [_area(n, feature, default) for n, feature in found]


def _sort(feature: Doc) -> int:
    given = mapped(feature.get("properties")).get("sort")
    return int(given) if isinstance(given, (int, float)) and not isinstance(given, bool) else 0


def _area(n: int, feature: Doc, default: str) -> AreaView:
    said = mapped(feature.get("properties"))
    name, shape = said.get("name"), feature.get("geometry")
    good = isinstance(shape, dict) and not geometry.faults_of(shape, kinds=geometry.POLYGONS)
    return AreaView(
        n=n,
        code=_code(said),
        name={default: name} if isinstance(name, str) else _words(name),
        geometry=shape if good else None,
    )


def _code(said: Doc) -> str:
    code = said.get("code", "")
    return str(code).strip() if isinstance(code, (str, int, float)) else ""


# --- changes -----------------------------------------------------------------------------------------


def labelled(doc: Doc, label: Localized, *, public: bool) -> Doc:
    """The layer under another name, and whether residents see its areas."""
    extra = {k: v for k, v in mapped(doc.get("onehall")).items() if k not in ("label", "public")}
    said = {"label": label} if label else {}
    top = {k: v for k, v in doc.items() if k not in ("onehall", "features")}
    return {**top, "onehall": {**said, **extra, "public": public}, "features": doc["features"]}


def put(doc: Doc, n: int | None, code: str, name: Localized, shape: Doc) -> Doc:
    """The layer with one area as said: number `n` of the file, or a new one."""
    features = list(doc["features"])
    if n is None or n >= len(features):
        last = max((_sort(f) for f in features), default=0)
        said: Doc = {"code": code, "name": name} | ({"sort": last + 1} if last else {})
        features.append({"type": "Feature", "properties": said, "geometry": shape})
    else:
        before = mapped(features[n].get("properties"))
        features[n] = {
            **features[n], "properties": {**before, "code": code, "name": name}, "geometry": shape,
        }  # fmt: skip
    return {**doc, "features": features}


def without(doc: Doc, n: int) -> Doc:
    """The layer without one area."""
    return {**doc, "features": [f for m, f in enumerate(doc["features"]) if m != n]}


def taken_over(doc: Doc, found: Sequence[tuple[str, Localized, Doc]], *, instead: bool) -> Doc:
    """The layer with areas of a file: `instead` of its own, or beside them, over those of the same key."""
    kept = [] if instead else list(doc["features"])
    at = {_code(mapped(f.get("properties"))): n for n, f in enumerate(kept)}
    made = {**doc, "features": kept}
    for code, name, shape in found:
        made = put(made, at.get(code), code, name, shape)
    return made


# --- corners as text ---------------------------------------------------------------------------------


def corners(shape: Mapping[str, Any] | None) -> str:
    """A polygon as lines of longitude and latitude; parts after an empty line, holes after the word "hole"."""
    if shape is None:
        return ""
    many = shape["coordinates"]
    parts = [many] if shape["type"] == "Polygon" else many
    blocks = [
        (f"{HOLE}\n" if number else "") + "\n".join(f"{x!r} {y!r}" for x, y, *_more in ring[:-1])
        for part in parts
        for number, ring in enumerate(part)
    ]
    return "\n\n".join(blocks)


def count(shape: Mapping[str, Any] | None) -> int:
    """How many corners a polygon has."""
    return sum(1 for _p in geometry.positions(shape["coordinates"])) if shape else 0


def shape_of(text: str, bounds: Box | None) -> tuple[Doc | None, list[str]]:
    """The polygon that lines of corners say, or what is wrong with them in words. Rings are closed here.

    `bounds` is where the city lies, so that corners elsewhere are told.
    """
    parts: list[list[list[list[float]]]] = []
    ring: list[list[float]] | None = None
    wrong: list[str] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line:
            ring = None
        elif line.lower() == HOLE:
            if not parts:
                return None, [
                    _("Line %(n)s: a hole lies in an area. Write the area first.") % {"n": number}
                ]
            ring = []
            parts[-1].append(ring)
        else:
            if ring is None:
                ring = []
                parts.append([ring])
            point, words = _point(line, number, bounds)
            wrong += words
            ring += [point] if point else []
    if not wrong:
        wrong = _short_rings(parts)
    if wrong:
        return None, wrong[:5]
    return _built(parts)


def _point(line: str, number: int, bounds: Box | None) -> tuple[list[float] | None, list[str]]:
    pair = re.split(r"\s*[,;]\s+|\s+|;", line)
    if len(pair) == 1:
        pair = line.split(",")
    if len(pair) != 2 or not all(_NUMBER.fullmatch(p) for p in pair):
        words = _("Line %(n)s: write longitude and latitude, such as -120.99 40.01.")
        return None, [words % {"n": number}]
    x, y = (float(p.replace(",", ".").replace("\N{MINUS SIGN}", "-")) for p in pair)
    if fault := _misplaced(x, y, bounds):
        return None, [fault % {"n": number}]
    return [x, y], []


def _misplaced(x: float, y: float, bounds: Box | None) -> str:
    swapped = _("Line %(n)s: latitude and longitude are swapped. Write longitude first.")
    if geometry.position_fault(x, y):
        far = _(
            "Line %(n)s: these are no degrees. Write longitude and latitude in degrees (WGS84)."
        )
        return swapped if abs(x) <= 90 and abs(y) <= 180 else far
    if bounds is None or _near(bounds, x, y):
        return ""
    return (
        swapped if _near(bounds, y, x) else _("Line %(n)s is far from the city. Check the numbers.")
    )


def _near(bounds: Box, x: float, y: float) -> bool:
    west, south, east, north = bounds
    return west - FAR <= x <= east + FAR and south - FAR <= y <= north + FAR


def _short_rings(parts: Sequence[Sequence[Sequence[Sequence[float]]]]) -> list[str]:
    rings = [ring for part in parts for ring in part]
    if not rings:
        return [_("Draw the area, or write its corners.")]
    if sum(map(len, rings)) > MOST_CORNERS:
        return [_("These are too many corners to write. Upload the area as a file.")]
    if any(len({tuple(p) for p in ring}) < 3 for ring in rings):
        return [_("An area needs at least three different corners.")]
    return []


def _built(parts: Sequence[Sequence[list[list[float]]]]) -> tuple[Doc | None, list[str]]:
    closed = [[r if r[0] == r[-1] else [*r, r[0]] for r in part] for part in parts]
    shape: Doc = (
        {"type": "Polygon", "coordinates": closed[0]}
        if len(closed) == 1
        else {"type": "MultiPolygon", "coordinates": closed}
    )
    faults = geometry.faults_of(shape, kinds=geometry.POLYGONS)
    if not faults:
        return shape, []
    reason = str(shapely.is_valid_reason(geometry.built(shape)))
    where = re.search(r"\[(.*)\]", reason)
    if "Self-intersection" in reason and where:
        words = _("The outline crosses itself at %(where)s. Move a corner.")
        return None, [words % {"where": where[1]}]
    return None, [f"{faults[0].message} {faults[0].advice}"]
