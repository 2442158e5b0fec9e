"""Everybody's list and map: a corner is found by words, reported by keyboard alone, and seen there by all."""

import time

import pytest
from playwright.sync_api import expect

from onehall.casework.models import Case
from onehall.portal.views.city import FRESH_SECONDS

pytestmark = pytest.mark.browser
DESK = {"viewport": {"width": 1280, "height": 900}, "has_touch": False, "is_mobile": False}


def tab_to(page, selector):
    for _ in range(90):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"Tab never reaches {selector}")


def test_a_corner_reported_by_keyboard_is_on_the_list_and_the_map(visit):
    page, others = visit(**DESK), visit()
    others.goto("/city")
    expect(others.get_by_text("Nothing fits.")).to_be_visible()
    page.goto("/report/pothole")
    tab_to(page, "#id_where")
    page.keyboard.type("elm & 1st")
    page.locator("#finds [role=option]").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[data-here-words]")).to_contain_text("Corner of")
    tab_to(page, "[name=q_size]")
    page.keyboard.press("Space")
    tab_to(page, "[data-send]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/r/*?sent=1")
    sent = time.monotonic()
    case = Case.objects.get()
    others.goto("/city")
    row = others.locator(f'.rows a[href="/city/{case.number}"]')
    expect(row).to_contain_text("Corner of")
    mark = others.locator(f'svg a[aria-label*="{case.number}"]')
    while mark.count() == 0 and time.monotonic() - sent < FRESH_SECONDS:
        others.reload()
    expect(mark).to_be_visible()
    assert time.monotonic() - sent < 2 * FRESH_SECONDS
    # The mark is reached and opened by keyboard too.
    page.goto("/city")
    tab_to(page, f'svg a[aria-label*="{case.number}"]')
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/city/{case.number}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Pothole")


def test_the_map_moves_without_a_new_page_and_without_a_script(visit):
    page = visit(**DESK)
    page.goto("/city")
    page.evaluate("window.stayed = true")
    zoom = page.locator("svg[data-z]").get_attribute("data-z")
    page.get_by_role("link", name="Closer").click()
    expect(page.locator("svg[data-z]")).to_have_attribute("data-z", str(int(zoom) + 1))
    assert page.evaluate("window.stayed")
    plain = visit(**DESK, java_script_enabled=False)
    plain.goto(page.url)
    expect(plain.locator("svg[data-z]")).to_have_attribute("data-z", str(int(zoom) + 1))
    plain.get_by_role("link", name="Farther").click()
    expect(plain.locator("svg[data-z]")).to_have_attribute("data-z", zoom)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_typed_beside_the_map_stays_when_it_moves(visit):
    page = visit(**DESK)
    page.goto("/city")
    field = page.get_by_label("Street or place")
    field.evaluate("one => { one.stayed = true; }")
    field.fill("Elm")
    # A link to a part of the page fetches nothing.
    page.evaluate("location.hash = 'map'")
    page.wait_for_url("**#map")
    page.wait_for_timeout(500)
    assert field.evaluate("one => one.stayed")
    zoom = page.locator("svg[data-z]").get_attribute("data-z")
    page.get_by_role("link", name="Closer").click()
    expect(page.locator("svg[data-z]")).to_have_attribute("data-z", str(int(zoom) + 1))
    expect(field).to_have_value("Elm")
    page.go_back()
    expect(page.locator("svg[data-z]")).to_have_attribute("data-z", zoom)
    expect(field).to_have_value("Elm")
