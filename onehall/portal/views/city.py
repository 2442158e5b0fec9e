"""The city's work for everybody: the list and the map of one selection, one case, a feed."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import feedgenerator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from onehall.casework import photos, public, squares, summed, wording
from onehall.casework import queries as casework
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case, Photo
from onehall.casework.public import PublicLine
from onehall.casework.squares import Square
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look import maps
from onehall.look.components.small import local
from onehall.look.doorway import CityRequest
from onehall.look.kept import kept
from onehall.look.parts import Picture
from onehall.people.queries import queues
from onehall.places import areas
from onehall.portal import city_query, previews, statusparts, things
from onehall.portal.limits import too_many
from onehall.portal.typed import address_of
from onehall.portal.views.places import draw
from onehall.service_requests import actions, publicly
from onehall.service_requests.actions import Contact
from onehall.service_requests.publicly import Asked

COUNTED: Final = 1_000
"""Up to so many cases are counted."""
FRESH_SECONDS: Final = 2
"""For how long the marks and the count of one selection are kept. With what a page is kept, a new report is seen within five."""
WIDE_SECONDS: Final = 60
"""The same for ended cases of a wide part of the city that no sums know, by time, words or area: they may be millions."""
WIDE_ZOOM: Final = 13
TOLD: Final = frozenset({"received", "imported", "routed", "moved", "changed", "handed"})
"""Entries whose titles everybody may read. Words that people wrote to each other are not among them."""


@login_not_required
@require_GET
@kept
def city(request: CityRequest) -> HttpResponse:
    """What is reported in the city: the list first, the map beside it, always the same selection."""
    now = read_clock()
    given = request.GET.dict()
    asked = city_query.read(request.city, given)
    rows = public.page(request.city, asked.query, now=now, after=asked.after)
    more, rows = len(rows) > casework.PAGE, rows[: casework.PAGE]
    last = rows[-1] if rows else None
    older = publicly.edge_text(last.opened_at, last.id) if last and more else ""
    seen = _seen(request, asked, given)
    here = reverse("portal:city")
    total = _total(request, asked, now)
    said = asked.said
    context: dict[str, Any] = {
        "rows": [row_of(request, row) for row in rows],
        "total": total,
        "uncounted": total > COUNTED,
        "counted": COUNTED,
        "words_asked": said.get("q", ""),
        "at_asked": said.get("at", ""),
        "lost": asked.lost,
        "said": said,
        "more_asked": bool(said.keys() & {"days", "area", "at"}),
        "narrowed": bool(said),
        "choices": city_query.choices(request.city, said),
        "older": asked.address(here, after=older) if older else "",
        "newest": asked.address(here) if asked.after else "",
        "feed": asked.address(reverse("portal:city-feed")),
        "news": asked.address(reverse("portal:alert-ask")),
        "part": _part(request, said.get("area", "")),
        "all_address": here,
        "unboxed": asked.address(here, box="") if "box" in said else "",
        **_map(request, asked, seen, now),
    }
    response = render(request, "portal/city.html", context)
    response.headers["Cache-Control"] = "private, max-age=0"
    return response


def _part(request: CityRequest, said: str) -> dict[str, str] | None:
    """The part of the city that is asked for: its name, and its page."""
    if not said:
        return None
    layer, _mark, code = said.partition(":")
    name = areas.label(request.city, layer, code, request.LANGUAGE_CODE)
    return {"name": name, "href": reverse("portal:area", args=[layer, code])}


def _seen(request: CityRequest, asked: Asked, given: dict[str, str]) -> maps.Window:
    """What the address asks to see; without that, all of the circle that it names."""
    if asked.query.near is None or "z" in given:
        return maps.window(request.city, given)
    box = asked.query.near.box
    return maps.around(box.west, box.south, box.east, box.north)


def row_of(request: CityRequest, line: PublicLine) -> dict[str, Any]:
    """A case as portal/city_row.html shows it."""
    listed = catalogue(request.city)
    service = listed.by_id(line.service_id)
    state = listed.flow_version(line.flow_version_id).states[line.state]
    return {"case": line, "service": service, "state": state}


def _total(request: CityRequest, asked: Asked, now: datetime) -> int:
    count = partial(squares.how_many, request.city, asked.query, now=now, at_most=COUNTED + 1)
    return int(_kept(request, ["total", *sorted(asked.said.items())], count))


def _kept(
    request: CityRequest, what: list[Any], count: Callable[[], Any], seconds: int = FRESH_SECONDS
) -> Any:
    """What was counted for a selection a few seconds ago, or is counted now."""
    said = hashlib.sha256(repr([request.city.pk, *what]).encode()).hexdigest()
    return caches["local"].get_or_set(f"city:{said}", count, seconds)


def _map(request: CityRequest, asked: Asked, seen: maps.Window, now: datetime) -> dict[str, Any]:
    """Everything that the drawn map names. A case is on it only where its service shows exact places."""
    if request.city.bounds is None:
        return {"marks": None}
    here = reverse("portal:city")

    def to(window: maps.Window) -> str:
        return asked.address(here, **window.query)

    count = partial(
        squares.squares,
        request.city,
        asked.query,
        seen.box,
        shift=seen.shift,
        now=now,
        most=maps.MOST_MARKS + 1,
    )
    what = ["marks", *sorted((asked.said | seen.query).items())]
    wide = seen.zoom <= WIDE_ZOOM and asked.query.state != "open"
    long = wide and not summed.is_summed(asked.query)
    found: list[Square] = _kept(request, what, count, WIDE_SECONDS if long else FRESH_SECONDS)
    shown = found[: maps.MOST_MARKS]
    return {
        "marks": [_mark(request, asked, seen, square) for square in shown],
        "on_map": sum(square.count for square in shown),
        "left_out": len(found) > maps.MOST_MARKS,
        "seen": seen,
        "wide": maps.WIDE,
        "high": maps.HIGH,
        "tiles": maps.tiles(seen, request.city),
        "ways": seen.ways(to),
        "whole": asked.address(here),
        "here_only": asked.address(here, box=seen.box.text, **seen.query),
    }


def _mark(request: CityRequest, asked: Asked, seen: maps.Window, square: Square) -> maps.Mark:
    x, y = seen.place_of(square.lon, square.lat, square.count)
    here = reverse("portal:city")
    if square.count == 1:
        service = local(catalogue(request.city).by_id(square.service_id).name)
        words = _("%(service)s, number %(number)s") % {"service": service, "number": square.number}
        href = reverse("portal:city-case", args=[square.number])
        return maps.Mark(x, y, 1, href, words, late=False)
    named = {"n": square.count}
    if square.piled:
        words = _("%(n)s reports on one spot: no exact place, so no hot spot") % named
    else:
        words = ngettext("%(n)s report here", "%(n)s reports here", square.count) % named
    closer = seen.toward(square.lon, square.lat)
    href = asked.address(here, **closer.query)
    if seen.is_closest or square.piled:
        spot = maps.spot(square.lon, square.lat)
        href = asked.address(here, box=spot.text, **closer.query)
    return maps.Mark(x, y, square.count, href, words, late=False, piled=square.piled)


@login_not_required
@require_GET
def case(request: CityRequest, number: str) -> HttpResponse:
    """One case as everybody may see it."""
    found, service = _shown(request, number)
    if found.number != number:
        return redirect("portal:city-case", number=found.number)
    return _case_page(request, found, service)


def _shown(request: CityRequest, number: str) -> tuple[Case, ServiceDefinition]:
    services = publicly.shown_services(request.city)
    found = public.case_of(request.city, number, [s.id for s in services])
    if found is None:
        raise Http404
    return found, catalogue(request.city).by_id(found.service_id)


def _case_page(
    request: CityRequest, case: Case, service: ServiceDefinition, *, status: int = 200, **more: Any
) -> HttpResponse:
    language, default = request.LANGUAGE_CODE, request.city.languages[0]
    exact = service.place_privacy == "exact"
    flow = catalogue(request.city).flow_version(case.flow_version_id)
    names = {q.id: pick(q.name, language, default) for q in queues(request.city)}
    reader = wording.Reader(flow, language, default, names, staff=False)
    entries = casework.timeline_of(case, public_only=True)
    lines = [
        replace(line, words="", who="", photo_ids=())
        for line, kind in _with_kinds(wording.lines(entries, case, reader), entries)
        if kind in TOLD
    ]
    shown = [p for p in casework.photos_of([case.id]) if photos.is_open_to_all(p, service)]
    before, after = statusparts.pair_of(shown if exact else [])
    context: dict[str, Any] = {
        "case": case,
        "service": service,
        "state": flow.states[case.state],
        "place_words": case.place_words if exact else "",
        "district": _district(request, case),
        "parts": _parts(request, case),
        "thing": things.of_case(request.city, case, service),
        "has_map": exact and case.lon is not None and request.city.bounds is not None,
        "lines": lines,
        "no_photos": {},
        "stations": statusparts.stations(flow, case, lines, reader),
        "queue": names.get(case.queue_id, ""),
        "late": statusparts.is_late(case, read_clock()),
        "before": (first := _picture(before, _("Before") if after else _("Photo"))),
        "after": (last := _picture(after, _("After"))),
        "key": uuid.uuid4(),
        "error": "",
        "typed": "",
    }
    context["preview"] = previews.of_case(request, context, first, last)
    return render(request, "portal/city_case.html", context | more, status=status)


def _with_kinds(lines: list[wording.Line], entries: list[Any]) -> list[tuple[wording.Line, str]]:
    kinds = {entry.seq: entry.kind for entry in entries}
    return [(line, kinds[line.seq]) for line in lines]


def _district(request: CityRequest, case: Case) -> str:
    return areas.named(request.city, case.areas, request.LANGUAGE_CODE)


def _parts(request: CityRequest, case: Case) -> list[tuple[str, str]]:
    """The parts of the city that the case is in: what each is called, and the address of its page."""
    city, language = request.city, request.LANGUAGE_CODE
    return [
        (
            areas.label(city, layer, code, language),
            reverse("portal:area", args=[layer, code]),
        )
        for layer in areas.public_layers(city)
        if (code := case.areas.get(layer)) and code in areas.area_codes(city, layer)
    ]


def _picture(photo: Photo | None, title: str) -> Picture | None:
    if photo is None:
        return None
    return Picture(
        src=reverse("portal:photo", kwargs={"photo": str(photo.key), "size": "small"}),
        href=reverse("portal:photo", kwargs={"photo": str(photo.key), "size": "large"}),
        alt=photo.words or title,
        title=title,
        at=photo.created_at,
        width=photo.width,
        height=photo.height,
    )


@login_not_required
@require_GET
def picture(request: CityRequest, number: str, scheme: str) -> HttpResponse:
    """The map around a case whose place is shown."""
    found, service = _shown(request, number)
    if service.place_privacy != "exact" or found.lon is None or found.lat is None:
        raise Http404
    return draw(request, found.lon, found.lat, scheme)


@login_not_required
@require_POST
def follow(request: CityRequest, number: str) -> HttpResponse:
    """Follow a case: a number and a page of one's own, and mail where an address is left."""
    found, service = _shown(request, number)
    email, wrong = address_of(request) if request.POST.get("email", "").strip() else ("", "")
    if not wrong and too_many(request, "report", limit=60, seconds=600):
        wrong = _("Many reports came from your connection. Wait a few minutes and send again.")
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        key = uuid.uuid4()
    if not wrong:
        try:
            mine = actions.follow(
                city=request.city,
                case_id=found.pk,
                key=key,
                words="",
                contact=Contact(email=email),
                language=request.LANGUAGE_CODE,
                by=request.actor,
                now=read_clock(),
            )
        except CaseworkRefused as no:
            wrong = str(no)
        else:
            return redirect(f"{reverse('portal:status', args=[mine.token])}?sent=1")
    return _case_page(request, found, service, status=422, error=wrong, typed=email, key=key)


@login_not_required
@require_GET
@kept
def feed(request: CityRequest) -> HttpResponse:
    """The newest cases of a selection as an Atom feed, for readers of news and for programs."""
    asked = city_query.read(request.city, request.GET.dict())
    made = feedgenerator.Atom1Feed(
        title=_("%(city)s: what is reported") % {"city": request.city.name},
        link=request.build_absolute_uri(asked.address(reverse("portal:city"))),
        feed_url=request.build_absolute_uri(),
        description="",
        language=request.LANGUAGE_CODE,
    )
    for line in public.page(request.city, asked.query, now=read_clock())[: casework.PAGE]:
        row = row_of(request, line)
        words = [local(row["state"].label), line.place_words]
        address = request.build_absolute_uri(reverse("portal:city-case", args=[line.number]))
        made.add_item(
            title=local(row["service"].name),
            link=address,
            unique_id=address,
            description=", ".join(w for w in words if w),
            pubdate=line.opened_at,
            updateddate=line.closed_at or line.opened_at,
        )
    return HttpResponse(made.writeString("utf-8"), content_type="application/atom+xml")
