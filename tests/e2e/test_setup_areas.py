"""Areas drawn in a browser: by mouse and by keyboard, published, and the city's colours tried; every page checked."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from onehall.places.models import Area, City
from onehall.setup import queries
from tests.e2e.test_desk import DESK, PHONE, Desk, city, sit
from tests.e2e.test_tasks import looks_right

__all__ = ["city", "sit"]

PATH = "areas/10-district.geojson"
NEW = "/desk/set-up/areas/10-district/area"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _fresh_city(settings: Any, tmp_path: Any) -> None:
    settings.ONEHALL_CITY_CACHE_SECONDS = 0
    settings.ONEHALL_TILE_CACHE = tmp_path / "tiles"


def chart(page: Page) -> Locator:
    """The live map, once it is there."""
    expect(page.locator("[data-areas-live][data-ready]")).to_be_visible()
    return page.locator(".chart")


def click(page: Page, *spots: tuple[float, float]) -> None:
    """Click on the map, at shares of its width and height."""
    sheet = chart(page)
    sheet.evaluate("node => node.scrollIntoView({block: 'center'})")
    box = sheet.bounding_box()
    assert box
    for x, y in spots:
        page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        # A second click close in time would be a double one.
        page.wait_for_timeout(120)


def lines(page: Page) -> list[str]:
    return [line for line in page.locator("[data-corners]").input_value().splitlines() if line]


def save(page: Page) -> None:
    page.get_by_role("button", name="Save in the draft", exact=True).last.click()
    expect(page.get_by_text("Saved in the draft.")).to_be_visible()


def corners_of(city: City, code: str) -> list[list[float]]:
    text = queries.draft_view(city).files[PATH].text or ""
    found = [f for f in json.loads(text)["features"] if f["properties"]["code"] == code]
    ring: list[list[float]] = found[0]["geometry"]["coordinates"][0]
    return ring


def test_drawn_by_mouse(sit: Callable[..., Desk], city: City) -> None:
    desk = sit("ada@testford.example", viewport=DESK)
    page = desk.open("/desk/set-up/areas")
    looks_right(page, "areas-desk")
    page.get_by_role("link", name="Change District").click()
    page.get_by_role("button", name="Open the live map").click()
    chart(page)
    looks_right(page, "layer-desk")
    page.get_by_role("link", name="Draw an area").click()
    click(page, (0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.45, 0.8), (0.3, 0.7))
    assert len(lines(page)) == 5
    looks_right(page, "area-drawn-desk")
    # A corner is moved with the mouse.
    before = lines(page)
    corner = page.locator(".corner").first.bounding_box()
    assert corner
    page.mouse.move(corner["x"] + 12, corner["y"] + 12)
    page.mouse.down()
    page.mouse.move(corner["x"] - 30, corner["y"] - 20, steps=6)
    page.mouse.up()
    after = lines(page)
    assert (after[0] != before[0], after[1:] == before[1:]) == (True, True)
    # And one is taken away.
    page.locator(".corner").nth(3).click()
    page.get_by_role("button", name="Take the corner away").click()
    assert len(lines(page)) == 4
    page.get_by_label("Key:").fill("middle")
    page.get_by_label("Name · en").fill("Middle")
    page.get_by_label("Name · es").fill("Centro")
    drawn = lines(page)
    save(page)
    expect(page.get_by_role("cell", name="Middle es · Centro")).to_be_visible()
    ring = corners_of(city, "middle")
    assert [[float(n) for n in line.split()] for line in drawn] == ring[:-1]
    page.goto("/desk/set-up")
    expect(page.get_by_text("No mistakes.")).to_be_visible()
    looks_right(page, "areas-draft-desk")
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_text("Published. It is in force now.")).to_be_visible()
    assert Area.objects.filter(city=city, code="middle").exists()


def test_drawn_by_keyboard(sit: Callable[..., Desk], city: City) -> None:
    page = sit("ada@testford.example", viewport=DESK).open(NEW)
    sheet = chart(page)
    sheet.focus()
    for way in ("", "ArrowRight", "ArrowDown", "ArrowLeft"):
        for _step in range(3 if way else 0):
            page.keyboard.press(way)
            page.wait_for_timeout(300)
        page.keyboard.press("Enter")
        sheet.focus()
    expect(page.locator("[data-corner-say]")).to_have_text("Corner 4 is set.")
    assert len(set(lines(page))) == 4
    before = lines(page)
    page.locator(".corner").nth(1).focus()
    page.keyboard.press("ArrowUp")
    assert lines(page)[1] != before[1]
    expect(page.locator(".corner").nth(1)).to_be_focused()
    page.keyboard.press("Delete")
    assert len(lines(page)) == 3
    expect(page.locator("[data-corner-say]")).to_have_text("The corner is gone; 3 are left.")
    page.get_by_label("Key:").fill("keys")
    page.get_by_label("Name · en").fill("Keys")
    save(page)
    assert len(corners_of(city, "keys")) == 4


def test_the_text_and_the_map_say_the_same(sit: Callable[..., Desk], city: City) -> None:
    page = sit("ada@testford.example", viewport=DESK).open(f"{NEW}?n=1")
    chart(page)
    expect(page.locator(".corner")).to_have_count(4)
    box = page.locator("[data-corners]")
    box.fill(box.input_value() + "\n-120.999 40.004\n")
    expect(page.locator(".corner")).to_have_count(5)
    box.fill("nothing of this")
    expect(page.locator("[data-corner-say]")).to_contain_text("can not be read")
    assert box.input_value() == "nothing of this"


def test_without_a_script(sit: Callable[..., Desk], city: City) -> None:
    page = sit("ada@testford.example", viewport=PHONE, java_script_enabled=False).open(NEW)
    page.fill("[name='corners']", "-121.0 40.0\n-120.98 40.0\n-120.98 40.004\n-121.0 40.004")
    page.get_by_role("button", name="Show it on the map").click()
    expect(page.locator("path.area.chosen")).to_have_count(1)
    page.fill("[name='code']", "plain")
    page.fill("[name='name.en']", "Plain")
    page.get_by_role("button", name="Save in the draft").last.click()
    expect(page.get_by_text("Saved in the draft.")).to_be_visible()
    assert len(corners_of(city, "plain")) == 5


def test_the_pages_fit_a_phone(sit: Callable[..., Desk], city: City) -> None:
    phone = sit("ada@testford.example", viewport=PHONE, has_touch=True, is_mobile=True)
    paths = (
        "/desk/set-up/areas",
        "/desk/set-up/areas/10-district",
        f"{NEW}?n=1",
        "/desk/set-up/city",
    )
    for number, path in enumerate(paths):
        page = phone.open(path)
        if "?n=" in path:
            chart(page)
        looks_right(page, f"areas-phone-{number}")


def test_a_file_from_elsewhere(sit: Callable[..., Desk], city: City, tmp_path: Any) -> None:
    ring = [[40.0, -121.0], [40.0, -120.99], [40.016, -120.99], [40.016, -121.0]]
    one = {"type": "Polygon", "coordinates": [ring]}
    other = {"type": "Polygon", "coordinates": [[[a, b + 0.01] for a, b in ring]]}
    features = [
        {"type": "Feature", "properties": {"WARD": n, "LABEL": f"Ward {n}"}, "geometry": shape}
        for n, shape in ((1, one), (2, other))
    ]
    file = tmp_path / "wards.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    page = sit("ada@testford.example", viewport=DESK).open("/desk/set-up/areas/10-district")
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("2 areas were turned.")).to_be_visible()
    looks_right(page, "area-upload-desk")
    page.get_by_role("button", name="Take over into the draft").click()
    expect(page.get_by_text("2 areas are in the draft.")).to_be_visible()
    page.goto("/desk/set-up/areas")
    looks_right(page, "areas-effect-desk")


def test_colours_follow_the_typing(sit: Callable[..., Desk], city: City) -> None:
    page = sit("ada@testford.example", viewport=DESK).open("/desk/set-up/city")
    looks_right(page, "city-facts-desk")
    day = page.locator("[data-brand='light']")
    day.locator("[data-colour='brand']").fill("#cccccc")
    expect(day.locator(".brand-sample rect[data-fill='brand']")).to_have_attribute(
        "fill", "#cccccc"
    )
    expect(day.locator("li.bad").first).to_be_visible()
    looks_right(page, "city-facts-bad-desk")
    day.locator("[data-colour='brand']").fill("#6a1b4d")
    expect(day.locator("li.bad")).to_have_count(0)
