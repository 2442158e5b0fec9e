"""What no page and no webhook did: attempts that nobody came back from, refunds under way, payments nobody told us of.

Every act is idempotent under a lock on what it is about, so several workers at once do no harm. A provider that can not
be asked ends a round; the next one goes on.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from onehall.billing import attempts, exceptions, refunding, settling
from onehall.billing.errors import BillingRefused
from onehall.billing.gateways.protocol import Gateway, GatewayDown, GatewayRefused, Snapshot
from onehall.billing.models import (
    Attempt,
    AttemptStatus,
    Payment,
    PaymentException,
    Refund,
    RefundStatus,
)
from onehall.people.actor import system
from onehall.places.models import City

log: Final = logging.getLogger("onehall.billing")

AFTER: Final = timedelta(minutes=15)
"""An attempt that is not over by then is asked about."""
MOST: Final = 200
"""Attempts, and refunds, of one round."""
AGAIN: Final = timedelta(days=30)
"""For so long a payment is looked at again every day: a chargeback, money given back at the provider."""
_BATCH: Final = 100


@dataclass(slots=True)
class Swept:
    """What a round did. `down`: the provider could not be asked, and the rest waits for the next round."""

    attempts: int = 0
    refunds: int = 0
    orphans: int = 0
    down: bool = False


def sweep(*, city: City, gateway: Gateway, now: datetime, most: int = MOST) -> Swept:
    """Ask about attempts that are older than a quarter of an hour and not over, and carry refunds out."""
    done = Swept()
    try:
        _attempts(city, gateway, now, most, done)
        _refunds(city, gateway, now, most, done)
    except GatewayDown:
        done.down = True
    return done


def _attempts(city: City, gateway: Gateway, now: datetime, most: int, done: Swept) -> None:
    rows = Attempt.objects.filter(
        city=city, provider=gateway.key, status__in=attempts.OPEN, created_at__lte=now - AFTER
    )
    waiting = list(rows.order_by("created_at", "id")[:most])
    for attempt in waiting:
        if attempt.provider_ref:
            _one(city, gateway, attempt, now)
            done.attempts += 1
    if lost := [a for a in waiting if not a.provider_ref]:
        _without_page(city, gateway, lost, now)
        done.attempts += len(lost)


def _one(city: City, gateway: Gateway, attempt: Attempt, now: datetime) -> None:
    held = settling.settle(city=city, attempt=attempt, gateway=gateway, now=now)
    if held.status == AttemptStatus.REDIRECTED and held.expires_at <= now:
        try:
            snapshot = gateway.expire(held.provider_ref)
        except GatewayDown:
            raise
        except GatewayRefused:
            # Paid or closed between the two questions: the next round reads what became of it.
            return
        _take_note(city, held, snapshot, now)
    elif held.status not in attempts.OPEN:
        _after_payment(city, held, None, now)


def _without_page(city: City, gateway: Gateway, lost: Iterable[Attempt], now: datetime) -> None:
    """Attempts whose page was asked for, and no answer came: the provider's list knows whether there is one."""
    held = {str(a.key): a for a in lost}
    since = min(a.created_at for a in held.values()) - AFTER
    for snapshot in gateway.list_recent(since):
        if attempt := held.pop(snapshot.reference, None):
            name_page(city, attempt, snapshot, now)
    for attempt in held.values():
        if attempt.expires_at <= now:
            _give_up(city, attempt, now)


@transaction.atomic
def _give_up(city: City, attempt: Attempt, now: datetime) -> None:
    row = Attempt.objects.select_for_update(of=("self",)).get(city=city, pk=attempt.pk)
    if row.status in attempts.OPEN and not row.provider_ref:
        attempts.close(attempt=row, status=AttemptStatus.EXPIRED, now=now)


def name_page(city: City, attempt: Attempt, snapshot: Snapshot, now: datetime) -> None:
    """Note under which name the provider has an attempt, and what became of it."""
    try:
        with transaction.atomic():
            Attempt.objects.filter(pk=attempt.pk, provider_ref="").update(provider_ref=snapshot.ref)
            Attempt.objects.filter(pk=attempt.pk, status=AttemptStatus.CREATED).update(
                status=AttemptStatus.REDIRECTED, changed_at=now
            )
    except IntegrityError:
        log.warning("event=attempt.two_references attempt=%s", attempt.pk)
    attempt.refresh_from_db()
    _take_note(city, attempt, snapshot, now)


def _refunds(city: City, gateway: Gateway, now: datetime, most: int, done: Swept) -> None:
    rows = Refund.objects.filter(
        city=city, status__in=[RefundStatus.APPROVED, RefundStatus.SUBMITTED]
    ).exclude(payment__provider="")
    own = rows.filter(payment__provider=gateway.key).select_related("payment")
    for refund in own.order_by("asked_at", "id")[:most]:
        try:
            refunding.carry_out(
                city=city, refund=refund, gateway=gateway, by=system(city.pk), now=now
            )
        except BillingRefused as no:
            _stuck(city, refund, str(no), now)
        done.refunds += 1


def _stuck(city: City, refund: Refund, words: str, now: datetime) -> None:
    exceptions.note(
        city=city,
        kind="refund_stuck",
        ref=str(refund.key),
        amount=refund.amount,
        words=words[:500],
        payment=refund.payment,
        now=now,
    )


# Once a day


def look_again(*, city: City, gateway: Gateway, now: datetime) -> Swept:
    """Read every checkout of the last thirty days from the provider's list: what changed since it was settled is noted.

    A paid checkout that no payment is there for is settled; one that is of no attempt of ours goes to the queue.
    """
    done = Swept()
    try:
        for some in batched(gateway.list_recent(now - AGAIN), _BATCH):
            _look_at(city, gateway, some, now, done)
    except GatewayDown:
        done.down = True
    return done


def _look_at(
    city: City, gateway: Gateway, some: Iterable[Snapshot], now: datetime, done: Swept
) -> None:
    told = [s for s in some if s.status == "paid"]
    rows = Attempt.objects.filter(
        city=city, key__in=[k for s in told if (k := _uuid(s.reference))]
    ).select_related("payment")
    ours = {str(a.key): a for a in rows}
    for snapshot in told:
        attempt = ours.get(snapshot.reference)
        if attempt is None:
            done.orphans += _orphan(city, gateway, snapshot, now)
        elif _is_news(attempt, snapshot):
            if not attempt.provider_ref:
                name_page(city, attempt, snapshot, now)
            else:
                _take_note(city, attempt, snapshot, now)
            done.attempts += 1


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _is_news(attempt: Attempt, snapshot: Snapshot) -> bool:
    """Nothing is to be done for most: paid, booked, and nothing went back."""
    if not hasattr(attempt, "payment"):
        return True
    return bool(snapshot.refunded or snapshot.disputed) or attempt.payment.chargebacks.exists()


def _orphan(city: City, gateway: Gateway, snapshot: Snapshot, now: datetime) -> bool:
    known = Payment.objects.filter(
        city=city, provider=gateway.key, provider_ref=snapshot.payment_ref
    )
    if snapshot.payment_ref and known.exists():
        return False
    with transaction.atomic():
        exceptions.note(
            city=city,
            kind="orphan",
            ref=snapshot.ref[:120],
            amount=snapshot.amount,
            words="Somebody paid at the provider, and no attempt here is of that reference.",
            now=now,
        )
    return True


def _take_note(city: City, attempt: Attempt, snapshot: Snapshot, now: datetime) -> None:
    settling.take_note(city=city, attempt_id=attempt.pk, snapshot=snapshot, now=now)
    _after_payment(city, attempt, snapshot, now)


def _after_payment(city: City, attempt: Attempt, snapshot: Snapshot | None, now: datetime) -> None:
    """Book what the payer's bank took back. Without a snapshot, what the note in the queue says of it."""
    payment = Payment.objects.filter(city=city, attempt=attempt).first()
    if payment is None:
        return
    if snapshot is not None and snapshot.reference != str(attempt.key):
        return
    disputed = snapshot.disputed if snapshot else _noted(payment)
    book_dispute(city=city, payment=payment, disputed=disputed, asked=snapshot is not None, now=now)


def _noted(payment: Payment) -> int:
    row = PaymentException.objects.filter(payment=payment, kind="chargeback").first()
    return row.amount if row else 0


def book_dispute(
    *, city: City, payment: Payment, disputed: int, asked: bool, now: datetime
) -> None:
    """A dispute that the provider tells of lies on its account; one that it no longer tells of was won.

    `asked`: the provider was asked just now, so that 0 says something.
    """
    held = payment.chargebacks.first()
    try:
        if disputed > 0 and held is None:
            refunding.dispute(
                city=city, payment_id=payment.pk, amount=disputed, by=system(city.pk), now=now
            )
        elif asked and disputed == 0 and held is not None and not held.outcome:
            refunding.end_dispute(
                city=city, payment_id=payment.pk, won=True, by=system(city.pk), now=now
            )
    except BillingRefused as no:
        with transaction.atomic():
            exceptions.note(
                city=city,
                kind="dispute_unclear",
                ref=payment.receipt,
                amount=disputed,
                words=str(no)[:500],
                payment=payment,
                now=now,
            )
