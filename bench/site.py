"""A whole site for measuring: embedded PostgreSQL with durable commits, pages, worker, live stream.

The demo's own city and history, multiplied by SQL to any number of cases (copies keep everything
that pages and indexes read; their hash chains are those of the original and are not verified here).
"""

import contextlib
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

PORT = 8399


@dataclass
class Site:
    """A running site: its address and its database."""

    address: str
    database: str
    folder: Path
    originals: int = 0

    def connect(self) -> psycopg.Connection:
        """A connection of the bench's own."""
        return psycopg.connect(self.database, autocommit=True)


@contextlib.contextmanager
def running(*, folder: Path | None = None) -> Iterator[Site]:
    """Start the demo in a folder (a new one by default) and stop it without leaving a process."""
    where = folder or Path(tempfile.mkdtemp(prefix="onehall-bench-"))
    address = f"http://localhost:{PORT}"
    command = [sys.executable, "-m", "onehall", "demo", "--port", str(PORT), "--dir", str(where)]
    # The load comes from one connection, which the gentle limit would otherwise stop.
    environment = {**os.environ, "ONEHALL_LIMIT_CONNECTIONS": "no"}
    tree = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        _wait(address, tree)
        site = Site(address, _database(where), where)
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
            shutil.rmtree(where, ignore_errors=True)


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


MULTIPLY = """
INSERT INTO casework_case ({columns})
SELECT {values}
FROM casework_case c, generate_series(%(first)s::int, %(last)s::int) AS copy
WHERE c.id <= %(base)s
ON CONFLICT DO NOTHING
"""
CHANGED = {
    "id": "c.id + copy * 1000000",
    "number": "'B' || copy || '-' || c.number",
    # Spread the copies over the same 18 months, so that lists stay mixed.
    "opened_at": "c.opened_at - copy * interval '37 seconds'",
    "due_order": "c.due_order + copy * interval '41 seconds'",
}


def multiply(site: Site, cases: int) -> int:
    """Copy the history until the city has about `cases`; returns how many there are."""
    with site.connect() as db:
        have = db.execute("SELECT count(*) FROM casework_case").fetchone()
        originals = db.execute(
            "SELECT count(*) FROM casework_case WHERE id <= %s", [site.originals]
        ).fetchone()
        assert originals
        assert have
        names = [
            r[0]
            for r in db.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'casework_case'"
                " ORDER BY ordinal_position"
            )
        ]
        copies = max(0, math.ceil((cases - have[0]) / max(1, originals[0])))
        done = db.execute("SELECT coalesce(max(id) / 1000000, 0) FROM casework_case").fetchone()
        assert done
        sql = MULTIPLY.format(
            columns=", ".join(f'"{n}"' for n in names),
            values=", ".join(CHANGED.get(n, f'c."{n}"') for n in names),
        )
        if copies:
            db.execute(
                sql, {"first": done[0] + 1, "last": done[0] + copies, "base": site.originals}
            )
        db.execute("VACUUM ANALYZE casework_case")
        total = db.execute("SELECT count(*) FROM casework_case").fetchone()
        assert total
        return int(total[0])
