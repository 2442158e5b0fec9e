"""Map pictures of a city: 512 px tiles kept on disk, and still maps with pins. WebP, drawn here, no outside server."""

import io
import math
import os
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from PIL import Image

from onehall.kernel import clock, geo
from onehall.places import fetched, ground
from onehall.places.drawing import labels as naming
from onehall.places.drawing.colors import palette
from onehall.places.drawing.held_labels import ACROSS, ACROSS_READ, labels_of_tile
from onehall.places.drawing.paint import Pin, paint
from onehall.places.drawing.scene import Plane
from onehall.places.drawing.view import MAX_ZOOM, MIN_ZOOM, TILE, View
from onehall.places.models import City

__all__ = [
    "MAX_ZOOM", "MIN_ZOOM", "TILE", "NoSuchTile", "Pin", "draw_still", "draw_tile", "language_of", "still_language_of",
]  # fmt: skip

# Grows with every change of how the map looks, so that kept tiles are drawn anew.
_STYLE: Final = 2
_FAR: Final = 0.25
_MOST_PIXELS: Final = 4_000_000


class NoSuchTile(ValueError):
    """The tile's numbers are outside the map or outside zooms 10 to 19."""


def language_of(city: City, wanted: str) -> str:
    """The language of the tiles for a reader: the city's first, unless names on them are known in the one wanted."""
    return city.language if fetched.is_asked(city) else still_language_of(city, wanted)


def still_language_of(city: City, wanted: str) -> str:
    """The same for still pictures, which no server of the city is asked for."""
    return ground.language_of(city, wanted)


def draw_tile(city: City, z: int, x: int, y: int, *, dark: bool, language: str = "") -> bytes:
    """Tile z/x/y as a 512 px WebP, from disk when it was drawn before. NoSuchTile for numbers that do not exist.

    `language` is the reader's, the city's first when left out.
    """
    if not MIN_ZOOM <= z <= MAX_ZOOM or not 0 <= x < 1 << z or not 0 <= y < 1 << z:
        raise NoSuchTile(f"{z}/{x}/{y}")
    if _is_far(city, z, x, y):
        return _plain_tile(dark=dark)
    if fetched.is_asked(city):
        path = _path(city, z, x, y, fetched.version(city, clock.now()), "", dark=dark)
        if (data := _kept(path)) is not None:
            return data
        picture = fetched.tile(city, z, x, y, dark=dark)
        if picture is not None:
            return _keep(path, _webp(picture))
    spoken = language_of(city, language)
    other = "" if spoken == city.language else spoken
    path = _path(city, z, x, y, ground.version(city), other, dark=dark)
    data = _kept(path)
    return data if data is not None else _keep(path, _drawn(city, z, x, y, spoken, dark=dark))


def _drawn(city: City, z: int, x: int, y: int, language: str, *, dark: bool) -> bytes:
    across = ACROSS_READ if ground.is_used(city) else ACROSS
    region = _box(z, x // across, y // across, across)
    scene = ground.ground_of(city, _box(z, x, y), z)
    key = (city.pk, f"{city.digest}-{ground.version(city)}-{language}")
    names = labels_of_tile(key, lambda: ground.names_of(city, region, z, language), z, x, y, across)
    return _webp(paint(scene, _tile_view(scene, z, x, y), palette(dark=dark), names))


def _box(z: int, column: int, row: int, across: int = 1) -> geo.Box:
    """Where a square of tiles lies on the whole map: left, top, right, bottom, 0 to 1."""
    part = across / (1 << z)
    return column * part, row * part, (column + 1) * part, (row + 1) * part


def _tile_view(scene: Plane, z: int, x: int, y: int) -> View:
    size = 1 << z
    return View(x / size - scene.x0, y / size - scene.y0, TILE * size, TILE, TILE, float(z))


def _is_far(city: City, z: int, x: int, y: int) -> bool:
    """True for a tile that lies more than a quarter of the city's size outside its bounds."""
    if city.bounds is None:
        return True
    west, south, east, north = city.bounds
    left, top = geo.mercator(west, north)
    right, bottom = geo.mercator(east, south)
    edge = max(right - left, bottom - top) * _FAR
    size = 1 << z
    return (
        (x + 1) / size < left - edge
        or x / size > right + edge
        or (y + 1) / size < top - edge
        or y / size > bottom + edge
    )


@lru_cache(maxsize=2)
def _plain_tile(*, dark: bool) -> bytes:
    return _webp(Image.new("RGB", (TILE, TILE), palette(dark=dark).beyond))


def _webp(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=82, method=2)
    return stream.getvalue()


# --- kept on disk ----------------------------------------------------------------------------------


def cache_root() -> Path:
    """Where tiles are kept: setting `ONEHALL_TILE_CACHE`, else `tiles` beside the uploaded files."""
    chosen = getattr(settings, "ONEHALL_TILE_CACHE", None)
    return Path(chosen) if chosen else Path(settings.MEDIA_ROOT) / "tiles"


def _path(city: City, z: int, x: int, y: int, source: str, language: str, *, dark: bool) -> Path:
    """Where a tile is kept. `language` is "" for the names that most readers see."""
    scheme = ("dark" if dark else "light") + (f"-{language}" if language else "")
    revision = f"{city.revision}-{city.digest}-{source}-{_STYLE}"
    return cache_root() / city.slug / revision / scheme / str(z) / str(x) / f"{y}.webp"


def _kept(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _keep(path: Path, data: bytes) -> bytes:
    """Write in one step, so that nobody reads half a tile. A full or read-only disk only costs speed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).replace(path)
    except OSError:
        return data
    return data


# --- still maps ------------------------------------------------------------------------------------


def draw_still(
    city: City,
    lon: float,
    lat: float,
    *,
    width: int,
    height: int,
    zoom: float,
    dark: bool,
    pins: Sequence[Pin] = (),
    ratio: float = 2.0,
    language: str = "",
) -> bytes:
    """A still map around a point as WebP. `width` and `height` are layout pixels; the picture is `ratio` times that.

    `language` is the reader's, the city's first when left out. ValueError for a picture of no or of more than four million pixels.
    """
    pixels = int(width * ratio), int(height * ratio)
    if min(pixels) < 1 or pixels[0] * pixels[1] > _MOST_PIXELS:
        raise ValueError(f"a map of {width} by {height} is not drawn")
    level = max(float(MIN_ZOOM), min(float(MAX_ZOOM), zoom))
    scale = TILE * math.pow(2, level) * ratio
    middle = geo.mercator(lon, lat)
    wide, tall = pixels[0] / scale / 2, pixels[1] / scale / 2
    box = (middle[0] - wide, middle[1] - tall, middle[0] + wide, middle[1] + tall)
    scene = ground.ground_of(city, box, level)
    named = ground.names_of(city, box, level, still_language_of(city, language))

    def view_of(plane: Plane) -> View:
        x, y = plane.project_point(lon, lat)
        left, top = x - pixels[0] / scale / 2, y - pixels[1] / scale / 2
        return View(left, top, scale, *pixels, level, ratio)

    view = view_of(scene)
    obstacles = tuple(spot for pin in pins for spot in _room_of(pin, view, scene))
    names = naming.place(named, view_of(named), obstacles)
    return _webp(paint(scene, view, palette(dark=dark), names, pins))


def _room_of(pin: Pin, view: View, scene: Plane) -> list[naming.Obstacle]:
    x, y = view.pixel(*scene.project_point(pin.lon, pin.lat))
    if pin.kind == "other":
        return [naming.Obstacle(x, y, 13 * view.ratio)]
    return [
        naming.Obstacle(x, y - 33 * view.ratio, 22 * view.ratio),
        naming.Obstacle(x, y - 8 * view.ratio, 12 * view.ratio),
    ]
