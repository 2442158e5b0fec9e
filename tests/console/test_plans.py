"""Payment plans at the desk: requests answered, plans made after a look, changed and ended, lists page by page."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from onehall.billing import keeping_plans, plans
from onehall.billing.models import Invoice, PaymentPlan, PlanRequest
from onehall.billing.plan_rules import Wish
from onehall.billing.plans import NewPlan
from onehall.kernel.clock import now
from onehall.messaging.models import Message
from onehall.people.actor import system
from onehall.places.models import City
from tests.console.people import BACKEND, Person, hire
from tests.console.test_money import bill, fay, paying, text  # noqa: F401
from tests.console.test_queries import asked as statements_of

pytestmark = pytest.mark.django_db


def planned(city: City, invoice: Invoice, count: int = 4) -> PaymentPlan:
    new = NewPlan(
        key=uuid.uuid4(), invoice_id=invoice.pk, wish=Wish(count, "month"), email="r@example.org"
    )
    return plans.start(city=city, new=new, by=system(city.pk), now=now())


def asked_for(city: City, invoice: Invoice) -> PlanRequest:
    new = NewPlan(
        key=uuid.uuid4(),
        invoice_id=invoice.pk,
        wish=Wish(4, "month"),
        email="rosa@example.org",
        language="en",
        consent=plans.CONSENT,
        reason="I lost my job.",
    )
    return plans.ask(city=city, new=new, now=now())


class TestRequests:
    def test_are_answered_from_the_list(self, paying: City, fay: Person) -> None:  # noqa: F811
        invoice = bill(paying)
        one = asked_for(paying, invoice)
        page = text(fay.get("/money/plans"))
        for words in (invoice.number, "I lost my job.", "4 payments · Every month", "$25.00"):
            assert words in page, words
        answer = fay.post(f"/money/plans/asked/{one.pk}", what="approve", answer="Take care.")
        assert answer.status_code == 302
        plan = PaymentPlan.objects.get()
        assert (plan.by_name, plan.reason, plan.request_id) == ("Fay", "Take care.", one.pk)
        assert "Take care." in Message.objects.get(key=f"plan-made:{plan.pk}").body_text
        assert "I lost my job." not in text(fay.get("/money/plans"))

    def test_are_refused_in_words_alone(self, paying: City, fay: Person) -> None:  # noqa: F811
        one = asked_for(paying, bill(paying))
        path = f"/money/plans/asked/{one.pk}"
        assert "Say why" in text(fay.post(path, what="refuse", answer=""), 422)
        assert "Say whether" in text(fay.post(path, what="", answer="x"), 422)
        assert "card" in text(fay.post(path, what="refuse", answer="4242 4242 4242 4242"), 422)
        assert fay.post(path, what="refuse", answer="Too long.").status_code == 302
        assert "answered this already" in text(fay.post(path, what="approve", answer=""), 422)
        assert not PaymentPlan.objects.exists()

    def test_one_that_is_not_possible_any_more_can_only_be_refused(
        self,
        paying: City,  # noqa: F811
        fay: Person,  # noqa: F811
    ) -> None:
        invoice = bill(paying)
        one = asked_for(paying, invoice)
        line = invoice.charges.get()
        fay.post(
            f"/money/bills/{invoice.pk}/adjust",
            charge=str(line.pk), kind="waiver", way="less", amount="97", reason="Hardship",
            key=str(uuid.uuid4()), seen=str(line.owed),
        )  # fmt: skip
        page = text(fay.get("/money/plans"))
        assert "too little for a plan" in page
        answer = fay.post(f"/money/plans/asked/{one.pk}", what="approve", answer="")
        assert answer.status_code == 422


class TestMaking:
    def test_after_a_look_at_the_table(self, paying: City, fay: Person) -> None:  # noqa: F811
        invoice = bill(paying)
        path = f"/money/bills/{invoice.pk}/plan"
        assert path in text(fay.get(f"/money/bills/{invoice.pk}"))
        sent = {
            "key": str(uuid.uuid4()),
            "every": "two_weeks",
            "count": "3",
            "first": "2026-03-10",
            "reason": "At the counter.",
        }
        page = text(fay.post(path, **sent, do="look"))
        assert "$33.34" in page
        assert not PaymentPlan.objects.exists()
        for _tap in range(2):
            answer = fay.post(path, **sent, do="make", total="10000")
            assert answer.status_code == 302
        plan = PaymentPlan.objects.get()
        days = [f"{d:%m-%d}" for d in plan.instalments.values_list("due_on", flat=True)]
        assert days == ["03-10", "03-24", "04-07"]
        page = text(fay.get(f"/money/plans/{plan.pk}"))
        for words in ("On track", "At the counter.", "$33.34", invoice.number):
            assert words in page, words
        assert "Paid in parts" in text(fay.get(f"/money/bills/{invoice.pk}"))

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"every": "year"}, "Choose how often."),
            ({"count": "x"}, "Write how many payments."),
            ({"count": "99"}, "at most"),
            ({"first": "soon"}, "2026-11-27"),
            ({"first": "2025-01-01"}, "within two months"),
            ({"reason": "", "do": "make"}, "Say why."),
            ({"total": "1", "do": "make"}, "changed meanwhile"),
        ],
    )
    def test_what_is_wrong_is_said(
        self,
        paying: City,  # noqa: F811
        fay: Person,  # noqa: F811
        more: dict[str, str],
        words: str,
    ) -> None:
        facts = {"key": str(uuid.uuid4()), "every": "month", "count": "4", "reason": "x"}
        answer = fay.post(f"/money/bills/{bill(paying).pk}/plan", **(facts | more))
        assert words in text(answer, 422)
        assert not PaymentPlan.objects.exists()

    def test_another_instead_and_the_end_with_a_reason(
        self,
        paying: City,  # noqa: F811
        fay: Person,  # noqa: F811
    ) -> None:
        invoice = bill(paying)
        old = planned(paying, invoice)
        sent = {"key": str(uuid.uuid4()), "every": "month", "count": "2", "reason": "Asked for it."}
        answer = fay.post(f"/money/bills/{invoice.pk}/plan", **sent, do="make", total="10000")
        new = PaymentPlan.objects.get(follows=old)
        assert answer["Location"].endswith(f"/money/plans/{new.pk}")
        assert "Ended" in text(fay.get(f"/money/plans/{old.pk}"))
        path = f"/money/plans/{new.pk}/end"
        assert "Say why." in text(fay.post(path, reason=""), 422)
        assert fay.post(path, reason="They moved.").status_code == 302
        assert "ended already" in text(fay.post(path, reason="Again"), 422)
        assert "They moved." in text(fay.get(f"/money/plans/{new.pk}"))
        assert "Overdue" not in text(fay.get(f"/money/bills/{invoice.pk}"))

    def test_a_kind_without_plans_has_none(self, paying: City, fay: Person) -> None:  # noqa: F811
        assert fay.get(f"/money/bills/{bill(paying, kind='tax').pk}/plan").status_code == 404


class TestLists:
    def test_by_what_they_are_page_by_page(
        self,
        paying: City,  # noqa: F811
        fay: Person,  # noqa: F811
        time_machine: Any,
    ) -> None:
        citation = planned(paying, bill(paying, kind="citation"))
        rows = [planned(paying, bill(paying, kind="utility")) for _n in range(52)]
        time_machine.move_to(now() + timedelta(days=40), tick=False)
        assert keeping_plans.breach(city=paying, plan_id=citation.pk, now=now())
        fay.client.force_login(fay.user, backend=BACKEND)
        for show, most in (("running", 52), ("late", 52), ("broken", 1), ("ended", 0)):
            page = text(fay.get("/money/plans", show=show))
            seen = page.count("/desk/money/plans/") - page.count('href="/desk/money/plans?')
            assert min(most, 50) == sum(f"/money/plans/{r.pk}\"" in page for r in [*rows, citation]), (
                show, seen,
            )  # fmt: skip
            assert ('rel="next"' in page) == (most > 50)
        page = text(fay.get("/money/plans", show="late", after=str(rows[2].pk)))
        assert sum(f'/money/plans/{r.pk}"' in page for r in rows) == 2

    def test_the_queries_do_not_grow(self, paying: City, fay: Person) -> None:  # noqa: F811
        def count() -> int:
            return len(statements_of(lambda: fay.get("/money/plans")))

        planned(paying, bill(paying))
        asked_for(paying, bill(paying))
        fay.get("/money/plans")
        first = count()
        for _n in range(5):
            planned(paying, bill(paying))
            asked_for(paying, bill(paying))
        assert count() == first
        assert first <= 20

    def test_who_may_not_answer_sees_no_buttons(self, paying: City, fay: Person) -> None:  # noqa: F811
        hire(paying, "olga@testford.example", "agent", None)
        asked_for(paying, bill(paying))
        page = text(Person(paying, "olga@testford.example").get("/money/plans"))
        assert "I lost my job." in page
        assert "Words to the payer" not in page
