"""What lies around a case: others near by or about the same thing; join with a look before, relate."""

from datetime import timedelta
from typing import Any, Final

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.casework import nearby, relating
from onehall.casework.beside import beside
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case
from onehall.catalog.queries import catalogue
from onehall.console.casepage import Loaded, load, load_to_write, reader_of, state_word
from onehall.console.desk import Desk, draw, frame, staff_only
from onehall.console.trouble import Trouble, of
from onehall.console.views.acts import acting, again, common
from onehall.console.views.case import done
from onehall.look import maps
from onehall.look.doorway import CityRequest
from onehall.places import tiles
from onehall.service_requests import preview, queries

METRES: Final = (50, 200, 500, 1000)
DAYS: Final = (7, 30, 90, 365)
ON_MAP: Final = 20
"""Cases with a number on the map."""


@staff_only
@require_GET
def near(request: CityRequest, number: str) -> HttpResponse:
    """Open and lately closed cases around this one, with a map of them."""
    desk, loaded = frame(request), load(request, number)
    metres, days = _chosen(request)
    found = _around(desk, loaded.case, metres, days)
    related = {c.pk for c in beside(loaded.case, desk.actor).related}
    context = _head(request, loaded) | {
        "rows": [_row(request, desk, one, n, related) for n, one in enumerate(found, 1)],
        "metres": metres,
        "days": days,
        "metres_choices": [(m, f"?metres={m}&days={days}") for m in METRES],
        "days_choices": [(d, f"?metres={metres}&days={d}") for d in DAYS],
        "query": f"metres={metres}&days={days}",
        "works": desk.actor.writes and loaded.case.merged_into_id is None,
    }
    return draw(request, "console/near.html", desk, context, queue_id=loaded.case.queue_id)


@staff_only
@require_GET
def near_map(request: CityRequest, number: str, scheme: str) -> HttpResponse:
    """The map of the same."""
    desk, found = frame(request), load(request, number).case
    if found.lon is None or found.lat is None:
        raise Http404
    shade = maps.shade(request.city, scheme)
    metres, days = _chosen(request)
    pins = [tiles.Pin(found.lon, found.lat)]
    for n, one in enumerate(_around(desk, found, metres, days)[:ON_MAP], 1):
        if one.case.lon is not None and one.case.lat is not None:
            pins.append(tiles.Pin(one.case.lon, one.case.lat, "other", str(n)))
    zoom = {50: 18, 200: 17, 500: 15.5, 1000: 14.5}[metres]
    data = tiles.draw_still(
        request.city, found.lon, found.lat, width=800, height=320, zoom=zoom,
        dark=shade.dark, pins=pins, language=shade.language,
    )  # fmt: skip
    response = HttpResponse(data, content_type="image/webp")
    response.headers["Cache-Control"] = "private, max-age=120"
    return response


@staff_only
@require_GET
def join_preview(request: CityRequest, number: str) -> HttpResponse:
    """Before a join: both cases, and every mail that would go out."""
    loaded = load_to_write(request, number)
    desk = frame(request)
    named = queries.case_of_number(desk.actor, request.GET.get("into", ""))
    into = Case.objects.visible_to(desk.actor).filter(number=named or "").first()
    if into is None or into.pk == loaded.case.pk:
        raise Http404
    shown = preview.of_join(
        city=request.city, case=loaded.case, into=into, by=desk.actor, now=desk.now
    )
    listed = catalogue(request.city)
    context = _head(request, loaded) | {
        "into": into,
        "into_service": listed.by_id(into.service_id),
        "preview": shown,
        "more": shown.count - len(shown.letters),
        "see_contacts": desk.actor.may("see_contacts"),
        "may_join": desk.actor.may("join"),
    }
    return draw(request, "console/join.html", desk, context, queue_id=loaded.case.queue_id)


@acting
def relate(request: CityRequest, loaded: Loaded) -> HttpResponse:
    """Say that two cases have to do with each other, or that they have not."""
    named = queries.case_of_number(request.actor, request.POST.get("other", ""))
    other = Case.objects.visible_to(request.actor).filter(number=named or "").first()
    undo = request.POST.get("undo") == "yes"
    if other is None:
        words = _("There is no case with this number. Check it and try again.")
        return again(request, loaded, Trouble(words=words, status=422))
    change = relating.unrelate if undo else relating.relate
    try:
        change(**common(request, loaded), other_id=other.pk)
    except CaseworkRefused as no:
        return again(request, loaded, of(no, where="", typed={}))
    words = _("They are no longer related.") if undo else _("They are related now.")
    return done(request, loaded.case.number, words)


def _chosen(request: CityRequest) -> tuple[int, int]:
    def one_of(name: str, choices: tuple[int, ...], usual: int) -> int:
        text = request.GET.get(name, "")
        return int(text) if text in {str(c) for c in choices} else usual

    return one_of("metres", METRES, 200), one_of("days", DAYS, 30)


def _around(desk: Desk, case: Case, metres: int, days: int) -> list[nearby.Around]:
    since = desk.now - timedelta(days=days)
    return nearby.around(case, desk.actor, metres=metres, closed_since=since)


def _head(request: CityRequest, loaded: Loaded) -> dict[str, Any]:
    reader = reader_of(request, loaded.flow)
    return {
        "case": loaded.case,
        "service": loaded.service,
        "queue_name": reader.queue_names.get(loaded.case.queue_id, ""),
    }


def _row(
    request: CityRequest, desk: Desk, one: nearby.Around, number: int, related: set[int]
) -> dict[str, Any]:
    listed = catalogue(desk.city)
    flow = listed.flow_version(one.case.flow_version_id)
    label = reader_of(request, flow).text(flow.states[one.case.state].label)
    return {
        "one": one,
        "n": number if number <= ON_MAP else "",
        "service": listed.by_id(one.case.service_id),
        "state_word": state_word(one.case.category, label),
        "related": one.case.pk in related,
    }
