"""A database for measuring: the one DATABASE_URL names, or a scratch server of its own.

The scratch server writes as a city's does: `fsync` and `synchronous_commit` are left on. It lives
in a temporary folder and is gone at the end, with its folder.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from onehall.kernel.postgres import EmbeddedPostgres

DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@contextlib.contextmanager
def migrated() -> Iterator[str]:
    """A migrated database with Django set up on it; says which one it is, and how durable."""
    with _home(), _server() as url:
        tell(url)
        # A bench measures what a city runs: no debug mode, which keeps every query.
        os.environ.setdefault("ONEHALL_MODE", "demo")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "onehall.config.settings")
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        try:
            yield url
        finally:
            connections.close_all()


def number(db: psycopg.Connection, sql: str, values: Any = None) -> int:
    """The one whole number that a question has for an answer."""
    row = db.execute(sql, values).fetchone()
    assert row is not None
    return int(row[0])


@contextlib.contextmanager
def demo() -> Iterator[str]:
    """The database of the made-up city with its past."""
    with migrated() as url:
        from onehall.cli import demo_city, words

        with words.progress() as progress:
            demo_city.prepare(progress)
        yield url


@contextlib.contextmanager
def imported(folder: Path) -> Iterator[str]:
    """A database into which the files of the shared folder `311` were imported."""
    from bench import importing

    with migrated() as url:
        for name, file in importing.FILES:
            importing.measure(folder, name, file)
        yield url


def tell(url: str) -> None:
    """Print the server's version and whether its commits last, as one JSON line."""
    with psycopg.connect(url, autocommit=True) as database:
        facts = {name: _setting(database, name) for name in ("server_version", *DURABLE)}
    print(json.dumps({"database": facts}), flush=True)
    if any(facts[name] == "off" for name in DURABLE):
        print("!! This server may lose commits: its figures are not a city's.", flush=True)


def _setting(database: "psycopg.Connection[tuple[str]]", name: str) -> str:
    row = database.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return row[0]


@contextlib.contextmanager
def _home() -> Iterator[None]:
    """A data folder for the time of the bench, unless one is named."""
    if os.environ.get("ONEHALL_DATA"):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="onehall-bench-") as folder:
        os.environ["ONEHALL_DATA"] = folder
        # The pages warn about a folder that is not there.
        (Path(folder) / "static").mkdir()
        try:
            yield
        finally:
            del os.environ["ONEHALL_DATA"]


@contextlib.contextmanager
def _server() -> Iterator[str]:
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    home = Path(tempfile.mkdtemp(prefix="onehall-bench-postgres-"))
    try:
        with EmbeddedPostgres(home) as server:
            os.environ["DATABASE_URL"] = server.create_database("bench")
            try:
                yield os.environ["DATABASE_URL"]
            finally:
                del os.environ["DATABASE_URL"]
    finally:
        # Behind a private folder the data lies elsewhere, and the folder is a link to it.
        shutil.rmtree(home.resolve(), ignore_errors=True)
        if home.is_symlink():
            home.unlink()
