"""Which case comes when, and how many people tell of it: the same for the same seed, for any part of it alone. Pure."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import accumulate
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from onehall.service_requests.generating.profile import Profile, Storms

PATTERN: Final = 997
"""After so many cases the numbers of people repeat, so that reports can be counted without making them."""
YEAR_DAYS: Final = 365
_HOURS: Final = 1024


def chance(*words: object) -> Random:
    """A source of chance that is the same for the same words."""
    return Random(":".join(map(str, words)))  # noqa: S311  (made-up data)


def table[T](values: Sequence[T], weights: Sequence[float], size: int) -> list[T]:
    """Values as often as they weigh: to pick one of these is quicker than to weigh each time."""
    edges = list(accumulate(weights))
    step = edges[-1] / size
    return [
        values[min(bisect_right(edges, (i + 0.5) * step), len(values) - 1)] for i in range(size)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Cases and reports counted from 0 in the order of time. `starts` is the first case of each day, then the end."""

    profile: Profile
    seed: int
    zone: ZoneInfo
    until: datetime
    cases: int
    first: date
    starts: tuple[int, ...]
    people: tuple[int, ...]
    people_before: tuple[int, ...]

    @property
    def requests(self) -> int:
        """How many reports there are in all."""
        return self.requests_before(self.cases)

    def requests_before(self, case: int) -> int:
        """How many reports the cases before this one have: the number of its first report."""
        rounds, rest = divmod(case, PATTERN)
        return rounds * self.people_before[-1] + self.people_before[rest]

    def people_of(self, case: int) -> int:
        """How many people tell of a case."""
        return self.people[case % PATTERN]

    def years(self) -> list[tuple[int, int]]:
        """Each year, with its first case."""
        found: list[tuple[int, int]] = []
        for number, start in enumerate(self.starts[:-1]):
            year = (self.first + timedelta(days=number)).year
            if not found or found[-1][0] != year:
                found.append((year, start))
        return found

    def moments(self, first: int, last: int) -> Iterator[tuple[date, datetime]]:
        """The local day and the moment (UTC) of each case from `first` to before `last`."""
        number = bisect_right(self.starts, first) - 1
        while first < last:
            start, end = self.starts[number], self.starts[number + 1]
            if end > first:
                day = self.first + timedelta(days=number)
                found = self._day(day, end - start)
                for at in found[first - start : last - start]:
                    yield day, at
                first = min(end, last)
            number += 1

    def _day(self, day: date, count: int) -> tuple[datetime, ...]:
        """The moments of all cases of a day, in order."""
        midnight = datetime.combine(day, time(), self.zone).astimezone(UTC)
        week = self.profile.week[day.weekday()]
        return _moments(self.seed, day, midnight, self.until, week, count)


# Of a large history a day is longer than a part: each part would make the whole of it anew.
@lru_cache(maxsize=4)
def _moments(
    seed: int, day: date, midnight: datetime, until: datetime, week: tuple[float, ...], count: int
) -> tuple[datetime, ...]:
    rng = chance(seed, day)
    random, hours = rng.random, _hours(week)
    passed = int((until - midnight).total_seconds())
    seconds = []
    for _ in range(count):
        second = hours[int(random() * _HOURS)] * 3600 + int(random() * 3600)
        # The last day has not ended.
        seconds.append(second if second < passed else int(random() * max(1, passed)))
    return tuple(midnight + timedelta(seconds=second) for second in sorted(seconds))


def make(
    profile: Profile, *, seed: int, zone: ZoneInfo, until: datetime, cases: int, years: int
) -> Plan:
    """The plan of `cases` cases in the `years` years before `until`."""
    last = until.astimezone(zone).date()
    length = years * YEAR_DAYS + 1
    first = last - timedelta(days=length - 1)
    stormy = _stormy(profile.storms, length, chance(seed, profile.key, "storms"))
    weights = []
    for number in range(length):
        day = first + timedelta(days=number)
        weight = sum(profile.week[day.weekday()]) * profile.months[day.month - 1]
        weights.append(weight * (profile.storms.times if number in stormy else 1))
    midnight = datetime.combine(last, time(), zone)
    weights[-1] *= max(0.0, (until - midnight) / timedelta(days=1))
    edges = [0.0, *accumulate(weights)]
    starts = tuple(round(edge / edges[-1] * cases) for edge in edges)
    told = range(1, len(profile.people) + 1)
    people = table(told, profile.people, PATTERN)
    chance(seed, profile.key, "people").shuffle(people)
    return Plan(
        profile=profile,
        seed=seed,
        zone=zone,
        until=until,
        cases=cases,
        first=first,
        starts=starts,
        people=tuple(people),
        people_before=(0, *accumulate(people)),
    )


def _stormy(storms: Storms, length: int, rng: Random) -> set[int]:
    """The days of storms, counted from the first day; in every year some."""
    found: set[int] = set()
    for year in range(0, length - storms.days, YEAR_DAYS):
        for _ in range(storms.per_year):
            begin = year + rng.randrange(max(1, min(YEAR_DAYS, length - year) - storms.days))
            found |= set(range(begin, begin + storms.days))
    return found


@cache
def _hours(weights: tuple[float, ...]) -> list[int]:
    return table(range(24), weights, _HOURS)
