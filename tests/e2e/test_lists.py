"""Lists in a real browser: by keyboard, by the handful, without a script, on a phone, checked with axe."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from onehall.casework.models import Case
from onehall.places.models import City
from onehall.service_requests.models import BulkAct
from tests.console.people import report
from tests.e2e.test_desk import CHROMIUM, Desk
from tests.e2e.test_desk import city as city
from tests.e2e.test_desk import sit as sit
from tests.pages import good_at_every_size, too_wide, violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
]
ANA = "ana@testford.example"


@pytest.fixture
def cases(city: City) -> list[Case]:
    """Four open potholes in the order of the inbox."""
    for _ in range(4):
        report(city)
    return list(Case.objects.order_by("due_order", "id"))


def test_by_keyboard_from_the_list_to_an_act_and_back(
    sit: Callable[..., Desk], cases: list[Case]
) -> None:
    page = sit(ANA).open("/desk")
    for key in ("j", "j", "x", "j", "Shift+X"):
        page.keyboard.press(key)
    expect(page.locator("[data-chosen]")).to_have_text("2 chosen")
    ticked = page.locator("tr:has(input[name=case]:checked)")
    assert [row.get_attribute("data-number") for row in ticked.all()] == [
        cases[1].number,
        cases[2].number,
    ]
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("Choose the row")
    page.keyboard.press("Escape")
    # Letters are off where somebody types.
    page.locator("#cmd").focus()
    page.keyboard.type("jx")
    expect(page.locator("[data-chosen]")).to_have_text("2 chosen")
    page.locator("tr a").first.focus()
    page.keyboard.press("m")
    dialog = page.get_by_role("dialog", name="2 chosen cases")
    expect(dialog).to_be_visible()
    page.get_by_text("Change the priority").click()
    page.get_by_label("Priority", exact=True).select_option("2")
    page.locator("details[open]").get_by_role("button", name="See what would happen").click()
    expect(page.get_by_text("2 cases will be changed.")).to_be_visible()
    assert Case.objects.filter(priority=2).count() == 0
    page.get_by_role("button", name="Do it to 2 cases").click()
    expect(page.get_by_text("Done for 2 cases.")).to_be_visible()
    assert Case.objects.filter(priority=2).count() == 2
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Taken back for 2 cases.")).to_be_visible()
    assert Case.objects.filter(priority=2).count() == 0
    assert page.url.endswith("/desk")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    # The list is read anew after an act.
    expect(page.locator("[data-chosen]")).to_have_text("None chosen")


def test_the_dialog_goes_back_to_the_list_with_everything_kept(
    sit: Callable[..., Desk], cases: list[Case]
) -> None:
    page = sit(ANA).open("/desk")
    page.locator("input[name=case]").nth(1).check()
    button = page.get_by_role("button", name="Act on them")
    button.click()
    head = page.get_by_role("heading", name="1 chosen case")
    expect(head).to_be_focused()
    page.get_by_text("Add a note for the staff").click()
    page.locator("#b-note").fill("Half a sentence")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.over-list")).to_be_hidden()
    expect(button).to_be_focused()
    expect(page.locator("[data-chosen]")).to_have_text("1 chosen")
    # The same cases again: what was typed is still there, and it is still one act.
    button.click()
    expect(page.locator("#b-note")).to_have_value("Half a sentence")
    assert BulkAct.objects.count() == 1
    page.get_by_role("button", name="Back to the list").click()
    # Other cases are another act.
    page.locator("input[name=case]").nth(0).check()
    button.click()
    expect(page.get_by_role("heading", name="2 chosen cases")).to_be_focused()
    assert BulkAct.objects.count() == 2
    shown = page.get_by_role("link", name="As a page").get_attribute("href")
    page.goto(str(shown))
    expect(page.get_by_role("heading", name="2 chosen cases")).to_be_visible()


def test_the_dialog_says_what_is_refused_and_what_did_not_get_through(
    sit: Callable[..., Desk], cases: list[Case]
) -> None:
    desk = sit(ANA)
    page = desk.open("/desk")
    page.get_by_role("button", name="Act on them").click()
    dialog = page.locator("dialog.over-list")
    expect(dialog.locator(".notice")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("input[name=case]").first.check()
    page.get_by_role("button", name="Act on them").click()
    page.get_by_text("Send to another queue").click()
    dialog.locator("details[open]").get_by_role("button", name="See what would happen").click()
    expect(dialog.locator(".notice.stop")).to_be_focused()
    page.locator("#b-reason").fill("It is theirs")
    page.route("**/bulk/**", lambda route: route.abort())
    dialog.locator("details[open]").get_by_role("button", name="See what would happen").click()
    expect(page.locator("[data-over-trouble]")).to_contain_text("did not get through")
    expect(page.locator("#b-reason")).to_have_value("It is theirs")
    # The browser itself notes an answer of 422 and a line that broke.
    assert {said.partition(":")[0] for said in desk.said} == {"Failed to load resource"}
    desk.said.clear()


def test_without_a_script(sit: Callable[..., Desk], cases: list[Case]) -> None:
    page = sit(ANA, java_script_enabled=False).open("/desk")
    page.get_by_role("link", name="Filters and columns").click()
    page.locator("summary", has_text="Service").first.click()
    page.get_by_label("Pothole").check()
    page.get_by_label("Order", exact=True).select_option("newest")
    page.get_by_role("button", name="Show these cases").click()
    assert "service=pothole" in page.url
    expect(page.locator(".chip.on")).to_have_count(1)
    page.get_by_label(f"Choose {cases[0].number}").check()
    page.get_by_role("button", name="Act on them").click()
    expect(page.locator("h1")).to_have_text("1 chosen case")
    page.goto("/desk/map")
    page.locator(".map-ways").get_by_text("Closer").click()
    expect(page.locator("svg a.spot").first).to_be_visible()
    assert BulkAct.objects.count() == 1


def test_every_page_of_lists_is_accessible(sit: Callable[..., Desk], cases: list[Case]) -> None:
    desk = sit(ANA)
    chosen = "/desk?cols=state,area,age,last,due,with&who=nobody"
    for path in (chosen, "/desk/list?service=pothole", "/desk/map?service=pothole", "/desk/views",
                 "/desk/views/new?service=pothole"):  # fmt: skip
        page = desk.open(path)
        good_at_every_size(page)
        assert not re.search(r"\bNone\b", page.locator("h1").first.inner_text())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_acting_on_many_is_accessible_in_every_step(
    sit: Callable[..., Desk], cases: list[Case], scheme: str, width: int
) -> None:
    desk = sit(ANA, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = desk.open("/desk")
    page.locator("input[name=case]").first.check()
    page.get_by_role("button", name="Act on them").click()
    page.get_by_text("Add a note for the staff").click()
    page.locator("#b-note").fill("All of you")
    check(page, "act in a dialog")
    page.goto(str(page.get_by_role("link", name="As a page").get_attribute("href")))
    page.get_by_text("Add a note for the staff").click()
    page.locator("#b-note").fill("All of you")
    check(page, "act")
    page.locator("details[open]").get_by_role("button", name="See what would happen").click()
    expect(page.get_by_text("1 case will be changed.")).to_be_visible()
    check(page, "preview")


def check(page: Any, path: str) -> None:
    assert violations(page) == [], path
    assert too_wide(page) == 0, path
    assert not re.search(r"\bNone\b", page.locator("h1").first.inner_text())
