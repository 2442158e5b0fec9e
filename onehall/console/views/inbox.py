"""The inbox: one queue or all, saved questions with counts, most urgent promise first; and search."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from django.core.cache import caches
from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.casework import lists as casework
from onehall.casework import saved
from onehall.casework import things as cases_of
from onehall.casework.queries import FRESH_SECONDS, LOCAL, PAGE, CaseLine, Show
from onehall.console import columns, lists, pins
from onehall.console.desk import Desk, RailQueue, draw, frame, staff_only
from onehall.console.filters import flat, opened_of, with_query
from onehall.console.lists import Asked
from onehall.console.rows import lines_of
from onehall.console.views import calls
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.messaging.live import token as live_token
from onehall.people.queries import QueueInfo
from onehall.places.in_view import has_digit, numbered
from onehall.service_requests import batches, finding, queries

MOST_OF_THINGS: Final = 20
"""Cases about things with the typed number that stand before the others."""
COUNTED: Final = 1_000
"""Up to so many cases of a narrowed list are counted."""


@staff_only
@require_GET
def inbox(request: CityRequest, queue_key: str = "") -> HttpResponse:
    """A page of 50 cases. The address holds the whole selection; there are no page numbers."""
    queue = queue_of(request, queue_key) if queue_key else None
    desk = frame(request, queue_id=queue.id if queue else None)
    if not request.GET and queue is None and desk.begins_elsewhere:
        first = next(pin for pin in desk.counts.pins if pin.first)
        return redirect(pins.address(first.id, first.query))
    asked = lists.read(desk, flat(request.GET), queue)
    view = _view(desk, asked)
    found = casework.inbox(desk.actor, asked.query, now=desk.now, day_end=desk.day_end)
    part = request.GET.get("part") == "live"
    etag = _etag(desk, found, request.LANGUAGE_CODE)
    if part and request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    show = asked.query.show
    here = with_query(request.path, asked.said)
    context = (
        _page(request, desk, asked, found, here)
        | _narrowed(request, desk, asked)
        | {
            "title": view.name if view else _title(request, desk, queue),
            "view": view,
            "view_differs": view is not None and _bare(asked) != view.query,
            "queue": queue,
            "show": show,
            "chips": _chips(request, desk, asked),
            "part": part,
            "may_choose": desk.actor.writes,
            "kept_calls": len(calls.kept(desk)),
            "bulk_key": uuid.uuid4(),
            "bulk_most": batches.MOST,
            "live_etag": etag,
            "stream": f"/live/{live_token([f'city:{desk.city.id}'])}",
            "here": here,
            "live_address": f"{here}{'&' if asked.said else '?'}part=live",
        }
    )
    template = "console/inbox.html#live" if part else "console/inbox.html"
    rail_at = "" if queue or view else "replies" if show == "replies" else "inbox"
    response = draw(
        request,
        template,
        desk,
        context,
        rail_at=rail_at,
        queue_id=asked.query.queue_id,
        view_id=view.id if view else None,
    )
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
    opened = opened_of(desk, request.GET)
    found = finding.search(desk.actor, desk.city, text, opened=opened.span) if text else []
    things = numbered(desk.city, text, language=request.LANGUAGE_CODE) if has_digit(text) else []
    if things:
        # Cases that were found by words come after those about the very things.
        ids = [pk for pk, _one in things]
        about = cases_of.found_by(ids, desk.actor, opened=opened.span, limit=MOST_OF_THINGS)
        named = {case.id for case in about}
        found = [*about, *(case for case in found if case.id not in named)][:PAGE]
    context = {
        "q": text,
        "things": [one for _pk, one in things],
        "title": _("Found"),
        "show": "all",
        "here": request.get_full_path(),
        "opened": opened,
        "contacts": desk.actor.may("see_contacts"),
    } | lines_of(request, desk, found, columns.USUAL)
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


@dataclass(frozen=True, slots=True)
class _View:
    """The saved view that a list's address names."""

    id: int
    name: str
    query: dict[str, str]
    mine: bool
    pinned: bool


def _view(desk: Desk, asked: Asked) -> _View | None:
    """The view that the address names, where this person may see it."""
    text = asked.said.get("view", "")
    if not text.isdecimal() or len(text) > 15:
        return None
    found = saved.view_of(desk.actor, int(text))
    if found is None:
        return None
    pinned = any(pin.id == found.pk for pin in desk.counts.pins)
    mine = saved.may_change(desk.actor, found)
    return _View(found.pk, found.name, found.query, mine, pinned)


def _bare(asked: Asked) -> dict[str, str]:
    return {k: v for k, v in asked.whole.items() if k != "view"}


def _title(request: CityRequest, desk: Desk, queue: QueueInfo | None) -> str:
    if queue is None:
        return _("Inbox")
    return pick(queue.name, request.LANGUAGE_CODE, desk.city.languages[0])


def _page(
    request: CityRequest, desk: Desk, asked: Asked, found: list[CaseLine], here: str
) -> dict[str, Any]:
    """The rows, and the ways on: one row more than a page was read to know whether there is one."""
    query = asked.query
    backwards = query.before is not None
    more = len(found) > PAGE
    page = (found[-PAGE:] if backwards else found[:PAGE]) if more else found
    is_first = not query.after and not (backwards and more)
    shown = lines_of(request, desk, page, asked.columns, order=query.sort)
    for place, one in enumerate(shown["rows"]):
        at = lists.edge_text(query.sorting.edge_of(one["case"]))
        # What the link to a case says of this list, so that one can walk on from there.
        one["walk"] = urlencode({"list": here, "at": at, "i": place})
    return shown | {
        "older": _link(request, asked, "after", page[-1]) if page and (more or backwards) else "",
        "newer": _link(request, asked, "before", page[0]) if page and not is_first else "",
        "is_first": is_first,
    }


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


def _counted(desk: Desk, asked: Asked) -> int:
    """How many cases a narrowed list has, up to one more than are counted; as old as the counts beside it."""
    said = [desk.city.pk, desk.actor.user_id, sorted(asked.whole.items()), asked.query.queue_id]
    key = f"narrowed:{hashlib.sha256(repr(said).encode()).hexdigest()}"
    count = partial(
        casework.how_many,
        desk.actor,
        asked.query,
        now=desk.now,
        day_end=desk.day_end,
        at_most=COUNTED + 1,
    )
    return caches[LOCAL].get_or_set(key, count, FRESH_SECONDS) or 0


def _narrowed(request: CityRequest, desk: Desk, asked: Asked) -> dict[str, Any]:
    """What narrows the list, each with the address without it; how many cases there are; the file of them."""
    query, narrowed = asked.query, asked.narrowed
    key = request.resolver_match.kwargs.get("queue_key", "")  # type: ignore[union-attr]
    total = _counted(desk, asked) if narrowed.filters else 0
    arranged = asked.arranged
    # A list of one queue is that of the filter of the same name.
    named = {"at" if "queue" in narrowed.query else "queue": key}
    arrange = with_query(reverse("console:arrange"), asked.whole | {"at": key})
    return {
        "filters": [
            {"words": f.words, "off": with_query(request.path, arranged | narrowed.without(f))}
            for f in narrowed.filters
        ],
        "all_off": with_query(request.path, arranged),
        "total": total,
        "uncounted": total > COUNTED,
        "counted": COUNTED,
        "order": lists.order_words()[query.sort][1],
        "csv": with_query(reverse("console:cases-csv"), asked.whole | named),
        "arrange": arrange,
        "map_address": with_query(reverse("console:cases-map"), asked.whole | named),
        "save_as": with_query(reverse("console:view-new"), _bare(asked) | named),
        "order_chosen": bool(asked.said.get("sort") or asked.said.get("cols")),
        "bare": with_query("", _bare(asked) | named),
    }


def _chips(request: CityRequest, desk: Desk, asked: Asked) -> list[dict[str, Any]]:
    # Counts are those of the whole list, so a narrowed one has none.
    counts, filters = desk.counts, asked.narrowed.query
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
    kept = asked.arranged
    return [
        {
            "href": with_query(request.path, kept | {"show": key} | filters),
            "word": word,
            "count": "" if filters else count,
            "shape": shape if count else "",
            "current": key == asked.query.show,
            "alert": key == "late" and bool(count),
        }
        for key, word, count, shape in words
    ]


def _link(request: CityRequest, asked: Asked, way: str, case: CaseLine) -> str:
    edge = {way: lists.edge_text(asked.query.sorting.edge_of(case))}
    return with_query(request.path, {"show": asked.query.show} | asked.whole | edge)
