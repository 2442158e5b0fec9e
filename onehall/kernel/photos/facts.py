"""What a camera wrote into a photo: when and where it was taken. Kept inside the city, never published with the photo."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from math import isfinite
from typing import Any, Final

from PIL import ExifTags, Image

_SANE_YEARS: Final = range(1990, 2200)
# What Pillow raises on damaged tags; it also warns, which is an exception where warnings are errors.
_UNREADABLE: Final = (
    SyntaxError, ValueError, TypeError, KeyError, IndexError, OSError, OverflowError,
    AttributeError, struct.error, UserWarning,
)  # fmt: skip


@dataclass(frozen=True)
class CameraFacts:
    """`taken_at` in UTC; `lon` and `lat` in degrees, both or neither; `orientation` is the EXIF number 1 to 8."""

    taken_at: datetime | None = None
    lon: float | None = None
    lat: float | None = None
    orientation: int = 1


def camera_facts(picture: Image.Image, zone: tzinfo | None) -> CameraFacts:
    """Read the facts before they are stripped. Unreadable values are left out; nothing here refuses a photo.

    Cameras often write the wall time alone: it is read in `zone`, and left out when that is None.
    """
    try:
        exif = picture.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        orientation = exif.get(ExifTags.Base.Orientation, 1)
        changed = exif.get(ExifTags.Base.DateTime)
    except _UNREADABLE:
        return CameraFacts()
    lon, lat = _position(gps)
    return CameraFacts(
        taken_at=_taken_at(details, changed, zone),
        lon=lon,
        lat=lat,
        orientation=orientation if orientation in range(1, 9) else 1,
    )


def _taken_at(details: Mapping[int, Any], changed: object, zone: tzinfo | None) -> datetime | None:
    text = details.get(ExifTags.Base.DateTimeOriginal) or changed
    offset = details.get(ExifTags.Base.OffsetTimeOriginal) or details.get(ExifTags.Base.OffsetTime)
    try:
        wall = datetime.strptime(str(text).strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        return None
    try:
        there = datetime.strptime(str(offset).strip("\0 "), "%z").tzinfo
    except ValueError:
        there = None
    moment = wall.replace(tzinfo=there or zone)
    if moment.tzinfo is None or moment.year not in _SANE_YEARS:
        return None
    return moment.astimezone(UTC)


def _position(gps: Mapping[int, Any]) -> tuple[float | None, float | None]:
    lat = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "S")
    lon = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "W")
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180:
        return None, None
    # Phones without a fix write zeros.
    return (None, None) if lat == 0 and lon == 0 else (lon, lat)


def _degrees(parts: Any, ref: Any, negative: str) -> float | None:
    """Degrees from (degrees, minutes, seconds); None when they are not three usable numbers."""
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if not isfinite(value):
        return None
    name = ref.decode("ascii", "ignore") if isinstance(ref, bytes) else str(ref or "")
    return round(-value if name.strip("\0 ").upper() == negative else value, 7)
