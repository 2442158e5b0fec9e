"""One connected page: a socket the live process writes to."""

import asyncio
import random
import socket
from collections.abc import Callable
from typing import Final, cast, override

SLOW_BYTES: Final = 64 * 1024
DEAD_AFTER_MS: Final = 60_000
HEAD: Final = (
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/event-stream; charset=utf-8\r\n"
    "Cache-Control: no-store, no-transform\r\n"
    "Connection: close\r\n"
    "X-Accel-Buffering: no\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
    "Cross-Origin-Resource-Policy: {policy}\r\n"
    "{cors}"
    "\r\n"
    "retry: {retry}\n\n"
)


class Client(asyncio.Protocol):
    """A page that listens. It is dropped when it cannot keep up or goes away."""

    __slots__ = ("_gone", "_transport", "bucket", "channels", "ends_at", "since")

    def __init__(
        self, channels: tuple[str, ...], since: int | None, gone: Callable[["Client"], None]
    ) -> None:
        self.channels = channels
        self.since = since
        self.bucket = 0
        self.ends_at = 0.0
        self._gone = gone
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ours: what waits longer than a small buffer means a slow client."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=SLOW_BYTES)

    @override
    def data_received(self, data: bytes) -> None:
        """A listener has nothing to say."""

    @override
    def pause_writing(self) -> None:
        """The buffer is full: the client comes back by itself and is told what it missed."""
        if self._transport is not None:
            self._transport.abort()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """The client left, or was dropped."""
        self._transport = None
        self._gone(self)

    def write(self, data: bytes) -> None:
        """Send without waiting."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def end(self) -> None:
        """Finish what is buffered and close; the page connects again."""
        if self._transport is not None:
            self._transport.close()


def head(cors: str) -> bytes:
    """The response head, and a time to come back that differs, so that not all come at once."""
    return HEAD.format(
        policy="cross-origin" if cors else "same-origin",
        cors=f"Access-Control-Allow-Origin: {cors}\r\nVary: Origin\r\n" if cors else "",
        retry=random.randint(2000, 5000),  # noqa: S311 (spreads the reconnects)
    ).encode()


def prepare(sock: socket.socket) -> None:
    """Non-blocking, and given up when the other side does not acknowledge for a minute."""
    sock.settimeout(0)
    if sock.family in {socket.AF_INET, socket.AF_INET6}:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_AFTER_MS)
