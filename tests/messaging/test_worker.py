"""The worker: claims, retries, dead letters, recurring jobs."""

import datetime as dt
import logging
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
import time_machine

from onehall.messaging import actions, handlers, worker
from onehall.messaging.actions import NewOutbox
from onehall.messaging.models import Outbox, Tick
from onehall.places.models import City

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(handlers, "topics", {})
    monkeypatch.setattr(handlers, "recurring", {})
    worker._last_ticks.clear()
    worker._unfinished.clear()
    yield
    worker._last_ticks.clear()
    worker._unfinished.clear()


class Recorder:
    """A handler that remembers, and fails while told to."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.problem = problem

    def __call__(
        self, payload: dict[str, Any], *, city_id: int, key: str, now: dt.datetime
    ) -> None:
        self.calls.append((key, payload))
        if self.problem:
            raise self.problem


def put(city: City, now: dt.datetime, *keys: str, topic: str = "t", **more: Any) -> None:
    rows = [NewOutbox(topic=topic, key=key, **more) for key in keys]
    actions.queue(city_id=city.pk, rows=rows, now=now)


def test_handles_what_is_due_oldest_first(city: City, now: dt.datetime) -> None:
    seen = Recorder()
    handlers.register("t", seen)
    put(city, now, "b", payload={"x": 1})
    put(city, now, "a", due_at=now - MINUTE)
    put(city, now, "later", due_at=now + MINUTE)
    assert worker.run(once=True) == 2
    assert seen.calls == [("a", {}), ("b", {"x": 1})]
    assert Outbox.objects.filter(done_at=now).count() == 2
    assert worker.run(once=True) == 0


def test_leaves_live_news_and_unknown_topics(city: City, now: dt.datetime) -> None:
    handlers.register("t", Recorder())
    handlers.register("live", Recorder())
    put(city, now, "news", topic="live")
    put(city, now, "x", topic="of a newer release")
    assert worker.run(once=True) == 0
    assert not Outbox.objects.exclude(attempts=0).exists()


def test_a_failure_is_tried_again_later_and_its_words_hide_people(
    city: City, now: dt.datetime, caplog: pytest.LogCaptureFixture
) -> None:
    handlers.register("t", Recorder(ValueError("rosa@example.org is not known")))
    put(city, now, "k")
    with caplog.at_level(logging.WARNING):
        worker.run(once=True)
    row = Outbox.objects.get()
    assert row.attempts == 1
    assert row.error.startswith("ValueError at __call__:")
    assert 1.6 <= (row.due_at - now).total_seconds() <= 2.4
    assert "rosa" not in row.error + caplog.text
    assert worker.run(once=True) == 0


def test_becomes_a_dead_letter_after_the_last_attempt_and_can_be_replayed(
    city: City, now: dt.datetime, frozen_clock: time_machine.Traveller
) -> None:
    broken = Recorder(handlers.TryAgain("The other side sleeps."))
    handlers.register("t", broken)
    put(city, now, "k")
    for _ in range(worker.MAX_ATTEMPTS + 3):
        worker.run(once=True)
        frozen_clock.shift(dt.timedelta(hours=2))
    row = Outbox.objects.get()
    assert row.dead
    assert row.error == "The other side sleeps."
    assert len(broken.calls) == worker.MAX_ATTEMPTS
    broken.problem = None
    actions.replay(ids=[row.pk], now=now)
    assert worker.run(once=True) == 1


def test_back_off_doubles_up_to_an_hour() -> None:
    for attempts, middle in ((1, 2), (5, 32), (11, 2048), (12, 3600), (40, 3600)):
        seconds = [worker.back_off(attempts) for _ in range(50)]
        assert middle * 0.8 <= min(seconds) <= max(seconds) <= middle * 1.2


def test_a_lease_that_ran_out_is_taken_over(
    city: City, now: dt.datetime, frozen_clock: time_machine.Traveller
) -> None:
    seen = Recorder()
    handlers.register("t", seen)
    put(city, now, "k")
    [lost] = worker.claim(now=now)
    assert worker.claim(now=now) == []
    frozen_clock.shift(worker.LEASE)
    assert worker.run(once=True) == 1
    assert not worker.handle(lost), "the first worker no longer owns the row"
    assert len(seen.calls) == 1


def test_a_row_that_kills_its_worker_is_buried(city: City, now: dt.datetime) -> None:
    handlers.register("t", Recorder())
    put(city, now, "k")
    Outbox.objects.update(attempts=worker.MAX_ATTEMPTS, lease_until=now - MINUTE)
    assert worker.run(once=True) == 0
    worker.housekeeping(now=now)
    assert Outbox.objects.get().dead


def test_what_was_not_begun_is_given_back(city: City, now: dt.datetime) -> None:
    handlers.register("t", Recorder())
    put(city, now, "a", "b", "c")
    stop = Event()
    stop.set()
    assert worker.work_off(worker.claim(now=now), stop=stop) == 1
    assert Outbox.objects.filter(attempts=0, lease_until=None).count() == 2


def test_a_recurring_job_runs_once_per_period(
    now: dt.datetime, frozen_clock: time_machine.Traveller
) -> None:
    runs: list[dt.datetime] = []
    handlers.every("sweep", 60, lambda *, now: runs.append(now))
    for _ in range(2):
        worker.run(once=True)
        worker._last_ticks.clear()  # as another worker would start
    frozen_clock.shift(MINUTE)
    worker.run(once=True)
    assert runs == [now, now + MINUTE]
    assert Tick.objects.exclude(done_at=None).count() == 2


def test_a_job_of_every_worker_runs_in_each_and_on_while_there_is_more() -> None:
    left = [True, True, False, False]
    handlers.every("sweep", 60, lambda *, now: left.pop(0), everywhere=True)
    worker.run(once=True)
    assert left == [False]
    worker.run(once=True)
    assert left == [False]
    worker._last_ticks.clear()  # as another worker would start
    worker.run(once=True)
    assert left == []
    assert Tick.objects.exclude(done_at=None).count() == 1


def test_a_recurring_job_that_fails_is_noted(now: dt.datetime) -> None:
    def broken(*, now: dt.datetime) -> None:
        raise KeyError("rosa@example.org")

    handlers.every("sweep", 60, broken)
    worker.run(once=True)
    assert Tick.objects.get().error.startswith("KeyError at broken:")


def test_one_topic_has_one_handler() -> None:
    handlers.register("t", Recorder())
    with pytest.raises(ValueError, match="handler already"):
        handlers.register("t", Recorder())
    handlers.every("n", 60, Recorder())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="registered already"):
        handlers.every("n", 60, Recorder())  # type: ignore[arg-type]
