"""What commands share: the environment of a data folder, its database, its readiness."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.progress import Progress

from onehall.cli.words import Failure
from onehall.config.env import Env, EnvError
from onehall.kernel.postgres import EmbeddedPostgres, PostgresError

DATABASE = "onehall"
LONGEST_SOCKET = 100
SETTINGS = "onehall.config.settings"


def data_dir() -> Path:
    """The data folder this process works with."""
    return Env().folder("ONEHALL_DATA")


def use_data_dir(folder: Path) -> None:
    """Sets the data folder for this process and its children."""
    os.environ["ONEHALL_DATA"] = str(folder.absolute())


def live_socket() -> Path:
    """Where the live process listens; a short private folder when the data folder is deep."""
    named = Env().text("ONEHALL_LIVE_SOCKET")
    path = Path(named) if named else data_dir() / "run" / "live.sock"
    if len(os.fsencode(path)) > LONGEST_SOCKET:
        key = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
        path = Path(tempfile.gettempdir()) / f"onehall-live-{key}" / "live.sock"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def embedded() -> EmbeddedPostgres | None:
    """The embedded server of the data folder; None when DATABASE_URL names another one."""
    if Env().text("DATABASE_URL"):
        return None
    return EmbeddedPostgres(data_dir() / "postgres")


def start(server: EmbeddedPostgres) -> str:
    """Starts (or adopts) the server and makes the database; its URL."""
    try:
        server.start()
        return server.create_database(DATABASE)
    except PostgresError as error:
        raise Failure(str(error)) from error


@contextlib.contextmanager
def database() -> Iterator[str]:
    """A reachable database in DATABASE_URL, started for the time of the command if need be."""
    server = embedded()
    if server is None:
        yield Env().text("DATABASE_URL")
        return
    try:
        os.environ["DATABASE_URL"] = start(server)
        yield os.environ["DATABASE_URL"]
    finally:
        os.environ.pop("DATABASE_URL", None)
        server.stop()


@contextlib.contextmanager
def django() -> Iterator[None]:
    """A set-up Django with a reachable database, for one command."""
    with database():
        set_up_django()
        try:
            yield
        finally:
            from django.db import connections

            connections.close_all()


def set_up_django() -> None:
    """Loads the settings and the rooms; wrong variables become a sentence."""
    import django as framework

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    # One command needs one connection, and no threads that keep it open.
    os.environ["ONEHALL_DB_POOL"] = "0"
    try:
        framework.setup()
    except EnvError as error:
        raise Failure(str(error)) from error


def bring_up_to_date(progress: Progress) -> None:
    """Applies migrations, makes the shared cache and collects the static files that changed."""
    from django.core.management import call_command

    from onehall.kernel.database import net

    task = progress.add_task("Preparing the database", total=2)
    call_command("migrate", interactive=False, verbosity=0)
    progress.advance(task)
    call_command("createcachetable", verbosity=0)
    net.stretch()
    progress.advance(task)
    collect_static(progress)


def collect_static(progress: Progress) -> None:
    """Collects and compresses the static files, unless nothing changed since the last time."""
    from django.conf import settings
    from django.core.management import call_command

    root = Path(settings.STATIC_ROOT)
    stamp, fresh = root / ".stamp", _static_stamp()
    if stamp.exists() and stamp.read_text("ascii") == fresh:
        return
    task = progress.add_task("Collecting styles and scripts", total=1)
    root.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(fresh, "ascii")
    progress.advance(task)


def _static_stamp() -> str:
    from django.contrib.staticfiles.finders import get_finders

    from onehall.config.static import OwnStaticFilesConfig

    known = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(OwnStaticFilesConfig.ignore_patterns):
            facts = Path(storage.path(name)).stat()
            known.update(f"{name}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return known.hexdigest()
