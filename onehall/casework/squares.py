"""Marks of the map for everybody: how many cases lie in each square, wherever the window is and however many there are.

Wide windows are read from the sums that triggers keep (`mapping`), narrow ones and narrower questions from the
cases. Cases on a spot that is no place (`PiledSpot`) stand apart from the square they lie in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db import connection, models

from onehall.casework.mapping import LEVELS
from onehall.casework.models import Case
from onehall.casework.public import PublicQuery, meant
from onehall.casework.selection import Box
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

SUMMED_SQL: Final = """
SELECT n, lon / n / 1e7, lat / n / 1e7, ids::bigint, spot FROM (
  SELECT square >> %(shift)s AS place, spot, sum({cases}) AS n, sum(({lon})::float8) AS lon,
         sum(({lat})::float8) AS lat, sum(({ids})::float8) AS ids
  FROM casework_mapsum
  WHERE city_id = %(city)s AND level = %(level)s AND service_id = ANY(%(services)s) AND ({ranges})
  GROUP BY 1, 2
) added
WHERE n > 0 AND lon / n / 1e7 BETWEEN %(west)s AND %(east)s AND lat / n / 1e7 BETWEEN %(south)s AND %(north)s
ORDER BY n DESC, place LIMIT %(most)s
"""
_OF_STATE: Final = {"open": "open_{0}", "all": "{0}", "closed": "{0} - open_{0}"}


def squares(
    city: City, query: PublicQuery, window: Box, *, shift: int, now: datetime, most: int
) -> list[Square]:
    """The squares of a window, fullest first; `shift` is how many bits of the map cell a square leaves out.

    Every case is counted, however many there are. At the sides of a wide window a square is shown, whole, when
    the middle of its cases is seen. Two queries.
    """
    level = _level(shift)
    if level and is_summed(query):
        found = _summed(city, query, window, level=level, shift=shift, most=most)
    else:
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


def is_summed(query: PublicQuery) -> bool:
    """Whether the sums know what is asked for: services and whether a case is open."""
    plain = PublicQuery(service_ids=query.service_ids, exact_ids=query.exact_ids, state=query.state)
    return query == plain and query.worded is None


def _level(shift: int) -> int:
    """The coarsest level whose squares make up those that are asked for; 0 where they are finer than all."""
    return next((one for one in LEVELS if 2 * (cells.ZOOM - one) <= shift), 0)


def _summed(
    city: City, query: PublicQuery, window: Box, *, level: int, shift: int, most: int
) -> Sequence[Any]:
    bits = 2 * (cells.ZOOM - level)
    sides = (window.west, window.south, window.east, window.north)
    ranges = [(low >> bits, high >> bits) for low, high in cells.ranges(*sides)]
    named = {f"from_{n}": low for n, (low, _high) in enumerate(ranges)}
    named |= {f"to_{n}": high for n, (_low, high) in enumerate(ranges)}
    state = _OF_STATE[query.state]
    sql = SUMMED_SQL.format(
        ranges=" OR ".join(
            f"square BETWEEN %(from_{n})s AND %(to_{n})s" for n in range(len(ranges))
        ),
        cases=state.format("cases"),
        lon=state.format("lon"),
        lat=state.format("lat"),
        ids=state.format("ids"),
    )
    given: dict[str, Any] = {
        "city": city.pk,
        "level": level,
        "shift": shift - bits,
        "services": list(query.exact_ids),
        "most": most,
        "west": window.west,
        "south": window.south,
        "east": window.east,
        "north": window.north,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, given | named)
        found: Sequence[Any] = cursor.fetchall()
    return found


def _counted(
    city: City, query: PublicQuery, window: Box, *, shift: int, now: datetime, most: int
) -> Sequence[Any]:
    box = _within(query.box, window)
    if query.near is not None:
        # As a circle it bounds no index; its box does.
        box = _within(query.near.box, box)
    rows: models.QuerySet[Case] = meant(city, replace(query, box=box), now=now)
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
