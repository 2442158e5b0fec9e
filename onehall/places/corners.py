"""Where streets meet, worked out from their lines. Pure: no ORM."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import shapely
from shapely import STRtree

from onehall.kernel.geo import METRES_PER_DEGREE
from onehall.places.rules import street_norm

_TOUCH: Final = 3.0
_SAME_CORNER: Final = 40.0

type Line = Sequence[Sequence[float]]
type Crossing = tuple[str, str, float, float]


def crossings(streets: Iterable[tuple[str, Sequence[Line]]]) -> list[Crossing]:
    """(street, street, lon, lat) for every place where two names come within three metres of each other.

    The first name sorts before the second; two crossings of the same streets within 40 m are one corner.
    """
    names: dict[str, str] = {}
    owners: list[str] = []
    lines: list[Line] = []
    for name, parts in streets:
        norm = street_norm(name)
        if not norm:
            continue
        names.setdefault(norm, name)
        owners.extend(norm for _ in parts)
        lines.extend(parts)
    if not lines:
        return []
    scale = math.cos(math.radians(lines[0][0][1])) * METRES_PER_DEGREE
    flat = np.array([_in_metres(line, scale) for line in lines], dtype=object)
    left, right = STRtree(flat).query(flat, predicate="dwithin", distance=_TOUCH)
    spots: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for i, j in zip(left.tolist(), right.tolist(), strict=True):
        if i < j and owners[i] != owners[j]:
            a, b = sorted((names[owners[i]], names[owners[j]]))
            spots[a, b].extend(_meeting_points(flat[i], flat[j]))
    return [
        (a, b, round(x / scale, 7), round(y / METRES_PER_DEGREE, 7))
        for (a, b), points in sorted(spots.items())
        for x, y in _clustered(points)
    ]


def _in_metres(line: Line, scale: float) -> Any:
    return shapely.LineString([(p[0] * scale, p[1] * METRES_PER_DEGREE) for p in line])


def _meeting_points(a: Any, b: Any) -> list[tuple[float, float]]:
    """Where two lines cross; the middle of the gap when they only come close."""
    shared = shapely.intersection(a, b)
    if shared.is_empty:
        gap = shapely.shortest_line(a, b).centroid
        return [(gap.x, gap.y)]
    points: list[tuple[float, float]] = []
    for part in shapely.get_parts(shared):
        # Two streets that run together for a while meet at both ends of that stretch.
        ends = (
            [part]
            if part.geom_type == "Point"
            else [part.interpolate(0), part.interpolate(1, normalized=True)]
        )
        points.extend((end.x, end.y) for end in ends)
    return points


def _clustered(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """One point per group of points that lie within 40 m of the group's first."""
    groups: list[list[tuple[float, float]]] = []
    for point in sorted(points):
        near = (group for group in groups if math.dist(group[0], point) <= _SAME_CORNER)
        home = next(near, None)
        if home is None:
            groups.append([point])
        else:
            home.append(point)
    return [
        (sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group))
        for group in groups
    ]
