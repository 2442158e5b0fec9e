"""The parts as a person meets them: three widths, light and dark, no accessibility violation, nothing inline."""

import os
import shutil
import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler

from tests.pages import good_at_every_size

CHROMIUM = os.environ.get("ONEHALL_TEST_CHROMIUM") or shutil.which("chromium")
KILOBYTE = 1024

pytestmark = [
    pytest.mark.browser,
    pytest.mark.urls("tests.look.urls"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
]


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name of the base)
        """Say nothing."""


@pytest.fixture
def site(settings) -> Iterator[str]:
    """The test addresses under the real content security policy."""
    settings.MIDDLEWARE = ["django.middleware.csp.ContentSecurityPolicyMiddleware"]
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    server = make_server("127.0.0.1", 0, StaticFilesHandler(WSGIHandler()), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("path", ["/gallery", "/gallery?lang=ar", "/missing"])
def test_pages_are_accessible_and_fit(site, browser, path):
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on(
        "console", lambda message: said.append(message.text) if message.type == "error" else None
    )
    page.goto(site + path)
    good_at_every_size(page)
    assert said == []
    context.close()


def test_drawings_come_from_the_one_file(site, browser):
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site + "/gallery")
    page.wait_for_load_state("networkidle")
    assert sum("sprite.svg" in url for url in asked) == 1
    assert page.evaluate("document.querySelector('.card svg.i').getBBox().width") > 0
    assert all(url.startswith((site, "data:")) for url in asked)
    page.close()


def test_a_live_region_keeps_what_is_being_written(site, browser):
    page = browser.new_page()
    page.clock.install()
    page.goto(site + "/watched")
    page.locator("#say").fill("half a sentence")
    page.clock.run_for(16_000)
    page.locator("[data-live-say]").wait_for()
    assert page.locator("#say").input_value() == "half a sentence"
    assert page.evaluate("document.activeElement.id") == "say"
    assert page.locator("[role=status]").inner_text().startswith("news")
    assert page.locator("[data-live-note]").inner_text() == "Checking"
    page.close()


def test_letter_keys_move_and_can_be_switched_off(site, browser):
    page = browser.new_page()
    page.goto(site + "/gallery")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "cmd"
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert "Close with an answer" in page.locator("#keys").inner_text()
    page.locator("[data-keys-on]").uncheck()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "cmd"
    page.close()


def test_focus_is_seen_and_the_summary_takes_it(site, browser):
    page = browser.new_page()
    page.goto(site + "/gallery")
    assert page.evaluate("document.activeElement.hasAttribute('data-errors')")
    page.locator("[data-errors] a").first.press("Enter")
    assert page.evaluate("document.activeElement.id") == "id_again-size_0"
    page.close()
