"""A drawn map with marks on it: what is seen of the world, the tiles under it, and where the marks stand.

Everything is in the address, and everything on the map is a link: so it is worked by keyboard, and
without a script.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import shapely
from django.http import Http404
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from onehall.casework.selection import Box
from onehall.kernel import cells
from onehall.places.models import City
from onehall.places.tiles import MAX_ZOOM, MIN_ZOOM, language_of, still_language_of

WIDE: Final = 1024
HIGH: Final = 640
TILE: Final = 256
"""On the page; the pictures have twice as many pixels."""
GRID: Final = 2
"""Marks gather in squares of a quarter of a tile."""
SQUARE: Final = TILE >> GRID
"""Pixels on each side of such a square."""
MOST_MARKS: Final = 150
"""So many can be walked through by keyboard; a screen reader is not lost in them."""


@dataclass(frozen=True, slots=True)
class Window:
    """What is seen: a middle and a zoom."""

    lon: float
    lat: float
    zoom: int

    @property
    def corner(self) -> tuple[float, float]:
        """Pixels of the upper left corner in the world at this zoom."""
        x, y = pixels(self.lon, self.lat, self.zoom)
        return x - WIDE / 2, y - HIGH / 2

    @property
    def box(self) -> Box:
        """The degrees that are seen."""
        x, y = self.corner
        west, north = degrees(x, y, self.zoom)
        east, south = degrees(x + WIDE, y + HIGH, self.zoom)
        return Box(west, south, east, north)

    @property
    def shift(self) -> int:
        """By how many bits a map cell is moved to become the square in which marks gather."""
        return 2 * (cells.ZOOM - min(cells.ZOOM, self.zoom + GRID))

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a point stands in the window, in its pixels."""
        left, top = self.corner
        x, y = pixels(lon, lat, self.zoom)
        return x - left, y - top

    def place_of(self, lon: float, lat: float, count: int) -> tuple[float, float]:
        """Where a mark stands: one case where it is, several as near to their middle as leaves the marks of other squares free."""
        x, y = self.place(lon, lat)
        if count == 1:
            return x, y
        left, top = self.corner
        room = SQUARE / 2 - radius_of(count) - 1
        middles = [
            (math.floor((at + edge) / SQUARE) + 0.5) * SQUARE - edge
            for at, edge in ((x, left), (y, top))
        ]
        moved = [
            min(max(at, middle - room), middle + room)
            for at, middle in zip((x, y), middles, strict=True)
        ]
        return moved[0], moved[1]

    def ways(self, to: Callable[["Window"], str]) -> list[tuple[str, str, str, str]]:
        """The steps to other windows: a key, its word, its sign, and the address that `to` makes."""
        return [
            ("north", _("North"), "↑", to(self.moved(down=-0.4))),
            ("west", _("West"), "←", to(self.moved(right=-0.4))),
            ("east", _("East"), "→", to(self.moved(right=0.4))),
            ("south", _("South"), "↓", to(self.moved(down=0.4))),
            ("closer", _("Closer"), "+", to(self.moved(closer=1))),
            ("farther", _("Farther"), "−", to(self.moved(closer=-1))),
        ]

    def moved(self, *, right: float = 0, down: float = 0, closer: int = 0) -> "Window":
        """Another look: by shares of the width and height, or by steps of the zoom."""
        x, y = pixels(self.lon, self.lat, self.zoom)
        lon, lat = degrees(x + right * WIDE, y + down * HIGH, self.zoom)
        return Window(lon, lat, max(MIN_ZOOM, min(MAX_ZOOM, self.zoom + closer)))

    def toward(self, lon: float, lat: float) -> "Window":
        """A closer look at a place, as close as the map goes."""
        return Window(lon, lat, min(MAX_ZOOM, self.zoom + 2))

    @property
    def is_closest(self) -> bool:
        """Whether there is no closer look."""
        return self.zoom >= MAX_ZOOM

    @property
    def query(self) -> dict[str, str]:
        """The same for an address."""
        return {"lon": f"{self.lon:.5f}", "lat": f"{self.lat:.5f}", "z": str(self.zoom)}


def spot(lon: float, lat: float) -> Box:
    """The box around one spot whose cases no closer look would tell apart."""
    return Box(lon - 0.0004, lat - 0.0004, lon + 0.0004, lat + 0.0004)


def pixels(lon: float, lat: float, zoom: int) -> tuple[float, float]:
    """A point in the pixels of the world at a zoom."""
    size = TILE * (1 << zoom)
    sine = math.sin(math.radians(max(-85.0, min(85.0, lat))))
    x = (lon + 180) / 360 * size
    return x, (0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * size


def degrees(x: float, y: float, zoom: int) -> tuple[float, float]:
    """Longitude and latitude of pixels of the world at a zoom."""
    size = TILE * (1 << zoom)
    lon = max(-180.0, min(180.0, x / size * 360 - 180))
    return lon, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / size))))


def window(city: City, asked: Mapping[str, str]) -> Window:
    """What the address asks to see; the whole city when it says nothing that can be seen."""
    try:
        lon, lat, zoom = float(asked["lon"]), float(asked["lat"]), int(asked["z"])
    except (KeyError, ValueError):
        return whole(city)
    if not (abs(lon) <= 180 and abs(lat) <= 85 and MIN_ZOOM <= zoom <= MAX_ZOOM):
        return whole(city)
    return Window(lon, lat, zoom)


def whole(city: City) -> Window:
    """The closest look that shows all of the city."""
    return around(*(city.bounds or (-180.0, -60.0, 180.0, 75.0)))


def around(west: float, south: float, east: float, north: float) -> Window:
    """The closest look that shows all of a box of degrees."""
    middle = Window((west + east) / 2, (south + north) / 2, MIN_ZOOM)
    for zoom in range(MAX_ZOOM, MIN_ZOOM, -1):
        left, top = pixels(west, north, zoom)
        right, bottom = pixels(east, south, zoom)
        if right - left <= WIDE and bottom - top <= HIGH:
            return replace(middle, zoom=zoom)
    return middle


@dataclass(frozen=True, slots=True)
class Shades:
    """How an address asks for a map: "light" and "dark", "light-es" and "dark-es" where names on it are known in the
    reader's language. `tiles` is the same for a live map, whose script puts the scheme in.
    """

    light: str = "light"
    dark: str = "dark"
    tiles: str = "{scheme}"


def shades(city: City) -> Shades:
    """The addresses of maps for who reads this page."""
    wanted = city.language_for(translation.get_language() or "")
    still, tile = (
        f"-{spoken}" if spoken != city.language else ""
        for spoken in (still_language_of(city, wanted), language_of(city, wanted))
    )
    return Shades(f"light{still}", f"dark{still}", f"{{scheme}}{tile}")


@dataclass(frozen=True, slots=True)
class Shade:
    """What an address asks for: a scheme, and names in a language of the city, "" for the first."""

    dark: bool
    language: str


def shade(city: City, asked: str) -> Shade:
    """The part of an address that `shades` wrote; not found when it says another scheme or a language not spoken here."""
    scheme, dash, language = asked.partition("-")
    if scheme not in ("light", "dark") or (dash and language not in city.languages):
        raise Http404
    return Shade(scheme == "dark", language)


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture under the map, in both schemes."""

    x: float
    y: float
    light: str
    dark: str


def tiles(seen: Window, city: City) -> list[Tile]:
    """The tiles that cover the window."""
    schemes = [shades(city).tiles.replace("{scheme}", scheme) for scheme in ("light", "dark")]
    left, top = seen.corner
    last = (1 << seen.zoom) - 1
    found = []
    for column in range(math.floor(left / TILE), math.floor((left + WIDE - 1) / TILE) + 1):
        for row in range(math.floor(top / TILE), math.floor((top + HIGH - 1) / TILE) + 1):
            if 0 <= column <= last and 0 <= row <= last:
                where = [
                    reverse("portal:tile", args=[scheme, seen.zoom, column, row])
                    for scheme in schemes
                ]
                found.append(Tile(column * TILE - left, row * TILE - top, *where))
    return found


@dataclass(frozen=True, slots=True)
class Mark:
    """One case or several near each other, where they stand on the map."""

    x: float
    y: float
    count: int
    href: str
    words: str
    late: bool
    piled: bool = False

    @property
    def radius(self) -> int:
        """Larger for more cases; never smaller than a finger needs."""
        return radius_of(self.count)


def radius_of(count: int) -> int:
    """How large the mark of so many cases is: within its square there is room for the largest."""
    return 14 if count == 1 else min(30, 16 + int(4 * math.log10(count)))


FINE: Final = 1.0
"""Pixels by which an outline may leave its line, to be drawn with fewer points."""


def outline(seen: Window, shape: Any) -> str:
    """The edge of a shape of degrees as the path of a drawing in the window's pixels; holes are part of it."""
    flat = shapely.transform(
        shape, lambda points: np.array([seen.place(lon, lat) for lon, lat in points])
    )
    rings = [
        ring
        for part in shapely.get_parts(shapely.simplify(flat, FINE))
        if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    ]
    return " ".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring.coords[:-1]) + "Z" for ring in rings
    )
