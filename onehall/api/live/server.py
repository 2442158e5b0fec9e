"""Takes client sockets over from the web workers and runs the live process."""

import asyncio
import contextlib
import errno
import logging
import os
import resource
import signal
import socket
from pathlib import Path
from typing import Final

from onehall.api.live import wire
from onehall.api.live.client import Client, head, prepare
from onehall.api.live.hub import Hub
from onehall.api.live.poll import Poller

log = logging.getLogger("onehall.live")

HAND_OVER_SECONDS: Final = 5.0
SPARE_FILES: Final = 64
BACKLOG: Final = 1024


class AlreadyRunning(RuntimeError):
    """Another live process listens on the same socket."""


class Server:
    """The unix socket, the clients and the poller of one process."""

    def __init__(self, path: Path, database_url: str) -> None:
        self.path = path
        self.hub = Hub()
        self.poller = Poller(database_url, self.hub)
        self.most = raise_file_limit() - SPARE_FILES
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, stop: asyncio.Event) -> None:
        """Run until `stop`; then end every stream, so that the pages connect to the next process."""
        listener = listen(self.path)
        loop = asyncio.get_running_loop()
        loop.add_reader(listener, self._accept, listener)
        helpers = [asyncio.create_task(self.poller.run()), asyncio.create_task(self._beat())]
        log.info("event=live.started socket=%s most=%d", self.path, self.most)
        try:
            await stop.wait()
        finally:
            loop.remove_reader(listener)
            self.path.unlink(missing_ok=True)
            listener.close()
            for task in (*helpers, *self._tasks):
                task.cancel()
            await asyncio.gather(*helpers, *self._tasks, return_exceptions=True)
            for bucket in self.hub.buckets:
                for client in tuple(bucket):
                    client.end()
            await asyncio.sleep(0.1)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            while True:
                try:
                    line, _address = listener.accept()
                except OSError as problem:
                    if problem.errno in {errno.EMFILE, errno.ENFILE}:
                        log.warning("event=live.out_of_files")
                        return
                    raise
                line.settimeout(0)
                task = asyncio.create_task(self._take_over(line))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _take_over(self, line: socket.socket) -> None:
        """One hand-over: header, READY, socket. Whatever fails, nothing stays open."""
        taken: socket.socket | None = None
        with line:
            try:
                async with asyncio.timeout(HAND_OVER_SECONDS):
                    header = wire.Header.decode(await _read_line(line))
                    loop = asyncio.get_running_loop()
                    if len(self.hub) >= self.most:
                        await loop.sock_sendall(line, wire.FULL)
                        return
                    await loop.sock_sendall(line, wire.READY)
                    taken = await _receive_socket(line)
                if taken is not None:
                    await self._adopt(taken, header)
                    taken = None
            except (OSError, ValueError, TimeoutError) as problem:
                log.debug("event=live.hand_over_failed kind=%s", type(problem).__name__)
            finally:
                if taken is not None:
                    taken.close()

    async def _adopt(self, sock: socket.socket, header: wire.Header) -> None:
        """Answer the client and let it listen."""
        prepare(sock)
        loop = asyncio.get_running_loop()
        client = Client(tuple(dict.fromkeys(header.channels)), header.since, self.hub.leave)
        await loop.connect_accepted_socket(lambda: client, sock)
        client.write(head(header.cors))
        self.hub.join(client, loop.time())
        self.poller.wake.set()

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(1)
            self.hub.beat(loop.time())


async def _read_line(line: socket.socket) -> bytes:
    """The header line; ValueError when it is too long or ends early."""
    loop = asyncio.get_running_loop()
    got = b""
    while not got.endswith(b"\n"):
        piece = await loop.sock_recv(line, wire.LONGEST_HEADER)
        got += piece
        if not piece or len(got) > wire.LONGEST_HEADER:
            raise ValueError("no header")
    return got


async def _receive_socket(line: socket.socket) -> socket.socket | None:
    """The client's socket, sent along with one byte; None when the worker thought better of it."""
    loop = asyncio.get_running_loop()
    readable = loop.create_future()

    def can_read() -> None:
        if not readable.done():
            readable.set_result(None)

    loop.add_reader(line, can_read)
    try:
        await readable
    finally:
        loop.remove_reader(line)
    _byte, files, _flags, _address = socket.recv_fds(line, 1, 1)
    return socket.socket(fileno=files[0]) if files else None


def listen(path: Path) -> socket.socket:
    """The listening unix socket, for this user only; takes the place of a dead process."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                path.unlink(missing_ok=True)
            else:
                raise AlreadyRunning(f"A live process listens on {path} already.")
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    listener.settimeout(0)
    return listener


def raise_file_limit() -> int:
    """Let the process keep as many sockets as the machine allows; returns the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


async def serve(path: Path, database_url: str) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await Server(path, database_url).serve(stop)


def main() -> None:
    """Read the environment and serve."""
    database_url = os.environ.get("DATABASE_URL") or "postgresql://postgres@localhost/onehall"
    asyncio.run(serve(wire.socket_path(), database_url))
