"""The queue of money that somebody of finance has to look at: each thing once, resolved in words."""

from datetime import datetime

from django.utils.translation import gettext as _

from onehall.billing import rules
from onehall.billing.errors import BillingRefused
from onehall.billing.gateways.protocol import Snapshot
from onehall.billing.models import Attempt, Payment, PaymentException
from onehall.people.actor import Actor
from onehall.places.models import City


def note(
    *,
    city: City,
    kind: str,
    ref: str,
    amount: int,
    words: str,
    now: datetime,
    attempt: Attempt | None = None,
    payment: Payment | None = None,
) -> None:
    """Put something in the queue, inside the caller's transaction; what is there already stays as it is."""
    PaymentException.objects.bulk_create(
        [
            PaymentException(
                city=city,
                kind=kind,
                ref=ref,
                amount=amount,
                note=words,
                attempt=attempt,
                payment=payment,
                at=now,
            )
        ],
        ignore_conflicts=True,
    )


def compare(*, city: City, payment: Payment, snapshot: Snapshot, now: datetime) -> None:
    """Note when the provider says that more went back than we gave back, and when the payer's bank disputes."""
    if snapshot.disputed and not payment.chargebacks.exists():
        note(
            city=city,
            kind="chargeback",
            ref=payment.provider_ref,
            amount=snapshot.disputed,
            words="The payer's bank took the money back.",
            payment=payment,
            now=now,
        )
    if not snapshot.refunded:
        return
    given = payment.refunds.exclude(status__in=["rejected", "failed"])
    ours = sum(given.values_list("amount", flat=True))
    if snapshot.refunded > ours:
        note(
            city=city,
            kind="refunded_elsewhere",
            ref=f"{payment.provider_ref}:{snapshot.refunded}",
            amount=snapshot.refunded - ours,
            words="Money was given back at the provider, and not here.",
            payment=payment,
            now=now,
        )


def resolve(*, city: City, exception_id: int, words: str, by: Actor, now: datetime) -> None:
    """Note what somebody did about it. BillingRefused without words, or when another was quicker."""
    said = words.strip()[:500]
    if not said:
        raise BillingRefused(_("Say what was done about it."))
    rules.no_card(said)
    rows = PaymentException.objects.filter(city=city, pk=exception_id, resolved_at=None)
    if not rows.update(resolved_at=now, resolution=said, by_name=by.name):
        raise BillingRefused(_("It is resolved already."))
