"""What is known while fees are worked out, and what all kinds of fees share."""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from onehall.billing.fees import saying
from onehall.billing.fees.documents import Fee, FeeRefused, Given, Schedule
from onehall.kernel import money


@dataclass(frozen=True, slots=True)
class Worked:
    """An amount in whole units, in words, and quantity and rate where it is just their product."""

    amount: Fraction
    words: str
    quantity: Decimal | None = None
    unit_amount: Decimal | None = None


@dataclass
class Sheet:
    """What is known while the fees of a version are worked out, one after the other."""

    schedule: Schedule
    given: Given
    amounts: dict[str, int] = field(default_factory=dict)
    """Fees so far in smallest units; nought for one that is not due."""
    names: dict[str, str] = field(default_factory=dict)

    def quantity(self, key: str, fee: Fee) -> Decimal:
        """What was given for an input, or what a fee above came to."""
        if key in self.amounts:
            return Decimal(self.amounts[key]).scaleb(-money.places(self.schedule.currency))
        value = self.given.get(key)
        if isinstance(value, Decimal):
            return value
        raise self.missing(key, fee)

    def choice(self, key: str, fee: Fee) -> str:
        """The option that was chosen."""
        value = self.given.get(key)
        if isinstance(value, str):
            return value
        raise self.missing(key, fee)

    def missing(self, key: str, fee: Fee) -> FeeRefused:
        """The refusal for an input that the fee needs."""
        needed = {"input": self.called(key), "key": key, "fee": saying.name(fee.name)}
        return FeeRefused(_("“%(fee)s” needs “%(input)s” (%(key)s), which is not given.") % needed)

    def called(self, key: str) -> str:
        """The name of an input or of a fee above."""
        return self.names.get(key) or saying.name(self.schedule.inputs[key].name)

    def say(self, key: str, value: Decimal) -> str:
        """A value of an input or a fee."""
        return saying.quantity(self.schedule, key, value)

    def rate(self, amount: Decimal) -> str:
        """A rate in the city's money."""
        return money.say_rate(amount, self.schedule.currency)


def times(sheet: Sheet, count: Fraction, rate: Decimal) -> str:
    """ "3 × $14.00"."""
    return f"{saying.number(saying.decimal_of(count))} × {sheet.rate(rate)}"


def blocks(value: Decimal, per: Decimal, parts: str) -> Fraction:
    """How many times `per` goes into a value; a part of one counts whole, not at all, or as the part it is."""
    count = Fraction(value) / Fraction(per)
    if parts == "started":
        return Fraction(money.round_to(count, money.Mode.UP))
    if parts == "completed":
        return Fraction(money.round_to(count, money.Mode.DOWN))
    return count


def product(sheet: Sheet, count: Fraction, rate: Decimal) -> Worked:
    """A count times a rate."""
    shown = saying.decimal_of(count)
    exact = Fraction(shown) == count
    return Worked(
        count * Fraction(rate), times(sheet, count, rate), *((shown, rate) if exact else ())
    )
