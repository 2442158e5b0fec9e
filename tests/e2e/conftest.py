"""A real browser in front of the real pages of a small city."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from playwright.sync_api import Browser, Page, expect

from onehall.catalog import queries as catalog
from onehall.people import queries as people
from onehall.places import queries as places
from onehall.setup import files as setup
from tests.packs import testford

# As long as clicks wait: on two cores other tests may run beside these.
expect.set_options(timeout=10_000)

ROOT = Path(__file__).resolve().parents[2]
# Each worker of pytest-xdist that walks through a demo has one of its own.
PORT = 8440 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
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


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`onehall demo` in a folder of its own: database, pages, worker and live stream; started once for all walks."""
    folder = tmp_path_factory.mktemp("demo")
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("ONEHALL_", "DATABASE_", "DJANGO_"))
    }
    if "ONEHALL_PG_BIN" in os.environ:
        kept["ONEHALL_PG_BIN"] = os.environ["ONEHALL_PG_BIN"]
    command = [
        sys.executable,
        "-m",
        "onehall",
        "demo",
        "--port",
        str(PORT),
        "--dir",
        str(folder / "data"),
    ]
    told = (folder / "said.txt").open("w")
    tree = subprocess.Popen(command, cwd=ROOT, env=kept, stdout=told, stderr=subprocess.STDOUT)
    address = f"http://localhost:{PORT}"
    try:
        until = time.monotonic() + 240
        while time.monotonic() < until:
            assert tree.poll() is None, (folder / "said.txt").read_text()
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"{address}/readyz", timeout=5),
            ):
                break
            time.sleep(0.5)
        yield address
    finally:
        tree.send_signal(signal.SIGINT)
        tree.wait(60)
        told.close()
