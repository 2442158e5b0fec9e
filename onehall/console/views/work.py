"""A crew's work on a phone: most urgent or nearest first, one stop at a time."""

import math
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from onehall.casework import queries as casework
from onehall.casework.models import Case
from onehall.catalog.queries import catalogue
from onehall.console.desk import draw, frame, staff_only
from onehall.console.views.case import context, load
from onehall.console.views.inbox import row
from onehall.kernel import geo
from onehall.look.doorway import CityRequest

STOPS = 40
"""Stops on one page; the rest comes as these are done."""


@staff_only
@require_GET
def work(request: CityRequest) -> HttpResponse:
    """My work: given to me first, then my queues'. `?lon=&lat=` sorts by distance."""
    desk = frame(request)
    cases = casework.work_of(desk.actor, limit=STOPS)
    here = _here(request)
    rows = [row(request, desk, catalogue(desk.city), c) for c in cases]
    for item in rows:
        item["metres"] = _metres(item["case"], here)
    if here is not None:
        rows.sort(key=lambda r: (r["metres"] is None, r["metres"] or 0))
    context = {
        "rows": rows,
        "here": here,
        "mine": [r for r in rows if r["case"].assignee_id == desk.actor.user_id],
        "team": [r for r in rows if r["case"].assignee_id != desk.actor.user_id],
        "zone": ZoneInfo(desk.city.time_zone),
    }
    return draw(request, "console/work.html", desk, context)


@staff_only
@require_GET
def stop(request: CityRequest, number: str) -> HttpResponse:
    """One stop: what it is, where, photos, how it ended. Acts go to the case's own addresses."""
    desk = frame(request)
    loaded = load(request, number)
    return draw(request, "console/stop.html", desk, context(request, desk, loaded))


def _here(request: CityRequest) -> tuple[float, float] | None:
    try:
        lon, lat = float(request.GET["lon"]), float(request.GET["lat"])
    except (KeyError, ValueError):
        return None
    return (lon, lat) if math.isfinite(lon) and math.isfinite(lat) else None


def _metres(case: Case, here: tuple[float, float] | None) -> float | None:
    if here is None or case.lon is None or case.lat is None:
        return None
    return geo.distance(here[0], here[1], case.lon, case.lat)
