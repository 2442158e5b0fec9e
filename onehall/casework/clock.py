"""Promise dates from working time: set at the start, paused while we wait for somebody else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from onehall.catalog.flowparts import Span
from onehall.catalog.services import Promise
from onehall.catalog.targets import Risk
from onehall.kernel.work_calendar import WorkCalendar

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Orders cases without a promise behind all others."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The promise of a case: when it is due and, while paused, since when."""

    due_at: datetime | None
    paused_at: datetime | None = None


def due(promise: Promise, opened_at: datetime, calendar: WorkCalendar) -> datetime | None:
    """The promised time: working hours, or the end of the n-th working day after the report."""
    if promise.hours is not None:
        return calendar.add_hours(opened_at, promise.hours)
    if promise.days is not None:
        return calendar.add_days(opened_at, promise.days)
    return None


def later(span: Span, start: datetime, calendar: WorkCalendar) -> datetime:
    """The moment when a span that starts at `start` has passed: on the clock, or in working time."""
    if span.working_days:
        return calendar.add_days(start, span.working_days)
    if span.working_hours:
        return calendar.add_hours(start, span.working_hours)
    return start + span.wall


def pause(clock: Clock, now: datetime) -> Clock:
    """Stand still from now; already paused stays as it was."""
    if clock.paused_at is not None:
        return clock
    return Clock(clock.due_at, now)


def resume(clock: Clock, now: datetime, calendar: WorkCalendar) -> Clock:
    """Go on: the working time that was left at the pause is left again from now.

    A promise that was already missed at the pause stays missed at its old date.
    """
    if clock.paused_at is None or clock.due_at is None:
        return Clock(clock.due_at, None)
    if clock.due_at <= clock.paused_at:
        return Clock(clock.due_at, None)
    left = calendar.working_time(clock.paused_at, clock.due_at)
    return Clock(calendar.add_time(now, left), None)


def change(
    clock: Clock,
    promise: Promise,
    *,
    sooner: bool,
    opened_at: datetime,
    now: datetime,
    calendar: WorkCalendar,
) -> Clock:
    """Another promise for a case under way, still paused if it was.

    `sooner` counts from now and never gives a later date than before; else it counts from the
    opening and never gives an earlier one, so that a step down makes no case late.
    """
    start = (clock.paused_at or now) if sooner or clock.due_at is None else opened_at
    found = due(promise, start, calendar)
    if found is not None and clock.due_at is not None:
        found = min(found, clock.due_at) if sooner else max(found, clock.due_at)
    return Clock(found, clock.paused_at)


def order(due_at: datetime | None) -> datetime:
    """The value cases are sorted by."""
    return due_at or NEVER


def risk(risk: Risk, start: datetime, due_at: datetime, calendar: WorkCalendar) -> datetime:
    """From when on it is at risk that something counted from `start` is not done by `due_at`."""
    whole = calendar.working_time(start, due_at)
    if whole <= timedelta():
        return due_at
    if risk.hours is not None:
        used = max(timedelta(), whole - timedelta(hours=risk.hours))
    else:
        used = whole * risk.share / 100
    return min(due_at, calendar.add_time(start, used))


class Stood(Protocol):
    """A time in which a clock stood still; without an end it still does."""

    began_at: datetime
    ended_at: datetime | None


def recounted(
    promise: Promise, start: datetime, pauses: Iterable[Stood], calendar: WorkCalendar
) -> datetime | None:
    """The promised time counted anew, with the pauses since `start` (in order) added as `resume` adds them."""
    found = due(promise, start, calendar)
    for pause in pauses:
        if found is None or pause.ended_at is None or pause.ended_at <= start:
            continue
        began = max(pause.began_at, start)
        if began < found:
            found = resume(Clock(found, began), pause.ended_at, calendar).due_at
    return found
