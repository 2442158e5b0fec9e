"""The demo provider's own interface, below /api/: JSON, a bearer key, idempotency keys."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from onehall.billing.gateways.demo.provider import keys
from onehall.billing.gateways.demo.provider.engine import Engine, Refused, named
from onehall.billing.gateways.demo.provider.records import (
    Payment,
    Payout,
    Record,
    Refund,
    Saved,
    Session,
    Told,
)
from onehall.billing.gateways.demo.provider.sources import source_of
from onehall.billing.gateways.demo.provider.web import Answer, Request, as_json

PAGE: Final = 100
METHODS: Final = ("card", "ach")
HOUR: Final = 3600


class JsonFace:
    """Answers programs that speak the provider's own language. `address` tells where the page of a session is."""

    key = "demo"

    def __init__(self, engine: Engine, address: Callable[[Session], str]) -> None:
        self._engine, self._address = engine, address

    def operation(self, request: Request) -> str:
        """What a request does, as the knobs name it."""
        parts = request.path.split("/")[2:]
        if parts[0] == "refunds" and request.method == "POST":
            return "refund"
        if parts[0] in {"payouts", "charges"}:
            return "payouts" if parts[0] == "payouts" else "charge"
        if request.method == "POST":
            return "expire" if parts[-1] == "expire" else "create"
        return "fetch" if len(parts) > 1 else "list"

    def answer(self, request: Request) -> Answer:
        """Do what is asked."""
        parts = request.path.split("/")[2:]
        if request.method == "POST" and (found := self._write(request, parts)) is not None:
            return found
        if request.method == "GET" and (found := self._read(request, parts)) is not None:
            return found
        raise Refused("no_such_address", "There is nothing at this address.", status=404)

    def _write(self, request: Request, parts: list[str]) -> Answer | None:
        match parts:
            case ["checkouts"]:
                return self._once(request, lambda: self._open(_body(request)))
            case ["checkouts", ref, "expire"]:
                return as_json(self.checkout(self._engine.expire(self._engine.session(ref))))
            case ["setups"]:
                return self._once(request, lambda: self._setup(_body(request)))
            case ["charges"]:
                return self._once(request, lambda: self._charge(_body(request)))
            case ["refunds"]:
                return self._once(request, lambda: self._refund(_body(request), request.query))
        return None

    def _read(self, request: Request, parts: list[str]) -> Answer | None:
        match parts:
            case ["checkouts"]:
                return self._list(request)
            case ["checkouts", ref]:
                return as_json(self.checkout(self._page(ref)))
            case ["setups", ref]:
                return as_json(self.setup(self._page(ref, setup=True)))
            case ["refunds", ref]:
                return as_json(self.refund(self._engine.refund_of(ref)))
            case ["payouts"]:
                return self._payouts(request)
        return None

    def refusal(self, no: Refused) -> Answer:
        """A no, for programs."""
        return as_json({"code": no.code, "words": no.words}, no.status)

    def event(self, told: Told) -> dict[str, Any] | None:
        """A webhook's content."""
        session = self._engine.book.get(Session, told.session_ref)
        return {
            "id": told.ref,
            "kind": told.topic,
            "checkout_ref": told.session_ref,
            "reference": session.reference if session else "",
            "payment_ref": told.payment_ref,
            "created": told.created,
        }

    def _once(self, request: Request, do: Callable[[], object]) -> Answer:
        return keys.once(self._engine, "demo", request, do, conflict=409)

    def _page(self, ref: str, *, setup: bool = False) -> Session:
        """A page of the wanted kind."""
        found = self._engine.session(ref)
        if (found.mode == "setup") != setup:
            raise Refused("resource_missing", f"No such page: {ref[:80]}", status=404)
        return found

    def _setup(self, wanted: dict[str, Any]) -> object:
        session = Session(
            ref=named("su"), face="demo", reference=_text(wanted, "reference"), amount=0,
            currency=_text(wanted, "currency"), lines=[], methods=_methods(wanted),
            return_url=_text(wanted, "return_url"), cancel_url=_text(wanted, "cancel_url"),
            expires_at=_whole(wanted, "expires_at"), email=_text(wanted, "email"),
            language=_text(wanted, "language"), mode="setup",
        )  # fmt: skip
        return self.setup(self._engine.open(session))

    def _charge(self, wanted: dict[str, Any]) -> object:
        amount, words = _whole(wanted, "amount"), _text(wanted, "words")
        session = Session(
            ref=named("co"), face="demo", reference=_text(wanted, "reference"), amount=amount,
            currency=_text(wanted, "currency"), lines=[(words, amount)], methods=list(METHODS),
            return_url="", cancel_url="", expires_at=self._engine.now() + HOUR, mode="charge",
        )  # fmt: skip
        customer, token = _text(wanted, "customer"), _text(wanted, "token")
        return self.checkout(self._engine.charge(session, customer=customer, token=token))

    def _open(self, wanted: dict[str, Any]) -> object:
        methods = _methods(wanted)
        lines = [(_text(line, "words"), _whole(line, "amount")) for line in _list(wanted, "lines")]
        amount = _whole(wanted, "amount")
        if sum(each for _, each in lines) != amount:
            raise Refused("bad_lines", "The lines do not add up to the amount.", status=422)
        session = Session(
            ref=named("co"), face="demo", reference=_text(wanted, "reference"), amount=amount,
            currency=_text(wanted, "currency"), lines=lines, methods=methods,
            return_url=_text(wanted, "return_url"), cancel_url=_text(wanted, "cancel_url"),
            expires_at=_whole(wanted, "expires_at"), email=_text(wanted, "email"),
            language=_text(wanted, "language"),
        )  # fmt: skip
        return self.checkout(self._engine.open(session))

    def _refund(self, wanted: dict[str, Any], query: dict[str, str]) -> object:
        ref, left = _text(wanted, "payment_ref"), query.get("refundable", "")
        known = self._engine.left_of(self._engine.payment(ref))
        if str(known) != left:
            words = f"Of this payment {known} is left to refund, not {left[:20]}."
            raise Refused("refundable_differs", words, status=409)
        back = Refund(
            ref=named("re"), payment_ref=ref, reference=_text(wanted, "reference"),
            amount=_whole(wanted, "amount"), currency=_text(wanted, "currency"), status="",
        )  # fmt: skip
        return self.refund(self._engine.refund(back))

    def _list(self, request: Request) -> Answer:
        since = request.query.get("since", "0")
        if not since.isdigit():
            raise Refused("bad_since", "since is a time in seconds since 1970.", status=422)
        self._engine.tick()
        sessions = self._engine.book.all(Session)
        mine = (s for s in sessions if s.face == "demo" and s.mode != "setup")
        found = [s for s in mine if s.changed >= int(since)]
        return as_json(_page(found, request, self.checkout))

    def _payouts(self, request: Request) -> Answer:
        try:
            since = date.fromisoformat(request.query.get("since", "1970-01-01")).isoformat()
        except ValueError:
            raise Refused("bad_since", "since is a date like 2026-03-04.", status=422) from None
        found = [p for p in self._engine.book.all(Payout) if p.arrives_on >= since]
        return as_json(_page(found, request, self.payout))

    # Shapes

    def setup(self, session: Session) -> dict[str, object]:
        """A page to save a card on, and what was saved."""
        saved = self._engine.book.get(Saved, session.saved_ref)
        source = source_of(saved.source, list(METHODS)) if saved else None
        return {
            "ref": session.ref,
            "url": self._address(session),
            "reference": session.reference,
            "status": session.status,
            "customer": saved.customer_ref if saved else "",
            "token": saved.ref if saved else "",
            "method": source.method if source else "card",
            "brand": source.brand if source else "",
            "last4": source.last4 if source else "",
            "exp_month": saved.exp_month if saved else 0,
            "exp_year": saved.exp_year if saved else 0,
            "failure": session.failure,
        }

    def checkout(self, session: Session) -> dict[str, object]:
        """A page to pay on, and what became of it. `amount` is what was paid, `asked` what was asked for."""
        payment = self._engine.book.get(Payment, session.payment_ref)
        paid = payment if payment is not None and payment.status == "paid" else None
        return {
            "ref": session.ref,
            "url": self._address(session),
            "reference": session.reference,
            "status": session.status,
            "asked": session.amount,
            "amount": paid.amount if paid else 0,
            "currency": session.currency,
            "payment_ref": session.payment_ref,
            "method": payment.method if payment else "card",
            "brand": payment.brand if payment else "",
            "last4": payment.last4 if payment else "",
            "email": session.email,
            "paid_at": paid.paid_at if paid else None,
            "refunded": self._engine.refunded_of(paid) if paid else 0,
            "disputed": self._engine.disputed_of(paid) if paid else 0,
            "failure": session.failure,
        }

    def refund(self, back: Refund) -> dict[str, object]:
        """A refund."""
        return {
            "ref": back.ref,
            "reference": back.reference,
            "payment_ref": back.payment_ref,
            "status": back.status,
            "amount": back.amount,
            "currency": back.currency,
            "failure": back.failure,
        }

    def payout(self, payout: Payout) -> dict[str, object]:
        """A payout with its items; their net amounts add up to its own."""
        items = [
            {
                "kind": item.kind,
                "ref": item.source_ref,
                "payment_ref": item.payment_ref,
                "gross": item.gross,
                "fee": item.fee,
                "net": item.net,
            }
            for item in self._engine.items_of(payout)
        ]
        return {
            "ref": payout.ref,
            "currency": payout.currency,
            "arrives_on": payout.arrives_on,
            "net": payout.net,
            "items": items,
        }


def _page[R: Record](
    found: list[R], request: Request, shape: Callable[[R], dict[str, object]]
) -> dict[str, object]:
    """The next records after the one named, oldest first, and whether there are more."""
    after = request.query.get("after", "")
    at = next((n + 1 for n, row in enumerate(found) if row.ref == after), 0)
    return {
        "data": [shape(row) for row in found[at : at + PAGE]],
        "more": len(found) > at + PAGE,
    }


def _methods(wanted: dict[str, Any]) -> list[str]:
    methods = [str(one) for one in _list(wanted, "methods")]
    if not methods or not set(methods) <= set(METHODS):
        raise Refused("bad_methods", f"methods are some of {', '.join(METHODS)}.", status=422)
    return methods


def _body(request: Request) -> dict[str, Any]:
    try:
        read = json.loads(request.body)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Refused("bad_json", "The body is no JSON object.", status=422)
    return read


def _text(wanted: object, name: str) -> str:
    value = wanted.get(name) if isinstance(wanted, dict) else None
    if not isinstance(value, str) or len(value) > 2000:
        raise Refused("bad_field", f"{name} is a text.", status=422)
    return value


def _whole(wanted: object, name: str) -> int:
    value = wanted.get(name) if isinstance(wanted, dict) else None
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused("bad_field", f"{name} is a whole number.", status=422)
    return value


def _list(wanted: dict[str, Any], name: str) -> list[Any]:
    value = wanted.get(name)
    if not isinstance(value, list) or len(value) > 100:
        raise Refused("bad_field", f"{name} is a list of at most 100.", status=422)
    return value
