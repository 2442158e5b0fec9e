"""The gateway to Stripe, over Stripe's own library: the extra `stripe` of this package."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from importlib import import_module
from typing import Any, Final

from onehall.billing.gateways import signing
from onehall.billing.gateways.protocol import (
    Checkout,
    CheckoutRequest,
    Event,
    Forged,
    GatewayDown,
    GatewayError,
    GatewayRefused,
    KeyConflict,
    NotFound,
    PayoutReport,
    RefundRequest,
    RefundSnapshot,
    Snapshot,
)
from onehall.billing.gateways.stripe import reading
from onehall.billing.gateways.stripe.reading import Shape, below, ref_of
from onehall.billing.gateways.stripe.units import to_stripe

SIGNATURE: Final = "Stripe-Signature"
PAGES: Final = "https://checkout.stripe.com"
TIMEOUT: Final = 10.0
"""Seconds for one attempt; there are two, with half a second between them."""
RETRIES: Final = 1
PAGE: Final = 100
LONGEST_NAME: Final = 250
EXPAND: Final = "payment_intent.latest_charge"
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
CHANGES: Final = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.payment_failed",
    "charge.refunded",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
)
"""Events after which a checkout is another one; also what a webhook endpoint at Stripe has to listen to."""


class NotInstalled(GatewayError):
    """Stripe's library is missing here."""


def library() -> Any:
    """Stripe's library; `NotInstalled` says how to get it."""
    try:
        stripe = import_module("stripe")
    except ModuleNotFoundError:
        raise NotInstalled(
            "Payments by Stripe need its library: install onehall[stripe]."
        ) from None
    # It would write an identifier into the home folder, and tell Stripe about this machine.
    vars(stripe)["enable_telemetry"] = False
    # It logs the address of every request, and with it the names of payments.
    logging.getLogger("stripe").setLevel(logging.WARNING)
    return stripe


class StripeGateway:
    """One account at Stripe. `address` and `pages` are Stripe's own unless another server stands for it."""

    key = "stripe"

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        address: str = "",
        pages: str = PAGES,
        timeout: float = TIMEOUT,
    ) -> None:
        self._stripe = library()
        self._secret = secret
        self.origins: tuple[str, ...] = (pages,)
        self._client = self._stripe.StripeClient(
            key,
            base_addresses={"api": address.rstrip("/")} if address else None,
            max_network_retries=RETRIES,
            http_client=self._stripe.RequestsClient(timeout=timeout),
        )
        self._api = self._client.v1

    def create_checkout(self, wanted: CheckoutRequest) -> Checkout:
        """A page to pay on; the same one for the same key within a day."""
        params = _params(wanted)
        with self._asking():
            made = self._api.checkout.sessions.create(params, {"idempotency_key": wanted.key})
            return Checkout(str(made.id), str(made.url or ""))

    def fetch(self, ref: str) -> Snapshot:
        """What is true now."""
        _require_name(ref)
        with self._asking():
            return self._snapshot(self._session(ref))

    def expire(self, ref: str) -> Snapshot:
        """Close a page that nobody has paid on."""
        _require_name(ref)
        with self._asking():
            try:
                self._api.checkout.sessions.expire(ref)
            except self._stripe.InvalidRequestError as no:
                found = self._snapshot(self._session(ref))
                if found.status == "open":
                    raise self._meant(no) from None
                return found
            return self._snapshot(self._session(ref))

    def refund(self, wanted: RefundRequest) -> RefundSnapshot:
        """Money back; the same refund for the same key, for ever."""
        _require_name(wanted.payment_ref)
        with self._asking():
            made = self._refund_with(wanted)
            if made is not None:
                return made
            known = {"expand": ["latest_charge"]}
            intent = self._api.payment_intents.retrieve(wanted.payment_ref, known).to_dict()
            if reading.currency_of(intent) != wanted.currency:
                raise GatewayRefused("The payment was in another currency.")
            left = reading.left_of(intent, self._disputes(wanted.payment_ref))
            if left != wanted.refundable or wanted.amount > left:
                words = (
                    f"Of this payment {left} is left to refund at Stripe, not {wanted.refundable}."
                )
                raise GatewayRefused(words)
            params = {
                "payment_intent": wanted.payment_ref,
                "amount": to_stripe(wanted.amount, wanted.currency),
                "metadata": {"reference": wanted.reference, "key": wanted.key},
            }
            back = self._api.refunds.create(params, {"idempotency_key": wanted.key})
            return reading.refund(back.to_dict())

    def fetch_refund(self, ref: str) -> RefundSnapshot:
        """What became of a refund."""
        _require_name(ref)
        with self._asking():
            return reading.refund(self._api.refunds.retrieve(ref).to_dict())

    def read_event(self, headers: Mapping[str, str], raw: bytes, *, now: datetime) -> Event:
        """A webhook's content once its signature is proven."""
        signed = signing.header(headers, SIGNATURE)
        try:
            # The library asks the clock of this machine; how old is too old is ours to say, by `now`.
            told = _event(self._client.construct_event(raw, signed, self._secret, 0).to_dict())
        except self._stripe.SignatureVerificationError:
            raise Forged("The signature of a webhook does not fit its content.") from None
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError):
            raise Forged("A webhook is signed, but says nothing that can be read.") from None
        signing.fresh(signing.moment_of(signed), now=now)
        return told

    def list_recent(self, since: datetime) -> Iterator[Snapshot]:
        """Every checkout that was made or changed since, the oldest made first."""
        from_then = int(since.timestamp())
        with self._asking():
            made = {
                each["id"]: each
                for each in self._every(
                    self._api.checkout.sessions, created=from_then, expand=[f"data.{EXPAND}"]
                )
            }
            older = [self._session(ref) for ref in self._changed(from_then) if ref not in made]
            sessions = sorted(older, key=lambda each: each["created"])
            for session in [*sessions, *reversed(made.values())]:
                yield self._snapshot(session)

    def payouts(self, since: date) -> Iterator[PayoutReport]:
        """Payouts that arrive on that day or later, oldest first; those not yet reconciled are left for later."""
        from_then = int(datetime.combine(since, time(), UTC).timestamp())
        with self._asking():
            found = list(self._every(self._api.payouts, arrival_date=from_then))
            for shape in sorted(found, key=lambda each: (each["arrival_date"], each["created"])):
                if shape["status"] in {"failed", "canceled"}:
                    continue
                if shape.get("reconciliation_status") == "in_progress":
                    continue
                yield reading.payout(shape, self._movements(shape))

    # Asking Stripe

    def _session(self, ref: str) -> Shape:
        found: Shape = self._api.checkout.sessions.retrieve(ref, {"expand": [EXPAND]}).to_dict()
        return found

    def _snapshot(self, session: Shape) -> Snapshot:
        payment = ref_of(session.get("payment_intent"))
        disputes = self._disputes(payment) if reading.is_disputed(session) else []
        return reading.snapshot(session, disputes)

    def _disputes(self, payment: str) -> list[Shape]:
        return list(self._every(self._api.disputes, payment_intent=payment))

    def _refund_with(self, wanted: RefundRequest) -> RefundSnapshot | None:
        """The refund that a key made before: Stripe itself forgets keys after a day."""
        for shape in self._every(self._api.refunds, payment_intent=wanted.payment_ref):
            if below(shape, "metadata").get("key") == wanted.key:
                made = reading.refund(shape)
                if (made.amount, made.reference) != (wanted.amount, wanted.reference):
                    raise KeyConflict("The key made another refund before.")
                return made
        return None

    def _changed(self, since: int) -> list[str]:
        """Names of checkouts that events are about."""
        refs: dict[str, None] = {}
        payments: dict[str, None] = {}
        for told in self._every(self._api.events, created=since, types=list(CHANGES)):
            about = _event(told)
            if about.checkout_ref:
                refs[about.checkout_ref] = None
            elif about.payment_ref:
                payments[about.payment_ref] = None
        for payment in payments:
            for session in self._every(self._api.checkout.sessions, payment_intent=payment):
                refs[session["id"]] = None
        return list(refs)

    def _movements(self, payout: Shape) -> Iterator[Shape]:
        """What a payout is made of, newest first; nothing for one that somebody started by hand."""
        if not payout.get("automatic", True):
            return iter(())
        return self._every(
            self._api.balance_transactions, payout=payout["id"], expand=["data.source"]
        )

    def _every(self, service: Any, **params: Any) -> Iterator[Shape]:
        """All objects of a list, newest first."""
        for name in ("created", "arrival_date"):
            if name in params:
                params[name] = {"gte": params[name]}
        for found in service.list({"limit": PAGE, **params}).auto_paging_iter():
            yield found.to_dict()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Stripe's errors become those of the protocol; an answer that nobody can read is none."""
        try:
            yield
        except self._stripe.StripeError as problem:
            raise self._meant(problem) from None
        except (KeyError, TypeError, ValueError, OverflowError):
            raise GatewayDown("Stripe's answer cannot be read.") from None

    def _meant(self, problem: Any) -> GatewayError:
        """What an error of Stripe's means. Its message may name the payer, so it is left out."""
        stripe, status = self._stripe, problem.http_status or 0
        facts = [str(each) for each in (status, problem.code, problem.request_id) if each]
        words = f"Stripe says no ({', '.join(facts)})."
        if isinstance(problem, stripe.IdempotencyError):
            return KeyConflict(words)
        if isinstance(problem, stripe.AuthenticationError | stripe.PermissionError):
            return GatewayRefused(f"{words} Is the secret key right, and may it do this?")
        if status == 404 or problem.code == "resource_missing":
            return NotFound(words)
        if isinstance(problem, stripe.InvalidRequestError | stripe.CardError):
            return GatewayRefused(words)
        return GatewayDown(
            f"Stripe gave no answer that counts ({', '.join(facts) or 'no connection'})."
        )


def _require_name(ref: str) -> None:
    """Without a name Stripe would answer with a list of everything."""
    if not ref:
        raise NotFound("Nothing at Stripe has an empty name.")


def _params(wanted: CheckoutRequest) -> dict[str, Any]:
    """A Checkout Session to be made. Equal requests give equal parameters: the key stands for them."""
    if sum(line.amount for line in wanted.lines) != wanted.amount or not wanted.lines:
        raise GatewayRefused("The lines do not add up to the amount.")
    params: dict[str, Any] = {
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
        # A filter: what the account has not switched on is not offered either.
        "allowed_payment_method_types": [METHODS[method] for method in wanted.methods],
        "client_reference_id": wanted.reference,
        "metadata": {"reference": wanted.reference},
        "payment_intent_data": {"metadata": {"reference": wanted.reference}},
        "success_url": wanted.return_url,
        "cancel_url": wanted.cancel_url,
        "expires_at": int(wanted.expires_at.timestamp()),
        "locale": wanted.language if wanted.language in LOCALES else "auto",
        "submit_type": "pay",
        # What is owed is owed in the city's currency.
        "adaptive_pricing": {"enabled": False},
    }
    if wanted.email:
        params["customer_email"] = wanted.email
    return params


def _event(told: Shape) -> Event:
    about = below(told, "data", "object")
    is_session = about.get("object") == "checkout.session"
    reference = about.get("client_reference_id") or below(about, "metadata").get("reference")
    payment = (
        about.get("id") if about.get("object") == "payment_intent" else about.get("payment_intent")
    )
    return Event(
        id=str(told["id"]),
        kind=str(told["type"]),
        checkout_ref=str(about["id"]) if is_session else "",
        reference=str(reference or ""),
        payment_ref=ref_of(payment),
        created_at=reading.at(told.get("created")),
    )
