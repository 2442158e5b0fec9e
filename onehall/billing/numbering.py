"""Numbers without gaps, for receipts and for bills that the city writes itself."""

from typing import Final

from django.db import connection, models

from onehall.kernel.rows import next_id_sql
from onehall.places.models import City

RECEIPTS: Final = "receipt"
REFUNDS: Final = "refund"
_NEXT: Final = """
INSERT INTO billing_series (city_id, key, next) VALUES (%s, %s, 2)
ON CONFLICT (city_id, key) DO UPDATE SET next = billing_series.next + 1 RETURNING next - 1"""

_MANY: Final = """
INSERT INTO billing_series (city_id, key, next) VALUES (%s, %s, %s)
ON CONFLICT (city_id, key) DO UPDATE SET next = billing_series.next + %s RETURNING next
"""


def take(city: City, key: str, year: int) -> int:
    """The next number of a series in a year. The series waits for the caller's commit, so take it late."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [city.pk, f"{key}-{year}"])
        (number,) = cursor.fetchone()
    return int(number)


def invoices(city: City, prefix: str, year: int, *, how_many: int) -> list[str]:
    """As many numbers of bills of the city's own at once."""
    numbers = _many(city, f"invoice-{prefix}", year, how_many)
    return [f"{prefix or 'INV'}-{year}-{n:06d}" for n in numbers]


def receipts(city: City, year: int, *, how_many: int) -> list[str]:
    """As many numbers of receipts at once."""
    return [f"R-{year}-{n:06d}" for n in _many(city, RECEIPTS, year, how_many)]


def _many(city: City, key: str, year: int, how_many: int) -> range:
    if how_many < 1:
        return range(0)
    with connection.cursor() as cursor:
        cursor.execute(_MANY, [city.pk, f"{key}-{year}", how_many + 1, how_many])
        (after,) = cursor.fetchone()
    return range(int(after) - how_many, int(after))


def receipt(city: City, year: int, *beside: type[models.Model]) -> tuple[str, list[int]]:
    """The number of a receipt, "R-2026-000123", and with it the next key of each model beside it."""
    sql = ", ".join([_NEXT, *map(next_id_sql, beside)])
    with connection.cursor() as cursor:
        cursor.execute(sql, [city.pk, f"{RECEIPTS}-{year}"])
        number, *keys = cursor.fetchone()
    return f"R-{year}-{number:06d}", keys


def refund(city: City, year: int) -> str:
    """The number of a receipt for money given back: "F-2026-000123"."""
    return f"F-{year}-{take(city, REFUNDS, year):06d}"


def invoice(city: City, prefix: str, year: int) -> str:
    """The number of a bill of the city's own: "UB-2026-000123"."""
    return f"{prefix or 'INV'}-{year}-{take(city, f'invoice-{prefix}', year):06d}"
