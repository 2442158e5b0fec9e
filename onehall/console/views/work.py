"""A crew's work on a phone: most urgent or nearest first, one stop at a time."""

import math
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from onehall.casework import queries as casework
from onehall.casework import worklist
from onehall.casework.models import Case
from onehall.casework.queries import CaseLine
from onehall.casework.wording import Reader
from onehall.catalog.queries import catalogue
from onehall.console.desk import Desk, draw, frame, staff_only
from onehall.console.rows import row
from onehall.kernel import geo
from onehall.look.doorway import CityRequest

STOPS = 40
"""Stops on one page; the rest comes as these are done."""

NEXT = 4
"""Stops named at the end of a stop."""


@staff_only
@require_GET
def work(request: CityRequest) -> HttpResponse:
    """My work: given to me first, then my queues'. `?lon=&lat=` sorts by distance."""
    desk = frame(request)
    here = _here(request)
    rows = _stops(request, desk, casework.work_of(desk.actor, limit=STOPS), here)
    context = {
        "tasks": _tasks(request, desk),
        "rows": rows,
        "here": here,
        "mine": [r for r in rows if r["case"].assignee_id == desk.actor.user_id],
        "team": [r for r in rows if r["case"].assignee_id != desk.actor.user_id],
        "full": len(rows) >= STOPS,
    }
    return draw(request, "console/work.html", desk, context, rail_at="work")


def _tasks(request: CityRequest, desk: Desk) -> list[dict[str, Any]]:
    """Tasks of any case that are this person's, or their queues' and nobody's."""
    listed, language = catalogue(desk.city), request.LANGUAGE_CODE
    default = desk.city.languages[0]
    found = []
    for task in worklist.work_for(desk.city, desk.actor, limit=STOPS):
        flow = listed.flow_version(task.case.flow_version_id)
        reader = Reader(flow, language, default, {}, staff=True)
        found.append(
            {
                "task": task,
                "label": worklist.label_of(task, flow, reader),
                "service": reader.text(listed.by_id(task.case.service_id).name),
                "late": task.due_at is not None and task.due_at < desk.now,
                "mine": task.assignee_id == desk.actor.user_id,
            }
        )
    return found


def next_stops(request: CityRequest, desk: Desk, case: Case) -> list[dict[str, Any]]:
    """The person's other work, nearest to this case first."""
    there = (case.lon, case.lat) if case.lon is not None and case.lat is not None else None
    others = [c for c in casework.work_of(desk.actor, limit=STOPS) if c.id != case.id]
    mine = [c for c in others if c.assignee_id == desk.actor.user_id] or others
    return _stops(request, desk, mine, there)[:NEXT]


def _stops(
    request: CityRequest, desk: Desk, cases: list[CaseLine], here: tuple[float, float] | None
) -> list[dict[str, Any]]:
    listed = catalogue(desk.city)
    rows = [row(request, desk, listed, c) | {"metres": _metres(c, here)} for c in cases]
    if here is not None:
        rows.sort(key=lambda r: (r["metres"] is None, r["metres"] or 0))
    return rows


def _here(request: CityRequest) -> tuple[float, float] | None:
    try:
        lon, lat = float(request.GET["lon"]), float(request.GET["lat"])
    except (KeyError, ValueError):
        return None
    return (lon, lat) if math.isfinite(lon) and math.isfinite(lat) else None


def _metres(case: CaseLine, here: tuple[float, float] | None) -> float | None:
    if here is None or case.lon is None or case.lat is None:
        return None
    return geo.distance(here[0], here[1], case.lon, case.lat)
