"""Periods are whole local days up to today; the one before has the same length."""

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import pytest

from onehall.insights import periods
from onehall.insights.periods import Days

ZONE = ZoneInfo("America/Los_Angeles")
NOW = dt.datetime(2026, 11, 25, 23, 30, tzinfo=ZONE)


def test_thirty_days_end_with_today_and_start_at_midnight() -> None:
    found = periods.period("30", now=NOW, zone=ZONE)
    assert found.days == Days(dt.date(2026, 10, 27), dt.date(2026, 11, 25))
    assert found.before == dt.date(2026, 9, 27)
    assert found.start.isoformat() == "2026-10-27T00:00:00-07:00"
    assert found.end.isoformat() == "2026-11-26T00:00:00-08:00"
    assert len(found.edges) == 30


def test_today_is_the_day_of_the_city() -> None:
    utc = NOW.astimezone(dt.UTC)
    assert utc.date() == dt.date(2026, 11, 26)
    assert periods.period("7", now=utc, zone=ZONE).last == dt.date(2026, 11, 25)


def test_ninety_days_are_cut_into_weeks_of_which_only_the_first_is_shorter() -> None:
    found = periods.period("90", now=NOW, zone=ZONE)
    parts = [found.part(n) for n in range(len(found.cuts))]
    lengths = [(p.last - p.first).days + 1 for p in parts if p.first and p.last]
    assert lengths == [6] + [7] * 12
    assert parts[0].first == found.first
    assert parts[-1].last == found.last


@pytest.mark.parametrize(
    ("today", "first"), [("2026-11-25", "2025-11-26"), ("2028-02-28", "2027-02-28")]
)
def test_a_year_is_twelve_months(today: str, first: str) -> None:
    now = dt.datetime.fromisoformat(f"{today}T12:00").replace(tzinfo=ZONE)
    found = periods.period("year", now=now, zone=ZONE)
    assert len(found.cuts) == 12
    assert found.first == dt.date.fromisoformat(first)
    assert list(found.cuts) == sorted(set(found.cuts))


@pytest.mark.parametrize("key", periods.KEYS)
def test_parts_follow_one_another_on_every_day_of_years(key: periods.Key) -> None:
    for n in range(0, 1500, 7):
        found = periods.period(key, now=NOW + dt.timedelta(days=n), zone=ZONE)
        parts = [found.part(i) for i in range(len(found.cuts))]
        assert parts[0].first == found.first
        assert parts[-1].last == found.last
        for one, following in itertools.pairwise(parts):
            assert one.last is not None
            assert following.first == one.last + dt.timedelta(days=1)
        assert found.before < found.first


def test_ages_leave_no_day_out() -> None:
    found = periods.ages(now=NOW, zone=ZONE)
    assert found[0] == Days(dt.date(2026, 11, 19), dt.date(2026, 11, 25))
    assert found[-1].first is None
    for younger, older in itertools.pairwise(found):
        assert older.last is not None
        assert younger.first == older.last + dt.timedelta(days=1)
