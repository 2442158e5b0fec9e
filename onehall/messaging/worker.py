"""The worker: claims due outbox rows, hands them to their handlers, runs recurring jobs.

A claim is a lease. A worker that dies loses its lease, and another one takes the rows; so every
committed row is handled at least once, and a row of a rolled-back transaction never.
"""

import logging
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from traceback import extract_tb
from typing import Final

from django.db import Error, InterfaceError, OperationalError, connection

from onehall.kernel import clock
from onehall.messaging import actions, handlers
from onehall.messaging.models import Outbox, Tick

log = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 12
BATCH: Final = 20
LEASE: Final = timedelta(seconds=60)
IDLE_SECONDS: Final = 0.5
LONGEST_BACK_OFF: Final = 3600.0

CLAIM: Final = """
    UPDATE messaging_outbox o
    SET lease_until = %(until)s, attempts = attempts + 1
    FROM (
        SELECT id FROM messaging_outbox
        WHERE done_at IS NULL AND NOT dead AND NOT (topic = 'live')
          AND topic = ANY(%(topics)s) AND due_at <= %(now)s AND attempts < %(max)s
          AND (lease_until IS NULL OR lease_until <= %(now)s)
        ORDER BY due_at, id
        LIMIT %(batch)s
        FOR UPDATE SKIP LOCKED
    ) due
    WHERE o.id = due.id
    RETURNING o.id, o.city_id, o.topic, o.key, o.attempts, o.due_at
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row this worker holds until `lease`."""

    id: int
    city_id: int
    topic: str
    key: str
    attempts: int
    due_at: datetime
    lease: datetime


def run(
    *, once: bool = False, stop: Event | None = None, batch: int = BATCH, lease: timedelta = LEASE
) -> int:
    """Work until `stop` is set, or with `once` until nothing is due; returns the rows done.

    Survives restarts of the database: connects again with back-off, and claims again.
    """
    halt = stop or Event()
    done, losses = 0, 0
    while not halt.is_set():
        try:
            more = run_recurring(now=clock.now())
            claimed = claim(now=clock.now(), batch=batch, lease=lease)
            done += work_off(claimed, stop=halt)
            losses = 0
        except (OperationalError, InterfaceError) as lost:
            if once:
                raise
            losses += 1
            connection.close()
            wait = min(30.0, 0.25 * 2**losses) * random.uniform(0.8, 1.2)  # noqa: S311 (jitter)
            log.warning("event=worker.database_lost kind=%s wait=%.1f", type(lost).__name__, wait)
            halt.wait(wait)
            continue
        if not claimed and not more:
            if once:
                break
            halt.wait(IDLE_SECONDS)
    return done


def claim(*, now: datetime, batch: int = BATCH, lease: timedelta = LEASE) -> list[Claimed]:
    """Take up to `batch` due rows whose topic has a handler here, oldest first."""
    until = now + lease
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM,
            {
                "until": until,
                "now": now,
                "topics": list(handlers.topics),
                "max": MAX_ATTEMPTS,
                "batch": batch,
            },
        )
        rows = [
            Claimed(pk, city_id, topic, key, attempts, due_at, until)
            for pk, city_id, topic, key, attempts, due_at in cursor.fetchall()
        ]
    return sorted(rows, key=lambda row: (row.due_at, row.id))


def work_off(claimed: list[Claimed], *, stop: Event) -> int:
    """Handle claimed rows; gives the rest back when half the lease has passed or on `stop`."""
    started, allowed = time.monotonic(), 0.0
    if claimed:
        allowed = (claimed[0].lease - clock.now()).total_seconds() / 2
    done = 0
    for place, row in enumerate(claimed):
        if place and (stop.is_set() or time.monotonic() - started > allowed):
            give_back(claimed[place:])
            break
        done += handle(row)
    return done


def give_back(rows: list[Claimed]) -> None:
    """Let go of rows that were not begun: their attempt does not count."""
    for row in rows:
        Outbox.objects.filter(pk=row.id, lease_until=row.lease).update(
            lease_until=None, attempts=row.attempts - 1
        )


def handle(row: Claimed) -> bool:
    """Call the handler of a row and note how it went; True when it is done."""
    mine = Outbox.objects.filter(pk=row.id, lease_until=row.lease, done_at=None)
    payload = mine.values_list("payload", flat=True).first()
    if payload is None:
        return False
    try:
        handlers.topics[row.topic](payload, city_id=row.city_id, key=row.key, now=clock.now())
    except Exception as problem:
        if isinstance(problem, (OperationalError, InterfaceError)) and not _database_answers():
            raise
        _note_failure(row, problem)
        return False
    return mine.update(done_at=clock.now(), lease_until=None, error="") == 1


def _note_failure(row: Claimed, problem: Exception) -> None:
    """Plan the next attempt, or make the row a dead letter after the last one."""
    dead = row.attempts >= MAX_ATTEMPTS
    words = describe(problem)
    Outbox.objects.filter(pk=row.id, lease_until=row.lease).update(
        error=words,
        dead=dead,
        lease_until=None,
        due_at=clock.now() + timedelta(seconds=back_off(row.attempts)),
    )
    log.log(
        logging.ERROR if dead else logging.WARNING,
        "event=outbox.%s id=%d topic=%s attempt=%d error=%s",
        "dead" if dead else "retry",
        row.id,
        row.topic,
        row.attempts,
        words,
    )


def back_off(attempts: int) -> float:
    """Seconds until the next attempt: 2^attempts, 20 % more or less, at most about an hour."""
    return min(LONGEST_BACK_OFF, 2.0**attempts) * random.uniform(0.8, 1.2)  # noqa: S311 (jitter)


def describe(problem: Exception) -> str:
    """Words for a failure without personal data: the text of an unknown error may hold some."""
    if isinstance(problem, handlers.TryAgain):
        return str(problem)
    frames = extract_tb(problem.__traceback__)
    place = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return f"{type(problem).__name__}{place}"


def _database_answers() -> bool:
    """Whether the connection is usable: tells a handler's own failure from a lost database."""
    try:
        return connection.is_usable()
    except Error:
        return False


def run_recurring(*, now: datetime) -> bool:
    """Run each recurring job whose period began and which no other worker has taken.

    True when one that every worker runs has more to do at once.
    """
    for job in handlers.recurring.values():
        tick = int(now.timestamp() // job.seconds)
        if _last_ticks.get(job.name) == tick and job.name not in _unfinished:
            continue
        if _take_tick(job, tick, now) or job.everywhere:
            more = _run_job(job, tick, now)
            (_unfinished.add if more and job.everywhere else _unfinished.discard)(job.name)
        _last_ticks[job.name] = tick
    return bool(_unfinished)


_unfinished: set[str] = set()
"""Jobs that every worker runs and that this process has not come to the end of."""
_last_ticks: dict[str, int] = {}
"""The newest tick this process has seen of each job: saves a statement per loop."""


def _take_tick(job: handlers.Recurring, tick: int, now: datetime) -> bool:
    """Insert the row of a run; False when another worker has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messaging_tick (name, tick, started_at) VALUES (%s, %s, %s)"
            " ON CONFLICT (name, tick) DO NOTHING",
            [job.name, tick, now],
        )
        return bool(cursor.rowcount)


def _run_job(job: handlers.Recurring, tick: int, now: datetime) -> bool:
    """Run one recurring job; a failure is noted, and the next period tries again. Whether it has more to do."""
    row = Tick.objects.filter(name=job.name, tick=tick)
    try:
        more = job.run(now=now) is True
    except Exception as problem:
        if not _database_answers():
            raise
        words = describe(problem)
        row.update(error=words)
        log.warning("event=recurring.failed name=%s error=%s", job.name, words)
        return False
    row.update(done_at=clock.now())
    return more


def housekeeping(*, now: datetime) -> None:
    """The worker's own recurring job: bury and purge."""
    actions.bury(attempts=MAX_ATTEMPTS, now=now)
    while actions.purge(now=now) >= actions.PURGE_AT_ONCE:
        continue
