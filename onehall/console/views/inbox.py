"""The inbox: one queue or all, saved questions with counts, most urgent promise first; and search."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.casework import queries as casework
from onehall.casework.queries import PAGE, CaseLine, InboxQuery, Show
from onehall.catalog.queries import catalogue
from onehall.console import filters, lists
from onehall.console.desk import Desk, RailQueue, draw, frame, staff_only
from onehall.console.filters import Narrowing, narrowing, with_query
from onehall.console.rows import row
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.messaging.live import token as live_token
from onehall.people.queries import QueueInfo
from onehall.service_requests import queries

COUNTED: Final = 10_000
"""Up to so many cases of a narrowed list are counted."""


@staff_only
@require_GET
def inbox(request: CityRequest, queue_key: str = "") -> HttpResponse:
    """A page of 50 cases. The address holds the whole selection; there are no page numbers."""
    show = lists.show(request.GET)
    queue = queue_of(request, queue_key) if queue_key else None
    queue_id = queue.id if queue else None
    desk = frame(request, queue_id=queue_id)
    narrowed = narrowing(desk.city, request.GET, now=desk.now)
    query = InboxQuery(
        show=show,
        queue_id=queue_id,
        only=narrowed.selection,
        after=lists.edge(request.GET.get("after", "")),
        before=lists.edge(request.GET.get("before", "")),
    )
    found = casework.inbox(desk.actor, query, now=desk.now, day_end=desk.day_end)
    part = request.GET.get("part") == "live"
    etag = _etag(desk, found, request.LANGUAGE_CODE)
    if part and request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    context = (
        _page(request, desk, query, found)
        | _narrowed(request, desk, query, narrowed)
        | {
            "title": _title(request, desk, queue),
            "queue": queue,
            "show": show,
            "chips": _chips(request, desk, show, narrowed),
            "live_etag": etag,
            "stream": f"/live/{live_token([f'city:{desk.city.id}'])}",
            "here": request.path + _query(request),
            "live_address": f"{request.path}{_query(request) or '?'}&part=live",
        }
    )
    template = "console/inbox.html#live" if part else "console/inbox.html"
    rail_at = "" if queue else "replies" if show == "replies" else "inbox"
    response = draw(request, template, desk, context, rail_at=rail_at, queue_id=queue_id)
    if part:
        response.headers["ETag"] = etag
    return response


@staff_only
@require_GET
def search(request: CityRequest) -> HttpResponse:
    """A number goes straight to its case; other words look through places, people and their words."""
    text = request.GET.get("q", "").strip()[:120]
    number = queries.case_of_number(request.actor, text) if text else None
    if number is not None:
        return redirect("console:case", number=number)
    desk = frame(request)
    found = queries.search(desk.actor, text) if text else []
    listed = catalogue(desk.city)
    context = {
        "q": text,
        "title": _("Found"),
        "show": "all",
        "here": request.get_full_path(),
        "rows": [row(request, desk, listed, c) for c in found],
    }
    return draw(request, "console/search.html", desk, context)


@staff_only
@require_GET
def all_queues(request: CityRequest) -> HttpResponse:
    """Every queue that the person may see, by department, with its figures."""
    desk = frame(request)
    departments: dict[str, list[RailQueue]] = {}
    for queue in desk.every_queue(request.LANGUAGE_CODE):
        departments.setdefault(queue.department, []).append(queue)
    context = {"departments": list(departments.items())}
    return draw(request, "console/queues.html", desk, context, rail_at="queues")


def _title(request: CityRequest, desk: Desk, queue: QueueInfo | None) -> str:
    if queue is None:
        return _("Inbox")
    return pick(queue.name, request.LANGUAGE_CODE, desk.city.languages[0])


def _page(
    request: CityRequest, desk: Desk, query: InboxQuery, found: list[CaseLine]
) -> dict[str, Any]:
    """The rows, and the ways on: one row more than a page was read to know whether there is one."""
    backwards = query.before is not None
    more = len(found) > PAGE
    page = (found[-PAGE:] if backwards else found[:PAGE]) if more else found
    listed = catalogue(desk.city)
    is_first = not query.after and not (backwards and more)
    return {
        "rows": [
            row(request, desk, listed, c) | {"walk": _walk(request, query, c, i)}
            for i, c in enumerate(page)
        ],
        "older": _link(request, query, "after", page[-1]) if page and (more or backwards) else "",
        "newer": _link(request, query, "before", page[0]) if page and not is_first else "",
        "is_first": is_first,
    }


def _walk(request: CityRequest, query: InboxQuery, case: CaseLine, row_number: int) -> str:
    """What the link to a case says of this list, so that one can walk on from there."""
    here = request.path + _query(request)
    return urlencode({"list": here, "at": _place(query, case), "i": row_number})


def _etag(desk: Desk, found: Sequence[CaseLine], language: str) -> str:
    """Changes with any row, any count, and every minute, because the clocks run on."""
    parts = [(c.id, c.lock, c.unread_reply) for c in found]
    text = f"{parts}{desk.counts}{desk.now:%d%H%M}{language}{desk.actor.user_id}"
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'


def queue_of(request: CityRequest, key: str) -> QueueInfo:
    """The queue in use with this key, where the person may see it."""
    found = lists.queue_named_for(request, key)
    if found is None:
        raise Http404
    return found


def _query(request: CityRequest) -> str:
    """The selection of this page as a query, without what only the script asks."""
    keys = ("show", *filters.KEYS, "after", "before")
    kept = {k: request.GET[k] for k in keys if request.GET.get(k)}
    return f"?{urlencode(kept)}" if kept else ""


def _narrowed(
    request: CityRequest, desk: Desk, query: InboxQuery, narrowed: Narrowing
) -> dict[str, Any]:
    """What narrows the list, each with the address without it; how many cases there are; the file of them."""
    show = {"show": query.show} if query.show != "open" else {}
    also = {"queue": request.resolver_match.kwargs.get("queue_key", "")}  # type: ignore[union-attr]
    total = 0
    if narrowed.filters:
        total = casework.how_many(
            desk.actor, query, now=desk.now, day_end=desk.day_end, at_most=COUNTED + 1
        )
    return {
        "filters": [
            {"words": f.words, "off": with_query(request.path, show | narrowed.without(f.key))}
            for f in narrowed.filters
        ],
        "all_off": with_query(request.path, show),
        "total": total,
        "uncounted": total > COUNTED,
        "counted": COUNTED,
        "by": query.column,
        "csv": with_query(reverse("console:cases-csv"), show | narrowed.query | also),
    }


def _chips(
    request: CityRequest, desk: Desk, show: Show, narrowed: Narrowing
) -> list[dict[str, Any]]:
    # Counts are those of the whole list, so a narrowed one has none.
    counts = desk.counts
    words: list[tuple[Show, str, int | str, str]] = [
        ("open", _("All open"), counts.open, ""),
        ("late", _("Late"), counts.late, "late"),
        ("today", _("Due today"), counts.today, ""),
        ("unassigned", _("Nobody yet"), counts.unassigned, "new"),
        ("waiting", _("Paused"), counts.waiting, "hold"),
        ("disputed", _("Said “not fixed”"), counts.disputed, ""),
        ("replies", _("Replies to read"), counts.replies, ""),
        ("mine", _("Mine"), counts.mine, ""),
        ("all", _("Ended too"), "", ""),
    ]
    return [
        {
            "href": with_query(request.path, {"show": key} | narrowed.query),
            "word": word,
            "count": "" if narrowed.filters else count,
            "shape": shape if count else "",
            "current": key == show,
            "alert": key == "late" and bool(count),
        }
        for key, word, count, shape in words
    ]


def _link(request: CityRequest, query: InboxQuery, way: str, case: CaseLine) -> str:
    kept = {k: request.GET[k] for k in filters.KEYS if request.GET.get(k)}
    edge = {way: _place(query, case)}
    return f"{request.path}?{urlencode({'show': query.show} | kept | edge)}"


def _place(query: InboxQuery, case: CaseLine) -> str:
    return lists.edge_text(getattr(case, query.column), case.id)
