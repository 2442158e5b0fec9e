"""The house rules of every test: a database, a frozen clock, and tripwires."""

from __future__ import annotations

import atexit
import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import django
import psycopg
import pytest
import time_machine
from django.conf import settings
from django.dispatch import receiver
from django.test.signals import setting_changed
from django.utils import timezone, translation
from psycopg import sql
from whitenoise.middleware import WhiteNoiseMiddleware

from onehall.kernel.database.net import ROLE
from onehall.kernel.postgres import EmbeddedPostgres, find_programs
from tests import emptied, tripwires
from tests.browsers import browser  # noqa: F401  # a fixture for all rooms

if TYPE_CHECKING:
    from tests.cast import Cast

ROOT = Path(__file__).resolve().parent.parent
CITY_TIME = ZoneInfo("America/Los_Angeles")
NOW = dt.datetime(2026, 3, 4, 10, 0, tzinfo=CITY_TIME)
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def _bring_up() -> EmbeddedPostgres | None:
    """Names the settings, and starts a database server unless DATABASE_URL names one.

    Workers of pytest-xdist inherit the address that the first process found.
    """
    os.environ["ONEHALL_MODE"] = "test"
    if not os.environ.get("ONEHALL_DATA"):
        made = tempfile.mkdtemp(prefix="onehall-tests-")
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        os.environ["ONEHALL_DATA"] = made
    # The static middleware warns about a folder that is not there.
    (Path(os.environ["ONEHALL_DATA"]) / "static").mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "onehall.config.settings")
    if os.environ.get("DATABASE_URL"):
        return None
    programs = find_programs()
    home = ROOT / ".pytest_cache" / "postgres" / f"{programs.source}-{programs.version}"
    server = EmbeddedPostgres(home, programs.bin_dir, settings=QUICK)
    server.start()
    os.environ["DATABASE_URL"] = address = server.create_database("onehall")
    # It is of all databases alike: made inside a test, others would wait for the end of that test, and it would be undone.
    with psycopg.connect(address, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(ROLE)))
    return server


# On import, because a room's own conftest may name models and is read before any hook runs.
_server = _bring_up()
django.setup()


@receiver(setting_changed)
def _drawings_of_other_addresses(*, setting: str, **_kwargs: object) -> None:
    """Drawings keep the address of their file, which other storages name otherwise."""
    if setting == "STORAGES":
        from onehall.look.components import small

        small.forget()


def pytest_addoption(parser: pytest.Parser) -> None:
    """A second server need not see the tests that have no database."""
    parser.addoption(
        "--database-only", action="store_true", help="only tests that ask the database something"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what has no database, where that was asked for."""
    if not config.getoption("--database-only"):
        return
    asks = {"db", "transactional_db", "django_db_setup"}
    kept = [
        item
        for item in items
        if item.get_closest_marker("django_db") or asks & set(getattr(item, "fixturenames", ()))
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def pytest_unconfigure() -> None:
    """Stops the server that this run started."""
    if _server is not None:
        _server.stop()


def pytest_report_header() -> str:
    """Says which database the run uses."""
    return f"database: {os.environ.get('DATABASE_URL', 'none')}"


@pytest.fixture(autouse=True)
def frozen_clock(request: pytest.FixtureRequest) -> Iterator[time_machine.Traveller | None]:
    """It is 10:00 in the city on Wednesday, March 4, 2026, unless a test asks for the real time."""
    if request.node.get_closest_marker("real_clock") or request.node.get_closest_marker("browser"):
        yield None
        return
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(scope="session", autouse=True)
def _static_files_found_once() -> Iterator[None]:
    """Each test client makes the middleware anew, which would look for every static file again."""
    look = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, dict[str, object]] = {}

    def once(self: WhiteNoiseMiddleware) -> None:
        named = repr(
            (settings.STORAGES["staticfiles"], settings.STATIC_URL, self.add_headers_function)
        )
        if named not in found:
            look(self)
            found[named] = dict(self.files)
        self.files.update(found[named])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(WhiteNoiseMiddleware, "add_files_from_finders", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _emptied_quickly() -> Iterator[None]:
    """What a test committed goes in a moment; see `tests.emptied`."""
    with emptied.quickly():
        yield


@pytest.fixture
def now() -> dt.datetime:
    """The frozen moment, in UTC."""
    return NOW.astimezone(dt.UTC)


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """Every test starts in the default language and zone, whatever one before it activated."""
    translation.activate(settings.LANGUAGE_CODE)
    timezone.deactivate()
    yield
    translation.activate(settings.LANGUAGE_CODE)
    timezone.deactivate()


@pytest.fixture(autouse=True)
def _tripwires(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    tripwires.forms_carry_csrf(monkeypatch)
    if not request.node.get_closest_marker("any_order"):
        tripwires.shuffle_unordered(monkeypatch, seed=request.node.nodeid)


@pytest.fixture
def cast(db: None) -> Cast:
    """Testford and its people; see `tests.cast`."""
    from tests.cast import build

    return build()
