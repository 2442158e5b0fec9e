"""What `billing.yaml` says once read: kinds of bills, who may pay what how, and where money goes in the city's books."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from onehall.kernel.localized import Localized

type Partial = Literal["none", "minimum", "any"]
type LookUp = Literal["account", "last_amount", "code", "plate"]
type Every = Literal["week", "two_weeks", "month"]
type Missed = Literal["end", "staff"]

PARTIALS: Final = ("none", "minimum", "any")
"""What may be paid of a bill: all of it; at least its minimum; any amount."""
LOOK_UPS: Final = ("account", "last_amount", "code", "plate")
"""Account and postcode; account and amount of the last bill; number and access code; number, or plate and state."""
ONLINE: Final = ("card", "ach")
AT_COUNTER: Final = ("cash", "check", "transfer")
ORDER: Final = ("tax", "principal", "fee", "penalty")
"""In which order a payment is shared out over the lines of a bill, where the kind does not say another."""
BOOKS: Final = (
    "receivable",
    "clearing",
    "drawer",
    "bank",
    "credit",
    "convenience",
    "processor_fees",
    "disputes",
    "over_short",
    "write_off",
)
"""Accounts that the program posts to besides revenue. Each has its code of the general ledger."""


EXPORT_FIELDS: Final = (
    "batch",
    "date",
    "gl",
    "book",
    "debit",
    "credit",
    "amount",
    "currency",
    "entries",
    "entry",
    "kind",
    "memo",
    "by",
)
"""What a column of the export to the general ledger can hold."""
OF_LINES: Final = frozenset({"entry", "kind", "memo", "by"})
"""Those that only a line of the journal has, and a sum of many has not."""
DATES: Final = {"iso": "%Y-%m-%d", "us": "%m/%d/%Y", "eu": "%d.%m.%Y", "plain": "%Y%m%d"}
"""How the export writes a day."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the export: a field, a part of its code (1 is the first, 0 the whole), or the same text in each row."""

    name: str
    field: str = ""
    part: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """How journal entries go to the city's general ledger: a row for each line, or for the sum of an account."""

    rows: Literal["lines", "sums"] = "sums"
    dates: str = "iso"
    separator: str = "-"
    columns: tuple[Column, ...] = (
        Column("Batch", "batch"),
        Column("Date", "date"),
        Column("Account", "gl"),
        Column("Debit", "debit"),
        Column("Credit", "credit"),
        Column("Currency", "currency"),
    )


@dataclass(frozen=True, slots=True)
class Convenience:
    """What paying in one way costs on top: an amount, and a percentage of what is paid, within bounds."""

    flat: int = 0
    percent: Decimal = Decimal(0)
    minimum: int = 0
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Penalty:
    """What is added so many days after the due day: an amount or a percentage of what is owed then."""

    after_days: int
    code: str
    name: Localized
    gl: str
    flat: int = 0
    percent: Decimal = Decimal(0)


EVERY: Final[tuple[Every, ...]] = ("week", "two_weeks", "month")
"""How often an instalment of a plan may be due."""
EVERY_WORDS: Final[Mapping[str, Promise]] = {
    "week": _("Every week"),
    "two_weeks": _("Every two weeks"),
    "month": _("Every month"),
}
MISSED: Final = ("end", "staff")
"""What becomes of a plan when an instalment is missed beyond its days of grace: it ends by itself, or staff decide."""


@dataclass(frozen=True, slots=True)
class PlanFee:
    """What a payment plan costs: a line of the bill of its own."""

    amount: int
    code: str
    name: Localized
    gl: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """How a bill may be paid in parts.

    `most` counts all instalments, the down payment too; `longest_days` is from the start to the last one. `alone_up_to`
    is the debt up to which a resident starts a plan without being asked, 0 for never. `less` lets somebody pay less than
    what is due.
    """

    most: int
    least: int
    longest_days: int
    every: tuple[Every, ...]
    down: int = 0
    down_percent: Decimal = Decimal(0)
    grace_days: int = 7
    missed: Missed = "end"
    alone_up_to: int = 0
    less: bool = False
    fee: PlanFee | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of bill.

    `dispute` is the key of the service by which it is contested, `hardship` of the one by which a discount is asked
    for; "" for none. Without `plan` it is not paid in parts by dates.
    """

    key: str
    name: Localized
    look_up: tuple[str, ...]
    partial: Partial
    gl: str
    due_days: int
    methods: tuple[str, ...]
    order: tuple[str, ...] = ORDER
    prefix: str = ""
    dispute: str = ""
    hardship: str = ""
    hint: Localized = field(default_factory=dict)
    convenience: Mapping[str, Convenience] = field(default_factory=dict)
    penalties: tuple[Penalty, ...] = ()
    plan: PlanTerms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a city bills. Amounts in the smallest unit of its currency."""

    currency: str
    provider: str
    books: Mapping[str, str]
    kinds: Mapping[str, Kind]
    attempt_minutes: int = 60
    refund_limit: int = 0
    drawers: tuple[str, ...] = ()
    export: Export = field(default_factory=Export)
