"""The promise clock: set at the start, paused while we wait, never moved by waiting alone."""

import datetime as dt
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from onehall.casework import clock
from onehall.casework.clock import Clock
from onehall.catalog.services import Promise
from onehall.kernel.work_calendar import WorkCalendar

ZONE = ZoneInfo("America/Los_Angeles")
CALENDAR = WorkCalendar.from_doc(
    {
        "hours": {d: ["08:00-12:00", "13:00-17:00"] for d in ("mon", "tue", "wed", "thu", "fri")},
        "holidays": {"country": "US", "observed": True},
    },
    ZONE,
)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(dt.UTC)


moments = st.datetimes(
    dt.datetime(2025, 1, 1), dt.datetime(2029, 12, 31), timezones=st.just(dt.UTC)
)
promises = st.one_of(
    st.builds(Promise, hours=st.integers(1, 200)), st.builds(Promise, days=st.integers(0, 30))
)
waits = st.timedeltas(dt.timedelta(), dt.timedelta(days=60))


class TestDue:
    def test_hours_are_working_hours(self) -> None:
        assert clock.due(Promise(hours=8), at("2026-03-04 10:00"), CALENDAR) == at(
            "2026-03-05 10:00"
        )

    def test_days_end_with_the_working_day(self) -> None:
        assert clock.due(Promise(days=3), at("2026-03-04 10:00"), CALENDAR) == at(
            "2026-03-09 17:00"
        )

    def test_a_holiday_does_not_count(self) -> None:
        # Thanksgiving 2026 is November 26.
        assert clock.due(Promise(days=1), at("2026-11-25 09:00"), CALENDAR) == at(
            "2026-11-27 17:00"
        )

    def test_the_hour_that_a_clock_change_takes_is_nobodys(self) -> None:
        # The clocks go forward on Sunday, March 8, 2026.
        assert clock.due(Promise(hours=8), at("2026-03-06 13:00"), CALENDAR) == at(
            "2026-03-09 12:00"
        )
        assert clock.due(Promise(hours=8), at("2026-10-30 13:00"), CALENDAR) == at(
            "2026-11-02 12:00"
        )

    def test_nothing_promised_is_nothing_due(self) -> None:
        assert clock.due(Promise(), at("2026-03-04 10:00"), CALENDAR) is None
        assert clock.order(None) == clock.NEVER


class TestPause:
    def test_what_was_left_is_left_again(self) -> None:
        held = clock.pause(Clock(at("2026-03-05 10:00")), at("2026-03-04 15:00"))
        back = clock.resume(held, at("2026-03-16 08:00"), CALENDAR)
        assert back == Clock(at("2026-03-16 12:00"), None)

    def test_over_a_holiday_and_a_clock_change(self) -> None:
        held = clock.pause(Clock(at("2026-03-06 17:00")), at("2026-03-06 13:00"))
        assert clock.resume(held, at("2026-03-07 11:00"), CALENDAR).due_at == at("2026-03-09 12:00")
        held = clock.pause(Clock(at("2026-11-25 17:00")), at("2026-11-25 13:00"))
        assert clock.resume(held, at("2026-11-25 16:00"), CALENDAR).due_at == at("2026-11-27 11:00")

    def test_pausing_twice_keeps_the_first_pause(self) -> None:
        once = clock.pause(Clock(at("2026-03-05 10:00")), at("2026-03-04 15:00"))
        assert clock.pause(once, at("2026-03-04 16:00")) == once

    def test_going_on_twice_changes_nothing(self) -> None:
        running = Clock(at("2026-03-05 10:00"))
        assert clock.resume(running, at("2026-03-04 16:00"), CALENDAR) == running

    def test_missed_stays_missed(self) -> None:
        late = clock.pause(Clock(at("2026-03-05 10:00")), at("2026-03-06 10:00"))
        assert clock.resume(late, at("2026-04-06 10:00"), CALENDAR) == Clock(
            at("2026-03-05 10:00"), None
        )

    def test_without_promise_it_pauses_all_the_same(self) -> None:
        held = clock.pause(Clock(None), at("2026-03-04 15:00"))
        assert held == Clock(None, at("2026-03-04 15:00"))
        assert clock.resume(held, at("2026-03-09 15:00"), CALENDAR) == Clock(None, None)

    @given(promise=promises, opened=moments, before=waits, pause=waits)
    def test_a_pause_takes_no_working_time_and_gives_none(
        self, promise: Promise, opened: dt.datetime, before: dt.timedelta, pause: dt.timedelta
    ) -> None:
        due = clock.due(promise, opened, CALENDAR)
        assert due is not None
        stopped, again = opened + before, opened + before + pause
        back = clock.resume(clock.pause(Clock(due), stopped), again, CALENDAR)
        assert back.paused_at is None
        assert back.due_at is not None
        if due <= stopped:
            assert back.due_at == due
        else:
            assert back.due_at >= due
            left = CALENDAR.working_time(stopped, due)
            assert CALENDAR.working_time(again, back.due_at) == left

    @given(promise=promises, opened=moments, before=waits)
    def test_a_pause_of_no_time_changes_nothing(
        self, promise: Promise, opened: dt.datetime, before: dt.timedelta
    ) -> None:
        due = clock.due(promise, opened, CALENDAR)
        assert due is not None
        moment = opened + before
        assert clock.resume(clock.pause(Clock(due), moment), moment, CALENDAR).due_at == due

    @given(promise=promises, opened=moments, stops=st.lists(st.tuples(waits, waits), max_size=4))
    def test_many_pauses_give_the_same_working_time_in_all(
        self, promise: Promise, opened: dt.datetime, stops: list[tuple[dt.timedelta, dt.timedelta]]
    ) -> None:
        held = Clock(clock.due(promise, opened, CALENDAR))
        assert held.due_at is not None
        promised = CALENDAR.working_time(opened, held.due_at)
        moment, paused = opened, dt.timedelta()
        for work, pause in stops:
            moment += work
            if held.due_at is None or held.due_at <= moment:
                return
            paused += CALENDAR.working_time(moment, moment + pause)
            held = clock.pause(held, moment)
            moment += pause
            held = clock.resume(held, moment, CALENDAR)
        assert held.due_at is not None
        assert CALENDAR.working_time(opened, held.due_at) == promised + paused


class TestChange:
    @given(
        due=st.none() | moments,
        paused=st.none() | moments,
        promise=promises | st.just(Promise()),
        opened=moments,
        now=moments,
        sooner=st.booleans(),
    )
    def test_up_is_never_later_down_never_earlier_and_a_pause_stays(
        self,
        due: dt.datetime | None,
        paused: dt.datetime | None,
        promise: Promise,
        opened: dt.datetime,
        now: dt.datetime,
        sooner: bool,
    ) -> None:
        before = Clock(due, paused)
        found = clock.change(
            before, promise, sooner=sooner, opened_at=opened, now=now, calendar=CALENDAR
        )
        assert found.paused_at == paused
        assert (found.due_at is None) == (promise == Promise())
        if due is not None and found.due_at is not None:
            assert found.due_at <= due if sooner else found.due_at >= due
