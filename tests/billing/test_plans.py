"""Bills paid in parts: made, paid in whatever way, missed, broken, paused, changed; the ledger says what is paid."""

import datetime as dt
import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onehall.billing import (
    attempts,
    books,
    disputing,
    invoicing,
    keeping_plans,
    penalties,
    planning,
    plans,
    posting,
    proof,
    queries,
    refunding,
    reminding,
    settling,
    taking,
)
from onehall.billing.attempts import Wanted
from onehall.billing.errors import BillingRefused
from onehall.billing.invoicing import Change
from onehall.billing.models import (
    AdjustmentKind,
    Allocation,
    BillingSetup,
    Instalment,
    Invoice,
    Payment,
    PaymentMethod,
    PaymentPlan,
    PlanPause,
    PlanRequest,
)
from onehall.billing.plan_rules import Wish
from onehall.billing.planning import Plan
from onehall.billing.plans import NewPlan
from onehall.billing.refunding import Ask, Back
from onehall.billing.taking import Money
from onehall.messaging.models import Message
from onehall.places.models import City
from tests.billing.money import START, Provider, bill, billing_city, finance, proven, start

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def city() -> City:
    return billing_city()


def make(city: City, invoice: Invoice, count: int = 4, **more: Any) -> PaymentPlan:
    wish = Wish(count, more.pop("every", "month"))
    now = more.pop("now", START)
    new = NewPlan(
        key=uuid.uuid4(), invoice_id=invoice.pk, wish=wish, email="rosa@example.org", **more
    )
    return plans.start(city=city, new=new, by=finance(city), now=now)


def look(city: City, plan: PaymentPlan, days: int = 0) -> Plan:
    found = planning.by_id(city, plan.pk, posting.local_day(city, START + days * DAY))
    assert found is not None
    return found


def pay(city: City, invoice: Invoice, amount: int, *, days: int = 0) -> Payment:
    """A transfer that staff noted."""
    return taking.at_counter(
        city=city,
        money=Money(key=uuid.uuid4(), method=PaymentMethod.TRANSFER, amount=amount),
        amounts={invoice.pk: amount},
        by=finance(city),
        now=START + days * DAY,
    )


def give_back(city: City, payment: Payment, amount: int, *, owed_again: bool) -> None:
    charge = payment.allocations.order_by("pk")[0].charge_id
    asked = Ask(
        key=uuid.uuid4(),
        payment_id=payment.pk,
        lines=[Back(amount=amount, charge_id=charge, owed_again=owed_again)],
        reason="Paid by mistake.",
        available=refunding.available(payment),
    )
    refund = refunding.ask(city=city, wanted=asked, by=finance(city), now=START)
    if refund.status == "requested":
        other = finance(city, 902, "Gus")
        refund = refunding.decide(city=city, refund_id=refund.pk, approve=True, by=other, now=START)
    refunding.carry_out(city=city, refund=refund, gateway=None, by=finance(city), now=START)


def waive(city: City, invoice: Invoice, amount: int) -> None:
    charge = invoice.charges.order_by("pk")[0]
    change = Change(
        charge_id=charge.pk, amount=amount, kind=AdjustmentKind.CORRECTION, reason="Read again."
    )
    invoicing.adjust(city=city, change=change, by=finance(city), now=START)


def lefts(plan: Plan) -> list[int]:
    return [line.left for line in plan.standing.lines]


def keys() -> list[str]:
    rows = Message.objects.filter(key__startswith="plan-").order_by("pk")
    return [key.split(":")[0] for key in rows.values_list("key", flat=True)]


class TestMaking:
    def test_keeps_what_was_agreed_and_mails_the_table(self, city: City) -> None:
        invoice = bill(city, 10_000)
        plan = make(city, invoice, 3, reason="Asked at the counter.")
        rows = list(plan.instalments.values_list("due_on", "amount"))
        assert [(f"{day:%m-%d}", amount) for day, amount in rows] == [
            ("04-04", 3_333),
            ("05-04", 3_333),
            ("06-04", 3_334),
        ]
        assert (plan.amount, plan.by_name, plan.by_roles) == (10_000, "Fay Finance", "finance")
        assert Invoice.objects.get(pk=invoice.pk).plan_id == plan.pk
        mail = Message.objects.get(key=f"plan-made:{plan.pk}")
        assert "April 4, 2026: $33.33" in mail.body_text
        assert f"/bills/{invoice.token}/plan.ics" in mail.body_text
        assert look(city, plan).state == "on_track"

    def test_the_same_form_twice_is_one_plan(self, city: City) -> None:
        new = NewPlan(key=uuid.uuid4(), invoice_id=bill(city).pk, wish=Wish(2, "month"))
        made = [
            plans.start(city=city, new=new, by=finance(city), now=START).pk for _twice in range(2)
        ]
        assert made[0] == made[1]

    @pytest.mark.parametrize("why", ["kind", "paid", "void", "twice", "seen", "small", "paying"])
    def test_is_refused_in_words(self, city: City, why: str) -> None:
        invoice = bill(city, 5_000, kind="tax" if why == "kind" else "utility")
        if why == "paid":
            pay(city, invoice, 5_000)
        if why == "void":
            invoicing.void(
                city=city, invoice_id=invoice.pk, reason="Wrong", by=finance(city), now=START
            )
        if why == "twice":
            make(city, invoice)
        if why == "paying":
            start(city, Provider(), invoice)
        with pytest.raises(BillingRefused):
            make(city, invoice, 7 if why == "small" else 2, seen=1 if why == "seen" else None)
        assert PaymentPlan.objects.count() == (why == "twice")

    def test_nothing_of_it_is_changed_afterwards(self, city: City) -> None:
        plan = make(city, bill(city))
        for model, change in (
            (Instalment, {"amount": 1}),
            (PaymentPlan, {"amount": 1}),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                model.objects.update(**change)
        for sql in ("billing_instalment", "billing_paymentplan"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {sql}")
        plans.end(city=city, plan_id=plan.pk, reason="Moved.", by=finance(city), now=START)
        with pytest.raises(DatabaseError), transaction.atomic():
            PaymentPlan.objects.update(end_reason="Another.")

    def test_a_fee_is_a_line_of_the_bill(self, city: City, monkeypatch: pytest.MonkeyPatch) -> None:
        with_fee(city)
        invoice = bill(city, 10_000)
        plan = make(city, invoice, 2)
        invoice.refresh_from_db()
        assert (plan.amount, invoice.owed, invoice.billed) == (10_500, 10_500, 10_500)
        fee = invoice.charges.get(code="plan-fee")
        assert (fee.amount, fee.gl, fee.kind) == (500, "4330", "fee")
        # Another plan instead costs no second one.
        new = NewPlan(
            key=uuid.uuid4(), invoice_id=invoice.pk, wish=Wish(3, "month"), reason="Longer."
        )
        again = plans.change(city=city, plan_id=plan.pk, new=new, by=finance(city), now=START)
        assert again.amount == 10_500
        proven(city)


def say(city: City, old: str, new: str) -> None:
    """Another word in `billing.yaml`."""
    row = BillingSetup.objects.get(city=city)
    row.files["billing.yaml"] = row.files["billing.yaml"].replace(old, new)
    row.save()
    queries.forget()


def with_fee(city: City) -> None:
    fee = "fee: {code: plan-fee, name: {en: Plan, es: Plan}, gl: '4330', flat: '5.00'}"
    say(city, "plan:\n", f"plan:\n      {fee}\n")


class TestPaying:
    def test_whatever_way_it_comes_in_it_counts(self, city: City) -> None:
        invoice = bill(city, 10_000)
        pay(city, invoice, 2_000)
        plan = make(city, invoice, 4)
        assert look(city, plan).standing.paid == 0
        pay(city, invoice, 2_000, days=3)
        provider = Provider()
        attempt = start(city, provider, invoice, amounts={invoice.pk: 3_000})
        provider.pays(attempt)
        settling.settle(city=city, attempt=attempt, gateway=provider, now=START)
        assert lefts(look(city, plan)) == [0, 0, 1_000, 2_000]
        credit = pay_nothing(city, 1_000)
        taking.apply_credit(
            city=city,
            payment_id=credit.pk,
            amounts={invoice.pk: 1_000},
            by=finance(city),
            now=START,
        )
        assert lefts(look(city, plan)) == [0, 0, 0, 2_000]
        pay(city, invoice, 2_000)
        assert look(city, plan, days=300).state == "done"
        proven(city)

    def test_online_from_one_instalment_on(self, city: City) -> None:
        invoice = bill(city, 10_000, kind="citation")
        make(city, invoice, 4)
        for amount, fine in ((2_499, False), (2_500, True), (2_600, True), (10_000, True)):
            wanted = Wanted(key=uuid.uuid4(), amounts={invoice.pk: amount}, method="card", fee=0)
            if not fine:
                with pytest.raises(BillingRefused, match=r"at least \$25.00"):
                    attempts.begin(city=city, wanted=wanted, now=START)
                continue
            with transaction.atomic():
                attempts.begin(city=city, wanted=wanted, now=START)
                transaction.set_rollback(True)

    def test_a_payment_from_before_that_bounces_undoes_no_instalment(self, city: City) -> None:
        invoice = bill(city, 10_000)
        before = pay(city, invoice, 2_000)
        plan = make(city, invoice, 4)
        pay(city, invoice, 2_000)
        refunding.take_back(
            city=city, payment_id=before.pk, reason="No cover", by=finance(city), now=START
        )
        assert lefts(look(city, plan)) == [0, 2_000, 2_000, 4_000]

    def test_one_from_within_that_bounces_does(self, city: City) -> None:
        invoice = bill(city, 8_000)
        plan = make(city, invoice, 4)
        within = pay(city, invoice, 2_000)
        assert look(city, plan, days=40).state == "on_track"
        refunding.take_back(
            city=city, payment_id=within.pk, reason="No cover", by=finance(city), now=START
        )
        assert lefts(look(city, plan)) == [2_000] * 4
        assert look(city, plan, days=40).state == "late"

    def test_a_refund_that_is_forgiven_is_as_if_it_had_stayed(self, city: City) -> None:
        invoice = bill(city, 8_000)
        plan = make(city, invoice, 4)
        payment = pay(city, invoice, 2_000)
        give_back(city, payment, 2_000, owed_again=False)
        assert lefts(look(city, plan, days=40)) == [0, 2_000, 2_000, 2_000]
        assert look(city, plan, days=40).state == "on_track"

    def test_one_that_is_owed_again_opens_the_instalment(self, city: City) -> None:
        invoice = bill(city, 8_000)
        plan = make(city, invoice, 4)
        give_back(city, pay(city, invoice, 2_000), 2_000, owed_again=True)
        assert lefts(look(city, plan)) == [2_000] * 4

    def test_a_lower_debt_shortens_it_a_higher_one_is_due_last(self, city: City) -> None:
        invoice = bill(city, 8_000)
        plan = make(city, invoice, 4)
        waive(city, invoice, -3_000)
        assert lefts(look(city, plan)) == [2_000, 2_000, 1_000, 0]
        waive(city, invoice, 4_000)
        assert lefts(look(city, plan)) == [2_000, 2_000, 2_000, 3_000]

    @settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(seed=st.integers(0, 10**9))
    def test_after_whatever_happens_it_asks_for_what_is_owed(self, city: City, seed: int) -> None:
        with transaction.atomic():
            self._live(city, random.Random(seed))
            transaction.set_rollback(True)

    def _live(self, city: City, rng: random.Random) -> None:
        invoice = bill(city, rng.randrange(4_000, 50_000))
        early = pay(city, invoice, rng.randrange(1, 500)) if rng.random() < 0.5 else None
        plan = make(city, invoice, rng.randrange(2, 4))
        taken = []
        for _step in range(rng.randrange(1, 8)):
            invoice.refresh_from_db()
            act = rng.random()
            if act < 0.5 and invoice.owed:
                taken.append(pay(city, invoice, rng.randrange(1, invoice.owed + 1)))
            elif act < 0.7 and taken:
                one = taken.pop()
                give_back(city, one, one.amount, owed_again=rng.random() < 0.5)
            elif act < 0.8 and taken:
                refunding.take_back(
                    city=city,
                    payment_id=taken.pop().pk,
                    reason="No cover",
                    by=finance(city),
                    now=START,
                )
            elif act < 0.9 and early is not None:
                give_back(city, early, early.amount, owed_again=True)
                early = None
            elif charge := invoice.charges.filter(owed__gt=0).first():
                change = Change(
                    charge_id=charge.pk,
                    amount=-rng.randrange(1, charge.owed + 1),
                    kind=AdjustmentKind.WAIVER,
                    reason="Hardship",
                )
                invoicing.adjust(city=city, change=change, by=finance(city), now=START)
            invoice.refresh_from_db()
            now = look(city, plan, days=rng.randrange(0, 200))
            assert sum(lefts(now)) == now.standing.owed == invoice.owed
            assert 0 <= now.standing.due <= invoice.owed
            assert now.standing.paid >= 0
            assert (now.state == "done") == (invoice.owed == 0)
        proven(city)
        assert proof.prove(city=city, now=START).faults == ()


def pay_nothing(city: City, amount: int) -> Payment:
    """A transfer for no bill: credit."""
    return taking.at_counter(
        city=city,
        money=Money(key=uuid.uuid4(), method=PaymentMethod.TRANSFER, amount=amount),
        amounts={},
        by=finance(city),
        now=START,
    )


class TestByItself:
    def test_a_word_before_and_after_and_the_end(self, city: City) -> None:
        invoice = bill(city, 8_000, kind="citation", email="rosa@example.org")
        plan = make(city, invoice, 4)
        due = 31
        seen = []
        for day in (1, due - 4, due - 3, due, due + 1, due + 5, due + 6, due + 7):
            for _twice in range(2):
                keeping_plans.keep(city=city, now=START + day * DAY)
            seen.append(keys())
        made, told = ["plan-made"], ["plan-made", "plan-due"]
        missed = [*told, "plan-missed"]
        assert seen[:4] == [made, made, told, told]
        assert seen[4:6] == [missed, missed]
        assert seen[6] == seen[7] == [*missed, "plan-broken"]
        assert look(city, plan, days=due + 7).state == "broken"
        mail = Message.objects.get(key__startswith="plan-broken")
        assert "All that is left is due now: $80.00" in mail.body_text

    def test_penalties_and_reminders_wait_and_go_on(self, city: City) -> None:
        invoice = bill(city, 8_000, kind="citation", email="rosa@example.org")
        due = 21
        plan = make(city, invoice, 4, now=START + (due - 10) * DAY)
        for day in range(due - 8, due + 26):
            reminding.remind(city=city, now=START + day * DAY)
            penalties.add_due(city=city, now=START + day * DAY)
        assert not Message.objects.filter(key__startswith="bill-").exists()
        invoice.refresh_from_db()
        assert invoice.penalized == 0
        broken = 0
        for day in range(due + 20, due + 40):
            if (
                keeping_plans.keep(city=city, now=START + day * DAY)
                and look(city, plan, days=day).state == "broken"
            ):
                broken = day
        assert broken == due - 10 + 31 + 6
        # The clock had not begun to run: the first penalty is on the bill a day after the rest came due.
        assert penalties.add_due(city=city, now=START + broken * DAY) == 0
        assert penalties.add_due(city=city, now=START + (broken + 1) * DAY) == 1
        assert penalties.add_due(city=city, now=START + (broken + 29) * DAY) == 0
        assert penalties.add_due(city=city, now=START + (broken + 30) * DAY) == 1

    def test_who_is_paying_at_that_moment_is_waited_for(self, city: City) -> None:
        invoice = bill(city, 8_000, kind="citation")
        plan = make(city, invoice, 4)
        late = START + 50 * DAY
        provider = Provider()
        attempt = start(city, provider, invoice, amounts={invoice.pk: 2_000}, now=late)
        assert keeping_plans.keep(city=city, now=late) == 0
        assert not keeping_plans.breach(city=city, plan_id=plan.pk, now=late)
        provider.pays(attempt)
        settling.settle(city=city, attempt=attempt, gateway=provider, now=late)
        assert not keeping_plans.breach(city=city, plan_id=plan.pk, now=late)
        assert look(city, plan, days=50).state == "on_track"

    def test_where_staff_decide_it_only_is_late(self, city: City) -> None:
        plan = make(city, bill(city, 8_000), 4)
        keeping_plans.keep(city=city, now=START + 100 * DAY)
        assert look(city, plan, days=100).state == "late"

    @pytest.mark.parametrize("at", ["plan_mail.tell", "ending_plans.finish"])
    def test_killed_at_any_step_and_run_again_it_is_the_same(
        self, city: City, monkeypatch: pytest.MonkeyPatch, at: str
    ) -> None:
        for _n in range(3):
            make(city, bill(city, 8_000, kind="citation"), 4)
        room, name = at.split(".")
        real: Callable[..., Any] = getattr(getattr(keeping_plans, room), name)
        left = [1]

        def dies(**kwargs: Any) -> Any:
            made = real(**kwargs)
            if left.pop() if left else False:
                raise RuntimeError("Killed.")
            return made

        monkeypatch.setattr(f"onehall.billing.keeping_plans.{room}.{name}", dies)
        late = START + 50 * DAY
        with pytest.raises(RuntimeError), transaction.atomic():
            keeping_plans.keep(city=city, now=late)
        keeping_plans.keep(city=city, now=late)
        keeping_plans.keep(city=city, now=late)
        assert PaymentPlan.objects.filter(ended="broken").count() == 3
        assert keys().count("plan-broken") == 3
        assert not Invoice.objects.filter(plan__isnull=False).exists()


def contested(city: City, case: Any) -> Invoice:
    invoice = bill(city, 8_000, kind="citation")
    disputing.contest(city=city, invoice_id=invoice.pk, service_key="pothole", case=case)
    return invoice


class TestContested:
    def test_a_plan_stands_still_while_its_case_is_open(self, cast: Any) -> None:
        case = cast.report().case
        city = billing_city()
        invoice = bill(city, 8_000, kind="citation")
        plan = make(city, invoice, 4)
        say(city, "    prefix: PC\n", "    prefix: PC\n    dispute: pothole\n")
        for again in (False, True):
            noted = disputing.contest(
                city=city, invoice_id=invoice.pk, service_key="pothole", case=case
            )
            assert noted is not again
        assert PlanPause.objects.get().plan_id == plan.pk
        with pytest.raises(BillingRefused, match="contested"):
            make(city, contested(city, case))
        keeping_plans.keep(city=city, now=START + 90 * DAY)
        assert look(city, plan, days=90).state == "paused"
        assert keys() == ["plan-made"]
        type(case).objects.filter(pk=case.pk).update(
            is_open=False, closed_at=START + 90 * DAY, state="done"
        )
        found = look(city, plan, days=91)
        assert found.state == "on_track"
        first = found.standing.lines[0].due_on
        assert first == posting.local_day(city, START + (31 + 90) * DAY)


class TestEnding:
    def test_by_staff_with_a_reason(self, city: City) -> None:
        invoice = bill(city, 8_000)
        plan = make(city, invoice, 4)
        with pytest.raises(BillingRefused):
            plans.end(city=city, plan_id=plan.pk, reason=" ", by=finance(city), now=START)
        pay(city, invoice, 2_000)
        plans.end(
            city=city, plan_id=plan.pk, reason="They moved.", by=finance(city), now=START + DAY
        )
        with pytest.raises(BillingRefused):
            plans.end(city=city, plan_id=plan.pk, reason="Again", by=finance(city), now=START)
        found = look(city, plan, days=90)
        assert (found.state, found.standing.paid) == ("ended", 2_000)
        assert "They moved." in Message.objects.get(key=f"plan-ended:{plan.pk}").body_text
        invoice.refresh_from_db()
        assert invoice.plan_id is None
        # What is paid afterwards is not the plan's.
        pay(city, invoice, 2_000)
        assert look(city, plan, days=90).standing.paid == 2_000

    def test_another_instead_keeps_both(self, city: City) -> None:
        invoice = bill(city, 8_000)
        old = make(city, invoice, 4)
        pay(city, invoice, 2_000)
        new = NewPlan(
            key=uuid.uuid4(), invoice_id=invoice.pk, wish=Wish(3, "two_weeks"), reason="Less pay."
        )
        made = plans.change(city=city, plan_id=old.pk, new=new, by=finance(city), now=START)
        assert (made.amount, made.follows_id, made.email) == (6_000, old.pk, "rosa@example.org")
        assert [p.state for p in planning.of_bill(city, invoice, START.date())] == [
            "on_track",
            "ended",
        ]
        assert proof.prove(city=city, now=START).faults == ()

    def test_a_bill_that_is_taken_back_ends_it(self, city: City) -> None:
        invoice = bill(city, 8_000)
        plan = make(city, invoice, 4)
        invoicing.void(
            city=city, invoice_id=invoice.pk, reason="Wrong car", by=finance(city), now=START
        )
        found = look(city, plan)
        assert (found.state, found.row.end_reason) == ("ended", "The bill was taken back.")
        assert keys() == ["plan-made", "plan-void"]


class TestAsking:
    def ask(self, city: City, invoice: Invoice, **more: Any) -> PlanRequest:
        facts: dict[str, Any] = {
            "key": uuid.uuid4(),
            "invoice_id": invoice.pk,
            "wish": Wish(4, "month"),
            "email": "rosa@example.org",
            "language": "en",
            "consent": plans.CONSENT,
            "reason": "I lost my job.",
        }
        return plans.ask(city=city, new=NewPlan(**(facts | more)), now=START)

    def test_alone_for_a_small_debt_that_never_failed(self, city: City) -> None:
        small, large = bill(city, 15_000, kind="citation"), bill(city, 15_001, kind="citation")
        assert plans.alone(city, small)
        assert not plans.alone(city, large)
        assert not plans.alone(city, bill(city, 100, kind="utility"))
        make(city, small)
        keeping_plans.keep(city=city, now=START + 90 * DAY)
        small.refresh_from_db()
        assert not plans.alone(city, small)

    def test_approved_it_becomes_a_plan_with_the_consent(self, city: City) -> None:
        invoice = bill(city, 20_000)
        asked = self.ask(city, invoice)
        assert self.ask(city, invoice).pk == asked.pk
        plans.decide(
            city=city, request_id=asked.pk, approve=True, answer="", by=finance(city), now=START
        )
        plan = PaymentPlan.objects.get()
        assert (plan.request_id, plan.consent, plan.amount) == (asked.pk, plans.CONSENT, 20_000)
        with pytest.raises(BillingRefused):
            plans.decide(
                city=city, request_id=asked.pk, approve=True, answer="", by=finance(city), now=START
            )

    def test_a_plan_that_staff_make_of_themselves_answers_it(self, city: City) -> None:
        invoice = bill(city, 20_000)
        asked = self.ask(city, invoice)
        plan = make(city, invoice, 3, reason="Agreed by phone.")
        asked.refresh_from_db()
        assert (asked.approved, asked.answer, plan.request_id) == (
            True,
            "Agreed by phone.",
            asked.pk,
        )
        assert planning.asked(city) == []

    def test_refused_in_words(self, city: City) -> None:
        asked = self.ask(city, bill(city, 20_000))
        with pytest.raises(BillingRefused):
            plans.decide(
                city=city,
                request_id=asked.pk,
                approve=False,
                answer="",
                by=finance(city),
                now=START,
            )
        plans.decide(
            city=city,
            request_id=asked.pk,
            approve=False,
            answer="Ask the hardship fund first.",
            by=finance(city),
            now=START,
        )
        mail = Message.objects.get(key=f"plan-refused:{asked.pk}")
        assert "Ask the hardship fund first." in mail.body_text
        assert not PaymentPlan.objects.exists()

    def test_without_an_address_or_with_a_card_number_it_is_refused(self, city: City) -> None:
        invoice = bill(city, 20_000)
        for more in ({"email": ""}, {"reason": "4242 4242 4242 4242"}):
            with pytest.raises(BillingRefused):
                self.ask(city, invoice, **more)


def test_the_list_of_late_ones_is_exact_and_goes_on(city: City) -> None:
    late: list[int] = []
    fine: list[int] = []
    broken: list[int] = []
    for n in range(6):
        invoice = bill(city, 8_000)
        plan = make(city, invoice, 4)
        if n % 2:
            pay(city, invoice, 2_000)
        (fine if n % 2 else late).append(plan.pk)
    bounced = bill(city, 8_000)
    again = make(city, bounced, 4)
    refunding.take_back(
        city=city,
        payment_id=pay(city, bounced, 2_000).pk,
        reason="No cover",
        by=finance(city),
        now=START,
    )
    late.append(again.pk)
    ended = make(city, bill(city, 8_000, kind="citation"), 4)
    keeping_plans.keep(city=city, now=START + 40 * DAY)
    broken.append(ended.pk)
    today = posting.local_day(city, START + 40 * DAY)

    def shown(show: str) -> list[int]:
        return sorted(p.row.pk for p in planning.listed(city, show, today).rows)

    assert shown("late") == sorted(late)
    assert shown("broken") == broken
    assert shown("running") == sorted(late + fine)
    assert Allocation.objects.exists()


def test_the_proof_finds_a_plan_that_does_not_sum(city: City) -> None:
    plan = make(city, bill(city, 8_000), 4)
    assert proof.prove(city=city, now=START).faults == ()
    Instalment.objects.create(
        city=city, plan=plan, number=9, due_on=dt.date(2027, 1, 1), amount=100
    )
    Invoice.objects.update(plan=None)
    faults = proof.prove(city=city, now=START).faults
    assert len(faults) == 2
    assert "off by $1.00" in faults[0]


def test_receivables_count_what_is_on_a_plan_apart(city: City) -> None:
    bill(city, 3_000, kind="citation")
    make(city, bill(city, 8_000, kind="citation"), 4)
    today = posting.local_day(city, START + 30 * DAY)
    (row,) = books.aging(city, today)
    assert (row.amounts, row.planned, row.total, row.bills) == (
        (0, 3_000, 0, 0, 0),
        8_000,
        11_000,
        2,
    )
    keeping_plans.keep(city=city, now=START + 45 * DAY)
    (row,) = books.aging(city, posting.local_day(city, START + 45 * DAY))
    assert (row.amounts, row.planned) == ((0, 11_000, 0, 0, 0), 0)
