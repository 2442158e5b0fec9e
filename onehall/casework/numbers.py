"""The city's one number series per year, such as 2026-04817.

A sequence per city and year: no lock is held until the commit, so creates do not queue behind each
other. A rolled-back create leaves a gap; no number is ever given twice.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection, models

from onehall.casework.models import Case
from onehall.kernel.rows import next_id_sql
from onehall.places.models import City


def next_number(city: City, now: datetime) -> str:
    """The next number of the city in the year that `now` falls in, in the city's zone."""
    return next_numbers(city, year_of(city, now), 1)[0]


def reserve_case(
    city: City, now: datetime, *, also: Sequence[type[models.Model]] = ()
) -> tuple[str, list[int]]:
    """The number of a case about to be inserted, and keys: its own, then one for each of `also`."""
    year = year_of(city, now)
    counted: list[type[models.Model]] = [Case, *also]
    keys = ", ".join(next_id_sql(model) for model in counted)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT onehall_next_number(%s, %s), {keys}", [city.pk, year])
        number, *ids = cursor.fetchone()
    return written(city, year, number), ids


def next_numbers(city: City, year: int, count: int) -> list[str]:
    """`count` numbers of one year, in ascending order."""
    with connection.cursor() as cursor:
        if count == 1:
            cursor.execute("SELECT onehall_next_number(%s, %s)", [city.pk, year])
        else:
            cursor.execute(
                "SELECT onehall_next_number(%s, %s) FROM generate_series(1, %s)",
                [city.pk, year, count],
            )
        return [written(city, year, value) for value in sorted(row[0] for row in cursor.fetchall())]


def written(city: City, year: int, value: int) -> str:
    """A number as people see it, with zeros in front up to the city's width; larger ones are longer."""
    return f"{year}-{value:0{city.number_width}d}"


def year_of(city: City, now: datetime) -> int:
    """The year in which something happens, where the city is."""
    return now.astimezone(ZoneInfo(city.time_zone)).year
