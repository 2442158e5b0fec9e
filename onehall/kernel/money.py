"""Money as integers of its smallest unit, and how people read it."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from django.utils.formats import number_format

SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "MXN": "$", "CAD": "$", "JPY": "¥"}
PLACES: Final = {"JPY": 0, "KRW": 0, "CLP": 0, "KWD": 3, "BHD": 3, "TND": 3}
"""Digits after the point where they are not two."""


def say(amount: int, currency: str) -> str:
    """An amount in words of the active language: "$1,234.50"; with the code where there is no sign."""
    places = PLACES.get(currency, 2)
    whole = Decimal(abs(amount)).scaleb(-places)
    text = number_format(whole, decimal_pos=places, use_l10n=True, force_grouping=True)
    sign = SIGNS.get(currency)
    said = f"{sign}{text}" if sign else f"{text} {currency}".strip()
    return f"−{said}" if amount < 0 else said


def rounded(amount: Decimal) -> int:
    """To the smallest unit; halves away from zero, as on a bill."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
