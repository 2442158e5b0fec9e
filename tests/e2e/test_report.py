"""A resident reports a pothole: on a phone, without scripts, by keyboard alone, with a bad signal."""

import contextlib
import re
import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from playwright.sync_api import expect

from onehall.casework.models import Case, Photo
from onehall.cli import demo_pictures
from onehall.service_requests.models import ServiceRequest

pytestmark = pytest.mark.browser
KILOBYTE = 1024


@pytest.fixture(scope="module")
def hole(tmp_path_factory):
    """A drawn picture of a pothole, as a file."""
    path = tmp_path_factory.mktemp("photos") / "hole.jpg"
    path.write_bytes(demo_pictures.jpeg("pothole", False, 7))
    return str(path)


def uploaded(page, count=1):
    expect(page.locator(".peek:not([disabled])")).to_have_count(count)


def find(page, words="124 elm"):
    page.locator("#id_where").fill(words)
    page.locator("#finds [role=option]").first.wait_for()


def test_on_a_phone(visit, hole):
    page = visit()
    page.goto("/report/pothole")
    page.set_input_files("[data-library]", hole)
    uploaded(page)
    find(page)
    page.locator("#finds [role=option]").first.click()
    expect(page.locator("[data-here-words]")).to_have_text("124 Elm Street")
    expect(page.locator(".map img")).to_be_visible()
    lane = page.locator('[data-question="lane"]')
    expect(lane).to_be_hidden()
    page.get_by_text("Larger than a plate").click()
    expect(lane).to_be_visible()
    page.get_by_text("Bike lane").click()
    expect(page.locator("[data-bar-note]")).to_have_text("Saved on this phone")
    page.get_by_role("button", name="Send report").last.click()
    page.wait_for_url("**/r/*?sent=1")
    expect(page.get_by_text("Thank you. We have your report.")).to_be_visible()
    report = ServiceRequest.objects.get()
    assert report.answers == {"size": "large", "lane": "bike"}
    assert report.case.lon is not None
    assert Photo.objects.get().request_id == report.id
    assert page.evaluate("Object.keys(localStorage)") == []


def test_a_photo_chosen_before_the_script_came_is_sent_like_the_others(visit, hole):
    page = visit()
    held = []
    page.route("**/js/report.js", lambda route: held.append(route))
    page.goto("/report/pothole", wait_until="commit")
    page.set_input_files("[data-library]", hole)
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    uploaded(page)


def test_the_page_of_a_report_takes_what_a_browser_sends(visit):
    page = visit()
    page.goto("/report/pothole")
    find(page)
    page.locator("#finds [role=option]").first.click()
    page.get_by_text("Larger than a plate").click()
    page.get_by_text("Bike lane").click()
    page.get_by_role("button", name="Send report").last.click()
    page.wait_for_url("**/r/*?sent=1")
    page.get_by_label("Your message").fill("It is by the gate.")
    page.get_by_role("button", name="Send message").click()
    expect(page.locator(".time").get_by_text("It is by the gate.")).to_be_visible()


def test_without_scripts(visit, hole):
    page = visit(java_script_enabled=False)
    page.goto("/report/pothole")
    expect(page.get_by_role("button", name="Where I am now")).to_be_hidden()
    page.set_input_files("[name=photos]", hole)
    page.fill("#id_where", "124 Elm Street")
    page.get_by_role("button", name="Add these photos and describe them").click()
    expect(page.get_by_alt_text("Your photo 1")).to_be_visible()
    page.get_by_label("What it shows Your photo 1").fill("A hole")
    page.get_by_role("button", name="Find it").click()
    expect(page.get_by_label("What it shows Your photo 1")).to_have_value("A hole")
    expect(page.get_by_text("124 Elm Street").first).to_be_visible()
    page.get_by_role("button", name="Send report").last.click()
    expect(page.get_by_role("alert")).to_contain_text("Please answer this.")
    page.get_by_text("Smaller than a plate").click()
    page.get_by_role("button", name="Send report").last.click()
    page.wait_for_url("**/r/*?sent=1")
    assert Photo.objects.get().case_id == Case.objects.get().id
    assert Photo.objects.get().words == "A hole"
    expect(page.get_by_alt_text("A hole")).to_be_visible()
    visit.complaints = [c for c in visit.complaints if "422" not in c]


def test_by_keyboard_alone(visit):
    page = visit(viewport={"width": 1280, "height": 800}, has_touch=False, is_mobile=False)
    page.goto("/report/pothole")
    _tab_to(page, "#id_where")
    page.keyboard.type("124 elm")
    page.locator("#finds [role=option]").first.wait_for()
    page.keyboard.press("ArrowDown")
    assert page.locator("#id_where").get_attribute("aria-activedescendant") == "find-0"
    page.keyboard.press("Enter")
    expect(page.locator("[data-here-words]")).to_have_text("124 Elm Street")
    _tab_to(page, "[name=q_size]")
    page.keyboard.press("Space")
    _tab_to(page, "[data-send]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/r/*?sent=1")
    assert Case.objects.get().place_words == "124 Elm Street"


def _tab_to(page, selector):
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"Tab never reaches {selector}")


def test_danger_switches_sending_off(visit):
    page = visit()
    page.goto("/report/pothole")
    page.get_by_text("The road is caving in").click()
    expect(page.get_by_role("link", name="Call 911").first).to_be_visible()
    page.locator("[data-send]").click(force=True)
    expect(page.locator("[data-bar-note]")).to_have_text("First look at the red box.")
    assert not Case.objects.exists()
    page.get_by_text("Smaller than a plate").click()
    expect(page.locator("[data-stop-says]")).to_be_hidden()
    assert page.locator("[data-send]").get_attribute("aria-disabled") is None


def test_a_draft_comes_back_and_can_be_dropped(visit, hole):
    page = visit()
    page.goto("/report/pothole")
    page.set_input_files("[data-library]", hole)
    uploaded(page)
    find(page)
    page.locator("#finds [role=option]").first.click()
    page.fill("#id_words", "Wheel-deep.")
    page.fill("#id_email", "rosa@example.com")
    page.wait_for_timeout(500)
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "Wheel-deep." in kept
    assert "rosa@example.com" not in kept
    page.reload()
    expect(page.locator("#id_words")).to_have_value("Wheel-deep.")
    expect(page.locator("[data-here-words]")).to_have_text("124 Elm Street")
    uploaded(page)
    page.get_by_role("button", name="Start over").click()
    expect(page.locator("#id_words")).to_have_value("")


def test_a_photo_gets_words_that_survive_everything(visit, hole):
    """Written while it is still on its way, kept over a reload and a blur, read on the report's page."""
    page = visit()
    page.goto("/report/pothole")
    page.route("**/drafts/**", lambda route: route.abort())
    page.set_input_files("[data-library]", hole)
    page.get_by_label("What it shows Your photo 1").fill("A hole, seen from the curb")
    page.unroute("**/drafts/**")
    page.evaluate("dispatchEvent(new Event('online'))")
    uploaded(page)
    expect(page.locator("[data-bar-note]")).to_have_text("Saved on this phone")
    page.wait_for_timeout(400)
    page.reload()
    uploaded(page)
    words = page.get_by_label("What it shows Your photo 1")
    expect(words).to_have_value("A hole, seen from the curb")
    page.locator(".peek").click()
    page.get_by_role("button", name="Add a box").press("Enter")
    page.get_by_role("button", name="Blur these").press("Enter")
    expect(page.locator("dialog.blur")).to_have_count(0)
    expect(words).to_have_value("A hole, seen from the curb")
    page.fill("#id_where", "by the fountain that nobody knows")
    page.get_by_text("Smaller than a plate").click()
    page.locator("[data-send]").click()
    page.wait_for_url("**/r/*?sent=1")
    expect(page.get_by_alt_text("A hole, seen from the curb")).to_be_visible()
    visit.complaints = [c for c in visit.complaints if "ERR_FAILED" not in c]


def test_back_and_send_again_is_the_same_report(visit):
    page = visit()
    page.goto("/report/pothole")
    page.fill("#id_where", "by the fountain that nobody knows")
    page.get_by_text("Smaller than a plate").click()
    page.locator("[data-send]").click()
    page.wait_for_url("**/r/*?sent=1")
    first = page.url
    page.go_back()
    expect(page.get_by_text("You sent this report already.")).to_be_visible()
    page.fill("#id_where", "by the fountain that nobody knows")
    page.get_by_text("Smaller than a plate").click()
    page.locator("[data-send]").click()
    page.wait_for_url("**/r/*?sent=1")
    assert page.url == first
    assert Case.objects.count() == 1


def test_photos_wait_for_a_signal_and_the_report_for_the_photos(visit, hole):
    page = visit()
    page.goto("/report/pothole")
    page.route("**/drafts/**", lambda route: route.abort())
    page.set_input_files("[data-library]", hole)
    expect(page.get_by_text("Waiting for a signal")).to_be_visible()
    page.fill("#id_where", "by the fountain that nobody knows")
    page.get_by_text("Smaller than a plate").click()
    page.locator("[data-send]").click()
    expect(page.locator("[data-bar-note]")).to_contain_text("Your photos are on their way")
    page.unroute("**/drafts/**")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_url("**/r/*?sent=1")
    assert Photo.objects.get().case_id == Case.objects.get().id
    visit.complaints = [c for c in visit.complaints if "ERR_FAILED" not in c]


def test_photos_go_with_the_report_while_the_records_are_away(visit, hole):
    page = visit()
    page.goto("/report/pothole")
    page.route("**/drafts/**", lambda route: route.fulfill(status=503, json={"away": True}))
    page.set_input_files("[data-library]", hole)
    expect(page.get_by_text("Waiting for a signal")).to_be_visible()
    page.fill("#id_where", "by the fountain that nobody knows")
    page.get_by_text("Smaller than a plate").click()
    page.locator("[data-send]").click()
    page.wait_for_url("**/r/*?sent=1")
    assert Photo.objects.get().case_id == Case.objects.get().id
    visit.complaints = [c for c in visit.complaints if "503" not in c]


def test_a_refused_photo_says_why(visit, tmp_path):
    cat = tmp_path / "cat.gif"
    cat.write_bytes(b"GIF89a" + b"0" * 80)
    page = visit()
    page.goto("/report/pothole")
    page.set_input_files("[data-library]", str(cat))
    expect(page.locator("[data-photo-says]")).to_contain_text("cat.gif: This is a GIF.")
    expect(page.locator(".peek")).to_have_count(0)
    visit.complaints = [c for c in visit.complaints if "422" not in c]


def test_a_face_is_blurred_by_finger_and_by_keyboard(visit, hole):
    page = visit()
    page.goto("/report/pothole")
    page.set_input_files("[data-library]", hole)
    uploaded(page)
    before = Photo.objects.get().key
    page.locator(".peek").click()
    area = page.locator("dialog canvas").bounding_box()
    page.mouse.move(area["x"] + 40, area["y"] + 40)
    page.mouse.down()
    page.mouse.move(area["x"] + 120, area["y"] + 100)
    page.mouse.up()
    expect(page.locator("dialog canvas")).to_have_attribute("aria-label", "Photo with 1 boxes")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Blur these").click()
    expect(page.locator("dialog [role=alert]")).to_have_text("Draw a box first.")
    page.get_by_role("button", name="Add a box").press("Enter")
    for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowRight"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Blur these").press("Enter")
    expect(page.locator("dialog.blur")).to_have_count(0)
    assert Photo.objects.get().key != before


def test_where_i_am_now(visit):
    here = {"longitude": -120.99925, "latitude": 40.00215, "accuracy": 8}
    page = visit(geolocation=here, permissions=["geolocation"])
    page.goto("/report/pothole")
    page.locator("[data-gps]").click()
    expect(page.locator("[data-here-note]")).to_contain_text("Within 25 feet")
    assert "Elm Street" in page.locator("#id_where").input_value()
    page.context.set_geolocation({"longitude": 0, "latitude": 0, "accuracy": 8})
    page.wait_for_timeout(300)
    page.locator("[data-gps]").click()
    expect(page.locator("[data-place-says]")).to_contain_text("Example County")
    expect(page.locator("[data-here]")).to_be_hidden()


def test_a_phone_that_keeps_its_place_to_itself(visit):
    page = visit(permissions=[])
    page.goto("/report/pothole")
    page.locator("[data-gps]").click()
    expect(page.locator("[data-place-says]")).to_contain_text("Type it, or use the map.")


def test_the_map_moves_by_keys_and_reads_the_place_back(visit):
    page = visit()
    page.goto("/report/pothole")
    find(page)
    page.locator("#finds [role=option]").first.click()
    assert page.evaluate("'L' in window") is False
    page.locator("[data-show-map]").click()
    sheet = page.locator(".chart")
    expect(sheet.locator("img.leaflet-tile-loaded").first).to_be_attached()
    assert page.evaluate("document.activeElement.className").startswith("chart")
    before = page.locator("[name=pick]").input_value()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(120)
    page.wait_for_function(
        "(old) => document.querySelector('[name=pick]').value !== old", arg=before
    )
    expect(sheet).to_be_visible()
    page.locator("[data-show-map]").click()
    expect(page.locator(".map img")).to_be_visible()


def test_the_map_stays_under_the_bar_that_sends(visit):
    page = visit()
    page.goto("/report/pothole")
    before = page.locator(".bar").screenshot()
    page.locator("[data-show-map]").click()
    page.locator(".chart .leaflet-tile-loaded").first.wait_for()
    page.evaluate(
        """() => {
          const [map, bar] = [".chart", ".bar"].map((name) => document.querySelector(name));
          const down = map.getBoundingClientRect().bottom - bar.getBoundingClientRect().bottom;
          scrollBy({ top: down, behavior: "instant" });
        }"""
    )
    assert page.locator(".bar").screenshot() == before


def test_double_tap_sends_once(visit):
    page = visit()
    page.goto("/report/pothole")
    page.fill("#id_where", "by the fountain that nobody knows")
    page.get_by_text("Smaller than a plate").click()
    page.locator("[data-send]").dblclick(no_wait_after=True)
    page.wait_for_url("**/r/*?sent=1")
    assert Case.objects.count() == 1


def test_the_form_weighs_little(visit, settings, tmp_path, live_server):
    """Bytes as sent, with the files of production."""
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "onehall.config.static.HashedFiles"}
    }
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False
    call_command("collectstatic", interactive=False, verbosity=0)
    with production_server() as address:
        page = visit()
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        kinds, sizes = {}, {}
        wire.on(
            "Network.responseReceived",
            lambda e: kinds.update({e["requestId"]: (e["type"], e["response"]["url"])}),
        )
        wire.on(
            "Network.loadingFinished",
            lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}),
        )
        page.goto(f"{address}/report/pothole", wait_until="networkidle")
        scripts = sum(size for key, size in sizes.items() if kinds[key][0] == "Script")
        assert len(kinds) <= 8, kinds
        assert scripts <= 15 * KILOBYTE
        assert sum(sizes.values()) <= 45 * KILOBYTE
        assert all(
            re.search(r"\.[0-9a-f]{12}\.", url) for kind, url in kinds.values() if kind == "Script"
        )


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        """Say nothing."""


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@contextlib.contextmanager
def production_server():
    """The pages as gunicorn would serve them: static files by the middleware, compressed."""
    server = make_server("127.0.0.1", 0, WSGIHandler(), server_class=Server, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
