"""Working time of a city: opening hours, holidays, and exact arithmetic on them across daylight saving changes.

All moments are aware and come back in UTC. The open spans of whole years are kept as sorted microseconds with running
totals, so every question is a binary search; a year is worked out once.
"""

import re
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from onehall.kernel import public_holidays
from onehall.kernel.public_holidays import UnknownHolidays

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_YEARS: Final = 10
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2300

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)
_SPAN: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")

type Spans = tuple[tuple[int, int], ...]


class CalendarMistake(ValueError):
    """The calendar document cannot be used; the words say which part and why."""


class NoWorkingTime(ValueError):
    """The answer lies more than ten years away, or outside the years that a calendar covers."""


@dataclass(frozen=True)
class _Index:
    """The open spans of some whole years in order: starts and ends in microseconds, and the open time before each.

    `days` are the ordinals of the working days, `closings` when each of them ends.
    """

    first_year: int
    last_year: int
    starts: Sequence[int]
    ends: Sequence[int]
    before: Sequence[int]
    days: Sequence[int]
    closings: Sequence[int]

    def worked(self, moment: int) -> int:
        """Open time from the beginning of the index up to a moment."""
        place = bisect_right(self.starts, moment) - 1
        if place < 0:
            return 0
        return self.before[place] + min(moment, self.ends[place]) - self.starts[place]

    def reached(self, worked: int) -> int | None:
        """The earliest moment at which that much open time has passed (> 0); None when the index ends before."""
        place = bisect_left(self.before, worked) - 1
        moment = self.starts[place] + worked - self.before[place] if place >= 0 else 0
        return moment if place >= 0 and moment <= self.ends[place] else None


@dataclass(frozen=True)
class Season:
    """A part of every year, both days included as (month, day), with its own week. It may pass the new year."""

    first: tuple[int, int]
    last: tuple[int, int]
    week: tuple[Spans, ...]

    def holds(self, day: date) -> bool:
        """Whether a local day lies in it."""
        here = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """When a city works. Build it with `from_doc` and keep it: years are worked out on first use, safely in threads."""

    zone: ZoneInfo
    week: tuple[Spans, ...]
    """Seven weekdays from Monday; each span is minutes after midnight, start and end."""
    special: Mapping[date, Spans] = field(default_factory=dict)
    """Days with hours of their own (half days), which win over week and holidays."""
    extra: Mapping[date, str] = field(default_factory=dict)
    """Further closed days with their names."""
    seasons: tuple["Season", ...] = ()
    """Parts of every year with hours of their own."""
    public: Callable[[int], Mapping[date, str]] = public_holidays.none
    """Public holidays of a year."""
    _years: dict[int, Sequence[tuple[int, int, int]]] = field(default_factory=dict, repr=False)
    _indexes: list[_Index] = field(default_factory=list, repr=False)
    _building: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any], tz: ZoneInfo | str) -> "WorkCalendar":
        """Read a calendar document (the shape of calendar.yaml). CalendarMistake says what is wrong with it."""
        _known("calendar", doc, {"hours", "seasons", "holidays", "extra_holidays", "half_days"})
        hours = _mapping("hours", doc.get("hours"))
        _known("hours", hours, set(WEEKDAYS))
        week = tuple(_spans(f"hours.{day}", hours.get(day)) for day in WEEKDAYS)
        return cls(
            zone=ZoneInfo(tz) if isinstance(tz, str) else tz,
            week=week,
            seasons=_seasons(doc.get("seasons"), week),
            special={
                _day("half_days", item): _spans("half_days.hours", item.get("hours"))
                for item in _items("half_days", doc.get("half_days"), {"date", "hours", "name"})
            },
            extra={
                _day("extra_holidays", item): str(item.get("name") or "")
                for item in _items("extra_holidays", doc.get("extra_holidays"), {"date", "name"})
            },
            public=_public(doc.get("holidays")),
        )

    # Days

    def holiday(self, day: date) -> str | None:
        """The name of the holiday on a local day ("" when it has none), else None. A half day is not a holiday."""
        if day in self.special:
            return None
        return self.extra[day] if day in self.extra else self.public(day.year).get(day)

    def hours_on(self, day: date) -> Spans:
        """Open spans of a local day in minutes after midnight, sorted; () when closed."""
        if day in self.special:
            return self.special[day]
        return () if self.holiday(day) is not None else self._usual(day)[day.weekday()]

    def _usual(self, day: date) -> tuple[Spans, ...]:
        """The week that holds on a day: that of its season, or the usual one."""
        return next((s.week for s in self.seasons if s.holds(day)), self.week)

    def is_working_day(self, day: date) -> bool:
        """Whether the city works at all on a local day."""
        return bool(self.hours_on(day))

    # Moments

    def add_hours(self, start: datetime, hours: float) -> datetime:
        """The moment when that many working hours have passed since `start`; see `add_time`."""
        return self.add_time(start, timedelta(hours=hours))

    def add_time(self, start: datetime, working: timedelta) -> datetime:
        """The earliest moment by which that much working time has passed: work that fills a day is due at its closing.

        Zero gives `start` itself. ValueError when negative; NoWorkingTime when the end is over ten years away.
        """
        if working < timedelta():
            raise ValueError("Working time to add cannot be negative.")
        moment = _micros(start)
        if not working:
            return _aware(moment)
        wanted = working // _MICRO
        year = start.astimezone(self.zone).year
        for ahead in range(1, MAX_YEARS + 2):
            index = self._index(year, year + ahead)
            end = index.reached(index.worked(moment) + wanted)
            if end is not None and _within(moment, end):
                return _aware(end)
        raise NoWorkingTime(f"There is not that much working time within {MAX_YEARS} years.")

    def add_time_each(self, start: datetime, spans: Iterable[timedelta]) -> list[datetime]:
        """`add_time` of several spans from the same moment, which is looked up once."""
        moment = _micros(start)
        year = start.astimezone(self.zone).year
        index = self._index(year, year + 1)
        worked, found = index.worked(moment), []
        for span in spans:
            end = index.reached(worked + span // _MICRO) if span > timedelta() else None
            # What is far away, nothing or negative is for the one that knows of these.
            near = end is not None and _within(moment, end)
            found.append(_aware(end) if near and end else self.add_time(start, span))
        return found

    def add_days(self, start: datetime, days: int) -> datetime:
        """The closing time of the n-th working day after the local day of `start`.

        With 0: the next closing time, of the same day while the city still works or will. NoWorkingTime as `add_time`.
        """
        if days < 0:
            raise ValueError("Working days to add cannot be negative.")
        moment = _micros(start)
        day = start.astimezone(self.zone).date()
        for ahead in range(1, MAX_YEARS + 2):
            index = self._index(day.year, day.year + ahead)
            if days:
                place = bisect_right(index.days, day.toordinal()) + days - 1
            else:
                place = bisect_right(index.closings, moment)
            if place < len(index.closings) and _within(moment, index.closings[place]):
                return _aware(index.closings[place])
        raise NoWorkingTime(f"There are not that many working days within {MAX_YEARS} years.")

    def working_time(self, a: datetime, b: datetime) -> timedelta:
        """Open time between two moments; negative when `b` is before `a`."""
        low, high = sorted((a.astimezone(self.zone).year, b.astimezone(self.zone).year))
        index = self._index(low, high)
        return (index.worked(_micros(b)) - index.worked(_micros(a))) * _MICRO

    def next_opening(self, moment: datetime) -> datetime:
        """`moment` itself while the city works, else when it next opens. NoWorkingTime when it does not in ten years."""
        now = _micros(moment)
        year = moment.astimezone(self.zone).year
        for ahead in range(1, MAX_YEARS + 2):
            index = self._index(year, year + ahead)
            place = bisect_right(index.ends, now)
            if place < len(index.starts):
                opening = max(now, index.starts[place])
                if _within(now, opening):
                    return _aware(opening)
        raise NoWorkingTime(f"There is no opening within {MAX_YEARS} years.")

    # Years

    def _index(self, first: int, last: int) -> _Index:
        """An index that covers the years from the one before `first`, so that no zone's new year falls outside."""
        first -= 1
        for index in self._indexes:
            if index.first_year <= first and last <= index.last_year:
                return index
        if first < _FIRST_YEAR or last > _LAST_YEAR:
            raise NoWorkingTime(f"Calendars cover the years {_FIRST_YEAR + 1} to {_LAST_YEAR}.")
        with self._building:
            for index in self._indexes:
                first, last = min(first, index.first_year), max(last, index.last_year)
            index = self._built(first, last)
            # Replaced in one step: a reader sees the old index or the new one, never half of one.
            self._indexes[:] = [index]
            return index

    def _built(self, first: int, last: int) -> _Index:
        starts: list[int] = []
        ends: list[int] = []
        before: list[int] = []
        closings: dict[int, int] = {}
        total = 0
        for year in range(first, last + 1):
            for day, start, end in self._year(year):
                starts.append(start)
                ends.append(end)
                before.append(total)
                closings[day] = end
                total += end - start
        return _Index(first, last, starts, ends, before, list(closings), list(closings.values()))

    def _year(self, year: int) -> Sequence[tuple[int, int, int]]:
        """(ordinal of the day, start, end) of each open span of a local year."""
        if year not in self._years:
            first = date(year, 1, 1).toordinal()
            after = date(year + 1, 1, 1).toordinal()
            self._years[year] = [
                (day, start, end)
                for day in range(first, after)
                for start, end in self._open(date.fromordinal(day))
            ]
        return self._years[year]

    def _open(self, day: date) -> list[tuple[int, int]]:
        """The open spans of a local day as UTC microseconds; a span that a clock change swallows is left out."""
        spans = [
            (self._instant(day, start), self._instant(day, end))
            for start, end in self.hours_on(day)
        ]
        return [(start, end) for start, end in spans if start < end]

    def _instant(self, day: date, minutes: int) -> int:
        """UTC microseconds of a wall time; the first of two when clocks go back, the change itself when it is skipped."""
        wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - wall time on purpose
        first, second = (_micros(wall.replace(tzinfo=self.zone, fold=fold)) for fold in (0, 1))
        if first <= second:
            return first
        # Skipped: `second` lies before the change and `first` after it; halve until the change is found.
        low, high = second, first
        offset = _aware(low).astimezone(self.zone).utcoffset()
        while high - low > 1:
            middle = (low + high) // 2
            if _aware(middle).astimezone(self.zone).utcoffset() == offset:
                low = middle
            else:
                high = middle
        return high


# Rules on days and due times


def count_days(
    calendar: WorkCalendar, a: date, b: date, *, count_both_ends: bool, weekend_end_counts: bool
) -> int:
    """Working days from `a` to `b`; 0 when `b` is before `a`.

    `count_both_ends` counts `a` too, not only the days after it. `weekend_end_counts` adds one when `b` is a Saturday or
    Sunday on which the city does not work: an answer given then still took that day.
    """
    if b < a:
        return 0
    first = a.toordinal() + (0 if count_both_ends else 1)
    days = map(date.fromordinal, range(first, b.toordinal() + 1))
    worked = sum(map(calendar.is_working_day, days))
    late = weekend_end_counts and b.weekday() >= 5 and not calendar.is_working_day(b)
    return worked + int(late)


def on_time(due: datetime | None, done: datetime | None, *, now: datetime | None = None) -> bool:
    """Whether work was done by its due time; nothing due is always on time.

    Work that is still open is judged at `now`, and counts as late when no `now` is given.
    """
    if due is None:
        return True
    judged = now if done is None else done
    return judged is not None and judged <= due


# Reading the document


def _public(doc: object) -> Callable[[int], Mapping[date, str]]:
    if not doc:
        return public_holidays.none
    wanted = _mapping("holidays", doc)
    _known("holidays", wanted, {"country", "subdivision", "observed"})
    observed = wanted.get("observed", True)
    if not isinstance(observed, bool):
        raise CalendarMistake('holidays: "observed" is true or false.')
    try:
        return public_holidays.of(
            str(wanted.get("country") or ""), wanted.get("subdivision") or None, observed=observed
        )
    except UnknownHolidays as error:
        raise CalendarMistake(f"holidays: {error}") from error


def _mapping(name: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise CalendarMistake(f"{name}: a mapping is needed.")
    return value


def _known(name: str, value: Mapping[str, Any], known: set[str]) -> None:
    for key in value:
        if key not in known:
            raise CalendarMistake(f'{name}: "{key}" is not one of {", ".join(sorted(known))}.')


def _items(name: str, value: object, known: set[str]) -> list[Mapping[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise CalendarMistake(f"{name}: a list is needed.")
    items = [_mapping(name, item) for item in value]
    for item in items:
        _known(name, item, known)
    return items


def _day(name: str, item: Mapping[str, Any]) -> date:
    value = item.get("date")
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise CalendarMistake(f'{name}: "{value}" is not a day like 2026-11-27.') from None


_MONTH_DAY: Final = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


def _month_day(name: str, value: object) -> tuple[int, int]:
    found = _MONTH_DAY.fullmatch(str(value or ""))
    try:
        if found:
            # A leap year, so that February 29 may bound a season.
            day = date(2024, int(found[1]), int(found[2]))
            return day.month, day.day
    except ValueError:
        pass
    raise CalendarMistake(f'{name}: "{value}" is not a day of the year like "06-15".')


def _seasons(doc: object, usual: tuple[Spans, ...]) -> tuple[Season, ...]:
    found: list[Season] = []
    for item in _items("seasons", doc, {"from", "to", "hours", "name"}):
        hours = _mapping("seasons.hours", item.get("hours"))
        _known("seasons.hours", hours, set(WEEKDAYS))
        week = tuple(
            _spans(f"seasons.hours.{day}", hours[day]) if day in hours else usual[number]
            for number, day in enumerate(WEEKDAYS)
        )
        season = Season(
            _month_day("seasons.from", item.get("from")),
            _month_day("seasons.to", item.get("to")),
            week,
        )
        leap_year = (date.fromordinal(date(2024, 1, 1).toordinal() + n) for n in range(366))
        if any(season.holds(day) and any(s.holds(day) for s in found) for day in leap_year):
            raise CalendarMistake(
                f'seasons: the one from "{item.get("from")}" overlaps one above it.'
            )
        found.append(season)
    return tuple(found)


def _spans(name: str, value: object) -> Spans:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise CalendarMistake(f'{name}: a list like ["08:00-12:00", "13:00-17:00"] is needed.')
    spans: list[tuple[int, int]] = []
    for text in value:
        found = _SPAN.fullmatch(str(text))
        if not found:
            raise CalendarMistake(f'{name}: "{text}" is not a span like 08:00-17:00.')
        h1, m1, h2, m2 = map(int, found.groups())
        start, end = h1 * 60 + m1, h2 * 60 + m2
        if not start < end <= 24 * 60:
            raise CalendarMistake(f'{name}: "{text}" ends before it starts or after midnight.')
        if spans and start < spans[-1][1]:
            raise CalendarMistake(f'{name}: "{text}" overlaps or comes before the span above it.')
        spans.append((start, end))
    return tuple(spans)


def _micros(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError("A working calendar needs aware times.")
    return (moment - _EPOCH) // _MICRO


def _aware(micros: int) -> datetime:
    return _EPOCH + micros * _MICRO


def _within(start: int, end: int) -> bool:
    return end - start <= MAX_YEARS * 366 * 86_400_000_000
