"""The web side: gives a client's connection to the live process.

Under `onehall.config.gunicorn_worker.LiveThreadWorker` the view's response is a promise: when the
server comes to write it, the client's socket is sent to the live process instead, and the worker
drops its own copy without a word. No thread is held, and one port serves everything.
"""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final, override

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _

from onehall.api.live import wire

ANSWER_SECONDS: Final = 0.5
REST_SECONDS: Final = 1.0
RETRY_AFTER: Final = "5"

_resting: dict[str, float] = {"until": 0.0}
"""After a failure the live process is left alone for a second: no thread waits for a dead one."""


class HandOverResponse(HttpResponse):
    """Stands for the stream until the server writes it; then the connection changes hands."""

    def __init__(self, line: socket.socket, client: socket.socket) -> None:
        super().__init__(content_type="text/event-stream")
        self._line = line
        self._client = client

    @override
    def __iter__(self) -> Iterator[bytes]:
        """Send the socket; always raises HandedOver, or HandOverFailed when nobody took it."""
        try:
            socket.send_fds(self._line, [wire.HANDED], [self._client.fileno()])
        except OSError as problem:
            raise wire.HandOverFailed from problem
        finally:
            self._line.close()
        raise wire.HandedOver

    @override
    def close(self) -> None:
        """Also when it was never written: the line to the live process does not stay open."""
        self._line.close()
        super().close()


def hand_over(
    environ: Mapping[str, Any], channels: list[str], since: int | None, *, cors: str = ""
) -> HttpResponse:
    """Stream `channels` to the client of this WSGI request, from the news after id `since`.

    503 with Retry-After when this server cannot hand over or the live process does not answer.
    """
    client = environ.get("gunicorn.socket")
    http_1 = environ.get("SERVER_PROTOCOL") in {"HTTP/1.0", "HTTP/1.1"}
    if not http_1 or "HTTP_VERSION" in environ or not environ.get(wire.CAN_HAND_OVER):
        return unavailable()
    if not isinstance(client, socket.socket) or isinstance(client, ssl.SSLSocket):
        return unavailable()
    try:
        line = _connect(wire.Header(channels, since, cors))
    except OSError:
        return unavailable()
    return HandOverResponse(line, client)


def unavailable() -> HttpResponse:
    """The page's script asks again in its own time."""
    words = _("Live updates are not available right now.")
    return HttpResponse(
        words,
        status=503,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": RETRY_AFTER, "Cache-Control": "no-store"},
    )


def _connect(header: wire.Header) -> socket.socket:
    """A line to a live process that is ready for a client; OSError when there is none."""
    if time.monotonic() < _resting["until"]:
        raise ConnectionRefusedError
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(ANSWER_SECONDS)
        line.connect(str(settings.LIVE_SOCKET))
        line.sendall(header.encode())
        if line.recv(1) != wire.READY:
            raise ConnectionRefusedError
    except OSError:
        line.close()
        _resting["until"] = time.monotonic() + REST_SECONDS
        raise
    return line
