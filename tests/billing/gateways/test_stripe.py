"""What is Stripe's own: its units, its errors, what is sent to it, and shapes that the demo provider never makes."""

from dataclasses import replace
from typing import Any

import pytest
import stripe as library
from stripe import Webhook

from onehall.billing.gateways.protocol import (
    CheckoutLine,
    GatewayDown,
    GatewayError,
    GatewayRefused,
    KeyConflict,
    NotFound,
)
from onehall.billing.gateways.stripe import gateway as module
from onehall.billing.gateways.stripe import reading, units
from onehall.billing.gateways.stripe.gateway import StripeGateway
from tests.billing.gateways.conftest import KEY, SECRET, START, Shop, gateway_to
from tests.cli.test_supervisor import eventually

pytestmark = pytest.mark.real_clock


@pytest.fixture
def shop(provider: Any, door: Any, clock: Any) -> Shop:
    return Shop(provider, gateway_to(provider, "stripe"), door, clock)


class TestUnits:
    @pytest.mark.parametrize(
        ("ours", "currency", "theirs"),
        [
            (1234, "USD", 1234), (500, "JPY", 500), (5, "ISK", 500), (7, "UGX", 700),
            (5120, "KWD", 5120), (500, "MGA", 5), (-250, "EUR", -250), (0, "JPY", 0),
        ],
    )  # fmt: skip
    def test_there_and_back(self, ours: int, currency: str, theirs: int) -> None:
        assert units.to_stripe(ours, currency) == theirs
        assert units.from_stripe(theirs, currency) == ours

    @pytest.mark.parametrize(("amount", "currency"), [(5124, "KWD"), (501, "MGA")])
    def test_amounts_that_stripe_cannot_take(self, amount: int, currency: str) -> None:
        with pytest.raises(GatewayRefused, match=currency):
            units.to_stripe(amount, currency)

    def test_amounts_that_the_currency_does_not_have(self) -> None:
        with pytest.raises(GatewayRefused):
            units.from_stripe(550, "ISK")

    def test_a_currency_without_parts_is_paid_as_it_is(self, shop: Shop) -> None:
        lines = (CheckoutLine("Permit", 500),)
        paid = shop.paid(500, currency="JPY", lines=lines, methods=("card",))
        assert (paid.amount, paid.currency) == (500, "JPY")


class TestAsking:
    def test_what_is_sent(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        sent = []
        plain = library.RequestsClient.request

        def request(self: Any, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
            sent.append((method, url, dict(headers), post_data))
            return plain(self, method, url, headers, post_data)

        monkeypatch.setattr(library.RequestsClient, "request", request)
        wanted = shop.wanted(language="xx")
        shop.gateway.create_checkout(wanted)
        ((method, url, headers, body),) = sent
        assert (method, url) == ("post", f"{shop.provider.address}/v1/checkout/sessions")
        assert headers["Idempotency-Key"] == wanted.key
        assert headers["Authorization"] == f"Bearer {KEY}"
        assert headers["Stripe-Version"]
        assert "telemetry_id" not in headers["X-Stripe-Client-User-Agent"]
        fields = dict(pair.split("=") for pair in body.split("&"))
        assert fields["client_reference_id"] == fields["metadata[reference]"] == wanted.reference
        assert fields["payment_intent_data[metadata][reference]"] == wanted.reference
        assert fields["allowed_payment_method_types[1]"] == "us_bank_account"
        assert fields["adaptive_pricing[enabled]"] == "false"
        assert fields["locale"] == "auto"
        assert fields["expires_at"] == str(int(wanted.expires_at.timestamp()))

    def test_nothing_is_kept_in_the_library(self, shop: Shop) -> None:
        shop.made()
        assert library.api_key is None
        assert library.default_http_client is None
        other = StripeGateway("sk_test_other", SECRET, address=shop.provider.address)
        with pytest.raises(GatewayRefused, match="401"):
            other.fetch("cs_test_0")
        shop.made()

    def test_a_page_is_open_for_half_an_hour_at_least(self, shop: Shop) -> None:
        from datetime import timedelta

        with pytest.raises(GatewayRefused, match="400"):
            shop.made(expires_at=START + timedelta(minutes=10))

    def test_a_long_name_is_cut(self, shop: Shop) -> None:
        lines = (CheckoutLine("x" * 400, 5000),)
        shop.made(lines=lines)
        (session,) = list(shop.provider.engine.book.all(module_session()))
        assert session.lines == [("x" * 250, 5000)]

    def test_a_refund_keeps_its_key_for_ever(self, shop: Shop) -> None:
        paid = shop.paid(5000)
        wanted = shop.refund_of(paid, 2000)
        first = shop.gateway.refund(wanted)
        # Stripe forgets keys after a day; the refund itself still bears it.
        from onehall.billing.gateways.demo.provider.records import Kept

        with shop.provider.engine.lock:
            shop.provider.engine.book._rows[Kept].clear()
        assert shop.gateway.refund(wanted) == first
        assert shop.gateway.fetch(paid.ref).refunded == 2000
        with pytest.raises(KeyConflict):
            shop.gateway.refund(replace(wanted, reference="another"))

    def test_a_refund_names_the_currency_of_the_payment(self, shop: Shop) -> None:
        paid = shop.paid(5000)
        with pytest.raises(GatewayRefused, match="currency"):
            shop.gateway.refund(shop.refund_of(paid, 100, currency="EUR"))


def module_session() -> Any:
    from onehall.billing.gateways.demo.provider.records import Session

    return Session


class TestErrors:
    @pytest.mark.parametrize(
        ("error", "meant"),
        [
            (library.IdempotencyError("rosa@example.com", http_status=400), KeyConflict),
            (library.AuthenticationError("x", http_status=401), GatewayRefused),
            (library.PermissionError("x", http_status=403), GatewayRefused),
            (library.InvalidRequestError("x", "p", http_status=404), NotFound),
            (
                library.InvalidRequestError("x", "p", code="resource_missing", http_status=400),
                NotFound,
            ),
            (library.InvalidRequestError("x", "p", http_status=400), GatewayRefused),
            (library.CardError("x", "p", "card_declined", http_status=402), GatewayRefused),
            (library.RateLimitError("x", http_status=429), GatewayDown),
            (library.APIError("x", http_status=500), GatewayDown),
            (library.APIError("x", http_status=409), GatewayDown),
            (library.APIConnectionError("x"), GatewayDown),
        ],
        ids=lambda each: getattr(each, "__name__", type(each).__name__),
    )
    def test_are_those_of_the_protocol(
        self, shop: Shop, error: Exception, meant: type[GatewayError]
    ) -> None:
        assert isinstance(shop.gateway, StripeGateway)
        made = shop.gateway._meant(error)
        assert type(made) is meant
        assert "rosa" not in str(made)

    def test_an_answer_that_cannot_be_read_is_none(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        checkout = shop.made()
        monkeypatch.setattr(reading, "snapshot", lambda *_: {}["missing"])
        with pytest.raises(GatewayDown, match="cannot be read"):
            shop.gateway.fetch(checkout.ref)


class TestWebhooks:
    def test_the_library_itself_proves_what_the_demo_provider_signs(self, shop: Shop) -> None:
        shop.paid()
        assert eventually(lambda: len(shop.door.letters) == 2)
        for letter in shop.door.letters:
            signed = letter.headers["Stripe-Signature"]
            # The provider's clock stands at a time long past, so the age is not looked at here.
            told = Webhook.construct_event(letter.body, signed, SECRET, tolerance=10**9)
            assert told.type in {"payment_intent.succeeded", "checkout.session.completed"}
            with pytest.raises(library.SignatureVerificationError):
                Webhook.construct_event(letter.body, signed, "whsec_other", tolerance=10**9)

    def test_a_webhook_endpoint_hears_of_all_that_is_looked_for(self) -> None:
        assert len(module.CHANGES) <= 20
        assert len(set(module.CHANGES)) == len(module.CHANGES)


SESSION: dict[str, Any] = {
    "id": "cs_1", "client_reference_id": "r", "currency": "usd", "status": "complete",
    "payment_status": "paid",
    "payment_intent": {
        "id": "pi_1", "amount_received": 900, "currency": "usd", "status": "succeeded",
        "latest_charge": {
            "id": "ch_1", "created": 1, "amount_refunded": 100, "amount_captured": 900,
            "disputed": True, "payment_method_details": {"type": "link", "link": {}},
        },
    },
}  # fmt: skip


class TestReading:
    def test_a_way_to_pay_that_we_do_not_know_counts_as_a_card(self) -> None:
        found = reading.snapshot(SESSION, [])
        assert (found.method, found.brand, found.last4) == ("card", "link", "")

    @pytest.mark.parametrize(
        ("status", "taken"),
        [
            ("needs_response", 800),
            ("lost", 800),
            ("won", 0),
            ("warning_closed", 0),
            ("prevented", 0),
        ],
    )
    def test_only_disputes_that_hold_money_count(self, status: str, taken: int) -> None:
        disputes = [{"amount": 800, "status": status}]
        assert reading.snapshot(SESSION, disputes).disputed == taken
        assert reading.left_of(SESSION["payment_intent"], disputes) == 800 - taken

    def test_a_cancelled_payment_has_failed(self) -> None:
        intent = SESSION["payment_intent"] | {"status": "canceled", "amount_received": 0}
        session = SESSION | {"payment_status": "unpaid", "payment_intent": intent}
        assert reading.snapshot(session, []).status == "failed"

    @pytest.mark.parametrize(
        ("theirs", "ours"),
        [
            ("pending", "pending"),
            ("requires_action", "pending"),
            ("canceled", "failed"),
            ("failed", "failed"),
        ],
    )
    def test_states_of_refunds(self, theirs: str, ours: str) -> None:
        shape = {
            "id": "re_1",
            "amount": 5,
            "currency": "usd",
            "status": theirs,
            "payment_intent": "pi",
        }
        assert reading.refund(shape).status == ours

    def test_a_payout_by_hand_is_one_item_that_nobody_explains(self) -> None:
        shape = {"id": "po_1", "amount": 700, "currency": "usd", "arrival_date": 1772668800}
        report = reading.payout(shape, [])
        assert [(i.kind, i.ref, i.net) for i in report.items] == [("other", "po_1", 700)]
        assert report.net == 700

    def test_a_fee_of_its_own(self) -> None:
        fee = {
            "id": "txn_1", "amount": -70, "currency": "usd", "fee": 0, "net": -70, "source": None,
            "reporting_category": "fee", "type": "stripe_fee",
        }  # fmt: skip
        shape = {"id": "po_1", "amount": -70, "currency": "usd", "arrival_date": 1772668800}
        (item,) = reading.payout(shape, [fee]).items
        assert (item.kind, item.ref, item.payment_ref, item.net) == ("fee", "txn_1", "", -70)
