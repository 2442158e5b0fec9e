"""What every page of the desk shares: who may come in, the rail, the queues with their counts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import wraps
from typing import Any, Concatenate
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from onehall.casework import queries as casework
from onehall.casework.queries import Counts
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.people.actor import Actor
from onehall.people.queries import QueueInfo, queues
from onehall.places.models import City


def staff_only[**P](
    view: Callable[Concatenate[CityRequest, P], HttpResponse],
) -> Callable[Concatenate[CityRequest, P], HttpResponse]:
    """Signed in and of this city's staff; others get a page that says so. Never cached."""

    @wraps(view)
    def guarded(request: CityRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.actor.is_staff:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return never_cache(guarded)


@dataclass(frozen=True, slots=True)
class RailQueue:
    """A queue in the rail."""

    id: int
    key: str
    name: str
    icon: str
    count: int


@dataclass(frozen=True, slots=True)
class Desk:
    """The frame around every desk page."""

    city: City
    actor: Actor
    now: datetime
    day_end: datetime
    queues: tuple[QueueInfo, ...]
    counts: Counts

    def rail(self, language: str) -> list[RailQueue]:
        """Queues with open work or their own people, in order."""
        return [
            RailQueue(
                q.id,
                q.key,
                pick(q.name, language, self.city.languages[0]),
                q.icon,
                self.counts.by_queue.get(q.id, 0),
            )
            for q in self.queues
        ]


def frame(request: CityRequest, *, queue_id: int | None = None) -> Desk:
    """Load the frame: at most three queries, the counts shared by all for three seconds."""
    city, actor, now = request.city, request.actor, read_clock()
    zone = ZoneInfo(city.time_zone)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    day_end = datetime.combine(tomorrow, time(), zone)
    mine = tuple(q for q in queues(city) if q.active and actor.sees_department(q.department_id))
    counts = casework.counts(
        actor, queue_ids=[q.id for q in mine], queue_id=queue_id, now=now, day_end=day_end
    )
    return Desk(city, actor, now, day_end, mine, counts)


def draw(
    request: CityRequest, template: str, desk: Desk, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a desk page with its frame."""
    shared = {
        "desk": desk,
        "rail_queues": desk.rail(request.LANGUAGE_CODE),
        "me": desk.actor,
        "may_write": desk.actor.writes,
    }
    return render(request, template, shared | context, status=status)
