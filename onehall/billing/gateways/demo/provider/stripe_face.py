"""The demo provider in Stripe's clothes, below /v1/: what Stripe's own library asks of hosted checkouts and no more."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from onehall.billing.gateways.demo.provider import forms, keys
from onehall.billing.gateways.demo.provider import stripe_shapes as shapes
from onehall.billing.gateways.demo.provider.engine import Engine, Refused, named
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
from onehall.billing.gateways.demo.provider.stripe_shapes import Shape
from onehall.billing.gateways.demo.provider.web import Answer, Request, as_json

METHODS: Final = {value: key for key, value in shapes.METHODS.items()}
SESSION: Final = frozenset(
    [
        "adaptive_pricing",
        "allowed_payment_method_types",
        "cancel_url",
        "client_reference_id",
        "customer_creation",
        "customer_email",
        "expires_at",
        "line_items",
        "locale",
        "metadata",
        "mode",
        "payment_intent_data",
        "setup_intent_data",
        "submit_type",
        "success_url",
        "ui_mode",
    ]
)
CHARGE: Final = frozenset(
    [
        "amount",
        "confirm",
        "currency",
        "customer",
        "description",
        "metadata",
        "off_session",
        "payment_method",
    ]
)
REFUND: Final = frozenset({"amount", "metadata", "payment_intent", "reason"})
"""What may be said of a new session, charge of a saved card, and refund: Stripe refuses what it does not know."""
SHORTEST, LONGEST = 30 * 60, 24 * 3600
"""Seconds that a page of Stripe's may stay open; a minute is let go for the way."""


class StripeFace:
    """Answers Stripe's library. `address` tells where the page of a session is."""

    key = "stripe"

    def __init__(self, engine: Engine, address: Callable[[Session], str]) -> None:
        self._engine, self._address = engine, address

    def operation(self, request: Request) -> str:
        """What a request does, as the knobs name it."""
        parts = request.path.split("/")[2:]
        if request.method == "POST" and parts[0] == "payment_intents":
            return "charge"
        if request.method == "POST":
            return "refund" if parts[0] == "refunds" else "expire" if len(parts) > 3 else "create"
        if parts[0] in {"payouts", "balance_transactions"}:
            return "payouts"
        if parts == ["checkout", "sessions"] and "payment_intent" not in request.query:
            return "list"
        return "fetch"

    def answer(self, request: Request) -> Answer:
        """Do what is asked."""
        parts = request.path.split("/")[2:]
        if request.method == "POST":
            return self._write(request, parts)
        self._engine.tick()
        return as_json(self._expanded(self._read(request, parts), request.query))

    def _write(self, request: Request, parts: list[str]) -> Answer:
        tree = forms.nested(request.body.decode("utf-8", "replace"))
        match parts:
            case ["checkout", "sessions"]:
                return self._once(request, lambda: self._session(self._open(tree)))
            case ["checkout", "sessions", ref, "expire"]:
                return self._once(request, lambda: self._session(self._expire(ref)))
            case ["payment_intents"]:
                return self._once(request, lambda: self._charge(tree))
            case ["refunds"]:
                return self._once(request, lambda: self._refund(tree))
        raise _unknown(request)

    def _read(self, request: Request, parts: list[str]) -> Shape:
        lists: dict[str, Callable[[dict[str, str]], Iterable[Shape]]] = {
            "checkout/sessions": self._sessions,
            "payment_intents": self._intents,
            "refunds": lambda query: self._of_payment(Refund, query),
            "disputes": lambda query: self._of_payment(Dispute, query),
            "payouts": self._payouts,
            "balance_transactions": self._movements,
            "events": self._events,
        }
        listed, single = lists.get("/".join(parts)), "/".join(parts[:-1])
        if listed is not None:
            return _page(listed(request.query), request)
        if single not in {*lists, "charges", "setup_intents", "payment_methods", "customers"}:
            raise _unknown(request)
        found = self._object(parts[-1])
        if found is None:
            raise Refused("resource_missing", f"No such object: '{parts[-1][:80]}'", status=404)
        return found

    def refusal(self, no: Refused) -> Answer:
        """A no, as Stripe words it."""
        kind = {"idempotency_error": no.code, "down": "api_error"}.get(
            no.code, "invalid_request_error"
        )
        return as_json({"error": {"type": kind, "code": no.code, "message": no.words}}, no.status)

    def event(self, told: Told) -> Shape | None:
        """A webhook's content; None for what Stripe has no event for."""
        if told.topic not in shapes.TYPES:
            return None
        of_payment = told.topic == "checkout.declined" or told.topic.startswith("charge.")
        ref = told.payment_ref if of_payment else told.object_ref
        if told.topic == "payment.refunded":
            payment = self._engine.book.get(Payment, told.payment_ref)
            ref = payment.charge_ref if payment else ""
        about = self._object(ref)
        return shapes.event(told, about) if about else None

    # Writes

    def _once(self, request: Request, do: Callable[[], object]) -> Answer:
        return keys.once(self._engine, "stripe", request, do, conflict=400)

    def _open(self, tree: forms.Tree) -> Session:
        _require_known(tree, SESSION)
        mode = forms.text(tree, "mode")
        if mode not in {"payment", "setup"}:
            words = "Only the modes 'payment' and 'setup' are known here."
            raise Refused("parameter_invalid", words)
        now = self._engine.now()
        expires = forms.whole(tree, "expires_at") if "expires_at" in tree else now + LONGEST
        if not SHORTEST - 60 <= expires - now <= LONGEST + 60:
            words = "The `expires_at` timestamp must be between 30 minutes and 24 hours from now."
            raise Refused("parameter_invalid", words)
        lines, currency = _lines(tree) if mode == "payment" else ([], "usd")
        names = forms.texts(tree, "allowed_payment_method_types") or ["card"]
        if not set(names) <= set(METHODS):
            words = f"The payment method type provided: {names[0][:40]} is invalid."
            raise Refused("parameter_invalid", words)
        intent = "payment_intent_data" if mode == "payment" else "setup_intent_data"
        of_payment = forms.below(forms.below(tree, intent), "metadata")
        session = Session(
            ref=named("cs"), face="stripe",
            reference=forms.text(tree, "client_reference_id", ""),
            amount=sum(amount for _, amount in lines), currency=currency.upper(), lines=lines,
            methods=[METHODS[name] for name in names], expires_at=expires,
            return_url=forms.text(tree, "success_url"),
            cancel_url=forms.text(tree, "cancel_url", ""),
            email=forms.text(tree, "customer_email", ""),
            language=forms.text(tree, "locale", "en"),
            metadata=_plain(forms.below(tree, "metadata")), payment_metadata=_plain(of_payment),
            mode="pay" if mode == "payment" else "setup",
        )  # fmt: skip
        return self._engine.open(session)

    def _charge(self, tree: forms.Tree) -> object:
        """A PaymentIntent that is confirmed at once, without the payer; Stripe answers 402 to a declined one."""
        _require_known(tree, CHARGE)
        if (forms.text(tree, "confirm", ""), forms.text(tree, "off_session", "")) != ("true",) * 2:
            raise Refused("parameter_missing", "Here `confirm` and `off_session` have to be true.")
        amount, words = forms.whole(tree, "amount"), forms.text(tree, "description", "")
        metadata = _plain(forms.below(tree, "metadata"))
        session = Session(
            ref=named("cs"), face="stripe", reference=metadata.get("reference", ""), amount=amount,
            currency=forms.text(tree, "currency").upper(), lines=[(words, amount)],
            methods=list(METHODS.values()), return_url="", cancel_url="",
            expires_at=self._engine.now() + LONGEST, payment_metadata=metadata, mode="charge",
        )  # fmt: skip
        self._engine.charge(
            session,
            customer=forms.text(tree, "customer"),
            token=forms.text(tree, "payment_method"),
        )
        made = shapes.intent(self._engine, self._engine.payment(session.payment_ref))
        if made["status"] != "requires_payment_method":
            return made
        error = {**made["last_payment_error"], "payment_intent": made}
        return as_json({"error": error}, 402)

    def _expire(self, ref: str) -> Session:
        session = self._engine.session(ref)
        if session.status != "open":
            words = (
                'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
                f"Session has a status of {self._session(session)['status']}."
            )
            raise Refused("resource_invalid_state", words)
        return self._engine.expire(session)

    def _refund(self, tree: forms.Tree) -> Shape:
        _require_known(tree, REFUND)
        payment = self._engine.payment(forms.text(tree, "payment_intent"))
        amount = forms.whole(tree, "amount") if "amount" in tree else payment.amount
        back = Refund(
            ref=named("re"), payment_ref=payment.ref, reference="", amount=amount,
            currency=payment.currency, status="", metadata=_plain(forms.below(tree, "metadata")),
        )  # fmt: skip
        return shapes.refund(self._engine, self._engine.refund(back))

    # Lists, newest first

    def _session(self, session: Session) -> Shape:
        saved = self._engine.book.get(Saved, session.saved_ref)
        return shapes.session(session, self._address(session), saved)

    def _intents(self, query: dict[str, str]) -> Iterable[Shape]:
        since = _whole(query, "created[gte]")
        for payment in self._engine.book.all(Payment):
            if payment.face == "stripe" and payment.created >= since:
                yield shapes.intent(self._engine, payment)

    def _sessions(self, query: dict[str, str]) -> Iterable[Shape]:
        since, of = _whole(query, "created[gte]"), query.get("payment_intent")
        for session in self._engine.book.all(Session):
            fits = session.face == "stripe" and session.mode != "charge"
            if fits and session.created >= since and of in {None, session.payment_ref}:
                yield self._session(session)

    def _of_payment(
        self, kind: type[Refund] | type[Dispute], query: dict[str, str]
    ) -> Iterable[Shape]:
        of = query.get("payment_intent")
        for row in self._engine.book.all(kind):
            if of in {None, row.payment_ref}:
                yield (
                    shapes.refund(self._engine, row)
                    if isinstance(row, Refund)
                    else shapes.dispute(self._engine, row)
                )

    def _payouts(self, query: dict[str, str]) -> Iterable[Shape]:
        since = _whole(query, "arrival_date[gte]")
        for payout in self._engine.book.all(Payout):
            shape = shapes.payout(payout, _arrival(payout))
            if shape["arrival_date"] >= since:
                yield shape

    def _movements(self, query: dict[str, str]) -> Iterable[Shape]:
        payout = self._engine.book.get(Payout, query.get("payout", ""))
        if payout is None:
            raise Refused("resource_missing", "No such payout", status=404)
        yield from map(shapes.movement, self._engine.items_of(payout))
        yield shapes.payout_itself(payout)

    def _events(self, query: dict[str, str]) -> Iterable[Shape]:
        since = _whole(query, "created[gte]")
        types = {value for name, value in query.items() if name.startswith("types[")}
        for told in self._engine.book.all(Told):
            if told.face == "stripe" and told.created >= since:
                shape = self.event(told)
                if shape is not None and (not types or shape["type"] in types):
                    yield shape

    # Single objects

    def _object(self, ref: str) -> Shape | None:
        book = self._engine.book
        session = book.get(Session, ref)
        if session is not None and session.face == "stripe" and session.mode != "charge":
            return self._session(session)
        if (payment := book.get(Payment, ref)) is not None:
            return shapes.intent(self._engine, payment)
        if (back := book.get(Refund, ref)) is not None:
            return shapes.refund(self._engine, back)
        if (taken := book.get(Dispute, ref)) is not None:
            return shapes.dispute(self._engine, taken)
        if (payout := book.get(Payout, ref)) is not None:
            return shapes.payout(payout, _arrival(payout))
        if (moved := book.get(Movement, ref)) is not None:
            return shapes.movement(moved)
        if (found := self._saved(ref)) is not None:
            return found
        charged = (p for p in book.all(Payment) if p.charge_ref == ref)
        return next((shapes.charge(self._engine, payment) for payment in charged), None)

    def _saved(self, ref: str) -> Shape | None:
        """What somebody saved, by any of its three names."""
        for saved in self._engine.book.all(Saved):
            if ref == saved.ref:
                return shapes.payment_method(saved)
            if ref == saved.setup_ref:
                return shapes.setup_intent(saved)
            if ref == saved.customer_ref:
                return shapes.customer(saved)
        return None

    def _expanded(self, shape: Shape, query: dict[str, str]) -> Shape:
        for name, path in query.items():
            if name.startswith("expand["):
                self._expand(shape, path.split(".")[:4])
        return shape

    def _expand(self, shape: object, path: list[str]) -> None:
        if isinstance(shape, list):
            for each in shape:
                self._expand(each, path)
            return
        if not path or not isinstance(shape, dict) or not shape.get(path[0]):
            return
        if isinstance(shape[path[0]], str):
            shape[path[0]] = self._object(shape[path[0]]) or shape[path[0]]
        self._expand(shape[path[0]], path[1:])


def _page(found: Iterable[Shape], request: Request) -> Shape:
    """One page of a list, newest first, after or before the object that is named."""
    rows = list(found)[::-1]
    limit = min(100, max(1, _whole(request.query, "limit", 10)))
    after, before = request.query.get("starting_after"), request.query.get("ending_before")
    at = {row["id"]: n for n, row in enumerate(rows)}
    for named_ref in filter(None, (after, before)):
        if named_ref not in at:
            raise Refused("resource_missing", f"No such object: '{named_ref[:80]}'")
    if before:
        first = max(0, at[before] - limit)
        data, more = rows[first : at[before]], first > 0
    else:
        first = at[after] + 1 if after else 0
        data, more = rows[first : first + limit], len(rows) > first + limit
    return {"object": "list", "url": request.path, "has_more": more, "data": data}


def _require_known(tree: forms.Tree, names: frozenset[str]) -> None:
    for name in tree:
        if name not in names:
            raise Refused("parameter_unknown", f"Received unknown parameter: {name}")


def _lines(tree: forms.Tree) -> tuple[list[tuple[str, int]], str]:
    lines, currency = [], ""
    for item in forms.items(tree, "line_items"):
        if not isinstance(item, dict):
            raise Refused("parameter_invalid", "Invalid object: line_items")
        price = forms.below(item, "price_data")
        quantity = forms.whole(item, "quantity") if "quantity" in item else 1
        words = forms.text(forms.below(price, "product_data"), "name")
        currency = forms.text(price, "currency")
        amount = forms.whole(price, "unit_amount")
        if amount < 0:
            raise Refused(
                "parameter_invalid_integer", "This value must be greater than or equal to 0."
            )
        lines.append((words, amount * quantity))
    if not lines:
        raise Refused("parameter_missing", "Missing required param: line_items.")
    return lines, currency


def _plain(tree: forms.Tree) -> dict[str, str]:
    return {name: value for name, value in tree.items() if isinstance(value, str)}


def _whole(query: dict[str, str], name: str, otherwise: int = 0) -> int:
    value = query.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else otherwise


def _arrival(payout: Payout) -> int:
    return int(datetime.fromisoformat(payout.arrives_on).replace(tzinfo=UTC).timestamp())


def _unknown(request: Request) -> Refused:
    words = f"Unrecognized request URL ({request.method}: {request.path[:120]})."
    return Refused("unrecognized_url", words, status=404)
