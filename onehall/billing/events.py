"""Webhooks of providers: kept once, answered at once, worked off by the worker. They are hints, never facts."""

import uuid
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from onehall.billing import online, settling
from onehall.billing.gateways.protocol import Event, Gateway, GatewayDown, NotFound
from onehall.billing.models import Attempt, ProviderEvent
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewOutbox
from onehall.messaging.handlers import TryAgain
from onehall.places.models import City

TOPIC: Final = "billing.event"


@transaction.atomic
def keep(*, city: City, provider: str, event: Event, now: datetime) -> None:
    """Keep an event whose signature is proven, and queue its work. The same one again changes nothing."""
    row = ProviderEvent(
        city=city,
        provider=provider,
        event_id=event.id[:120],
        kind=event.kind[:80],
        checkout_ref=event.checkout_ref[:120],
        reference=event.reference[:60],
        payment_ref=event.payment_ref[:120],
        received_at=now,
    )
    ProviderEvent.objects.bulk_create([row], ignore_conflicts=True)
    work = NewOutbox(
        topic=TOPIC,
        key=f"{provider}:{event.id[:120]}",
        payload={"provider": provider, "event": event.id[:120]},
    )
    messaging.queue(city_id=city.pk, rows=[work], now=now)


def work(payload: dict[str, Any], *, city_id: int, key: str, now: datetime) -> None:  # noqa: ARG001 (the registry's signature)
    """Settle what an event is about, by asking the provider. An event about nothing of ours is only noted as read."""
    rows = ProviderEvent.objects.filter(
        city_id=city_id, provider=payload["provider"], event_id=payload["event"]
    )
    row = rows.select_related("city").first()
    if row is None or row.done_at is not None:
        return
    attempt = _attempt(row)
    if attempt is not None:
        gateway = online.gateway_of(row.city, row.provider)
        if gateway is None:
            raise TryAgain("There is no gateway for this provider here.")
        try:
            _settle(row, attempt, gateway, now)
        except GatewayDown as down:
            raise TryAgain("The payment provider does not answer.") from down
    ProviderEvent.objects.filter(pk=row.pk).update(done_at=now)


def _settle(row: ProviderEvent, attempt: Attempt, gateway: Gateway, now: datetime) -> None:
    # A charge of a saved card has no page at some providers, only the payment.
    named = row.checkout_ref or row.payment_ref
    if attempt.provider_ref or not named:
        settling.settle(city=row.city, attempt=attempt, gateway=gateway, now=now)
        return
    # The provider was quicker than our note of where its page is, or that note was never made.
    try:
        snapshot = gateway.fetch(named)
    except NotFound:
        return
    settling.take_note(city=row.city, attempt_id=attempt.pk, snapshot=snapshot, now=now)


def _attempt(row: ProviderEvent) -> Attempt | None:
    """The attempt that an event names: by the provider's checkout, by our reference, or by the payment it became."""
    mine = Attempt.objects.filter(city=row.city_id, provider=row.provider)
    if row.checkout_ref and (found := mine.filter(provider_ref=row.checkout_ref).first()):
        return found
    key = _uuid(row.reference)
    if key is not None and (found := mine.filter(key=key).first()):
        return found
    if row.payment_ref:
        return mine.filter(payment__provider_ref=row.payment_ref).first()
    return None


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
