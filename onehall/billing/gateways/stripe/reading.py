"""What Stripe's objects say, in the words of the protocol. The objects are plain dictionaries here."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from onehall.billing.gateways.protocol import (
    CheckoutStatus,
    MandateSnapshot,
    Method,
    PayoutItem,
    PayoutItemKind,
    PayoutReport,
    RefundSnapshot,
    RefundStatus,
    Snapshot,
)
from onehall.billing.gateways.stripe.units import from_stripe

type Shape = dict[str, Any]

NOT_TAKEN: Final = frozenset(
    {"won", "prevented", "warning_needs_response", "warning_under_review", "warning_closed"}
)
"""Disputes in these states hold no money: they were won, or only asked about."""
BY_MANDATE: Final = "mandate"
"""What the metadata of a charge without a page are marked with."""
_REFUNDS: Final[dict[str, RefundStatus]] = {
    "succeeded": "succeeded", "failed": "failed", "canceled": "failed",
}  # fmt: skip
_KINDS: Final[dict[str, PayoutItemKind]] = {
    "charge": "payment",
    "charge_failure": "payment",
    "refund": "refund",
    "refund_failure": "refund",
    "partial_capture_reversal": "refund",
    "dispute": "dispute",
    "dispute_reversal": "dispute",
    "fee": "fee",
    "network_cost": "fee",
    "tax": "fee",
}
"""Stripe's reporting categories; any other is "other"."""


def ref_of(value: object) -> str:
    """The name of an object that may be expanded, or missing."""
    if isinstance(value, dict):
        return str(value.get("id") or "")
    return value if isinstance(value, str) else ""


def below(shape: Shape, *names: str) -> Shape:
    """An expanded object inside another; empty where there is none."""
    for name in names:
        inner = shape.get(name)
        shape = inner if isinstance(inner, dict) else {}
    return shape


def at(seconds: object) -> datetime | None:
    """A moment of Stripe's."""
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None


def currency_of(shape: Shape) -> str:
    """A currency as we write it."""
    return str(shape.get("currency") or "").upper()


def is_disputed(session: Shape) -> bool:
    """Whether somebody has to look for disputes."""
    return bool(below(session, "payment_intent", "latest_charge").get("disputed"))


def snapshot(session: Shape, disputes: Iterable[Shape]) -> Snapshot:
    """A Checkout Session with its expanded `payment_intent.latest_charge`, and the disputes about it."""
    intent = below(session, "payment_intent")
    charge = below(intent, "latest_charge")
    currency, status = currency_of(session), _status(session, intent)
    method, brand, last4 = _paid_with(below(charge, "payment_method_details"))
    paid = status == "paid"
    taken = sum(each["amount"] for each in disputes if each["status"] not in NOT_TAKEN)
    return Snapshot(
        ref=str(session["id"]),
        reference=str(session.get("client_reference_id") or ""),
        status=status,
        amount=from_stripe(intent["amount_received"], currency) if paid and intent else 0,
        currency=currency,
        payment_ref=ref_of(session.get("payment_intent")),
        method=method,
        brand=brand,
        last4=last4,
        email=str(
            below(session, "customer_details").get("email") or session.get("customer_email") or ""
        ),
        paid_at=at(charge.get("created")) if paid else None,
        refunded=from_stripe(charge.get("amount_refunded") or 0, currency),
        disputed=from_stripe(taken, currency),
        failure="" if paid else str(below(intent, "last_payment_error").get("message") or ""),
    )


def is_by_mandate(intent: Shape) -> bool:
    """Whether a PaymentIntent is a charge of something saved, and has no page."""
    return bool(below(intent, "metadata").get(BY_MANDATE))


def as_session(intent: Shape) -> Shape:
    """A charge of something saved, as the Checkout Session that it would have had."""
    if intent["status"] == "requires_action":
        # Nobody is there to prove who they are: it is as good as declined.
        intent = {**intent, "status": "requires_payment_method"}
    return {
        "id": intent["id"],
        "client_reference_id": below(intent, "metadata").get("reference"),
        "currency": intent["currency"],
        "payment_intent": intent,
        "payment_status": "paid" if intent["status"] == "succeeded" else "unpaid",
        "status": "complete",
    }


def mandate(session: Shape) -> MandateSnapshot:
    """A Checkout Session that saves, with its expanded `setup_intent.payment_method`."""
    intent = below(session, "setup_intent")
    saved = below(intent, "payment_method")
    status = str(session.get("status"))
    ready = status == "complete" and intent.get("status") == "succeeded" and bool(saved)
    method, brand, last4 = _paid_with(saved)
    card = below(saved, "card")
    return MandateSnapshot(
        ref=str(session["id"]),
        reference=str(session.get("client_reference_id") or ""),
        status="ready" if ready else "expired" if status == "expired" else "open",
        customer=ref_of(session.get("customer")) if ready else "",
        token=ref_of(saved) if ready else "",
        method=method,
        brand=brand,
        last4=last4,
        exp_month=int(card.get("exp_month") or 0),
        exp_year=int(card.get("exp_year") or 0),
        failure=str(below(intent, "last_setup_error").get("message") or ""),
    )


def _status(session: Shape, intent: Shape) -> CheckoutStatus:
    match session.get("status"), session.get("payment_status"):
        case "open", _:
            return "open"
        case "expired", _:
            return "expired"
        case _, "paid" | "no_payment_required":
            return "paid"
    return (
        "failed"
        if intent.get("status") in {"requires_payment_method", "canceled"}
        else "processing"
    )


def _paid_with(details: Shape) -> tuple[Method, str, str]:
    kind = str(details.get("type") or "card")
    used = below(details, kind)
    if kind == "us_bank_account":
        return "ach", str(used.get("bank_name") or ""), str(used.get("last4") or "")
    return (
        "card",
        str(used.get("brand") or ("" if kind == "card" else kind)),
        str(used.get("last4") or ""),
    )


def left_of(intent: Shape, disputes: Iterable[Shape]) -> int:
    """What of a payment can still be refunded, in our units."""
    charge = below(intent, "latest_charge")
    taken = sum(each["amount"] for each in disputes if each["status"] not in NOT_TAKEN)
    left = (charge.get("amount_captured") or 0) - (charge.get("amount_refunded") or 0) - taken
    return from_stripe(left, currency_of(intent))


def refund(shape: Shape) -> RefundSnapshot:
    """A Refund."""
    currency = currency_of(shape)
    return RefundSnapshot(
        ref=str(shape["id"]),
        reference=str(below(shape, "metadata").get("reference") or ""),
        payment_ref=ref_of(shape.get("payment_intent")),
        status=_REFUNDS.get(str(shape.get("status")), "pending"),
        amount=from_stripe(shape["amount"], currency),
        currency=currency,
        failure=str(shape.get("failure_reason") or ""),
    )


def payout(shape: Shape, movements: Iterable[Shape]) -> PayoutReport:
    """A Payout with its BalanceTransactions, newest first. What they leave open is an item, so that all adds up."""
    currency = currency_of(shape)
    net = from_stripe(shape["amount"], currency)
    items = [_item(each) for each in movements if each.get("type") != "payout"][::-1]
    rest = net - sum(item.net for item in items)
    if rest:
        ref = str(shape["id"])
        items.append(PayoutItem(kind="other", ref=ref, payment_ref="", gross=rest, fee=0, net=rest))
    arrives = datetime.fromtimestamp(shape["arrival_date"], UTC).date()
    return PayoutReport(
        ref=str(shape["id"]), currency=currency, arrives_on=arrives, net=net, items=tuple(items)
    )


def _item(shape: Shape) -> PayoutItem:
    currency, source = currency_of(shape), shape.get("source")
    about = source if isinstance(source, dict) else {}
    return PayoutItem(
        kind=_KINDS.get(str(shape.get("reporting_category")), "other"),
        ref=ref_of(source) or str(shape["id"]),
        payment_ref=ref_of(about.get("payment_intent")),
        gross=from_stripe(shape["amount"], currency),
        fee=from_stripe(shape["fee"], currency),
        net=from_stripe(shape["net"], currency),
    )
