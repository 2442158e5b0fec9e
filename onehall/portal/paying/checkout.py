"""The page before leaving for the provider: what of each bill, by which way, with which fee, and a key for one payment."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _

from onehall.billing import attempts, bills, looking_up, planning, queries, rules
from onehall.billing.attempts import Wanted
from onehall.billing.documents import ONLINE, Kind, Setup
from onehall.billing.gateways.protocol import Gateway, Method
from onehall.billing.models import Attempt, AttemptStatus, Invoice
from onehall.billing.planning import Plan
from onehall.kernel import money
from onehall.look.doorway import CityRequest
from onehall.portal.paying import plan_pages, wording
from onehall.portal.paying.cart import Cart
from onehall.portal.typed import form_key, optional_address, typed_address

_PART: Final = "part_"
"""Before a bill's id in the names of the fields with what to pay of it."""
_PICK: Final = "pick_"
_METHODS: Final[tuple[Method, ...]] = ("ach", "card")


@dataclass(slots=True)
class Line:
    """A chosen bill, and what is to be paid of it: as typed, and as an amount once it was understood."""

    bill: Invoice
    kind: Kind
    proven: bool
    row: dict[str, Any]
    typed: str
    amount: int
    error: str = ""
    plan: Plan | None = None
    picked: str = ""

    @property
    def pick(self) -> str:
        """The name of the fields with what of a plan is paid."""
        return f"{_PICK}{self.bill.pk}"

    @property
    def options(self) -> Sequence[tuple[str, str, int]]:
        """What may be paid of a bill with a plan; nothing for others."""
        return plan_pages.options(self.plan, self.bill.currency) if self.plan else ()

    @property
    def field(self) -> str:
        """The name of its field."""
        return f"{_PART}{self.bill.pk}"

    @property
    def may_part(self) -> bool:
        """Whether less than all may be paid."""
        if self.plan is not None:
            return True
        if self.kind.partial == "minimum":
            return 0 < self.bill.minimum < self.bill.owed
        return self.kind.partial == "any"

    @property
    def least(self) -> int:
        """The least that may be paid at once, 0 for any amount."""
        if self.plan is not None:
            return self.plan.least
        return self.bill.minimum if self.kind.partial == "minimum" else 0

    @property
    def is_part(self) -> bool:
        """Whether less than all is wanted, or something that could not be read."""
        return bool(self.error) or self.amount != self.bill.owed


@dataclass(frozen=True, slots=True)
class Way:
    """A way to pay all that is chosen, and what it costs on top."""

    key: Method
    words: str
    fee: int


@dataclass(slots=True)
class Checkout:
    """Everything the page shows, read from the form as far as one was sent."""

    setup: Setup
    lines: list[Line]
    ways: list[Way]
    key: uuid.UUID
    method: str = ""
    email: str = ""
    language: str = "en"
    errors: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)

    @property
    def chosen_way(self) -> Way | None:
        """How it is to be paid; None before that is chosen."""
        return next((way for way in self.ways if way.key == self.method), None)

    @property
    def sum(self) -> int:
        """What goes to the bills."""
        return sum(line.amount for line in self.lines)

    @property
    def fee(self) -> int:
        """What the chosen way costs on top."""
        return self.chosen_way.fee if self.chosen_way is not None else 0

    @property
    def total(self) -> int:
        """What the payer is asked for."""
        return self.sum + self.fee

    @property
    def saves(self) -> int:
        """What a bank transfer without a fee would save."""
        free = any(way.key == "ach" and not way.fee for way in self.ways)
        return self.fee if free and self.method == "card" else 0

    def wanted(self) -> Wanted:
        """What is to be paid, for `attempts.begin`."""
        way = self.chosen_way
        if way is None:
            raise ValueError("No way to pay is chosen.")
        return Wanted(
            key=self.key,
            amounts={line.bill.pk: line.amount for line in self.lines},
            method=way.key,
            fee=way.fee,
            email=self.email,
            language=self.language,
        )


def read(
    request: CityRequest, chosen: Cart, gateway: Gateway | None, *, today: date
) -> tuple[Checkout, Cart]:
    """The page as it stands: bills that were paid meanwhile are no longer chosen, and are named in `gone`."""
    setup = queries.setup(request.city)
    lines, gone = [], []
    proven = {item.bill: item.proven for item in chosen.items}
    found = bills.by_ids(request.city, list(proven))
    by_plan = planning.running(request.city, found, today)
    for bill in found:
        plan = by_plan.get(bill.pk)
        line = _line(request, setup, bill, plan, proven=proven[bill.pk], today=today)
        if bill.voided_at is None and bill.owed:
            lines.append(line)
        else:
            gone.append(str(line.row["title"]))
    method, email = _filled_in(request, chosen)
    made = Checkout(
        setup=setup,
        lines=lines,
        ways=ways(setup, lines) if gateway is not None else [],
        key=form_key(request),
        method=method,
        email=email,
        language=request.LANGUAGE_CODE,
        gone=gone,
    )
    if len(made.ways) == 1:
        made.method = made.ways[0].key
    kept = {line.bill.pk for line in lines}
    return made, chosen.without(item.bill for item in chosen.items if item.bill not in kept)


def ways(setup: Setup, lines: Sequence[Line]) -> list[Way]:
    """The ways that all the bills may be paid by, the cheaper first, with the fee of each for what is wanted now."""
    words: Mapping[str, str] = {"card": _("Card"), "ach": _("Bank transfer")}
    amounts = {line.bill.pk: line.amount for line in lines}
    invoices = [line.bill for line in lines]
    found = [
        Way(key, words[key], attempts.fee_for(setup, invoices, amounts, key))
        for key in _METHODS
        if key in ONLINE and lines and all(key in line.kind.methods for line in lines)
    ]
    return sorted(found, key=lambda way: way.fee)


def _line(
    request: CityRequest,
    setup: Setup,
    bill: Invoice,
    plan: Plan | None,
    *,
    proven: bool,
    today: date,
) -> Line:
    kind = queries.kind_of(setup, bill.kind)
    row = wording.row(
        bill, kind, city=request.city, language=request.LANGUAGE_CODE, today=today, proven=proven
    )
    line = Line(
        bill, kind, proven, row, money.plain(bill.owed, setup.currency), bill.owed, plan=plan
    )
    typed = request.POST.get(line.field, "").strip()[:40].replace("\x00", "")
    if plan is not None and line.options:
        _pick(line, setup, request.POST.get(line.pick, ""), typed)
    elif typed and line.may_part:
        line.typed = typed
        _understand(line, setup)
    return line


def _pick(line: Line, setup: Setup, said: str, typed: str) -> None:
    """What of a plan is to be paid: one of the options, else what was typed; at first the next payment."""
    amounts = {key: amount for key, _words, amount in line.options}
    line.picked = said if said in amounts or said == "other" else "other" if typed else ""
    line.picked = line.picked or next(iter(amounts))
    if line.picked == "other":
        line.typed = typed
        _understand(line, setup)
        same = [key for key, amount in amounts.items() if amount == line.amount]
        # From the page with the sum comes an amount alone.
        if not said and not line.error and same:
            line.picked = same[0]
        return
    line.amount = amounts[line.picked]
    line.typed = money.plain(line.amount, setup.currency)


def _understand(line: Line, setup: Setup) -> None:
    """What was typed, as an amount; what is wrong with it at its field."""
    understood = looking_up.amount(line.typed, setup.currency)
    if understood is None:
        line.error = _("Write an amount like 84.20.")
        return
    try:
        if line.plan is not None:
            rules.check_part(understood, line.bill.owed, line.plan.least)
        else:
            rules.check_amount(understood, line.bill.owed, line.bill.minimum, line.kind)
    except rules.AmountRefused as no:
        line.error = _refused(no.reason, money.say(no.bound, setup.currency))
        return
    line.amount = understood


def _refused(reason: str, bound: str) -> str:
    words = {
        "nothing": _("Write an amount above nought."),
        "more": _("No more than %(amount)s is owed on this bill."),
        "all": _("This bill is paid as a whole: %(amount)s."),
        "minimum": _("Pay at least %(amount)s of this bill."),
    }
    return words[reason] % {"amount": bound} if "%" in words[reason] else words[reason]


def check(made: Checkout) -> bool:
    """Whether a payment may begin; else `errors` says by field what is missing or wrong."""
    made.errors = {line.field: line.error for line in made.lines if line.error}
    if made.chosen_way is None:
        made.errors["method"] = _("Choose how you want to pay.")
    made.email, wrong = optional_address(made.email)
    if wrong:
        made.errors["email"] = wrong
    return not made.errors


def _filled_in(request: CityRequest, chosen: Cart) -> tuple[str, str]:
    """How to pay and where the receipt goes; at first as in the payment that this browser began last, if it did not work."""
    if request.method == "POST":
        return request.POST.get("method", ""), typed_address(request)
    rows = Attempt.objects.filter(city=request.city, key__in=chosen.own[-1:])
    over = rows.exclude(status=AttemptStatus.SUCCEEDED).values_list("method", "email")
    return over.first() or ("", "")
