"""What every gateway keeps: run for the demo provider's own interface and for Stripe's library."""

import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from onehall.billing.gateways import signing
from onehall.billing.gateways.demo.provider.app import Provider, Setup
from onehall.billing.gateways.demo.provider.records import Refund
from onehall.billing.gateways.protocol import (
    CheckoutLine,
    Forged,
    GatewayDown,
    GatewayError,
    GatewayRefused,
    KeyConflict,
    NotFound,
)
from tests.billing.gateways.conftest import KEY, SECRET, START, Shop, gateway_to
from tests.cli.test_supervisor import eventually

pytestmark = pytest.mark.real_clock


def is_stripe(shop: Shop) -> bool:
    return shop.gateway.key == "stripe"


class TestPaying:
    def test_a_new_page_is_open_and_bears_our_reference(self, shop: Shop) -> None:
        wanted = shop.wanted()
        checkout = shop.gateway.create_checkout(wanted)
        assert checkout.url.startswith("http://localhost:")
        found = shop.gateway.fetch(checkout.ref)
        assert (found.ref, found.reference, found.status) == (
            checkout.ref,
            wanted.reference,
            "open",
        )
        assert (found.amount, found.currency, found.payment_ref) == (0, "USD", "")
        assert (found.refunded, found.disputed, found.paid_at, found.failure) == (0, 0, None, "")

    def test_a_card_payment(self, shop: Shop) -> None:
        checkout = shop.made(7350)
        back = shop.press(checkout, "pay", "mastercard")
        assert (back.status, back.getheader("Location")) == (303, "http://localhost:9/pay/back/1")
        found = shop.gateway.fetch(checkout.ref)
        assert (found.status, found.amount, found.method) == ("paid", 7350, "card")
        assert (found.brand, found.last4, found.email) == ("mastercard", "4444", "rosa@example.com")
        assert found.paid_at == START
        assert found.payment_ref

    def test_a_bank_transfer_is_on_its_way_first(self, shop: Shop) -> None:
        checkout = shop.made()
        shop.press(checkout, "pay", "bank")
        found = shop.gateway.fetch(checkout.ref)
        assert (found.status, found.amount, found.method) == ("processing", 0, "ach")
        assert found.paid_at is None
        shop.clock.goes_on(seconds=30)
        found = shop.gateway.fetch(checkout.ref)
        assert (found.status, found.amount) == ("paid", 5000)
        assert (found.brand, found.last4) == ("First Test Bank", "6789")

    @pytest.mark.parametrize("source", ["closed", "bank"])
    def test_a_bank_transfer_may_come_back(self, shop: Shop, source: str) -> None:
        shop.turn(bank_fails=source == "bank")
        checkout = shop.made()
        shop.press(checkout, "pay", source)
        assert shop.gateway.fetch(checkout.ref).status == "processing"
        shop.clock.goes_on(seconds=30)
        found = shop.gateway.fetch(checkout.ref)
        assert (found.status, found.amount) == ("failed", 0)
        assert found.failure == "The bank account was closed."

    def test_a_transfer_waits_for_whoever_lets_it_arrive(self, shop: Shop) -> None:
        shop.turn(bank_seconds=0)
        checkout = shop.made()
        shop.press(checkout, "pay", "bank")
        shop.clock.goes_on(days=1)
        assert shop.gateway.fetch(checkout.ref).status == "processing"
        with shop.provider.engine.lock:
            shop.provider.engine.settle(shop.provider.engine.session(checkout.ref))
        assert shop.gateway.fetch(checkout.ref).status == "paid"

    def test_a_slow_card_is_on_its_way_too(self, shop: Shop) -> None:
        checkout = shop.made()
        shop.press(checkout, "slow")
        assert shop.gateway.fetch(checkout.ref).status == "processing"
        shop.clock.goes_on(seconds=30)
        found = shop.gateway.fetch(checkout.ref)
        assert (found.status, found.method, found.amount) == ("paid", "card", 5000)

    @pytest.mark.parametrize(("act", "source"), [("decline", "visa"), ("pay", "empty")])
    def test_a_declined_card(self, shop: Shop, act: str, source: str) -> None:
        checkout = shop.made()
        answer = shop.press(checkout, act, source)
        found = shop.gateway.fetch(checkout.ref)
        assert found.amount == 0
        assert found.failure.startswith("Your card ")
        # Stripe lets the payer try again on the same page; elsewhere a declined page has ended.
        assert (found.status, answer.status) == (
            ("open", 422) if is_stripe(shop) else ("failed", 303)
        )
        if is_stripe(shop):
            shop.press(checkout, "pay", "visa")
            again = shop.gateway.fetch(checkout.ref)
            assert (again.status, again.failure, again.payment_ref) == (
                "paid",
                "",
                found.payment_ref,
            )

    def test_going_back(self, shop: Shop) -> None:
        checkout = shop.made()
        back = shop.press(checkout, "back")
        assert back.getheader("Location") == "http://localhost:9/pay/back/1?cancelled"
        found = shop.gateway.fetch(checkout.ref)
        assert found.status == ("open" if is_stripe(shop) else "cancelled")
        assert found.amount == 0

    def test_what_is_paid_may_differ_from_what_was_asked(self, shop: Shop) -> None:
        shop.turn(wrong_amount=-1)
        assert shop.paid(5000).amount == 4999

    def test_only_the_offered_ways_to_pay_work(self, shop: Shop) -> None:
        checkout = shop.made(methods=("card",))
        assert shop.press(checkout, "pay", "bank").status == 422
        assert shop.gateway.fetch(checkout.ref).status == "open"

    def test_a_page_is_paid_once(self, shop: Shop) -> None:
        checkout = shop.made()
        assert shop.press(checkout, "pay").status == 303
        assert shop.press(checkout, "pay").status == 409
        assert shop.gateway.fetch(checkout.ref).amount == 5000


class TestKeys:
    def test_the_same_request_gives_the_same_page(self, shop: Shop) -> None:
        wanted = shop.wanted()
        first = shop.gateway.create_checkout(wanted)
        assert shop.gateway.create_checkout(wanted) == first
        shop.press(first, "pay")
        assert shop.gateway.create_checkout(wanted) == first

    def test_another_request_is_a_conflict(self, shop: Shop) -> None:
        wanted = shop.wanted()
        shop.gateway.create_checkout(wanted)
        with pytest.raises(KeyConflict):
            shop.gateway.create_checkout(replace(wanted, reference="another"))

    def test_other_keys_make_other_pages(self, shop: Shop) -> None:
        wanted = shop.wanted()
        first = shop.gateway.create_checkout(wanted)
        assert shop.gateway.create_checkout(replace(wanted, key="other")).ref != first.ref

    def test_a_wrong_key_is_refused(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tests.billing.gateways.conftest.KEY", "sk_test_other")
        with pytest.raises(GatewayRefused, match="401"):
            gateway_to(shop.provider, shop.gateway.key).fetch("x")


class TestRefusals:
    def test_lines_must_add_up(self, shop: Shop) -> None:
        with pytest.raises(GatewayRefused, match="add up"):
            shop.made(lines=(CheckoutLine("All", 4999),))

    def test_nobody_knows_this_page(self, shop: Shop) -> None:
        for ref in ("cs_test_0", "../refunds", "a b", ""):
            with pytest.raises(GatewayRefused):
                shop.gateway.fetch(ref)
            with pytest.raises(GatewayRefused):
                shop.gateway.fetch_refund(ref)
            with pytest.raises(GatewayRefused):
                shop.gateway.expire(ref)
        with pytest.raises(NotFound):
            shop.gateway.fetch("cs_test_0")
        with pytest.raises(NotFound):
            shop.gateway.expire("cs_test_0")
        with pytest.raises(NotFound):
            shop.gateway.fetch_refund("re_test_0")

    @pytest.mark.parametrize(
        "url",
        [
            "javascript:alert(1)",
            "http://a/\r\nSet-Cookie: a=b",
            "http://a/ b",
            "/pay/back",
            "http://ä/",
        ],
    )
    def test_payers_go_back_to_the_web_and_nowhere_else(self, shop: Shop, url: str) -> None:
        for name in ("return_url", "cancel_url"):
            with pytest.raises(GatewayRefused):
                shop.made(**{name: url})
        assert list(shop.gateway.list_recent(START)) == []

    def test_a_key_that_no_header_can_bear(self, shop: Shop) -> None:
        with pytest.raises(GatewayError):
            shop.made(key="a\r\nb")

    def test_a_page_may_not_have_expired_before(self, shop: Shop) -> None:
        with pytest.raises(GatewayRefused):
            shop.made(expires_at=START - timedelta(minutes=1))

    def test_words_hold_no_personal_data(self, shop: Shop) -> None:
        with pytest.raises(GatewayRefused) as no:
            shop.made(amount=0, lines=(CheckoutLine("Rosa", 0),), email="rosa@example.com")
        assert "osa" not in str(no.value)


class TestExpiring:
    def test_an_open_page_is_closed(self, shop: Shop) -> None:
        checkout = shop.made()
        assert shop.gateway.expire(checkout.ref).status == "expired"
        assert shop.press(checkout, "pay").status == 409
        assert shop.gateway.fetch(checkout.ref).status == "expired"
        assert shop.gateway.expire(checkout.ref).status == "expired"

    def test_a_paid_one_stays_paid(self, shop: Shop) -> None:
        paid = shop.paid()
        assert shop.gateway.expire(paid.ref) == paid

    def test_money_on_its_way_stays_on_its_way(self, shop: Shop) -> None:
        checkout = shop.made()
        shop.press(checkout, "pay", "bank")
        assert shop.gateway.expire(checkout.ref).status == "processing"

    def test_time_closes_it(self, shop: Shop) -> None:
        checkout = shop.made()
        shop.clock.goes_on(hours=2)
        assert shop.press(checkout, "pay").status == 409
        assert shop.gateway.fetch(checkout.ref).status == "expired"


class TestRefunds:
    def test_a_part_and_then_the_rest(self, shop: Shop) -> None:
        paid = shop.paid(5000)
        wanted = shop.refund_of(paid, 1000)
        back = shop.gateway.refund(wanted)
        assert (back.status, back.amount, back.currency) == ("succeeded", 1000, "USD")
        assert (back.reference, back.payment_ref) == (wanted.reference, paid.payment_ref)
        assert shop.gateway.fetch_refund(back.ref) == back
        paid = shop.gateway.fetch(paid.ref)
        assert (paid.status, paid.amount, paid.refunded) == ("paid", 5000, 1000)
        shop.gateway.refund(shop.refund_of(paid, 4000))
        assert shop.gateway.fetch(paid.ref).refunded == 5000

    def test_the_same_key_gives_the_same_refund(self, shop: Shop) -> None:
        paid = shop.paid(5000)
        wanted = shop.refund_of(paid, 3000)
        first = shop.gateway.refund(wanted)
        assert shop.gateway.refund(wanted) == first
        assert shop.gateway.refund(replace(wanted, refundable=2000)) == first
        assert shop.gateway.fetch(paid.ref).refunded == 3000
        with pytest.raises(KeyConflict):
            shop.gateway.refund(replace(wanted, amount=2999))

    def test_more_than_is_left_is_refused(self, shop: Shop) -> None:
        paid = shop.paid(5000)
        with pytest.raises(GatewayRefused):
            shop.gateway.refund(shop.refund_of(paid, 5001))
        shop.gateway.refund(shop.refund_of(paid, 4000))
        with pytest.raises(GatewayRefused):
            shop.gateway.refund(shop.refund_of(shop.gateway.fetch(paid.ref), 1001))
        assert shop.gateway.fetch(paid.ref).refunded == 4000

    def test_books_that_differ_are_refused(self, shop: Shop) -> None:
        paid = shop.paid(5000)
        shop.gateway.refund(shop.refund_of(paid, 1000))
        with pytest.raises(GatewayRefused, match="4000"):
            shop.gateway.refund(shop.refund_of(paid, 500))
        assert shop.gateway.fetch(paid.ref).refunded == 1000

    def test_nothing_goes_back_of_what_never_came(self, shop: Shop) -> None:
        checkout = shop.made()
        shop.press(checkout, "pay", "bank")
        processing = shop.gateway.fetch(checkout.ref)
        with pytest.raises(GatewayRefused):
            shop.gateway.refund(shop.refund_of(processing, 1, refundable=0))

    def test_a_refund_to_a_bank_takes_its_time(self, shop: Shop) -> None:
        paid = shop.paid(5000, by="ach")
        back = shop.gateway.refund(shop.refund_of(paid, 5000))
        assert back.status == "pending"
        assert shop.gateway.fetch(paid.ref).refunded == 5000
        shop.clock.goes_on(seconds=30)
        assert shop.gateway.fetch_refund(back.ref).status == "succeeded"

    def test_a_refund_may_fail_and_is_left_again(self, shop: Shop) -> None:
        shop.turn(refund_fails=True)
        paid = shop.paid(5000)
        back = shop.gateway.refund(shop.refund_of(paid, 5000))
        assert (back.status, back.failure) == ("pending", "")
        shop.clock.goes_on(seconds=2)
        back = shop.gateway.fetch_refund(back.ref)
        assert back.status == "failed"
        assert back.failure
        assert shop.gateway.fetch(paid.ref).refunded == 0
        shop.turn(refund_fails=False)
        assert shop.gateway.refund(shop.refund_of(paid, 5000)).status == "succeeded"

    def test_a_chargeback_takes_what_is_left(self, shop: Shop) -> None:
        paid = shop.paid(5000)
        shop.gateway.refund(shop.refund_of(paid, 2000))
        engine = shop.provider.engine
        with engine.lock:
            engine.charge_back(engine.payment(paid.payment_ref))
        found = shop.gateway.fetch(paid.ref)
        assert (found.status, found.refunded, found.disputed) == ("paid", 2000, 3000)
        with pytest.raises(GatewayRefused):
            shop.gateway.refund(shop.refund_of(paid, 1, refundable=3000))


class TestWebhooks:
    def test_a_payment_is_told(self, shop: Shop) -> None:
        paid = shop.paid()
        event = next(e for e in shop.events(2) if e.checkout_ref)
        assert (event.checkout_ref, event.reference) == (paid.ref, paid.reference)
        assert event.created_at == START
        assert {letter.path for letter in shop.door.letters} == {f"/pay/webhook/{shop.gateway.key}"}
        assert {e.payment_ref for e in shop.events(2)} == {paid.payment_ref}

    def test_what_happens_later_is_told_by_itself(self, shop: Shop) -> None:
        checkout = shop.made()
        shop.press(checkout, "pay", "bank")
        assert len(shop.events(1)) == 1
        shop.clock.goes_on(seconds=30)
        told = shop.events(3)
        assert len({event.id for event in told}) == 3
        assert shop.gateway.fetch(checkout.ref).status == "paid"

    def test_a_refund_and_a_chargeback_are_told(self, shop: Shop) -> None:
        paid = shop.paid()
        shop.gateway.refund(shop.refund_of(paid, 100))
        engine = shop.provider.engine
        with engine.lock:
            engine.charge_back(engine.payment(paid.payment_ref))
            engine.pay_out()
        told = shop.events(6)
        assert {e.payment_ref for e in told} == {paid.payment_ref, ""}
        assert any("dispute" in e.kind for e in told)
        assert any("payout" in e.kind for e in told)

    def test_a_changed_one_is_forged(self, shop: Shop) -> None:
        shop.paid()
        shop.events(1)
        letter, now = shop.door.letters[0], shop.clock()
        shop.gateway.read_event(letter.headers, letter.body, now=now)
        with pytest.raises(Forged):
            shop.gateway.read_event(letter.headers, letter.body + b" ", now=now)
        with pytest.raises(Forged):
            shop.gateway.read_event({}, letter.body, now=now)
        for nonsense in ("", "t=1", "v1=00", "t=x,v1=00", "t=1,t=2,v1=00", "t=1,v1=é"):
            headers = dict.fromkeys(letter.headers, nonsense)
            with pytest.raises(Forged):
                shop.gateway.read_event(headers, letter.body, now=now)

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"{}", b"no json", b'{"id": 1}', b"\xff", b'{"id":"e","created":1e99}']
    )
    def test_signed_nonsense_is_refused(self, shop: Shop, body: bytes) -> None:
        signed = signing.sign(SECRET, body, at=int(START.timestamp()))
        headers = {"Demo-Signature": signed, "Stripe-Signature": signed}
        with pytest.raises(Forged):
            shop.gateway.read_event(headers, body, now=START)

    def test_names_of_headers_may_be_written_in_any_way(self, shop: Shop) -> None:
        shop.paid()
        shop.events(1)
        letter = shop.door.letters[0]
        headers = {name.lower(): value for name, value in letter.headers.items()}
        assert shop.gateway.read_event(headers, letter.body, now=shop.clock()).id

    def test_an_old_one_is_refused(self, shop: Shop) -> None:
        shop.paid()
        shop.events(1)
        letter, now = shop.door.letters[0], shop.clock()
        shop.gateway.read_event(letter.headers, letter.body, now=now + timedelta(minutes=5))
        for wrong in (timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)):
            with pytest.raises(Forged, match="too long ago"):
                shop.gateway.read_event(letter.headers, letter.body, now=now + wrong)

    def test_another_secret_proves_nothing(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shop.paid()
        shop.events(1)
        letter = shop.door.letters[0]
        for secret in ("whsec_other", ""):
            monkeypatch.setattr("tests.billing.gateways.conftest.SECRET", secret)
            other = gateway_to(shop.provider, shop.gateway.key)
            with pytest.raises(Forged):
                other.read_event(letter.headers, letter.body, now=shop.clock())

    def test_three_times_the_same(self, shop: Shop) -> None:
        shop.turn(duplicate=True)
        shop.paid()
        told = shop.events(6)
        assert (len(told), len({event.id for event in told})) == (6, 2)

    def test_forged_ones_come_before(self, shop: Shop) -> None:
        shop.turn(forge=True)
        shop.paid()
        assert eventually(lambda: len(shop.door.letters) == 4)
        assert len(shop.events(2)) == 2

    def test_the_second_may_overtake_the_first(self, shop: Shop) -> None:
        shop.turn(reorder=True)
        shop.paid()
        told = shop.events(2)
        assert [event.kind.partition(".")[0] for event in told] in (
            ["checkout", "payment"], ["checkout", "payment_intent"],
        )  # fmt: skip

    def test_dropped_ones_never_come(self, shop: Shop) -> None:
        shop.turn(drop=True)
        paid = shop.paid()
        time.sleep(0.5)
        assert shop.door.letters == []
        assert [each.ref for each in shop.gateway.list_recent(START)] == [paid.ref]

    def test_late_ones_come_late(self, shop: Shop) -> None:
        shop.turn(delay_seconds=1)
        before = time.monotonic()
        shop.paid()
        shop.events(2)
        assert time.monotonic() - before >= 1

    def test_one_that_was_not_taken_comes_again(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            "onehall.billing.gateways.demo.provider.courier.AGAIN_AFTER", (0.2, 0.2)
        )
        shop.door.status = 500
        shop.paid()
        told = shop.events(6)
        time.sleep(0.8)
        assert len(shop.door.letters) == 6
        assert len({event.id for event in told}) == 2


class TestTrouble:
    @pytest.mark.parametrize("how", [{"cut": True}, {"late_seconds": 1.5}])
    def test_a_page_that_was_made_without_an_answer(
        self, shop: Shop, how: dict[str, object]
    ) -> None:
        gateway = gateway_to(shop.provider, shop.gateway.key, timeout=1)
        wanted = shop.wanted()
        shop.turn(trouble="create", **how)
        with pytest.raises(GatewayDown):
            gateway.create_checkout(wanted)
        shop.turn(trouble="")
        checkout = shop.gateway.create_checkout(wanted)
        assert [each.ref for each in shop.gateway.list_recent(START)] == [checkout.ref]

    def test_a_refund_that_was_made_without_an_answer(self, shop: Shop) -> None:
        paid = shop.paid(5000)
        wanted = shop.refund_of(paid, 3000)
        shop.turn(trouble="refund", cut=True)
        with pytest.raises(GatewayDown):
            shop.gateway.refund(wanted)
        shop.turn(trouble="")
        assert shop.gateway.refund(wanted).amount == 3000
        assert shop.gateway.fetch(paid.ref).refunded == 3000

    def test_paid_but_nobody_can_ask(self, shop: Shop) -> None:
        checkout = shop.made()
        shop.turn(trouble="fetch", cut=True)
        shop.press(checkout, "pay")
        with pytest.raises(GatewayDown):
            shop.gateway.fetch(checkout.ref)
        shop.turn(trouble="")
        assert shop.gateway.fetch(checkout.ref).status == "paid"

    def test_a_page_that_was_closed_without_an_answer(self, shop: Shop) -> None:
        checkout = shop.made()
        shop.turn(trouble="expire", cut=True)
        with pytest.raises(GatewayDown):
            shop.gateway.expire(checkout.ref)
        shop.turn(trouble="")
        assert shop.gateway.expire(checkout.ref).status == "expired"

    def test_trouble_of_one_time_is_got_over_by_itself(self, shop: Shop) -> None:
        shop.turn(trouble="create", cut=True, trouble_times=1)
        checkout = shop.made()
        assert [each.ref for each in shop.gateway.list_recent(START)] == [checkout.ref]

    def test_down(self, shop: Shop) -> None:
        checkout = shop.made()
        shop.turn(down=True)
        with pytest.raises(GatewayDown):
            shop.gateway.fetch(checkout.ref)
        with pytest.raises(GatewayDown):
            list(shop.gateway.list_recent(START))
        assert shop.press(checkout, "pay").status == 503
        shop.turn(down=False)
        assert shop.gateway.fetch(checkout.ref).status == "open"

    def test_nobody_there(self, shop: Shop) -> None:
        gateway = gateway_to(shop.provider, shop.gateway.key)
        shop.provider.server.shutdown()
        shop.provider.server.server_close()
        with pytest.raises(GatewayDown) as no:
            gateway.fetch("x")
        assert KEY not in str(no.value)
        assert SECRET not in str(no.value)
        assert issubclass(GatewayDown, GatewayError)


class TestLists:
    def test_more_than_one_page_of_them_oldest_first(self, shop: Shop) -> None:
        refs = []
        for number in range(205):
            refs.append(shop.made(1000 + number).ref)
            shop.clock.goes_on(seconds=number % 2)
        assert [each.ref for each in shop.gateway.list_recent(START)] == refs

    def test_an_older_one_that_changed_since(self, shop: Shop) -> None:
        untouched, changed, refunded = shop.made(), shop.made(), shop.paid()
        shop.clock.goes_on(minutes=10)
        since = shop.clock()
        assert list(shop.gateway.list_recent(since)) == []
        shop.press(changed, "pay")
        shop.gateway.refund(shop.refund_of(refunded, 100))
        fresh = shop.made()
        found = list(shop.gateway.list_recent(since))
        assert [each.ref for each in found] == [changed.ref, refunded.ref, fresh.ref]
        assert [each.status for each in found] == ["paid", "paid", "open"]
        assert untouched.ref not in {each.ref for each in found}

    def test_payouts_add_up(self, shop: Shop) -> None:
        card, bank = shop.paid(10_000), shop.paid(20_000, by="ach")
        back = shop.gateway.refund(shop.refund_of(card, 1_000))
        engine = shop.provider.engine
        with engine.lock:
            engine.charge_back(engine.payment(bank.payment_ref))
            (made,) = engine.pay_out()
        (report,) = shop.gateway.payouts(date(2026, 3, 6))
        assert (report.ref, report.currency, report.arrives_on) == (
            made.ref,
            "USD",
            date(2026, 3, 6),
        )
        assert [(i.kind, i.payment_ref, i.gross, i.fee, i.net) for i in report.items] == [
            ("payment", card.payment_ref, 10_000, 320, 9_680),
            ("payment", bank.payment_ref, 20_000, 160, 19_840),
            ("refund", card.payment_ref, -1_000, 0, -1_000),
            ("dispute", bank.payment_ref, -20_000, 1_500, -21_500),
        ]
        assert report.items[2].ref == back.ref
        assert report.net == sum(item.net for item in report.items) == 7_020
        assert list(shop.gateway.payouts(date(2026, 3, 7))) == []

    def test_a_failed_refund_comes_back_in_the_next_payout(self, shop: Shop) -> None:
        shop.turn(refund_fails=True)
        paid = shop.paid(5000)
        shop.gateway.refund(shop.refund_of(paid, 5000))
        engine = shop.provider.engine
        with engine.lock:
            engine.pay_out()
            shop.clock.goes_on(days=1)
            engine.tick()
            engine.pay_out()
        first, second = shop.gateway.payouts(date(2026, 3, 1))
        assert first.arrives_on < second.arrives_on
        assert [(i.kind, i.gross) for i in second.items] == [("refund", 5000)]
        assert first.net + second.net == 5000 - 175

    def test_more_than_one_page_of_items(self, shop: Shop) -> None:
        paid, engine = shop.paid(100_000), shop.provider.engine
        with engine.lock:
            for number in range(122):
                engine.refund(
                    Refund(
                        ref=f"re_{number}", payment_ref=paid.payment_ref, reference="", amount=100,
                        currency="USD", status="",
                    )
                )  # fmt: skip
            engine.pay_out()
        (report,) = shop.gateway.payouts(date(2026, 3, 1))
        assert len(report.items) == 123
        assert report.items[0].kind == "payment"
        assert report.net == sum(item.net for item in report.items)


def test_a_restart_forgets_nothing(shop: Shop, tmp_path: Path) -> None:
    wanted = shop.wanted()
    checkout = shop.gateway.create_checkout(wanted)
    shop.press(checkout, "pay")
    paid = shop.gateway.fetch(checkout.ref)
    back = shop.gateway.refund(shop.refund_of(paid, 100))
    copied = tmp_path / "copied.jsonl"
    copied.write_bytes((tmp_path / "pay.jsonl").read_bytes() + b'{"kind": "session", "ref": "cut o')
    with Provider(Setup(key=KEY, secret=SECRET, file=copied), now=shop.clock) as again:
        gateway = gateway_to(again, shop.gateway.key)
        found = gateway.fetch(checkout.ref)
        assert (found.status, found.refunded) == ("paid", 100)
        assert gateway.fetch_refund(back.ref) == back
        assert gateway.create_checkout(wanted).ref == checkout.ref
