"""The sea of an extract: it has no surface there, only a coast with the land on its left and the water on its right."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from onehall.kernel.geo import Box

_STEP: Final = 1e-3
"""How far beside the coast is looked, in lengths of a stretch of it."""
_SURE: Final = 0.8
_MOST_LOOKED: Final = 4_000


def sea(coast: Sequence[Any], box: Box) -> list[Any]:
    """The polygons of the sea in a box. A face of which the coast does not say with one voice what it is stays land."""
    if not coast:
        return []
    lines = shapely.clip_by_rect(np.array(coast, dtype=object), *box)
    lines = shapely.get_parts(lines[~shapely.is_empty(lines)])
    if not len(lines):
        return []
    edge = shapely.boundary(shapely.box(*box))
    net = shapely.union_all(np.concatenate((lines, _to_edge(lines, edge), [edge])))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(net)))
    wet, dry = (_counts(faces, points) for points in _beside(lines))
    return [
        face
        for face, water, land in zip(faces, wet.tolist(), dry.tolist(), strict=True)
        if water and water / (water + land) >= _SURE
    ]


def _to_edge(lines: NDArray[np.object_], edge: Any) -> NDArray[np.object_]:
    """Where the extract ends before the box does, its coast is taken straight on to the nearest edge."""
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
    open_ones = merged[~shapely.is_closed(merged)]
    ends = np.concatenate((shapely.get_point(open_ones, 0), shapely.get_point(open_ones, -1)))
    links = shapely.shortest_line(ends, edge)
    longer: NDArray[np.object_] = links[shapely.length(links) > 0]
    return longer


def _beside(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Points a little to the right and to the left of stretches of the coast."""
    starts, ends = [], []
    for line in lines:
        points = shapely.get_coordinates(line)
        starts.append(points[:-1])
        ends.append(points[1:])
    a, b = np.concatenate(starts), np.concatenate(ends)
    longest = np.argsort(-np.hypot(*(b - a).T), kind="stable")[:_MOST_LOOKED]
    a, b = a[longest], b[longest]
    # On the whole map y grows downward: what is on the right of a way on the ground is at its (-dy, dx).
    aside = np.column_stack((-(b - a)[:, 1], (b - a)[:, 0])) * _STEP
    middle = (a + b) / 2
    return shapely.points(middle + aside), shapely.points(middle - aside)


def _counts(faces: NDArray[np.object_], points: NDArray[np.object_]) -> NDArray[np.int64]:
    tree = shapely.STRtree(faces)
    _points, found = tree.query(points, predicate="within")
    return np.bincount(found, minlength=len(faces))
