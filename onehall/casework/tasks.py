"""Recurring work of the engine: due timers and forgotten drafts."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import Error, connection, transaction

from onehall.casework import following, for_you, handing, photos, presence, timers
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case, CaseTarget, HandOver
from onehall.messaging.worker import describe
from onehall.places.models import City

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Timers fired in one go; between two goes a worker sends mail."""

PUT_OFF = timedelta(hours=1)
"""When a step of a ladder or a reminder that failed is tried again."""


def sweep_timers(now: datetime) -> int:
    """Fire every due timer, each at most once whoever sweeps; returns how many moved a case or told somebody."""
    fired = 0
    while (found := _sweep(now)).taken:
        fired += found.fired
    return fired


def sweep_some(*, now: datetime) -> bool:
    """Fire some due timers beside other workers; whether there may be more."""
    return _sweep(now).taken == AT_ONCE


@dataclass(slots=True)
class _Swept:
    taken: int = 0
    fired: int = 0


def _sweep(now: datetime) -> _Swept:
    """Fire at most `AT_ONCE` timers, each in a transaction of its own.

    One that is refused is let go of. One that fails, whatever the reason, is logged and tried again
    later, and given up after `timers.MOST_ATTEMPTS`; so it does not hold up the others.
    """
    cities: dict[int, City] = {}
    swept = _Swept()
    for swept.taken in range(1, AT_ONCE + 1):
        timer: timers.Claimed | None = None
        try:
            with transaction.atomic():
                timer = timers.claim(now=now)
                if timer is None:
                    swept.taken -= 1
                    break
                swept.fired += timers.fire(timer, city=_city(timer.city_id, cities), now=now)
        except CaseworkRefused:
            if timer is None:
                raise
            log.warning("event=timer.refused timer=%d", timer.id)
            timers.let_go(timer_id=timer.id, now=now)
        except Exception as problem:
            if timer is None or not _database_answers():
                raise
            log.exception("event=timer.failed timer=%d attempt=%d", timer.id, timer.attempts + 1)
            _put_off(timer, problem, now)
    return swept


def _city(pk: int, known: dict[int, City]) -> City:
    if pk not in known:
        known[pk] = City.objects.get(pk=pk)
    return known[pk]


def _put_off(timer: timers.Claimed, problem: Exception, now: datetime) -> None:
    if timers.put_off(timer=timer, error=describe(problem), now=now):
        log.error("event=timer.parked timer=%d", timer.id)


def _database_answers() -> bool:
    """Whether the connection is usable: tells what one row causes from a database that is lost."""
    try:
        return connection.is_usable()
    except Error:
        return False


def sweep_ladders(now: datetime) -> int:
    """Tell those whose turn it is about cases at risk and late, each step at most once; returns how many."""
    due = Case.objects.filter(is_open=True, paused_at=None, ladder_at__lte=now)
    cities: dict[int, City] = {}
    climbed = 0
    rows = due.order_by("ladder_at", "id").values_list("id", "city_id")[:AT_ONCE]
    for case_id, city_id in rows:
        try:
            climbed += timers.climb(city=_city(city_id, cities), case_id=case_id, now=now)
        except Exception:
            if not _database_answers():
                raise
            log.exception("event=ladder.failed case=%d", case_id)
            timers.rest_ladder(case_id=case_id, until=now + PUT_OFF)
    return climbed + _sweep_targets(now, cities)


def _sweep_targets(now: datetime, cities: dict[int, City]) -> int:
    due = CaseTarget.objects.filter(ended_at=None, ladder_at__lte=now)
    due = due.filter(case__is_open=True, case__paused_at=None, case__merged_into=None)
    climbed = 0
    rows = due.order_by("ladder_at", "id").values_list("id", "case_id", "city_id")[:AT_ONCE]
    for pk, case_id, city_id in rows:
        try:
            city = _city(city_id, cities)
            climbed += timers.climb_target(city=city, target_id=pk, case_id=case_id, now=now)
        except Exception:
            if not _database_answers():
                raise
            log.exception("event=ladder.failed case=%d", case_id)
            timers.rest_target(target_id=pk, until=now + PUT_OFF)
    return climbed


def sweep_bodies(now: datetime) -> int:
    """Remind outside bodies that have not answered; returns how many."""
    due = HandOver.objects.filter(ended_at=None, remind_at__lte=now).order_by("remind_at", "id")
    cities: dict[int, City] = {}
    reminded = 0
    for pk, city_id in due.values_list("id", "city_id")[:AT_ONCE]:
        try:
            reminded += handing.remind(city=_city(city_id, cities), hand_over_id=pk, now=now)
        except Exception:
            if not _database_answers():
                raise
            log.exception("event=reminder.failed hand_over=%d", pk)
            handing.put_off(hand_over_id=pk, until=now + PUT_OFF)
    return reminded


def purge_drafts(now: datetime) -> int:
    """Forget photos of reports that were never sent."""
    return photos.purge_drafts(now=now)


def purge_presence(now: datetime) -> int:
    """Forget who had cases open."""
    return presence.purge(now)


def mail_for_you(now: datetime) -> int:
    """Mail staff about news of cases they follow, as they wish it."""
    return for_you.mail_news(now) + for_you.mail_digests(now)


def purge_for_you(now: datetime) -> int:
    """Forget old news."""
    return following.purge(now)
