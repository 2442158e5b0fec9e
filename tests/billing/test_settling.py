"""What becomes of an attempt: however often and in whatever order it is asked, money is booked once."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from onehall.billing import attempts, invoicing, settling
from onehall.billing.attempts import AlreadyPaying, Wanted
from onehall.billing.errors import BillingRefused
from onehall.billing.gateways.protocol import GatewayDown, GatewayRefused
from onehall.billing.invoicing import Change
from onehall.billing.models import (
    AdjustmentKind,
    Attempt,
    JournalEntry,
    JournalLine,
    Payment,
    PaymentException,
)
from onehall.messaging.models import Message
from onehall.places.models import City
from tests.billing.money import (
    START,
    Provider,
    bill,
    billing_city,
    books,
    finance,
    proven,
    start,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def city() -> City:
    return billing_city()


@pytest.fixture
def provider() -> Provider:
    return Provider()


def settle(
    city: City, provider: Provider, attempt: Attempt, *, later: dt.timedelta = HOUR / 60
) -> Attempt:
    return settling.settle(city=city, attempt=attempt, gateway=provider, now=START + later)


def kinds(city: City) -> list[str]:
    return list(
        PaymentException.objects.filter(city=city).order_by("pk").values_list("kind", flat=True)
    )


class TestPaid:
    def test_a_bill_is_paid_once_however_often_it_is_settled(
        self, city: City, provider: Provider
    ) -> None:
        invoice = bill(city, 10_000)
        attempt = start(city, provider, invoice, email="rosa@example.org")
        assert (attempt.status, attempt.amount, attempt.fee) == ("redirected", 10_225, 225)
        assert settle(city, provider, attempt).status == "redirected"
        provider.pays(attempt)
        for _again in range(3):
            attempt = settle(city, provider, attempt)
        assert attempt.status == "succeeded"
        payment = Payment.objects.get(attempt=attempt)
        assert (payment.amount, payment.fee, payment.credit) == (10_225, 225, 0)
        assert (payment.receipt, payment.last4) == ("R-2026-000001", "4242")
        invoice.refresh_from_db()
        assert invoice.owed == 0
        assert books(city) == {"clearing": 10_225, "convenience": -225, "revenue": -10_000}
        mail = Message.objects.get(key=f"receipt:{payment.key}")
        assert "$102.25" in mail.subject
        assert f"/receipts/{payment.token}" in mail.body_text
        proven(city)

    def test_one_payment_for_several_bills(self, city: City, provider: Provider) -> None:
        first, second = bill(city, 2_000), bill(city, 5_000)
        attempt = start(city, provider, first, second, amounts={first.pk: 2_000, second.pk: 1_500})
        provider.pays(attempt)
        settle(city, provider, attempt)
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.owed, second.owed) == (0, 3_500)
        proven(city)

    def test_penalties_are_paid_last(self, city: City, provider: Provider) -> None:
        penalty = invoicing.NewCharge(
            code="late",
            words={"en": "Late"},
            amount=500,
            gl="4150",
            kind=invoicing.ChargeKind.PENALTY,
        )
        line = invoicing.NewCharge(code="water", words={"en": "Water"}, amount=4_000, gl="4100")
        invoice = bill(city, charges=[penalty, line])
        attempt = start(city, provider, invoice, amounts={invoice.pk: 4_100})
        provider.pays(attempt)
        settle(city, provider, attempt)
        owed = dict(invoice.charges.values_list("code", "owed"))
        assert owed == {"late": 400, "water": 0}

    @pytest.mark.parametrize("status", ["failed", "cancelled", "expired"])
    def test_not_paid(self, city: City, provider: Provider, status: Any) -> None:
        invoice = bill(city)
        attempt = start(city, provider, invoice)
        held = provider.says[attempt.provider_ref]
        provider.says[attempt.provider_ref] = replace(held, status=status, failure="Declined.")
        assert settle(city, provider, attempt).status == status
        assert not Payment.objects.exists()
        assert start(city, provider, invoice).status == "redirected"

    def test_a_bank_transfer_on_its_way_keeps_the_bill(
        self, city: City, provider: Provider
    ) -> None:
        invoice = bill(city)
        attempt = start(city, provider, invoice, method="ach")
        assert attempt.fee == 0
        held = provider.says[attempt.provider_ref]
        provider.says[attempt.provider_ref] = replace(held, status="processing")
        assert settle(city, provider, attempt).status == "processing"
        with pytest.raises(AlreadyPaying):
            start(city, provider, invoice)
        provider.pays(attempt)
        assert settle(city, provider, attempt).status == "succeeded"
        proven(city)

    def test_nothing_changes_while_the_provider_is_away(
        self, city: City, provider: Provider
    ) -> None:
        attempt = start(city, provider, bill(city))
        provider.pays(attempt)
        provider.down = True
        with pytest.raises(GatewayDown):
            settle(city, provider, attempt)
        attempt.refresh_from_db()
        assert attempt.status == "redirected"
        provider.down = False
        assert settle(city, provider, attempt).status == "succeeded"


class TestWhatGoesWrong:
    def test_late_money_pays_its_bill_where_nobody_else_does(
        self, city: City, provider: Provider
    ) -> None:
        invoice = bill(city)
        attempt = start(city, provider, invoice)
        attempts.close(attempt=attempt, status=attempts.AttemptStatus.EXPIRED, now=START)
        provider.pays(attempt)
        assert settle(city, provider, attempt).status == "needs_review"
        invoice.refresh_from_db()
        assert invoice.owed == 0
        assert kinds(city) == ["late_success"]
        proven(city)

    def test_late_money_for_a_bill_that_was_paid_is_credit(
        self, city: City, provider: Provider
    ) -> None:
        invoice = bill(city)
        late = start(city, provider, invoice)
        attempts.close(attempt=late, status=attempts.AttemptStatus.EXPIRED, now=START)
        second = start(city, provider, invoice)
        provider.pays(second)
        settle(city, provider, second)
        provider.pays(late)
        settle(city, provider, late)
        credit = Payment.objects.get(attempt=late)
        assert credit.credit == 10_000
        assert books(city)["credit"] == -10_000
        proven(city)

    def test_late_money_leaves_a_bill_alone_that_somebody_is_paying(
        self, city: City, provider: Provider
    ) -> None:
        invoice = bill(city)
        late = start(city, provider, invoice)
        attempts.close(attempt=late, status=attempts.AttemptStatus.EXPIRED, now=START)
        second = start(city, provider, invoice)
        provider.pays(late)
        settle(city, provider, late)
        assert Payment.objects.get(attempt=late).credit == 10_000
        provider.pays(second)
        settle(city, provider, second)
        invoice.refresh_from_db()
        assert invoice.owed == 0
        proven(city)

    @pytest.mark.parametrize(("paid", "owed", "credit"), [(9_000, 1_000, 0), (12_225, 0, 2_000)])
    def test_another_amount_is_booked_as_it_is(
        self, city: City, provider: Provider, paid: int, owed: int, credit: int
    ) -> None:
        invoice = bill(city)
        attempt = start(city, provider, invoice)
        provider.pays(attempt, amount=paid)
        assert settle(city, provider, attempt).status == "needs_review"
        invoice.refresh_from_db()
        payment = Payment.objects.get(attempt=attempt)
        assert (invoice.owed, payment.credit) == (owed, credit)
        assert kinds(city) == ["amount_differs"]
        proven(city)

    def test_another_currency_is_not_booked(self, city: City, provider: Provider) -> None:
        attempt = start(city, provider, bill(city))
        provider.pays(attempt, currency="EUR")
        assert settle(city, provider, attempt).status == "needs_review"
        assert not Payment.objects.exists()
        assert kinds(city) == ["not_bookable"]

    def test_one_payment_of_the_provider_is_not_booked_twice(
        self, city: City, provider: Provider
    ) -> None:
        first, second = start(city, provider, bill(city)), start(city, provider, bill(city))
        provider.pays(first, payment_ref="pay_one")
        provider.pays(second, payment_ref="pay_one")
        settle(city, provider, first)
        assert settle(city, provider, second).status == "needs_review"
        assert Payment.objects.count() == 1

    def test_another_reference_changes_nothing(self, city: City, provider: Provider) -> None:
        attempt = start(city, provider, bill(city))
        provider.pays(attempt, reference="somebody else's")
        assert settle(city, provider, attempt).status == "redirected"
        assert kinds(city) == ["reference_differs"]

    def test_a_checkout_that_is_not_known_is_looked_at(
        self, city: City, provider: Provider
    ) -> None:
        attempt = start(city, provider, bill(city))
        provider.says.clear()
        assert settle(city, provider, attempt).status == "needs_review"
        assert kinds(city) == ["checkout_unknown"]


class TestAttempts:
    def test_one_open_attempt_for_a_bill(self, city: City, provider: Provider) -> None:
        first, second = bill(city), bill(city)
        held = start(city, provider, first)
        with pytest.raises(AlreadyPaying) as no:
            start(city, provider, second, first)
        assert no.value.attempt == held
        assert start(city, provider, second).status == "redirected"

    def test_the_database_holds_it_too(self, city: City, provider: Provider) -> None:
        invoice = bill(city)
        attempt = start(city, provider, invoice)
        other = start(city, provider, bill(city))
        with pytest.raises(IntegrityError), transaction.atomic():
            other.parts.create(city=city, invoice=invoice, amount=1)
        assert attempt.parts.count() == 1

    def test_the_same_key_is_the_same_attempt(self, city: City, provider: Provider) -> None:
        invoice, key = bill(city), uuid.uuid4()
        assert start(city, provider, invoice, key=key) == start(city, provider, invoice, key=key)
        assert len(provider.asked) == 1

    def test_a_provider_that_is_away_leaves_the_attempt_to_be_tried_again(
        self, city: City, provider: Provider
    ) -> None:
        invoice, key = bill(city), uuid.uuid4()
        provider.down = True
        with pytest.raises(GatewayDown):
            start(city, provider, invoice, key=key)
        provider.down = False
        assert start(city, provider, invoice, key=key).status == "redirected"

    def test_a_refusal_ends_it(self, city: City, provider: Provider) -> None:
        invoice = bill(city)
        provider.refuses = "This account is not active."
        with pytest.raises(GatewayRefused):
            start(city, provider, invoice)
        assert Attempt.objects.get().status == "failed"
        provider.refuses = ""
        start(city, provider, invoice)

    @pytest.mark.parametrize(
        ("kind", "amount", "words"),
        [
            ("utility", 0, "Write what you want to pay"),
            ("utility", 10_001, "No more than $100.00 is owed"),
            ("citation", 5_000, "is paid as a whole: $100.00"),
            ("tax", 2_000, "Pay at least $25.00"),
        ],
    )
    def test_an_amount_that_can_not_be_paid(
        self, city: City, provider: Provider, kind: str, amount: int, words: str
    ) -> None:
        invoice = bill(city, kind=kind, minimum=2_500)
        wanted = Wanted(key=uuid.uuid4(), amounts={invoice.pk: amount}, method="card", fee=0)
        with pytest.raises(BillingRefused, match=words.replace("$", r"\$")):
            attempts.begin(city=city, wanted=wanted, now=START)

    def test_a_fee_that_was_not_shown(self, city: City) -> None:
        invoice = bill(city)
        wanted = Wanted(key=uuid.uuid4(), amounts={invoice.pk: 10_000}, method="card", fee=0)
        with pytest.raises(BillingRefused, match="fee for paying has changed"):
            attempts.begin(city=city, wanted=wanted, now=START)

    def test_a_bill_of_another_city(self, city: City, provider: Provider) -> None:
        wanted = Wanted(key=uuid.uuid4(), amounts={bill(city).pk + 9_999: 100}, method="ach", fee=0)
        with pytest.raises(BillingRefused, match="not there any more"):
            attempts.begin(city=city, wanted=wanted, now=START)

    def test_a_bill_that_is_being_paid_is_not_changed(self, city: City, provider: Provider) -> None:
        invoice = bill(city)
        start(city, provider, invoice)
        change = Change(
            charge_id=invoice.charges.get().pk, amount=-100, kind=AdjustmentKind.WAIVER, reason="x"
        )
        with pytest.raises(BillingRefused, match="Somebody is paying"):
            invoicing.adjust(city=city, change=change, by=finance(city), now=START)


class TestTheJournal:
    @pytest.mark.parametrize("amounts", [[5], [5, -4], [2, 2, -3]])
    def test_lines_that_do_not_balance_are_refused_as_they_are_written(
        self, city: City, amounts: list[int]
    ) -> None:
        bill(city)
        entry = JournalEntry.objects.get()
        lines = [
            JournalLine(city=city, entry=entry, account="bank", gl="1", amount=amount)
            for amount in amounts
        ]
        with (
            pytest.raises(IntegrityError, match="does not sum to nought"),
            transaction.atomic(),
        ):
            JournalLine.objects.bulk_create(lines)

    def test_entries_do_not_balance_each_other(self, city: City) -> None:
        bill(city)
        bill(city)
        lines = [
            JournalLine(city=city, entry=entry, account="bank", gl="1", amount=amount)
            for entry, amount in zip(JournalEntry.objects.all(), (5, -5), strict=True)
        ]
        with (
            pytest.raises(IntegrityError, match="does not sum to nought"),
            transaction.atomic(),
        ):
            JournalLine.objects.bulk_create(lines)

    @pytest.mark.parametrize("table", ["journalentry", "journalline"])
    @pytest.mark.parametrize("what", ["UPDATE {} SET city_id = city_id", "DELETE FROM {}"])
    def test_it_only_grows(self, city: City, table: str, what: str) -> None:
        from django.db import InternalError, ProgrammingError

        bill(city)
        with (
            pytest.raises((InternalError, ProgrammingError), match="only grows"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(what.format(f"billing_{table}"))


class TestBills:
    def test_a_waiver_says_who_and_why(self, city: City) -> None:
        invoice = bill(city, amounts=(3_000, 2_000))
        line = invoice.charges.get(position=1)
        change = Change(
            charge_id=line.pk, amount=-2_000, kind=AdjustmentKind.WAIVER, reason="Leak in the main"
        )
        made = invoicing.adjust(city=city, change=change, by=finance(city), now=START)
        assert (made.by_name, made.by_roles) == ("Fay Finance", "finance")
        invoice.refresh_from_db()
        assert (invoice.billed, invoice.owed) == (3_000, 3_000)
        proven(city)

    def test_no_more_is_waived_than_is_owed(self, city: City) -> None:
        line = bill(city).charges.get()
        change = Change(
            charge_id=line.pk, amount=-10_001, kind=AdjustmentKind.WAIVER, reason="Mistake"
        )
        with pytest.raises(BillingRefused, match="No more can be taken off"):
            invoicing.adjust(city=city, change=change, by=finance(city), now=START)

    def test_a_correction_may_make_a_line_more(self, city: City) -> None:
        invoice = bill(city)
        line = invoice.charges.get()
        change = Change(
            charge_id=line.pk, amount=500, kind=AdjustmentKind.CORRECTION, reason="Misread"
        )
        invoicing.adjust(city=city, change=change, by=finance(city), now=START)
        invoice.refresh_from_db()
        assert (invoice.billed, invoice.owed) == (10_500, 10_500)
        proven(city)

    def test_the_same_source_is_one_bill(self, city: City) -> None:
        first = bill(city, source="import", source_ref="2026-02:881")
        assert bill(city, source="import", source_ref="2026-02:881") == first

    def test_void(self, city: City) -> None:
        invoice = bill(city, amounts=(3_000, 2_000))
        invoicing.void(
            city=city, invoice_id=invoice.pk, reason="Twice", by=finance(city), now=START
        )
        invoice.refresh_from_db()
        assert (invoice.billed, invoice.owed) == (0, 0)
        assert books(city) == {}
        proven(city)
