"""Periods of figures: whole local days up to today, with the same length before, cut into days, weeks or months."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

type Key = Literal["7", "30", "90", "year"]

KEYS: Final[tuple[Key, ...]] = ("7", "30", "90", "year")
AGES: Final = (7, 30, 90, 365)
"""Days that separate the ages of open cases, today counted as the first."""


@dataclass(frozen=True, slots=True)
class Days:
    """Local days, both counted; None leaves that side open."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Period:
    """A choice of days, ending with today. `cuts` are the first days of its parts, in order."""

    key: Key
    first: date
    last: date
    before: date
    cuts: tuple[date, ...]
    zone: ZoneInfo

    @property
    def days(self) -> Days:
        """The days of the period."""
        return Days(self.first, self.last)

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The moment at which it is over."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def before_start(self) -> datetime:
        """The first moment of the period before."""
        return midnight(self.before, self.zone)

    @property
    def edges(self) -> list[datetime]:
        """The first moments of its parts."""
        return [midnight(cut, self.zone) for cut in self.cuts]

    def part(self, index: int) -> Days:
        """The days of one part."""
        following = [*self.cuts[1:], self.last + timedelta(days=1)]
        return Days(self.cuts[index], following[index] - timedelta(days=1))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a local day."""
    return datetime.combine(day, time(), zone)


def period(key: Key, *, now: datetime, zone: ZoneInfo) -> Period:
    """The period of this name that ends with today."""
    today = now.astimezone(zone).date()
    after = today + timedelta(days=1)
    if key == "year":
        cuts = tuple(_months_back(after, 12 - n) for n in range(12))
        return Period(key, cuts[0], today, _months_back(after, 24), cuts, zone)
    length = int(key)
    first = after - timedelta(days=length)
    step = 7 if key == "90" else 1
    # Counted back from today, so that the newest parts are whole; the first one may be shorter.
    back = range(((length - 1) // step) * step + step, 0, -step)
    cuts = tuple(max(first, after - timedelta(days=n)) for n in back)
    return Period(key, first, today, first - timedelta(days=length), cuts, zone)


def ages(*, now: datetime, zone: ZoneInfo) -> list[Days]:
    """The days on which open cases of each age came in, youngest first."""
    today = now.astimezone(zone).date()
    firsts = [today - timedelta(days=n - 1) for n in AGES]
    lasts = [today, *(day - timedelta(days=1) for day in firsts)]
    return [Days(first, last) for first, last in zip([*firsts, None], lasts, strict=True)]


def _months_back(day: date, months: int) -> date:
    """The same day some months before; the last of the month where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError
