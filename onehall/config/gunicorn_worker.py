"""Gunicorn's threaded worker: shares connections out evenly, keeps threads free for reports, and can give a
connection away to the live process.
"""

import contextlib
import mmap
import select
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from itertools import islice
from typing import Any, Final, override

from gunicorn.workers.gthread import TConn, ThreadWorker

from onehall.api.live.wire import CAN_HAND_OVER, HandedOver, HandOverFailed
from onehall.config.admission import OWN, Admission, class_of
from onehall.config.env import Env
from onehall.config.full_pages import FullAnswers

UNAVAILABLE: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Retry-After: 5\r\n"
    b"Content-Length: 0\r\n"
    b"Cache-Control: no-store\r\n"
    b"Connection: close\r\n\r\n"
)


AT_ONCE_MS: Final = 1
WAIT_SECONDS: Final = 0.02
"""How long a process leaves a new connection to others that have fewer, before it takes it itself."""
MOST_LOOKED_AT: Final = 256
_ENDED: Final[int] = getattr(select, "POLLRDHUP", select.POLLHUP)
NAP_SECONDS: Final = 0.0005
FRESH_SECONDS: Final = 3
"""A process that has said nothing for this long is gone or hangs: it gets nothing left to it."""


class Shares:
    """How many connections each process has, in memory that all of them share.

    Make it before the processes part. Each has a place of its own, so nobody waits for a lock; a count
    that is a moment old costs a little evenness, never a connection.
    """

    PLACES: Final = 256

    def __init__(self) -> None:
        self._held = mmap.mmap(-1, self.PLACES * 16)
        self._cells = memoryview(self._held).cast("d")

    def tell(self, place: int, connections: int, now: float) -> None:
        """Say how many connections the process of a place has; `now` is a monotonic time in seconds."""
        at = place % self.PLACES * 2
        self._cells[at], self._cells[at + 1] = connections, now

    def leave(self, place: int) -> None:
        """Say that a process takes no more connections."""
        self._cells[place % self.PLACES * 2 + 1] = 0

    def others_have_fewer(self, place: int, connections: int, now: float) -> bool:
        """Whether any other process that is alive has fewer."""
        own = place % self.PLACES * 2
        return any(
            self._cells[at] < connections and now - self._cells[at + 1] < FRESH_SECONDS
            for at in range(0, len(self._cells), 2)
            if at != own
        )


SHARES: Final = Shares()


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


def _hung_up(idle: Iterable[TConn]) -> int:
    """How many of some idle connections were ended by the other side, which nobody has had time to notice yet.

    A client that ends eight connections and makes eight new ones at once would be shared out by the old ones.
    """
    line = select.poll()
    for conn in islice(idle, MOST_LOOKED_AT):
        line.register(conn.sock, _ENDED)
    return len(line.poll(0))


PARKED: Final = object()
"""What a thread says of a connection whose request waits for a place."""


class _Parsed:
    """Stands in for a connection's parser once, to give out a request that was read before it waited."""

    def __init__(self, conn: TConn, req: Any) -> None:
        self._conn, self._req, self._real = conn, req, conn.parser

    def __next__(self) -> Any:
        self._conn.parser = self._real
        return self._req


class LiveThreadWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A ThreadWorker that drops a handed-over socket without closing the client's connection."""

    wsgi: Any
    nr_conns: int
    keepalived_conns: "deque[TConn]"
    age: int
    _door: "Admission[tuple[Any, TConn]]"
    _full: FullAnswers | None = None
    _waiting_since = 0.0
    _napped = 0.0

    @override
    def notify(self) -> None:
        """Tell the parent, and the other processes, that this one is alive."""
        super().notify()
        SHARES.tell(self.age, self.nr_conns, time.monotonic())
        for req, conn in self._door.overdue(now=time.monotonic()):
            self._submit(conn, self._turn_away, req, conn)

    @override
    def init_process(self) -> None:
        """Count the places of this process before it serves."""
        self._door = Admission(self.cfg.threads, own=OWN.get(Env().text("ONEHALL_POOL"), ""))
        super().init_process()

    @override
    def set_accept_enabled(self, enabled: bool) -> None:
        """Start or stop taking connections."""
        super().set_accept_enabled(enabled)
        if not enabled:
            SHARES.leave(self.age)

    @override
    def accept(self, listener: Any) -> None:
        """Take a new connection, unless another process has fewer: that one was woken for it too.

        Otherwise whoever is quickest takes all that come together, and one core does the work of a
        page's eight connections while the others look on.
        """
        now, own = time.monotonic(), self.nr_conns - _hung_up(self.keepalived_conns)
        # Said before the others decide: they were woken for the same connection.
        SHARES.tell(self.age, own, now)
        if SHARES.others_have_fewer(self.age, own, now):
            if now - self._napped > WAIT_SECONDS:
                # Whoever had fewer took the one before.
                self._waiting_since = now
            self._napped = now
            if now - self._waiting_since < WAIT_SECONDS:
                time.sleep(NAP_SECONDS)
                return
        self._waiting_since = now
        super().accept(listener)
        SHARES.tell(self.age, own + 1, now)

    @override
    def load_wsgi(self) -> None:
        """Tell the application that this server can hand over."""
        super().load_wsgi()
        application: Callable[[dict[str, Any], Any], Iterable[bytes]] = self.wsgi

        def marked(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            environ[CAN_HAND_OVER] = True
            return application(environ, start_response)

        self.wsgi = marked
        self._full = FullAnswers()

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
    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Serve a request when its class has a place, else let it wait without a thread or turn it away."""
        place, conn.place = getattr(conn, "place", ""), ""
        if not place:
            place = class_of(req.method, req.path)
            if not self._door.enter(place):
                if not self._door.wait(place, (req, conn), now=time.monotonic()):
                    return self._turn_away(req, conn)
                # One may have come free just before we waited.
                self._let_in()
                return PARKED
        try:
            return self._serve(req, conn)
        finally:
            self._door.leave(place)
            self._let_in()

    @override
    def _keepalive_after(self, conn: TConn, keepalive: Any) -> Any:
        return PARKED if keepalive is PARKED else super()._keepalive_after(conn, keepalive)

    def _let_in(self) -> None:
        """Give threads to those who waited and have a place now."""
        while (found := self._door.next()) is not None:
            place, (req, conn) = found
            conn.place, conn.parser = place, _Parsed(conn, req)
            self._submit(conn, self.handle, conn)

    def _submit(self, conn: TConn, work: Callable[..., Any], *given: Any) -> None:
        try:
            future = self.tpool.submit(work, *given)
        except RuntimeError:
            # The process is ending, and its connections with it.
            return
        future.add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )

    def _turn_away(self, req: Any, conn: TConn) -> bool:
        """Say that everybody is busy and when to come back."""
        answer = UNAVAILABLE
        if self._full is not None:
            answer = self._full.answer(req.path, dict(req.headers), req.query)
        with contextlib.suppress(OSError):
            conn.sock.sendall(answer)
        return False

    def _serve(self, req: Any, conn: TConn) -> bool:
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
        """A connection whose socket is closed already is only counted off; one that waits stays as it is."""
        if not fs.cancelled() and fs.exception() is None and fs.result() is PARKED:
            return
        if conn.sock.fileno() == -1:
            self.nr_conns -= 1
            return
        super().finish_request(conn, fs)
