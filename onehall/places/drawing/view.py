"""A window on the map: which part, how many pixels, how wide things are drawn at its zoom."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from onehall.kernel.geo import Box

TILE: Final = 512
# Drawn at twice the size and then halved: smooth edges without a drawing library.
FINE: Final = 2
MIN_ZOOM: Final = 10
MAX_ZOOM: Final = 19

# Street widths in pixels at zooms 10 to 19; 0 is not drawn.
_WIDTHS: Final[dict[str, tuple[float, ...]]] = {
    "main": (1.2, 1.7, 2.4, 3.4, 5.0, 7.5, 12.0, 20.0, 34.0, 54.0),
    "street": (0.0, 0.0, 0.7, 1.4, 2.6, 4.6, 8.0, 14.0, 25.0, 42.0),
    "lane": (0.0, 0.0, 0.0, 0.9, 1.7, 3.2, 5.6, 10.0, 18.0, 30.0),
    "path": (0.0, 0.0, 0.0, 0.0, 1.0, 1.4, 2.0, 2.8, 4.0, 6.0),
}
BUILDINGS_FROM: Final = 14.5
SPOTS_FROM: Final = 15.5
"""The zoom from which on names at a point are shown, and of shapes of which nobody knows the size."""
_NAMED_FROM: Final = {"main": 13.0, "street": 14.6, "lane": 15.4, "path": 16.4}


def street_width(kind: str, zoom: float) -> float:
    """Pixels a street is wide at a zoom (of 512 px tiles)."""
    widths = _WIDTHS.get(kind, _WIDTHS["street"])
    return float(np.interp(zoom, np.arange(MIN_ZOOM, MAX_ZOOM + 1), widths))


def street_text(kind: str, zoom: float) -> float:
    """Letter size of a street's name in pixels at a zoom; 0 where names are not shown."""
    if zoom < _NAMED_FROM.get(kind, 15.0):
        return 0.0
    size = float(np.interp(zoom, (13.0, 15.0, 17.0, 19.0), (11.5, 12.5, 14.0, 17.0)))
    return size + (1.0 if kind == "main" else 0.0)


def named_at(zoom: float) -> frozenset[str]:
    """The kinds of streets whose names are shown at a zoom."""
    return frozenset(kind for kind in _NAMED_FROM if street_text(kind, zoom))


@dataclass(frozen=True)
class View:
    """A window of `width` by `height` pixels whose left top corner is at scene point (left, top).

    `scale` is pixels per mercator unit; `zoom` decides widths and names; `ratio` is picture pixels per layout pixel.
    """

    left: float
    top: float
    scale: float
    width: int
    height: int
    zoom: float
    ratio: float = 1.0

    def box(self, margin: float = 0.0) -> Box:
        """The window on the scene's plane with a margin in pixels."""
        edge = margin / self.scale
        return (
            self.left - edge,
            self.top - edge,
            self.left + self.width / self.scale + edge,
            self.top + self.height / self.scale + edge,
        )

    def fine(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scene points as pixels of the double-size canvas."""
        pixels: NDArray[np.float64] = (points - (self.left, self.top)) * (self.scale * FINE)
        return pixels

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """A scene point as a pixel of the window."""
        return (x - self.left) * self.scale, (y - self.top) * self.scale
