"""`onehall doctor`: looks at everything an installation needs and says what is wrong, in words."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from rich.markup import escape

from onehall.cli import running
from onehall.cli.words import Failure, out
from onehall.config.env import Env, EnvError
from onehall.kernel.postgres import EmbeddedPostgres, PostgresError, find_programs

LEAST_FREE_BYTES = 1024**3
WAITING_SECONDS = 120
"""A report that waits for longer has no worker that records it."""
ARCHIVES = 500
"""Files of the archive that are looked for, the newest ones."""
_NUMBERS = (
    "ONEHALL_WEB_WORKERS",
    "ONEHALL_WEB_THREADS",
    "ONEHALL_TILE_WORKERS",
    "ONEHALL_STAFF_WORKERS",
    "ONEHALL_DB_POOL",
)
BESIDE = 6
"""Connections beside those of the web processes: the worker, the live stream, a command, a backup."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `good` is None for a remark that is no fault."""

    good: bool | None
    words: str


@click.command()
def command() -> None:
    """Look for what is wrong with this installation. Ends with 1 when something is."""
    faults = 0
    for look in (_machine, _variables, _folder, _waiting, _programs):
        faults += _show(look)
    try:
        with running.django():
            for look in (
                _database,
                _connections,
                _migrations,
                _net,
                _static,
                _archive,
                _outbox,
                _ground,
                _readers,
                _timers,
                _mail,
            ):
                faults += _show(look)
    except Failure as failure:
        _print(Finding(good=False, words=f"The database cannot be reached. {failure.message}"))
        faults += 1
    if faults:
        message = f"{faults} thing{'s' if faults > 1 else ''} to put right."
        raise Failure(message)
    out.print("[bold green]Everything is in order.[/]")


def _show(look: Callable[[], Iterator[Finding]]) -> int:
    faults = 0
    for finding in look():
        _print(finding)
        faults += finding.good is False
    return faults


def _print(finding: Finding) -> None:
    sign = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[yellow]·[/]"}[finding.good]
    out.print(f"{sign} {escape(finding.words)}", soft_wrap=True)


def _machine() -> Iterator[Finding]:
    good = sys.version_info >= (3, 12)
    yield Finding(good, f"Python {platform.python_version()} on {platform.system()}")
    if not _is_optimized(sysconfig.get_config_var("CONFIG_ARGS")):
        words = (
            "This Python was built without optimizations: a page costs 1.4 times the processor time of one"
            " that a distribution or uv built. With pyenv: PYTHON_CONFIGURE_OPTS=--enable-optimizations pyenv install 3.13"
        )
        yield Finding(good=None, words=words)
    if sys.platform != "linux":
        words = "Children outlive a killed supervisor here; only Linux can tie them to it."
        yield Finding(good=None, words=words)


def _is_optimized(built_with: object) -> bool:
    """Whether a Python was built by what its own tests run most; True where it does not say."""
    return not isinstance(built_with, str) or "--enable-optimizations" in built_with


def _variables() -> Iterator[Finding]:
    env = Env()
    unknown = [n for n in os.environ if n.startswith("ONEHALL_") and n not in Env.names()]
    for name in unknown:
        yield Finding(good=False, words=f"{name} is set, but there is no such variable.")
    try:
        for name in _NUMBERS:
            env.number(name)
    except EnvError as error:
        yield Finding(good=False, words=str(error))
    else:
        yield Finding(good=True, words="The environment variables make sense.")
    production = env.text("ONEHALL_MODE") == "production"
    if production and env.text("ONEHALL_HOSTS").startswith("localhost,"):
        yield Finding(
            good=None, words="ONEHALL_HOSTS is not set: the pages answer on this machine only."
        )


def _folder() -> Iterator[Finding]:
    folder = running.data_dir()
    home = next(p for p in (folder, *folder.parents) if p.exists())
    yield Finding(good=os.access(home, os.W_OK), words=f"The data folder {folder} can be written.")
    free = shutil.disk_usage(home).free
    yield Finding(
        good=free > LEAST_FREE_BYTES, words=f"{free / 1024**3:.1f} GB are free on its disk."
    )
    key = folder / "secrets" / "signing-key"
    if key.exists():
        private = stat.S_IMODE(key.stat().st_mode) & 0o077 == 0
        yield Finding(good=private, words="The signing key can be read by its owner only.")


def _waiting() -> Iterator[Finding]:
    """Reports that came while the database was away, by what lies in the data folder."""
    home = running.data_dir() / "waiting"
    kept = {
        kind: [p for p in (home / kind).glob("*") if not p.name.startswith(".")]
        for kind in ("new", "refused")
    }
    if new := kept["new"]:
        since = time.time() - min(p.stat().st_mtime for p in new)
        words = (
            f"{len(new)} report{'s' if len(new) > 1 else ''} wait{'' if len(new) > 1 else 's'} to be recorded,"
            f" the oldest for {int(since)} seconds. The worker does it when the database is back."
        )
        yield Finding(good=None if since < WAITING_SECONDS else False, words=words)
    if refused := kept["refused"]:
        words = (
            f"{len(refused)} report{'s' if len(refused) > 1 else ''} could not be recorded as sent and are kept in"
            f" {home / 'refused'} until whoever sent them comes back, for a month at most."
        )
        yield Finding(good=None, words=words)


def _programs() -> Iterator[Finding]:
    if Env().text("DATABASE_URL"):
        yield Finding(good=None, words="DATABASE_URL is set; the embedded server is not used.")
        return
    try:
        found = find_programs()
    except PostgresError as error:
        yield Finding(good=False, words=str(error))
    else:
        yield Finding(
            good=True, words=f"PostgreSQL {found.version} ({found.source}) in {found.bin_dir}"
        )
        running_here = EmbeddedPostgres(running.data_dir() / "postgres").is_running()
        yield Finding(
            good=None, words=f"The embedded server is {'running' if running_here else 'at rest'}."
        )


def _database() -> Iterator[Finding]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = str(cursor.fetchone()[0])
        yield Finding(
            good=int(version.split(".")[0]) >= 15, words=f"The database answers: {version}"
        )
        cursor.execute(
            "SELECT name, installed_version IS NOT NULL FROM pg_available_extensions"
            " WHERE name IN ('pg_trgm', 'unaccent') ORDER BY name"
        )
        known: dict[str, bool] = dict(cursor.fetchall())
    for name in ("pg_trgm", "unaccent"):
        good = True if known.get(name) else None
        words = {True: "is in use", False: "is there, but not in use"}.get(
            known.get(name, False), ""
        )
        yield Finding(good, f"The extension {name} {words if name in known else 'is missing'}.")


def connections_needed(env: Env) -> int:
    """How many connections to the database all processes may hold at once."""
    web = ("ONEHALL_WEB_WORKERS", "ONEHALL_TILE_WORKERS", "ONEHALL_STAFF_WORKERS")
    each = env.number("ONEHALL_DB_POOL") or env.number("ONEHALL_WEB_THREADS")
    return sum(env.number(name) for name in web) * each + BESIDE


def _connections() -> Iterator[Finding]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
        )
        there = int(cursor.fetchone()[0])
    needed = connections_needed(Env())
    words = f"The processes may hold {needed} connections to the database, which takes {there}."
    if needed > there:
        words += (
            " Raise its max_connections, or lower ONEHALL_WEB_WORKERS, ONEHALL_WEB_THREADS or"
            " ONEHALL_DB_POOL: else pages fail when many people come."
        )
    yield Finding(good=needed <= there, words=words)


def _migrations() -> Iterator[Finding]:
    from onehall.api.health import pending_migrations

    count = pending_migrations()
    words = f"{count} migrations wait: run `onehall manage migrate`." if count else "Up to date."
    yield Finding(good=not count, words=f"Tables: {words}")


def _net() -> Iterator[Finding]:
    from onehall.kernel.database import net

    if net.is_stretched():
        yield Finding(
            good=True, words="The pages see rows of the asked city only (row-level security)."
        )
        return
    words = (
        f"Row-level security is off. Run `CREATE ROLE {net.ROLE}; GRANT {net.ROLE} TO` your database"
        " user as an administrator of the server, then `onehall serve` once more."
    )
    yield Finding(good=None, words=words)


def _static() -> Iterator[Finding]:
    from django.conf import settings

    if settings.BUILT:
        there = (Path(settings.STATIC_ROOT) / "staticfiles.json").exists()
        hint = "" if there else " Run `onehall serve`, or `onehall manage collectstatic`."
        yield Finding(
            good=there, words=f"Styles and scripts are collected in {settings.STATIC_ROOT}.{hint}"
        )


def _archive() -> Iterator[Finding]:
    from onehall.casework.models import Archive
    from onehall.kernel import storage

    rows = Archive.objects.filter(sealed_at__isnull=False).order_by("-pk")
    names = list(rows.values_list("name", flat=True)[:ARCHIVES])
    missing = [name for name in names if not storage.exists(name)]
    if missing:
        words = f"{len(missing)} files of the archive are missing, the last is {missing[0]}. Put them back"
        words += " from a backup; `onehall archive verify` says which cases they hold."
        yield Finding(good=False, words=words)
    elif names:
        yield Finding(good=True, words=f"{len(names)} files of the archive are there.")


def _outbox() -> Iterator[Finding]:
    from django.db import DatabaseError

    from onehall.api.health import MAX_LAG_SECONDS
    from onehall.kernel import clock
    from onehall.messaging.queries import outbox_health

    now = clock.now()
    try:
        health = outbox_health(now=now)
    except DatabaseError:
        yield Finding(good=None, words="The queue cannot be looked at before the tables are made.")
        return
    lag = (now - health.oldest_due).total_seconds() if health.oldest_due else 0
    yield Finding(
        good=lag <= MAX_LAG_SECONDS, words=f"Queued work waits {lag:.0f} seconds at most."
    )
    if health.dead:
        yield Finding(
            good=False, words=f"{health.dead} pieces of work were given up; see the mailbox."
        )


def _ground() -> Iterator[Finding]:
    from django.db import DatabaseError

    from onehall.places import fetched, ground
    from onehall.places.models import City

    try:
        cities = list(City.objects.order_by("id"))
    except DatabaseError:
        # The tables are not made yet: said above.
        return
    for city in cities:
        if fetched.is_asked(city):
            no = fetched.why_not(city)
            words = f"The map server of {city.name} " + (
                f"gives no tiles: {no}." if no else "gives tiles."
            )
            yield Finding(good=not no, words=words)
        if no := ground.why_not(city):
            words = (
                f"{ground.path_of(city)} is passed over: {no} The map of {city.name} is drawn from the streets of its"
                " folder instead."
            )
            yield Finding(good=False, words=words)
        elif ground.is_used(city):
            yield Finding(
                good=True,
                words=f"The map of {city.name} is drawn from {ground.path_of(city).name}.",
            )


def _readers() -> Iterator[Finding]:
    """What `onehall city` can read beside its own files; a city that has no such files lacks nothing."""
    from onehall.places.pack import gis, osm

    for what, extra, there in (
        ("OpenStreetMap extracts", "osm", osm.is_installed()),
        ("Shapefiles and GeoPackages", "gis", gis.is_installed()),
    ):
        words = f"{what} in a city's folder can be read."
        if not there:
            words = f'{what} in a city\'s folder cannot be read: pip install "onehall[{extra}]" if you have some.'
        yield Finding(good=True if there else None, words=words)


def _timers() -> Iterator[Finding]:
    from django.db import DatabaseError

    from onehall.casework import timers

    try:
        count = timers.parked().count()
    except DatabaseError:
        # The tables are not made yet: said above.
        return
    if count:
        what = "timer of a case was" if count == 1 else "timers of cases were"
        yield Finding(
            good=False, words=f"{count} {what} given up; see Messages, Given up on the desk."
        )


def _mail() -> Iterator[Finding]:
    host = Env().text("ONEHALL_MAIL_HOST")
    words = f"Mail goes to {host}." if host else "No mail server is set; mail is written to files."
    yield Finding(good=True if host else None, words=words)
