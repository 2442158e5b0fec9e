"""Timers: fire once, whoever sweeps, and never for a state that the case has left."""

import datetime as dt
import threading

import pytest
from django.db import DatabaseError, connection, transaction

from onehall.casework import tasks, timers
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, Timer
from onehall.places.models import City
from onehall.service_requests import joining
from tests.cast import START, Cast, build, entries, sound

DAY = dt.timedelta(days=1)


def settles(case: Case) -> int:
    return sum(1 for e in entries(case) if e.data.get("purpose") == "settle")


@pytest.mark.django_db
class TestSweep:
    def fire_next(self, cast: Cast) -> None:
        taken = timers.claim(now=START)
        assert taken is not None
        timers.fire(taken, city=cast.city, now=START)

    def test_settles_what_nobody_answered_and_not_a_moment_before(self, cast: Cast) -> None:
        case = cast.case()
        cast.finish(case)
        assert tasks.sweep_timers(START + 7 * DAY - dt.timedelta(seconds=1)) == 0
        assert sound(case).state == "done"
        assert tasks.sweep_timers(START + 7 * DAY) == 1
        stored = sound(case)
        assert (stored.state, stored.closed_at) == ("closed", START)
        assert entries(case)[-1].actor_kind == "system"
        assert tasks.sweep_timers(START + 8 * DAY) == 0
        assert settles(case) == 1

    def test_missed_sweeps_catch_up_in_order(self, cast: Cast) -> None:
        first, second = cast.case(), cast.case()
        cast.finish(second, now=START)
        cast.finish(first, now=START + DAY)
        assert tasks.sweep_timers(START + 100 * DAY) == 2
        assert {sound(first).state, sound(second).state} == {"closed"}

    def test_a_stale_timer_does_nothing_after_a_reopening(self, cast: Cast) -> None:
        case = cast.case()
        cast.finish(case)
        cast.move(case, "dispute", cast.sam, now=START + DAY)
        assert tasks.sweep_timers(START + 7 * DAY) == 0
        assert sound(case).state == "checked"
        cast.finish(case, now=START + 8 * DAY)
        assert tasks.sweep_timers(START + 9 * DAY) == 0
        assert sound(case).state == "done"
        assert tasks.sweep_timers(START + 15 * DAY) == 1
        assert settles(case) == 1

    def test_waiting_for_an_answer_ends_some_day(self, cast: Cast) -> None:
        case = cast.case()
        cast.move(case, "ask", words="Which side?")
        assert tasks.sweep_timers(START + 14 * DAY) == 1
        stored = sound(case)
        assert (stored.state, stored.paused_at) == ("closed", None)

    def test_nothing_fires_while_a_case_is_joined_and_undoing_it_gives_the_whole_time_again(
        self, cast: Cast
    ) -> None:
        into, case = cast.case(), cast.case()
        cast.move(case, "ask", words="Which side?")
        joining.join(
            city=cast.city, case_id=case.id, into_number=into.number, by=cast.dana, now=START
        )
        assert tasks.sweep_timers(START + 20 * DAY) == 0
        joining.unjoin(city=cast.city, case_id=case.id, by=cast.dana, now=START + 21 * DAY)
        assert sound(case).state == "waiting"
        assert tasks.sweep_timers(START + 34 * DAY) == 0
        assert tasks.sweep_timers(START + 35 * DAY) == 1
        assert sound(case).state == "closed"

    def test_a_refused_move_is_let_go_of_and_holds_up_nobody(
        self, cast: Cast, caplog: pytest.LogCaptureFixture
    ) -> None:
        case, good = cast.case(), cast.case()
        cast.finish(good)
        bad = Timer.objects.create(
            city=cast.city, case=case, entered=case.entered, move="reopen", at=START
        )
        with pytest.raises(MoveRefused), transaction.atomic():
            self.fire_next(cast)
        bad.refresh_from_db()
        assert bad.fired_at is None
        assert tasks.sweep_timers(START + 7 * DAY) == 1
        bad.refresh_from_db()
        assert bad.fired_at is not None
        assert "timer.refused" in caplog.text
        assert sound(case).state == "received"

    def test_a_failing_timer_is_tried_again_later_and_holds_up_nobody(
        self, cast: Cast, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case, good = cast.case(), cast.case()
        cast.finish(case)
        cast.finish(good, now=START + dt.timedelta(minutes=1))
        plain = timers.fire

        def fire(timer: timers.Claimed, *, city: City, now: dt.datetime) -> bool:
            if timer.case_id == case.pk:
                raise KeyError("lost")
            return plain(timer, city=city, now=now)

        monkeypatch.setattr(timers, "fire", fire)
        assert tasks.sweep_timers(START + 8 * DAY) == 1
        assert sound(good).state == "closed"
        assert Timer.objects.get(case=case).at == START + 8 * DAY + timers.back_off(1)
        assert "timer.failed" in caplog.text

    def test_a_worker_takes_some_and_says_whether_there_are_more(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(3):
            cast.finish(cast.case())
        monkeypatch.setattr(tasks, "AT_ONCE", 2)
        assert tasks.sweep_some(now=START + 8 * DAY)
        assert Timer.objects.filter(fired_at=None).count() == 1
        assert not tasks.sweep_some(now=START + 8 * DAY)
        assert not Timer.objects.filter(fired_at=None).exists()

    def test_a_timer_of_another_city_does_not_fire_here(self, cast: Cast) -> None:
        case = cast.case()
        cast.finish(case)
        other = City.objects.create(slug="other", name="Other", languages=["en"])
        timer = timers.claim(now=START + 9 * DAY)
        assert timer is not None
        with pytest.raises(Case.DoesNotExist):
            timers.fire(timer, city=other, now=START + 9 * DAY)


@pytest.mark.django_db(transaction=True)
def test_two_workers_sweeping_at_once_settle_each_case_once() -> None:
    cast = build()
    cases = [cast.case() for _ in range(6)]
    for case in cases:
        cast.finish(case)
    start = threading.Barrier(3)
    fired: list[int] = []

    def sweep() -> None:
        try:
            start.wait(10)
            fired.append(tasks.sweep_timers(START + 8 * DAY))
        finally:
            connection.close()

    workers = [threading.Thread(target=sweep) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sum(fired) == len(cases)
    assert [settles(case) for case in cases] == [1] * len(cases)
    for case in cases:
        sound(case)


def broken(monkeypatch: pytest.MonkeyPatch, *cases: Case, statement: str = "SELECT 1/0") -> None:
    """Timers of these cases fail in the database when they fire."""
    plain, pks = timers.fire, {case.pk for case in cases}

    def fire(timer: timers.Claimed, *, city: City, now: dt.datetime) -> bool:
        if timer.case_id in pks:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        return plain(timer, city=city, now=now)

    monkeypatch.setattr(timers, "fire", fire)


@pytest.mark.django_db
class TestOneThatFailsInTheDatabase:
    def test_holds_up_nobody(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        case, good = cast.case(), cast.case()
        cast.finish(case)
        cast.finish(good, now=START + dt.timedelta(minutes=1))
        broken(monkeypatch, case)
        assert tasks.sweep_timers(START + 8 * DAY) == 1
        assert (sound(good).state, sound(case).state) == ("closed", "done")
        bad = Timer.objects.get(case=case)
        assert (bad.fired_at, bad.attempts) == (None, 1)
        assert bad.at == START + 8 * DAY + dt.timedelta(minutes=1)
        assert bad.error.startswith("DataError")

    @pytest.mark.parametrize(
        "statement", ["SELECT no_such_column", "UPDATE casework_case SET number = NULL"]
    )
    def test_whatever_the_database_says(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch, statement: str
    ) -> None:
        case = cast.case()
        cast.finish(case)
        broken(monkeypatch, case, statement=statement)
        assert tasks.sweep_timers(START + 8 * DAY) == 0
        assert Timer.objects.get(case=case).attempts == 1

    def test_waits_longer_each_time_and_is_given_up_at_last(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        case = cast.case()
        cast.finish(case)
        with monkeypatch.context() as patched:
            broken(patched, case)
            now, waits = START + 8 * DAY, []
            for _ in range(timers.MOST_ATTEMPTS - 1):
                tasks.sweep_timers(now)
                waits.append(Timer.objects.get(case=case).at - now)
                now += waits[-1]
            tasks.sweep_timers(now)
            assert [w.total_seconds() / 60 for w in waits] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
            bad = Timer.objects.get(case=case)
            assert (bad.parked_at, bad.fired_at, bad.attempts) == (now, now, timers.MOST_ATTEMPTS)
            assert "timer.parked" in caplog.text
            assert timers.claim(now=now + DAY) is None
        assert list(timers.parked()) == [bad]
        assert timers.retry(city=cast.city, ids=[bad.pk], now=now) == 1
        assert tasks.sweep_timers(now) == 1
        assert sound(case).state == "closed"
        assert not timers.parked().exists()

    def test_is_no_trouble_any_more_when_the_case_went_on(self, cast: Cast) -> None:
        case = cast.case()
        cast.finish(case)
        Timer.objects.filter(case=case).update(parked_at=START, fired_at=START)
        assert timers.parked().exists()
        cast.move(case, "dispute", cast.sam, now=START + DAY)
        assert not timers.parked().exists()

    def test_another_city_brings_nothing_back(self, cast: Cast) -> None:
        case = cast.case()
        cast.finish(case)
        Timer.objects.filter(case=case).update(parked_at=START, fired_at=START)
        other = City.objects.create(slug="other", name="Other", languages=["en"])
        ids = list(timers.parked().values_list("pk", flat=True))
        assert timers.retry(city=other, ids=ids, now=START) == 0

    def test_a_lost_database_is_no_fault_of_the_timer(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case = cast.case()
        cast.finish(case)
        broken(monkeypatch, case)
        monkeypatch.setattr(tasks, "_database_answers", lambda: False)
        with pytest.raises(DatabaseError):
            tasks.sweep_timers(START + 8 * DAY)
        assert Timer.objects.get(case=case).attempts == 0

    def test_nor_do_ladders_and_reminders_wait_behind_one(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = cast.case(), cast.case()
        Case.objects.filter(pk=first.pk).update(ladder_at=START)
        Case.objects.filter(pk=second.pk).update(ladder_at=START + dt.timedelta(minutes=1))
        climbed = []

        def climb(*, city: City, case_id: int, now: dt.datetime) -> bool:
            if case_id == first.pk:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("SELECT 1/0")
            climbed.append((city, case_id, now))
            return True

        monkeypatch.setattr(timers, "climb", climb)
        assert tasks.sweep_ladders(START + DAY) == 1
        assert [pk for _, pk, _ in climbed] == [second.pk]
        first.refresh_from_db()
        assert first.ladder_at == START + DAY + tasks.PUT_OFF
