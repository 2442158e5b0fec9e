"""Money that goes back: asked for, approved by another person above the city's limit, sent, booked when it is gone."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from onehall.billing import exceptions, numbering, posting, queries, refund_parts, taking
from onehall.billing.errors import BillingRefused
from onehall.billing.gateways.protocol import Gateway, GatewayRefused, RefundRequest, RefundSnapshot
from onehall.billing.models import (
    Adjustment,
    AdjustmentKind,
    Allocation,
    Chargeback,
    Drawer,
    EntryKind,
    Invoice,
    JournalEntry,
    Payment,
    Refund,
    RefundLine,
    RefundStatus,
)
from onehall.billing.posting import NewEntry, NewLine
from onehall.billing.refundable import GONE as GONE
from onehall.billing.refundable import Back as Back
from onehall.billing.refundable import available as available
from onehall.billing.refundable import check_lines, taken_by_bank
from onehall.billing.rules import Share, no_card, sums_by
from onehall.kernel import money
from onehall.people.actor import Actor
from onehall.places.models import City


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A refund that somebody asks for. `available` is what the page showed: refused when it is another by now."""

    key: uuid.UUID
    payment_id: int
    lines: Sequence[Back]
    reason: str
    available: int


@transaction.atomic
def ask(*, city: City, wanted: Ask, by: Actor, now: datetime) -> Refund:
    """Ask for a refund; at or below the city's limit it is approved at once. The same key again is the same refund."""
    setup = queries.setup(city)
    if held := Refund.objects.filter(city=city, key=wanted.key).first():
        return held
    payment = _locked(city, wanted.payment_id)
    amount = sum(line.amount for line in wanted.lines)
    there = available(payment)
    if there != wanted.available:
        raise BillingRefused(_("The payment has changed meanwhile. Look at it once more."))
    if not wanted.reason.strip():
        raise BillingRefused(_("Say why."))
    no_card(wanted.reason)
    if amount <= 0 or min(line.amount for line in wanted.lines) <= 0:
        raise BillingRefused(_("Write an amount."))
    if amount > there:
        facts = {"amount": money.say(there, payment.currency)}
        raise BillingRefused(_("No more than %(amount)s of this payment is left.") % facts)
    check_lines(payment, wanted.lines)
    small = amount <= setup.refund_limit
    refund = Refund.objects.create(
        city=city,
        key=wanted.key,
        payment=payment,
        status=RefundStatus.APPROVED if small else RefundStatus.REQUESTED,
        amount=amount,
        reason=wanted.reason.strip()[:500],
        asked_id=by.user_id,
        asked_by=by.name,
        asked_at=now,
    )
    RefundLine.objects.bulk_create(
        RefundLine(
            city=city,
            refund=refund,
            charge_id=line.charge_id,
            of_fee=line.of_fee,
            owed_again=line.owed_again,
            amount=line.amount,
        )
        for line in wanted.lines
    )
    return refund


def _locked(city: City, payment_id: int) -> Payment:
    return Payment.objects.select_for_update(of=("self",)).get(city=city, pk=payment_id)


@transaction.atomic
def decide(*, city: City, refund_id: int, approve: bool, by: Actor, now: datetime) -> Refund:
    """Approve or reject what another person asked for."""
    refund = Refund.objects.select_for_update(of=("self",)).get(city=city, pk=refund_id)
    if refund.status != RefundStatus.REQUESTED:
        raise BillingRefused(_("Somebody has decided about this refund already."))
    if refund.asked_id is not None and refund.asked_id == by.user_id:
        raise BillingRefused(_("Whoever asks for a refund does not approve it."))
    refund.status = RefundStatus.APPROVED if approve else RefundStatus.REJECTED
    refund.decided_id, refund.decided_by, refund.decided_at = by.user_id, by.name, now
    refund.save(update_fields=["status", "decided_id", "decided_by", "decided_at"])
    return refund


def carry_out(
    *,
    city: City,
    refund: Refund,
    gateway: Gateway | None,
    by: Actor,
    now: datetime,
    drawer: Drawer | None = None,
) -> Refund:
    """Send an approved refund to the provider, or note that it was handed out. Not inside a transaction.

    Money that came in at the counter goes out of `drawer`, or without one by a check or transfer of the bank.

    GatewayDown leaves it as it is: the sweeper sends it again, by the same key. A refusal fails it, with a note for
    finance.
    """
    payment = refund.payment
    if refund.status not in (RefundStatus.APPROVED, RefundStatus.SUBMITTED):
        return refund
    if not payment.provider:
        return succeed(
            city=city, refund_id=refund.pk, provider_ref="", by=by, now=now, drawer=drawer
        )
    if refund.status == RefundStatus.APPROVED and taken_by_bank(payment):
        words = "The payer's bank took the money back before."
        return fail(city=city, refund_id=refund.pk, words=words, now=now)
    if gateway is None:
        raise BillingRefused(_("The provider that took this payment is not set up any more."))
    try:
        told = _ask_provider(refund, payment, gateway)
    except GatewayRefused as no:
        return fail(city=city, refund_id=refund.pk, words=str(no), now=now)
    if told.status == "failed":
        return fail(city=city, refund_id=refund.pk, words=told.failure, now=now)
    if told.status == "pending":
        Refund.objects.filter(pk=refund.pk).update(
            status=RefundStatus.SUBMITTED, provider_ref=told.ref
        )
        refund.refresh_from_db()
        return refund
    return succeed(city=city, refund_id=refund.pk, provider_ref=told.ref, by=by, now=now)


def _ask_provider(refund: Refund, payment: Payment, gateway: Gateway) -> RefundSnapshot:
    if refund.provider_ref:
        return gateway.fetch_refund(refund.provider_ref)
    # Providers count a refund that is on its way as gone.
    sent = payment.refunds.filter(status__in=[RefundStatus.SUBMITTED, RefundStatus.SUCCEEDED])
    gone = sent.exclude(pk=refund.pk).aggregate(sum=Sum("amount"))["sum"]
    return gateway.refund(
        RefundRequest(
            key=str(refund.key),
            reference=str(refund.key),
            payment_ref=payment.provider_ref,
            amount=refund.amount,
            currency=payment.currency,
            refundable=payment.amount - int(gone or 0),
        )
    )


@transaction.atomic
def fail(*, city: City, refund_id: int, words: str, now: datetime) -> Refund:
    """Note that a refund did not happen; its amount can be asked for again."""
    refund = Refund.objects.select_for_update(of=("self",)).get(city=city, pk=refund_id)
    if refund.status not in (*GONE, RefundStatus.SUCCEEDED):
        refund.status, refund.failure, refund.done_at = RefundStatus.FAILED, words[:200], now
        refund.save(update_fields=["status", "failure", "done_at"])
        exceptions.note(
            city=city,
            kind="refund_failed",
            ref=str(refund.key),
            amount=refund.amount,
            words=words or "The provider did not give the money back.",
            payment=refund.payment,
            now=now,
        )
    return refund


@transaction.atomic
def succeed(
    *,
    city: City,
    refund_id: int,
    provider_ref: str,
    by: Actor,
    now: datetime,
    drawer: Drawer | None = None,
) -> Refund:
    """Book a refund whose money is gone, once: what was forgiven is off the bill, the rest is owed again."""
    setup = queries.setup(city)
    held = Refund.objects.filter(city=city, pk=refund_id).values_list("payment_id", flat=True)
    payment = _with_bills(city, held.get())
    refund = Refund.objects.select_for_update(of=("self",)).get(pk=refund_id)
    if refund.status in (*GONE, RefundStatus.SUCCEEDED):
        return refund
    if drawer is not None:
        taking.hold_open(city, drawer)
        refund.drawer = drawer
    on = posting.business_day(city, now)
    lines = list(refund.lines.select_related("charge").order_by("pk"))
    entry = posting.post(
        city=city,
        setup=setup,
        entry=NewEntry(
            kind=EntryKind.REFUNDED,
            key=f"refunded:{refund.key}",
            lines=refund_parts.entry_lines(payment, refund, lines),
            memo=payment.receipt,
        ),
        on=on,
        by=by,
        now=now,
    )
    shares = [Share(n.charge_id, -n.amount) for n in lines if n.charge_id is not None]
    taking.allocate(city=city, payment=payment, shares=shares, entry_id=entry.pk)
    _forgive(city, refund, lines, entry, by=by, now=now)
    refund.status, refund.provider_ref, refund.done_at = RefundStatus.SUCCEEDED, provider_ref, now
    refund.receipt = numbering.refund(city, on.year)
    refund.save(update_fields=["status", "provider_ref", "done_at", "receipt", "drawer"])
    return refund


def _with_bills(city: City, payment_id: int) -> Payment:
    """The payment under a lock, its bills before it: the order that every writer takes them in."""
    bills = Invoice.objects.filter(charges__allocations__payment=payment_id).values("pk")
    list(Invoice.objects.select_for_update(of=("self",)).filter(pk__in=bills).order_by("pk"))
    return _locked(city, payment_id)


def _forgive(
    city: City,
    refund: Refund,
    lines: Sequence[RefundLine],
    entry: JournalEntry,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """What is given back and not owed again is off the bill: billed and paid are both less, owed stays."""
    forgiven = [n for n in lines if n.charge is not None and not n.owed_again]
    Adjustment.objects.bulk_create(
        Adjustment(
            city=city,
            charge=line.charge,
            entry=entry,
            kind=AdjustmentKind.REFUND,
            amount=-line.amount,
            reason=refund.reason,
            by_id=by.user_id,
            by_name=by.name,
            by_roles=" ".join(sorted(by.roles)),
            at=now,
        )
        for line in forgiven
    )
    for line in forgiven:
        if line.charge is not None:
            bill = Invoice.objects.filter(pk=line.charge.invoice_id)
            bill.update(billed=F("billed") - line.amount)


# Money that is taken back from us


@transaction.atomic
def take_back(*, city: City, payment_id: int, reason: str, by: Actor, now: datetime) -> Payment:
    """A check or a transfer that bounced: what it paid is owed again, and its credit is gone."""
    setup = queries.setup(city)
    payment = _with_bills(city, payment_id)
    if payment.returned_at is not None:
        raise BillingRefused(_("It is noted already."))
    if available(payment) != payment.amount:
        raise BillingRefused(_("Something of it was given back; that has to be settled by hand."))
    shares = _still_allocated(payment)
    lines = [NewLine("bank", -payment.amount, payment=payment.pk)]
    lines += _owed_again(payment, shares)
    lines.append(NewLine("convenience", payment.fee, payment=payment.pk))
    entry = posting.post(
        city=city,
        setup=setup,
        entry=NewEntry(
            kind=EntryKind.RETURNED, key=f"returned:{payment.key}", lines=lines, memo=reason[:200]
        ),
        on=posting.business_day(city, now),
        by=by,
        now=now,
    )
    taking.allocate(city=city, payment=payment, shares=shares, entry_id=entry.pk)
    Payment.objects.filter(pk=payment.pk).update(returned_at=now)
    payment.refresh_from_db()
    return payment


def _still_allocated(payment: Payment) -> list[Share]:
    """What takes every allocation of a payment back."""
    rows = Allocation.objects.filter(payment=payment).values_list("charge_id", "amount")
    held = sums_by((str(charge), amount) for charge, amount in rows)
    return [Share(int(charge), -amount) for charge, amount in held.items() if amount]


def _owed_again(payment: Payment, shares: Sequence[Share]) -> list[NewLine]:
    found = [
        NewLine(posting.RECEIVABLE, -s.amount, charge=s.charge, payment=payment.pk) for s in shares
    ]
    found.append(NewLine(posting.CREDIT, payment.credit, payment=payment.pk))
    return found


@transaction.atomic
def dispute(*, city: City, payment_id: int, amount: int, by: Actor, now: datetime) -> Chargeback:
    """The payer's bank took money back: it lies with the dispute until that is won or lost. Once for a payment."""
    setup = queries.setup(city)
    payment = _locked(city, payment_id)
    if held := payment.chargebacks.first():
        return held
    if not 0 < amount <= payment.amount:
        raise BillingRefused(_("Write an amount."))
    lines = [
        NewLine("disputes", amount, payment=payment.pk),
        NewLine("clearing", -amount, payment=payment.pk),
    ]
    posting.post(
        city=city,
        setup=setup,
        entry=NewEntry(
            kind=EntryKind.DISPUTED,
            key=f"disputed:{payment.key}",
            lines=lines,
            memo=payment.receipt,
        ),
        on=posting.business_day(city, now),
        by=by,
        now=now,
    )
    return Chargeback.objects.create(city=city, payment=payment, amount=amount, opened_at=now)


@transaction.atomic
def end_dispute(*, city: City, payment_id: int, won: bool, by: Actor, now: datetime) -> Chargeback:
    """Won, the money is ours again. Lost, what it had paid is owed again, line by line, and its credit is gone."""
    setup = queries.setup(city)
    payment = _with_bills(city, payment_id)
    held = Chargeback.objects.select_for_update(of=("self",)).get(payment=payment)
    if held.outcome:
        raise BillingRefused(_("It is noted already."))
    if not won and payment.refunds.filter(status=RefundStatus.SUBMITTED).exists():
        raise BillingRefused(
            _("A refund of this payment is on its way; wait until it is known what became of it.")
        )
    shares: list[Share] = []
    lines = [NewLine("disputes", -held.amount, payment=payment.pk)]
    if won:
        lines.append(NewLine("clearing", held.amount, payment=payment.pk))
    else:
        more, shares = _lost(payment, held.amount)
        lines += more
    entry = posting.post(
        city=city,
        setup=setup,
        entry=NewEntry(
            kind=EntryKind.DISPUTE_ENDED,
            key=f"dispute-ended:{payment.key}",
            lines=lines,
            memo=payment.receipt,
        ),
        on=posting.business_day(city, now),
        by=by,
        now=now,
    )
    taking.allocate(city=city, payment=payment, shares=shares, entry_id=entry.pk)
    held.outcome, held.ended_at = "won" if won else "lost", now
    held.save(update_fields=["outcome", "ended_at"])
    return held


def _lost(payment: Payment, amount: int) -> tuple[list[NewLine], list[Share]]:
    """Who bears a lost amount: the credit first, then the lines it had paid, then our fee for paying.

    What was refunded before the payer's bank took the whole is gone twice: that is written off.
    """
    of_credit = min(amount, payment.credit)
    left = amount - of_credit
    shares: list[Share] = []
    for share in _still_allocated(payment):
        part = min(left, -share.amount)
        if part:
            shares.append(Share(share.charge, -part))
            left -= part
    of_fee = min(left, _fee_left(payment))
    lines = [NewLine(posting.CREDIT, of_credit, payment=payment.pk)]
    lines += [
        NewLine(posting.RECEIVABLE, -s.amount, charge=s.charge, payment=payment.pk) for s in shares
    ]
    lines.append(NewLine("convenience", of_fee, payment=payment.pk))
    lines.append(NewLine("write_off", left - of_fee, payment=payment.pk))
    return lines, shares


def _fee_left(payment: Payment) -> int:
    """What of our fee for paying was not given back."""
    given = RefundLine.objects.filter(
        refund__payment=payment, refund__status=RefundStatus.SUCCEEDED, of_fee=True
    )
    return payment.fee - int(given.aggregate(sum=Sum("amount"))["sum"] or 0)
