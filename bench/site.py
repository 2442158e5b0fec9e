"""A whole site for measuring: embedded PostgreSQL with durable commits, pages, worker, live stream.

The demo's own city and history, multiplied by SQL to any number of cases (copies keep everything
that pages and indexes read; their hash chains are those of the original and are not verified here).
Or, with a profile, made-up cases of their own.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import ballast, processes


@dataclass
class Site:
    """A running site: its address and its database."""

    address: str
    database: str
    folder: Path
    pid: int
    originals: int = 0

    def connect(self) -> psycopg.Connection:
        """A connection of the bench's own."""
        return psycopg.connect(self.database, autocommit=True)

    def enter(self) -> None:
        """Set Django up on the site's database and files, in this process."""
        os.environ |= {
            "DATABASE_URL": self.database,
            "ONEHALL_DATA": str(self.folder),
            "ONEHALL_MODE": "demo",
            "DJANGO_SETTINGS_MODULE": "onehall.config.settings",
        }
        import django

        django.setup()


@contextlib.contextmanager
def running(*, folder: Path | None = None) -> Iterator[Site]:
    """Start the demo in a folder (a new one by default) and stop it without leaving a process."""
    where = folder or Path(tempfile.mkdtemp(prefix="onehall-bench-"))
    port = free_port()
    address = f"http://localhost:{port}"
    command = [sys.executable, "-m", "onehall", "demo", "--port", str(port), "--dir", str(where)]
    # The load comes from one connection, which the gentle limit would otherwise stop.
    environment = {**os.environ, "ONEHALL_LIMIT_CONNECTIONS": "no"}
    tree = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        _wait(address, tree)
        site = Site(address, _database(where), where, tree.pid)
        with site.connect() as db:
            row = db.execute("SELECT max(id) FROM casework_case").fetchone()
        site.originals = row[0] if row else 0
        yield site
    finally:
        tree.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            tree.wait(30)
        if tree.poll() is None:
            tree.kill()
        if folder is None:
            remove(where)


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def remove(folder: Path) -> None:
    """A data folder with all that it holds, also what lies elsewhere.

    Root lends the database an account that cannot enter a private folder: there it is a link.
    """
    for path in [folder, *folder.iterdir()]:
        if path.is_symlink():
            shutil.rmtree(path.resolve(), ignore_errors=True)
            path.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _wait(address: str, tree: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and tree.poll() is None:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{address}/readyz", timeout=2) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.3)
    raise SystemExit("The site did not start; run `onehall demo` to see why.")


def _database(folder: Path) -> str:
    told = subprocess.run(
        [sys.executable, "-m", "onehall", "db", "url"],
        env={**os.environ, "ONEHALL_DATA": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"postgresql://\S+", told.stdout)
    assert found, told.stdout
    return found.group()


@contextlib.contextmanager
def held_worker(site: Site) -> Iterator[None]:
    """Let the site's own worker stand still meanwhile."""
    workers = [pid for pid in processes.below(site.pid) if b"onehall\0worker" in _command(pid)]
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)


def settle(site: Site, *, limit: float = 300) -> float:
    """Wait until the site has nothing to do any more, such as summing up and vacuuming new cases; seconds it took.

    That is when no past day waits to be summed up and it uses under 5 % of a core in two spells of 2 s, one after
    the other; after `limit` seconds it is given up.
    """
    begin, quiet = time.monotonic(), 0
    while quiet < 2 and time.monotonic() - begin < limit:
        before = {pid: processes.cpu_seconds(pid) for pid in processes.below(site.pid)}
        time.sleep(2)
        used = sum(
            processes.cpu_seconds(pid) - was
            for pid, was in before.items()
            if processes.is_alive(pid)
        )
        with site.connect() as db:
            # Today is summed up tomorrow.
            row = db.execute(
                "SELECT EXISTS (SELECT FROM insights_stalemoment WHERE at < now() - interval '2 days')"
            ).fetchone()
        quiet = quiet + 1 if used < 0.1 and row == (False,) else 0
    return round(time.monotonic() - begin, 1)


def _command(pid: int) -> bytes:
    """What a process was started with; nothing when it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def multiply(site: Site, cases: int, *, bare: bool = False, profile: str = "") -> int:
    """Copy the history until the city has about `cases`; returns how many there are.

    With a profile the rest is made up like it instead of copied, with timelines, reports and people of their own.
    """
    with site.connect() as db:
        if not profile:
            return ballast.multiply(db, originals=site.originals, cases=cases, bare=bare)
        if (wanted := cases - ballast.count(db)) > 0:
            _make_up(site, wanted, profile)
            db.execute("VACUUM ANALYZE casework_case")
        return ballast.count(db)


def _make_up(site: Site, cases: int, profile: str) -> None:
    """`onehall generate history` on the site's database; the number of cases is the seed, so that each adds to the others."""
    words = ["generate", "history", "--cases", str(cases), "--seed", str(cases)]
    subprocess.run(
        [sys.executable, "-m", "onehall", *words, "--profile", profile, "--rebuild-indexes"],
        env={**os.environ, "DATABASE_URL": site.database, "ONEHALL_MODE": "demo"},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def profile_option(parser: argparse.ArgumentParser) -> None:
    """The option that says what cases are made up like."""
    text = "make cases up like this profile of `onehall generate history` instead of copying them"
    parser.add_argument("--profile", default="", help=text)
