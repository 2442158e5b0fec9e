"""Hours that hold for a part of every year."""

import datetime as dt

import pytest

from onehall.kernel.work_calendar import CalendarMistake, WorkCalendar

WEEK = {day: ["08:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
SUMMER = {"from": "06-15", "to": "08-31", "hours": {"mon": ["07:00-13:00"], "fri": []}}
WINTER = {"from": "11-15", "to": "02-10", "hours": {"sat": ["08:00-12:00"]}}


def calendar(*seasons: object, **more: object) -> WorkCalendar:
    doc = {"hours": WEEK, "seasons": list(seasons), **more}
    return WorkCalendar.from_doc(doc, "America/Los_Angeles")


def test_a_season_has_its_own_week_and_leaves_other_days_as_they_are() -> None:
    found = calendar(SUMMER)
    assert found.hours_on(dt.date(2026, 6, 15)) == ((420, 780),)
    assert found.hours_on(dt.date(2026, 6, 19)) == ()
    assert found.hours_on(dt.date(2026, 6, 16)) == ((480, 1020),)
    assert found.hours_on(dt.date(2026, 9, 7)) == ((480, 1020),)


def test_a_season_may_pass_the_new_year() -> None:
    found = calendar(WINTER)
    assert found.is_working_day(dt.date(2026, 12, 5))
    assert found.is_working_day(dt.date(2027, 2, 6))
    assert not found.is_working_day(dt.date(2027, 2, 13))


def test_due_times_follow_the_season_and_half_days_still_win() -> None:
    found = calendar(SUMMER, half_days=[{"date": "2026-07-06", "hours": ["10:00-12:00"]}])
    assert found.hours_on(dt.date(2026, 7, 6)) == ((600, 720),)
    thursday = dt.datetime(2026, 7, 9, 23, 0, tzinfo=dt.UTC)
    # Thursday has one hour left, Friday is closed, Monday works six.
    assert found.add_hours(thursday, 2) == dt.datetime(2026, 7, 13, 15, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("seasons", "words"),
    [
        ([SUMMER, SUMMER | {"from": "08-31", "to": "09-02"}], "overlaps"),
        ([SUMMER | {"from": "02-30"}], "not a day of the year"),
        ([{"from": "06-15", "hours": {}}], "not a day of the year"),
        ([SUMMER | {"hours": {"mon": ["13:00-07:00"]}}], "ends before it starts"),
        ([SUMMER | {"days": 3}], "is not one of"),
    ],
)
def test_mistakes_are_said_in_words(seasons: list[object], words: str) -> None:
    with pytest.raises(CalendarMistake, match=words):
        calendar(*seasons)
