"""Keeps a tree of processes running: restarts what ends, and leaves nothing behind.

Children are tied to this process (on Linux by the parent-death signal), live in sessions of their
own so that Ctrl-C reaches only us, and are started from the main thread: the kernel counts the death
of the starting thread as the death of the parent.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

from onehall.kernel.postgres import EmbeddedPostgres, PostgresError, leash

log = logging.getLogger("onehall.supervisor")
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
CALM_SECONDS = 60.0
DRAIN_SECONDS = 25.0
STEP_SECONDS = 0.1


def tied(command: Sequence[str], *, ending: signal.Signals = signal.SIGTERM) -> list[str]:
    """`command`, to be started so that it receives `ending` when this process dies."""
    words = [str(ending.value), str(os.getpid()), "-1", "-1", "--"]
    return [sys.executable, "-I", "-S", leash.__file__, *words, *command]


@dataclass(kw_only=True)
class Child:
    """One process of the tree and how often it has failed lately."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    wait: float = FIRST_WAIT

    def start(self, output: IO[bytes] | None) -> None:
        """Starts the process."""
        self.process = subprocess.Popen(
            tied(self.command),
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        self.started = time.monotonic()

    def tend(self, output: IO[bytes] | None) -> None:
        """Starts it, or starts it again after a pause that grows with each failure."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due:
                self.start(output)
            return
        code = self.process.poll()
        if code is None:
            return
        if now - self.started > CALM_SECONDS:
            self.wait = FIRST_WAIT
        self.process, self.due = None, now + self.wait
        log.warning("%s ended with code %s, starts again in %.1f s", self.name, code, self.wait)
        self.wait = min(self.wait * 2, LONGEST_WAIT)

    def signal(self, number: int) -> None:
        """Sends a signal to the process, if it lives."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def is_gone(self) -> bool:
        """Whether no process is left."""
        return self.process is None or self.process.poll() is not None


class Supervisor:
    """Runs `children` above an optional embedded server until SIGTERM, SIGINT or `stop()`."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        server: EmbeddedPostgres | None = None,
        output: IO[bytes] | None = None,
    ) -> None:
        self._children = list(children)
        self._server = server
        self._output = output
        self._stopping = False
        self._server_due = 0.0
        self._server_wait = FIRST_WAIT

    def stop(self) -> None:
        """Asks `run` to drain and end."""
        self._stopping = True

    def run(self, *, is_ready: Callable[[], bool], on_ready: Callable[[], None]) -> None:
        """Runs until asked to stop. `on_ready` is called once, when `is_ready` first says yes."""
        with self._signals():
            waiting = True
            try:
                while not self._stopping:
                    self._tend_server()
                    for child in self._children:
                        child.tend(self._output)
                    if waiting and is_ready():
                        waiting = False
                        on_ready()
                    time.sleep(STEP_SECONDS)
            finally:
                self._drain()

    def _tend_server(self) -> None:
        now = time.monotonic()
        if self._server is None or self._server.is_running() or now < self._server_due:
            return
        log.warning("the database server ended, starts again")
        try:
            self._server.start()
            self._server_wait = FIRST_WAIT
        except PostgresError as error:
            self._server_due = now + self._server_wait
            self._server_wait = min(self._server_wait * 2, LONGEST_WAIT)
            log.error("the database server does not start: %s", error)  # noqa: TRY400

    def _drain(self) -> None:
        """Ends every child, politely first; the database goes last, after those who use it."""
        for child in self._children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline and not all(c.is_gone() for c in self._children):
            time.sleep(STEP_SECONDS)
        for child in self._children:
            if not child.is_gone() and child.process is not None:
                # Its own session: workers of a hanging parent go with it.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
        if self._server is not None:
            self._server.stop()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            self._stopping = True

        before = {n: signal.signal(n, ask) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
