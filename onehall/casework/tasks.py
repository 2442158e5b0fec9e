"""Recurring work of the engine: due timers and forgotten drafts."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from onehall.casework import following, for_you, handing, photos, presence, timers
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case, CaseTarget, HandOver
from onehall.places.models import City

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Timers fired in one go; between two goes a worker sends mail."""

PUT_OFF = timedelta(hours=1)
"""When a timer that failed is tried again."""


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

    One that is refused or fails is left behind and logged, so that it does not hold up the others.
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
                city = cities.get(timer.city_id)
                if city is None:
                    city = cities[timer.city_id] = City.objects.get(pk=timer.city_id)
                swept.fired += timers.fire(timer, city=city, now=now)
        except CaseworkRefused:
            if timer is None:
                raise
            log.warning("event=timer.refused timer=%d", timer.id)
            timers.let_go(timer_id=timer.id, now=now)
        except (LookupError, ValueError, TypeError):
            if timer is None:
                raise
            log.exception("event=timer.failed timer=%d", timer.id)
            timers.put_off(timer_id=timer.id, until=now + PUT_OFF)
    return swept


def sweep_ladders(now: datetime) -> int:
    """Tell those whose turn it is about cases at risk and late, each step at most once; returns how many."""
    due = Case.objects.filter(is_open=True, paused_at=None, ladder_at__lte=now)
    cities: dict[int, City] = {}
    climbed = 0
    rows = due.order_by("ladder_at", "id").values_list("id", "city_id")[:AT_ONCE]
    for case_id, city_id in rows:
        city = cities.get(city_id) or cities.setdefault(city_id, City.objects.get(pk=city_id))
        try:
            climbed += timers.climb(city=city, case_id=case_id, now=now)
        except (CaseworkRefused, LookupError, ValueError, TypeError):
            log.exception("event=ladder.failed case=%d", case_id)
            timers.rest_ladder(case_id=case_id, until=now + PUT_OFF)
    return climbed + _sweep_targets(now, cities)


def _sweep_targets(now: datetime, cities: dict[int, City]) -> int:
    due = CaseTarget.objects.filter(ended_at=None, ladder_at__lte=now)
    due = due.filter(case__is_open=True, case__paused_at=None, case__merged_into=None)
    climbed = 0
    rows = due.order_by("ladder_at", "id").values_list("id", "case_id", "city_id")[:AT_ONCE]
    for pk, case_id, city_id in rows:
        city = cities.get(city_id) or cities.setdefault(city_id, City.objects.get(pk=city_id))
        try:
            climbed += timers.climb_target(city=city, target_id=pk, case_id=case_id, now=now)
        except (CaseworkRefused, LookupError, ValueError, TypeError):
            log.exception("event=ladder.failed case=%d", case_id)
            timers.rest_target(target_id=pk, until=now + PUT_OFF)
    return climbed


def sweep_bodies(now: datetime) -> int:
    """Remind outside bodies that have not answered; returns how many."""
    due = HandOver.objects.filter(ended_at=None, remind_at__lte=now).order_by("remind_at", "id")
    cities: dict[int, City] = {}
    reminded = 0
    for pk, city_id in due.values_list("id", "city_id")[:AT_ONCE]:
        city = cities.get(city_id) or cities.setdefault(city_id, City.objects.get(pk=city_id))
        reminded += handing.remind(city=city, hand_over_id=pk, now=now)
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
