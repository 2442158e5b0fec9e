"""Money, all the way through: a guest pays on a phone, finance gives a part back by two people and closes a day.

The walk is the demo's: its payment company plays the bank, and `/demo` names bills that are open.
"""

import re
from typing import Any

from tests.e2e.loop import DESK, PHONE, Person, Shoot, no_shots, sign_in

PATIENCE = 20_000
FELIX, NAOMI = Person(name="Felix Grant"), Person(name="Naomi Brooks")


def find(page: Any, kind: str, facts: dict[str, str]) -> None:
    """Look one bill up and put it with what is to be paid."""
    page.get_by_role("link", name=kind).click()
    for label, text in facts.items():
        page.get_by_role("textbox", name=label).first.fill(text)
    page.get_by_role("button", name="Find the bill").first.click()
    page.get_by_role("button", name="Go on to pay").click()


def at_the_company(page: Any, card: str) -> None:
    """Pay at the payment company with one of its cards, and come back."""
    page.wait_for_url("**/pay/co_*")
    page.get_by_text(card).click()
    page.get_by_role("button", name="Pay $").click()
    page.wait_for_url("**/pay/back/**", timeout=PATIENCE)


def pay(page: Any, address: str, shoot: Shoot) -> str:
    """A water and refuse bill and a citation in one cart: declined, once more, paid. Returns the receipt's number."""
    page.goto(f"{address}/demo")
    account, postcode, citation = (
        page.locator(f"#{name}").inner_text() for name in ("account", "postcode", "citation")
    )
    page.get_by_role("link", name="Pay a bill").first.click()
    shoot(page, "choose")
    page.get_by_role("link", name="Water and refuse").click()
    page.get_by_role("textbox", name="Account number").first.fill(account)
    page.get_by_role("textbox", name="ZIP code").fill(postcode)
    shoot(page, "find")
    page.get_by_role("button", name="Find the bill").first.click()
    page.get_by_role("button", name="Go on to pay").click()
    page.get_by_role("link", name="Add another bill").click()
    find(page, "Parking citation", {"Number": citation})
    page.get_by_role("radio", name=re.compile("^Card")).check()
    page.get_by_label("E-mail for the receipt").fill("rosa@example.org")
    shoot(page, "cart")
    page.get_by_role("button", name="Look at the sum").last.click()
    shoot(page, "check")
    page.get_by_role("button", name="Pay $").click()
    at_the_company(page, "9995")
    page.get_by_role("heading", name="It was declined").wait_for()
    shoot(page, "declined")
    page.get_by_role("link", name="Try again").click()
    page.get_by_role("button", name="Look at the sum").last.click()
    page.get_by_role("button", name="Pay $").click()
    at_the_company(page, "4242")
    page.get_by_role("heading", name="Paid. Thank you.").wait_for()
    shoot(page, "paid")
    page.get_by_role("link", name="See the receipt").click()
    heading = page.get_by_role("heading", level=1)
    heading.wait_for()
    shoot(page, "receipt")
    return heading.inner_text().removeprefix("Receipt ").strip()


def ask_back(page: Any, address: str, receipt: str, shoot: Shoot) -> None:
    """Finance finds the payment and asks for more of it back than one person may give."""
    sign_in(page, address, FELIX)
    page.goto(f"{address}/desk/money")
    shoot(page, "bills")
    page.get_by_label("Find a bill or a payment").fill(receipt)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=receipt).click()
    shoot(page, "payment")
    page.get_by_role("link", name="Give back").click()
    water = page.get_by_role("group", name=re.compile(r"Water$"))
    water.get_by_label(re.compile(r"^Amount, at most")).fill("60")
    page.get_by_label("Why").fill("The meter was read wrong")
    page.get_by_role("button", name="Ask for the refund").click()
    page.get_by_text("You asked for it, so somebody else decides.").first.wait_for()


def approve(page: Any, address: str, receipt: str, shoot: Shoot) -> None:
    """Somebody else approves it, and sends it to the payment company."""
    sign_in(page, address, NAOMI)
    page.goto(f"{address}/desk/money/refunds")
    asked = page.locator("article, li, .card").filter(has_text="The meter was read wrong").last
    shoot(page, "refund")
    asked.get_by_role("button", name="Approve").click()
    asked = page.locator("article, li, .card").filter(has_text=receipt).last
    asked.get_by_role("button", name="Send it to the provider").click()
    page.get_by_text("The money is given back.").first.wait_for()
    shoot(page, "given")


def close(page: Any, address: str, shoot: Shoot) -> None:
    """The oldest open day is looked at and closed; its file for the general ledger can be had."""
    page.goto(f"{address}/desk/money/day")
    shoot(page, "day")
    page.get_by_role("button", name="Close the day").click()
    page.get_by_text("A closed day is not opened again.").wait_for()
    with page.expect_download() as file:
        page.get_by_role("link", name="For the general ledger").click()
    assert file.value.suggested_filename.endswith(".csv")
    shoot(page, "closed")
    page.goto(f"{address}/desk/money/receivables")
    shoot(page, "aging")


def walk(browser: Any, address: str, shoot: Shoot = no_shots, **options: Any) -> str:
    """The whole way; returns the receipt's number."""
    residents = browser.new_context(viewport=PHONE, has_touch=True, **options)
    desks = [browser.new_context(viewport=DESK, **options) for _person in (FELIX, NAOMI)]
    try:
        receipt = pay(residents.new_page(), address, shoot)
        felix, naomi = (context.new_page() for context in desks)
        ask_back(felix, address, receipt, shoot)
        approve(naomi, address, receipt, shoot)
        close(felix, address, shoot)
        return receipt
    finally:
        for context in (residents, *desks):
            context.close()
