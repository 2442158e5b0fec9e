"""The close of a business day: what is in it stays, and what comes later is of a later day. It is not taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from onehall.billing import exporting, posting, queries
from onehall.billing.errors import BillingRefused
from onehall.billing.models import (
    BillingSetup,
    DayClose,
    Drawer,
    JournalEntry,
    JournalLine,
    PaymentException,
    Refund,
    RefundStatus,
)
from onehall.billing.read_export import kept
from onehall.people.actor import Actor
from onehall.places.models import City

MOST_OPEN: Final = 60
"""Open days that the page lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What stands before a close: drawers still open block it, the rest is only told."""

    drawers: Sequence[Drawer]
    exceptions: int
    refunds: int
    earlier: date | None

    @property
    def blocked(self) -> bool:
        """Whether the day can not be closed yet."""
        return bool(self.drawers) or self.earlier is not None


def closed_through(city: City) -> date | None:
    """The last closed day."""
    return BillingSetup.objects.filter(city=city).values_list("closed_through", flat=True).first()


def open_days(city: City, today: date) -> list[date]:
    """Days that something was booked on and that are not closed, the oldest first; today is always among them."""
    last = closed_through(city)
    rows = JournalEntry.objects.filter(city=city)
    if last is not None:
        rows = rows.filter(on__gt=last)
    days = set(rows.order_by("on").values_list("on", flat=True).distinct()[:MOST_OPEN])
    if last is None or last < today:
        days.add(today)
    return sorted(days)


def before(city: City, on: date, now: datetime) -> Before:
    """What stands before the close of a day. Drawers count that were opened on it or earlier."""
    drawers = [
        drawer
        for drawer in Drawer.objects.filter(city=city, closed_at=None).order_by("opened_at")
        if posting.local_day(city, drawer.opened_at) <= on
    ]
    waiting = Refund.objects.filter(
        city=city,
        status__in=[RefundStatus.REQUESTED, RefundStatus.APPROVED, RefundStatus.SUBMITTED],
    )
    return Before(
        drawers=drawers,
        exceptions=PaymentException.objects.filter(city=city, resolved_at=None).count(),
        refunds=waiting.count(),
        earlier=_earlier(city, on, posting.local_day(city, now)),
    )


def _earlier(city: City, on: date, today: date) -> date | None:
    """The oldest open day before a day: one that something was booked on, or today."""
    last = closed_through(city)
    rows = JournalEntry.objects.filter(city=city, on__lt=on)
    if last is not None:
        rows = rows.filter(on__gt=last)
    found = rows.order_by("on").values_list("on", flat=True).first()
    if found is None and today < on and (last is None or last < today):
        return today
    return found


@transaction.atomic
def close_day(*, city: City, on: date, seen: str, by: Actor, now: datetime) -> DayClose:
    """Close a day. `seen` is the check sum of the entries that the page showed: refused when there are others by now.

    Holds the row that every entry asks for its day, so nothing is booked meanwhile.
    """
    setup = queries.setup(city)
    held = BillingSetup.objects.select_for_update().get(city=city)
    if held.closed_through is not None and on <= held.closed_through:
        raise BillingRefused(_("The day is closed already. A closed day is not opened again."))
    if on > posting.local_day(city, now):
        raise BillingRefused(_("The day has not come yet."))
    there = before(city, on, now)
    if there.earlier is not None:
        facts = {"day": there.earlier.isoformat()}
        raise BillingRefused(_("The day %(day)s is still open. Close it first.") % facts)
    if there.drawers:
        names = ", ".join(drawer.name for drawer in there.drawers)
        raise BillingRefused(
            _("Count and close these drawers first: %(names)s.") % {"names": names}
        )
    batch = exporting.made(city, on, on, setup.export)
    if batch.sha256 != seen:
        raise BillingRefused(_("Something was booked meanwhile. Look at the day once more."))
    lines = JournalLine.objects.filter(city=city, entry__on=on).values_list("gl", "amount")
    sums: dict[str, list[int]] = {}
    for gl, amount in lines.order_by("pk").iterator(exporting.CHUNK):
        side = sums.setdefault(gl, [0, 0])
        side[0 if amount > 0 else 1] += abs(amount)
    held.closed_through = on
    held.save(update_fields=["closed_through"])
    return DayClose.objects.create(
        city=city,
        on=on,
        closed_at=now,
        by_id=by.user_id,
        by_name=by.name,
        entries=JournalEntry.objects.filter(city=city, on=on).count(),
        sums={gl: {"debit": side[0], "credit": side[1]} for gl, side in sorted(sums.items())},
        export=kept(setup.export),
        sha256=batch.sha256,
    )


def next_day(city: City, now: datetime) -> date:
    """The day that something booked now is of, without holding anything."""
    return posting.day_of(city, now, closed_through(city))
