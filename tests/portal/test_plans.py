"""A resident pays a bill in parts: what may be chosen, the exact table, the agreement, and paying by it afterwards."""

import re
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from onehall.billing import invoicing, plans
from onehall.billing import queries as billing
from onehall.billing.models import (
    Attempt,
    AttemptPart,
    Invoice,
    PaymentPlan,
    PlanRequest,
)
from onehall.messaging.models import Message
from onehall.places.models import City
from tests.billing.money import START, Provider, bill, finance, proven
from tests.portal.test_paying import check, choose, fields, leave, main


def chosen(phone: Client, invoice: Invoice, **more: str) -> Any:
    said = {
        "every": "month",
        "count": "3",
        "email": "rosa@example.org",
        "do": "look",
        **more,
    }
    return phone.post(f"/bills/{invoice.token}/plan", said)


def agree(phone: Client, page: Any, invoice: Invoice, **more: str) -> Any:
    sent = {**fields(main(page)), "consent": plans.CONSENT, "do": "agree", **more}
    return phone.post(f"/bills/{invoice.token}/plan", sent)


def made(phone: Client, invoice: Invoice, **more: str) -> PaymentPlan:
    answer = agree(phone, chosen(phone, invoice, **more), invoice)
    assert answer.status_code == 302, main(answer)
    return PaymentPlan.objects.get(invoice=invoice)


class TestChoosing:
    def test_it_is_offered_where_the_kind_has_it(self, phone: Client, paying: City) -> None:
        fine, tax = bill(paying, 6_500, kind="citation"), bill(paying, 6_500, kind="tax")
        assert "Pay in parts" in main(phone.get(f"/bills/{fine.token}"))
        assert "Pay in parts" not in main(phone.get(f"/bills/{tax.token}"))
        assert phone.get(f"/bills/{tax.token}/plan").status_code == 404
        assert phone.get("/bills/aaaaaaaaaa/plan").status_code == 404
        page = main(phone.get(f"/bills/{fine.token}/plan"))
        assert "3 payments of up to $21.68" in page
        assert "6 payments" in page
        assert "7 payments" not in page

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"every": ""}, "Choose how often you pay."),
            ({"every": "week"}, "Choose how often you pay."),
            ({"count": ""}, "Choose in how many payments."),
            ({"count": "70"}, "Choose in how many payments."),
            ({"count": "9" * 30}, "Choose in how many payments."),
            ({"email": ""}, "Write an e-mail address"),
            ({"email": "rosa"}, "name@example.com"),
        ],
    )
    def test_what_is_missing_is_said_at_its_field(
        self, phone: Client, paying: City, more: dict[str, str], words: str
    ) -> None:
        answer = chosen(phone, bill(paying, 6_500, kind="citation"), **more)
        assert answer.status_code == 422
        assert words in main(answer)

    def test_the_exact_table_comes_before_the_agreement(self, phone: Client, paying: City) -> None:
        invoice = bill(paying, 6_500, kind="citation")
        answer = chosen(phone, invoice)
        page = main(answer)
        for words in ("$21.66", "$21.68", "2026-04-04", "2026-06-04", "more than 5 days late"):
            assert words in page, words
        assert not PaymentPlan.objects.exists()
        refused = agree(phone, answer, invoice, consent="")
        assert refused.status_code == 422
        assert "Say that you agree" in main(refused)
        assert not PaymentPlan.objects.exists()

    def test_agreed_it_is_a_plan_with_the_consent(self, phone: Client, paying: City) -> None:
        invoice = bill(paying, 6_500, kind="citation")
        plan = made(phone, invoice)
        assert (plan.consent, plan.by_roles, plan.email) == (
            plans.CONSENT,
            "resident",
            "rosa@example.org",
        )
        assert plan.consented_at is not None
        assert "$21.66" in Message.objects.get(key=f"plan-made:{plan.pk}").body_text
        page = main(phone.get(f"/bills/{invoice.token}"))
        assert "Paid in parts" in page
        assert "Pay in parts" not in page
        assert "$65.00 in all" in re.sub(r"<[^>]+>", "", page)

    def test_a_double_tap_and_a_second_visit_are_one_plan(
        self, phone: Client, paying: City
    ) -> None:
        invoice = bill(paying, 6_500, kind="citation")
        page = chosen(phone, invoice)
        for _tap in range(2):
            assert agree(phone, page, invoice).status_code == 302
        assert phone.get(f"/bills/{invoice.token}/plan").status_code == 302
        assert PaymentPlan.objects.count() == 1

    def test_a_bill_that_changed_is_looked_at_again(self, phone: Client, paying: City) -> None:
        invoice = bill(paying, 6_500, kind="citation")
        page = chosen(phone, invoice)
        late = invoicing.NewCharge(code="late", words={"en": "Late"}, amount=500, gl="1")
        invoicing.add_charges(
            city=paying, invoice_id=invoice.pk, charges=[late], by=finance(paying), now=START
        )
        answer = agree(phone, page, invoice)
        assert answer.status_code == 422
        assert "$70.00" in main(answer)
        assert not PaymentPlan.objects.exists()

    def test_too_often_from_one_connection(
        self, phone: Client, paying: City, settings: Any
    ) -> None:
        settings.LIMIT_CONNECTIONS = True
        caches["local"].clear()
        invoice = bill(paying, 6_500, kind="citation")
        codes = [chosen(phone, invoice).status_code for _n in range(31)]
        assert codes == [200] * 30 + [429]

    def test_a_small_bill_is_not_paid_in_parts(self, phone: Client, paying: City) -> None:
        page = main(phone.get(f"/bills/{bill(paying, 1_900, kind='citation').token}/plan"))
        assert "too small" in page


class TestAsking:
    def test_above_the_limit_staff_decide(self, phone: Client, paying: City) -> None:
        invoice = bill(paying, 20_000, kind="citation")
        page = main(phone.get(f"/bills/{invoice.token}/plan"))
        assert "Somebody of the city decides" in page
        answer = agree(phone, chosen(phone, invoice, words="I lost my job."), invoice)
        assert answer.status_code == 302
        asked = PlanRequest.objects.get()
        assert (asked.count, asked.every, asked.words) == (3, "month", "I lost my job.")
        assert not PaymentPlan.objects.exists()
        page = main(phone.get(f"/bills/{invoice.token}"))
        assert "You asked to pay this in parts." in page
        assert f"/bills/{invoice.token}/plan" not in page
        assert phone.get(f"/bills/{invoice.token}/plan").status_code == 302

    def test_a_card_number_in_the_words_is_refused(self, phone: Client, paying: City) -> None:
        invoice = bill(paying, 20_000, kind="citation")
        page = chosen(phone, invoice, words="4242 4242 4242 4242")
        assert agree(phone, page, invoice).status_code == 409
        assert not PlanRequest.objects.exists()


class TestPaying:
    def test_this_payment_all_that_is_due_everything_or_another(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        invoice = bill(paying, 6_500, kind="citation")
        made(phone, invoice)
        choose(phone, invoice)
        page = main(phone.get("/pay/cart"))
        assert "This payment: $21.66" in page
        assert "Everything that is left: $65.00" in page
        assert "All that is due today" not in page
        pick = f"pick_{invoice.pk}"
        for more, total in (
            ({pick: "part"}, 2_166),
            ({pick: "all"}, 6_500),
            ({pick: "other", f"part_{invoice.pk}": "30"}, 3_000),
        ):
            answer = check(phone, **more)
            assert answer.status_code == 200, main(answer)
            assert fields(main(answer))["total"] == str(total)
            # Back to the list, what was picked is kept.
            back = phone.post("/pay/cart", {**fields(main(answer)), "do": "change"})
            assert f"{total / 100:.2f}" in main(back)
        low = check(phone, **{pick: "other", f"part_{invoice.pk}": "21.65"})
        assert low.status_code == 422
        assert "Pay at least $21.66" in main(low)

    def test_the_first_payment_goes_through_and_counts(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        invoice = bill(paying, 6_500, kind="citation")
        made(phone, invoice)
        choose(phone, invoice)
        answer = leave(phone, check(phone))
        assert answer.status_code == 303, main(answer)
        assert AttemptPart.objects.get().amount == 2_166
        attempt = Attempt.objects.get()
        provider.pays(attempt)
        assert "Paid. Thank you." in main(phone.get(f"/pay/back/{attempt.key}"))
        invoice.refresh_from_db()
        assert invoice.owed == 4_334
        page = main(phone.get(f"/bills/{invoice.token}"))
        assert page.count(">paid<") == 1
        proven(paying)


class TestCalendar:
    def test_the_days_that_are_not_paid(self, phone: Client, paying: City) -> None:
        invoice = bill(paying, 6_500, kind="citation")
        assert phone.get(f"/bills/{invoice.token}/plan.ics").status_code == 404
        made(phone, invoice)
        answer = phone.get(f"/bills/{invoice.token}/plan.ics")
        assert answer["Content-Type"].startswith("text/calendar")
        text = answer.content.decode()
        assert text.count("BEGIN:VEVENT") == 3
        assert "DTSTART;VALUE=DATE:20260404\r\n" in text
        assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
        unfolded = text.replace("\r\n ", "")
        assert f"SUMMARY:Pay bill {invoice.number}: $21.66" in unfolded
        assert f"/bills/{invoice.token}\r\n" in unfolded


def test_how_many_queries(phone: Client, paying: City, django_assert_max_num_queries: Any) -> None:
    invoice = bill(paying, 6_500, kind="citation")
    with django_assert_max_num_queries(6):
        phone.get(f"/bills/{invoice.token}/plan")
    made(phone, invoice)
    billing.billing_of(paying)
    with django_assert_max_num_queries(12):
        phone.get(f"/bills/{invoice.token}")
