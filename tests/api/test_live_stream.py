"""The live stream as it runs: gunicorn, the live process, real sockets."""

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection, connections, transaction

from onehall.messaging import actions, live
from onehall.messaging.models import Outbox
from onehall.places.models import City

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_clock]
ROOT = Path(__file__).resolve().parents[2]
LIVE_WORKER = "onehall.config.gunicorn_worker.LiveThreadWorker"


class Site:
    """One gunicorn worker with two threads, and the live process."""

    def __init__(self, home: Path, worker: str = LIVE_WORKER) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        url = urlsplit(os.environ["DATABASE_URL"])
        self.environ = {
            **os.environ,
            "DATABASE_URL": urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}")),
            "ONEHALL_LIVE_SOCKET": str(home / "live.sock"),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        self.live = self.start("onehall.api.live")
        at = f"127.0.0.1:{self.port}"
        app = "tests.api.live_wsgi:application"
        words = ("-b", at, "-k", worker, "--threads", "2", "--no-control-socket")
        self.web = self.start("gunicorn", app, *words)
        try:
            wait_for(lambda: self.answers("/plain"))
            wait_for((home / "live.sock").exists)
        except BaseException:
            self.stop()
            raise

    def start(self, module: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", module, *words]
        self.processes.append(
            subprocess.Popen(command, env=self.environ, cwd=ROOT, stderr=subprocess.DEVNULL)
        )
        return self.processes[-1]

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(20)

    def answers(self, path: str) -> bool:
        try:
            return self.ask(path).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def ask(self, path: str) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.sendall(
                f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
            )
            got = b""
            while piece := line.recv(65536):
                got += piece
            return got

    def files(self) -> int:
        """Descriptors that the gunicorn worker and the live process have open."""
        master = f"/proc/{self.web.pid}/task/{self.web.pid}/children"
        pids = [int(n) for n in Path(master).read_text().split()] + [self.live.pid]
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)


class Page:
    """An open page, reading with a time limit."""

    def __init__(self, site: Site, *channels: str, since: int | None = None, reuse: bool = False):
        self.line = socket.create_connection(("127.0.0.1", site.port), timeout=10)
        self.got = b""
        if reuse:
            self.line.sendall(b"GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.until(b"plain")
            assert b"keep-alive" in self.got
            self.got = b""
        seen = "" if since is None else f"Last-Event-ID: {since}\r\n"
        path = f"/live/{live.token(channels)}"
        self.line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{seen}\r\n".encode())

    def __enter__(self) -> "Page":
        return self.until(b"retry: ")

    def __exit__(self, *_error: object) -> None:
        self.line.close()

    def until(self, words: bytes) -> "Page":
        while words not in self.got:
            piece = self.line.recv(65536)
            assert piece, f"closed before {words!r}: {self.got!r}"
            self.got += piece
        return self

    def closed(self) -> bool:
        try:
            while piece := self.line.recv(65536):
                self.got += piece
        except ConnectionResetError:
            pass
        return True


def wait_for(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def city(transactional_db: None) -> City:
    return City.objects.create(
        slug="port-alder", name="Port Alder", hosts=["localhost"], languages=["en"]
    )


@pytest.fixture
def site(city: City, tmp_path: Path) -> Iterator[Site]:
    running = Site(tmp_path)
    yield running
    running.stop()


def tell(city: City, key: str, *channels: str, v: int = 1) -> int:
    row = live.news(key=key, channels=channels, v=v)
    actions.queue(city_id=city.pk, rows=[row], now=dt.datetime.now(dt.UTC))
    return Outbox.objects.get(topic="live", key=key).pk


def test_a_page_hears_its_case_and_nothing_else(site: Site, city: City) -> None:
    with Page(site, "case:1") as page:
        assert page.got.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream")
        assert b"gunicorn" not in page.got
        tell(city, "other", "case:2")
        news_id = tell(city, "mine", "case:1", "city:1", v=7)
        page.until(b'data: {"channel":"case:1","v":7}\n\n')
        assert f"id: {news_id}\n".encode() in page.got
        assert page.got.count(b"data:") == 1


def test_more_pages_than_threads_on_reused_connections_leak_nothing(site: Site, city: City) -> None:
    with Page(site, "case:1"):
        pass
    time.sleep(0.3)
    before = site.files()
    pages = [Page(site, "case:1", reuse=True).until(b"retry: ") for _ in range(40)]
    assert site.answers("/plain"), "no thread is held"
    wait_for(lambda: site.files() == before + 40)
    tell(city, "k", "case:1", v=3)
    for page in pages:
        page.until(b'"v":3')
        page.line.close()
    wait_for(lambda: site.files() <= before)


def test_a_page_that_comes_back_hears_what_it_missed(site: Site, city: City) -> None:
    with Page(site, "case:1") as page:
        seen = tell(city, "a", "case:1")
        page.until(f"id: {seen}\n".encode())
    tell(city, "b", "case:1", v=22)
    with Page(site, "case:1", since=seen) as page:
        page.until(b'"v":22')
        assert page.got.count(b"data:") == 1
    with Page(site, "case:1", since=seen + 10**9) as page:
        page.until(b"event: reset\n")


@pytest.mark.parametrize("first_reading", ["before", "after"])
def test_a_commit_that_comes_late_is_not_missed(site: Site, city: City, first_reading: str) -> None:
    inserted, commit = Event(), Event()

    def slowly() -> None:
        with transaction.atomic():
            tell(city, "early id, late commit", "case:1", v=11)
            inserted.set()
            commit.wait(10)
        connections.close_all()

    slow = Thread(target=slowly)
    if first_reading == "before":
        with Page(site, "case:2") as other:
            tell(city, "warm", "case:2")
            other.until(b"data:")
    slow.start()
    assert inserted.wait(10)
    tell(city, "later id", "case:1", v=12)
    with Page(site, "case:1") as page:
        page.until(b'"v":12')
        time.sleep(1)
        commit.set()
        page.until(b'"v":11')
        assert page.got.count(b"data:") == 2
    slow.join()


def test_a_killed_live_process_is_replaced_and_nothing_is_missed(site: Site, city: City) -> None:
    with Page(site, "case:1") as page:
        seen = tell(city, "a", "case:1", v=1)
        page.until(b'"v":1}')
        site.live.send_signal(signal.SIGKILL)
        site.live.wait()
        assert page.closed()
    tell(city, "b", "case:1", v=2)
    path = f"/live/{live.token(['case:1'])}"
    for _ in range(3):
        refused = site.ask(path)
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 5" in refused
    site.live = site.start("onehall.api.live")
    wait_for(lambda: b"retry" in _first_bytes(site))
    with Page(site, "case:1", since=seen) as page:
        page.until(b'"v":2}')


def _first_bytes(site: Site) -> bytes:
    page = Page(site, "case:9")
    try:
        return page.line.recv(4096)
    finally:
        page.line.close()


def test_the_stream_survives_a_database_that_hangs_up(site: Site, city: City) -> None:
    with Page(site, "case:1") as page:
        tell(city, "a", "case:1", v=1)
        page.until(b'"v":1}')
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'onehall-live' AND datname = current_database()"
            )
        tell(city, "b", "case:1", v=2)
        page.until(b'"v":2}')
        assert page.got.count(b"data:") == 2


def test_an_orderly_stop_ends_the_streams_and_removes_the_socket(site: Site) -> None:
    with Page(site, "case:1") as page:
        site.live.terminate()
        assert page.closed()
        assert site.live.wait(10) == 0
    assert not Path(site.environ["ONEHALL_LIVE_SOCKET"]).exists()


def test_a_second_live_process_does_not_take_the_socket(site: Site) -> None:
    assert site.start("onehall.api.live").wait(20) == 1
    with Page(site, "case:1"):
        pass


def test_gunicorns_own_worker_class_answers_503(city: City, tmp_path: Path) -> None:
    site = Site(tmp_path, "gthread")
    try:
        assert site.ask(f"/live/{live.token(['case:1'])}").startswith(b"HTTP/1.1 503 ")
    finally:
        site.stop()
