"""The gateway to the demo provider."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, Final, cast, get_args
from urllib.parse import quote, urlencode, urlsplit

from onehall.billing.gateways import signing
from onehall.billing.gateways.http import JsonServer, Said
from onehall.billing.gateways.protocol import (
    ChargeRequest,
    Checkout,
    CheckoutRequest,
    CheckoutStatus,
    Event,
    Forged,
    GatewayDown,
    GatewayRefused,
    KeyConflict,
    MandateSnapshot,
    Method,
    NotFound,
    PageRequest,
    PayoutItem,
    PayoutItemKind,
    PayoutReport,
    RefundRequest,
    RefundSnapshot,
    RefundStatus,
    SetupStatus,
    Snapshot,
)

SIGNATURE: Final = "Demo-Signature"
TIMEOUT: Final = 10.0


class DemoGateway:
    """Asks the demo provider at an address, with the key that it knows. `pages` is where payers find it."""

    key = "demo"

    def __init__(
        self, address: str, key: str, secret: str, *, pages: str = "", timeout: float = TIMEOUT
    ) -> None:
        self._secret = secret
        self._server = JsonServer(address, {"Authorization": f"Bearer {key}"}, timeout)
        # Unless told otherwise, the provider shows its pages at the host that the payer came from.
        at = urlsplit(pages or f"http://*:{urlsplit(address).port or 80}")
        self.origins: tuple[str, ...] = (f"{at.scheme}://{at.netloc}",)

    def create_checkout(self, wanted: CheckoutRequest) -> Checkout:
        """A page to pay on; the same one for the same key."""
        lines = [{"words": line.words, "amount": line.amount} for line in wanted.lines]
        return self._page("/checkouts", wanted, amount=wanted.amount, lines=lines)

    def fetch(self, ref: str) -> Snapshot:
        """What is true now."""
        return _snapshot(self._ask("GET", f"/checkouts/{quote(ref, safe='')}"))

    def expire(self, ref: str) -> Snapshot:
        """Close a page that nobody has paid on."""
        return _snapshot(self._ask("POST", f"/checkouts/{quote(ref, safe='')}/expire"))

    def refund(self, wanted: RefundRequest) -> RefundSnapshot:
        """Money back; the same refund for the same key."""
        content = {
            "reference": wanted.reference,
            "payment_ref": wanted.payment_ref,
            "amount": wanted.amount,
            "currency": wanted.currency,
        }
        # Beside the content, which the key stands for: what is left may be another sum when it is asked again.
        path = f"/refunds?refundable={wanted.refundable}"
        return _refund(self._ask("POST", path, content=content, key=wanted.key))

    def fetch_refund(self, ref: str) -> RefundSnapshot:
        """What became of a refund."""
        return _refund(self._ask("GET", f"/refunds/{quote(ref, safe='')}"))

    def read_event(self, headers: Mapping[str, str], raw: bytes, *, now: datetime) -> Event:
        """A webhook's content once its signature is proven."""
        signing.prove(self._secret, raw, signing.header(headers, SIGNATURE), now=now)
        try:
            told: dict[str, Any] = json.loads(raw)
            return Event(
                id=str(told["id"]), kind=str(told["kind"]), checkout_ref=str(told["checkout_ref"]),
                reference=str(told["reference"]), payment_ref=str(told["payment_ref"]),
                created_at=datetime.fromtimestamp(int(told["created"]), UTC),
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, OverflowError, OSError):
            raise Forged("A webhook is signed, but says nothing that can be read.") from None

    def list_recent(self, since: datetime) -> Iterator[Snapshot]:
        """Every checkout that was made or changed since, oldest first."""
        query = {"since": str(int(since.timestamp()))}
        yield from map(_snapshot, self._all("/checkouts", query))

    def payouts(self, since: date) -> Iterator[PayoutReport]:
        """Payouts that arrive on that day or later, oldest first."""
        yield from map(_payout, self._all("/payouts", {"since": since.isoformat()}))

    def setup_mandate(self, wanted: PageRequest) -> Checkout:
        """A page to save a card or account on; the same one for the same key."""
        return self._page("/setups", wanted)

    def fetch_mandate(self, ref: str) -> MandateSnapshot:
        """What became of that page."""
        return _mandate(self._ask("GET", f"/setups/{quote(ref, safe='')}"))

    def charge_mandate(self, wanted: ChargeRequest) -> Snapshot:
        """Charge what was saved; the same charge for the same key."""
        content = {
            "reference": wanted.reference,
            "amount": wanted.amount,
            "currency": wanted.currency,
            "customer": wanted.customer,
            "token": wanted.token,
            "words": wanted.words,
        }
        return _snapshot(self._ask("POST", "/charges", content=content, key=wanted.key))

    def _page(self, path: str, wanted: PageRequest, **more: object) -> Checkout:
        content = {
            "reference": wanted.reference,
            "currency": wanted.currency,
            "methods": list(wanted.methods),
            "return_url": wanted.return_url,
            "cancel_url": wanted.cancel_url,
            "expires_at": int(wanted.expires_at.timestamp()),
            "email": wanted.email,
            "language": wanted.language,
            **more,
        }
        made = self._ask("POST", path, content=content, key=wanted.key)
        with _read_carefully():
            return Checkout(str(made["ref"]), str(made["url"]))

    def _all(self, path: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        more = True
        while more:
            page = self._ask("GET", f"{path}?{urlencode(query)}")
            with _read_carefully():
                rows, more = list(page["data"]), bool(page["more"])
                query |= {"after": str(rows[-1]["ref"])} if rows else {}
            yield from rows
            more = more and bool(rows)

    def _ask(
        self, method: str, path: str, *, content: object = None, key: str = ""
    ) -> dict[str, Any]:
        headers = {"Idempotency-Key": key} if key else {}
        said = self._server.ask(method, f"/api{path}", content=content, headers=headers)
        if said.status != 200:
            raise _refusal(said)
        return said.content


def _refusal(said: Said) -> GatewayRefused:
    code, words = str(said.content.get("code", "")), str(said.content.get("words", ""))[:300]
    kinds = {"idempotency_error": KeyConflict, "resource_missing": NotFound}
    kind = kinds.get(code, GatewayRefused)
    return kind(f"The payment provider says no ({said.status}): {words}")


@contextmanager
def _read_carefully() -> Iterator[None]:
    """An answer in a shape that nobody knows says nothing of what became of the request."""
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, OSError):
        raise GatewayDown("The payment provider's answer cannot be read.") from None


def _one_of(value: object, known: object) -> str:
    """A word, if it is one of a type's."""
    if value not in get_args(known):
        raise ValueError(value)
    return str(value)


def _snapshot(said: dict[str, Any]) -> Snapshot:
    with _read_carefully():
        paid_at = said["paid_at"]
        return Snapshot(
            ref=str(said["ref"]), reference=str(said["reference"]),
            status=cast("CheckoutStatus", _one_of(said["status"], CheckoutStatus.__value__)),
            amount=int(said["amount"]), currency=str(said["currency"]),
            payment_ref=str(said["payment_ref"]),
            method=cast("Method", _one_of(said["method"], Method.__value__)),
            brand=str(said["brand"]), last4=str(said["last4"]), email=str(said["email"]),
            paid_at=None if paid_at is None else datetime.fromtimestamp(int(paid_at), UTC),
            refunded=int(said["refunded"]), disputed=int(said["disputed"]),
            failure=str(said["failure"]),
        )  # fmt: skip


def _mandate(said: dict[str, Any]) -> MandateSnapshot:
    with _read_carefully():
        return MandateSnapshot(
            ref=str(said["ref"]), reference=str(said["reference"]),
            status=cast("SetupStatus", _one_of(said["status"], SetupStatus.__value__)),
            customer=str(said["customer"]), token=str(said["token"]),
            method=cast("Method", _one_of(said["method"], Method.__value__)),
            brand=str(said["brand"]), last4=str(said["last4"]),
            exp_month=int(said["exp_month"]), exp_year=int(said["exp_year"]),
            failure=str(said["failure"]),
        )  # fmt: skip


def _refund(said: dict[str, Any]) -> RefundSnapshot:
    with _read_carefully():
        return RefundSnapshot(
            ref=str(said["ref"]), reference=str(said["reference"]),
            payment_ref=str(said["payment_ref"]),
            status=cast("RefundStatus", _one_of(said["status"], RefundStatus.__value__)),
            amount=int(said["amount"]), currency=str(said["currency"]),
            failure=str(said["failure"]),
        )  # fmt: skip


def _payout(said: dict[str, Any]) -> PayoutReport:
    with _read_carefully():
        items = tuple(
            PayoutItem(
                kind=cast("PayoutItemKind", _one_of(item["kind"], PayoutItemKind.__value__)),
                ref=str(item["ref"]), payment_ref=str(item["payment_ref"]),
                gross=int(item["gross"]), fee=int(item["fee"]), net=int(item["net"]),
            )
            for item in said["items"]
        )  # fmt: skip
        return PayoutReport(
            ref=str(said["ref"]), currency=str(said["currency"]),
            arrives_on=date.fromisoformat(said["arrives_on"]), net=int(said["net"]), items=items,
        )  # fmt: skip
