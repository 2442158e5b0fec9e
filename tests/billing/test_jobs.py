"""What happens by itself: attempts asked about, payments found, penalties, reminders, payouts, the proof."""

import datetime as dt
import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from onehall.billing import (
    invoicing,
    payout_files,
    penalties,
    proof,
    queries,
    reconciling,
    refunding,
    reminding,
    sweeping,
    tasks,
)
from onehall.billing.gateways.protocol import (
    Checkout,
    CheckoutRequest,
    GatewayDown,
    PayoutItem,
    PayoutReport,
    RefundRequest,
    RefundSnapshot,
    Snapshot,
)
from onehall.billing.models import (
    Attempt,
    Charge,
    Chargeback,
    Invoice,
    LedgerProof,
    Payment,
    PaymentException,
    Payout,
    Refund,
)
from onehall.billing.refunding import Ask, Back
from onehall.messaging.models import Message
from onehall.people.actor import system
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
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


@pytest.fixture
def city() -> City:
    return billing_city()


@pytest.fixture
def provider() -> Provider:
    return Provider()


def kinds(city: City) -> list[str]:
    rows = PaymentException.objects.filter(city=city).order_by("pk")
    return list(rows.values_list("kind", flat=True))


def paid(city: City, provider: Provider, amount: int = 10_000, **more: Any) -> Payment:
    attempt = start(city, provider, bill(city, amount), **more)
    provider.pays(attempt)
    sweeping.sweep(city=city, gateway=provider, now=START + 20 * MINUTE)
    return Payment.objects.get(attempt=attempt)


class LostAnswer(Provider):
    """Makes the page, and the answer does not come back."""

    def create_checkout(self, wanted: CheckoutRequest) -> Checkout:
        super().create_checkout(wanted)
        raise GatewayDown("Timed out.")


class TestSweeping:
    def test_nobody_came_back(self, city: City, provider: Provider) -> None:
        attempt = start(city, provider, bill(city))
        provider.pays(attempt)
        assert sweeping.sweep(city=city, gateway=provider, now=START + 10 * MINUTE).attempts == 0
        for _again in range(2):
            sweeping.sweep(city=city, gateway=provider, now=START + 20 * MINUTE)
        assert Payment.objects.get().amount == attempt.amount
        proven(city)

    def test_a_page_that_nobody_paid_on_is_closed(self, city: City, provider: Provider) -> None:
        attempt = start(city, provider, bill(city))
        sweeping.sweep(city=city, gateway=provider, now=START + 30 * MINUTE)
        attempt.refresh_from_db()
        assert attempt.status == "redirected"
        sweeping.sweep(city=city, gateway=provider, now=START + 61 * MINUTE)
        attempt.refresh_from_db()
        assert (attempt.status, provider.says[attempt.provider_ref].status) == ("expired",) * 2

    def test_a_provider_that_is_away(self, city: City, provider: Provider) -> None:
        attempt = start(city, provider, bill(city))
        provider.pays(attempt)
        provider.down = True
        assert sweeping.sweep(city=city, gateway=provider, now=START + DAY).down
        provider.down = False
        sweeping.sweep(city=city, gateway=provider, now=START + DAY)
        assert Payment.objects.count() == 1

    def test_a_page_whose_answer_was_lost_is_found_by_our_reference(self, city: City) -> None:
        provider = LostAnswer()
        with pytest.raises(GatewayDown):
            start(city, provider, bill(city))
        attempt = Attempt.objects.get()
        ref = f"co_{attempt.key}"
        provider.says[ref] = replace(
            provider.says[ref], status="paid", amount=attempt.amount, payment_ref="pay_1"
        )
        sweeping.sweep(city=city, gateway=provider, now=START + 20 * MINUTE)
        attempt.refresh_from_db()
        assert (attempt.status, attempt.provider_ref) == ("succeeded", ref)
        proven(city)

    def test_one_that_has_no_page_anywhere_lets_its_bill_go(self, city: City) -> None:
        provider = Provider(down=True)
        with pytest.raises(GatewayDown):
            start(city, provider, bill(city))
        provider.down = False
        sweeping.sweep(city=city, gateway=provider, now=START + 20 * MINUTE)
        assert Attempt.objects.get().status == "created"
        sweeping.sweep(city=city, gateway=provider, now=START + 61 * MINUTE)
        assert Attempt.objects.get().status == "expired"

    def test_refunds_go_on(self, city: City, provider: Provider) -> None:
        payment = paid(city, provider, method="ach")
        provider.refund_status = "pending"
        refund = _refund(city, payment, 4_000)
        sweeping.sweep(city=city, gateway=provider, now=START + DAY)
        refund.refresh_from_db()
        assert refund.status == "submitted"
        ref = refund.provider_ref
        provider.refunds[ref] = replace(provider.refunds[ref], status="succeeded")
        sweeping.sweep(city=city, gateway=provider, now=START + DAY)
        refund.refresh_from_db()
        assert refund.status == "succeeded"
        proven(city)


class Asked(Provider):
    """Remembers what was said to be left before each refund."""

    left: int = -1

    def refund(self, wanted: RefundRequest) -> RefundSnapshot:
        self.left = wanted.refundable
        return super().refund(wanted)


def test_a_refund_on_its_way_counts_as_gone(city: City) -> None:
    provider = Asked(refund_status="pending")
    payment = paid(city, provider, method="ach")
    _refund(city, payment, 4_000)
    sweeping.sweep(city=city, gateway=provider, now=START + DAY)
    assert provider.left == 10_000
    _refund(city, payment, 1_000)
    sweeping.sweep(city=city, gateway=provider, now=START + DAY)
    assert provider.left == 6_000


def _refund(city: City, payment: Payment, amount: int) -> Refund:
    charge = payment.allocations.get().charge_id
    wanted = Ask(
        key=uuid.uuid4(),
        payment_id=payment.pk,
        lines=[Back(amount=amount, charge_id=charge)],
        reason="Twice",
        available=refunding.available(payment),
    )
    return refunding.ask(city=city, wanted=wanted, by=finance(city), now=START)


class TestLookingAgain:
    def test_a_payment_that_nothing_here_knows(self, city: City, provider: Provider) -> None:
        provider.says["co_x"] = Snapshot(
            ref="co_x",
            reference="elsewhere",
            status="paid",
            amount=500,
            currency="USD",
            payment_ref="pay_x",
        )
        for _again in range(2):
            sweeping.look_again(city=city, gateway=provider, now=START + DAY)
        assert kinds(city) == ["orphan"]

    def test_an_attempt_that_was_over_is_paid_after_all(
        self, city: City, provider: Provider
    ) -> None:
        attempt = start(city, provider, bill(city))
        sweeping.sweep(city=city, gateway=provider, now=START + 61 * MINUTE)
        provider.pays(attempt)
        sweeping.look_again(city=city, gateway=provider, now=START + DAY)
        assert Payment.objects.get().amount == attempt.amount
        assert kinds(city) == ["late_success"]
        proven(city)

    def test_a_chargeback_is_booked_and_won(self, city: City, provider: Provider) -> None:
        payment = paid(city, provider)
        ref = payment.attempt.provider_ref if payment.attempt else ""
        provider.says[ref] = replace(provider.says[ref], disputed=payment.amount)
        for _again in range(2):
            sweeping.look_again(city=city, gateway=provider, now=START + DAY)
        assert Chargeback.objects.get().amount == payment.amount
        assert books(city)["disputes"] == payment.amount
        provider.says[ref] = replace(provider.says[ref], disputed=0)
        sweeping.look_again(city=city, gateway=provider, now=START + 2 * DAY)
        assert Chargeback.objects.get().outcome == "won"
        assert "disputes" not in books(city)
        proven(city)

    def test_a_chargeback_of_what_was_refunded_is_the_citys_loss(
        self, city: City, provider: Provider
    ) -> None:
        payment = paid(city, provider, method="ach")
        _refund(city, payment, 4_000)
        sweeping.sweep(city=city, gateway=provider, now=START + DAY)
        ref = payment.attempt.provider_ref if payment.attempt else ""
        provider.says[ref] = replace(provider.says[ref], disputed=10_000)
        sweeping.look_again(city=city, gateway=provider, now=START + DAY)
        refunding.end_dispute(
            city=city, payment_id=payment.pk, won=False, by=finance(city), now=START + DAY
        )
        assert books(city)["write_off"] == 4_000
        assert Invoice.objects.get().owed == 6_000
        proven(city)


class TestPenalties:
    def test_each_step_once_and_late_ones_are_caught_up_with(self, city: City) -> None:
        invoice = bill(city, 5_000, kind="citation")
        due = dt.datetime.combine(invoice.due_on, dt.time(20), START.tzinfo)
        assert penalties.add_due(city=city, now=due) == 0
        assert penalties.add_due(city=city, now=due + DAY) == 1
        assert penalties.add_due(city=city, now=due + DAY) == 0
        assert penalties.add_due(city=city, now=due + 100 * DAY) == 1
        assert penalties.add_due(city=city, now=due + 200 * DAY) == 0
        codes = list(invoice.charges.values_list("code", "amount"))
        assert codes == [("line-0", 5_000), ("late-first", 3_500), ("late-second", 3_500)]
        proven(city)

    def test_both_steps_after_a_long_time_off(self, city: City) -> None:
        invoice = bill(city, 5_000, kind="citation")
        penalties.add_due(city=city, now=START + 100 * DAY)
        assert invoice.charges.count() == 3
        invoice.refresh_from_db()
        assert (invoice.penalized, invoice.owed) == (2, 12_000)

    def test_a_percentage_of_what_is_owed(self, city: City) -> None:
        bill(city, 10_010)
        penalties.add_due(city=city, now=START + 60 * DAY)
        assert Charge.objects.get(code="late").amount == 501

    def test_not_while_it_is_paid_contested_or_void(self, city: City, provider: Provider) -> None:
        from tests.cast import build

        start(city, provider, bill(city))
        void = bill(city)
        invoicing.void(city=city, invoice_id=void.pk, reason="x", by=finance(city), now=START)
        assert penalties.add_due(city=city, now=START + 60 * DAY) == 0
        case = build().case()
        contested = bill(city)
        Invoice.objects.filter(pk=contested.pk).update(disputed=case)
        assert case.is_open
        assert penalties.add_due(city=city, now=START + 60 * DAY) == 0

    def test_the_day_is_the_citys(self, city: City) -> None:
        invoice = bill(city, kind="citation")
        # It is the next day already in UTC, and still the due day where the city is.
        evening = dt.datetime.combine(invoice.due_on + DAY, dt.time(3), dt.UTC)
        assert penalties.add_due(city=city, now=evening) == 0


class TestReminders:
    def test_a_week_a_day_and_overdue_each_once(self, city: City) -> None:
        invoice = bill(city, email="rosa@example.org", language="es")
        for day in range(60):
            reminding.remind(city=city, now=START + day * DAY)
        rows = Message.objects.filter(key__startswith="bill-").order_by("pk")
        assert [m.key.partition(":")[0] for m in rows] == ["bill-week", "bill-day", "bill-overdue"]
        assert all(f"/bills/{invoice.token}" in m.body_text for m in rows)
        assert rows[0].language == "es"

    def test_no_mail_about_what_is_paid_or_has_no_address(self, city: City) -> None:
        bill(city)
        invoice = bill(city, email="rosa@example.org")
        invoicing.void(city=city, invoice_id=invoice.pk, reason="x", by=finance(city), now=START)
        assert reminding.remind(city=city, now=START + 20 * DAY) == 0


class TestPayouts:
    def report(self, payment: Payment, **more: Any) -> PayoutReport:
        item = PayoutItem(
            kind="payment",
            ref="txn_1",
            payment_ref=payment.provider_ref,
            gross=payment.amount,
            fee=320,
            net=payment.amount - 320,
        )
        facts: dict[str, Any] = {"net": item.net, "items": (item,), **more}
        return PayoutReport(ref="po_1", currency="USD", arrives_on=dt.date(2026, 3, 6), **facts)

    def take(self, city: City, *reports: PayoutReport) -> reconciling.Taken:
        return reconciling.take_in(
            city=city, provider="demo", reports=reports, by=system(city.pk), now=START
        )

    def test_it_is_matched_and_booked_once(self, city: City, provider: Provider) -> None:
        payment = paid(city, provider, method="ach")
        taken = self.take(city, self.report(payment))
        assert (taken.new, taken.matched, taken.noted) == (1, 1, 0)
        assert self.take(city, self.report(payment)).known == 1
        assert books(city) == {"bank": 9_680, "processor_fees": 320, "revenue": -10_000}
        assert Payout.objects.get().items.get().payment == payment
        proven(city)

    def test_what_does_not_fit_is_looked_at(self, city: City, provider: Provider) -> None:
        payment = paid(city, provider, method="ach")
        good = self.report(payment)
        unknown = replace(good.items[0], ref="txn_2", payment_ref="pay_nobody")
        more = replace(good.items[0], ref="txn_3", gross=10_001, net=9_681)
        net = 9_680 + 9_680 + 9_681 + 7
        self.take(city, replace(good, items=(good.items[0], unknown, more), net=net))
        assert sorted(kinds(city)) == ["payout_amount", "payout_differs", "payout_unknown"]
        assert books(city)["bank"] == net
        self.take(city, replace(good, net=1), replace(good, ref="po_2", currency="EUR"))
        assert {"payout_changed", "payout_currency"} < set(kinds(city))
        proven(city)

    def test_fees_and_refunds(self, city: City, provider: Provider) -> None:
        payment = paid(city, provider, method="ach")
        _refund(city, payment, 4_000)
        sweeping.sweep(city=city, gateway=provider, now=START + DAY)
        item = self.report(payment).items[0]
        items = (
            item,
            replace(item, kind="refund", ref="txn_2", gross=-4_000, fee=0, net=-4_000),
            PayoutItem(kind="fee", ref="txn_3", payment_ref="", gross=-200, fee=0, net=-200),
        )
        taken = self.take(city, self.report(payment, items=items, net=5_480))
        assert (taken.matched, taken.noted) == (2, 0)
        assert books(city) == {"bank": 5_480, "processor_fees": 520, "revenue": -6_000}

    def test_files(self, tmp_path: Path) -> None:
        rows = (
            "payout,arrives_on,currency,kind,ref,payment_ref,gross,fee\n"
            "po_1,2026-03-06,USD,payment,t1,pay_1,100.00,3.20\n"
            "po_1,2026-03-06,USD,refund,t2,pay_1,-40.00,0\n"
        )
        (report,) = payout_files.read(rows, name="x.csv")
        assert (report.net, len(report.items)) == (5_680, 2)
        item = {
            "kind": "payment", "ref": "t1", "payment_ref": "p", "gross": 100, "fee": 3, "net": 97,
        }  # fmt: skip
        told = [
            {"ref": "po", "currency": "USD", "arrives_on": "2026-03-06", "net": 97, "items": [item]}
        ]
        (report,) = payout_files.read(json.dumps(told), name="x.json")
        assert report.items[0].net == 97

    @pytest.mark.parametrize(
        ("name", "text", "words"),
        [
            ("x.json", "{", "not JSON"),
            ("x.json", "{}", "no list"),
            ("x.json", '[{"ref": "a"}]', '"currency" is missing'),
            ("x.csv", "a,b\n", "no column arrives_on"),
            (
                "x.csv",
                ",".join(payout_files.COLUMNS) + "\np,2026-3-1,USD,payment,t,,1,0\n",
                "line 2: .* no day",
            ),
            (
                "x.csv",
                ",".join(payout_files.COLUMNS) + "\np,2026-03-01,USD,gift,t,,1,0\n",
                "none of payment",
            ),
        ],
    )
    def test_a_file_that_is_wrong(self, name: str, text: str, words: str) -> None:
        with pytest.raises(payout_files.PayoutFileWrong, match=words):
            payout_files.read(text, name=name)


ENTRY = """
INSERT INTO billing_journalentry (city_id, kind, key, "on", at, currency, memo, by_name)
SELECT city_id, 'paid', 'x', "on", at, currency, '', '' FROM billing_journalentry LIMIT 1
"""
ALLOCATION = """
INSERT INTO billing_allocation (city_id, payment_id, charge_id, entry_id, amount)
SELECT city_id, payment_id, charge_id, entry_id, 5 FROM billing_allocation
"""
OFF = (
    ("UPDATE billing_charge SET owed = owed + 1", "says another amount owed than the journal"),
    ("UPDATE billing_invoice SET owed = owed - 1 WHERE owed > 0", "than its lines"),
    ("UPDATE billing_invoice SET billed = billed + 1", "lines and adjustments"),
    ("UPDATE billing_payment SET credit = 5", "keeps another credit"),
    ("UPDATE billing_payment SET amount = amount + 1", "of another amount than its entry"),
    ("UPDATE billing_payment SET receipt = 'R-2026-000007'", "have a gap"),
    ("UPDATE billing_series SET next = 9 WHERE key LIKE 'receipt%'", "have a gap"),
    (ALLOCATION, "shared out to differs"),
    (ENTRY, "or has no lines"),
)


class TestProof:
    @pytest.fixture(autouse=True)
    def money(self, city: City, provider: Provider) -> None:
        paid(city, provider, email="rosa@example.org")
        bill(city)

    def prove(self, city: City) -> list[str]:
        return list(proof.prove(city=city, now=START).faults)

    def test_it_holds(self, city: City) -> None:
        assert self.prove(city) == []
        kept = LedgerProof.objects.get(city=city)
        assert (kept.entries, kept.faults) == (3, [])

    @pytest.mark.parametrize(("sql", "words"), OFF)
    @pytest.mark.any_order
    def test_it_sees_what_is_off(self, city: City, sql: str, words: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)
        faults = self.prove(city)
        assert any(words in fault for fault in faults), faults
        assert LedgerProof.objects.get(city=city).faults == faults


class TestTasks:
    def test_every_job_runs_for_a_city_without_keys(self, city: City) -> None:
        bill(city)
        for job in (
            tasks.sweep,
            tasks.look_again,
            tasks.take_payouts,
            tasks.keep_plans,
            tasks.add_penalties,
            tasks.remind,
            tasks.prove,
        ):
            job(now=START)
        assert LedgerProof.objects.get(city=city).faults == []

    def test_a_city_that_does_not_bill_has_no_work(self) -> None:
        from tests.packs import testford

        testford()
        queries.forget()
        tasks.add_penalties(now=START)
        tasks.prove(now=START)
        assert not LedgerProof.objects.exists()
