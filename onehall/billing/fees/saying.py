"""Quantities and rates of a schedule in words of the active language."""

from decimal import Decimal
from fractions import Fraction

from django.utils.formats import number_format
from django.utils.translation import get_language

from onehall.billing.fees.documents import Input, Schedule
from onehall.kernel import money
from onehall.kernel.localized import Localized, pick

MOST_DIGITS = 4


def decimal_of(value: Fraction) -> Decimal:
    """The fraction to at most four digits after the point, for showing; exact where it has no more."""
    shifted = money.round_to(value * 10**MOST_DIGITS, money.Mode.HALF_UP)
    return Decimal(shifted).scaleb(-MOST_DIGITS)


def number(value: Decimal) -> str:
    """A number with as many digits as it has."""
    digits = max(0, -int(value.normalize().as_tuple().exponent))
    return str(number_format(value, decimal_pos=digits, use_l10n=True, force_grouping=True))


def name(words: Localized) -> str:
    """In the active language, else in the first one written."""
    return pick(words, get_language() or "", next(iter(words), "en"))


def quantity(schedule: Schedule, key: str, value: Decimal) -> str:
    """ "$2,500.00" for amounts and fees, "1,800 sq ft" for others."""
    found: Input | None = schedule.inputs.get(key)
    if found is None or found.kind == "amount":
        return money.say_rate(value, schedule.currency)
    return f"{number(value)} {name(found.unit)}".strip()
