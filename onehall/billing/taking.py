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
    Drawer,
    EntryKind,
    Invoice,
    Payment,
    PaymentMethod,
)
from onehall.billing.posting import NewEntry, NewLine
from onehall.billing.rules import Share
from onehall.kernel import ids
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


def take(
    *,
    city: City,
    setup: Setup,
    money: Money,
    amounts: Mapping[int, int],
    by: Actor,
    now: datetime,
) -> Payment:
    """Book money and share it out over bills that the caller's transaction holds: `amounts` by bill.

    What a bill does not take, and what is over all amounts, is credit.
    """
    on = posting.business_day(city, now)
    invoices = {bill.pk: bill for bill in Invoice.objects.filter(city=city, pk__in=list(amounts))}
    shares = _shares(setup, invoices, amounts, money.amount - money.fee)
    payment = Payment.objects.create(
        city=city,
        key=money.key,
        token=ids.secret_token(),
        receipt=numbering.receipt(city, on.year),
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
    _book(city=city, setup=setup, payment=payment, shares=shares, on=on, by=by, now=now)
    payment.refresh_from_db(fields=["credit"])
    receipts.send(city=city, payment=payment, now=now)
    return payment


def _shares(
    setup: Setup, invoices: Mapping[int, Invoice], amounts: Mapping[int, int], there: int
) -> list[Share]:
    found: list[Share] = []
    lines = queries.dues(invoices)
    for pk in sorted(amounts, key=lambda n: (invoices[n].due_on, n)):
        part = min(amounts[pk], there)
        shared, _left = rules.share_out(
            part, lines[pk], queries.kind_of(setup, invoices[pk].kind).order
        )
        found += shared
        there -= sum(share.amount for share in shared)
    return found


def _book(
    *,
    city: City,
    setup: Setup,
    payment: Payment,
    shares: Sequence[Share],
    on: date,
    by: Actor,
    now: datetime,
) -> None:
    rest = payment.amount - payment.fee - sum(share.amount for share in shares)
    lines = [NewLine(BOOK_OF[payment.method], payment.amount, payment=payment.pk)]
    lines += [
        NewLine(posting.RECEIVABLE, -s.amount, charge=s.charge, payment=payment.pk) for s in shares
    ]
    lines.append(NewLine("convenience", -payment.fee, payment=payment.pk))
    lines.append(NewLine(posting.CREDIT, -rest, payment=payment.pk))
    entry = posting.post(
        city=city,
        setup=setup,
        entry=NewEntry(
            kind=EntryKind.PAID, key=f"paid:{payment.key}", lines=lines, memo=payment.receipt
        ),
        on=on,
        by=by,
        now=now,
    )
    allocate(city=city, payment=payment, shares=shares, entry_id=entry.pk)


def allocate(*, city: City, payment: Payment, shares: Sequence[Share], entry_id: int) -> None:
    """Note what of a payment went where, or (negative) was taken back, beside the entry that says so."""
    Allocation.objects.bulk_create(
        Allocation(
            city=city, payment=payment, charge_id=s.charge, entry_id=entry_id, amount=s.amount
        )
        for s in shares
    )


@transaction.atomic
def apply_credit(
    *,
    city: City,
    payment_id: int,
    amounts: Mapping[int, int],
    by: Actor,
    now: datetime,
) -> Payment:
    """Share the credit of a payment out over bills; refused where somebody is paying one of them."""
    setup = queries.setup(city)
    rows = Invoice.objects.select_for_update(of=("self",)).filter(city=city, pk__in=list(amounts))
    invoices = {bill.pk: bill for bill in rows.order_by("pk")}
    payment = Payment.objects.select_for_update(of=("self",)).get(city=city, pk=payment_id)
    if len(invoices) != len(amounts):
        raise BillingRefused(_("One of the bills is not there any more."))
    if AttemptPart.objects.filter(invoice__in=list(invoices), open=True).exists():
        raise BillingRefused(_("A payment of this bill is under way."))
    shares = _shares(setup, invoices, amounts, payment.credit)
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
        _open_drawer(city, money.drawer)
    elif money.method in (PaymentMethod.CASH, PaymentMethod.CHECK):
        raise BillingRefused(_("Open a drawer first."))
    return take(city=city, setup=setup, money=money, amounts=amounts, by=by, now=now)


def _open_drawer(city: City, drawer: Drawer) -> None:
    """Held until the payment is in, so that a count can not miss it."""
    held = Drawer.objects.select_for_update().get(city=city, pk=drawer.pk)
    if held.closed_at is not None:
        raise BillingRefused(_("The drawer is closed."))
