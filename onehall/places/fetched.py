"""Tiles of a map server that a city has: fetched by us, never by residents' browsers, and kept on disk."""

import hashlib
import io
import logging
import threading
import time
from datetime import datetime
from typing import Final

from PIL import Image, ImageOps

from onehall.places.drawing.view import TILE
from onehall.places.fetching import Silent, fetch
from onehall.places.models import City

log = logging.getLogger(__name__)

PAUSE: Final = 60.0
"""Seconds for which a server that gave no answer is left alone."""
SECONDS: Final = 2.5
TOGETHER: Final = 5.0
"""Seconds for all pieces of one tile."""
MOST_BYTES: Final = 1_000_000
LARGEST: Final = 1024
"""Pixels on each side of a picture that is taken."""
FORMATS: Final = ("PNG", "JPEG", "WEBP")
SIZES: Final = (256, 512)

_lock = threading.Lock()
_silent_until: dict[int, float] = {}


def is_asked(city: City) -> bool:
    """Whether the city has a map server."""
    return bool(city.map.get("tiles"))


def version(city: City, now: datetime) -> str:
    """Another text for another server, and each month: the server's map grows older on our disk no further."""
    said = repr(sorted(city.map["tiles"].items()))
    return f"url-{hashlib.sha256(said.encode()).hexdigest()[:12]}-{now:%Y%m}"


def tile(city: City, z: int, x: int, y: int, *, dark: bool) -> Image.Image | None:
    """Tile z/x/y with 512 px on a side; None while the server gives no answer. In the dark its light is turned around."""
    with _lock:
        if _silent_until.get(city.pk, 0.0) > time.monotonic():
            return None
    try:
        picture = _whole(city, z, x, y)
    except Silent as no:
        log.warning("event=tiles.silent city=%s why=%s", city.slug, no)
        with _lock:
            _silent_until[city.pk] = time.monotonic() + PAUSE
        return None
    return turned(picture) if dark else picture


def why_not(city: City) -> str:
    """Why the server's tiles are passed over at the moment, asked with one in the middle of the city; "" when they are not."""
    from onehall.kernel import geo

    lon, lat = city.center or (0.0, 0.0)
    left, top = geo.mercator(lon, lat)
    z = min(15, int(city.map["tiles"]["deepest"]))
    try:
        _piece(city, z, int(left * (1 << z)), int(top * (1 << z)))
    except Silent as no:
        return str(no)
    return ""


def _whole(city: City, z: int, x: int, y: int) -> Image.Image:
    """A tile of 512 px, put together from smaller ones, or cut out of a farther one where the server has none so close."""
    said = city.map["tiles"]
    deepest, finer = int(said["deepest"]), int(said["size"]) == SIZES[0]
    if z > deepest:
        up = z - deepest
        part = _piece(city, deepest, x >> up, y >> up)
        side = part.width / (1 << up)
        left, top = (x % (1 << up)) * side, (y % (1 << up)) * side
        return part.resize((TILE, TILE), box=(left, top, left + side, top + side))
    if not finer or z == deepest:
        return _piece(city, z, x, y).resize((TILE, TILE))
    until = time.monotonic() + TOGETHER
    whole = Image.new("RGB", (TILE, TILE))
    for down in (0, 1):
        for right in (0, 1):
            if time.monotonic() > until:
                raise Silent("too slow")
            part = _piece(city, z + 1, 2 * x + right, 2 * y + down)
            half = TILE // 2
            whole.paste(part.resize((half, half)), (right * half, down * half))
    return whole


def _piece(city: City, z: int, x: int, y: int) -> Image.Image:
    """One picture as the server has it. Raises `Silent`."""
    url = city.map["tiles"]["url"]
    for name, number in (("{z}", z), ("{x}", x), ("{y}", y)):
        url = url.replace(name, str(number))
    data = fetch(url, seconds=SECONDS, most=MOST_BYTES)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if max(picture.size) <= LARGEST:
                return picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Silent("no picture") from None
    raise Silent("a picture that is too large")


def turned(picture: Image.Image) -> Image.Image:
    """A map for the dark: what was light is dark, and every color keeps its hue."""
    hue, saturation, value = ImageOps.invert(picture).convert("HSV").split()
    half_around = hue.point([(n + 128) % 256 for n in range(256)])
    return Image.merge("HSV", (half_around, saturation, value)).convert("RGB")


def forget() -> None:
    """Ask every server again."""
    with _lock:
        _silent_until.clear()
