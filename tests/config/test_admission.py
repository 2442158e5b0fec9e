"""Places for classes of requests: nobody's rush takes the last threads, and who waits in vain is told so."""

import base64
import hashlib
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onehall.config import admission
from onehall.config.admission import PICTURES, READS, REPORTS, STAFF, VITAL, Admission, class_of
from onehall.config.full_pages import FullAnswers
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/", READS),
        ("GET", "/city", READS),
        ("GET", "/report", READS),
        ("GET", "/report/pothole", REPORTS),
        ("POST", "/report/pothole", REPORTS),
        ("POST", "/drafts/0/photos", REPORTS),
        ("GET", "/places/find", REPORTS),
        ("GET", "/r/secret", READS),
        ("POST", "/r/secret/verdict", REPORTS),
        ("GET", "/tiles/light/15/1/1.webp", PICTURES),
        ("GET", "/r/secret/photos/0/small.jpg", PICTURES),
        ("GET", "/desk/cases/1", STAFF),
        ("GET", "/healthz", VITAL),
    ],
)
def test_requests_are_told_apart_by_path(method: str, path: str, name: str) -> None:
    assert class_of(method, path) == name


def test_everything_together_leaves_threads_for_reports() -> None:
    door: Admission[str] = Admission(6)
    taken = [
        name for name in (PICTURES, PICTURES, PICTURES, READS, STAFF, READS) if door.enter(name)
    ]
    assert taken == [PICTURES, PICTURES, READS, STAFF]
    assert door.enter(REPORTS)
    assert door.enter(VITAL)


def test_reports_may_take_every_thread() -> None:
    door: Admission[str] = Admission(6)
    assert all(door.enter(REPORTS) for _ in range(6))
    assert not door.enter(REPORTS)


@pytest.mark.parametrize("threads", [1, 2, 3, 4, 6, 32])
def test_every_class_gets_on_however_few_threads_there_are(threads: int) -> None:
    for name in admission.CLASSES:
        assert Admission[str](threads).enter(name)


def test_who_waits_longest_is_let_in_first_and_nobody_overtakes() -> None:
    door: Admission[str] = Admission(2)
    assert door.enter(READS)
    assert door.wait(STAFF, "first", now=1)
    assert door.wait(READS, "second", now=2)
    assert door.next() is None
    door.leave(READS)
    assert not door.enter(READS), "somebody waits"
    assert door.next() == (STAFF, "first")
    assert door.next() is None
    door.leave(STAFF)
    assert door.next() == (READS, "second")


def test_a_pool_of_its_own_is_wholly_for_its_class() -> None:
    door: Admission[str] = Admission(6, own=PICTURES)
    assert [door.enter(READS) for _ in range(5)] == [True, True, True, True, False]
    assert all(door.enter(PICTURES) for _ in range(6))


def test_waiting_is_bounded_in_number_and_time() -> None:
    door: Admission[str] = Admission(1, wait_seconds=4, most_waiting=2)
    assert door.enter(READS)
    assert [door.wait(READS, w, now=10) for w in ("a", "b", "c")] == [True, True, False]
    assert door.overdue(now=13.9) == []
    assert door.overdue(now=14) == ["a", "b"]
    door.leave(READS)
    assert door.next() is None


class TestAnswers:
    def test_a_page_in_the_readers_language(self) -> None:
        full = FullAnswers()
        answer = full.answer("/city", {"ACCEPT-LANGUAGE": "es-MX,es;q=0.9"}).decode()
        head, _, body = answer.partition("\r\n\r\n")
        assert head.startswith("HTTP/1.1 503 ")
        assert "Retry-After: 5" in head
        assert "Cache-Control: no-store" in head
        assert f"Content-Length: {len(body.encode())}" in head
        assert '<html lang="es">' in body
        assert '<html lang="en">' in full.answer("/", {"ACCEPT-LANGUAGE": "xx"}).decode()
        assert '<html lang="en">' in full.answer("/", {"ACCEPT-LANGUAGE": "es"}, "lang=en").decode()
        cookie = {"COOKIE": "a=b; django_language=es", "ACCEPT-LANGUAGE": "en"}
        assert '<html lang="es">' in full.answer("/", cookie).decode()

    def test_its_policy_lets_in_its_own_style_alone(self) -> None:
        answer = FullAnswers().answer("/", {}).decode()
        style = answer.partition("<style>")[2].partition("</style>")[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"default-src 'none'; style-src 'sha256-{digest}'" in answer

    @pytest.mark.parametrize(
        ("path", "accept", "kind", "start"),
        [
            ("/r/x.json", "*/*", "application/json", '{"error": "'),
            ("/city", "application/json", "application/json", '{"error": "'),
            ("/open311/v2/requests.json", "", "application/json", '[{"code": 503, '),
            ("/open311/v2/requests.xml", "", "application/xml", "<?xml"),
        ],
    )
    def test_machines_get_their_own_shape(
        self, path: str, accept: str, kind: str, start: str
    ) -> None:
        head, _, body = (
            FullAnswers().answer(path, {"ACCEPT": accept}).decode().partition("\r\n\r\n")
        )
        assert f"Content-Type: {kind}" in head
        assert body.startswith(start)


SITE = """
import time
from django.core.wsgi import get_wsgi_application
get_wsgi_application()
def application(environ, start_response):
    environ["wsgi.input"].read()
    if environ["PATH_INFO"].startswith(("/city", "/tiles")):
        time.sleep(1.0)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.fixture
def port(tmp_path: Path, unused: int) -> Iterator[int]:
    """One real web process with six threads, whose pages of the city take a second."""
    (tmp_path / "slow_site.py").write_text(SITE, encoding="utf-8")
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "onehall.config.settings",
        "PYTHONPATH": f"{ROOT}:{tmp_path}",
        "ONEHALL_MODE": "test",
    }
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{unused}", "--threads", "6"]
    command += ["--workers", "1", "--keep-alive", "5", "slow_site:application"]
    command += [
        "--worker-class",
        "onehall.config.gunicorn_worker.LiveThreadWorker",
        "--no-control-socket",
    ]
    server = subprocess.Popen(command, env=environment, cwd=tmp_path)
    try:
        for _ in range(100):
            try:
                if ask(unused, "/healthz")[0] == 200:
                    break
            except OSError:
                time.sleep(0.1)
        yield unused
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def unused() -> int:
    """A port that nobody listens on."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(port: int, path: str, method: str = "GET", body: bytes = b"") -> tuple[int, float, str]:
    """Status, seconds, and Retry-After of one request."""
    started = time.monotonic()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request(method, path, body)
    answer = line.getresponse()
    answer.read()
    line.close()
    return answer.status, time.monotonic() - started, answer.headers.get("Retry-After", "")


@pytest.mark.real_clock
def test_a_rush_of_readers_does_not_keep_a_report_waiting(port: int) -> None:
    with ThreadPoolExecutor(60) as crowd:
        readers = [crowd.submit(ask, port, "/city") for _ in range(40)]
        # Whoever sends much and is turned away before it was read still gets the answer.
        senders = [crowd.submit(ask, port, "/city", "POST", b"x" * 1_000_000) for _ in range(5)]
        tiles = [crowd.submit(ask, port, "/tiles/1") for _ in range(10)]
        time.sleep(0.3)
        # In one line with the others it would wait for eight seconds.
        status, seconds, _retry = ask(port, "/report/pothole", "POST", b"x" * 200_000)
        assert (status, seconds < 3) == (200, True), seconds
        assert ask(port, "/healthz")[1] < 3
        found = [f.result() for f in (*readers, *senders, *tiles)]
    served = [f for f in found if f[0] == 200]
    away = [f for f in found if f[0] == 503]
    assert len(served) + len(away) == 55
    assert len(served) >= 12, "four threads serve, second after second"
    assert away, "who waits more than a few seconds is told so"
    assert {retry for _s, _t, retry in away} == {"5"}
    assert max(t for _s, t, _r in found) < admission.WAIT_SECONDS + 3
    assert ask(port, "/city")[0] == 200, "afterwards all is as before"
