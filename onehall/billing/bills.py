"""What the page and the paper of a bill show: its lines, what changed them, what was paid, and what it is today."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Sum

from onehall.billing import queries, rules
from onehall.billing.documents import Kind
from onehall.billing.models import Adjustment, Allocation, AttemptPart, Charge, Invoice
from onehall.billing.rules import InvoiceStatus
from onehall.casework.models import Case
from onehall.kernel.localized import pick
from onehall.places.models import City

HISTORY: Final = 24
"""Bills of an account on one page."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What an adjustment made of a line: its kind, the day, and a negative amount where less is owed."""

    kind: str
    on: date
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One line as it was written, and what changed it."""

    words: str
    kind: str
    explained: str
    amount: int
    changed: tuple[Changed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What of one payment went to this bill, less what was taken back. Who paid is not said: it may be another."""

    on: date
    receipt: str
    method: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A bill in full. `billed` is its lines with all changes, `paid` what came in for it."""

    invoice: Invoice
    kind: Kind
    status: InvoiceStatus
    lines: tuple[BillLine, ...]
    payments: tuple[Paid, ...]
    contested: Case | None
    paying: bool

    @property
    def paid(self) -> int:
        """What was paid."""
        return self.invoice.billed - self.invoice.owed


def by_token(city: City, token: str) -> Invoice | None:
    """A bill by the secret of its page."""
    rows = Invoice.objects.filter(city=city, token=token)
    return rows.select_related("account", "disputed").first()


def by_ids(city: City, ids: Sequence[int]) -> list[Invoice]:
    """Bills by id, in the order given; those of another city are left out."""
    rows = Invoice.objects.filter(city=city, pk__in=list(ids)).select_related("account", "disputed")
    found = {row.pk: row for row in rows.order_by("pk")}
    return [found[pk] for pk in ids if pk in found]


def status_of(bill: Invoice, today: date) -> InvoiceStatus:
    """What a bill is on a day. `disputed` must have been read with it."""
    owed = rules.Owed(
        billed=bill.billed,
        owed=bill.owed,
        due_on=bill.due_on,
        voided=bill.voided_at is not None,
        disputed=bill.disputed is not None and bill.disputed.is_open,
        planned=bill.plan_id is not None,
    )
    return rules.status(owed, today)


def in_full(city: City, bill: Invoice, *, today: date, language: str) -> Bill:
    """Everything about a bill that `by_token` read. Four queries."""
    setup = queries.setup(city)
    contested = bill.disputed if bill.disputed is not None and bill.disputed.is_open else None
    return Bill(
        invoice=bill,
        kind=queries.kind_of(setup, bill.kind),
        status=status_of(bill, today),
        lines=tuple(_lines(city, bill, language)),
        payments=tuple(_payments(bill)),
        contested=contested,
        paying=AttemptPart.objects.filter(invoice=bill, open=True).exists(),
    )


def _lines(city: City, bill: Invoice, language: str) -> Iterable[BillLine]:
    charges = list(Charge.objects.filter(invoice=bill).order_by("position", "pk"))
    changed = _changed(city, bill)
    for charge in charges:
        yield BillLine(
            words=pick(charge.words, language, city.languages[0]) or charge.code,
            kind=charge.kind,
            explained=charge.explained,
            amount=charge.amount,
            changed=tuple(changed.get(charge.pk, ())),
        )


def _changed(city: City, bill: Invoice) -> Mapping[int, list[Changed]]:
    zone = ZoneInfo(city.time_zone)
    found: dict[int, list[Changed]] = {}
    for row in Adjustment.objects.filter(charge__invoice=bill).order_by("at", "pk"):
        on = row.at.astimezone(zone).date()
        found.setdefault(row.charge_id, []).append(Changed(row.kind, on, row.amount))
    return found


def _payments(bill: Invoice) -> Iterable[Paid]:
    rows = Allocation.objects.filter(charge__invoice=bill).order_by()
    sums = rows.values("payment", "payment__on", "payment__receipt", "payment__method")
    for row in sums.annotate(total=Sum("amount")).order_by("payment__on", "payment"):
        if row["total"]:
            yield Paid(
                on=row["payment__on"],
                receipt=row["payment__receipt"],
                method=row["payment__method"],
                amount=row["total"],
            )


def of_account(bill: Invoice, *, before: int = 0) -> list[Invoice]:
    """The bills of the account that a bill is of, newest first: one more than a page holds. `before` is an id."""
    if bill.account_id is None:
        return []
    rows = Invoice.objects.filter(city=bill.city_id, account=bill.account_id)
    edge = rows.filter(pk=before).values_list("issued_on", "pk").first() if before else None
    if edge is not None:
        day, pk = edge
        rows = rows.filter(issued_on__lte=day).exclude(issued_on=day, pk__gte=pk)
    return list(rows.select_related("disputed").order_by("-issued_on", "-pk")[: HISTORY + 1])
