"""Plain geometry on the earth: distances, boxes, Web-Mercator; degrees are WGS84, lengths metres."""

import math
import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS: Final = 6_371_008.8
METRES_PER_DEGREE: Final = EARTH_RADIUS * math.pi / 180
_POINT: Final = re.compile(r"^\s*(-?\d{1,3}(?:\.\d+)?)\s*[,; ]\s*(-?\d{1,3}(?:\.\d+)?)\s*$")

type Box = tuple[float, float, float, float]


def distance(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Metres between two points on the ground (haversine)."""
    a1, a2 = math.radians(lat1), math.radians(lat2)
    half_lat = math.sin((a2 - a1) / 2)
    half_lon = math.sin(math.radians(lon2 - lon1) / 2)
    h = half_lat * half_lat + math.cos(a1) * math.cos(a2) * half_lon * half_lon
    return 2 * EARTH_RADIUS * math.asin(min(1.0, math.sqrt(h)))


def box_around(lon: float, lat: float, metres: float) -> Box:
    """West, south, east, north of a box whose sides are `metres` from the point."""
    tall = metres / METRES_PER_DEGREE
    wide = tall / max(0.01, math.cos(math.radians(lat)))
    return lon - wide, lat - tall, lon + wide, lat + tall


def mercator(lon: float, lat: float) -> tuple[float, float]:
    """A point as Web-Mercator x and y, each 0 to 1 from the map's top left corner."""
    sine = math.sin(math.radians(max(-85.05112877980659, min(85.05112877980659, lat))))
    return (lon + 180.0) / 360.0, 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)


def mercators(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same for many points, each a row of longitude and latitude."""
    sine = np.sin(np.radians(np.clip(degrees[:, 1], -85.05112877980659, 85.05112877980659)))
    y = 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * math.pi)
    return np.column_stack(((degrees[:, 0] + 180.0) / 360.0, y))


def unmercator(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of Web-Mercator x and y."""
    return x * 360.0 - 180.0, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y))))


def rounded(lon: float, lat: float, *, metres: float = 150.0) -> tuple[float, float]:
    """The middle of the square of about `metres` that a point lies in: a place without the house."""
    tall = metres / METRES_PER_DEGREE
    row = math.floor(lat / tall)
    middle = (row + 0.5) * tall
    wide = tall / max(0.01, math.cos(math.radians(middle)))
    return (math.floor(lon / wide) + 0.5) * wide, middle


def is_on_earth(lon: float, lat: float) -> bool:
    """True for finite degrees inside -180..180 and -90..90."""
    return math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90


def read_point(text: str) -> tuple[float, float] | None:
    """Longitude and latitude out of typed coordinates, "34.0195, -118.4912" (latitude first), or None."""
    found = _POINT.match(text)
    if found is None or "." not in text:
        return None
    lat, lon = float(found[1]), float(found[2])
    if abs(lat) > 90 >= abs(lon):
        lat, lon = lon, lat
    return (lon, lat) if is_on_earth(lon, lat) else None
