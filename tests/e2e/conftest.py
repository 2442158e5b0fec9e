"""A real browser in front of the real pages of a small city."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from playwright.sync_api import Browser, Page

from onehall.catalog import queries as catalog
from onehall.people import queries as people
from onehall.places import queries as places
from onehall.setup import files as setup
from tests.packs import testford

# Tells of every violation of the content security policy, wherever it happens.
WATCH = """addEventListener("securitypolicyviolation",
    (e) => console.error("CSP", e.violatedDirective, e.blockedURI));"""


@pytest.fixture
def site(
    browser: Browser, transactional_db: None, live_server: Any, settings: Any, tmp_path: Any
) -> Iterator[str]:
    """The address of Testford's pages."""
    settings.ALLOWED_HOSTS = ["*"]
    settings.ONEHALL_CITY_CACHE_SECONDS = 0
    settings.ONEHALL_TILE_CACHE = tmp_path / "tiles"
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        }
    }
    for room in (catalog, people, places, setup):
        room.forget()
    for name in ("local", "default"):
        caches[name].clear()
    testford()
    yield live_server.url
    for room in (catalog, people, places, setup):
        room.forget()


class Visitor:
    """Opens pages and remembers everything the browser complained about."""

    def __init__(self, browser: Browser, site: str) -> None:
        self.browser, self.site = browser, site
        self.complaints: list[str] = []
        self.contexts: list[Any] = []

    def __call__(self, **how: Any) -> Page:
        """A page in a browser window of its own; a phone unless told otherwise."""
        phone = {"viewport": {"width": 412, "height": 823}, "has_touch": True, "is_mobile": True}
        context = self.browser.new_context(base_url=self.site, **{**phone, **how})
        context.add_init_script(WATCH)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.contexts.append(context)
        return page

    def _heard(self, message: Any) -> None:
        # Without its own process the live stream answers 503, and the page looks every 15 seconds instead.
        if message.type == "error" and "/live/" not in message.location.get("url", ""):
            self.complaints.append(message.text)


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Visitor]:
    """`visit()` opens a page; at the end the browser must not have complained."""
    visitor = Visitor(browser, site)
    yield visitor
    for context in visitor.contexts:
        context.close()
    assert visitor.complaints == []
