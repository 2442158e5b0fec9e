"""Working time: opening hours, holidays, clock changes, and two cities' published figures."""

import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onehall.kernel.work_calendar import (
    WEEKDAYS,
    CalendarMistake,
    NoWorkingTime,
    WorkCalendar,
    count_days,
    on_time,
)
from tests.shared_data import rows

PACIFIC = ZoneInfo("America/Los_Angeles")
OFFICE = {day: ["08:00-17:00"] for day in WEEKDAYS[:5]}


def calendar(zone: str = "America/Los_Angeles", **doc) -> WorkCalendar:
    return WorkCalendar.from_doc({"hours": OFFICE, **doc}, zone)


def at(text: str, zone: ZoneInfo = PACIFIC) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


PLAIN = calendar()
US = calendar(holidays={"country": "US", "subdivision": "CA", "observed": True})
LUNCH = WorkCalendar.from_doc(
    {
        "hours": {
            "mon": ["08:00-12:00", "13:00-17:00"],
            "tue": ["00:00-24:00"],
            "wed": ["01:30-02:30", "02:30-03:30", "22:00-24:00"],
            "sun": ["00:00-01:30", "01:45-02:15", "02:45-04:00"],
        },
        "half_days": [{"date": "2026-12-24", "hours": ["08:00-12:00"]}],
    },
    PACIFIC,
)


class TestAddHours:
    def test_work_that_fits_ends_the_same_day(self):
        assert PLAIN.add_hours(at("2026-11-20 09:00"), 4) == at("2026-11-20 13:00")

    def test_a_promise_skips_the_weekend(self):
        assert PLAIN.add_hours(at("2026-11-20 16:00"), 4) == at("2026-11-23 11:00")

    def test_work_that_fills_the_day_is_due_at_closing_not_next_morning(self):
        assert PLAIN.add_hours(at("2026-11-20 08:00"), 9) == at("2026-11-20 17:00")
        assert PLAIN.add_hours(at("2026-11-20 18:00"), 9) == at("2026-11-23 17:00")

    def test_a_report_at_night_counts_from_opening(self):
        assert PLAIN.add_hours(at("2026-11-17 03:12"), 1.5) == at("2026-11-17 09:30")

    def test_lunch_is_not_work(self):
        assert LUNCH.add_hours(at("2026-11-16 11:00"), 2) == at("2026-11-16 14:00")

    def test_nothing_to_add_changes_nothing(self):
        assert PLAIN.add_hours(at("2026-11-22 12:00"), 0) == at("2026-11-22 12:00")

    def test_the_answer_is_in_utc(self):
        assert PLAIN.add_hours(at("2026-11-20 09:00"), 1).tzinfo is UTC

    def test_less_than_nothing_is_refused(self):
        with pytest.raises(ValueError, match="negative"):
            PLAIN.add_hours(at("2026-11-20 09:00"), -1)

    def test_naive_times_are_refused(self):
        with pytest.raises(ValueError, match="aware"):
            PLAIN.add_hours(datetime(2026, 11, 20, 9), 1)

    def test_a_promise_beyond_ten_years_is_refused(self):
        with pytest.raises(NoWorkingTime):
            PLAIN.add_hours(at("2026-11-20 09:00"), 30_000)

    def test_a_city_that_never_opens_is_an_error_not_a_loop(self):
        closed = WorkCalendar.from_doc({"hours": {}}, "UTC")
        start = datetime(2026, 1, 1, tzinfo=UTC)
        for ask in (closed.next_opening, lambda t: closed.add_hours(t, 1), lambda t: closed.add_days(t, 1)):  # fmt: skip
            with pytest.raises(NoWorkingTime):
                ask(start)

    def test_years_far_away_are_an_error(self):
        with pytest.raises(NoWorkingTime):
            PLAIN.add_hours(datetime(9999, 12, 1, tzinfo=UTC), 1)


class TestAddTimeEach:
    @given(
        minutes=st.integers(0, 4 * 366 * 24 * 60),
        hours=st.lists(st.floats(0, 3_000), max_size=4),
        which=st.sampled_from([PLAIN, US, LUNCH]),
    )
    def test_is_add_time_of_each(
        self, minutes: int, hours: list[float], which: WorkCalendar
    ) -> None:
        start = at("2024-01-01 00:00") + timedelta(minutes=minutes)
        spans = [timedelta(hours=hour) for hour in hours]
        assert which.add_time_each(start, spans) == [which.add_time(start, s) for s in spans]


class TestAddDays:
    def test_is_due_at_closing_of_the_nth_working_day(self):
        assert PLAIN.add_days(at("2026-11-19 10:00"), 1) == at("2026-11-20 17:00")
        assert PLAIN.add_days(at("2026-11-20 10:00"), 1) == at("2026-11-23 17:00")
        assert PLAIN.add_days(at("2026-11-20 10:00"), 3) == at("2026-11-25 17:00")

    def test_weekend_reports_count_from_monday(self):
        assert PLAIN.add_days(at("2026-11-21 10:00"), 1) == at("2026-11-23 17:00")

    def test_the_local_day_counts_not_the_utc_day(self):
        # 23:30 on Thursday in California is already Friday in UTC.
        assert PLAIN.add_days(at("2026-11-19 23:30"), 1) == at("2026-11-20 17:00")

    def test_zero_days_is_the_next_closing(self):
        assert PLAIN.add_days(at("2026-11-20 10:00"), 0) == at("2026-11-20 17:00")
        assert PLAIN.add_days(at("2026-11-20 17:00"), 0) == at("2026-11-23 17:00")

    def test_holidays_are_skipped(self):
        assert US.add_days(at("2026-11-25 10:00"), 1) == at("2026-11-30 17:00")


class TestHolidays:
    def test_a_holiday_on_a_sunday_is_kept_on_monday(self):
        assert not US.is_working_day(date(2021, 7, 5))
        assert US.holiday(date(2021, 7, 5)) == "Independence Day (observed)"

    def test_unless_observed_is_off(self):
        exact = calendar(holidays={"country": "US", "observed": False})
        assert exact.is_working_day(date(2021, 7, 5))

    def test_new_year_observed_in_december_of_the_year_before(self):
        assert not US.is_working_day(date(2021, 12, 31))

    def test_extra_holidays_close_the_city(self):
        own = calendar(extra_holidays=[{"date": "2026-11-16", "name": "Founding day"}])
        assert own.holiday(date(2026, 11, 16)) == "Founding day"
        assert not own.is_working_day(date(2026, 11, 16))

    def test_half_days_have_their_own_hours_even_on_a_holiday(self):
        half = calendar(
            holidays={"country": "US"}, half_days=[{"date": "2026-12-25", "hours": ["09:00-11:00"]}]
        )
        start = at("2026-12-25 00:00")
        assert half.working_time(start, at("2026-12-26 00:00")) == timedelta(hours=2)
        assert half.holiday(date(2026, 12, 25)) is None


class TestNextOpening:
    @pytest.mark.parametrize(
        ("moment", "opening"),
        [
            ("2026-11-20 10:00", "2026-11-20 10:00"),
            ("2026-11-20 08:00", "2026-11-20 08:00"),
            ("2026-11-20 17:00", "2026-11-23 08:00"),
            ("2026-11-20 07:59", "2026-11-20 08:00"),
            ("2026-12-31 18:00", "2027-01-04 08:00"),
        ],
    )
    def test_is_now_or_the_next_morning(self, moment, opening):
        assert US.next_opening(at(moment)) == at(opening)


class TestClockChanges:
    """Clocks in Los Angeles go forward on 2026-03-08 at 2:00 and back on 2026-11-01 at 2:00; both are Sundays."""

    ROUND = WorkCalendar.from_doc({"hours": {day: ["00:00-24:00"] for day in WEEKDAYS}}, PACIFIC)

    def test_a_day_that_never_closes_has_23_and_25_hours(self):
        day = self.ROUND.working_time
        assert day(at("2026-03-08 00:00"), at("2026-03-09 00:00")) == timedelta(hours=23)
        assert day(at("2026-11-01 00:00"), at("2026-11-02 00:00")) == timedelta(hours=25)

    def test_hours_are_added_in_real_time(self):
        assert self.ROUND.add_hours(at("2026-03-08 01:00"), 2) == at("2026-03-08 04:00")
        assert self.ROUND.add_hours(at("2026-11-01 00:30"), 3) == at("2026-11-01 02:30")

    def test_a_span_that_is_skipped_is_empty_and_one_that_reaches_into_the_gap_ends_at_it(self):
        spans = WorkCalendar.from_doc({"hours": {"sun": ["01:30-02:15", "02:20-02:40", "02:45-04:00"]}}, PACIFIC)  # fmt: skip
        whole = spans.working_time(at("2026-03-08 00:00"), at("2026-03-09 00:00"))
        assert whole == timedelta(minutes=30 + 60)
        assert spans.next_opening(at("2026-03-08 00:00")) == at("2026-03-08 01:30")
        assert spans.add_hours(at("2026-03-08 00:00"), 0.75) == at("2026-03-08 03:15")

    def test_the_repeated_hour_belongs_to_one_span(self):
        spans = WorkCalendar.from_doc({"hours": {"sun": ["01:00-01:30", "01:30-02:00"]}}, PACIFIC)
        whole = spans.working_time(at("2026-11-01 00:00"), at("2026-11-02 00:00"))
        assert whole == timedelta(hours=2)

    def test_closing_time_follows_the_wall_clock(self):
        assert PLAIN.add_days(at("2026-10-30 10:00"), 1) == datetime(2026, 11, 3, 1, tzinfo=UTC)
        assert PLAIN.add_days(at("2026-10-29 10:00"), 1) == datetime(2026, 10, 31, 0, tzinfo=UTC)


MOMENTS = st.one_of(
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),
    # The nights of the clock changes, more often than chance would pick them.
    st.datetimes(datetime(2026, 3, 8, 6), datetime(2026, 3, 8, 14)),
    st.datetimes(datetime(2026, 11, 1, 5), datetime(2026, 11, 1, 13)),
).map(lambda moment: moment.replace(tzinfo=UTC))
WORK = st.timedeltas(timedelta(), timedelta(days=20))
CALENDARS = st.sampled_from([PLAIN, US, LUNCH])


class TestProperties:
    @given(CALENDARS, MOMENTS, WORK)
    def test_what_was_added_can_be_measured(self, cal, start, work):
        assert cal.working_time(start, cal.add_time(start, work)) == work

    @given(CALENDARS, MOMENTS, WORK)
    def test_the_end_is_the_earliest_moment(self, cal, start, work):
        end = cal.add_time(start, work)
        if work:
            assert cal.working_time(start, end - timedelta(microseconds=1)) < work

    @given(CALENDARS, MOMENTS, WORK, WORK)
    def test_adding_twice_is_adding_once(self, cal, start, one, two):
        assert cal.add_time(cal.add_time(start, one), two) == cal.add_time(start, one + two)

    @given(CALENDARS, MOMENTS, MOMENTS, WORK)
    def test_who_starts_earlier_ends_no_later(self, cal, a, b, work):
        a, b = sorted((a, b))
        assert cal.add_time(a, work) <= cal.add_time(b, work)
        assert cal.next_opening(a) <= cal.next_opening(b)

    @given(CALENDARS, MOMENTS, MOMENTS, st.integers(0, 40))
    def test_days_are_monotone_and_end_at_a_closing(self, cal, a, b, days):
        a, b = sorted((a, b))
        assert cal.add_days(a, days) <= cal.add_days(b, days)
        due = cal.add_days(a, days)
        assert due > a
        assert cal.working_time(due - timedelta(microseconds=1), due) == timedelta(microseconds=1)

    @given(CALENDARS, MOMENTS, MOMENTS, MOMENTS)
    def test_time_adds_up(self, cal, a, b, c):
        assert cal.working_time(a, b) + cal.working_time(b, c) == cal.working_time(a, c)
        assert timedelta() <= cal.working_time(*sorted((a, b))) <= abs(b - a)

    @given(CALENDARS, MOMENTS)
    def test_the_next_opening_is_open_and_nothing_is_open_before(self, cal, moment):
        opening = cal.next_opening(moment)
        assert opening >= moment
        assert cal.working_time(moment, opening) == timedelta()
        assert cal.working_time(opening, opening + timedelta(microseconds=1))

    @settings(max_examples=25)
    @given(st.sampled_from(["Europe/Dublin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia"]), MOMENTS, WORK)  # fmt: skip
    def test_odd_zones_hold_too(self, zone, start, work):
        cal = calendar(zone)
        assert cal.working_time(start, cal.add_time(start, work)) == work


class TestAgainstTheSlowWay:
    def test_minute_by_minute(self):
        """Two weeks with a clock change, counted by walking."""
        start = at("2026-02-27 00:00")
        minute = timedelta(minutes=1)
        walked = 0
        for step in range(14 * 24 * 60):
            moment = start + step * minute
            local = moment.astimezone(PACIFIC)
            now = local.hour * 60 + local.minute
            if any(low <= now < high for low, high in LUNCH.hours_on(local.date())):
                walked += 1
        assert LUNCH.working_time(start, start + 14 * 24 * 60 * minute) == walked * minute


class TestThreads:
    def test_many_threads_share_one_calendar(self):
        shared = calendar(holidays={"country": "US"})
        starts = [datetime(2000 + n, 3, 4, tzinfo=UTC) for n in range(24)]
        wanted = [calendar(holidays={"country": "US"}).add_hours(start, 50) for start in starts]
        found: dict[int, datetime] = {}

        def work(n: int) -> None:
            found[n] = shared.add_hours(starts[n], 50)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [found[n] for n in range(24)] == wanted


class TestFromDoc:
    @pytest.mark.parametrize(
        ("doc", "words"),
        [
            ({"hours": {"monday": []}}, '"monday" is not one of'),
            ({"hours": None}, "hours: a mapping"),
            ({"hours": {"mon": ["8-17"]}}, "not a span like 08:00-17:00"),
            ({"hours": {"mon": ["17:00-08:00"]}}, "ends before it starts"),
            ({"hours": {"mon": ["08:00-24:30"]}}, "after midnight"),
            ({"hours": {"mon": ["08:00-12:00", "11:00-13:00"]}}, "overlaps"),
            ({"hours": {"mon": "08:00-17:00"}}, "hours.mon: a list"),
            (
                {"hours": {}, "holidays": {"country": "Narnia"}},
                'No holidays are known for "Narnia"',
            ),
            ({"hours": {}, "holidays": {"country": "US", "subdivision": "ZZ"}}, "US ZZ"),
            ({"hours": {}, "holidays": {"country": "US", "observed": "yes"}}, "true or false"),
            ({"hours": {}, "extra_holidays": [{"date": "27.11.2026"}]}, "not a day like"),
            ({"hours": {}, "half_days": [{"day": "2026-11-27"}]}, '"day" is not one of'),
            ({"hours": {}, "half_days": {}}, "half_days: a list"),
            ({"hours": {}, "lunch": {}}, '"lunch" is not one of'),
        ],
    )
    def test_says_what_is_wrong_and_where(self, doc, words):
        with pytest.raises(CalendarMistake) as no:
            WorkCalendar.from_doc(doc, "UTC")
        assert words in str(no.value)


class TestRealCities:
    def test_santa_monica_days_to_respond(self):
        """The published figure of every request with both dates, 2005 to 2015."""
        weekdays = WorkCalendar.from_doc({"hours": OFFICE}, "America/Los_Angeles")
        checked = 0
        for row in rows("311/santa-monica-gorequest-2005-2015.csv.gz"):
            if not row["Response Date"]:
                continue
            asked, answered = (
                datetime.strptime(row[name], "%m/%d/%Y").date()
                for name in ("Request Date", "Response Date")
            )
            days = count_days(
                weekdays, asked, answered, count_both_ends=True, weekend_end_counts=True
            )
            assert days == int(row["Days to Respond"]), row["Request ID"]
            checked += 1
        assert checked == 49_031

    def test_boston_on_time(self):
        """The published verdict, by the due and closing times of every case of the second half of 2011."""
        boston = ZoneInfo("America/New_York")

        def moment(text: str) -> datetime | None:
            return at(text, boston) if text else None

        both = blank = 0
        for row in rows("311/boston-311-2011-h2.csv.gz"):
            if not row["ontime"]:
                blank += 1
                continue
            due, done = moment(row["target_dt"]), moment(row["closed_dt"])
            assert on_time(due, done) == (row["ontime"] == "ONTIME"), row["case_enquiry_id"]
            both += bool(due and done)
        assert (both, blank) == (43_664, 158)


class TestRules:
    def test_count_days_without_the_first_day(self):
        monday, friday = date(2026, 11, 16), date(2026, 11, 20)
        assert count_days(PLAIN, monday, friday, count_both_ends=True, weekend_end_counts=False) == 5  # fmt: skip
        assert count_days(PLAIN, monday, friday, count_both_ends=False, weekend_end_counts=False) == 4  # fmt: skip
        assert count_days(PLAIN, friday, monday, count_both_ends=True, weekend_end_counts=True) == 0

    def test_open_work_is_judged_now(self):
        due = at("2026-11-20 17:00")
        assert on_time(due, None, now=due)
        assert not on_time(due, None, now=due + timedelta(seconds=1))
        assert not on_time(due, None)
        assert on_time(None, None)
