"""Measures the live stream as it runs: gunicorn, the live process, and many open pages.

`python -m bench.live --clients 500` prints one JSON line per figure, on a durable scratch server of
its own. With DATABASE_URL it uses that database, and removes what it wrote: news, and a city named
"bench" when there was none.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bench import database


def say(**figures: Any) -> None:
    """One line of JSON."""
    print(json.dumps(figures), flush=True)


def free_port() -> int:
    """A TCP port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def status(pid: int, name: str) -> int:
    """A number from /proc/PID/status: VmRSS in KB, Threads."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0


def open_files(pid: int) -> int:
    """How many descriptors a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def children(pid: int) -> list[int]:
    """The child processes of a process."""
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@dataclass
class Page:
    """One open page: an EventSource in miniature, with its retry and its Last-Event-ID."""

    port: int
    path: str
    heard: dict[int, float] = field(default_factory=dict)
    last: str = ""
    streams: int = 0
    refused: int = 0
    open: bool = False

    async def listen(self) -> None:
        """Connect for ever."""
        retry = 2.0
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                retry = await self._stream(retry)
            self.open = False
            await asyncio.sleep(retry)

    async def _stream(self, retry: float) -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=4096)
        try:
            seen = f"Last-Event-ID: {self.last}\r\n" if self.last else ""
            writer.write(f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\n{seen}\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if " 200 " not in head.partition("\r\n")[0]:
                self.refused += 1
                return retry
            self.streams += 1
            self.open = True
            while line := (await reader.readline()).decode().strip("\n") or not reader.at_eof():
                if not isinstance(line, str):
                    continue
                name, _colon, value = line.partition(": ")
                if name == "retry":
                    retry = int(value) / 1000
                elif name == "id":
                    self.last = value
                    self.heard.setdefault(int(value), time.monotonic())
            return retry
        finally:
            writer.close()


class Site:
    """gunicorn and the live process, started as in production."""

    def __init__(self, app: str, workers: int, threads: int) -> None:
        self.port = free_port()
        self.home = tempfile.mkdtemp(prefix="onehall-live-")
        self.environ = {
            **os.environ,
            "ONEHALL_LIVE_SOCKET": f"{self.home}/live.sock",
            "ONEHALL_LOG_LEVEL": "CRITICAL",
        }
        self.live = self.start_live()
        command = [sys.executable, "-m", "gunicorn", app, "-b", f"127.0.0.1:{self.port}"]
        command += ["-k", "onehall.config.gunicorn_worker.LiveThreadWorker", "--log-level", "error"]
        command += ["--no-control-socket", "-w", str(workers), "--threads", str(threads)]
        self.web = subprocess.Popen(command, env=self.environ)

    def start_live(self) -> subprocess.Popen[bytes]:
        """The live process."""
        return subprocess.Popen([sys.executable, "-m", "onehall.api.live"], env=self.environ)

    def stop(self) -> None:
        """End both."""
        for process in (self.web, self.live):
            process.terminate()
        for process in (self.web, self.live):
            process.wait(20)
        shutil.rmtree(self.home, ignore_errors=True)


async def until(true: Callable[[], bool], seconds: float) -> float:
    """Wait for something; returns how long it took."""
    started = time.monotonic()
    while not true():
        if time.monotonic() - started > seconds:
            raise TimeoutError
        await asyncio.sleep(0.02)
    return time.monotonic() - started


async def answer_ms(port: int) -> float:
    """How long a plain request takes."""
    started = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /live/none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    await reader.read()
    writer.close()
    return (time.monotonic() - started) * 1000


class News:
    """Writes news as an action would."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        row = connection.execute("SELECT id FROM places_city ORDER BY id LIMIT 1").fetchone()
        self.made = row is None
        if row is None:
            from onehall.places.models import City

            row = (
                City.objects.create(
                    slug="bench", name="Bench", hosts=["localhost"], languages=["en"]
                ).pk,
            )
        self.city = row[0]
        self.count = 0

    def write(self) -> tuple[int, float]:
        """One row; its id and the time of its commit."""
        self.count += 1
        payload = json.dumps({"channels": ["case:1"], "v": self.count})
        row = self.connection.execute(
            "INSERT INTO messaging_outbox (city_id, topic, key, payload, created_at, due_at)"
            " VALUES (%s, 'live', %s, %s, now(), now()) RETURNING id",
            [self.city, f"bench:{os.getpid()}:{self.count}", payload],
        ).fetchone()
        assert row is not None
        return int(row[0]), time.monotonic()

    def remove(self) -> None:
        """Leave nothing."""
        self.connection.execute("DELETE FROM messaging_outbox WHERE key LIKE 'bench:%%'")
        if self.made:
            self.connection.execute("DELETE FROM places_city WHERE id = %s", [self.city])


async def fan_out(pages: list[Page], news: News, number: int) -> None:
    """The time from a commit to every page."""
    last, delays, spreads = 0.0, [], []
    for _ in range(number):
        news_id, committed = news.write()
        await until(lambda: all(news_id in page.heard for page in pages), 20)  # noqa: B023
        times = [page.heard[news_id] - committed for page in pages]
        delays += [t * 1000 for t in times]
        spreads.append((max(times) - min(times)) * 1000)
        last = max(last, *times)
        await asyncio.sleep(0.1)
    delays.sort()
    say(
        figure="fan_out",
        clients=len(pages),
        news=number,
        commit_to_page_ms_p50=round(statistics.median(delays), 1),
        commit_to_page_ms_p95=round(delays[int(len(delays) * 0.95)], 1),
        commit_to_page_ms_max=round(last * 1000, 1),
        first_to_last_page_ms_p50=round(statistics.median(spreads), 1),
    )


async def crash(site: Site, pages: list[Page], news: News) -> None:
    """kill -9 of the live process, news meanwhile, a new process: nothing is missed."""
    site.live.send_signal(signal.SIGKILL)
    site.live.wait()
    await until(lambda: not any(page.open for page in pages), 10)
    missed = [news.write()[0] for _ in range(3)]
    refused = await answer(site.port, pages[0].path)
    site.live = site.start_live()
    back = await until(lambda: all(page.open for page in pages), 40)
    with contextlib.suppress(TimeoutError):
        await until(lambda: all(n in page.heard for page in pages for n in missed), 10)
    say(
        figure="live_process_killed",
        clients=len(pages),
        status_meanwhile=refused,
        all_back_seconds=round(back, 1),
        refused_attempts=sum(page.refused for page in pages),
        news_missed=sum(n not in page.heard for page in pages for n in missed),
    )


async def answer(port: int, path: str) -> str:
    """The status line's code of a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    line = await reader.readline()
    writer.close()
    return line.decode().split()[1]


async def measure(site: Site, path: str, news: News, clients: int, number: int) -> None:
    """All figures, in order."""
    probe = [Page(site.port, path)]
    tasks = [asyncio.create_task(probe[0].listen())]
    await until(lambda: probe[0].open, 30)
    await fan_out(probe, news, 2)
    await asyncio.sleep(0.5)
    workers = children(site.web.pid)
    before, files = status(site.live.pid, "VmRSS"), sum(map(open_files, workers))
    pages = [Page(site.port, path) for _ in range(clients)]
    started = time.monotonic()
    for page in pages:
        tasks.append(asyncio.create_task(page.listen()))
        await asyncio.sleep(0.002)
    await until(lambda: all(page.open for page in pages), 60)
    connected = time.monotonic() - started
    await fan_out(pages, news, number)
    after = status(site.live.pid, "VmRSS")
    say(
        figure="memory",
        clients=clients,
        connect_seconds=round(connected, 2),
        live_rss_kb=after,
        kb_per_connection=round((after - before) / clients, 1),
        live_threads=status(site.live.pid, "Threads"),
    )
    figures = sorted([await answer_ms(site.port) for _ in range(50)])
    say(
        figure="web_meanwhile",
        plain_request_ms_p50=round(figures[25], 1),
        web_descriptors_before=files,
        web_descriptors_with_clients=sum(map(open_files, workers)),
    )
    await crash(site, pages, news)
    await stop_all(tasks)
    await asyncio.sleep(1)
    say(figure="after_leaving", live_descriptors=open_files(site.live.pid))


async def stop_all(tasks: list[asyncio.Task[None]]) -> None:
    """Close every page."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    """Start the site, measure, end it."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--clients", type=int, default=500)
    words.add_argument("--news", type=int, default=20)
    words.add_argument("--app", default="onehall.config.wsgi:application")
    words.add_argument("--workers", type=int, default=2)
    words.add_argument("--threads", type=int, default=4)
    options = words.parse_args()
    with database.migrated() as url, psycopg.connect(url, autocommit=True) as connection:
        from onehall.messaging.live import token

        news = News(connection)
        site = Site(options.app, options.workers, options.threads)
        run = measure(site, f"/live/{token(['case:1'])}", news, options.clients, options.news)
        try:
            asyncio.run(run)
        finally:
            site.stop()
            news.remove()


if __name__ == "__main__":
    main()
