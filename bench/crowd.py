"""People for measuring: each a browser of its own that asks one thing after another, and what they met together."""

import http.client
import http.cookies
import random
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 60
BUSY = 503


@dataclass(frozen=True)
class Answer:
    """What came back. `status` is 0 where nothing did."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether it is what was asked for."""
        return 200 <= self.status < 400

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


@dataclass
class Met:
    """What everybody who asked for one kind of thing met: seconds of the good answers, and the other answers.

    `late` of the good ones came when the time was over; they count for how long it took, not for the rate.
    """

    seconds: list[float] = field(default_factory=list)
    late: int = 0
    busy: int = 0
    failed: dict[int, int] = field(default_factory=dict)

    def figures(self, elapsed: float) -> dict[str, Any]:
        """Rate of good answers, their percentiles in milliseconds, and how many were told to come back."""
        return {
            "per_second": round((len(self.seconds) - self.late) / elapsed, 1),
            "p50_ms": self.percentile(50),
            "p95_ms": self.percentile(95),
            "p99_ms": self.percentile(99),
            "max_ms": self.percentile(100),
            "served": len(self.seconds),
            "told_to_come_back": self.busy,
            "failed": {str(status): count for status, count in sorted(self.failed.items())},
        }

    def percentile(self, share: float) -> float:
        """Milliseconds that so many percent of the good answers took at most (nearest rank); 0 where there are none."""
        if not self.seconds:
            return 0.0
        ranked = sorted(self.seconds)
        at = max(0, -(-len(ranked) * share // 100) - 1)
        return round(ranked[int(at)] * 1000, 1)


class Crowd:
    """Runs people side by side for some seconds, and keeps what they met by kind."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.met: dict[str, Met] = {}
        self.over = threading.Event()
        self.elapsed = 0.0
        self._lock = threading.Lock()

    def note(self, kind: str, status: int, seconds: float) -> None:
        """Remember one answer."""
        with self._lock:
            met = self.met.setdefault(kind, Met())
            if 200 <= status < 400:
                met.seconds.append(seconds)
                met.late += self.over.is_set()
            elif status == BUSY:
                met.busy += 1
            else:
                met.failed[status] = met.failed.get(status, 0) + 1

    def run(self, people: list[Callable[[], None]], seconds: float) -> None:
        """Everybody at once; each ends what it is at when the time is over. An error of one is raised."""
        broken: list[BaseException] = []

        def live(one: Callable[[], None]) -> None:
            try:
                one()
            except BaseException as error:  # noqa: BLE001 (raised below)
                broken.append(error)
                self.over.set()

        threads = [threading.Thread(target=live, args=(one,)) for one in people]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        self.over.wait(seconds)
        self.over.set()
        self.elapsed = time.monotonic() - begin
        for thread in threads:
            thread.join()
        if broken:
            raise broken[0]


class Pace:
    """When somebody does the next thing: `rate` times a second, or as soon as the last is done where it is 0.

    Whoever is late goes on at once, but does not make up for what they missed.
    """

    def __init__(self, crowd: Crowd, rate: float, dice: random.Random) -> None:
        self._crowd = crowd
        self._apart = 1 / rate if rate else 0.0
        # Not all at the same moment.
        self._next = time.monotonic() + dice.random() * self._apart

    def waits(self) -> bool:
        """Wait for the moment; False when it is all over."""
        now = time.monotonic()
        if self._apart and self._next > now:
            self._crowd.over.wait(self._next - now)
        self._next = max(self._next, now) + self._apart
        return not self._crowd.over.is_set()


class Browser:
    """One browser: keeps its connection and its cookies, follows no redirect."""

    def __init__(self, crowd: Crowd, cookie: str = "") -> None:
        self.crowd = crowd
        self._host = urlsplit(crowd.address).netloc
        self._cookies = http.cookies.SimpleCookie(cookie)
        self._line: http.client.HTTPConnection | None = None

    def get(self, kind: str, path: str) -> Answer:
        """Ask for a page or a picture."""
        return self.ask(kind, "GET", path)

    def post(
        self, kind: str, path: str, fields: dict[str, str], photos: tuple[bytes, ...] = ()
    ) -> Answer:
        """Send a form as a browser does, with its pictures; fields named `photo` or `photos` by the form's way."""
        name = "photos" if "do" in fields else "photo"
        body, content = multipart(fields, name, photos)
        headers = {"Content-Type": content, "X-CSRFToken": fields["csrfmiddlewaretoken"]}
        return self.ask(kind, "POST", path, body, headers)

    def ask(
        self,
        kind: str,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request, timed from its sending to the last byte of the answer."""
        begin = time.monotonic()
        answer = self._exchange(method, path, body, headers or {})
        self.crowd.note(kind, answer.status, time.monotonic() - begin)
        return answer

    def rest(self, seconds: float) -> bool:
        """Do nothing for a while; False when it is all over."""
        return not self.crowd.over.wait(seconds)

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
        self._line = None

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        kept = "; ".join(f"{m.key}={m.value}" for m in self._cookies.values())
        headers = headers | ({"Cookie": kept} if kept else {})
        fresh = self._line is None
        try:
            return self._talk(method, path, body, headers)
        except (OSError, http.client.HTTPException):
            self.close()
            if fresh or method != "GET":
                return Answer(0)
        try:
            # The server let go of a connection that was kept too long: browsers ask once more.
            return self._talk(method, path, body, headers)
        except (OSError, http.client.HTTPException):
            self.close()
            return Answer(0)

    def _talk(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        if self._line is None:
            self._line = http.client.HTTPConnection(self._host, timeout=TIMEOUT)
            self._line.connect()
            self._line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line.request(method, path, body or None, headers)
        told = self._line.getresponse()
        data = told.read()
        for crumb in told.headers.get_all("Set-Cookie") or []:
            self._cookies.load(crumb)
        if told.will_close:
            self.close()
        return Answer(told.status, data, dict(told.headers))


def multipart(fields: dict[str, str], name: str, photos: tuple[bytes, ...]) -> tuple[bytes, str]:
    """A form as multipart/form-data: its body, and its content type."""
    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    for number, photo in enumerate(photos):
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{number}.jpg"'
            "\r\nContent-Type: image/jpeg\r\n\r\n"
        )
        parts += [head.encode(), photo, b"\r\n"]
    parts.append(f"--{mark}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={mark}"
