"""Stripe's library knows every parameter that is sent, and every field of the shapes that the demo provider answers with.

The library is made from Stripe's own description of its interface, so this stands for a look at the real one.
"""

import json
import re
import sys
import types
import typing
from typing import Any, get_args, get_origin
from urllib.parse import parse_qsl, urlsplit

import pytest
import stripe
from stripe import params as known

from onehall.billing.gateways.demo.provider import forms
from tests.billing.gateways.conftest import START, Shop, gateway_to

pytestmark = pytest.mark.real_clock

REQUESTS: dict[tuple[str, str], Any] = {
    ("post", "checkout/sessions"): known.checkout.SessionCreateParams,
    ("get", "checkout/sessions"): known.checkout.SessionListParams,
    ("get", "checkout/sessions/_"): known.checkout.SessionRetrieveParams,
    ("post", "checkout/sessions/_/expire"): known.checkout.SessionExpireParams,
    ("post", "payment_intents"): known.PaymentIntentCreateParams,
    ("get", "payment_intents"): known.PaymentIntentListParams,
    ("get", "payment_intents/_"): known.PaymentIntentRetrieveParams,
    ("post", "refunds"): known.RefundCreateParams,
    ("get", "refunds"): known.RefundListParams,
    ("get", "refunds/_"): known.RefundRetrieveParams,
    ("get", "disputes"): known.DisputeListParams,
    ("get", "payouts"): known.PayoutListParams,
    ("get", "balance_transactions"): known.BalanceTransactionListParams,
    ("get", "events"): known.EventListParams,
}
OBJECTS: dict[str, Any] = {
    "checkout.session": stripe.checkout.Session,
    "payment_intent": stripe.PaymentIntent,
    "setup_intent": stripe.SetupIntent,
    "payment_method": stripe.PaymentMethod,
    "customer": stripe.Customer,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "payout": stripe.Payout,
    "balance_transaction": stripe.BalanceTransaction,
    "event": stripe.Event,
}


def hints(of: Any) -> dict[str, Any]:
    """The fields of a type, with names for later types resolved in its own module."""
    module = sys.modules[of.__module__]
    later = {"StripeContext": Any}
    return typing.get_type_hints(of, vars(typing) | vars(stripe) | vars(module) | later)


def dicts_in(hint: Any) -> list[Any]:
    """The dictionaries with known keys that a hint allows, directly or in a list."""
    # Those of `typing_extensions` are none to `typing.is_typeddict`.
    if hasattr(hint, "__required_keys__"):
        return [hint]
    if get_origin(hint) in {list, typing.Union, types.UnionType}:
        return [found for part in get_args(hint) for found in dicts_in(part)]
    return []


def unknown(tree: Any, of: Any, path: str = "") -> list[str]:
    """What a request names and the library does not know."""
    found = []
    fields = hints(of)
    for name, value in tree.items():
        if name not in fields:
            found.append(path + name)
            continue
        inner = dicts_in(fields[name])
        if isinstance(value, dict) and inner:
            listed = all(key.isdigit() for key in value)
            for each in value.values() if listed else [value]:
                found += unknown(each, inner[0], f"{path}{name}.")
    return found


def invented(shape: Any) -> list[str]:
    """What an answer has, at any depth, and the library's objects have not."""
    if isinstance(shape, list):
        return [found for each in shape for found in invented(each)]
    if not isinstance(shape, dict):
        return []
    found = [name for each in shape.values() for name in invented(each)]
    kind = OBJECTS.get(str(shape.get("object")))
    if kind is not None:
        found += [f"{shape['object']}.{name}" for name in shape if name not in kind.__annotations__]
    return found


def test_nothing_is_sent_that_stripe_does_not_know_and_nothing_answered_that_it_has_not(
    provider: Any, door: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: dict[tuple[str, str], Any] = {}
    wrong: list[str] = []
    plain = stripe.RequestsClient.request

    def request(self: Any, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
        parts = urlsplit(url)
        path = re.sub(r"/[a-z]+_test_\w+", "/_", parts.path.removeprefix("/v1/"))
        tree = forms.nested(post_data if method == "post" else parts.query)
        sent[method, path] = tree
        wrong.extend(f"{method} {path}: {name}" for name in unknown(tree, REQUESTS[method, path]))
        answer = plain(self, method, url, headers, post_data)
        wrong.extend(invented(json.loads(answer[0])))
        return answer

    monkeypatch.setattr(stripe.RequestsClient, "request", request)
    shop = Shop(provider, gateway_to(provider, "stripe"), door, clock)
    card, bank = shop.paid(), shop.paid(by="ach")
    shop.gateway.expire(shop.made().ref)
    charged = shop.saves.charge_mandate(shop.charge_of(shop.saved()))
    shop.saves.charge_mandate(shop.charge_of(shop.saved("empty")))
    back = shop.gateway.refund(shop.refund_of(card, 100))
    shop.gateway.fetch_refund(back.ref)
    with provider.engine.lock:
        provider.engine.charge_back(provider.engine.payment(bank.payment_ref))
        provider.engine.pay_out()
    shop.gateway.fetch(bank.ref)
    assert list(shop.gateway.payouts(START.date()))
    clock.goes_on(hours=1)
    shop.gateway.refund(shop.refund_of(shop.gateway.fetch(card.ref), 100))
    shop.gateway.refund(shop.refund_of(charged, 100))
    assert [each.ref for each in shop.gateway.list_recent(clock())] == [card.ref, charged.ref]
    assert set(sent) == set(REQUESTS)
    assert wrong == []


def test_the_search_finds_what_is_unknown() -> None:
    create = known.checkout.SessionCreateParams
    tree = forms.nested(
        "payment_method_types[0]=card&line_items[0][price_data][cost]=1&mode=payment"
    )
    assert unknown(tree, create) == ["payment_method_types", "line_items.price_data.cost"]
    assert unknown(dict(parse_qsl("mode=payment&locale=es")), create) == []
    assert invented([{"object": "refund", "id": "re_1", "speed": 1}]) == ["refund.speed"]
