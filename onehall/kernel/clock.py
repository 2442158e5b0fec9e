"""The only place that reads the time. Doors, commands and tasks call it once and pass `now` down."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time when called; `now` is one, a test may pass another."""

    def __call__(self) -> datetime:
        """The moment, aware and in UTC."""
        ...


def now() -> datetime:
    """This moment, aware and in UTC."""
    return datetime.now(tz=UTC)


def now_ns() -> int:
    """This moment in nanoseconds since 1970 UTC, for identifiers that sort by time."""
    return time.time_ns()
