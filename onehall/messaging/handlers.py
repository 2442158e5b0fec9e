"""The closed registry of what a worker can do: topics to handle and jobs that recur.

An upper room registers in its `AppConfig.ready`. A handler may be called more than once for the
same key (a worker can die after the work and before the note), so it is idempotent by `key`, and
it ends within the lease of a minute.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class Handler(Protocol):
    """Does the work of one outbox row; raises when it should be tried again."""

    def __call__(self, payload: dict[str, Any], *, city_id: int, key: str, now: datetime) -> None:
        """Handle one row."""


class Job(Protocol):
    """A recurring job; idempotent, and what it leaves undone the next period does."""

    def __call__(self, *, now: datetime) -> object:
        """Run once."""


@dataclass(frozen=True, slots=True)
class Recurring:
    """A job that runs once per period of `seconds`, over all workers.

    `everywhere`: in each of them, for one that shares its work out row by row, and again at once as
    long as it returns True.
    """

    name: str
    seconds: int
    run: Job
    everywhere: bool = False


class TryAgain(Exception):
    """A handler could not do its work now; its words hold no personal data and are stored."""


topics: dict[str, Handler] = {}
recurring: dict[str, Recurring] = {}


def register(topic: str, handler: Handler) -> None:
    """Name the handler of a topic; a second, different handler is a mistake."""
    if topics.setdefault(topic, handler) is not handler:
        raise ValueError(f"The topic {topic!r} has a handler already.")


def every(name: str, seconds: int, run: Job, *, everywhere: bool = False) -> None:
    """Run `run(now=now)` once per `seconds`, whatever the number of workers. Must be idempotent.

    `everywhere` runs it in every worker, and again at once while it returns True.
    """
    job = Recurring(name, seconds, run, everywhere)
    if recurring.setdefault(name, job) != job:
        raise ValueError(f"The recurring job {name!r} is registered already.")
