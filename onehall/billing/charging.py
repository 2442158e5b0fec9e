"""An attempt that is a charge of a saved card: made without the payer, by its key, so that whatever dies it is made once.

The attempt is begun like any other, with its amounts frozen and its bills held. It is over when the provider says so, or
when the provider's list does not have it after its time: only then may another one be begun.
"""

from dataclasses import dataclass
from datetime import datetime

from onehall.billing import sweeping
from onehall.billing.gateways.protocol import ChargeRequest, Method, Saving
from onehall.billing.models import Attempt, AttemptStatus, PaymentMethod
from onehall.places.models import City


@dataclass(frozen=True, slots=True)
class SavedWith:
    """The provider's names of the payer and of what was saved."""

    customer: str
    token: str


def charge(
    *, city: City, attempt: Attempt, gateway: Saving, saved: SavedWith, now: datetime
) -> Attempt:
    """Charge what an attempt froze, and book what became of it. Not inside a transaction; again is the same charge.

    Whatever `GatewayError` is raised, money may have been taken: the attempt stays open, and the next call or the sweeper
    finds out. One whose time is over is the sweeper's alone, since the provider forgets the key some day.
    """
    if attempt.status != AttemptStatus.CREATED or attempt.expires_at <= now:
        return attempt
    snapshot = gateway.charge_mandate(_request(attempt, saved))
    sweeping.name_page(city, attempt, snapshot, now)
    attempt.refresh_from_db()
    return attempt


def _request(attempt: Attempt, saved: SavedWith) -> ChargeRequest:
    parts = attempt.parts.select_related("invoice").order_by("invoice_id")
    method: Method = "ach" if attempt.method == PaymentMethod.ACH else "card"
    return ChargeRequest(
        key=str(attempt.key),
        reference=str(attempt.key),
        amount=attempt.amount,
        currency=attempt.currency,
        customer=saved.customer,
        token=saved.token,
        method=method,
        words=", ".join(part.invoice.number for part in parts),
    )
