"""Brings webhooks to the city: at least once, in no sure order, again after a failure; and wrongly where a knob says so."""

import http.client
import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from onehall.billing.gateways.demo.provider.knobs import Knobs
from onehall.billing.gateways.demo.provider.records import Told

log = logging.getLogger("onehall.pay_demo")
AGAIN_AFTER: Final = (2.0, 10.0, 60.0, 300.0)
"""Seconds between the attempts to deliver one webhook; then it is given up."""
MOST_WAITING: Final = 10_000
PATIENCE: Final = 10.0
OVERTAKEN_BY: Final = 2.0
STEP: Final = 0.1


@dataclass(frozen=True, slots=True)
class Letter:
    """A webhook ready to be sent."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Delivery:
    """One webhook on its way. `due` is on the clock that never jumps."""

    told: Told
    due: float
    forged: bool = False
    failures: int = 0
    says: str = field(default="", compare=False)


class Courier:
    """A thread that delivers. `write` makes the letter of an event, a forged one if asked; None: nobody wants it."""

    def __init__(self, write: Callable[[Told, bool], Letter | None], knobs: Knobs) -> None:
        self._write, self._knobs = write, knobs
        self._guard = threading.Lock()
        self._waiting: list[Delivery] = []
        self._count = itertools.count()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.lately: deque[Delivery] = deque(maxlen=50)

    def start(self, *, each: Callable[[], None]) -> None:
        """Deliver until `stop`; `each` is called about every second."""
        self._thread = threading.Thread(target=self._run, args=(each,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the delivery that is under way; the others are dropped."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def take(self, told: Told) -> None:
        """Something happened that the city is to be told."""
        knobs, number = self._knobs, next(self._count)
        due = time.monotonic() + knobs.delay_seconds
        if knobs.reorder and number % 2 == 0:
            due += OVERTAKEN_BY
        fresh = [Delivery(told, due, forged=True)] if knobs.forge else []
        fresh += [Delivery(told, due) for _ in range(3 if knobs.duplicate else 1)]
        if knobs.drop:
            for each in fresh:
                each.says = "dropped"
            self.lately.extend(fresh)
            return
        with self._guard:
            self._waiting += fresh
            del self._waiting[:-MOST_WAITING]

    def _run(self, each: Callable[[], None]) -> None:
        for step in itertools.count():
            if self._stop.wait(STEP):
                return
            if step % 10 == 0:
                each()
            for delivery in self._due():
                self._deliver(delivery)

    def _due(self) -> list[Delivery]:
        if self._knobs.down:
            return []
        now = time.monotonic()
        with self._guard:
            due = [each for each in self._waiting if each.due <= now]
            self._waiting = [each for each in self._waiting if each.due > now]
        return due

    def _deliver(self, delivery: Delivery) -> None:
        letter = self._write(delivery.told, delivery.forged)
        if letter is None:
            return
        try:
            status = _post(letter)
        except (OSError, ValueError, http.client.HTTPException) as problem:
            status, delivery.says = 0, type(problem).__name__
        else:
            delivery.says = str(status)
        self.lately.append(delivery)
        if 200 <= status < 300 or delivery.forged:
            return
        log.warning("webhook %s was not taken: %s", delivery.told.topic, delivery.says)
        if delivery.failures < len(AGAIN_AFTER):
            again = Delivery(delivery.told, time.monotonic() + AGAIN_AFTER[delivery.failures])
            again.failures = delivery.failures + 1
            with self._guard:
                self._waiting.append(again)


def _post(letter: Letter) -> int:
    parts = urlsplit(letter.url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        connection.request("POST", parts.path or "/", letter.body, dict(letter.headers))
        return connection.getresponse().status
    finally:
        connection.close()
