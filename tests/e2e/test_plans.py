"""A citation paid in parts on a phone: chosen, looked at, agreed, the first payment made; and the pages at the desk."""

import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from onehall.billing import plans
from onehall.billing.gateways.demo.provider.app import Provider
from onehall.billing.models import Invoice, PaymentPlan
from onehall.billing.plan_rules import Wish
from onehall.billing.plans import NewPlan
from onehall.kernel import clock
from onehall.people.actor import system
from onehall.places.models import City
from tests.billing.money import bill, proven
from tests.console.people import hire
from tests.e2e.test_money import DESKTOP, enter
from tests.e2e.test_paying import SMALL, at_the_company, city, company  # noqa: F401
from tests.pages import good_at_every_size, shoot

pytestmark = [pytest.mark.browser, pytest.mark.real_clock]
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 780}}


@pytest.fixture
def citation(city: City) -> Invoice:  # noqa: F811
    words = {"en": "Red curb, Elm Street", "es": "Acera roja, calle Elm"}
    today = clock.now().date()
    return bill(city, 6_500, kind="citation", number="PC-7701", words=words, issued_on=today)


def choose(page: Page, invoice: Invoice) -> None:
    page.goto(f"/bills/{invoice.token}")
    page.get_by_role("link", name="Pay in parts").click()
    page.get_by_text("Every month").click()
    page.get_by_label("In how many payments?").select_option("3")
    page.get_by_label("E-mail").fill("rosa@example.org")
    page.get_by_role("button", name="See the days and amounts").click()
    expect(page.get_by_role("heading", name="Are these days right for you?")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_plan_and_its_first_payment(
    visit: Any,
    city: City,  # noqa: F811
    company: Provider,  # noqa: F811
    citation: Invoice,
    scripts: bool,
) -> None:
    page = visit(java_script_enabled=scripts, **PHONE)
    choose(page, citation)
    expect(page.get_by_text("$21.66").first).to_be_visible()
    page.get_by_text("I agree to pay").click()
    page.get_by_role("button", name="Agree and start").click()
    expect(page.get_by_role("heading", name="Your payments")).to_be_visible()
    page.get_by_role("button", name="Pay $21.66").click()
    expect(page.get_by_label("This payment: $21.66")).to_be_checked()
    page.get_by_role("button", name="Look at the sum").last.click()
    page.get_by_role("button", name="Pay $21.66").click()
    page.wait_for_url("**/pay/co_*")
    at_the_company(page, "4242")
    page.wait_for_url("**/pay/back/**")
    expect(page.get_by_role("heading", name="Paid. Thank you.")).to_be_visible()
    page.goto(f"/bills/{citation.token}")
    expect(page.get_by_text("paid", exact=True)).to_be_visible()
    citation.refresh_from_db()
    assert (citation.owed, PaymentPlan.objects.count()) == (4_334, 1)
    proven(city)


def test_every_page_of_it_is_good_at_every_size(
    visit: Any,
    city: City,  # noqa: F811
    company: Provider,  # noqa: F811
    citation: Invoice,
) -> None:
    page = visit()
    page.goto(f"/bills/{citation.token}/plan")
    _look(page, "plan")
    page.get_by_label("E-mail").fill("")
    page.get_by_role("button", name="See the days and amounts").click()
    _look(page, "plan-wrong")
    choose(page, citation)
    _look(page, "plan-check")
    page.get_by_text("I agree to pay").click()
    page.get_by_role("button", name="Agree and start").click()
    _look(page, "bill-with-plan")
    page.get_by_role("button", name="Pay $21.66").click()
    _look(page, "cart-with-plan")
    large = bill(city, 20_000, kind="citation", number="PC-7702")
    page.goto(f"/bills/{large.token}/plan")
    _look(page, "plan-asked")
    visit.complaints = [c for c in visit.complaints if "422" not in c]


def test_every_page_at_the_desk_is_good_at_every_size(
    visit: Any,
    site: str,
    city: City,  # noqa: F811
    citation: Invoice,
) -> None:
    hire(city, "fay@testford.example", "finance", None)
    by, at = system(city.pk), clock.now()
    water = bill(city, 42_000, name="Rosa Diaz")
    new = NewPlan(key=uuid.uuid4(), invoice_id=citation.pk, wish=Wish(3, "month"))
    plan = plans.start(city=city, new=new, by=by, now=at)
    wish = NewPlan(
        key=uuid.uuid4(), invoice_id=water.pk, wish=Wish(6, "month"), email="rosa@example.org",
        reason="My hours at the cannery were cut. I can pay a part each month.",
    )  # fmt: skip
    plans.ask(city=city, new=wish, now=at)
    page = visit(**DESKTOP)
    enter(page, site, "fay")
    for name, path in {
        "desk-plans": "/desk/money/plans",
        "desk-plan": f"/desk/money/plans/{plan.pk}",
        "desk-plan-make": f"/desk/money/bills/{water.pk}/plan",
        "desk-bill": f"/desk/money/bills/{citation.pk}",
        "desk-aging": "/desk/money/receivables",
    }.items():
        page.goto(path)
        _look(page, name, targets=False)
    page.goto(f"/desk/money/bills/{water.pk}/plan")
    page.get_by_label("How many payments").fill("6")
    page.get_by_role("button", name="See the table").click()
    _look(page, "desk-plan-table", targets=False)


def _look(page: Page, name: str, *, targets: bool = True) -> None:
    good_at_every_size(page, SMALL) if targets else good_at_every_size(page)
    shoot(page, name)
