"""Recurring work of the engine: due timers and forgotten drafts."""

from datetime import datetime

from onehall.casework import actions, photos
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Timer
from onehall.places.models import City

AT_ONCE = 500
"""Timers looked at in one sweep; the next sweep takes the rest."""


def sweep_timers(now: datetime) -> int:
    """Fire due timers, each at most once whoever sweeps; returns how many moved a case."""
    due = Timer.objects.filter(fired_at=None, at__lte=now).order_by("at", "id")
    cities: dict[int, City] = {}
    fired = 0
    for timer_id, city_id in due.values_list("id", "city_id")[:AT_ONCE]:
        city = cities.get(city_id) or cities.setdefault(city_id, City.objects.get(pk=city_id))
        try:
            fired += actions.fire_timer(city=city, timer_id=timer_id, now=now)
        except CaseworkRefused:
            Timer.objects.filter(pk=timer_id).update(fired_at=now)
    return fired


def purge_drafts(now: datetime) -> int:
    """Forget photos of reports that were never sent."""
    return photos.purge_drafts(now=now)
