"""Writes the geography of the pack: compact GeoJSON, one feature a line, and the address list."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from shapely.geometry import Point, mapping

from tools.port_alder import districts as d
from tools.port_alder.addresses import Address, addresses, ranges
from tools.port_alder.assets import assets
from tools.port_alder.coast import shore
from tools.port_alder.ground import Plot, plots
from tools.port_alder.landmarks import Landmark, landmarks
from tools.port_alder.plane import as_geojson, degrees
from tools.port_alder.roads import streets

# Letters of a thing that stands beyond the city limit, where the city owns nothing.
OUTSIDE = "X"

LAYER_LABELS = {
    "00-city-limit": {"en": "City limit", "es": "Límite de la ciudad"},
    "10-district": {"en": "District", "es": "Distrito"},
    "20-beat": {"en": "Street maintenance beat", "es": "Zona de mantenimiento"},
}


def files() -> dict[str, str]:
    """File name inside the pack to its text, the same on every run."""
    coast, roads = shore(), streets()
    ground = plots(coast, roads)
    doors = addresses(coast, roads, ground)
    out = {f"areas/{name}.geojson": _areas(name, rows) for name, rows in d.layers().items()}
    out["streets.geojson"] = _collection(
        _feature(as_geojson(s.geometry), {"name": s.name, "kind": s.kind, **ranges(s, doors)})
        for s in roads
    )
    out["addresses.csv"] = _addresses(doors)
    points = landmarks(ground)
    out["places.geojson"] = _collection(_places(ground, points))
    for kind, found in assets(coast, roads, ground, _letters()).items():
        out[f"assets/{kind}.geojson"] = _collection(
            _feature(_point(a.x, a.y), {"code": a.code, "name": a.name, **a.facts})
            for a in found
            if not a.code.startswith(OUTSIDE)
        )
    return out


def _letters() -> Any:
    shapes = [(d.LETTERS[code], shape) for code, _, _, shape in d.layers()["10-district"]]

    def letters(x: float, y: float) -> str:
        """The two letters painted on things in the district at a point in metres."""
        here = Point(*degrees(x, y))
        return next((two for two, shape in shapes if shape.contains(here)), OUTSIDE)

    return letters


def _point(x: float, y: float) -> dict[str, object]:
    return {"type": "Point", "coordinates": degrees(x, y)}


def _feature(geometry: object, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _places(ground: list[Plot], points: list[Landmark]) -> Iterable[dict[str, Any]]:
    """Shapes in drawing order, those that are landmarks with their names, then landmarks without a shape."""
    left = {mark.key: mark for mark in points}
    for plot in ground:
        properties: dict[str, Any] = {"kind": plot.kind}
        mark = left.pop(plot.key, None)
        if mark is not None:
            properties = {**_named(mark), **properties}
        elif plot.en:
            properties = {"key": plot.key, "name": {"en": plot.en, "es": plot.es}, **properties}
        yield _feature(as_geojson(plot.shape), properties)
    for mark in left.values():
        yield _feature(_point(mark.x, mark.y), {**_named(mark), "kind": mark.kind})


def _named(mark: Landmark) -> dict[str, Any]:
    name = {"en": mark.en, "es": mark.es}
    return {"key": mark.key, "name": name, "aliases": list(mark.aliases)}


def _areas(name: str, rows: list[tuple[str, str, str, Any]]) -> str:
    features = [
        _feature(mapping(shape), {"code": code, "name": {"en": en, "es": es}, "sort": i})
        for i, (code, en, es, shape) in enumerate(rows, 1)
    ]
    return _collection(features, {"label": LAYER_LABELS[name], "public": name != "20-beat"})


def _collection(features: Iterable[dict[str, Any]], about: dict[str, Any] | None = None) -> str:
    head = '{"type":"FeatureCollection",'
    if about:
        head += f'"onehall":{_json(about)},'
    return head + '"features":[\n' + ",\n".join(_json(f) for f in features) + "\n]}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _addresses(doors: list[Address]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["number", "street", "unit", "lon", "lat"])
    for door in doors:
        lon, lat = degrees(door.x, door.y)
        rows.writerow([door.number, door.street, door.unit, f"{lon:.6f}", f"{lat:.6f}"])
    return text.getvalue()


def write(target: Path) -> dict[str, int]:
    """Writes every file under `target`; returns the bytes written for each."""
    sizes = {}
    for name, text in files().items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = text.encode()
        path.write_bytes(data)
        sizes[name] = len(data)
    return sizes
