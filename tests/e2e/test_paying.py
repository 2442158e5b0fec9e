"""A guest pays a water bill and a citation in one go on a phone: declined, back, paid; with and without scripts."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from onehall.billing import events
from onehall.billing.gateways.choosing import Access
from onehall.billing.gateways.demo.provider.app import Provider, Setup
from onehall.billing.models import Account, Attempt, Invoice, Payment
from onehall.kernel import clock
from onehall.messaging.models import Outbox
from onehall.places.models import City
from tests.billing.money import bill, billing_city, proven
from tests.pages import good_at_every_size, shoot

pytestmark = [pytest.mark.browser, pytest.mark.real_clock]
SMALL = """() => [...document.querySelectorAll("main a, main button, main summary, main input:not([type=hidden])")]
    .filter((e) => e.checkVisibility() && !e.closest("label, .sr, p a") && !e.classList.contains("sr"))
    .map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
    .filter(([, box]) => box.width < LEAST || box.height < LEAST).map(([html]) => html)"""


@pytest.fixture
def company(site: str, settings: Any, tmp_path: Path) -> Iterator[Provider]:
    """The demo payment company, which tells Testford what happens."""
    setup = Setup(
        key="sk_test_onehall",
        secret="whsec_onehall",
        webhooks=f"{site}/pay/webhook",
        file=tmp_path / "pay.jsonl",
    )
    with Provider(setup) as running:
        access = Access(
            demo_address=running.address, demo_key="sk_test_onehall", demo_secret="whsec_onehall"
        )
        settings.PAYMENTS = {name: getattr(access, name) for name in Access.__dataclass_fields__}
        yield running


@pytest.fixture
def city(company: Provider) -> City:
    return billing_city()


@pytest.fixture
def bills(city: City) -> tuple[Invoice, Invoice]:
    account = Account.objects.create(
        city=city, kind="utility", number="0044-10", name="Rosa Alvarez", postcode="94501"
    )
    words = {"en": "Water and refuse, September to October", "es": "Agua y basura"}
    water = bill(city, amounts=(6_000, 2_420), account=account, name="Rosa Alvarez", words=words)
    return water, bill(city, 6_500, kind="citation", number="PC-7701", plate="CA 7ABC123")


def look_up(page: Page) -> None:
    """Both bills into the list of what is to be paid."""
    page.goto("/")
    page.get_by_role("link", name="Pay a bill").click()
    page.get_by_role("link", name="Water").click()
    page.get_by_role("textbox", name="Account number").first.fill("oo44 1o")
    page.get_by_role("textbox", name="ZIP code").fill("94501")
    page.get_by_role("button", name="Find the bill").first.click()
    expect(page.get_by_role("heading", name="One bill to pay")).to_be_visible()
    page.get_by_role("button", name="Go on to pay").click()
    page.get_by_role("link", name="Add another bill").click()
    page.get_by_role("link", name="Citation").click()
    page.get_by_role("textbox", name="Number").first.fill("pc 7701")
    page.get_by_role("button", name="Find the bill").first.click()
    page.get_by_role("button", name="Go on to pay").click()
    expect(page.get_by_text("$149.20").first).to_be_visible()


def at_the_company(page: Page, card: str) -> None:
    page.get_by_text(card).click()
    page.get_by_role("button", name="Pay $").click()


@pytest.mark.parametrize("scripts", [True, False])
def test_two_bills_declined_then_paid(
    visit: Any, city: City, bills: tuple[Invoice, Invoice], scripts: bool
) -> None:
    page = visit(java_script_enabled=scripts, viewport={"width": 360, "height": 780})
    look_up(page)
    page.get_by_label("E-mail for the receipt").fill("rosa@example.org")
    page.get_by_role("button", name="Look at the sum").last.click()
    expect(page.get_by_text("$151.09").first).to_be_visible()
    page.get_by_role("button", name="Pay $151.09").click()
    page.wait_for_url("**/pay/co_*")
    at_the_company(page, "9995")
    page.wait_for_url("**/pay/back/**")
    expect(page.get_by_role("heading", name="It was declined")).to_be_visible()
    page.get_by_role("link", name="Try again").click()
    page.get_by_role("button", name="Look at the sum").last.click()
    page.get_by_role("button", name="Pay $").click()
    page.wait_for_url("**/pay/co_*")
    # Once more into what is to be paid, as if the page had been lost.
    page.goto("/pay/cart")
    page.get_by_role("button", name="Look at the sum").last.click()
    page.get_by_role("button", name="Pay $").click()
    expect(page.get_by_role("heading", name="Not paid yet")).to_be_visible()
    page.get_by_role("link", name="Go on to pay").click()
    at_the_company(page, "4242")
    page.wait_for_url("**/pay/back/**")
    expect(page.get_by_role("heading", name="Paid. Thank you.")).to_be_visible()
    page.get_by_role("link", name="See the receipt").click()
    payment = Payment.objects.get()
    expect(page.get_by_role("heading", name=f"Receipt {payment.receipt}")).to_be_visible()
    assert Attempt.objects.count() == 2
    assert not Invoice.objects.filter(owed__gt=0).exists()
    proven(city)


def test_the_company_tells_of_it_when_the_payer_never_comes_back(
    visit: Any, city: City, company: Provider, bills: tuple[Invoice, Invoice]
) -> None:
    page = visit()
    # The browser is closed on the way back.
    page.context.route("**/pay/back/**", lambda route: route.abort())
    look_up(page)
    page.get_by_role("button", name="Look at the sum").last.click()
    page.get_by_role("button", name="Pay $").click()
    page.wait_for_url("**/pay/co_*")
    page.get_by_text("4242").click()
    page.get_by_role("button", name="Pay $").click(no_wait_after=True)
    for _second in range(50):
        if Outbox.objects.filter(topic=events.TOPIC).exists():
            break
        page.wait_for_timeout(200)
    for row in Outbox.objects.filter(topic=events.TOPIC).order_by("pk"):
        events.work(row.payload, city_id=city.pk, key=row.key, now=clock.now())
    assert Payment.objects.count() == 1
    proven(city)
    visit.complaints = [c for c in visit.complaints if "ERR_FAILED" not in c]


def _pages(city: City, bills: tuple[Invoice, Invoice]) -> dict[str, str]:
    water = bills[0]
    return {
        "choose": "/pay",
        "find": "/pay/find/utility",
        "find-citation": "/pay/find/citation",
        "bill": f"/bills/{water.token}",
        "account": f"/bills/{water.token}/account",
    }


def test_every_page_is_good_at_every_size(
    visit: Any, city: City, company: Provider, bills: tuple[Invoice, Invoice], request: Any
) -> None:
    page = visit()
    for name, path in _pages(city, bills).items():
        page.goto(path)
        _look(page, name)
    look_up(page)
    _look(page, "cart")
    page.get_by_role("button", name="Look at the sum").last.click()
    _look(page, "check")
    page.get_by_role("button", name="Pay $").click()
    page.wait_for_url("**/pay/co_*")
    attempt = Attempt.objects.get()
    page.goto(f"/pay/back/{attempt.key}")
    _look(page, "back-open")
    page.goto(attempt.url)
    at_the_company(page, "4242")
    page.wait_for_url("**/pay/back/**")
    _look(page, "back-paid")
    page.get_by_role("link", name="See the receipt").click()
    _look(page, "receipt")
    page.goto("/pay/cart")
    _look(page, "cart-empty")
    page.goto("/pay/find/utility")
    page.get_by_role("textbox", name="Account number").first.fill("1")
    page.get_by_role("button", name="Find the bill").first.click()
    _look(page, "find-wrong")
    page.goto(f"/pay/back/{uuid.uuid4()}")
    visit.complaints = [c for c in visit.complaints if "422" not in c and "404" not in c]


def _look(page: Page, name: str) -> None:
    good_at_every_size(page, SMALL)
    shoot(page, name)
