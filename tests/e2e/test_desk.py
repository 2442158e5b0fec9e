"""The desk as its people use it: an agent with the keyboard, a crew on a phone, two at once, every page checked."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from onehall.casework.models import Case, Photo, TimelineEntry
from onehall.kernel.clock import now
from onehall.people.queries import queues
from onehall.service_requests import joining
from tests.console.conftest import city as _city
from tests.console.people import Person, picture, report, upload
from tests.e2e.conftest import WATCH
from tests.pages import WIDTHS, good_at_every_size, settle, too_wide, violations

CHROMIUM = shutil.which("chromium")
PHONE = {"width": 412, "height": 860}
DESK = {"width": 1280, "height": 900}
WAITING = "retry: 600000\n\n"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
]

city = _city


class Desk:
    """One signed-in browser; what its console said is checked at the end."""

    def __init__(self, browser: Browser, server: str, person: Person, **options: Any) -> None:
        self.server = server
        self.context: BrowserContext = browser.new_context(base_url=server, **options)
        cookie = person.client.cookies["sessionid"].value
        self.context.add_cookies([{"name": "sessionid", "value": cookie, "url": server}])
        self.context.add_init_script(WATCH)
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.context.route("**/live/*", self._quiet)

    def _hear(self, message: Any) -> None:
        refused = "status of 4" in message.text
        if message.type in ("error", "warning") and not refused:
            self.said.append(message.text)

    @staticmethod
    def _quiet(route: Any) -> None:
        route.fulfill(content_type="text/event-stream", body=WAITING)

    def open(self, path: str) -> Page:
        self.page.goto(path)
        return self.page


@pytest.fixture
def sit(browser: Browser, live_server: LiveServer, city: Any) -> Iterator[Callable[..., Desk]]:
    """Sit down as somebody: `sit("ana@testford.example", viewport=…)`."""
    desks: list[Desk] = []

    def down(email: str, **options: Any) -> Desk:
        options.setdefault("viewport", DESK)
        desk = Desk(browser, live_server.url, Person(city, email), **options)
        desks.append(desk)
        return desk

    yield down
    for desk in desks:
        assert desk.said == []
        desk.context.close()


@pytest.fixture
def case(city: Any) -> Case:
    """An open pothole with a photo."""
    return Case.objects.get(number=report(city, photo=True).number)


@pytest.fixture
def photo_file(tmp_path: Path) -> Path:
    """A large picture, as a phone takes it."""
    path = tmp_path / "after.jpg"
    path.write_bytes(picture("green", (3200, 2400)))
    return path


def test_an_agent_sends_a_case_to_another_queue(sit: Callable[..., Desk], case: Case) -> None:
    page = sit("ana@testford.example").open("/desk")
    page.get_by_role("link", name="Pothole").click()
    page.wait_for_url(f"**/desk/cases/{case.number}?list=*")
    page.keyboard.press("n")
    page.locator("#route").get_by_label("Queue", exact=True).select_option(label="Roads north")
    page.locator("#route").get_by_label("Why? The resident reads this.").fill(
        "North of Main Street."
    )
    page.get_by_role("button", name="Send there").click()
    expect(page.get_by_role("heading", name="Passed on to Roads north")).to_be_visible()
    case.refresh_from_db()
    assert next(q.key for q in queues(case.city) if q.id == case.queue_id) == "roads-north"


def test_an_agent_works_with_the_keyboard_alone(sit: Callable[..., Desk], case: Case) -> None:
    page = sit("ana@testford.example").open(f"/desk/cases/{case.number}")
    page.keyboard.press("w")
    page.keyboard.type("We are on it.")
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sent to everybody who follows.")).to_be_visible()
    # Letter keys are there once the page's script has run.
    page.wait_for_load_state("load")
    page.keyboard.press("c")
    expect(page.get_by_label("Fixed")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.get_by_label("One line for the resident").focus()
    page.keyboard.type("Nothing was there.")
    page.locator("#move-close").get_by_role("button", name="Close with an answer").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Done", exact=True)).to_be_visible()
    case.refresh_from_db()
    assert (case.state, case.outcome) == ("done", "nothing_found")


def test_a_prepared_answer_is_inserted_and_seen_before_it_goes_out(
    sit: Callable[..., Desk], case: Case
) -> None:
    report(case.city)
    page = sit("ana@testford.example").open(f"/desk/cases/{case.number}")
    page.wait_for_load_state("load")
    page.locator("#say").fill("First of all: sorry.")
    page.locator("#sayform").get_by_label("Prepared answers").select_option(label="Thanks")
    page.get_by_role("button", name="Insert").click()
    expect(page.locator("#say")).to_be_focused()
    written = "First of all: sorry.\n\nThank you for telling Testford about this. Call 555-0142."
    assert page.locator("#say").input_value() == written
    page.get_by_role("button", name="See the mails").click()
    expect(page.get_by_text("1 person gets this mail.")).to_be_visible()
    expect(page.get_by_text("Thank you for telling Testford about this.")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Go on writing").click()
    expect(page.locator("#say")).to_have_value(written)
    page.get_by_role("button", name="See the mails").click()
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_text("Sent to everybody who follows.")).to_be_visible()


def test_two_people_see_that_the_other_is_there(sit: Callable[..., Desk], case: Case) -> None:
    ana = sit("ana@testford.example").open(f"/desk/cases/{case.number}")
    ana.wait_for_load_state("load")
    with ana.expect_response("**/looking"):
        ana.locator("#say").fill("Half a sentence")
    sue = sit("sue@testford.example").open(f"/desk/cases/{case.number}")
    expect(sue.get_by_text("Ana Agent is writing")).to_be_visible()
    with ana.expect_response("**/looking"):
        ana.locator("#say").fill("")
    wake(sue)
    expect(sue.get_by_text("Ana Agent is also looking")).to_be_visible()


def test_j_and_k_walk_the_list_and_u_leads_back(
    sit: Callable[..., Desk], city: Any, case: Case
) -> None:
    numbers = [case.number, report(city).number, report(city).number]
    page = sit("ana@testford.example").open("/desk?show=unassigned")
    page.locator(f'[id="c-{numbers[1]}"]').click()
    here = page.locator(".crumb [aria-current]")
    for key, number in (("j", numbers[2]), ("k", numbers[1]), ("k", numbers[0])):
        page.wait_for_load_state("load")
        page.keyboard.press(key)
        expect(here).to_have_text(number)
    page.wait_for_load_state("load")
    page.keyboard.press("u")
    page.wait_for_url(f"**/desk?show=unassigned#c-{numbers[0]}")


def test_slash_finds_a_number(sit: Callable[..., Desk], case: Case) -> None:
    page = sit("ana@testford.example").open("/desk")
    page.keyboard.press("/")
    page.keyboard.type(case.number)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/cases/{case.number}")


def test_a_crew_closes_with_a_photo_on_a_phone(
    sit: Callable[..., Desk], case: Case, photo_file: Path
) -> None:
    desk = sit("carl@testford.example", viewport=PHONE, has_touch=True, is_mobile=True)
    page = desk.open("/desk/work")
    page.get_by_role("link", name="Pothole").tap()
    page.get_by_role("button", name="Take this stop").tap()
    page.get_by_role("button", name="Start work").tap()
    expect(page.locator("[data-left] b")).to_have_text("2 things left")
    page.locator("[type=file]").set_input_files(photo_file)
    expect(page.locator("[data-preview]")).to_be_visible()
    expect(page.locator("[data-shrunk]")).to_contain_text("KB")
    size = page.evaluate("document.querySelector('[type=file]').files[0].size")
    assert size < photo_file.stat().st_size
    expect(page.locator("[data-left] b")).to_have_text("1 thing left")
    page.get_by_label("One line for the resident").fill("Filled with hot asphalt.")
    expect(page.locator("[data-left] b")).to_have_text("Ready")
    page.get_by_role("button", name="Done").tap()
    page.wait_for_url("**/desk/work")
    case.refresh_from_db()
    photo = Photo.objects.get(case=case, kind="after")
    assert (case.state, photo.is_public, photo.width) == ("done", True, 1600)


def test_what_is_missing_is_said_and_the_photo_is_kept(
    sit: Callable[..., Desk], case: Case, photo_file: Path
) -> None:
    page = sit("carl@testford.example", viewport=PHONE).open(f"/desk/work/{case.number}")
    page.locator("[type=file]").set_input_files(photo_file)
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("alert")).to_contain_text("Write a line for the resident")
    expect(page.get_by_text("Kept from your last try.")).to_be_visible()
    page.get_by_label("One line for the resident").fill("Filled.")
    page.get_by_role("button", name="Done").click()
    page.wait_for_url("**/desk/work")
    assert Photo.objects.filter(case=case, kind="after").count() == 1


def test_without_signal_nothing_is_lost(sit: Callable[..., Desk], case: Case) -> None:
    desk = sit("carl@testford.example", viewport=PHONE)
    page = desk.open(f"/desk/work/{case.number}")
    page.get_by_label("One line for the resident").fill("Filled.")
    desk.context.set_offline(True)
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("No signal.")).to_be_visible()
    desk.context.set_offline(False)
    assert page.get_by_label("One line for the resident").input_value() == "Filled."


def test_nearest_to_me(sit: Callable[..., Desk], case: Case) -> None:
    desk = sit(
        "carl@testford.example",
        viewport=PHONE,
        geolocation={"longitude": -120.99, "latitude": 40.0},
        permissions=["geolocation"],
    )
    page = desk.open("/desk/work")
    page.get_by_role("button", name="Nearest to me").click()
    page.wait_for_url("**/desk/work?lon=*")
    expect(page.get_by_text("Nearest first.")).to_be_visible()


def test_double_tap_sends_once(sit: Callable[..., Desk], case: Case) -> None:
    page = sit("ana@testford.example").open(f"/desk/cases/{case.number}")
    page.get_by_label("Write to the 1 person following").fill("Once.")
    page.get_by_role("button", name="Keep as staff note").dblclick()
    expect(page.get_by_text("Note kept for staff.")).to_be_visible()
    assert TimelineEntry.objects.filter(case=case, kind="noted").count() == 1


def test_two_people_at_once(sit: Callable[..., Desk], case: Case) -> None:
    ana = sit("ana@testford.example").open(f"/desk/cases/{case.number}")
    sue = sit("sue@testford.example").open(f"/desk/cases/{case.number}")
    ana.locator("#move-hold summary").click()
    ana.get_by_label("Reason").fill("Waiting for the gas company.")
    sue.get_by_role("button", name="Start work").click()
    expect(sue.get_by_role("heading", name="Being worked on")).to_be_visible()
    ana.locator("#move-hold").get_by_role("button").click()
    expect(ana.get_by_role("alert")).to_contain_text("Being worked on")
    expect(ana.get_by_role("alert")).to_contain_text("Sue Supervisor")
    assert ana.get_by_label("Reason").input_value() == "Waiting for the gas company."
    ana.locator("#move-hold").get_by_role("button").click()
    expect(ana.get_by_role("heading", name="On hold")).to_be_visible()


def test_fresh_news_never_take_away_what_is_being_written(
    sit: Callable[..., Desk], case: Case
) -> None:
    page = sit("ana@testford.example").open(f"/desk/cases/{case.number}")
    page.locator("#move-hold summary").click()
    page.get_by_label("Reason").fill("Half a sentence")
    other = Person(case.city, "sue@testford.example")
    other.act(case, "move", move="close", asked="1", outcome="nothing_found", words="Nothing.")
    wake(page)
    expect(page.locator("[data-news]")).to_be_visible()
    assert page.get_by_label("Reason").input_value() == "Half a sentence"
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_role("heading", name="Done", exact=True)).to_be_visible()
    assert page.locator("[data-news-kept] textarea").input_value() == "Half a sentence"


def test_a_case_that_nobody_touches_changes_by_itself(sit: Callable[..., Desk], case: Case) -> None:
    page = sit("ana@testford.example").open(f"/desk/cases/{case.number}")
    page.wait_for_load_state("load")
    # The page as it is now is no news, whatever part of the timeline its address names.
    with page.expect_response("**part=live**") as same:
        wake(page)
    assert same.value.status == 304
    Person(case.city, "sue@testford.example").act(case, "move", move="start", asked="1")
    wake(page)
    expect(page.get_by_role("heading", name="Being worked on")).to_be_visible()
    expect(page.locator("[data-news]")).to_be_hidden()


def test_the_list_changes_by_itself_only_at_the_top(
    sit: Callable[..., Desk], city: Any, case: Case
) -> None:
    for _ in range(25):
        report(city)
    page = sit("ana@testford.example").open("/desk")
    report(city)
    wake(page)
    expect(page.locator("tr[data-number]")).to_have_count(27)
    page.mouse.wheel(0, 600)
    # Not with `wait_for_function`: the pages' policy lets nobody evaluate a text.
    for _ in range(100):
        if page.evaluate("scrollY") > 100:
            break
        page.wait_for_timeout(50)
    report(city)
    report(city)
    wake(page)
    expect(page.get_by_text("2 new since you opened this")).to_be_visible()
    expect(page.locator("tr[data-number]")).to_have_count(27)
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("tr[data-number]")).to_have_count(29)


def wake(page: Page) -> None:
    """As if the person came back to the tab, which looks for news."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_blur_with_the_mouse_and_the_keyboard(sit: Callable[..., Desk], case: Case) -> None:
    photo = Photo.objects.get(case=case)
    page = sit("sue@testford.example").open(f"/desk/cases/{case.number}")
    page.locator(f"#photo-{photo.pk} summary").click()
    page.get_by_role("button", name="Blur faces or plates").click()
    dialog = page.get_by_role("dialog")
    canvas = dialog.locator("canvas")
    expect(dialog.get_by_role("button", name="Blur these places")).to_be_disabled()
    expect(canvas).to_have_attribute("width", "320")
    edge = canvas.bounding_box()
    assert edge is not None
    page.mouse.move(edge["x"] + 20, edge["y"] + 20)
    page.mouse.down()
    page.mouse.move(edge["x"] + 120, edge["y"] + 90)
    page.mouse.up()
    expect(dialog.get_by_role("button", name="Box 1")).to_be_focused()
    dialog.get_by_role("button", name="Add a box").click()
    for key in ("ArrowRight", "Shift+ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    page.keyboard.press("Delete")
    expect(dialog.get_by_role("button", name="Box 2")).to_have_count(0)
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog.get_by_role("button", name="Box 2")).to_have_count(1)
    assert violations(page) == []
    dialog.get_by_role("button", name="Blur these places").click()
    expect(page.get_by_text("can not be read any more")).to_be_visible()
    again = Photo.objects.get(case=case)
    assert (again.redacted, again.key != photo.key) == (True, True)


def test_signing_in_and_out(browser: Browser, live_server: LiveServer, city: Any) -> None:
    page = browser.new_page(base_url=live_server.url)
    page.route(
        "**/live/*", lambda route: route.fulfill(content_type="text/event-stream", body=WAITING)
    )
    page.goto("/desk")
    page.wait_for_url("**/accounts/login/**")
    # On the way to the desk, the staff's form is open.
    expect(page.get_by_label("Password")).to_be_visible()
    page.goto("/demo")
    page.get_by_role("button", name="Ana Agent").click()
    page.wait_for_url("**/desk")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{live_server.url}/")
    page.goto("/desk")
    page.wait_for_url("**/accounts/login/**")
    page.close()


TARGETS = """() => [...document.querySelectorAll("a[href], button, summary, input, select, textarea, label.shot")]
  .filter((one) => one.checkVisibility() && !one.closest("p, .notice, .sr, caption, .skip, .facts, .crumb") && !one.matches(".skip, [type=radio], [type=checkbox], .shot input"))
  .map((one) => [one.getBoundingClientRect(), one.outerHTML.slice(0, 120)])
  .filter(([box]) => box.width > 1 && Math.min(box.width, box.height) < LEAST)
  .map(([box, html]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)"""


def test_every_page_is_accessible_and_fits(sit: Callable[..., Desk], city: Any, case: Case) -> None:
    busy(city, case)
    desk, reader = sit("sue@testford.example"), sit("otto@testford.example")
    joined = Case.objects.exclude(merged_into=None).get()
    for one, path in (
        (desk, "/desk"),
        (desk, "/desk?show=all"),
        (desk, "/desk?show=disputed"),
        (desk, "/desk?show=all&service=pothole&opened=2020-01-01..&area=district:"),
        (desk, "/desk/queues"),
        (desk, "/desk/figures"),
        (reader, "/desk/figures?period=year"),
        (desk, "/desk/search?q=main"),
        (desk, "/desk/search"),
        (desk, "/desk/search?q=l-001"),
        (desk, "/desk/things/street-light/L-001"),
        (desk, f"/desk/cases/{case.number}"),
        (desk, f"/desk/cases/{joined.number}"),
        (desk, "/desk/work"),
        (desk, f"/desk/work/{case.number}"),
        (desk, f"/desk/orders?case={case.number}"),
        (reader, f"/desk/cases/{case.number}"),
        (reader, f"/desk/work/{case.number}"),
    ):
        good_at_every_size(one.open(path), TARGETS)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_case_with_everything_open_is_accessible_and_fits(
    sit: Callable[..., Desk], city: Any, case: Case, width: int
) -> None:
    busy(city, case)
    desk = sit("sue@testford.example", viewport={"width": width, "height": 900})
    page = desk.open(f"/desk/cases/{case.number}")
    for fold in page.locator("main details").all():
        fold.evaluate("one => { one.name = ''; one.open = true; }")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        settle(page)
        assert violations(page, by_color=scheme == "dark") == []
    assert too_wide(page) == 0
    page.locator("#move-close").get_by_role("button", name="Close with an answer").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    assert violations(page) == []


def busy(city: Any, case: Case) -> None:
    """Something of everything on the pages."""
    ana = Person(city, "ana@testford.example")
    twin = Case.objects.get(number=report(city, email="joe@example.com").number)
    joining.join(city=city, case_id=twin.pk, into_number=case.number, by=ana.actor, now=now())
    for words, kind in (("Gas main there.", "note"), ("On Friday.", "reply")):
        ana.act(case, "say", words=words, **{"as": kind})
    ana.act(case, "change", what="priority", priority="2")
    ana.act(case, "photos", kind="after", photos=[upload(picture("blue"))])
    for _ in range(4):
        report(city)
