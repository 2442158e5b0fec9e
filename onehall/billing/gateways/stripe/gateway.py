"""The gateway to Stripe, over Stripe's own library: the extra `stripe` of this package."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from importlib import import_module
from typing import Any, Final

from onehall.billing.gateways import signing
from onehall.billing.gateways.protocol import (
    ChargeRequest,
    Checkout,
    CheckoutRequest,
    Event,
    Forged,
    GatewayDown,
    GatewayError,
    GatewayRefused,
    KeyConflict,
    MandateSnapshot,
    NotFound,
    PageRequest,
    PayoutReport,
    RefundRequest,
    RefundSnapshot,
    Snapshot,
)
from onehall.billing.gateways.stripe import asking, reading
from onehall.billing.gateways.stripe.reading import Shape, below, ref_of
from onehall.billing.gateways.stripe.units import to_stripe

SIGNATURE: Final = "Stripe-Signature"
PAGES: Final = "https://checkout.stripe.com"
TIMEOUT: Final = 10.0
"""Seconds for one attempt; there are two, with half a second between them."""
RETRIES: Final = 1
PAGE: Final = 100
EXPAND: Final = "payment_intent.latest_charge"
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
"""Events after which a checkout is another one; with "payment_intent.succeeded" what a webhook endpoint listens to."""


_INTENT: Final = "pi_"
"""Charges of saved cards are known by their PaymentIntent, payments on a page by their Checkout Session."""


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
        params = asking.checkout(wanted)
        with self._asking():
            made = self._api.checkout.sessions.create(params, {"idempotency_key": wanted.key})
            return Checkout(str(made.id), str(made.url or ""))

    def fetch(self, ref: str) -> Snapshot:
        """What is true now."""
        _require_name(ref)
        with self._asking():
            if ref.startswith(_INTENT):
                return self._charge(ref)
            return self._snapshot(self._session(ref))

    def expire(self, ref: str) -> Snapshot:
        """Close a page that nobody has paid on. A charge has no page."""
        if ref.startswith(_INTENT):
            return self.fetch(ref)
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
            charges = self._every(
                self._api.payment_intents, created=from_then, expand=["data.latest_charge"]
            )
            made |= {each["id"]: each for each in charges}
            older = [self._read(ref) for ref in self._changed(from_then) if ref not in made]
            for shape in sorted(
                [*older, *reversed(made.values())], key=lambda each: each["created"]
            ):
                if _is_payment(shape):
                    yield self._told(shape)

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

    def setup_mandate(self, wanted: PageRequest) -> Checkout:
        """A page to save a card or account on; the same one for the same key within a day."""
        with self._asking():
            made = self._api.checkout.sessions.create(
                asking.to_save(wanted), {"idempotency_key": wanted.key}
            )
            return Checkout(str(made.id), str(made.url or ""))

    def fetch_mandate(self, ref: str) -> MandateSnapshot:
        """What became of that page, and the saved card as Stripe knows it today."""
        _require_name(ref)
        known = {"expand": ["setup_intent.payment_method"]}
        with self._asking():
            session = self._api.checkout.sessions.retrieve(ref, known).to_dict()
            if session.get("mode") != "setup":
                raise NotFound("Nothing is saved on a page to pay on.")
            return reading.mandate(session)

    def charge_mandate(self, wanted: ChargeRequest) -> Snapshot:
        """Charge what was saved. Declined, or only possible with the payer there: a `failed` snapshot."""
        params = asking.charge(wanted)
        with self._asking():
            try:
                made = self._api.payment_intents.create(params, {"idempotency_key": wanted.key})
                return self._charge(str(made.id))
            except self._stripe.CardError as no:
                ref = ref_of(below(no.json_body or {}, "error").get("payment_intent"))
                if not ref:
                    raise
                return self._charge(ref)

    def _charge(self, ref: str) -> Snapshot:
        return self._charged(self._read(ref))

    def _charged(self, intent: Shape) -> Snapshot:
        if not reading.is_by_mandate(intent):
            raise NotFound("This is no charge of something saved.")
        session = reading.as_session(intent)
        disputes = self._disputes(intent["id"]) if reading.is_disputed(session) else ()
        return reading.snapshot(session, disputes)

    # Asking Stripe

    def _read(self, ref: str) -> Shape:
        """A page to pay on, or the charge of something saved."""
        if ref.startswith(_INTENT):
            known = {"expand": ["latest_charge"]}
            found: Shape = self._api.payment_intents.retrieve(ref, known).to_dict()
            return found
        return self._session(ref)

    def _told(self, shape: Shape) -> Snapshot:
        if shape.get("object") == "payment_intent":
            return self._charged(shape)
        return self._snapshot(shape)

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
            found = list(self._every(self._api.checkout.sessions, payment_intent=payment))
            # A charge of something saved has no page.
            refs |= dict.fromkeys([session["id"] for session in found] or [payment])
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


def _is_payment(shape: Shape) -> bool:
    """Neither a page that saves, nor a payment that somebody made at Stripe otherwise."""
    return shape.get("mode") == "payment" or reading.is_by_mandate(shape)


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
