"""Money that came in becomes a payment: shared out over bills, the rest kept as credit, with a receipt."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from onehall.billing import numbering, posting, queries, receipts, rules
from onehall.billing.documents import Setup
from onehall.billing.errors import BillingRefused
from onehall.billing.models import (
    Allocation,
    Attempt,
    AttemptPart,
    Charge,
    Drawer,
    EntryKind,
    Invoice,
    JournalEntry,
    Payment,
    PaymentMethod,
)
from onehall.billing.posting import NewEntry, NewLine
from onehall.billing.rules import Share, sums_by
from onehall.kernel import ids
from onehall.kernel.rows import Together
from onehall.people.actor import Actor
from onehall.places.models import City

BOOK_OF: Final[Mapping[str, str]] = {
    PaymentMethod.CARD: "clearing",
    PaymentMethod.ACH: "clearing",
    PaymentMethod.CASH: "drawer",
    PaymentMethod.CHECK: "drawer",
    PaymentMethod.TRANSFER: "bank",
}
"""Where money lies first: with the provider, in the drawer, in the bank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Money that is there. `amount` holds the convenience fee `fee`."""

    key: uuid.UUID
    method: PaymentMethod
    amount: int
    fee: int = 0
    attempt: Attempt | None = None
    drawer: Drawer | None = None
    provider: str = ""
    provider_ref: str = ""
    reference: str = ""
    brand: str = ""
    last4: str = ""
    name: str = ""
    email: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Bills:
    """Bills as they are under a lock, and their lines that something is owed on."""

    invoices: Mapping[int, Invoice]
    lines: Sequence[Charge]


def take(
    *,
    city: City,
    setup: Setup,
    money: Money,
    amounts: Mapping[int, int],
    by: Actor,
    now: datetime,
    held: Bills | None = None,
) -> Payment:
    """Book money and share it out over bills that the caller's transaction holds: `amounts` by bill.

    What a bill does not take, and what is over all amounts, is credit. `held` are the bills and their lines as they
    were read under the lock, where the caller has them at hand.
    """
    on = posting.business_day(city, now)
    bills = held
    if bills is None:
        rows = Invoice.objects.filter(city=city, pk__in=list(amounts))
        bills = read({bill.pk: bill for bill in rows.order_by("pk")})
    shares = _shares(setup, bills, amounts, money.amount - money.fee)
    # Taken late: the series of receipts waits for the commit.
    receipt, (payment_id, entry_id) = numbering.receipt(city, on.year, Payment, JournalEntry)
    payment = Payment(
        id=payment_id,
        city=city,
        key=money.key,
        token=ids.secret_token(),
        receipt=receipt,
        attempt=money.attempt,
        drawer=money.drawer,
        method=money.method,
        amount=money.amount,
        fee=money.fee,
        currency=setup.currency,
        provider=money.provider,
        provider_ref=money.provider_ref,
        reference=money.reference,
        brand=money.brand,
        last4=money.last4,
        name=money.name,
        email=money.email,
        language=money.language,
        received_at=now,
        on=on,
        by_id=by.user_id,
        by_name=by.name,
    )
    booking = _Booking(setup, payment, entry_id, shares)
    _book(city=city, booking=booking, on=on, by=by, now=now)
    payment.credit = payment.amount - payment.fee - sum(share.amount for share in shares)
    receipts.send(city=city, payment=payment, parts=_parts(bills, shares), now=now)
    return payment


def read(invoices: Mapping[int, Invoice]) -> Bills:
    """Bills that the caller's transaction holds, with their lines. One query."""
    return Bills(invoices, queries.owed_lines(invoices))


def _shares(setup: Setup, bills: Bills, amounts: Mapping[int, int], there: int) -> list[Share]:
    found: list[Share] = []
    invoices = bills.invoices
    lines = queries.dues(invoices, bills.lines)
    for pk in sorted(amounts, key=lambda n: (invoices[n].due_on, n)):
        part = min(amounts[pk], there)
        shared, _left = rules.share_out(
            part, lines[pk], queries.kind_of(setup, invoices[pk].kind).order
        )
        found += shared
        there -= sum(share.amount for share in shared)
    return found


def _parts(bills: Bills, shares: Sequence[Share]) -> list[receipts.Part]:
    """What a payment goes to, with what is left of each bill after it."""
    lines = {line.pk: line for line in bills.lines}
    went = sums_by((str(lines[s.charge].invoice_id), s.amount) for s in shares)
    parts = []
    for share in shares:
        line = lines[share.charge]
        bill = bills.invoices[line.invoice_id]
        left = bill.owed - went[str(bill.pk)]
        parts.append(receipts.Part(line=line, bill=bill, amount=share.amount, left=left))
    return sorted(parts, key=lambda p: (p.bill.pk, p.line.position))


@dataclass(frozen=True, slots=True)
class _Booking:
    """A payment about to be written, and what it is shared out to."""

    setup: Setup
    payment: Payment
    entry_id: int
    shares: Sequence[Share]


def _book(*, city: City, booking: _Booking, on: date, by: Actor, now: datetime) -> None:
    """The payment, its entry, what is owed and its allocations as one text: the answer is waited for once."""
    payment, shares = booking.payment, booking.shares
    together = Together()
    together.insert([payment], with_pk=True)
    rest = payment.amount - payment.fee - sum(share.amount for share in shares)
    lines = [NewLine(BOOK_OF[payment.method], payment.amount, payment=payment.pk)]
    lines += [
        NewLine(posting.RECEIVABLE, -s.amount, charge=s.charge, payment=payment.pk) for s in shares
    ]
    lines.append(NewLine("convenience", -payment.fee, payment=payment.pk))
    lines.append(NewLine(posting.CREDIT, -rest, payment=payment.pk))
    posting.post(
        city=city,
        setup=booking.setup,
        entry=NewEntry(
            kind=EntryKind.PAID, key=f"paid:{payment.key}", lines=lines, memo=payment.receipt
        ),
        on=on,
        by=by,
        now=now,
        along=together,
        number=booking.entry_id,
    )
    together.insert(_allocations(city, payment, shares, booking.entry_id))
    together.send()


def allocate(*, city: City, payment: Payment, shares: Sequence[Share], entry_id: int) -> None:
    """Note what of a payment went where, or (negative) was taken back, beside the entry that says so."""
    Allocation.objects.bulk_create(_allocations(city, payment, shares, entry_id))


def _allocations(
    city: City, payment: Payment, shares: Sequence[Share], entry_id: int
) -> list[Allocation]:
    return [
        Allocation(
            city=city, payment=payment, charge_id=s.charge, entry_id=entry_id, amount=s.amount
        )
        for s in shares
    ]


@transaction.atomic
def apply_credit(
    *,
    city: City,
    payment_id: int,
    amounts: Mapping[int, int],
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> Payment:
    """Share the credit of a payment out over bills; refused where somebody is paying one of them.

    `seen` is the credit that the page showed: refused when it is another by now.
    """
    setup = queries.setup(city)
    rows = Invoice.objects.select_for_update(of=("self",)).filter(city=city, pk__in=list(amounts))
    invoices = {bill.pk: bill for bill in rows.order_by("pk")}
    payment = Payment.objects.select_for_update(of=("self",)).get(city=city, pk=payment_id)
    if len(invoices) != len(amounts):
        raise BillingRefused(_("One of the bills is not there any more."))
    if seen is not None and seen != payment.credit:
        raise BillingRefused(_("The payment has changed meanwhile. Look at it once more."))
    if AttemptPart.objects.filter(invoice__in=list(invoices), open=True).exists():
        raise BillingRefused(_("A payment of this bill is under way."))
    shares = _shares(setup, read(invoices), amounts, payment.credit)
    if not shares:
        raise BillingRefused(_("There is no credit to use, or nothing is owed."))
    lines = [
        NewLine(posting.RECEIVABLE, -s.amount, charge=s.charge, payment=payment.pk) for s in shares
    ]
    lines.append(NewLine(posting.CREDIT, sum(s.amount for s in shares), payment=payment.pk))
    count = payment.allocations.count()
    entry = posting.post(
        city=city,
        setup=setup,
        entry=NewEntry(
            kind=EntryKind.APPLIED,
            key=f"applied:{payment.key}:{count}",
            lines=lines,
            memo=payment.receipt,
        ),
        on=posting.business_day(city, now),
        by=by,
        now=now,
    )
    allocate(city=city, payment=payment, shares=shares, entry_id=entry.pk)
    payment.refresh_from_db(fields=["credit"])
    return payment


@transaction.atomic
def at_counter(
    *, city: City, money: Money, amounts: Mapping[int, int], by: Actor, now: datetime
) -> Payment:
    """Cash, a check or a transfer that staff took. The same key again is the same payment."""
    setup = queries.setup(city)
    if held := Payment.objects.filter(city=city, key=money.key).first():
        return held
    if money.amount <= 0:
        raise BillingRefused(_("Write an amount."))
    rows = Invoice.objects.select_for_update(of=("self",)).filter(city=city, pk__in=list(amounts))
    invoices = list(rows.order_by("pk"))
    if len(invoices) != len(amounts):
        raise BillingRefused(_("One of the bills is not there any more."))
    if any(bill.voided_at is not None for bill in invoices):
        raise BillingRefused(_("One of the bills was taken back."))
    if AttemptPart.objects.filter(invoice__in=invoices, open=True).exists():
        raise BillingRefused(
            _("Somebody is paying one of the bills online at this moment. Take that back first.")
        )
    if money.drawer is not None:
        hold_open(city, money.drawer)
    elif money.method in (PaymentMethod.CASH, PaymentMethod.CHECK):
        raise BillingRefused(_("Open a drawer first."))
    return take(city=city, setup=setup, money=money, amounts=amounts, by=by, now=now)


def hold_open(city: City, drawer: Drawer) -> None:
    """Hold a drawer until the caller's transaction ends, so that a count can not miss what it does; refused when closed."""
    held = Drawer.objects.select_for_update().get(city=city, pk=drawer.pk)
    if held.closed_at is not None:
        raise BillingRefused(_("The drawer is closed."))
