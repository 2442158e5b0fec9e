"""Money as integers of its smallest unit: reading and writing it, rounding, sharing it out. No floats anywhere."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from django.utils.formats import number_format

SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "MXN": "$", "CAD": "$", "JPY": "¥"}
PLACES: Final = {
    "JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "PYG": 0, "UGX": 0, "VND": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip
"""Digits after the point where they are not two."""

_WRITTEN: Final = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,6}))?")


class MoneyMistake(ValueError):
    """What was written is no amount of the currency; the text says why."""


class Mode(StrEnum):
    """Where an amount goes that lies between two that can be paid; all four treat debts as they treat claims."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    UP = "up"
    DOWN = "down"


def places(currency: str) -> int:
    """Digits after the point."""
    return PLACES.get(currency, 2)


def say(amount: int, currency: str) -> str:
    """An amount in words of the active language: "$1,234.50"; with the code where there is no sign."""
    said = _signed(Decimal(abs(amount)).scaleb(-places(currency)), places(currency), currency)
    return f"−{said}" if amount < 0 else said


def say_rate(rate: Decimal, currency: str) -> str:
    """The same for an amount in whole units that may be finer than the smallest one: "$0.0125"."""
    written = -int(rate.normalize().as_tuple().exponent)
    return _signed(rate, max(places(currency), written), currency)


def _signed(whole: Decimal, digits: int, currency: str) -> str:
    text = number_format(whole, decimal_pos=digits, use_l10n=True, force_grouping=True)
    sign = SIGNS.get(currency)
    return f"{sign}{text}" if sign else f"{text} {currency}".strip()


def parse(text: str, currency: str) -> int:
    """The units of an amount written like "1234.50"; MoneyMistake for anything the currency does not have."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise MoneyMistake(f'"{text[:40]}" is not an amount like "1234.50".')
    digits = places(currency)
    whole, part = found[2], found[3] or ""
    if len(part) > digits:
        raise MoneyMistake(f"{text} has more than {digits} digits after the point ({currency}).")
    units = int(whole + part.ljust(digits, "0"))
    return -units if found[1] else units


def plain(amount: int, currency: str) -> str:
    """The amount as `parse` reads it: "1234.50", "-0.05", "1500"."""
    digits = places(currency)
    text = str(abs(amount)).rjust(digits + 1, "0")
    said = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return f"-{said}" if amount < 0 else said


def to_units(amount: Fraction | Decimal | int, currency: str, mode: Mode, *, step: int = 1) -> int:
    """The units of an amount in whole units, rounded to a multiple of `step` units (1 is the smallest unit)."""
    if step < 1:
        raise ValueError(f"A step of {step} units.")
    return round_to(Fraction(amount) * 10 ** places(currency) / step, mode) * step


def round_to(amount: Fraction, mode: Mode) -> int:
    """The whole number for a fraction."""
    below, rest = divmod(abs(amount.numerator), amount.denominator)
    twice = 2 * rest - amount.denominator
    grows = {
        Mode.DOWN: False,
        Mode.UP: rest > 0,
        Mode.HALF_UP: twice >= 0,
        Mode.HALF_EVEN: twice > 0 or (twice == 0 and below % 2 == 1),
    }[mode]
    size = below + grows
    return -size if amount < 0 else size


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """An amount over parts by their weights: no unit is lost, and no part is a whole unit off its share.

    What is left after rounding down goes to the parts with the largest remainders, the earlier first. ValueError when
    there is nothing to share over: no weights, a negative one, or all of them nought.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("There are no parts to share an amount over.")
    size, sign = abs(amount), -1 if amount < 0 else 1
    shares = [divmod(size * weight, whole) for weight in weights]
    parts = [share for share, _ in shares]
    by_rest = sorted(range(len(parts)), key=lambda n: (-shares[n][1], n))
    for n in by_rest[: size - sum(parts)]:
        parts[n] += 1
    return [sign * part for part in parts]


def rounded(amount: Decimal) -> int:
    """To the smallest unit; halves away from zero, as on a bill."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
