"""The page of one thing with a painted number: what it is, what is open on it, what was done. A sticker may link to it."""

from dataclasses import asdict
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from onehall.casework import things as casework
from onehall.casework.selection import Box
from onehall.catalog.queries import catalogue
from onehall.look.doorway import CityRequest
from onehall.look.kept import kept
from onehall.places import queries as places
from onehall.places import wording
from onehall.places.queries import AssetNear
from onehall.portal import previews, things
from onehall.portal.reading import service_for
from onehall.portal.views.city import row_of
from onehall.portal.views.places import as_json, draw

OPEN: Final = 20
"""Open cases that are listed at most."""
PAGE: Final = 20
"""Ended cases on one page."""


@login_not_required
@require_GET
@kept
def thing(request: CityRequest, kind: str, code: str) -> HttpResponse:
    """The thing, in any writing of its number."""
    found = _found(request, kind, code)
    if (found.kind, found.code) != (kind, code):
        return redirect("portal:thing", kind=found.kind, code=found.code)
    city, language = request.city, request.LANGUAGE_CODE
    asset_id = things.id_of(city, found.kind, found.code)
    if asset_id is None:
        raise Http404
    ids = [s.id for s in things.exact_services(city, found.kind)]
    before = _before(request.GET.get("before", ""))
    opened = [] if before else casework.open_on(city, asset_id, ids, limit=OPEN)
    ended = casework.history(city, asset_id, ids, before=before, size=PAGE)
    more, ended = len(ended) > PAGE, ended[:PAGE]
    here = reverse("portal:thing", args=[found.kind, found.code])
    near = places.reverse(city, found.lon, found.lat, language)
    context: dict[str, Any] = {
        "thing": found,
        "kind": wording.asset_kind(found.kind),
        "where": near.words if near else "",
        "district": places.district(city, found.lon, found.lat, language),
        "has_map": city.bounds is not None,
        "open": [_row(request, case) for case in opened],
        "ended": [row_of(request, line) for line in ended],
        "first": not before,
        "here": here,
        "older": f"{here}?before={ended[-1].id}" if more else "",
        "offered": things.offered(city, found.kind),
        "preview": previews.of_thing(
            request, found, wording.asset_kind(found.kind), near.words if near else ""
        ),
    }
    response = render(request, "portal/thing.html", context)
    response.headers["Cache-Control"] = "private, max-age=0"
    return response


def _found(request: CityRequest, kind: str, code: str) -> AssetNear:
    found = things.thing(request.city, kind.lower(), code[:60], request.LANGUAGE_CODE)
    if found is None:
        raise Http404
    return found


def _before(text: str) -> int:
    """Where a page begins; what means nothing is not found."""
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 18 or not int(text):
        raise Http404
    return int(text)


def _row(request: CityRequest, case: Any) -> dict[str, Any]:
    listed = catalogue(request.city)
    state = listed.flow_version(case.flow_version_id).states[case.state]
    return {"case": case, "service": listed.by_id(case.service_id), "state": state}


@login_not_required
@require_GET
def picture(request: CityRequest, kind: str, code: str, scheme: str) -> HttpResponse:
    """The map around it."""
    if request.city.bounds is None:
        raise Http404
    found = _found(request, kind, code)
    return draw(request, found.lon, found.lat, scheme)


@login_not_required
@require_GET
def marks(request: CityRequest, service_key: str) -> HttpResponse:
    """What the map of the report form draws of a `box` (west,south,east,north), or the thing with a `code` to be picked."""
    service = service_for(request, service_key)
    if not service.asset:
        raise Http404
    if code := request.GET.get("code", ""):
        place = things.marked(request, service, code[:60])
        if place is None:
            raise Http404
        return JsonResponse({"place": as_json(place, request)})
    box = Box.of(request.GET.get("box", "")[:100])
    if box is None:
        return HttpResponseBadRequest("A box is west,south,east,north in degrees.")
    found, more = things.on_map(request, service, (box.west, box.south, box.east, box.north))
    response = JsonResponse({"things": [asdict(one) for one in found], "more": more})
    response.headers["Cache-Control"] = "private, max-age=30"
    return response
