"""Recurring work of the room: what every city's pages want to have ready."""

from datetime import datetime

from onehall.places import keeping
from onehall.places.models import City


def keep_gazetteers(now: datetime) -> bool:  # noqa: ARG001  # the shape of every job
    """Build the gazetteer of each city whose map, or whose way of searching, is new. False: no need to run again."""
    for city in City.objects.in_order():
        keeping.prepare(city)
    return False
