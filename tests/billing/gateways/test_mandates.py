"""What every gateway that saves cards keeps: saved on the provider's page, charged later without the payer."""

from datetime import timedelta

import pytest

from onehall.billing.gateways.protocol import (
    GatewayDown,
    GatewayRefused,
    KeyConflict,
    NotFound,
    saving,
)
from tests.billing.gateways.conftest import Shop
from tests.billing.money import Provider as InMemory
from tests.cli.test_supervisor import eventually

pytestmark = pytest.mark.real_clock


class TestSaving:
    def test_a_card(self, shop: Shop) -> None:
        wanted = shop.to_save()
        page = shop.saves.setup_mandate(wanted)
        found = shop.saves.fetch_mandate(page.ref)
        assert (found.ref, found.reference, found.status) == (page.ref, wanted.reference, "open")
        assert (found.customer, found.token, found.last4) == ("", "", "")
        back = shop.press(page, "save", "mastercard")
        assert back.getheader("Location") == "http://localhost:9/autopay/back"
        found = shop.saves.fetch_mandate(page.ref)
        assert (found.status, found.method, found.brand) == ("ready", "card", "mastercard")
        assert (found.last4, found.exp_month, found.exp_year) == ("4444", 7, 2029)
        assert found.customer
        assert found.token

    def test_a_bank_account_has_no_last_month(self, shop: Shop) -> None:
        found = shop.saved("bank")
        assert (found.status, found.method, found.brand) == ("ready", "ach", "First Test Bank")
        assert (found.last4, found.exp_month, found.exp_year) == ("6789", 0, 0)

    def test_the_same_key_is_the_same_page_and_another_request_is_refused(self, shop: Shop) -> None:
        wanted = shop.to_save()
        first = shop.saves.setup_mandate(wanted)
        assert shop.saves.setup_mandate(wanted).ref == first.ref
        with pytest.raises(KeyConflict):
            shop.saves.setup_mandate(shop.to_save(key=wanted.key, email="other@example.com"))

    def test_only_the_offered_kinds_are_saved(self, shop: Shop) -> None:
        page = shop.saves.setup_mandate(shop.to_save(methods=("card",)))
        assert shop.press(page, "save", "bank").status == 422
        assert shop.saves.fetch_mandate(page.ref).status == "open"

    def test_going_back_saves_nothing(self, shop: Shop) -> None:
        page = shop.saves.setup_mandate(shop.to_save())
        back = shop.press(page, "back")
        assert back.getheader("Location") == "http://localhost:9/autopay/back?cancelled"
        assert shop.saves.fetch_mandate(page.ref).status in ("open", "cancelled")

    def test_a_page_ends(self, shop: Shop) -> None:
        page = shop.saves.setup_mandate(shop.to_save())
        shop.clock.goes_on(hours=2)
        assert shop.saves.fetch_mandate(page.ref).status == "expired"

    def test_nothing_of_it_is_in_the_list_of_payments(self, shop: Shop) -> None:
        shop.saved()
        assert list(shop.gateway.list_recent(shop.clock() - timedelta(hours=1))) == []

    def test_what_is_not_there(self, shop: Shop) -> None:
        for ref in ("", "su_nothing", shop.made().ref):
            with pytest.raises(NotFound):
                shop.saves.fetch_mandate(ref)

    def test_a_provider_may_not_be_able_to(self) -> None:
        assert saving(None) is None
        assert saving(InMemory()) is None


class TestCharging:
    def test_a_charge(self, shop: Shop) -> None:
        wanted = shop.charge_of(shop.saved(), 7350)
        made = shop.saves.charge_mandate(wanted)
        assert (made.status, made.amount, made.currency) == ("paid", 7350, "USD")
        assert (made.reference, made.brand, made.last4) == (wanted.reference, "visa", "4242")
        assert made.paid_at == shop.clock()
        assert shop.gateway.fetch(made.ref) == made
        assert shop.gateway.expire(made.ref) == made
        assert list(shop.gateway.list_recent(shop.clock() - timedelta(hours=1))) == [made]

    @pytest.mark.parametrize("source", ["visa", "empty"])
    def test_the_same_key_is_one_charge(self, shop: Shop, source: str) -> None:
        wanted = shop.charge_of(shop.saved(source))
        first = shop.saves.charge_mandate(wanted)
        assert shop.saves.charge_mandate(wanted) == first
        assert len(list(shop.gateway.list_recent(shop.clock() - timedelta(hours=1)))) == 1
        with pytest.raises(KeyConflict):
            shop.saves.charge_mandate(
                shop.charge_of(shop.saved(), 6000, key=wanted.key, reference=wanted.reference)
            )

    @pytest.mark.parametrize("source", ["empty", "asking"])
    def test_a_declined_one_has_failed_for_good(self, shop: Shop, source: str) -> None:
        made = shop.saves.charge_mandate(shop.charge_of(shop.saved(source)))
        assert (made.status, made.amount) == ("failed", 0)
        assert made.failure.startswith("Your card ")
        assert shop.gateway.fetch(made.ref).status == "failed"

    def test_the_company_may_decline_any(self, shop: Shop) -> None:
        saved = shop.saved()
        shop.turn(saved_declines=True)
        assert shop.saves.charge_mandate(shop.charge_of(saved)).status == "failed"
        shop.turn(saved_declines=False)
        assert shop.saves.charge_mandate(shop.charge_of(saved)).status == "paid"

    def test_a_card_that_has_expired(self, shop: Shop) -> None:
        saved = shop.saved("expiring")
        assert (saved.exp_month, saved.exp_year) == (4, 2026)
        assert shop.saves.charge_mandate(shop.charge_of(saved)).status == "paid"
        shop.clock.goes_on(days=60)
        made = shop.saves.charge_mandate(shop.charge_of(saved))
        assert (made.status, made.failure) == ("failed", "Your card has expired.")

    @pytest.mark.parametrize("source", ["visa", "bank"])
    def test_a_slow_one_is_on_its_way(self, shop: Shop, source: str) -> None:
        shop.turn(saved_slow=True)
        made = shop.saves.charge_mandate(shop.charge_of(shop.saved(source)))
        assert (made.status, made.amount) == ("processing", 0)
        shop.clock.goes_on(seconds=30)
        assert shop.gateway.fetch(made.ref).status == "paid"

    def test_an_account_may_bounce(self, shop: Shop) -> None:
        made = shop.saves.charge_mandate(shop.charge_of(shop.saved("closed")))
        assert made.status == "processing"
        shop.clock.goes_on(seconds=30)
        assert shop.gateway.fetch(made.ref).status == "failed"

    def test_an_answer_that_is_lost(self, shop: Shop) -> None:
        wanted = shop.charge_of(shop.saved())
        shop.turn(trouble="charge", cut=True, trouble_times=2)
        with pytest.raises(GatewayDown):
            shop.saves.charge_mandate(wanted)
        listed = list(shop.gateway.list_recent(shop.clock() - timedelta(hours=1)))
        assert [(s.reference, s.status) for s in listed] == [(wanted.reference, "paid")]
        assert shop.saves.charge_mandate(wanted) == listed[0]

    def test_what_was_saved_by_another(self, shop: Shop) -> None:
        one, other = shop.saved(), shop.saved()
        for wrong in ({"customer": other.customer}, {"token": "pm_nothing"}):
            with pytest.raises(GatewayRefused):
                shop.saves.charge_mandate(shop.charge_of(one, **wrong))
        assert list(shop.gateway.list_recent(shop.clock() - timedelta(hours=1))) == []

    def test_money_goes_back_as_of_any_payment(self, shop: Shop) -> None:
        made = shop.saves.charge_mandate(shop.charge_of(shop.saved()))
        assert shop.gateway.refund(shop.refund_of(made, 1500)).status == "succeeded"
        assert shop.gateway.fetch(made.ref).refunded == 1500
        shop.clock.goes_on(days=2)
        since = shop.clock() - timedelta(hours=1)
        shop.gateway.refund(shop.refund_of(shop.gateway.fetch(made.ref), 500))
        assert [s.refunded for s in shop.gateway.list_recent(since)] == [2000]

    @pytest.mark.parametrize("source", ["visa", "empty"])
    def test_a_webhook_names_it_by_our_reference(self, shop: Shop, source: str) -> None:
        wanted = shop.charge_of(shop.saved(source))
        shop.saves.charge_mandate(wanted)
        told = shop.events
        assert eventually(lambda: any(e.reference == wanted.reference for e in told()))
        mine = [e for e in told() if e.reference == wanted.reference]
        assert all(e.payment_ref for e in mine)
