"""Who gets a thread when there are not enough: reports and signs of life before everything else.

Each web process has a number of threads. Requests are told apart by their path into classes, and each class
may hold so many threads at once; all classes but reports together leave some free. Whoever finds no place
waits without holding a thread, for a bounded time and in bounded number, and is then told to come back.
"""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

REPORTS: Final = "reports"
READS: Final = "reads"
PICTURES: Final = "pictures"
STAFF: Final = "staff"
VITAL: Final = "vital"
CLASSES: Final = (REPORTS, READS, PICTURES, STAFF, VITAL)

WAIT_SECONDS: Final = 4.0
"""How long a request waits for a place."""
MOST_WAITING: Final = 256
"""Requests of one class that wait in one process."""

_VITAL: Final = ("/healthz", "/readyz", "/live/")
_REPORTS: Final = ("/report/", "/drafts/", "/places/", "/static/")
_PICTURES: Final = ("/tiles/", "/map/")
_STAFF: Final = ("/desk", "/accounts/", "/preview/")


OWN: Final[Mapping[str, str]] = {"tiles": PICTURES, "staff": STAFF}
"""What the further pools of an installation are for, by name."""


def class_of(method: str, path: str) -> str:
    """The class of a request."""
    if path.startswith(_VITAL):
        return VITAL
    if path.startswith(_REPORTS) or (method == "POST" and path.startswith(("/r/", "/city/"))):
        return REPORTS
    if path.startswith(_STAFF):
        return STAFF
    if path.startswith(_PICTURES) or path.endswith((".webp", ".jpg", ".png", ".pbf")):
        return PICTURES
    return READS


def limits(threads: int) -> dict[str, int]:
    """How many threads of a process each class may hold; `READS`, `PICTURES` and `STAFF` leave some free together.

    With one thread there is nothing to keep free.
    """
    others = rest(threads)
    return {
        REPORTS: threads,
        VITAL: threads,
        READS: others,
        STAFF: others,
        PICTURES: max(1, others // 2),
    }


def rest(threads: int) -> int:
    """Threads that may be busy with anything but reports and signs of life."""
    return max(1, threads - (2 if threads >= 5 else 1))


@dataclass(slots=True)
class Waiting[Work]:
    """One request that has no thread yet, and until when it waits (monotonic seconds)."""

    work: Work
    until: float


@dataclass
class Admission[Work]:
    """The places of one process, and who waits for one. Every method may be called from any thread.

    `own` is the class that the process was made for, if it was: that one may hold every thread.
    """

    threads: int
    own: str = ""
    wait_seconds: float = WAIT_SECONDS
    most_waiting: int = MOST_WAITING
    _busy: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, 0))
    _queues: dict[str, deque[Waiting[Work]]] = field(
        default_factory=lambda: {name: deque() for name in CLASSES}
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._limits: Mapping[str, int] = limits(self.threads) | (
            {self.own: self.threads} if self.own else {}
        )
        self._free = {REPORTS, VITAL, self.own}
        self._rest = rest(self.threads)

    def enter(self, name: str) -> bool:
        """Take a place of a class at once; False when there is none, or others wait for it already."""
        with self._lock:
            if self._queues[name] or not self._has_place(name):
                return False
            self._busy[name] += 1
            return True

    def wait(self, name: str, work: Work, *, now: float) -> bool:
        """Let a request wait for a place; False when too many wait already."""
        with self._lock:
            if len(self._queues[name]) >= self.most_waiting:
                return False
            self._queues[name].append(Waiting(work, now + self.wait_seconds))
            return True

    def leave(self, name: str) -> None:
        """Give a place back."""
        with self._lock:
            self._busy[name] -= 1

    def next(self) -> tuple[str, Work] | None:
        """Who waited longest and has a place now, which it holds from here on."""
        with self._lock:
            able = [n for n, q in self._queues.items() if q and self._has_place(n)]
            if not able:
                return None
            name = min(able, key=lambda n: self._queues[n][0].until)
            self._busy[name] += 1
            return name, self._queues[name].popleft().work

    def overdue(self, *, now: float) -> list[Work]:
        """Everybody who waited too long; they wait no more."""
        found: list[Work] = []
        with self._lock:
            for queue in self._queues.values():
                while queue and queue[0].until <= now:
                    found.append(queue.popleft().work)
        return found

    def _has_place(self, name: str) -> bool:
        if self._busy[name] >= self._limits[name]:
            return False
        if name in self._free:
            return True
        return sum(n for other, n in self._busy.items() if other not in self._free) < self._rest
