"""Two workers, one killed in the middle, a database that hangs up: nothing lost, nothing made up."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection, transaction

from onehall.messaging import actions
from onehall.messaging.actions import NewOutbox
from onehall.places.models import City

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_clock]
ROOT = Path(__file__).resolve().parents[2]
Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts worker processes on the test database, and ends them."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS chaos")
        cursor.execute("CREATE TABLE chaos (key text, pid int)")
    url = urlsplit(os.environ["DATABASE_URL"])
    name = str(connection.settings_dict["NAME"])
    environ = {
        **os.environ,
        "DATABASE_URL": urlunsplit(url._replace(path=f"/{name}")),
        "PGAPPNAME": "chaos-worker",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    running: list[subprocess.Popen[bytes]] = []

    def one() -> subprocess.Popen[bytes]:
        script = str(Path(__file__).with_name("chaos_worker.py"))
        running.append(
            subprocess.Popen([sys.executable, script], env=environ, stderr=subprocess.DEVNULL)
        )
        return running[-1]

    yield one
    for process in running:
        process.kill()
        process.wait()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE chaos")


def fill(city: City, number: int) -> set[str]:
    """Queue in `number` transactions of which every tenth rolls back; the committed keys."""
    kept = set()
    for n in range(number):
        rolled_back = n % 10 == 9
        with transaction.atomic():
            row = NewOutbox(topic="chaos", key=str(n))
            actions.queue(city_id=city.pk, rows=[row], now=dt.datetime.now(dt.UTC))
            transaction.set_rollback(rolled_back)
        if not rolled_back:
            kept.add(str(n))
    return kept


def noted() -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM chaos")
        return Counter(key for (key,) in cursor.fetchall())


def wait_for(true: Callable[[], bool], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_nothing_is_lost_when_a_worker_is_killed(city: City, start: Start) -> None:
    victim, _other = start(), start()
    kept = fill(city, 800)
    wait_for(lambda: len(noted()) > 150)
    victim.send_signal(signal.SIGKILL)
    start()
    wait_for(lambda: set(noted()) >= kept)
    counts = noted()
    assert set(counts) == kept, "a rolled-back transaction has no effect"
    assert sum(counts.values()) - len(counts) <= 1, "only what was in hand is done twice"


def test_a_worker_survives_a_database_that_hangs_up(city: City, start: Start) -> None:
    worker = start()
    kept = fill(city, 400)
    wait_for(lambda: len(noted()) > 50)
    for _ in range(3):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'chaos-worker' AND datname = current_database()"
            )
        time.sleep(0.3)
    wait_for(lambda: set(noted()) >= kept)
    assert worker.poll() is None
    assert set(noted()) == kept
