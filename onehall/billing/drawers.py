"""Cash drawers: opened with a float, counted when they are closed, what is over or short and the deposit booked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from onehall.billing import posting, queries
from onehall.billing.errors import BillingRefused
from onehall.billing.invoicing import MOST
from onehall.billing.models import Drawer, EntryKind, Payment, PaymentMethod, Refund, RefundStatus
from onehall.billing.posting import NewEntry, NewLine
from onehall.kernel import money
from onehall.people.actor import Actor
from onehall.places.models import City

DENOMINATIONS: Final[Mapping[str, tuple[int, ...]]] = {
    "USD": (10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 25, 10, 5, 1),
    "CAD": (10_000, 5_000, 2_000, 1_000, 500, 200, 100, 25, 10, 5),
    "EUR": (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "GBP": (5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "MXN": (100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50),
}
"""Notes and coins that a count may list, in smallest units; elsewhere a drawer is counted as one sum."""
MOST_PIECES: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What should lie in a drawer: its float, cash and checks that came in, cash that was handed out."""

    float: int
    cash: int
    checks: int
    check_count: int
    payments: int
    handed_out: int

    @property
    def cash_expected(self) -> int:
        """Notes and coins with the float."""
        return self.float + self.cash - self.handed_out

    @property
    def expected(self) -> int:
        """All of it."""
        return self.cash_expected + self.checks


@transaction.atomic
def open_drawer(*, city: City, name: str, float_: int, by: Actor, now: datetime) -> Drawer:
    """Open one of the city's drawers with so much in it; each is open once."""
    setup = queries.setup(city)
    if name not in setup.drawers:
        raise BillingRefused(_("There is no drawer “%(name)s”.") % {"name": name[:60]})
    if not 0 <= float_ <= MOST:
        raise BillingRefused(_("Write what lies in it, from 0."))
    try:
        with transaction.atomic():
            return Drawer.objects.create(
                city=city,
                name=name,
                opened_at=now,
                opened_id=by.user_id or 0,
                opened_by=by.name,
                float=float_,
            )
    except IntegrityError as taken:
        raise BillingRefused(
            _("The drawer “%(name)s” is open already.") % {"name": name}
        ) from taken


def contents(drawer: Drawer) -> Contents:
    """What should lie in a drawer now. Two queries."""
    rows = Payment.objects.filter(drawer=drawer).order_by().values_list("method")
    sums = {method: (n, total) for method, n, total in rows.annotate(Count("pk"), Sum("amount"))}
    out = Refund.objects.filter(drawer=drawer, status=RefundStatus.SUCCEEDED)
    checks = sums.get(PaymentMethod.CHECK, (0, 0))
    return Contents(
        float=drawer.float,
        cash=sums.get(PaymentMethod.CASH, (0, 0))[1],
        checks=checks[1],
        check_count=checks[0],
        payments=sum(n for n, _total in sums.values()),
        handed_out=int(out.aggregate(sum=Sum("amount"))["sum"] or 0),
    )


def counted_pieces(pieces: Mapping[int, int]) -> int:
    """The sum of a count by denomination: how many of each, by its worth."""
    if any(not 0 <= n <= MOST_PIECES for n in pieces.values()):
        raise BillingRefused(_("Write how many of each there are, from 0."))
    return sum(worth * n for worth, n in pieces.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What somebody counted: notes and coins with the float, checks, and why it is not what it should be."""

    cash: int
    checks: int
    note: str = ""


@transaction.atomic
def close_drawer(*, city: City, drawer_id: int, count: Counted, by: Actor, now: datetime) -> Drawer:
    """Close a drawer with its count. What is over or short is explained and booked, the rest goes to the bank."""
    setup = queries.setup(city)
    drawer = Drawer.objects.select_for_update().get(city=city, pk=drawer_id)
    if drawer.closed_at is not None:
        raise BillingRefused(_("The drawer is closed."))
    there = contents(drawer)
    counted = count.cash + count.checks
    if min(count.cash, count.checks) < 0 or counted > MOST:
        raise BillingRefused(_("Write what lies in it, from 0."))
    off, note = counted - there.expected, count.note.strip()[:500]
    if off and not note:
        facts = {"amount": money.say(abs(off), setup.currency)}
        said = (
            _("%(amount)s more than there should be: write down why, or count again.")
            if off > 0
            else _("%(amount)s less than there should be: write down why, or count again.")
        )
        raise BillingRefused(said % facts)
    if counted < drawer.float:
        raise BillingRefused(
            _("Less than the float is left. Fill it up from the safe, or write it off by hand.")
        )
    on = posting.business_day(city, now)
    entries = (
        ("counted", [NewLine("drawer", off), NewLine("over_short", -off)]),
        ("deposited", [NewLine("bank", counted - drawer.float), NewLine("drawer", drawer.float - counted)]),
    )  # fmt: skip
    for key, lines in entries:
        if any(line.amount for line in lines):
            entry = NewEntry(
                kind=EntryKind.DEPOSITED, key=f"{key}:{drawer.pk}", lines=lines, memo=drawer.name
            )
            posting.post(city=city, setup=setup, entry=entry, on=on, by=by, now=now)
    drawer.closed_at, drawer.closed_by = now, by.name
    drawer.counted, drawer.difference, drawer.note = counted, off, note
    drawer.save(update_fields=["closed_at", "closed_by", "counted", "difference", "note"])
    return drawer
