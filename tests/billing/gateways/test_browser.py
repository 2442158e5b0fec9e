"""The demo provider's pages in a browser: what axe finds, every width, both schemes, by keyboard, without a script."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.billing.gateways.conftest import Shop, gateway_to
from tests.pages import good_at_every_size

pytestmark = [pytest.mark.browser, pytest.mark.real_clock]
SMALL = """() => [...document.querySelectorAll("a, button, summary, input:not([type=hidden]), select")]
    .filter((e) => e.checkVisibility() && !e.closest("label, .scroll"))
    .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
    .filter(([, box]) => box.width < LEAST || box.height < LEAST).map(([html]) => html)"""


@pytest.fixture
def shop(provider: Any, door: Any, clock: Any) -> Shop:
    return Shop(provider, gateway_to(provider, "demo"), door, clock)


@pytest.fixture
def page(browser: Browser, provider: Any) -> Any:
    """A page that must not complain, closed before the provider. Scripts run only for the measures."""
    del provider
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 360, "height": 780})
    context.set_default_timeout(10_000)
    page = context.new_page()
    # Where a payment leads back to, nobody answers here.
    context.route("http://localhost:9/**", lambda route: route.fulfill(body="back at the city"))
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    yield page
    context.close()
    assert [each for each in complaints if not any(code in each for code in ("404", "422"))] == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_to_pay_on(page: Page, shop: Shop, language: str) -> None:
    page.goto(shop.made(language=language).url)
    page.locator("summary").click()
    good_at_every_size(page, SMALL)


def test_what_it_says_when_nothing_is_to_pay(page: Page, shop: Shop) -> None:
    checkout = shop.made()
    page.goto(checkout.url)
    page.get_by_text("9995").click()
    page.get_by_role("button", name="Pagar $").click()
    page.get_by_text("back at the city").wait_for()
    page.goto(checkout.url)
    page.get_by_role("heading", name="El pago falló").wait_for()
    good_at_every_size(page, SMALL)


def test_a_declined_card_is_said_where_the_page_stays_open(
    page: Page, shop: Shop, provider: Any
) -> None:
    shop.gateway = gateway_to(provider, "stripe")
    checkout = shop.made(language="en")
    page.goto(checkout.url)
    page.get_by_text("9995").click()
    page.get_by_role("button", name="Pay $50.00").click()
    expect(page.get_by_role("alert")).to_contain_text("insufficient funds")
    good_at_every_size(page, SMALL)
    page.get_by_role("button", name="Pay $50.00").click()
    page.get_by_text("back at the city").wait_for()
    assert shop.gateway.fetch(checkout.ref).status == "paid"


@pytest.mark.parametrize("allowed", [True, False])
def test_a_form_of_the_city_leads_there_where_its_policy_names_the_origins(
    browser: Browser, shop: Shop, *, allowed: bool
) -> None:
    checkout = shop.made(language="en")
    origins = " ".join(shop.gateway.origins) if allowed else ""
    form = f'<form action="{checkout.url}"><button>Pay</button></form>'
    headers = {"Content-Security-Policy": f"form-action 'self' {origins}"}
    context = browser.new_context()
    context.route(
        "http://city.example/",
        lambda route: route.fulfill(body=form, headers=headers, content_type="text/html"),
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto("http://city.example/")
    page.get_by_role("button").click(no_wait_after=True)
    if allowed:
        page.get_by_role("heading", name="$50.00").wait_for()
    else:
        page.wait_for_timeout(500)
    context.close()
    assert any("form-action" in each for each in said) is not allowed


def test_by_keyboard_alone_and_without_a_script(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.route("http://localhost:9/**", lambda route: route.fulfill(body="back at the city"))
    page = context.new_page()
    checkout = shop.made(language="en")
    page.goto(checkout.url)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("back at the city").wait_for()
    context.close()
    found = shop.gateway.fetch(checkout.ref)
    assert (found.status, found.brand) == ("paid", "mastercard")


def test_the_page_of_knobs(page: Page, shop: Shop, provider: Any) -> None:
    shop.paid()
    with provider.engine.lock:
        provider.engine.pay_out()
    shop.events(3)
    page.goto(f"{provider.address}/knobs")
    good_at_every_size(page, SMALL)
    page.get_by_label("Send every webhook three times").check()
    page.get_by_role("button", name="Turn them").click()
    expect(page.get_by_label("Send every webhook three times")).to_be_checked()
    assert provider.knobs.duplicate
    page.get_by_role("button", name="All off").click()
    expect(page.get_by_label("Send every webhook three times")).not_to_be_checked()


def test_nothing_here(page: Page, shop: Shop, provider: Any) -> None:
    page.goto(f"{provider.address}/pay/co_test_0", wait_until="load")
    good_at_every_size(page, SMALL)
    page.goto("about:blank")
