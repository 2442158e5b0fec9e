"""The sums behind the map for everybody: put together, proved, made anew; and spots that are no places.

What changes them are triggers on the cases, in the migration that made the table.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from random import Random
from typing import Any, Final

from django.db import OperationalError, connection, transaction

from onehall.casework.map_models import MapSum, PiledSpot
from onehall.kernel import cells
from onehall.places.models import City

log = logging.getLogger(__name__)

COARSE: Final = 14
FINE: Final = 17
LEVELS: Final = (COARSE, FINE)
"""The squares that are summed up, as zooms whose tile is one: about 2 km and 250 m wide."""

AT_ONCE: Final = 2_000
"""Groups that are put together in one transaction."""
MOST_ROUNDS: Final = 200

PILED_LEAST: Final = 25
PILED_MOST: Final = 5_000
PILED_SHARE: Final = 200
"""One spot is a default place when it has at least one in so many of the city's cases, within the two bounds above."""

LOCK: Final = 0x6F6E656D
"""First half of the advisory lock that lets one worker at a time look after a city's sums."""

_SUMS: Final = "sum(cases), sum(open_cases), sum(lon), sum(lat), sum(open_lon), sum(open_lat), sum(ids), sum(open_ids)"
_COLUMNS: Final = "cases, open_cases, lon, lat, open_lon, open_lat, ids, open_ids"

FOLD: Final = f"""
WITH changed AS (
  SELECT DISTINCT level, square FROM (
    SELECT level, square FROM casework_mapsum WHERE city_id = %(city)s AND NOT folded LIMIT %(most)s) fresh
), gone AS (
  DELETE FROM casework_mapsum s USING changed c
  WHERE s.city_id = %(city)s AND s.level = c.level AND s.square = c.square RETURNING s.*
)
INSERT INTO casework_mapsum (city_id, level, square, service_id, spot, folded, {_COLUMNS})
SELECT city_id, level, square, service_id, spot, true, {_SUMS}
FROM gone GROUP BY city_id, level, square, service_id, spot
HAVING sum(cases) <> 0 OR sum(open_cases) <> 0
"""  # noqa: S608  (constants of this file; every value is a parameter)

# The same cases as `public.meant` and the triggers: see `on_map.ON_PUBLIC_MAP`.
COUNTED: Final = """
SELECT c.city_id, %(level)s::int AS level, c.cell >> %(shift)s AS square, c.service_id, coalesce(p.cell, 0) AS spot,
       count(*)::int AS cases, count(*) FILTER (WHERE is_open)::int AS open_cases,
       sum(round(lon * 1e7)::bigint)::bigint AS lon, sum(round(lat * 1e7)::bigint)::bigint AS lat,
       coalesce(sum(round(lon * 1e7)::bigint) FILTER (WHERE is_open), 0)::bigint AS open_lon,
       coalesce(sum(round(lat * 1e7)::bigint) FILTER (WHERE is_open), 0)::bigint AS open_lat,
       sum(c.id)::bigint AS ids, coalesce(sum(c.id) FILTER (WHERE is_open), 0)::bigint AS open_ids
FROM casework_case c LEFT JOIN casework_piledspot p ON p.city_id = c.city_id AND p.cell = c.cell
WHERE c.city_id = %(city)s AND c.is_public AND c.merged_into_id IS NULL AND c.parent_id IS NULL
  AND c.cell BETWEEN %(low)s AND %(high)s
GROUP BY 1, 2, 3, 4, 5
"""

COUNT_ANEW: Final = f"""
INSERT INTO casework_mapsum (city_id, level, square, service_id, spot, {_COLUMNS}, folded)
SELECT city_id, level, square, service_id, spot, {_COLUMNS}, true FROM ({COUNTED}) counted
"""  # noqa: S608  (constants of this file; every value is a parameter)

# In one statement, so that nothing can change in between.
DIFFERENT: Final = f"""
WITH said AS (
  SELECT city_id, level, square, service_id, spot, {_SUMS} FROM casework_mapsum
  WHERE city_id = %(city)s AND level = %(level)s AND square BETWEEN %(low)s >> %(shift)s AND %(high)s >> %(shift)s
  GROUP BY 1, 2, 3, 4, 5 HAVING sum(cases) <> 0 OR sum(open_cases) <> 0
), true_ones AS ({COUNTED})
SELECT EXISTS (TABLE said EXCEPT TABLE true_ones) OR EXISTS (TABLE true_ones EXCEPT TABLE said)
"""  # noqa: S608  (constants of this file; every value is a parameter)

PILES: Final = """
WITH crowded AS (
  SELECT square FROM casework_mapsum WHERE city_id = %(city)s AND level = %(level)s
  GROUP BY square HAVING sum(cases) >= %(least)s
)
SELECT c.cell, count(*) FROM crowded JOIN casework_case c
  ON c.cell BETWEEN crowded.square << %(shift)s AND ((crowded.square + 1) << %(shift)s) - 1
WHERE c.city_id = %(city)s AND c.is_public AND c.merged_into_id IS NULL AND c.parent_id IS NULL
GROUP BY c.cell HAVING count(*) >= %(least)s
"""


def _given(city: City, level: int, low: int, high: int) -> dict[str, Any]:
    shift = 2 * (cells.ZOOM - level)
    return {"city": city.pk, "level": level, "shift": shift, "low": low, "high": high}


def _alone(city: City) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, city.pk % 2**31])
        return bool(cursor.fetchone()[0])


def fold(*, now: datetime) -> None:  # noqa: ARG001  (recurring work is told the time)
    """Put the changes of every city's squares together; nothing that anybody reads is another after it."""
    for city in City.objects.order_by("id"):
        for _round in range(MOST_ROUNDS):
            fresh = MapSum.objects.filter(city_id=city.pk, folded=False).order_by()
            if not fresh.exists() or not _fold_some(city):
                break


@transaction.atomic
def _fold_some(city: City) -> bool:
    if not _alone(city):
        return False
    with connection.cursor() as cursor:
        cursor.execute(FOLD, {"city": city.pk, "most": AT_ONCE})
    return True


@transaction.atomic
def rebuild(city: City) -> int:
    """Count every square of a city anew; returns how many cases are on its map. Cases can not change meanwhile."""
    _hold_cases()
    with connection.cursor() as cursor:
        for statement in counting(city):
            cursor.execute(statement)
    return on_map(city)


def counting(city: City) -> list[str]:
    """Statements without parameters that count every square anew; no case may change meanwhile."""
    clear = f"DELETE FROM casework_mapsum WHERE city_id = {city.pk:d}"  # noqa: S608  (a whole number)
    return [clear, *(COUNT_ANEW % _given(city, level, 0, 2**62) for level in LEVELS)]


def on_map(city: City) -> int:
    """How many cases of a city are on its map."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(cases), 0) FROM casework_mapsum WHERE city_id = %s AND level = %s",
            [city.pk, COARSE],
        )
        return int(cursor.fetchone()[0])


def _hold_cases() -> None:
    """Until the transaction ends no case changes; OperationalError when others do not come to an end soon."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '5s'")
        cursor.execute("LOCK TABLE casework_case IN SHARE ROW EXCLUSIVE MODE")


def prove(*, now: datetime) -> None:
    """Compare some squares of every city, picked at random, with their cases; a wrong one is said and counted anew."""
    for city in City.objects.order_by("id"):
        squares = MapSum.objects.filter(city_id=city.pk, level=COARSE).order_by("square")
        known = list(squares.values_list("square", flat=True).distinct())
        chance = Random(f"{city.pk}:{now.isoformat()}")  # noqa: S311  (a sample)
        for square in chance.sample(known, min(10, len(known))):
            prove_square(city, square)


def prove_square(city: City, square: int) -> bool:
    """Whether the sums in a coarse square are those of its cases. Those of one that is wrong are made anew."""
    shift = 2 * (cells.ZOOM - COARSE)
    low, high = square << shift, ((square + 1) << shift) - 1
    wrong = []
    for level in LEVELS:
        with connection.cursor() as cursor:
            cursor.execute(DIFFERENT, _given(city, level, low, high))
            if cursor.fetchone()[0]:
                wrong.append(level)
    if wrong:
        log.error("event=map.wrong city=%d square=%d levels=%s", city.pk, square, wrong)
        with transaction.atomic():
            _hold_cases()
            _count_anew(city, low, high)
    return not wrong


def _count_anew(city: City, low: int, high: int) -> None:
    """Replace the sums between two map cells, which begin and end a coarse square. The cases are held."""
    for level in LEVELS:
        given = _given(city, level, low, high)
        of_level = MapSum.objects.filter(city_id=city.pk, level=level)
        of_level.filter(square__range=(low >> given["shift"], high >> given["shift"])).delete()
        with connection.cursor() as cursor:
            cursor.execute(COUNT_ANEW, given)


def find_piles(*, now: datetime) -> None:
    """Look for default spots in every city."""
    for city in City.objects.order_by("id"):
        find_piles_of(city, now=now)


def find_piles_of(city: City, *, now: datetime) -> None:
    """Note the spots on which too many cases lie to be a place, and forget those that have become few."""
    least = max(PILED_LEAST, min(PILED_MOST, on_map(city) // PILED_SHARE))
    given = _given(city, FINE, 0, 0)
    with connection.cursor() as cursor:
        # What was a pile stays one until it has lost half of what makes one.
        cursor.execute(PILES, given | {"least": max(1, least // 2)})
        found = dict(cursor.fetchall())
    known = set(PiledSpot.objects.filter(city_id=city.pk).values_list("cell", flat=True))
    now_piled = {cell for cell, n in found.items() if n >= least or cell in known}
    try:
        _note_piles(city, now_piled - known, known - now_piled, now=now)
    except OperationalError:
        # Somebody writes cases for long; the next look finds the same.
        log.warning("event=map.busy city=%d", city.pk)


@transaction.atomic
def _note_piles(city: City, new: Iterable[int], gone: Iterable[int], *, now: datetime) -> None:
    new, gone = sorted(new), sorted(gone)
    if not new and not gone:
        return
    _hold_cases()
    PiledSpot.objects.filter(city_id=city.pk, cell__in=gone).delete()
    PiledSpot.objects.bulk_create(
        [PiledSpot(city_id=city.pk, cell=cell, found_at=now) for cell in new]
    )
    shift = 2 * (cells.ZOOM - COARSE)
    for square in sorted({cell >> shift for cell in (*new, *gone)}):
        _count_anew(city, square << shift, ((square + 1) << shift) - 1)
