"""Anything that can happen to money, in any order: after every step the journal holds and not a cent is lost."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from onehall.billing import attempts, invoicing, penalties, refunding, settling, taking
from onehall.billing.errors import BillingRefused
from onehall.billing.gateways.protocol import GatewayDown
from onehall.billing.invoicing import Change
from onehall.billing.models import (
    AdjustmentKind,
    Allocation,
    Attempt,
    Charge,
    Chargeback,
    Drawer,
    Invoice,
    Payment,
    PaymentMethod,
    Refund,
    RefundStatus,
)
from onehall.billing.refunding import Ask, Back
from onehall.billing.taking import Money
from onehall.places.models import City
from tests.billing.money import START, Provider, bill, billing_city, finance, proven, start

pytestmark = pytest.mark.django_db
AMOUNTS = st.integers(1, 20_000)
PICK = st.integers(0, 10_000)


def refused(act: Callable[[], object]) -> None:
    """What can not be done is refused in words, and changes nothing: what holds is looked at afterwards."""
    try:
        with transaction.atomic():
            act()
    except BillingRefused:
        return


class MoneyMachine(RuleBasedStateMachine):
    """A city, a provider that says what it likes, and everybody who can do something with money."""

    city: City

    @initialize()
    def begin(self) -> None:
        self.mark = transaction.atomic()
        self.mark.__enter__()
        self.provider = Provider()
        self.now = START
        self.drawer = Drawer.objects.create(
            city=self.city, name="Front", opened_at=START, opened_id=1, opened_by="Fay", float=0
        )

    def teardown(self) -> None:
        if hasattr(self, "mark"):
            transaction.set_rollback(True)
            self.mark.__exit__(None, None, None)

    def one(self, model: Any, pick: int, **where: Any) -> Any:
        rows = list(model.objects.filter(city=self.city, **where).order_by("pk"))
        return rows[pick % len(rows)] if rows else None

    # Bills

    @rule(
        amounts=st.lists(AMOUNTS, min_size=1, max_size=3),
        kind=st.sampled_from(["utility", "citation"]),
    )
    def issue(self, amounts: list[int], kind: str) -> None:
        bill(self.city, amounts=tuple(amounts), kind=kind)

    @rule(pick=PICK, amount=st.integers(-20_000, 20_000), kind=st.sampled_from(AdjustmentKind))
    def adjust(self, pick: int, amount: int, kind: AdjustmentKind) -> None:
        if kind in (AdjustmentKind.REFUND, AdjustmentKind.VOID):
            kind = AdjustmentKind.CORRECTION
        if charge := self.one(Charge, pick):
            change = Change(charge_id=charge.pk, amount=amount, kind=kind, reason="So")
            by = finance(self.city)
            refused(lambda: invoicing.adjust(city=self.city, change=change, by=by, now=self.now))

    @rule(pick=PICK)
    def void(self, pick: int) -> None:
        if invoice := self.one(Invoice, pick):
            by = finance(self.city)
            refused(
                lambda: invoicing.void(
                    city=self.city, invoice_id=invoice.pk, reason="Twice", by=by, now=self.now
                )
            )

    @rule(days=st.integers(1, 40))
    def time_goes_by(self, days: int) -> None:
        self.now += dt.timedelta(days=days)
        penalties.add_due(city=self.city, now=self.now)
        before = Charge.objects.filter(city=self.city).count()
        penalties.add_due(city=self.city, now=self.now)
        assert Charge.objects.filter(city=self.city).count() == before

    # At the provider

    @rule(picks=st.lists(PICK, min_size=1, max_size=3), method=st.sampled_from(["card", "ach"]))
    def begin_to_pay(self, picks: list[int], method: str) -> None:
        bills = {b.pk: b for p in picks if (b := self.one(Invoice, p, owed__gt=0))}
        if bills:
            found = list(bills.values())
            refused(lambda: start(self.city, self.provider, *found, method=method, now=self.now))

    @rule(pick=PICK, more=st.sampled_from([0, 0, 0, -700, -1, 1, 900]))
    def pay(self, pick: int, more: int) -> None:
        attempt = self.one(Attempt, pick)
        if attempt is None or self.provider.says[attempt.provider_ref].status == "paid":
            return
        self.provider.pays(attempt, amount=max(1, attempt.amount + more))

    @rule(pick=PICK, status=st.sampled_from(["failed", "cancelled", "expired", "processing"]))
    def not_paid(self, pick: int, status: Any) -> None:
        if attempt := self.one(Attempt, pick):
            held = self.provider.says[attempt.provider_ref]
            if held.status in ("open", "processing"):
                self.provider.says[attempt.provider_ref] = replace(held, status=status)

    @rule(pick=PICK, down=st.booleans())
    def settle(self, pick: int, down: bool) -> None:
        if attempt := self.one(Attempt, pick):
            self.provider.down = down
            try:
                settling.settle(
                    city=self.city, attempt=attempt, gateway=self.provider, now=self.now
                )
            except GatewayDown:
                assert down
            self.provider.down = False

    @rule(pick=PICK)
    def expire_here(self, pick: int) -> None:
        if attempt := self.one(Attempt, pick, status__in=attempts.OPEN):
            attempts.close(attempt=attempt, status=attempts.AttemptStatus.EXPIRED, now=self.now)

    @rule(
        amount=AMOUNTS, more=st.sampled_from([0, 0, 500]), method=st.sampled_from(["card", "ach"])
    )
    def paid_at_once(self, amount: int, more: int, method: str) -> None:
        attempt = start(
            self.city, self.provider, bill(self.city, amount), method=method, now=self.now
        )
        self.provider.pays(attempt, amount=attempt.amount + more)
        settling.settle(city=self.city, attempt=attempt, gateway=self.provider, now=self.now)

    # At the counter

    @rule(
        picks=st.lists(PICK, max_size=2),
        amount=AMOUNTS,
        method=st.sampled_from(["cash", "check", "transfer"]),
    )
    def at_counter(self, picks: list[int], amount: int, method: str) -> None:
        bills = {b.pk: b for p in picks if (b := self.one(Invoice, p))}
        cash = method in ("cash", "check")
        money = Money(
            key=uuid.uuid4(),
            method=PaymentMethod(method),
            amount=amount,
            drawer=self.drawer if cash else None,
        )
        amounts = {pk: b.owed for pk, b in bills.items()}
        by = finance(self.city)
        refused(
            lambda: taking.at_counter(
                city=self.city, money=money, amounts=amounts, by=by, now=self.now
            )
        )

    @rule(pick=PICK, which=PICK)
    def apply_credit(self, pick: int, which: int) -> None:
        payment = self.one(Payment, pick, credit__gt=0)
        invoice = self.one(Invoice, which, owed__gt=0)
        if payment and invoice:
            by = finance(self.city)
            refused(
                lambda: taking.apply_credit(
                    city=self.city,
                    payment_id=payment.pk,
                    amounts={invoice.pk: invoice.owed},
                    by=by,
                    now=self.now,
                )
            )

    # Back

    @rule(pick=PICK, share=st.integers(1, 4), again=st.booleans(), places=st.sets(PICK, min_size=1))
    def ask_for_refund(self, pick: int, share: int, again: bool, places: set[int]) -> None:
        payment = self.one(Payment, pick)
        if payment is None:
            return
        rows = Allocation.objects.filter(payment=payment).order_by("charge_id")
        got = [(c, s) for c, s in rows.values_list("charge_id").annotate(s=Sum("amount")) if s > 0]
        lines = [Back(amount=max(1, s // share), charge_id=c, owed_again=again) for c, s in got]
        if payment.credit:
            lines.append(Back(amount=max(1, payment.credit // share)))
        if payment.fee:
            lines.append(Back(amount=max(1, payment.fee // share), of_fee=True))
        chosen = {p % len(lines) for p in places} if lines else set()
        wanted = Ask(
            key=uuid.uuid4(),
            payment_id=payment.pk,
            lines=[lines[n] for n in sorted(chosen)],
            reason="Twice",
            available=refunding.available(payment),
        )
        if wanted.lines:
            by = finance(self.city)
            refused(lambda: refunding.ask(city=self.city, wanted=wanted, by=by, now=self.now))

    @rule(pick=PICK, approve=st.booleans(), who=st.sampled_from([901, 902]))
    def decide(self, pick: int, approve: bool, who: int) -> None:
        if refund := self.one(Refund, pick, status=RefundStatus.REQUESTED):
            by = finance(self.city, who)
            refused(
                lambda: refunding.decide(
                    city=self.city, refund_id=refund.pk, approve=approve, by=by, now=self.now
                )
            )

    @rule(pick=PICK, says=st.sampled_from(["succeeded", "pending", "failed"]))
    def carry_out(self, pick: int, says: str) -> None:
        waiting = (RefundStatus.APPROVED, RefundStatus.SUBMITTED)
        if refund := self.one(Refund, pick, status__in=waiting):
            self.provider.refund_status = says
            ref = refund.provider_ref
            if ref and self.provider.refunds[ref].status == "pending":
                self.provider.refunds[ref] = replace(self.provider.refunds[ref], status=says)
            by = finance(self.city, 902)
            refused(
                lambda: refunding.carry_out(
                    city=self.city, refund=refund, gateway=self.provider, by=by, now=self.now
                )
            )

    @rule(pick=PICK)
    def bounce(self, pick: int) -> None:
        if payment := self.one(Payment, pick, provider=""):
            by = finance(self.city)
            refused(
                lambda: refunding.take_back(
                    city=self.city, payment_id=payment.pk, reason="NSF", by=by, now=self.now
                )
            )

    @rule(pick=PICK, share=st.integers(1, 3))
    def dispute(self, pick: int, share: int) -> None:
        if payment := self.one(Payment, pick, provider="demo"):
            by, amount = finance(self.city), max(1, payment.amount // share)
            refused(
                lambda: refunding.dispute(
                    city=self.city, payment_id=payment.pk, amount=amount, by=by, now=self.now
                )
            )

    @precondition(lambda self: Chargeback.objects.filter(city=self.city).exists())
    @rule(pick=PICK, won=st.booleans())
    def end_dispute(self, pick: int, won: bool) -> None:
        held = self.one(Chargeback, pick)
        by = finance(self.city)
        refused(
            lambda: refunding.end_dispute(
                city=self.city, payment_id=held.payment_id, won=won, by=by, now=self.now
            )
        )

    # What always holds

    @invariant()
    def everything_holds(self) -> None:
        if not hasattr(self, "mark"):
            return
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        proven(self.city)
        for payment in Payment.objects.filter(city=self.city).order_by("pk"):
            self._adds_up(payment)
        for attempt in Attempt.objects.filter(city=self.city).order_by("pk"):
            assert attempt.parts.filter(open=True).exists() == (attempt.status in attempts.OPEN)

    def _adds_up(self, payment: Payment) -> None:
        allocated = payment.allocations.aggregate(s=Sum("amount"))["s"] or 0
        done = payment.refunds.filter(status=RefundStatus.SUCCEEDED)
        back = done.aggregate(s=Sum("amount"))["s"] or 0
        lost = payment.chargebacks.filter(outcome="lost").aggregate(s=Sum("amount"))["s"] or 0
        fee, written_off = -self._book(payment, "convenience"), self._book(payment, "write_off")
        if payment.returned_at is not None:
            assert (allocated, payment.credit, fee, back) == (0, 0, 0, 0)
            return
        assert allocated + payment.credit + fee + back + lost == payment.amount + written_off
        assert 0 <= fee <= payment.fee
        assert 0 <= written_off <= back
        of_lines = payment.allocations.order_by().values_list("charge").annotate(s=Sum("amount"))
        assert all(total >= 0 for _charge, total in of_lines)

    def _book(self, payment: Payment, book: str) -> int:
        rows = payment.lines.filter(account=book)
        return rows.aggregate(s=Sum("amount"))["s"] or 0


@pytest.mark.hypothesis
def test_money_in_any_order() -> None:
    class Machine(MoneyMachine):
        city = billing_city()

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
