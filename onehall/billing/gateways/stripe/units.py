"""Amounts as Stripe counts them, which is not everywhere the currency's smallest unit (docs.stripe.com/currencies)."""

from typing import Final

from onehall.billing.gateways.protocol import GatewayRefused
from onehall.kernel import money

_NONE: Final = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE: Final = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
"""Every other currency has two digits at Stripe; ISK and UGX too, though nobody pays parts of them."""


def to_stripe(amount: int, currency: str) -> int:
    """Our amount in Stripe's units; `GatewayRefused` for one that Stripe cannot take."""
    given = _shifted(amount, _places(currency) - money.places(currency))
    if given is None or (currency in _THREE and given % 10):
        raise GatewayRefused(f"Stripe takes no amount in {currency} as small as that.")
    return given


def from_stripe(amount: int, currency: str) -> int:
    """Stripe's amount in our units; `GatewayRefused` for parts that the currency does not have."""
    read = _shifted(amount, money.places(currency) - _places(currency))
    if read is None:
        raise GatewayRefused(f"Stripe names an amount that {currency} does not have.")
    return read


def _places(currency: str) -> int:
    return 0 if currency in _NONE else 3 if currency in _THREE else 2


def _shifted(amount: int, places: int) -> int | None:
    """The amount with so many more digits; None when digits would be lost."""
    if places >= 0:
        return int(amount * 10**places)
    whole, rest = divmod(amount, 10**-places)
    return None if rest else int(whole)
