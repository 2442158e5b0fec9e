"""Recurring work of billing, for the worker: one city that fails does not keep the others from theirs."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from onehall.billing import (
    api_keys,
    keeping_plans,
    online,
    penalties,
    posting,
    proof,
    queries,
    reconciling,
    reminding,
    sweeping,
)
from onehall.billing.gateways.protocol import Gateway, GatewayError, PayoutReport
from onehall.people.actor import system
from onehall.places.models import City

log: Final = logging.getLogger("onehall.billing")
PAYOUT_DAYS: Final = 10
"""So far back payouts are asked for: what was taken in already changes nothing."""


def _cities() -> Iterator[City]:
    """Cities that bill."""
    for city in City.objects.filter(billing__isnull=False).order_by("pk"):
        if queries.billing_of(city).setup is not None:
            yield city


def _each(name: str, act: Callable[[City], object]) -> None:
    first: Exception | None = None
    for city in _cities():
        try:
            act(city)
        except GatewayError as no:
            log.warning("event=billing.provider job=%s city=%s error=%s", name, city.slug, no)
        except Exception as no:
            log.exception("event=billing.failed job=%s city=%s", name, city.slug)
            first = first or no
    if first is not None:
        raise first


def sweep(*, now: datetime) -> None:
    """Ask what became of attempts that nobody came back from, and carry refunds out."""

    def act(city: City) -> None:
        if gateway := online.gateway_of(city):
            sweeping.sweep(city=city, gateway=gateway, now=now)

    _each("sweep", act)


def look_again(*, now: datetime) -> None:
    """Compare the last thirty days with what the provider's list says."""

    def act(city: City) -> None:
        if gateway := online.gateway_of(city):
            sweeping.look_again(city=city, gateway=gateway, now=now)

    _each("look_again", act)


def take_payouts(*, now: datetime) -> None:
    """Take in what the provider paid out."""

    def act(city: City) -> None:
        if gateway := online.gateway_of(city):
            reports, provider = payouts(city=city, gateway=gateway, days=PAYOUT_DAYS, now=now)
            by = system(city.pk)
            reconciling.take_in(city=city, provider=provider, reports=reports, by=by, now=now)

    _each("take_payouts", act)


def payouts(
    *, city: City, gateway: Gateway, days: int, now: datetime
) -> tuple[Iterator[PayoutReport], str]:
    """What a provider paid out in the last days, and its name."""
    return gateway.payouts(posting.local_day(city, now) - timedelta(days=days)), gateway.key


def add_penalties(*, now: datetime) -> None:
    """Add the penalties that have become due."""
    _each("add_penalties", lambda city: penalties.add_due(city=city, now=now))


def keep_plans(*, now: datetime) -> None:
    """Write about payments of plans, and end those that are broken."""
    _each("keep_plans", lambda city: keeping_plans.keep(city=city, now=now))


def remind(*, now: datetime) -> None:
    """Write about bills that come due, and that are overdue."""
    _each("remind", lambda city: reminding.remind(city=city, now=now))


def prove(*, now: datetime) -> None:
    """Prove every journal; forget calls of the API whose keys nobody will send again."""
    _each("prove", lambda city: proof.prove(city=city, now=now))
    api_keys.forget_old(now=now)
