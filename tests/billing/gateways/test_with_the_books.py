"""The city's books over both gateways: from a bill to the money in them, and back to the payer."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from onehall.billing import refunding, settling
from onehall.billing.gateways.protocol import GatewayDown
from onehall.billing.models import Attempt, Payment, PaymentException, Refund
from onehall.billing.refunding import Ask, Back
from onehall.places.models import City
from tests.billing.gateways.conftest import START, Shop, post
from tests.billing.money import bill, billing_city, finance, proven, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return billing_city()


def settle(city: City, shop: Shop, attempt: Attempt) -> Attempt:
    return settling.settle(
        city=city, attempt=attempt, gateway=shop.gateway, now=START + timedelta(minutes=1)
    )


def pays(attempt: Attempt, source: str = "visa") -> None:
    answer = post(attempt.url, {"act": "pay", "source": source})
    assert (answer.status, answer.getheader("Location")) == (303, "https://testford.example/back")


def test_a_bill_is_paid_once_however_often_it_is_settled(city: City, shop: Shop) -> None:
    invoice = bill(city, 10_000)
    attempt = start(city, shop.gateway, invoice, email="rosa@example.org")  # type: ignore[arg-type]
    assert settle(city, shop, attempt).status == "redirected"
    pays(attempt)
    for _again in range(2):
        attempt = settle(city, shop, attempt)
    payment = Payment.objects.get(city=city)
    assert (attempt.status, payment.amount, payment.fee) == ("succeeded", 10_225, 225)
    assert (payment.brand, payment.last4) == ("visa", "4242")
    invoice.refresh_from_db()
    assert invoice.owed == 0
    proven(city)


def test_money_from_a_bank_is_booked_when_it_arrives(city: City, shop: Shop) -> None:
    invoice = bill(city, 10_000)
    attempt = start(city, shop.gateway, invoice, method="ach")  # type: ignore[arg-type]
    pays(attempt, "bank")
    assert settle(city, shop, attempt).status == "processing"
    assert not Payment.objects.exists()
    shop.clock.goes_on(minutes=1)
    assert settle(city, shop, attempt).status == "succeeded"
    payment = Payment.objects.get(city=city)
    assert (payment.amount, payment.method, payment.fee) == (10_000, "ach", 0)
    proven(city)


def test_a_page_that_was_made_without_an_answer_is_the_same_page(city: City, shop: Shop) -> None:
    invoice = bill(city, 10_000)
    shop.turn(trouble="create", cut=True)
    key = uuid.uuid4()
    with pytest.raises(GatewayDown):
        start(city, shop.gateway, invoice, key=key)  # type: ignore[arg-type]
    shop.turn(trouble="")
    attempt = start(city, shop.gateway, invoice, key=key)  # type: ignore[arg-type]
    assert attempt.status == "redirected"
    assert [each.ref for each in shop.gateway.list_recent(START)] == [attempt.provider_ref]


def test_another_amount_than_asked_for_is_booked_and_looked_at(city: City, shop: Shop) -> None:
    shop.turn(wrong_amount=-500)
    attempt = start(city, shop.gateway, bill(city, 10_000))  # type: ignore[arg-type]
    pays(attempt)
    assert settle(city, shop, attempt).status == "needs_review"
    assert Payment.objects.get(city=city).amount == 9_725
    assert PaymentException.objects.get(city=city).kind == "amount_differs"
    proven(city)


def test_a_refund_without_an_answer_is_made_once(city: City, shop: Shop) -> None:
    invoice = bill(city, 10_000)
    attempt = start(city, shop.gateway, invoice)  # type: ignore[arg-type]
    pays(attempt)
    settle(city, shop, attempt)
    payment = Payment.objects.get(city=city)
    line = Back(charge_id=invoice.charges.get().pk, amount=4_000)
    asked: dict[str, Any] = {
        "key": uuid.uuid4(),
        "payment_id": payment.pk,
        "available": payment.amount,
    }
    by = finance(city)
    refund = refunding.ask(
        city=city, wanted=Ask(lines=(line,), reason="Paid twice", **asked), by=by, now=START
    )
    shop.turn(trouble="refund", cut=True)
    facts = {"city": city, "gateway": shop.gateway, "by": by, "now": START}
    with pytest.raises(GatewayDown):
        refunding.carry_out(refund=refund, **facts)
    shop.turn(trouble="")
    refund = refunding.carry_out(refund=Refund.objects.get(), **facts)
    assert (refund.status, refund.failure) == ("succeeded", "")
    assert shop.gateway.fetch(attempt.provider_ref).refunded == 4_000
    proven(city)
