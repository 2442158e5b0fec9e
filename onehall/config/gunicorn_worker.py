"""Gunicorn's threaded worker, able to give a connection away to the live process."""

import contextlib
import select
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, Final, override

from gunicorn.workers.gthread import TConn, ThreadWorker

from onehall.api.live.wire import CAN_HAND_OVER, HandedOver, HandOverFailed

UNAVAILABLE: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Retry-After: 5\r\n"
    b"Content-Length: 0\r\n"
    b"Cache-Control: no-store\r\n"
    b"Connection: close\r\n\r\n"
)


AT_ONCE_MS: Final = 1


def _asks_at_once(conn: TConn) -> bool:
    """Whether the client's next request is here, or comes within a blink."""
    if conn.is_http2 or conn.parser.unreader.buf.getvalue():
        return False
    try:
        line = select.poll()
        line.register(conn.sock, select.POLLIN)
        return bool(line.poll(AT_ONCE_MS))
    except (OSError, ValueError):
        return False


class LiveThreadWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A ThreadWorker that drops a handed-over socket without closing the client's connection."""

    wsgi: Any

    @override
    def load_wsgi(self) -> None:
        """Tell the application that this server can hand over."""
        super().load_wsgi()
        application: Callable[[dict[str, Any], Any], Iterable[bytes]] = self.wsgi

        def marked(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            environ[CAN_HAND_OVER] = True
            return application(environ, start_response)

        self.wsgi = marked

    @override
    def handle(self, conn: TConn) -> Any:
        """Serve a connection, and its next request in the same thread when that comes at once.

        A proxy under load and a page that asks for several things send on without a pause: handing
        the connection back to the main thread and out again would cost more than a short answer.
        Only while no other connection waits for a thread.
        """
        kept = super().handle(conn)
        while kept is True and self.alive and self._nobody_waits() and _asks_at_once(conn):
            kept = super().handle(conn)
        return kept

    def _nobody_waits(self) -> bool:
        return bool(self.tpool._work_queue.empty())  # noqa: SLF001  # there is no public word for it

    @override
    def handle_request(self, req: Any, conn: TConn) -> bool:
        """Serve a request; after a hand-over only the file descriptor is closed, not the line."""
        try:
            return bool(super().handle_request(req, conn))
        except HandedOver:
            # close() without shutdown(): the live process holds the same connection.
            conn.sock.close()
        except HandOverFailed:
            with contextlib.suppress(OSError):
                conn.sock.sendall(UNAVAILABLE)
        return False

    @override
    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        """A connection whose socket is closed already is only counted off."""
        if conn.sock.fileno() == -1:
            self.nr_conns -= 1
            return
        super().finish_request(conn, fs)
