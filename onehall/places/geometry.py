"""Checks of GeoJSON geometry, worded for the person who made the file. Pure: no ORM."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

POLYGONS: Final = ("Polygon", "MultiPolygon")
LINES: Final = ("LineString", "MultiLineString")
POINTS: Final = ("Point",)
_WGS84_NAMES: Final = ("CRS84", "4326", "WGS84", "WGS 84")
_DEPTH: Final = {"Point": 0, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_TO_WGS84: Final = (
    "GeoJSON is in degrees (WGS84). Save the layer again with the reference system EPSG:4326, "
    "for example: ogr2ogr -t_srs EPSG:4326 out.geojson in.geojson."
)


@dataclass(frozen=True)
class Fault:
    """What is wrong with a geometry, and what to do."""

    message: str
    advice: str


def declared_crs(document: dict[str, Any]) -> Fault | None:
    """A fault when the file says that its coordinates are not WGS84 degrees."""
    crs = document.get("crs")
    if not isinstance(crs, dict):
        return None
    properties = crs.get("properties")
    name = str(properties.get("name", "")) if isinstance(properties, dict) else ""
    if not name or any(known in name for known in _WGS84_NAMES):
        return None
    return Fault(f'The file says its coordinates are in "{name[:60]}".', _TO_WGS84)


def faults_of(geometry: Any, *, kinds: Sequence[str]) -> list[Fault]:
    """Everything wrong with one feature's geometry, which must be of one of `kinds`; [] when it is good."""
    if not isinstance(geometry, dict):
        return [Fault("The feature has no geometry.", f"Draw it as {_or(kinds)}, or delete it.")]
    kind = geometry.get("type")
    if kind not in kinds:
        return [Fault(f"The geometry is a {kind}.", f"Here it must be a {_or(kinds)}.")]
    coordinates = geometry.get("coordinates")
    if not _is_nested(coordinates, _DEPTH[str(kind)]):
        return [
            Fault("The coordinates are not lists of [longitude, latitude].", "Export it again.")
        ]
    for lon, lat in positions(coordinates):
        if fault := position_fault(lon, lat):
            return [fault]
    if kind in POLYGONS:
        return _polygon_faults(geometry)
    if kind in LINES:
        return _line_faults(geometry)
    return []


def is_nested(geometry: dict[str, Any]) -> bool:
    """Whether the coordinates are lists of positions, as deep as the kind of geometry wants."""
    return _is_nested(geometry.get("coordinates"), _DEPTH[str(geometry.get("type"))])


def _or(kinds: Sequence[str]) -> str:
    return " or ".join(kinds)


def _is_nested(value: Any, depth: int) -> bool:
    """True for positions inside `depth` lists, none of them empty."""
    if depth == 0:
        return (
            isinstance(value, list)
            and 2 <= len(value) <= 4
            and all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in value)
        )
    return isinstance(value, list) and bool(value) and all(_is_nested(v, depth - 1) for v in value)


def positions(coordinates: Any) -> Iterator[tuple[float, float]]:
    """Every (lon, lat) of nested coordinates."""
    if coordinates and isinstance(coordinates[0], (int, float)):
        yield float(coordinates[0]), float(coordinates[1])
        return
    for part in coordinates:
        yield from positions(part)


def position_fault(lon: float, lat: float) -> Fault | None:
    """What is wrong with one position in degrees."""
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return Fault("A coordinate is not a number.", "Export the layer again.")
    if abs(lon) <= 180 and abs(lat) <= 90:
        return None
    if abs(lon) <= 90 and abs(lat) <= 180:
        swapped = "Write longitude first, then latitude."
        return Fault(f"Latitude and longitude are swapped: [{lon:g}, {lat:g}].", swapped)
    return Fault(
        f"[{lon:.6g}, {lat:.6g}] is not longitude and latitude: it looks like feet or meters "
        "of a projected map.",
        _TO_WGS84,
    )


def _rings(geometry: dict[str, Any]) -> Iterator[list[list[float]]]:
    coordinates = geometry["coordinates"]
    for polygon in [coordinates] if geometry["type"] == "Polygon" else coordinates:
        yield from polygon


def _polygon_faults(geometry: dict[str, Any]) -> list[Fault]:
    for ring in _rings(geometry):
        if ring[0][:2] != ring[-1][:2]:
            x, y = ring[-1][:2]
            return [
                Fault(
                    f"A ring is not closed: it ends at [{x:g}, {y:g}].",
                    "Repeat its first point as its last.",
                )
            ]
        if len(ring) < 4:
            return [Fault("A ring has fewer than three corners.", "Draw it again or delete it.")]
    built = shape(geometry)
    if not shapely.is_valid(built):
        reason = shapely.is_valid_reason(built)
        return [
            Fault(
                f"The polygon is broken: {_reason(str(reason))}.",
                "Repair it, for example in QGIS with Processing > Fix geometries.",
            )
        ]
    if built.area == 0:
        return [Fault("The polygon has no surface.", "Draw it again or delete it.")]
    return []


def _reason(reason: str) -> str:
    """ "Self-intersection[-118.4 34]" in words."""
    what, _, where = reason.partition("[")
    words = {
        "Self-intersection": "its edge crosses itself",
        "Ring Self-intersection": "a ring touches itself",
        "Hole lies outside shell": "a hole lies outside its polygon",
        "Nested shells": "one part lies inside another",
        "Interior is disconnected": "a hole cuts it in two",
    }.get(what.strip(), what.strip().lower())
    return f"{words} at [{where.rstrip(']').replace(' ', ', ')}]" if where else words


def _line_faults(geometry: dict[str, Any]) -> list[Fault]:
    for line in lines_of(geometry):
        if len({tuple(position[:2]) for position in line}) < 2:
            return [Fault("A line has fewer than two different points.", "Draw it or delete it.")]
    return []


def lines_of(geometry: dict[str, Any]) -> list[list[list[float]]]:
    """A LineString or MultiLineString as a list of lines of [lon, lat], heights left out."""
    coordinates = geometry["coordinates"]
    many = [coordinates] if geometry["type"] == "LineString" else coordinates
    return [[[position[0], position[1]] for position in line] for line in many]


def flat(geometry: dict[str, Any]) -> dict[str, Any]:
    """The geometry with only type and coordinates, heights left out."""

    def cut(value: Any) -> Any:
        if isinstance(value[0], (int, float)):
            return list(value[:2])
        return [cut(part) for part in value]

    return {"type": geometry["type"], "coordinates": cut(geometry["coordinates"])}


def plain(geometry: Mapping[str, Any]) -> dict[str, Any]:
    """The geometry with lists in place of tuples, as it stands in a file."""

    def each(value: Any) -> Any:
        return [each(part) for part in value] if isinstance(value, (list, tuple)) else value

    return {"type": geometry["type"], "coordinates": each(geometry["coordinates"])}


def built(geometry: dict[str, Any]) -> BaseGeometry:
    """The Shapely geometry of checked GeoJSON."""
    return shape(geometry)


def as_lists(built_shape: BaseGeometry) -> dict[str, Any]:
    """The GeoJSON of a Shapely geometry, its coordinates as lists."""

    def lists(value: Any) -> Any:
        return [lists(part) for part in value] if isinstance(value, (list, tuple)) else value

    said = mapping(built_shape)
    return {"type": said["type"], "coordinates": lists(said["coordinates"])}


def inner_point(geometry: dict[str, Any]) -> tuple[float, float]:
    """A point that surely lies inside a polygon, for its label and its cell."""
    point = shapely.point_on_surface(shape(geometry))
    return float(shapely.get_x(point)), float(shapely.get_y(point))


def middle_of(lines: Sequence[Sequence[Sequence[float]]]) -> tuple[float, float]:
    """The point half way along the longest line."""
    longest = max((shapely.LineString(line) for line in lines), key=lambda line: line.length)
    point = longest.interpolate(0.5, normalized=True)
    return float(point.x), float(point.y)
