"""What Stripe is asked to make, as parameters. Equal requests give equal ones: idempotency keys stand for them."""

from typing import Any, Final

from onehall.billing.gateways.protocol import (
    ChargeRequest,
    CheckoutRequest,
    GatewayRefused,
    PageRequest,
)
from onehall.billing.gateways.stripe.reading import BY_MANDATE
from onehall.billing.gateways.stripe.units import to_stripe

LONGEST_NAME: Final = 250
METHODS: Final = {"card": "card", "ach": "us_bank_account"}
LOCALES: Final = frozenset(
    [
        "bg",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fi",
        "fil",
        "fr",
        "hr",
        "hu",
        "id",
        "it",
        "ja",
        "ko",
        "lt",
        "lv",
        "ms",
        "mt",
        "nb",
        "nl",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sl",
        "sv",
        "th",
        "tr",
        "vi",
        "zh",
    ]
)


def checkout(wanted: CheckoutRequest) -> dict[str, Any]:
    """A Checkout Session to be made. Equal requests give equal parameters: the key stands for them."""
    if sum(line.amount for line in wanted.lines) != wanted.amount or not wanted.lines:
        raise GatewayRefused("The lines do not add up to the amount.")
    return {
        **_page(wanted),
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": wanted.currency.lower(),
                    "unit_amount": to_stripe(line.amount, wanted.currency),
                    "product_data": {"name": line.words[:LONGEST_NAME] or wanted.reference},
                },
            }
            for line in wanted.lines
        ],
        "payment_intent_data": {"metadata": {"reference": wanted.reference}},
        "submit_type": "pay",
        # What is owed is owed in the city's currency.
        "adaptive_pricing": {"enabled": False},
    }


def to_save(wanted: PageRequest) -> dict[str, Any]:
    """A Checkout Session that charges nothing and saves a card or account with a Customer of its own."""
    return {
        **_page(wanted),
        "mode": "setup",
        "customer_creation": "always",
        "setup_intent_data": {"metadata": {"reference": wanted.reference}},
    }


def _page(wanted: PageRequest) -> dict[str, Any]:
    params: dict[str, Any] = {
        # A filter: what the account has not switched on is not offered either.
        "allowed_payment_method_types": [METHODS[method] for method in wanted.methods],
        "client_reference_id": wanted.reference,
        "metadata": {"reference": wanted.reference},
        "success_url": wanted.return_url,
        "cancel_url": wanted.cancel_url,
        "expires_at": int(wanted.expires_at.timestamp()),
        "locale": wanted.language if wanted.language in LOCALES else "auto",
    }
    if wanted.email:
        params["customer_email"] = wanted.email
    return params


def charge(wanted: ChargeRequest) -> dict[str, Any]:
    """A PaymentIntent of something saved, confirmed at once and without the payer."""
    return {
        "amount": to_stripe(wanted.amount, wanted.currency),
        "currency": wanted.currency.lower(),
        "customer": wanted.customer,
        "payment_method": wanted.token,
        "description": wanted.words[:LONGEST_NAME],
        "metadata": {"reference": wanted.reference, BY_MANDATE: "yes"},
        "off_session": True,
        "confirm": True,
    }
