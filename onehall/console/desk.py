"""What every page of the desk shares: who may come in, the rail, the queues with their counts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import wraps
from typing import Any, Concatenate, Final
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from onehall.billing.queries import billing_of
from onehall.casework import queries as casework
from onehall.casework.queries import Counts
from onehall.catalog.queries import catalogue
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.people.actor import Actor
from onehall.people.permissions import KEYS, Key
from onehall.people.queries import QueueInfo, queues
from onehall.places.models import City

RAIL: Final = 9
"""Queues in the rail; the page of all queues has the others."""


def staff_only[**P, R: HttpResponseBase](
    view: Callable[Concatenate[CityRequest, P], R],
) -> Callable[Concatenate[CityRequest, P], R]:
    """Signed in and of this city's staff; others get a page that says so. Never cached."""

    @wraps(view)
    def guarded(request: CityRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if not request.actor.is_staff:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return never_cache(guarded)


def staff_who_may[**P, R: HttpResponseBase](
    key: Key,
) -> Callable[[Callable[Concatenate[CityRequest, P], R]], Callable[Concatenate[CityRequest, P], R]]:
    """Staff whose roles the table of permissions gives this; others of the staff get a page that says so."""

    def outer(
        view: Callable[Concatenate[CityRequest, P], R],
    ) -> Callable[Concatenate[CityRequest, P], R]:
        @wraps(view)
        def guarded(request: CityRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not request.actor.may(key):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return staff_only(guarded)

    return outer


@dataclass(frozen=True, slots=True)
class RailQueue:
    """A queue in the rail or on the page of all queues."""

    id: int
    key: str
    name: str
    icon: str
    department: str
    count: int
    late: int
    today: int
    free: int


@dataclass(frozen=True, slots=True)
class Desk:
    """The frame around every desk page. `queues` are those whose work the person may see."""

    city: City
    actor: Actor
    now: datetime
    day_end: datetime
    zone: ZoneInfo
    queues: tuple[QueueInfo, ...]
    counts: Counts

    @property
    def begins_elsewhere(self) -> bool:
        """Whether the person's desk opens with one of their views."""
        return any(pin.first for pin in self.counts.pins)

    @property
    def queue_ids(self) -> frozenset[int]:
        """Queues whose work the person may see, the ones no longer used too."""
        return frozenset(
            q.id for q in queues(self.city) if self.actor.sees_department(q.department_id)
        )

    def queue_name(self, queue_id: int, language: str) -> str:
        """What a queue of the city is called, also one that is no longer used."""
        found = next((q.name for q in queues(self.city) if q.id == queue_id), {})
        return pick(found, language, self.city.languages[0])

    def every_queue(self, language: str) -> list[RailQueue]:
        """Queues that the person may see, with their figures, in order."""
        counts, default = self.counts, self.city.languages[0]
        return [
            RailQueue(
                q.id,
                q.key,
                pick(q.name, language, default),
                q.icon,
                pick(q.department_name, language, default),
                counts.by_queue.get(q.id, 0),
                counts.late_by_queue.get(q.id, 0),
                counts.today_by_queue.get(q.id, 0),
                counts.free_by_queue.get(q.id, 0),
            )
            for q in self.queues
        ]

    def rail(self, language: str, *, queue_id: int | None) -> list[RailQueue]:
        """The queues they serve, at most nine; the one shown now is always there."""
        found = self.every_queue(language)
        mine = [q for q in found if q.id in self.actor.queue_ids] or found
        if len(mine) > RAIL:
            mine = [q for q in mine if q.count][:RAIL] or mine[:RAIL]
        shown = {q.id for q in mine} | {queue_id}
        return [q for q in found if q.id in shown]


def frame(request: CityRequest, *, queue_id: int | None = None) -> Desk:
    """Load the frame: at most three queries, the counts shared by all for three seconds."""
    city, actor, now = request.city, request.actor, read_clock()
    zone = ZoneInfo(city.time_zone)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    day_end = datetime.combine(tomorrow, time(), zone)
    seen = [q for q in queues(city) if actor.sees_department(q.department_id)]
    # Cases in queues no longer used stand in the lists, so they count.
    counts = casework.counts(
        actor, queue_ids=[q.id for q in seen], queue_id=queue_id, now=now, day_end=day_end
    )
    return Desk(city, actor, now, day_end, zone, tuple(q for q in seen if q.active), counts)


def draw(
    request: CityRequest,
    template: str,
    desk: Desk,
    context: dict[str, Any],
    *,
    status: int = 200,
    rail_at: str = "",
    queue_id: int | None = None,
    view_id: int | None = None,
) -> HttpResponse:
    """Render a desk page with its frame. `rail_at`, `queue_id` or `view_id` name the current link of the rail."""
    shared = {
        "desk": desk,
        "now": desk.now,
        "rail_at": rail_at,
        "rail_queue": queue_id,
        "rail_view": view_id,
        "rail_queues": desk.rail(request.LANGUAGE_CODE, queue_id=queue_id),
        "me": desk.actor,
        "may_write": desk.actor.writes,
        "may": {key: desk.actor.may(key) for key in KEYS},
        "bills_here": desk.actor.may("see_bills") and billing_of(desk.city).setup is not None,
        "may_ask": desk.actor.may("ask") and bool(catalogue(desk.city).internal.groups),
    }
    return render(request, template, shared | context, status=status)
