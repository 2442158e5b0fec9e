"""Recurring work of the engine: due timers and forgotten drafts."""

import logging
from datetime import datetime, timedelta

from onehall.casework import following, for_you, photos, presence, timers
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case, Timer
from onehall.places.models import City

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Timers looked at in one sweep; the next sweep takes the rest."""

PUT_OFF = timedelta(hours=1)
"""When a timer that failed is tried again."""


def sweep_timers(now: datetime) -> int:
    """Fire due timers, each at most once whoever sweeps; returns how many moved a case.

    One that is refused or fails is left behind and logged, so that it does not hold up the others.
    """
    due = Timer.objects.filter(fired_at=None, at__lte=now).order_by("at", "id")
    cities: dict[int, City] = {}
    fired = 0
    for timer_id, city_id in due.values_list("id", "city_id")[:AT_ONCE]:
        city = cities.get(city_id) or cities.setdefault(city_id, City.objects.get(pk=city_id))
        try:
            fired += timers.fire_timer(city=city, timer_id=timer_id, now=now)
        except CaseworkRefused:
            log.warning("event=timer.refused timer=%d", timer_id)
            timers.let_go(timer_id=timer_id, now=now)
        except (LookupError, ValueError, TypeError):
            log.exception("event=timer.failed timer=%d", timer_id)
            timers.put_off(timer_id=timer_id, until=now + PUT_OFF)
    return fired


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
    return climbed


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
