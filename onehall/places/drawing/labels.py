"""Where names go on the map: along streets, in parks, never over each other, the same on neighboring tiles.

Names are placed per region. A name lies wholly inside its region, so every tile that it touches, all of one region,
draws it at the same spot; that is why regions are larger than tiles.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from onehall.places.drawing import letters
from onehall.places.drawing.scene import NamedLine, NamedSpot, Plane
from onehall.places.drawing.view import SPOTS_FROM, View, street_text

type Points = NDArray[np.float64]

_KINDS: Final = ("main", "street", "lane", "path")
_AGAIN: Final = 300.0
_STRAIGHT: Final = 0.985
_TRIES: Final = (0.0, 0.12, -0.12, 0.25, -0.25, 0.38, -0.38)
_EDGE: Final = 3.0
_LONGEST_LINE: Final = 11
_PLACES: Final = (11.5, 15.4)
"""Zooms at which parts of a city are named: closer than that, its streets are."""


@dataclass(frozen=True)
class Label:
    """One line of text with its middle in pixels of the view, turned by `angle` degrees (counter-clockwise)."""

    text: str
    x: float
    y: float
    angle: float
    size: float
    kind: str
    dot: bool = False


@dataclass(frozen=True)
class Obstacle:
    """A round spot, in pixels of the view, that names keep off."""

    x: float
    y: float
    radius: float


class _Board:
    """The names placed so far in one view, as rows of circles."""

    def __init__(self, view: View, obstacles: tuple[Obstacle, ...]) -> None:
        self._view = view
        self._taken: Points = np.zeros((512, 3))
        self._count = 0
        self._take(np.array([[s.x, s.y, s.radius] for s in obstacles]).reshape(-1, 3))
        self._named: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.labels: list[Label] = []

    def put(self, lines: list[Label], length: float) -> bool:
        """Place lines of text that belong together; False when they do not fit here."""
        circles = np.concatenate([_circles(line, length) for line in lines])
        if not self._inside(circles):
            return False
        name, x, y = " ".join(line.text for line in lines), lines[0].x, lines[0].y
        again = _AGAIN * self._view.ratio
        if any(math.dist((x, y), other) < again for other in self._named[name]):
            return False
        if self._hits(circles):
            return False
        self._named[name].append((x, y))
        self._take(circles)
        self.labels.extend(lines)
        return True

    def _take(self, circles: Points) -> None:
        """Remember the room of a name, in an array that doubles when full."""
        while self._count + len(circles) > len(self._taken):
            self._taken = np.concatenate((self._taken, np.zeros_like(self._taken)))
        self._taken[self._count : self._count + len(circles)] = circles
        self._count += len(circles)

    def _inside(self, circles: Points) -> bool:
        x, y, r = circles[:, 0], circles[:, 1], circles[:, 2] + _EDGE
        wide, tall = self._view.width, self._view.height
        return bool(np.all((x >= r) & (y >= r) & (x <= wide - r) & (y <= tall - r)))

    def _hits(self, circles: Points) -> bool:
        taken = self._taken[: self._count]
        away = np.hypot(circles[:, None, 0] - taken[:, 0], circles[:, None, 1] - taken[:, 1])
        return bool(np.any(away < circles[:, None, 2] + taken[:, 2]))


def _circles(label: Label, length: float) -> Points:
    """The room of a line of text as overlapping circles along it."""
    radius = label.size * 0.62
    count = max(2, math.ceil(length / (radius * 1.5)))
    along = np.linspace(-length / 2, length / 2, count)
    turn = math.radians(label.angle)
    return np.column_stack(
        (
            label.x + along * math.cos(turn),
            label.y - along * math.sin(turn),
            np.full(count, radius),
        )
    )


def place(scene: Plane, view: View, obstacles: tuple[Obstacle, ...] = ()) -> list[Label]:
    """The names of a view. The order is the rank: large shapes, main streets, streets, points, lanes, paths."""
    board = _Board(view, obstacles)
    _put_spots(scene, view, board, shaped=True)
    streets = _streets_in(scene, view)
    _put_streets(streets["main"], view, board)
    _put_streets(streets["street"], view, board)
    _put_spots(scene, view, board, shaped=False)
    _put_streets(streets["lane"], view, board)
    _put_streets(streets["path"], view, board)
    return board.labels


# --- along streets -----------------------------------------------------------------------------------


def _streets_in(scene: Plane, view: View) -> dict[str, list[NamedLine]]:
    found: dict[str, list[NamedLine]] = {kind: [] for kind in _KINDS}
    for number in scene.name_lines.numbers(view.box()):
        named = scene.names[int(number)]
        found.setdefault(named.kind, []).append(named)
    for names in found.values():
        names.sort(key=lambda named: (-named.line.length, named.name))
    return found


def _put_streets(names: list[NamedLine], view: View, board: _Board) -> None:
    for named in names:
        size = street_text(named.kind, view.zoom) * view.ratio
        length = letters.width(named.name, size) if size else None
        if length is None:
            continue
        pixels = _pixels(named.line, view)
        for spot in _anchors(pixels, length, view):
            label = next(
                (
                    Label(named.name, x, y, angle, size, named.kind)
                    for x, y, angle in spot
                    if board.put([Label(named.name, x, y, angle, size, named.kind)], length)
                ),
                None,
            )
            if label is None:
                continue


def _pixels(line: Any, view: View) -> Points:
    points: Points = shapely.get_coordinates(line)
    moved: Points = (points - (view.left, view.top)) * view.scale
    return moved


def _anchors(
    pixels: Points, length: float, view: View
) -> Iterator[Iterator[tuple[float, float, float]]]:
    """For each place where a name may stand on a line, the spots to try: (x, y, angle)."""
    steps = np.hypot(*np.diff(pixels, axis=0).T)
    along = np.concatenate(([0.0], np.cumsum(steps)))
    total = float(along[-1])
    if total < length * 0.95:
        return
    spacing = max(length * 2.4, 440.0 * view.ratio)
    count = max(1, int(total / spacing))
    for number in range(count):
        middle = (number + 0.5) * total / count
        # A long street may pass the view only in part: skip what cannot be seen.
        x, y = (float(np.interp(middle, along, pixels[:, axis])) for axis in (0, 1))
        if -spacing <= x <= view.width + spacing and -spacing <= y <= view.height + spacing:
            yield _spots(pixels, along, middle, length, total / count)


def _spots(
    pixels: Points, along: Points, middle: float, length: float, room: float
) -> Iterator[tuple[float, float, float]]:
    """Spots near the middle of a stretch where the line is straight enough for the name."""
    total = float(along[-1])
    for part in _TRIES:
        at = middle + part * room
        start, end = at - length / 2, at + length / 2
        if total >= length and (start < 0 or end > total):
            continue
        (x1, x2), (y1, y2) = (
            np.interp((start, end), along, pixels[:, axis]).tolist() for axis in (0, 1)
        )
        chord = math.dist((x1, y1), (x2, y2))
        if chord < _STRAIGHT * min(length, total):
            continue
        mx, my = (float(np.interp(at, along, pixels[:, axis])) for axis in (0, 1))
        # Half way between the chord and the bow: the name stays on the street.
        x, y = (mx + (x1 + x2) / 2) / 2, (my + (y1 + y2) / 2) / 2
        angle = -math.degrees(math.atan2(y2 - y1, x2 - x1))
        if angle > 90 or angle <= -90:
            angle -= math.copysign(180, angle)
        yield x, y, angle


# --- in parks and at points -----------------------------------------------------------------------


def _put_spots(scene: Plane, view: View, board: _Board, *, shaped: bool) -> None:
    numbers = scene.spot_points.query(shapely.box(*view.box())).tolist()
    spots = [scene.spots[number] for number in numbers]
    spots = [spot for spot in spots if (spot.kind != "point") == shaped]
    for spot in sorted(spots, key=lambda spot: (-spot.size, spot.name, spot.x)):
        _put_spot(spot, view, board)


def _put_spot(spot: NamedSpot, view: View, board: _Board) -> None:
    across = spot.size * view.scale / view.ratio
    size = _spot_text(spot, view.zoom, across) * view.ratio
    lines = wrapped(spot.name)
    lengths = [letters.width(line, size) for line in lines] if size else []
    known = [length for length in lengths if length is not None]
    if not lines or len(known) != len(lines) or not known:
        return
    x, y = view.pixel(spot.x, spot.y)
    pitch = size * 1.18
    dot = spot.kind == "point"
    first = y - pitch * (len(lines) - 1) / 2 if not dot else y + size * 0.95
    for dx, dy in ((0.0, 0.0), (0.0, -2.2 * size), (0.0, 1.2 * size)):
        put = [
            Label(line, x + dx, first + dy + row * pitch, 0.0, size, spot.kind)
            for row, line in enumerate(lines)
        ]
        if board.put(put, max(known)):
            if dot:
                board.labels.append(Label("", x, y, 0.0, size, spot.kind, dot=True))
            return


def _spot_text(spot: NamedSpot, zoom: float, across: float) -> float:
    """Letter size of a name in pixels; 0 where it is not shown. `across` is the shape's size in pixels."""
    if spot.kind == "point":
        return 0.0 if zoom < SPOTS_FROM else 11.5
    if spot.kind == "place":
        return 13.0 if _PLACES[0] <= zoom <= _PLACES[1] else 0.0
    if spot.kind == "building":
        return 0.0 if across < 40 or zoom < SPOTS_FROM else 11.0
    if not across:
        # How large it is was not said.
        return 0.0 if zoom < SPOTS_FROM else 11.0
    if across < 46:
        return 0.0
    return min(15.0, 11.0 + across / 200)


def wrapped(name: str) -> list[str]:
    """A name on one line, or on two of about the same length when it is long."""
    words = name.split()
    if len(name) <= _LONGEST_LINE or len(words) < 2:
        return [name]
    splits = [(" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words))]
    first, second = min(splits, key=lambda pair: max(len(pair[0]), len(pair[1])))
    return [first, second]
