"""Walking a list case by case: the list a case was opened from, its place there, and its neighbors.

The place travels in the address: `list` is the page of the list, `at` the keyset of the case there and
`i` its row. So there is nothing to keep on the server, two tabs walk two lists, and a case that has left
the list since still knows where it stood.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import Http404, HttpResponse, QueryDict
from django.urls import Resolver404, resolve, reverse

from onehall.casework import lists as casework
from onehall.casework.lists import Edge, InboxQuery, Step
from onehall.casework.queries import PAGE
from onehall.console import lists
from onehall.console.desk import Desk
from onehall.console.filters import flat
from onehall.look.doorway import CityRequest

KEYS: Final = ("list", "at", "i")
COOKIE: Final = "walk"
LISTS: Final = frozenset({"console:inbox", "console:queue"})


@dataclass(frozen=True, slots=True)
class Walk:
    """Addresses of the list and of the cases beside this one; "" where the list ends."""

    back: str
    queue_key: str
    previous: str
    next: str


def query_of(request: CityRequest) -> dict[str, str]:
    """What the address says of the walk. After an act it is that of the page the act was sent from.

    The address of a page that came back with a refusal does not say it; a cookie of that case does.
    """
    kept = _kept(request.GET.items())
    if not kept and request.method == "POST":
        kept = _kept(parse_qsl(urlsplit(request.headers.get("referer", "")).query))
        kept = kept or _kept(parse_qsl(request.COOKIES.get(COOKIE, "")))
    return kept


def _kept(pairs: Iterable[tuple[str, Any]]) -> dict[str, str]:
    found = {name: str(value) for name, value in pairs if name in KEYS}
    return found if "list" in found and "at" in found else {}


def query_text(request: CityRequest) -> str:
    """The walk as the end of an address that has a query already: "&list=…", or nothing."""
    kept = query_of(request)
    return f"&{urlencode(kept)}" if kept else ""


def walk(request: CityRequest, desk: Desk, number: str) -> Walk | None:
    """The list and the neighbors of a case; None when it was not opened from a list."""
    kept = query_of(request)
    selected = list_of(request, desk, kept.get("list", ""))
    if selected is None:
        return None
    query, queue_key = selected
    place = lists.edge(kept.get("at", ""), query.sorting)
    if place is None:
        return None
    before, after = casework.beside(desk.actor, query, place, now=desk.now, day_end=desk.day_end)
    row = int(kept["i"]) if kept.get("i", "").isdecimal() and len(kept["i"]) < 4 else 0
    page = kept["list"]
    return Walk(
        back=f"{page}#c-{number}",
        queue_key=queue_key,
        previous=_step(page, place, before, row - 1),
        next=_step(page, place, after, row + 1),
    )


def list_of(request: CityRequest, desk: Desk, address: str) -> tuple[InboxQuery, str] | None:
    """The selection of a list's address; None for anything that is not a list this person may see."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        return None
    try:
        found = resolve(parts.path)
    except Resolver404:
        return None
    if found.view_name not in LISTS:
        return None
    key = found.kwargs.get("queue_key", "")
    queue = lists.queue_named_for(request, key) if key else None
    if key and queue is None:
        return None
    try:
        asked = lists.read(desk, flat(QueryDict(parts.query)), queue)
    except Http404:
        return None
    return replace(asked.query, after=None, before=None), key


def _step(page: str, place: Edge, step: Step | None, row: int) -> str:
    """The address of a neighbor. Past the end of its page the list turns the page, as its links do."""
    if step is None:
        return ""
    if row < 0:
        page, row = _turned(page, "before", place), PAGE - 1
    elif row >= PAGE:
        page, row = _turned(page, "after", place), 0
    kept = {"list": page, "at": lists.edge_text(step.edge), "i": str(row)}
    return f"{reverse('console:case', args=[step.number])}?{urlencode(kept)}"


def _turned(page: str, way: str, place: Edge) -> str:
    parts = urlsplit(page)
    asked = {k: v for k, v in parse_qsl(parts.query) if k not in ("after", "before")}
    return f"{parts.path}?{urlencode(asked | {way: lists.edge_text(place)})}"


def remember(request: CityRequest, response: HttpResponse, number: str) -> None:
    """Keep the walk for the next act, from a page that answers a form and whose address does not say it."""
    kept = query_of(request)
    if request.method == "POST" and kept:
        response.set_cookie(
            COOKIE,
            urlencode(kept),
            path=reverse("console:case", args=[number]),
            max_age=3600,
            httponly=True,
            secure=request.is_secure(),
            samesite="Lax",
        )
