"""The inbox: one queue or all, saved questions with counts, most urgent promise first."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.casework import queries as casework
from onehall.casework.models import Case
from onehall.casework.queries import PAGE, SHOWS, InboxQuery, Show
from onehall.catalog.queries import Catalogue, catalogue
from onehall.console.clockface import face
from onehall.console.desk import Desk, draw, frame, staff_only
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.messaging.live import token as live_token
from onehall.people.queries import QueueInfo, queue_named


@staff_only
@require_GET
def inbox(request: CityRequest, queue_key: str = "") -> HttpResponse:
    """A page of 50 cases. The address holds the whole selection; there are no page numbers."""
    show = _show(request)
    queue = _queue(request, queue_key) if queue_key else None
    desk = frame(request, queue_id=queue.id if queue else None)
    query = InboxQuery(
        show=show,
        queue_id=queue.id if queue else None,
        after=_edge(request.GET.get("after", "")),
        before=_edge(request.GET.get("before", "")),
    )
    found = casework.inbox(desk.actor, query, now=desk.now, day_end=desk.day_end)
    backwards = query.before is not None
    more = len(found) > PAGE
    page = (found[-PAGE:] if backwards else found[:PAGE]) if more else found
    title = pick(queue.name, request.LANGUAGE_CODE, desk.city.languages[0]) if queue else _("All queues")
    context = {
        "title": title,
        "queue": queue,
        "show": show,
        "chips": _chips(request, desk, show),
        "rows": [row(request, desk, catalogue(desk.city), c) for c in page],
        "older": _link(request, show, "after", page[-1]) if page and (more or backwards) else "",
        "newer": _link(request, show, "before", page[0])
        if page and (query.after or (backwards and more))
        else "",
        "stream": f"/live/{live_token([f'city:{desk.city.id}'])}",
    }
    part = request.GET.get("part") == "live"
    return draw(request, "console/inbox.html#live" if part else "console/inbox.html", desk, context)


@staff_only
@require_GET
def search(request: CityRequest) -> HttpResponse:
    """A number goes straight to its case; other words look through places and residents' words."""
    text = request.GET.get("q", "").strip()[:120]
    number = casework.case_of_number(request.actor, text) if text else None
    if number is not None:
        return redirect("console:case", number=number)
    desk = frame(request)
    found = casework.search(desk.actor, text) if text else []
    listed = catalogue(desk.city)
    context = {
        "title": _("Found"),
        "q": text,
        "rows": [row(request, desk, listed, c) for c in found],
    }
    return draw(request, "console/search.html", desk, context)


def row(request: CityRequest, desk: Desk, listed: Catalogue, case: Case) -> dict[str, Any]:
    """One case as a line of a list."""
    language, default = request.LANGUAGE_CODE, desk.city.languages[0]
    service = listed.by_id(case.service_id)
    state = listed.flow_version(case.flow_version_id).states[case.state]
    calendar = casework.calendar_of(desk.city)
    return {
        "case": case,
        "service": pick(service.name, language, default),
        "icon": service.icon,
        "state": pick(state.label, language, default),
        "category": case.category,
        "clock": face(case, now=desk.now, calendar=calendar, zone=ZoneInfo(desk.city.time_zone)),
    }


def _queue(request: CityRequest, key: str) -> QueueInfo:
    found = queue_named(request.city, key)
    if found is None or not request.actor.sees_department(found.department_id):
        raise Http404
    return found


def _show(request: CityRequest) -> Show:
    asked = request.GET.get("show", "open")
    return next((s for s in SHOWS if s == asked), "open")


def _chips(request: CityRequest, desk: Desk, show: Show) -> list[dict[str, Any]]:
    counts = desk.counts
    words: list[tuple[Show, str, int | str, str]] = [
        ("open", _("All open"), counts.open, ""),
        ("late", _("Late"), counts.late, "late"),
        ("today", _("Due today"), counts.today, ""),
        ("unassigned", _("Nobody yet"), counts.unassigned, "new"),
        ("waiting", _("Waiting for resident"), counts.waiting, "you"),
        ("disputed", _("Said “not fixed”"), counts.disputed, ""),
        ("replies", _("Replies to read"), counts.replies, ""),
        ("mine", _("Mine"), counts.mine, ""),
        ("all", _("Also ended"), "", ""),
    ]
    return [
        {
            "href": f"{request.path}?{urlencode({'show': key})}",
            "word": word,
            "count": count,
            "shape": shape,
            "current": key == show,
            "alert": key == "late" and bool(count),
        }
        for key, word, count, shape in words
    ]


def _edge(text: str) -> tuple[datetime, int] | None:
    at, _mark, pk = text.partition("~")
    try:
        return datetime.fromisoformat(at), int(pk)
    except ValueError:
        return None


def _link(request: CityRequest, show: Show, way: str, case: Case) -> str:
    at = case.opened_at if show == "all" else case.due_order
    return f"{request.path}?{urlencode({'show': show, way: f'{at.isoformat()}~{case.id}'})}"
