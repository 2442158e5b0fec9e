"""The one that decides what became of an attempt: it reads the provider again and never trusts a redirect or webhook.

Called by the page that payers come back to, by webhooks and by the sweeper; however often, in whatever order, the money
is booked once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from onehall.billing import attempts, exceptions, queries, taking
from onehall.billing.documents import Setup
from onehall.billing.gateways.protocol import Gateway, NotFound, Snapshot
from onehall.billing.models import (
    Attempt,
    AttemptPart,
    AttemptStatus,
    Charge,
    Invoice,
    Payment,
    PaymentMethod,
)
from onehall.billing.taking import Bills, Money
from onehall.kernel.rows import select_together
from onehall.people import actor
from onehall.places.models import City

_OVER: Final = {
    "failed": AttemptStatus.FAILED,
    "cancelled": AttemptStatus.CANCELLED,
    "expired": AttemptStatus.EXPIRED,
}


def settle(*, city: City, attempt: Attempt, gateway: Gateway, now: datetime) -> Attempt:
    """Make an attempt what the provider says it is at this moment. Not inside a transaction.

    Raises `GatewayDown` when the provider can not be asked: nothing is known then, and nothing is changed.
    """
    if not attempt.provider_ref:
        return attempt
    try:
        snapshot = gateway.fetch(attempt.provider_ref)
    except NotFound:
        return lost(city=city, attempt=attempt, now=now)
    return take_note(city=city, attempt_id=attempt.pk, snapshot=snapshot, now=now)


@transaction.atomic
def lost(*, city: City, attempt: Attempt, now: datetime) -> Attempt:
    """The provider knows nothing of an attempt that it gave us a page for: somebody has to look."""
    held = Attempt.objects.select_for_update(of=("self",)).get(city=city, pk=attempt.pk)
    if held.status in attempts.OPEN:
        exceptions.note(
            city=city,
            kind="checkout_unknown",
            ref=held.provider_ref,
            amount=held.amount,
            words="The provider does not know this checkout.",
            attempt=held,
            now=now,
        )
        attempts.close(attempt=held, status=AttemptStatus.NEEDS_REVIEW, now=now)
    return held


@transaction.atomic
def take_note(*, city: City, attempt_id: int, snapshot: Snapshot, now: datetime) -> Attempt:
    """What a snapshot means for an attempt, under a lock on its bills and on it. Idempotent."""
    held = _hold(city, attempt_id, snapshot.payment_ref)
    attempt, setup = held.attempt, queries.setup(city)
    if snapshot.reference != str(attempt.key):
        exceptions.note(
            city=city,
            kind="reference_differs",
            ref=snapshot.ref,
            amount=snapshot.amount,
            words="The provider names another reference than ours.",
            attempt=attempt,
            now=now,
        )
        return attempt
    if snapshot.status == "paid":
        _paid(city, setup, held, snapshot, now)
    elif snapshot.status == "processing" and attempt.status in attempts.OPEN:
        _still_open(attempt, AttemptStatus.PROCESSING, now)
    elif snapshot.status in _OVER and attempt.status in attempts.OPEN:
        attempts.close(
            attempt=attempt, status=_OVER[snapshot.status], now=now, failure=snapshot.failure
        )
    return attempt


def _still_open(attempt: Attempt, status: AttemptStatus, now: datetime) -> None:
    if attempt.status != status:
        Attempt.objects.filter(pk=attempt.pk).update(status=status, changed_at=now)
        attempt.refresh_from_db()


@dataclass(frozen=True, slots=True)
class _Held:
    """An attempt and its bills under their locks: what it means to pay of each, and what is booked of it already."""

    attempt: Attempt
    amounts: Mapping[int, int]
    bills: Bills
    booked: Sequence[Payment]


_ITS_BILLS: Final = (
    "IN (SELECT invoice_id FROM billing_attemptpart WHERE attempt_id = %s AND city_id = %s)"
)


def _hold(city: City, attempt_id: int, payment_ref: str) -> _Held:
    """Read and lock, in one question: the bills before the attempt, in the order that every writer takes them.

    `payment_ref` is the provider's name of the payment, "" where it has none yet. Raises `Attempt.DoesNotExist`.
    """
    of = [attempt_id, city.pk]
    booked = "WHERE attempt_id = %s AND city_id = %s"
    values: list[object] = [*of]
    if payment_ref:
        booked += (
            " OR city_id = %s AND provider_ref = %s"
            " AND provider = (SELECT provider FROM billing_attempt WHERE id = %s)"
        )
        values += [city.pk, payment_ref, attempt_id]
    parts, bills, attempts_found, lines, payments = select_together(
        (AttemptPart, "WHERE attempt_id = %s AND city_id = %s ORDER BY invoice_id", of),
        (Invoice, f"WHERE id {_ITS_BILLS} ORDER BY id FOR UPDATE", of),
        (Attempt, "WHERE id = %s AND city_id = %s FOR UPDATE", of),
        (Charge, f"WHERE invoice_id {_ITS_BILLS} AND owed > 0 ORDER BY position", of),
        (Payment, f"{booked} ORDER BY id", values),
    )
    if not attempts_found:
        raise Attempt.DoesNotExist
    return _Held(
        attempt=attempts_found[0],
        amounts={part.invoice_id: part.amount for part in parts},
        bills=Bills({bill.pk: bill for bill in bills}, lines),
        booked=payments,
    )


def _paid(city: City, setup: Setup, held: _Held, snapshot: Snapshot, now: datetime) -> None:
    payment = next((p for p in held.booked if p.attempt_id == held.attempt.pk), None)
    if payment is None:
        payment = _book(city, setup, held, snapshot, now=now)
    if payment is not None:
        exceptions.compare(city=city, payment=payment, snapshot=snapshot, now=now)


def _book(
    city: City,
    setup: Setup,
    held: _Held,
    snapshot: Snapshot,
    *,
    now: datetime,
) -> Payment | None:
    """The payment, booked; none where what the provider took is the payment of another attempt already."""
    attempt = held.attempt
    if snapshot.currency != attempt.currency or held.booked:
        exceptions.note(
            city=city,
            kind="not_bookable",
            ref=snapshot.ref,
            amount=snapshot.amount,
            words=f"Paid in {snapshot.currency}, or booked for another attempt already.",
            attempt=attempt,
            now=now,
        )
        attempts.close(attempt=attempt, status=AttemptStatus.NEEDS_REVIEW, now=now)
        return None
    late = attempt.status not in attempts.OPEN
    exact = snapshot.amount == attempt.amount
    payment = taking.take(
        city=city,
        setup=setup,
        money=_money(attempt, snapshot),
        amounts={} if late else held.amounts,
        by=actor.system(city.pk),
        now=now,
        held=held.bills,
    )
    status = AttemptStatus.SUCCEEDED if exact and not late else AttemptStatus.NEEDS_REVIEW
    attempts.close(attempt=attempt, status=status, now=now)
    if late:
        _late(city, attempt, payment, held.amounts, now)
    if not exact:
        exceptions.note(
            city=city,
            kind="amount_differs",
            ref=snapshot.ref,
            amount=snapshot.amount - attempt.amount,
            words="The provider took another amount than we asked for.",
            attempt=attempt,
            payment=payment,
            now=now,
        )
    return payment


def _money(attempt: Attempt, snapshot: Snapshot) -> Money:
    """A smaller amount than asked for pays no fee of ours before it pays the bills."""
    spare = max(0, snapshot.amount - (attempt.amount - attempt.fee))
    return Money(
        key=attempt.key,
        method=PaymentMethod(snapshot.method),
        amount=snapshot.amount,
        fee=min(attempt.fee, spare),
        attempt=attempt,
        provider=attempt.provider,
        provider_ref=snapshot.payment_ref,
        brand=snapshot.brand[:20],
        last4=snapshot.last4[-4:],
        email=attempt.email,
        language=attempt.language,
    )


def _late(
    city: City, attempt: Attempt, payment: Payment, amounts: Mapping[int, int], now: datetime
) -> None:
    """Money for an attempt that was over is credit, and pays its bills where they are still owed and nobody is paying."""
    paying = AttemptPart.objects.filter(invoice__in=list(amounts), open=True)
    busy = set(paying.values_list("invoice_id", flat=True))
    owed = Invoice.objects.filter(pk__in=list(amounts), owed__gt=0, voided_at=None)
    still = {
        pk: amounts[pk] for pk in owed.order_by("pk").values_list("pk", flat=True) if pk not in busy
    }
    if still and payment.credit:
        by = actor.system(city.pk)
        taking.apply_credit(city=city, payment_id=payment.pk, amounts=still, by=by, now=now)
        payment.refresh_from_db(fields=["credit"])
    exceptions.note(
        city=city,
        kind="late_success",
        ref=str(attempt.key),
        amount=payment.credit,
        words="Paid after the attempt was over; what its bills did not need is credit.",
        attempt=attempt,
        payment=payment,
        now=now,
    )


def call_off(*, city: City, attempt: Attempt, gateway: Gateway, now: datetime) -> Attempt:
    """The payer wants to pay otherwise: close the page at the provider. What was paid on it by then is paid.

    Not inside a transaction; `GatewayDown` when the provider can not be asked, and nothing is changed then.
    """
    if attempt.status not in attempts.OPEN:
        return attempt
    if not attempt.provider_ref:
        return _never_sent(city, attempt, now)
    try:
        snapshot = gateway.expire(attempt.provider_ref)
    except NotFound:
        return lost(city=city, attempt=attempt, now=now)
    return take_note(city=city, attempt_id=attempt.pk, snapshot=snapshot, now=now)


@transaction.atomic
def _never_sent(city: City, attempt: Attempt, now: datetime) -> Attempt:
    """Nobody was told of a page at the provider, so nobody can pay on one."""
    held = Attempt.objects.select_for_update(of=("self",)).get(city=city, pk=attempt.pk)
    if held.status == AttemptStatus.CREATED:
        attempts.close(attempt=held, status=AttemptStatus.CANCELLED, now=now)
    return held
