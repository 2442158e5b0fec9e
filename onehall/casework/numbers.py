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


def next_number(city_id: int, now: datetime, zone: ZoneInfo) -> str:
    """The next number of the city in the year that `now` falls in, in the city's zone."""
    return next_numbers(city_id, now.astimezone(zone).year, 1)[0]


def reserve_case(
    city_id: int, now: datetime, zone: ZoneInfo, *, also: Sequence[type[models.Model]] = ()
) -> tuple[str, list[int]]:
    """The number of a case about to be inserted, and keys: its own, then one for each of `also`."""
    year = now.astimezone(zone).year
    counted: list[type[models.Model]] = [Case, *also]
    keys = ", ".join(next_id_sql(model) for model in counted)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT onehall_next_number(%s, %s), {keys}", [city_id, year])
        number, *ids = cursor.fetchone()
    return f"{year}-{number:05d}", ids


def next_numbers(city_id: int, year: int, count: int) -> list[str]:
    """`count` numbers of one year, in ascending order."""
    with connection.cursor() as cursor:
        if count == 1:
            cursor.execute("SELECT onehall_next_number(%s, %s)", [city_id, year])
        else:
            cursor.execute(
                "SELECT onehall_next_number(%s, %s) FROM generate_series(1, %s)",
                [city_id, year, count],
            )
        return [f"{year}-{value:05d}" for value in sorted(row[0] for row in cursor.fetchall())]
