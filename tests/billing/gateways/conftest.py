"""A demo provider on this machine, a city's door that takes its webhooks, and both gateways to it."""

import http.client
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from onehall.billing.gateways.demo.gateway import DemoGateway
from onehall.billing.gateways.demo.provider.app import Provider, Setup
from onehall.billing.gateways.protocol import (
    ChargeRequest,
    Checkout,
    CheckoutLine,
    CheckoutRequest,
    Event,
    Forged,
    Gateway,
    MandateSnapshot,
    Method,
    PageRequest,
    RefundRequest,
    Saving,
    Snapshot,
    saving,
)
from onehall.billing.gateways.stripe.gateway import StripeGateway
from tests.cli.test_supervisor import eventually

KEY, SECRET = "sk_test_onehall", "whsec_onehall"
START = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)


class TestClock:
    """A clock that goes only when it is told to."""

    __test__ = False

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def goes_on(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Letter:
    """A webhook as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Door:
    """Stands for the city: takes webhooks, and answers with `status`."""

    status: int = 200
    letters: list[Letter] = field(default_factory=list)

    def __post_init__(self) -> None:
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                door.letters.append(Letter(self.path, dict(self.headers.items()), body))
                self.send_response(door.status)
                self.end_headers()

            def log_message(self, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/pay/webhook"


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def provider(clock: TestClock, door: Door, tmp_path: Path) -> Iterator[Provider]:
    setup = Setup(key=KEY, secret=SECRET, webhooks=door.address, file=tmp_path / "pay.jsonl")
    with Provider(setup, now=clock) as running:
        yield running


def gateway_to(provider: Provider, name: str, *, timeout: float = 5) -> Gateway:
    if name == "demo":
        return DemoGateway(provider.address, KEY, SECRET, timeout=timeout)
    return StripeGateway(KEY, SECRET, address=provider.address, timeout=timeout / 2)


class Shop:
    """What the tests do with one gateway: the city's side of it, and the payer's."""

    def __init__(self, provider: Provider, gateway: Gateway, door: Door, clock: TestClock) -> None:
        self.provider, self.gateway, self.door, self.clock = provider, gateway, door, clock

    def wanted(self, amount: int = 5000, **other: Any) -> CheckoutRequest:
        request = CheckoutRequest(
            key=str(uuid.uuid4()), reference=str(uuid.uuid4()), amount=amount, currency="USD",
            lines=(CheckoutLine("Building permit", amount - 100), CheckoutLine("Fee", 100)),
            methods=("card", "ach"), return_url="http://localhost:9/pay/back/1",
            cancel_url="http://localhost:9/pay/back/1?cancelled",
            expires_at=self.clock() + timedelta(hours=1), email="rosa@example.com", language="es",
        )  # fmt: skip
        return replace(request, **other)

    def made(self, amount: int = 5000, **other: Any) -> Checkout:
        return self.gateway.create_checkout(self.wanted(amount, **other))

    def press(self, checkout: Checkout, act: str, source: str = "visa") -> http.client.HTTPResponse:
        """The payer chooses and presses a button on the hosted page."""
        return post(checkout.url, {"act": act, "source": source})

    def paid(self, amount: int = 5000, *, by: Method = "card", **other: Any) -> Snapshot:
        checkout = self.made(amount, **other)
        assert self.press(checkout, "pay", "visa" if by == "card" else "bank").status == 303
        if by == "ach":
            self.clock.goes_on(seconds=30)
        return self.gateway.fetch(checkout.ref)

    def to_save(self, **other: Any) -> PageRequest:
        request = PageRequest(
            key=str(uuid.uuid4()), reference=str(uuid.uuid4()), currency="USD",
            methods=("card", "ach"), return_url="http://localhost:9/autopay/back",
            cancel_url="http://localhost:9/autopay/back?cancelled",
            expires_at=self.clock() + timedelta(hours=1), email="rosa@example.com", language="es",
        )  # fmt: skip
        return replace(request, **other)

    @property
    def saves(self) -> Saving:
        """The gateway as one that saves cards."""
        found = saving(self.gateway)
        assert found is not None
        return found

    def saved(self, source: str = "visa", **other: Any) -> MandateSnapshot:
        """Somebody saved a card or account on the provider's page."""
        page = self.saves.setup_mandate(self.to_save(**other))
        assert self.press(page, "save", source).status == 303
        return self.saves.fetch_mandate(page.ref)

    def charge_of(self, saved: MandateSnapshot, amount: int = 5000, **other: Any) -> ChargeRequest:
        request = ChargeRequest(
            key=str(uuid.uuid4()), reference=str(uuid.uuid4()), amount=amount, currency="USD",
            customer=saved.customer, token=saved.token, method=saved.method, words="Bill UB-1",
        )  # fmt: skip
        return replace(request, **other)

    def refund_of(self, paid: Snapshot, amount: int, **other: Any) -> RefundRequest:
        request = RefundRequest(
            key=str(uuid.uuid4()), reference=str(uuid.uuid4()), payment_ref=paid.payment_ref,
            amount=amount, currency=paid.currency, refundable=paid.amount - paid.refunded,
        )  # fmt: skip
        return replace(request, **other)

    def turn(self, **knobs: Any) -> None:
        with self.provider.engine.lock:
            self.provider.knobs.turn(knobs)

    def events(self, least: int = 1) -> list[Event]:
        """The webhooks that came and are genuine, once there are so many."""
        assert eventually(lambda: len(self._read()) >= least), self.door.letters
        return self._read()

    def _read(self) -> list[Event]:
        read = []
        for letter in list(self.door.letters):
            try:
                read.append(self.gateway.read_event(letter.headers, letter.body, now=self.clock()))
            except Forged:
                continue
        return read


@pytest.fixture(params=["demo", "stripe"])
def shop(request: pytest.FixtureRequest, provider: Provider, door: Door, clock: TestClock) -> Shop:
    return Shop(provider, gateway_to(provider, request.param), door, clock)


def post(url: str, form: dict[str, str], **headers: str) -> http.client.HTTPResponse:
    """A form as a browser sends it; redirects are not followed."""
    return ask(
        "POST",
        url,
        urlencode(form),
        {"Content-Type": "application/x-www-form-urlencoded", **headers},
    )


def ask(
    method: str, url: str, body: str = "", headers: dict[str, str] | None = None
) -> http.client.HTTPResponse:
    parts = urlsplit(url)
    # `localhost` may mean the other kind of address here, where the provider does not listen.
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=10)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer
