"""Which gateway a city pays by: its pack names the provider, the environment of this machine holds the keys.

A further provider is a package with an entry point in the group `onehall.gateways`: its name is what the pack says,
its value a function that takes the slug of the city and gives a `Gateway`, or raises `GatewayError` with words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Final

from django.conf import settings

from onehall.billing.gateways.demo.gateway import DemoGateway
from onehall.billing.gateways.protocol import Gateway, GatewayError
from onehall.billing.gateways.stripe.gateway import PAGES, StripeGateway

GROUP: Final = "onehall.gateways"
NONE: Final = "none"
_SLUG: Final = re.compile(r"[a-z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where the providers are, and the keys to them. Keys of several cities are written `slug=key`, by comma."""

    demo_address: str = ""
    demo_pages: str = ""
    demo_key: str = ""
    demo_secret: str = ""
    stripe_key: str = ""
    stripe_secret: str = ""
    stripe_address: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A gateway or None, and a sentence for whoever runs this. `good` is None for a remark that is no fault."""

    gateway: Gateway | None
    good: bool | None
    words: str


def access() -> Access:
    """What the environment of this machine gives."""
    return Access(**settings.PAYMENTS)


def known() -> frozenset[str]:
    """What a pack may name as its provider here."""
    return frozenset({NONE, *_OWN}) | {entry.name for entry in entry_points(group=GROUP)}


def choose(document: Mapping[str, Any], *, city: str, access: Access) -> Choice:
    """The gateway for the payments of a city: `document` says `provider`, `city` is the slug. Never raises."""
    return _chosen(str(document.get("provider") or NONE), city, access)


@cache
def _chosen(provider: str, city: str, access: Access) -> Choice:
    if provider == NONE:
        return Choice(None, None, "No payment provider: bills are paid at the counter or by mail.")
    try:
        if provider in _OWN:
            return _OWN[provider](city, access)
        for entry in entry_points(group=GROUP, name=provider):
            gateway: Gateway = entry.load()(city)
            return Choice(gateway, good=True, words=f"Payments go to {provider}.")
    except GatewayError as no:
        return Choice(None, good=False, words=str(no))
    words = (
        f'There is no payment provider "{provider}" here; known are {", ".join(sorted(known()))}.'
    )
    return Choice(None, good=False, words=words)


def _demo(city: str, access: Access) -> Choice:
    del city
    if not (access.demo_address and access.demo_key and access.demo_secret):
        words = (
            "The demo provider is chosen, but ONEHALL_PAY_DEMO_ADDRESS does not say where it is."
        )
        return Choice(None, good=False, words=words)
    gateway = DemoGateway(
        access.demo_address, access.demo_key, access.demo_secret, pages=access.demo_pages
    )
    return Choice(gateway, None, "Payments are a demonstration: no money moves.")


def _stripe(city: str, access: Access) -> Choice:
    key, secret = _of_city(access.stripe_key, city), _of_city(access.stripe_secret, city)
    missing = {"ONEHALL_STRIPE_KEY": key, "ONEHALL_STRIPE_SECRET": secret}
    for name, value in missing.items():
        if not value:
            words = f"Stripe is chosen, but {name} holds nothing for {city}."
            return Choice(None, good=False, words=words)
    gateway = StripeGateway(key, secret, address=access.stripe_address, pages=_pages(access))
    if not key.startswith(("sk_live_", "rk_live_")):
        return Choice(gateway, None, "Payments go to Stripe with a test key: no money moves.")
    return Choice(gateway, good=True, words="Payments go to Stripe.")


def _pages(access: Access) -> str:
    """Where Stripe's pages are; those of a server that stands for it are at its own address."""
    return access.stripe_address or PAGES


def _of_city(written: str, city: str) -> str:
    """A city's own key out of several, or the one that is for every city; "" where there is neither."""
    for_all = ""
    for part in filter(None, map(str.strip, written.split(","))):
        slug, sign, key = part.partition("=")
        if not sign or not _SLUG.fullmatch(slug):
            for_all = part
        elif slug == city:
            return key
    return for_all


_OWN: Final = {"demo": _demo, "stripe": _stripe}
