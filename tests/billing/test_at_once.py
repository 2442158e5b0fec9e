"""Several at once, on connections of their own: one payment, one attempt for a bill, and nobody waits for ever."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from django.db import connection

from onehall.billing import attempts, plans, sweeping, taking
from onehall.billing import settling as billing
from onehall.billing.attempts import AlreadyPaying, Wanted
from onehall.billing.errors import BillingRefused
from onehall.billing.models import Attempt, Payment, PaymentMethod, PaymentPlan
from onehall.billing.plan_rules import Wish
from onehall.billing.plans import NewPlan
from onehall.billing.taking import Money
from onehall.places.models import City
from tests.billing.money import START, Provider, bill, billing_city, finance, proven, start

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 8


@pytest.fixture
def city() -> City:
    return billing_city()


def at_once[T](acts: list[Callable[[], T]]) -> list[T]:
    """Each act in a thread with a connection of its own, all begun in the same moment."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], T]) -> T:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = '30s'")
            gate.wait(timeout=30)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_the_same_attempt_settled_by_many_is_one_payment(city: City) -> None:
    provider = Provider()
    attempt = start(city, provider, bill(city), bill(city))
    provider.pays(attempt)

    def settle() -> str:
        own = Attempt.objects.get(pk=attempt.pk)
        return billing.settle(city=city, attempt=own, gateway=provider, now=START).status

    assert at_once([settle] * MANY) == ["succeeded"] * MANY
    assert Payment.objects.count() == 1
    proven(city)


def test_two_carts_with_the_same_bills_in_another_order(city: City) -> None:
    bills = [bill(city) for _n in range(6)]

    def begin(some: list[int]) -> bool:
        wanted = Wanted(key=uuid.uuid4(), amounts=dict.fromkeys(some, 10_000), method="ach", fee=0)
        try:
            attempts.begin(city=city, wanted=wanted, now=START)
        except AlreadyPaying:
            return False
        return True

    keys = [b.pk for b in bills]
    carts = [keys, keys[::-1], keys[2:] + keys[:2], keys[3:], keys[:3]]
    won = at_once([lambda some=some: begin(some) for some in carts])  # type: ignore[misc]
    assert 1 <= sum(won) <= 2
    parts = Attempt.objects.values_list("parts__invoice_id", flat=True)
    assert len(set(parts)) == len(parts)


def test_a_payment_at_the_counter_and_one_online(city: City) -> None:
    provider, invoice = Provider(), bill(city)
    attempt = start(city, provider, invoice, method="ach")
    provider.pays(attempt)

    def online() -> str:
        own = Attempt.objects.get(pk=attempt.pk)
        return billing.settle(city=city, attempt=own, gateway=provider, now=START).status

    def counter() -> str:
        money = Money(key=uuid.uuid4(), method=PaymentMethod.TRANSFER, amount=10_000)
        amounts = {invoice.pk: 10_000}
        try:
            taking.at_counter(city=city, money=money, amounts=amounts, by=finance(city), now=START)
        except BillingRefused:
            return "refused"
        return "taken"

    said = at_once([online, counter, online, counter])
    assert said[0] == said[2] == "succeeded"
    invoice.refresh_from_db()
    assert invoice.owed == 0
    credit = sum(Payment.objects.values_list("credit", flat=True))
    # Whoever came second kept the money as credit, or was told to look again.
    assert credit == 10_000 * (said.count("taken"))
    proven(city)


def test_several_workers_sweep(city: City) -> None:
    provider = Provider()
    for _n in range(6):
        provider.pays(start(city, provider, bill(city), method="ach"))
    later = START + sweeping.AFTER * 2

    def sweep() -> int:
        return sweeping.sweep(city=city, gateway=provider, now=later).attempts

    at_once([sweep] * 4)
    assert Payment.objects.count() == 6
    receipts = sorted(Payment.objects.values_list("receipt", flat=True))
    assert receipts == [f"R-2026-{n:06d}" for n in range(1, 7)]
    proven(city)


def test_one_plan_however_often_it_is_tapped_and_two_are_never_made(city: City) -> None:
    first, second = bill(city, 8_000), bill(city, 8_000)
    new = NewPlan(key=uuid.uuid4(), invoice_id=first.pk, wish=Wish(4, "month"))

    def tap() -> int:
        return plans.start(city=city, new=new, by=finance(city), now=START).pk

    assert len(set(at_once([tap] * MANY))) == 1

    def another() -> bool:
        other = replace(new, key=uuid.uuid4(), invoice_id=second.pk)
        try:
            return bool(plans.start(city=city, new=other, by=finance(city), now=START))
        except BillingRefused:
            return False

    assert sum(at_once([another] * MANY)) == 1
    assert PaymentPlan.objects.count() == 2
    proven(city)
