"""Marks of the map for everybody: how many cases lie in each square, wherever the window is and however many there are.

They are read from the sums that triggers and the worker keep (`mapping`); the closest looks and what is asked for by
words from the cases. Cases on a spot that is no place (`PiledSpot`) stand apart from the square they lie in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db import connection, models

from onehall.casework import covering, public, summed
from onehall.casework.covering import Cover
from onehall.casework.map_statements import COARSE
from onehall.casework.models import Case
from onehall.casework.public import PublicQuery
from onehall.casework.selection import Box
from onehall.casework.summed import Reading
from onehall.kernel import cells
from onehall.kernel.rows import sql_of
from onehall.places.models import City


@dataclass(frozen=True, slots=True)
class Square:
    """Cases that stand together on the map: how many, their middle, whether their one spot is no place.

    `number` and `service_id` are those of a case that stands alone, "" and 0 of several.
    """

    count: int
    lon: float
    lat: float
    number: str
    service_id: int
    piled: bool


# Everything it names of a case stands in the indexes `case_public_map` and `case_public_open`: no case is visited.
SQUARES_SQL: Final = """
SELECT count(*), avg(lon), avg(lat), max(id),
       CASE WHEN cell = ANY((SELECT array_agg(cell) FROM casework_piledspot WHERE city_id = %s)::bigint[])
            THEN cell ELSE 0 END AS spot
FROM ({}) seen GROUP BY cell >> %s, spot ORDER BY count(*) DESC, cell >> %s LIMIT %s
"""


def squares(
    city: City, query: PublicQuery, window: Box, *, shift: int, now: datetime, most: int
) -> list[Square]:
    """The squares of a window, fullest first; `shift` is how many bits of the map cell a square leaves out.

    Every case is counted, however many there are. At the sides of the window a square is shown, whole, when the middle
    of its cases is seen; the closest looks, which have no sums, show what is seen of it. Two queries.
    """
    found = _summed(city, query, window, shift=shift, now=now, most=most)
    if found is None:
        found = _counted(city, query, window, shift=shift, now=now, most=most)
    alone = [newest for count, _lon, _lat, newest, _spot in found if count == 1]
    named = {
        pk: (number, service_id)
        for pk, number, service_id in Case.objects.of_city(city.id)
        .filter(pk__in=alone)
        .order_by("id")
        .values_list("id", "number", "service_id")
    }
    return [
        Square(int(count), lon, lat, *named.get(newest, ("", 0)), piled=spot != 0)
        for count, lon, lat, newest, spot in found
    ]


def how_many(city: City, query: PublicQuery, *, now: datetime, at_most: int) -> int:
    """How many cases there are, `at_most` where there are more. One query."""
    meant = public.meant(city, query, now=now)
    cover, level = None, COARSE
    if query.by_place and summed.is_summed(query):
        cover, level = _cover(query, 2 * cells.ZOOM)
    if not summed.is_summed(query) or (query.by_place and cover is None):
        return meant.order_by()[:at_most].count()
    shift = 2 * (cells.ZOOM - level)
    reading = Reading(city, query, now, level, shift, cover, meant)
    ((count,),) = summed.rows(reading.statement(summed.COUNT_SQL))
    return min(int(count), at_most)


def _summed(
    city: City, query: PublicQuery, window: Box, *, shift: int, now: datetime, most: int
) -> Sequence[Any] | None:
    """The squares as the sums tell them; None where they can not."""
    known = summed.levels(query, shift)
    if not known or not summed.is_summed(query):
        return None
    if query.by_place:
        cover, level = _cover(query, shift, window)
    else:
        # The squares that are drawn, and the largest that make them up.
        level = known[0]
        cover = covering.cover(
            None, None, level=cells.ZOOM - shift // 2, window=window, shift=shift
        )
    if cover is None:
        return None
    meant = public.meant(city, query, now=now)
    text, given = Reading(city, query, now, level, shift, cover, meant).statement(
        summed.SQUARES_SQL
    )
    sides = {
        "west": window.west,
        "south": window.south,
        "east": window.east,
        "north": window.north,
    }
    return summed.rows((text, given | sides | {"most": most}))


def _cover(query: PublicQuery, shift: int, window: Box | None = None) -> tuple[Cover | None, int]:
    """The part of the map that a question is about, in the smallest squares that are not too many of those that have sums."""
    for level in reversed(summed.levels(query, shift)):
        cover = covering.cover(query.box, query.near, level=level, window=window, shift=shift)
        if cover is not None:
            return cover, level
    return None, 0


def _counted(
    city: City, query: PublicQuery, window: Box, *, shift: int, now: datetime, most: int
) -> Sequence[Any]:
    box = _within(query.box, window)
    if query.near is not None:
        # As a circle it bounds no index; its box does.
        box = _within(query.near.box, box)
    rows: models.QuerySet[Case] = public.meant(city, replace(query, box=box), now=now)
    rows = rows.filter(cell__isnull=False)
    sql, params = sql_of(rows.order_by().values_list("id", "cell", "lon", "lat"))
    with connection.cursor() as cursor:
        cursor.execute(SQUARES_SQL.format(sql), [city.pk, *params, shift, shift, most])
        found: Sequence[Any] = cursor.fetchall()
    return found


def _within(one: Box | None, other: Box) -> Box:
    """What lies in both boxes; a box that holds nothing where they do not meet."""
    if one is None:
        return other
    west, south = max(one.west, other.west), max(one.south, other.south)
    east, north = min(one.east, other.east), min(one.north, other.north)
    return Box(west, south, max(west, east), max(south, north))
