"""Objects in Stripe's shapes, as far as a gateway reads them. References stay names until they are expanded."""

from typing import Any, Final

from onehall.billing.gateways.demo.provider.engine import Engine
from onehall.billing.gateways.demo.provider.records import (
    Dispute,
    Movement,
    Payment,
    Payout,
    Refund,
    Saved,
    Session,
    Told,
)
from onehall.billing.gateways.demo.provider.sources import FAILURES, source_of

type Shape = dict[str, Any]

API_VERSION: Final = "2026-10-28.endive"
METHODS: Final = {"card": "card", "ach": "us_bank_account"}
TYPES: Final = {
    "checkout.paid": "checkout.session.completed",
    "checkout.processing": "checkout.session.completed",
    "checkout.settled": "checkout.session.async_payment_succeeded",
    "checkout.bounced": "checkout.session.async_payment_failed",
    "checkout.expired": "checkout.session.expired",
    "checkout.declined": "payment_intent.payment_failed",
    "charge.failed": "payment_intent.payment_failed",
    "charge.bounced": "payment_intent.payment_failed",
    "charge.processing": "payment_intent.processing",
    "setup.ready": "checkout.session.completed",
    "payment.paid": "payment_intent.succeeded",
    "payment.refunded": "charge.refunded",
    "payment.disputed": "charge.dispute.created",
    "refund.updated": "refund.updated",
    "payout.paid": "payout.paid",
}
"""Stripe's words for what happened."""
_STATUS: Final = {"open": "open", "expired": "expired"}
_INTENT: Final = {"processing": "processing", "paid": "succeeded"}
_CHARGE: Final = {"processing": "pending", "paid": "succeeded"}
_CATEGORY: Final = {"payment": "charge"}


def session(of: Session, url: str, saved: Saved | None = None) -> Shape:
    """A Checkout Session."""
    setup = of.mode == "setup"
    return {
        "id": of.ref,
        "object": "checkout.session",
        "amount_subtotal": of.amount,
        "amount_total": of.amount,
        "cancel_url": of.cancel_url,
        "client_reference_id": of.reference,
        "created": of.created,
        "currency": of.currency.lower(),
        "customer": saved.customer_ref if saved else None,
        "customer_details": {"email": of.email or None} if of.status != "open" else None,
        "customer_email": of.email or None,
        "expires_at": of.expires_at,
        "livemode": False,
        "locale": of.language,
        "metadata": of.metadata,
        "mode": "setup" if setup else "payment",
        "payment_intent": of.payment_ref or None,
        "payment_method_types": [METHODS[one] for one in of.methods],
        "payment_status": "no_payment_required"
        if setup
        else "paid"
        if of.status == "paid"
        else "unpaid",
        "setup_intent": saved.setup_ref if saved else None,
        "status": _STATUS.get(of.status, "complete"),
        "success_url": of.return_url,
        "ui_mode": "hosted_page",
        "url": url if of.status == "open" else None,
    }


def setup_intent(of: Saved) -> Shape:
    """A SetupIntent that succeeded."""
    return {
        "id": of.setup_ref,
        "object": "setup_intent",
        "created": of.created,
        "customer": of.customer_ref,
        "livemode": False,
        "metadata": of.metadata,
        "payment_method": of.ref,
        "status": "succeeded",
        "usage": "off_session",
    }


def payment_method(of: Saved) -> Shape:
    """A PaymentMethod."""
    source = source_of(of.source, list(METHODS))
    shape: Shape = {
        "id": of.ref,
        "object": "payment_method",
        "created": of.created,
        "customer": of.customer_ref,
        "livemode": False,
        "metadata": {},
    }
    if source is not None and source.method == "card":
        card = {"brand": source.brand, "last4": source.last4}
        expires = {"exp_month": of.exp_month, "exp_year": of.exp_year}
        return {**shape, "type": "card", "card": {**card, **expires}}
    account = {"bank_name": source.brand, "last4": source.last4} if source else {}
    return {**shape, "type": "us_bank_account", "us_bank_account": account}


def customer(of: Saved) -> Shape:
    """A Customer."""
    return {
        "id": of.customer_ref,
        "object": "customer",
        "created": of.created,
        "email": of.email or None,
        "livemode": False,
        "metadata": {},
    }


def intent(engine: Engine, of: Payment) -> Shape:
    """A PaymentIntent."""
    failed = of.status == "failed"
    error = {"type": "card_error", "code": of.failure, "message": FAILURES.get(of.failure, "")}
    paid_on = engine.book.get(Session, of.session_ref)
    return {
        "id": of.ref,
        "object": "payment_intent",
        "amount": of.amount,
        "amount_received": of.amount if of.status == "paid" else 0,
        "created": of.created,
        "currency": of.currency.lower(),
        "last_payment_error": error if failed else None,
        "latest_charge": of.charge_ref,
        "livemode": False,
        "metadata": paid_on.payment_metadata if paid_on else {},
        "status": _INTENT.get(of.status, "requires_payment_method"),
    }


def charge(engine: Engine, of: Payment) -> Shape:
    """A Charge."""
    if of.method == "card":
        details: Shape = {"type": "card", "card": {"brand": of.brand, "last4": of.last4}}
    else:
        account = {"bank_name": of.brand, "last4": of.last4}
        details = {"type": "us_bank_account", "us_bank_account": account}
    refunded = engine.refunded_of(of)
    return {
        "id": of.charge_ref,
        "object": "charge",
        "amount": of.amount,
        "amount_captured": of.amount if of.status == "paid" else 0,
        "amount_refunded": refunded,
        "captured": of.status == "paid",
        "created": of.paid_at or of.created,
        "currency": of.currency.lower(),
        "disputed": engine.disputed_of(of) > 0,
        "failure_code": of.failure or None,
        "failure_message": FAILURES.get(of.failure),
        "livemode": False,
        "metadata": {},
        "paid": of.status == "paid",
        "payment_intent": of.ref,
        "payment_method_details": details,
        "refunded": of.status == "paid" and refunded >= of.amount,
        "status": _CHARGE.get(of.status, "failed"),
    }


def refund(engine: Engine, of: Refund) -> Shape:
    """A Refund."""
    payment = engine.book.get(Payment, of.payment_ref)
    return {
        "id": of.ref,
        "object": "refund",
        "amount": of.amount,
        "charge": payment.charge_ref if payment else None,
        "created": of.created,
        "currency": of.currency.lower(),
        "failure_reason": "lost_or_stolen_card" if of.failure else None,
        "metadata": of.metadata,
        "payment_intent": of.payment_ref,
        "status": of.status,
    }


def dispute(engine: Engine, of: Dispute) -> Shape:
    """A Dispute."""
    payment = engine.book.get(Payment, of.payment_ref)
    return {
        "id": of.ref,
        "object": "dispute",
        "amount": of.amount,
        "charge": payment.charge_ref if payment else None,
        "created": of.created,
        "currency": of.currency.lower(),
        "metadata": {},
        "payment_intent": of.payment_ref,
        "reason": "fraudulent",
        "status": "needs_response",
    }


def payout(of: Payout, arrival: int) -> Shape:
    """A Payout, made by itself."""
    return {
        "id": of.ref,
        "object": "payout",
        "amount": of.net,
        "arrival_date": arrival,
        "automatic": True,
        "created": of.created,
        "currency": of.currency.lower(),
        "livemode": False,
        "metadata": {},
        "reconciliation_status": "completed",
        "status": "paid",
        "type": "bank_account",
    }


def movement(of: Movement) -> Shape:
    """A BalanceTransaction."""
    category = _CATEGORY.get(of.kind, of.kind)
    if of.kind == "refund" and of.gross > 0:
        category = "refund_failure"
    return {
        "id": of.ref,
        "object": "balance_transaction",
        "amount": of.gross,
        "created": of.created,
        "currency": of.currency.lower(),
        "fee": of.fee,
        "net": of.net,
        "reporting_category": category,
        "source": of.source_ref,
        "status": "available",
        "type": "adjustment" if of.kind == "dispute" else category,
    }


def payout_itself(of: Payout) -> Shape:
    """The movement that a payout is: Stripe lists it among the payout's own."""
    return {
        "id": of.ref.replace("po_", "txn_", 1),
        "object": "balance_transaction",
        "amount": -of.net,
        "created": of.created,
        "currency": of.currency.lower(),
        "fee": 0,
        "net": -of.net,
        "reporting_category": "payout",
        "source": of.ref,
        "status": "available",
        "type": "payout",
    }


def event(of: Told, about: Shape) -> Shape:
    """An Event around the object it is about."""
    return {
        "id": of.ref,
        "object": "event",
        "api_version": API_VERSION,
        "created": of.created,
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": TYPES[of.topic],
    }
