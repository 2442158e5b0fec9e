"""The sums behind the map for everybody: changes added, spans moved on, proved, made anew; and spots that are no places.

What writes the changes are triggers on the cases, in the migration that made their table.
"""

import json
import logging
from collections.abc import Iterable
from datetime import datetime
from random import Random
from typing import Any, Final

from django.db import OperationalError, connection, transaction

from onehall.casework import map_statements as statements
from onehall.casework.map_models import MapBasis, MapChange, MapSum, PiledSpot
from onehall.casework.map_statements import COARSE
from onehall.catalog.queries import catalogue
from onehall.kernel import cells
from onehall.places.models import City

log = logging.getLogger(__name__)

AT_ONCE: Final = 5_000
"""Changes that are added in one transaction."""
MOST_ROUNDS: Final = 400

PILED_LEAST: Final = 25
PILED_MOST: Final = 5_000
PILED_SHARE: Final = 200
"""One spot is a default place when it has at least one in so many of the city's cases, within the two bounds above."""

LOCK: Final = 0x6F6E656D
"""First half of the advisory lock that lets one worker at a time look after a city's sums."""


PATIENCE: Final = "SET LOCAL lock_timeout = '5s'"
HELD: Final = "LOCK TABLE casework_case IN SHARE ROW EXCLUSIVE MODE"


def summed_services(city: City) -> list[int]:
    """Services whose places everybody may see: a map of everything is of these."""
    every = catalogue(city).every
    shown = (s for s in every if s.public and not s.is_internal and s.place_privacy == "exact")
    return sorted(s.id for s in shown)


def _given(city: City, low: int = -1, high: int = 1 << 2 * cells.ZOOM) -> dict[str, Any]:
    return {"city": city.pk, "low": low, "high": high}


def _run(sql: str, given: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)


def _alone(city: City) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, city.pk % 2**31])
        return bool(cursor.fetchone()[0])


def fold(*, now: datetime) -> None:
    """Add what changed on every city's map to its sums; nothing that anybody reads is another after it."""
    for city in City.objects.order_by("id"):
        fold_city(city, now=now)


def fold_city(city: City, *, now: datetime) -> None:
    """The same of one city: a part of the changes at a time, and at the end the spans up to now."""
    services = summed_services(city)
    basis = MapBasis.objects.filter(pk=city.pk).first()
    if (basis is None or basis.services != services) and not _add_together(city, services, now):
        return
    for _round in range(MOST_ROUNDS):
        if not MapChange.objects.filter(city_id=city.pk).order_by().exists():
            break
        if not _fold_some(city):
            return
    _move_on(city, now)


@transaction.atomic
def _add_together(city: City, services: list[int], now: datetime) -> bool:
    """Add up other services as "all of them" from now on; a city without sums begins them."""
    if not _alone(city):
        return False
    _run(statements.BEGIN, {"city": city.pk, "now": now})
    MapSum.objects.filter(city_id=city.pk, service_id=0).delete()
    MapBasis.objects.filter(pk=city.pk).update(services=services)
    _run(statements.TOGETHER, _given(city) | {"services": services})
    return True


@transaction.atomic
def _fold_some(city: City) -> bool:
    if not _alone(city):
        return False
    with connection.cursor() as cursor:
        cursor.execute(statements.FOLD, {"city": city.pk, "most": AT_ONCE})
        emptied = [row[0] for row in cursor.fetchall()]
    _forget(city, emptied)
    return True


@transaction.atomic
def _move_on(city: City, now: datetime) -> None:
    """Take the cases out of each span of days that were told too long ago by now; those a clock set back brings again."""
    if not _alone(city):
        return
    with connection.cursor() as cursor:
        cursor.execute(statements.MOVE_ON, {"city": city.pk, "now": now})
        emptied = [row[0] for row in cursor.fetchall()]
    _forget(city, emptied)
    MapBasis.objects.filter(pk=city.pk).update(at=now)


def _forget(city: City, ids: list[int]) -> None:
    MapSum.objects.filter(city_id=city.pk, pk__in=ids).delete()


@transaction.atomic
def rebuild(city: City) -> int:
    """Count every square of a city anew; returns how many cases are on its map. Cases can not change meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE)
        for statement in counting(city):
            cursor.execute(statement)
    return on_map(city)


def counting(city: City) -> list[str]:
    """Statements without parameters, for one transaction, that count every square anew; no case can change meanwhile."""
    services = json.dumps(summed_services(city))
    return [
        f"SELECT pg_advisory_xact_lock({LOCK:d}, {city.pk % 2**31:d})",
        HELD,
        statements.FORGET_CHANGES % _given(city),
        statements.FORGET % _given(city),
        statements.BASIS % {"city": city.pk, "services": f"'{services}'"},
        statements.COUNT_ANEW % _given(city),
    ]


def on_map(city: City) -> int:
    """How many cases of a city are on its map."""
    with connection.cursor() as cursor:
        cursor.execute(statements.ON_MAP, {"city": city.pk})
        return int(cursor.fetchone()[0])


def _hold_cases(city: City) -> None:
    """Until the transaction ends no case and no sum changes; OperationalError when others do not come to an end soon."""
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE)
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, city.pk % 2**31])
        cursor.execute(HELD)


def prove(*, now: datetime) -> None:
    """Compare some squares of every city, picked at random, with their cases; a wrong one is said and counted anew."""
    for city in City.objects.order_by("id"):
        squares = MapSum.objects.filter(city_id=city.pk, level=COARSE, span=0).order_by("square")
        known = list(squares.values_list("square", flat=True).distinct())
        chance = Random(f"{city.pk}:{now.isoformat()}")  # noqa: S311  (a sample)
        for square in chance.sample(known, min(10, len(known))):
            prove_square(city, square)


@transaction.atomic
def prove_square(city: City, square: int) -> bool:
    """Whether the sums in a coarse square are those of its cases. Those of one that is wrong are made anew."""
    shift = 2 * (cells.ZOOM - COARSE)
    low, high = square << shift, ((square + 1) << shift) - 1
    with connection.cursor() as cursor:
        cursor.execute(statements.DIFFERENT, _given(city, low, high))
        wrong = bool(cursor.fetchone()[0])
    if wrong:
        log.error("event=map.wrong city=%d square=%d", city.pk, square)
        _hold_cases(city)
        _count_anew(city, low, high)
    return not wrong


def _count_anew(city: City, low: int, high: int) -> None:
    """Replace the sums between two map cells, which begin and end a coarse square. The cases are held."""
    _run(statements.FORGET_CHANGES, _given(city, low, high))
    _run(statements.FORGET, _given(city, low, high))
    _run(statements.COUNT_ANEW, _given(city, low, high))


def find_piles(*, now: datetime) -> None:
    """Look for default spots in every city."""
    for city in City.objects.order_by("id"):
        find_piles_of(city, now=now)


def find_piles_of(city: City, *, now: datetime) -> None:
    """Note the spots on which too many cases lie to be a place, and forget those that have become few."""
    least = max(PILED_LEAST, min(PILED_MOST, on_map(city) // PILED_SHARE))
    with connection.cursor() as cursor:
        # What was a pile stays one until it has lost half of what makes one.
        cursor.execute(statements.PILES, {"city": city.pk, "least": max(1, least // 2)})
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
    _hold_cases(city)
    _run(statements.BEGIN, {"city": city.pk, "now": now})
    PiledSpot.objects.filter(city_id=city.pk, cell__in=gone).delete()
    PiledSpot.objects.bulk_create(
        [PiledSpot(city_id=city.pk, cell=cell, found_at=now) for cell in new]
    )
    shift = 2 * (cells.ZOOM - COARSE)
    for square in sorted({cell >> shift for cell in (*new, *gone)}):
        _count_anew(city, square << shift, ((square + 1) << shift) - 1)
