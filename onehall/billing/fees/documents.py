"""What a fee schedule is once read. Rates and quantities are decimals in whole units, amounts integers of the smallest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from onehall.kernel.localized import Localized
from onehall.kernel.money import Mode

type Parts = Literal["exact", "started", "completed"]
type Method = Literal["marginal", "slab", "stepped"]
type Edge = Literal["below", "above"]
type Given = Mapping[str, Decimal | str | bool]
"""Checked inputs by key: amounts, numbers and counts as decimals."""

INPUT_KINDS: Final = ("amount", "number", "count", "choice", "flag")
NUMERIC: Final = ("amount", "number", "count")
PARTS: Final = ("exact", "started", "completed")
METHODS: Final = ("marginal", "slab", "stepped")
EDGES: Final = ("below", "above")
BASES: Final = ("submitted", "accepted", "issued", "current")


class FeeRefused(Exception):
    """No amount can be told: the text says what is missing or where the schedule is silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """Something that has to be known for a fee: a valuation, an area, hours, a kind of building."""

    key: str
    kind: str
    name: Localized
    unit: Localized = field(default_factory=dict)
    options: tuple[str, ...] = ()
    default: Decimal | str | bool | None = None


@dataclass(frozen=True, slots=True)
class Rounding:
    """How an amount is rounded, and to a multiple of how many smallest units."""

    mode: Mode
    step: int = 1


@dataclass(frozen=True, slots=True)
class Flat:
    """One amount."""

    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PerUnit:
    """A rate for each `per` of a quantity, after `free` of it."""

    of: str
    amount: Decimal
    per: Decimal
    parts: Parts
    free: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """From `low` to `high`, None for no bound: an amount, and a rate for each `per` or a percentage."""

    low: Decimal | None
    high: Decimal | None
    amount: Decimal
    each: Decimal | None = None
    per: Decimal = Decimal(1)
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiered:
    """A fee by tiers of a quantity.

    marginal: each tier is charged for what lies in it. slab: the one tier is charged for the whole quantity.
    stepped: the one tier is charged for what lies over its start.
    """

    of: str
    method: Method
    edge: Edge
    parts: Parts
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuationTable:
    """A quantity times the rate of a row, found by one or more choices, times a multiplier."""

    of: str
    by: tuple[str, ...]
    rows: Mapping[tuple[str, ...], Decimal]
    multiplier: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Percent:
    """A percentage of fees above it and of amounts that were given."""

    of: tuple[str, ...]
    percent: Decimal
    agency: str = ""
    """Whom a surcharge is handed on to."""


@dataclass(frozen=True, slots=True)
class PerCount:
    """A rate for each of several kinds of things: input and rate."""

    items: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """Hours at a rate: at least so many, each started increment counted whole (None: as they are)."""

    of: str
    amount: Decimal
    minimum_hours: Decimal
    increment: Decimal | None


@dataclass(frozen=True, slots=True)
class PassedOn:
    """One amount that is handed on to an agency."""

    amount: Decimal
    agency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """An amount that somebody sets, within bounds."""

    of: str
    lowest: Decimal
    highest: Decimal


type Rule = Flat | PerUnit | Tiered | ValuationTable | Percent | PerCount | Time | PassedOn | Manual


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """One line of a schedule. One that is not charged is worked out for the fees after it."""

    code: str
    name: Localized
    rule: Rule
    rounding: Rounding
    gl: str = ""
    when: Any = None
    minimum: int | None = None
    maximum: int | None = None
    charged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The fees from a day on, through `until` where that is set, else to the next version."""

    starts: date
    until: date | None
    fees: tuple[Fee, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A fee schedule with its versions, the oldest first. `basis` is which day of a case decides the version."""

    key: str
    name: Localized
    currency: str
    basis: str
    inputs: Mapping[str, Input]
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One fee as it came out, in smallest units. `quantity` times `unit_amount` where the fee is just that."""

    code: str
    name: Localized
    words: str
    amount: int
    gl: str
    charged: bool
    version: date
    quantity: Decimal | None = None
    unit_amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a schedule asks for: its lines in order, and the sum of those that are charged."""

    schedule: str
    version: date
    currency: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        """In smallest units."""
        return sum(line.amount for line in self.lines if line.charged)
