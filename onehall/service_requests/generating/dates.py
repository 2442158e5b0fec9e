"""Dates of many cases by the city's calendar: what is the same for all cases of a kind, or of a day, is counted once."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from onehall.casework import clock
from onehall.catalog.services import Promise, ServiceDefinition
from onehall.catalog.targets import Risk
from onehall.kernel.work_calendar import WorkCalendar

type TargetDates = tuple[tuple[str, datetime, datetime], ...]
"""Of each further target its kind, when it is due, and from when on it is at risk."""


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What a service promises at a priority and a place. `spans` are all in working hours that are counted at once.

    `counted` are those of the further targets whose dates are in `spans`, two for each; `others` are the rest.
    """

    promise: Promise
    risk: Risk
    spans: tuple[timedelta, ...]
    counted: tuple[str, ...]
    others: tuple[tuple[str, Promise], ...]


def terms_of(service: ServiceDefinition, priority: str, areas: dict[str, str]) -> Terms:
    """The terms of a service for cases of a priority in some areas."""
    promise = service.promise_for(priority, areas)
    spans = [timedelta(hours=promise.hours)] if promise.hours is not None else []
    counted, others = [], []
    for target in service.targets:
        term = target.term.of(priority, areas)
        if term.hours is not None and service.risk.hours is None:
            counted.append(target.kind)
            # In working time from the report to a promise in hours there are just these hours.
            whole = timedelta(hours=term.hours)
            spans += [whole, whole * service.risk.share / 100]
        elif term.hours is not None or term.days is not None:
            others.append((target.kind, term))
    return Terms(promise, service.risk, tuple(spans), tuple(counted), tuple(others))


class Dates:
    """The dates of the cases of one city."""

    def __init__(self, calendar: WorkCalendar) -> None:
        self._calendar = calendar
        self._days: dict[tuple[int, date], datetime] = {}

    def of(self, terms: Terms, day: date, at: datetime) -> tuple[datetime | None, TargetDates]:
        """When a case that came `at`, on this local day, is due, and its further targets."""
        found = self._calendar.add_time_each(at, terms.spans) if terms.spans else []
        if terms.promise.hours is not None:
            due: datetime | None = found.pop(0)
        else:
            due = self._due(terms.promise, day, at)
        if not terms.counted and not terms.others:
            return due, ()
        pairs = zip(terms.counted, found[::2], found[1::2], strict=True)
        targets = [(kind, end, min(end, risk)) for kind, end, risk in pairs]
        for kind, promise in terms.others:
            end = self._due(promise, day, at) or at
            targets.append((kind, end, clock.risk(terms.risk, at, end, self._calendar)))
        return due, tuple(targets)

    def _due(self, promise: Promise, day: date, at: datetime) -> datetime | None:
        """A promise of days is the same for all reports of a day."""
        if not promise.days:
            return clock.due(promise, at, self._calendar)
        found = self._days.get((promise.days, day))
        if found is None:
            found = self._days[promise.days, day] = self._calendar.add_days(at, promise.days)
        return found
