"""Numbers without gaps, for receipts and for bills that the city writes itself."""

from typing import Final

from django.db import connection

from onehall.places.models import City

RECEIPTS: Final = "receipt"
REFUNDS: Final = "refund"
_NEXT: Final = """
INSERT INTO billing_series (city_id, key, next) VALUES (%s, %s, 2)
ON CONFLICT (city_id, key) DO UPDATE SET next = billing_series.next + 1 RETURNING next - 1
"""


def take(city: City, key: str, year: int) -> int:
    """The next number of a series in a year. The series waits for the caller's commit, so take it late."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [city.pk, f"{key}-{year}"])
        (number,) = cursor.fetchone()
    return int(number)


def receipt(city: City, year: int) -> str:
    """The number of a receipt: "R-2026-000123"."""
    return f"R-{year}-{take(city, RECEIPTS, year):06d}"


def refund(city: City, year: int) -> str:
    """The number of a receipt for money given back: "F-2026-000123"."""
    return f"F-{year}-{take(city, REFUNDS, year):06d}"


def invoice(city: City, prefix: str, year: int) -> str:
    """The number of a bill of the city's own: "UB-2026-000123"."""
    return f"{prefix or 'INV'}-{year}-{take(city, f'invoice-{prefix}', year):06d}"
