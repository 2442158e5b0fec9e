"""A resident says which street light it is by its mark on the map: by finger, and by keyboard alone."""

import pytest
from django.core.cache import caches
from playwright.sync_api import expect

from onehall.casework.models import Case
from onehall.kernel.cells import cell_of
from onehall.places import queries as places
from onehall.places.models import Asset, City
from tests.packs import changed
from tests.pages import good_at_every_size

pytestmark = pytest.mark.browser

KIND = "street-light"
# Targets smaller than they may be, and marks that lie on each other.
SMALL = """() => {
    const rects = [...document.querySelectorAll(".thing")].map((one) => one.getBoundingClientRect());
    const small = rects.filter((r) => r.width < LEAST || r.height < LEAST).map((r) => [r.width, r.height]);
    const near = rects.filter((r, n) => rects.some((o, m) => m > n && Math.abs(o.x - r.x) < LEAST - 1
        && Math.abs(o.y - r.y) < LEAST - 1)).map((r) => ["near", r.x, r.y]);
    return [...small, ...near];
}"""


@pytest.fixture
def light(site, tmp_path):
    """A light of Testford, where potholes are about lights, with two more beside it."""
    city = changed(
        tmp_path, "services/pothole.yaml", "place: required\n", f"place: required\nasset: {KIND}\n"
    )
    first = Asset.objects.filter(city=city, kind=KIND).order_by("code")[0]
    for code, east in (("L-091", 0.0003), ("L-092", 0.00001)):
        lon = first.lon + east
        Asset.objects.create(
            city=city, kind=KIND, code=code, lon=lon, lat=first.lat, cell=cell_of(lon, first.lat)
        )
    caches["local"].clear()
    places.forget()
    return first


def with_map(visit, light, **how):
    """The form with its map open over the light."""
    page = visit(**how)
    page.goto("/report/pothole?where=")
    page.locator("#id_where").fill(light.code)
    page.locator("#finds [role=option]").first.click()
    page.locator("[data-show-map]").click()
    page.locator(".thing").first.wait_for()
    return page


def mark(page, words):
    return page.get_by_role("button", name=words)


def test_by_keyboard_alone(visit, light):
    page = visit(viewport={"width": 1280, "height": 900}, has_touch=False, is_mobile=False)
    page.goto("/report/pothole")
    page.locator("[data-show-map]").focus()
    page.keyboard.press("Enter")
    page.locator(".thing").first.wait_for()
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert first.startswith("Street light")
    # Every mark is one step of the arrows away from another; Tab leaves them all.
    page.keyboard.press("ArrowUp")
    second = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert second != first
    assert second.startswith("Street light")
    page.keyboard.press("Enter")
    expect(page.locator("[data-things-say]")).to_have_text(f"Chosen: {second}")
    expect(page.locator("#id_where")).to_have_value(second)
    expect(page.locator("[name=asset]:checked")).to_have_count(1)
    # The pin is on it, the focus still too, and looking closer does not choose the ground instead.
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == second
    expect(mark(page, second)).to_have_attribute("aria-current", "true")
    page.keyboard.press("-")
    page.wait_for_timeout(900)
    expect(page.locator("[data-things-say]")).to_have_text(f"Chosen: {second}")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className").startswith("chart")
    page.get_by_text("Smaller than a plate").click()
    page.locator("[data-send]").click()
    page.wait_for_url("**/r/*?sent=1")
    assert Case.objects.get().asset.code in second


def test_by_finger_and_an_open_case_is_offered(visit, light):
    page = with_map(visit, light)
    page.get_by_text("Smaller than a plate").click()
    page.locator("[data-send]").click()
    page.wait_for_url("**/r/*?sent=1")
    assert Case.objects.get().asset_id == light.pk
    page = with_map(visit, light)
    mark(page, "L-091").tap()
    expect(page.locator("[data-things-say]")).to_contain_text("Chosen: Street light L-091")
    expect(page.get_by_text("Follow it instead?")).to_have_count(0)
    # Reported: another shape, and words.
    told = page.locator(".thing.told")
    expect(told).to_have_count(1)
    assert "reported" in told.get_attribute("aria-label")
    # It stands with another on one spot: as close as the map gets, the list names both.
    says = page.locator("[data-things-say]")
    for _ in range(3):
        if "on one spot" not in says.text_content():
            told.tap()
            page.wait_for_timeout(700)
    expect(says).to_contain_text("2 on one spot.")
    expect(page.locator("[name=asset]")).to_have_count(3)
    page.locator(".tile", has_text="L-001").tap()
    expect(says).to_contain_text("Chosen: Street light L-001")
    expect(page.get_by_text("Follow it instead?")).to_be_visible()


def test_marks_that_would_lie_on_each_other_are_one(visit, light):
    page = with_map(visit, light)
    for _ in range(2):
        page.get_by_role("button", name="Zoom out").click()
        page.wait_for_timeout(900)
    many = page.locator(".thing.many").first
    many.wait_for()
    words = many.get_attribute("aria-label")
    assert words.endswith("close together. Zoom in to tell them apart.")
    assert words.startswith(many.inner_text().strip())
    before = page.locator("[name=pick]").input_value()
    many.tap()
    page.wait_for_timeout(900)
    # To look closer is no choice.
    assert page.locator("[name=pick]").input_value() == before


def test_dragging_from_a_mark_moves_the_map(visit, light):
    page = with_map(
        visit, light, viewport={"width": 1280, "height": 900}, has_touch=False, is_mobile=False
    )
    page.locator(".chart").scroll_into_view_if_needed()
    box = mark(page, "L-091").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y - 60, steps=5)
    page.mouse.up()
    page.wait_for_timeout(900)
    assert "L-091" not in page.locator("[data-things-say]").text_content()


def test_is_good_at_every_size(visit, light):
    page = with_map(visit, light)
    good_at_every_size(page, SMALL)


def test_other_services_have_no_marks(visit, site):
    assert City.objects.get().asset_kinds
    page = visit()
    page.goto("/report/pothole")
    page.locator("[data-show-map]").click()
    page.locator(".chart .leaflet-tile-loaded").first.wait_for()
    expect(page.locator(".thing")).to_have_count(0)
