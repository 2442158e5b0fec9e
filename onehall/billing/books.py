"""What finance reads in the books: receivables by age, the journal of a bill or payment, what was overridden, exceptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from onehall.billing.models import (
    Adjustment,
    Chargeback,
    Invoice,
    JournalEntry,
    JournalLine,
    Payment,
    PaymentException,
    Payout,
    Refund,
    RefundStatus,
)
from onehall.places.models import City

PAGE: Final = 50
MOST_ENTRIES: Final = 200
"""Journal entries that one page shows."""


@dataclass(frozen=True, slots=True)
class Aged:
    """What is owed on the bills of one kind: not due yet, 1 to 30 days over, to 60, to 90, longer; and how many bills.

    What is paid in parts by a plan is `planned`, and in none of the others: it is due by the days of the plan.
    """

    kind: str
    amounts: tuple[int, int, int, int, int]
    bills: int
    planned: int = 0

    @property
    def total(self) -> int:
        """All that is owed."""
        return sum(self.amounts) + self.planned


_AGING: Final = """
SELECT kind,
    coalesce(sum(owed) FILTER (WHERE due_on >= %(today)s), 0),
    coalesce(sum(owed) FILTER (WHERE due_on < %(today)s AND due_on >= %(d30)s), 0),
    coalesce(sum(owed) FILTER (WHERE due_on < %(d30)s AND due_on >= %(d60)s), 0),
    coalesce(sum(owed) FILTER (WHERE due_on < %(d60)s AND due_on >= %(d90)s), 0),
    coalesce(sum(owed) FILTER (WHERE due_on < %(d90)s), 0),
    count(*)
FROM billing_invoice WHERE city_id = %(city)s AND owed > 0{more} GROUP BY kind ORDER BY kind
"""


def aging(city: City, today: date) -> list[Aged]:
    """Receivables by kind of bill and by how long they are over, as of a day's morning.

    Two queries: all over an index alone, and the few that are paid by a plan, which are taken out of it.
    """
    given: dict[str, int | date] = {"city": city.pk, "today": today}
    given |= {f"d{n}": today - timedelta(days=n) for n in (30, 60, 90)}
    with connection.cursor() as cursor:
        cursor.execute(_AGING.format(more=""), given)
        rows = cursor.fetchall()
        cursor.execute(_AGING.format(more=" AND plan_id IS NOT NULL"), given)
        planned = {kind: list(map(int, sums)) for kind, *sums, _bills in cursor.fetchall()}
    return [
        _aged(kind, list(map(int, sums)), bills, planned.get(kind)) for kind, *sums, bills in rows
    ]


def _aged(kind: str, sums: list[int], bills: int, planned: list[int] | None) -> Aged:
    a, b, c, d, e = (x - y for x, y in zip(sums, planned or [0] * len(sums), strict=True))
    return Aged(kind, (a, b, c, d, e), bills, sum(planned or ()))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the journal with its lines in the order they were written."""

    row: JournalEntry
    lines: Sequence[JournalLine]


def entries_of_bill(invoice: Invoice) -> list[Entry]:
    """The entries that touch a bill, the oldest first. Two queries."""
    ids = JournalLine.objects.filter(charge__invoice=invoice).values("entry_id")
    return _entries(JournalEntry.objects.filter(pk__in=ids))


def entries_of_payment(payment: Payment) -> list[Entry]:
    """The entries that touch a payment, the oldest first. Two queries."""
    ids = JournalLine.objects.filter(payment=payment).values("entry_id")
    return _entries(JournalEntry.objects.filter(pk__in=ids))


def _entries(rows: QuerySet[JournalEntry]) -> list[Entry]:
    found = list(rows.order_by("pk")[:MOST_ENTRIES])
    lines = JournalLine.objects.filter(entry__in=found).select_related("charge__invoice", "payment")
    by_entry: dict[int, list[JournalLine]] = {}
    for line in lines.order_by("pk"):
        by_entry.setdefault(line.entry_id, []).append(line)
    return [Entry(row, by_entry.get(row.pk, [])) for row in found]


@dataclass(frozen=True, slots=True)
class DaySums:
    """What a business day holds: payments by method, by drawer, and the journal by book and account."""

    methods: Sequence[tuple[str, int, int]]
    drawers: Sequence[tuple[str, int, int]]
    books: Sequence[tuple[str, str, int, int]]
    refunds: tuple[int, int]
    entries: int


def day_sums(city: City, on: date) -> DaySums:
    """The sums of a day: five queries, each by the index of a day."""
    paid = Payment.objects.filter(city=city, on=on).order_by()
    methods = paid.values_list("method").annotate(Count("pk"), Sum("amount")).order_by("method")
    drawers = (
        paid.filter(drawer__isnull=False)
        .values_list("drawer__name")
        .annotate(Count("pk"), Sum("amount"))
        .order_by("drawer__name")
    )
    lines = JournalLine.objects.filter(city=city, entry__on=on).order_by()
    books = (
        lines.values_list("account", "gl")
        .annotate(debit=Sum("amount", filter=Q(amount__gt=0)), credit=Sum("amount", filter=Q(amount__lt=0)))
        .order_by("gl", "account")
    )  # fmt: skip
    gone = JournalEntry.objects.filter(city=city, on=on, kind="refunded")
    back = JournalLine.objects.filter(
        entry__in=gone, account__in=("clearing", "drawer", "bank"), amount__lt=0
    ).aggregate(n=Count("pk"), sum=Sum("amount"))
    return DaySums(
        methods=list(methods),
        drawers=list(drawers),
        books=[(book, gl, debit or 0, -(credit or 0)) for book, gl, debit, credit in books],
        refunds=(back["n"], -(back["sum"] or 0)),
        entries=JournalEntry.objects.filter(city=city, on=on).count(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Which adjustments are asked for. `after` is where the last page ended."""

    kind: str = ""
    by: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: str = ""


def overrides(city: City, asked: Overrides, *, limit: int = PAGE) -> tuple[list[Adjustment], str]:
    """Everything that changed a bill after it was written, the newest first, and where the next page begins."""
    rows = Adjustment.objects.filter(city=city).select_related("charge__invoice")
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    if asked.by:
        rows = rows.filter(by_name__icontains=asked.by)
    if asked.since is not None:
        rows = rows.filter(at__gte=asked.since)
    if asked.until is not None:
        rows = rows.filter(at__lt=asked.until)
    at, _mark, pk = asked.after.rpartition("~")
    if pk.isdecimal() and (moment := _moment(at)):
        rows = rows.filter(at__lte=moment).filter(Q(at__lt=moment) | Q(pk__lt=int(pk)))
    found = list(rows.order_by("-at", "-pk")[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], f"{last.at.isoformat()}~{last.pk}" if last else ""


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def open_exceptions(city: City) -> list[PaymentException]:
    """What somebody has to look at, the oldest first; at most 200."""
    rows = PaymentException.objects.filter(city=city, resolved_at=None)
    return list(rows.select_related("payment", "attempt").order_by("at", "pk")[:MOST_ENTRIES])


def resolved_exceptions(city: City) -> list[PaymentException]:
    """What was looked at last."""
    rows = PaymentException.objects.filter(city=city, resolved_at__isnull=False)
    return list(rows.select_related("payment", "attempt").order_by("-resolved_at", "-pk")[:20])


def chargebacks(city: City) -> list[Chargeback]:
    """Those that are open first, then the newest; at most 200."""
    rows = Chargeback.objects.filter(city=city).select_related("payment")
    return list(rows.order_by("outcome", "-opened_at", "-pk")[:MOST_ENTRIES])


def payouts(city: City) -> list[Payout]:
    """What providers sent to the bank, the newest first; at most 200, with how many items have no payment."""
    rows = Payout.objects.filter(city=city).annotate(
        parts=Count("items"), loose=Count("items", filter=Q(items__payment=None))
    )
    return list(rows.order_by("-arrives_on", "-pk")[:MOST_ENTRIES])


def refunds(city: City, statuses: Sequence[str], *, newest: bool = False) -> list[Refund]:
    """Refunds in some statuses with their payment and lines; at most 200."""
    rows = Refund.objects.filter(city=city, status__in=statuses).select_related("payment", "drawer")
    order = ("-pk",) if newest else ("asked_at", "pk")
    return list(rows.prefetch_related("lines__charge__invoice").order_by(*order)[:MOST_ENTRIES])


WAITING: Final = (RefundStatus.REQUESTED, RefundStatus.APPROVED, RefundStatus.SUBMITTED)
ENDED: Final = (RefundStatus.SUCCEEDED, RefundStatus.FAILED, RefundStatus.REJECTED)
