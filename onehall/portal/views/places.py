"""What the place picker asks: find words, name a point, cases near by, tiles and still maps."""

import math
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.catalog.queries import UnknownService, catalogue
from onehall.look.doorway import CityRequest
from onehall.places import queries as places
from onehall.places import tiles
from onehall.places.queries import FoundPlace
from onehall.portal import picked
from onehall.portal.views.report import near_cases

TILE_AGE = 7 * 24 * 3600


@login_not_required
@require_GET
def find(request: CityRequest) -> HttpResponse:
    """Places for typed words, each with the signed text a form sends back."""
    text = request.GET.get("q", "").strip()[:200]
    found = places.find_place(request.city, text, limit=6, language=request.LANGUAGE_CODE) if text else []
    return JsonResponse({"places": [_as_json(f) for f in found]})


@login_not_required
@require_GET
def name(request: CityRequest) -> HttpResponse:
    """The words for a point, and whether it is inside the city."""
    try:
        lon, lat = float(request.GET["lon"]), float(request.GET["lat"])
        accuracy = float(request.GET.get("accuracy") or 0)
    except (KeyError, ValueError):
        return HttpResponseBadRequest("lon and lat are numbers.")
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        return HttpResponseBadRequest("lon and lat are degrees.")
    city = request.city
    if not places.inside_limit(city, lon, lat):
        return JsonResponse({"outside": True})
    found = places.reverse(city, lon, lat, language=request.LANGUAGE_CODE)
    words = found.words if found else _("The marked point")
    place = picked.Picked(lon, lat, words, found.district if found else "", None, accuracy or None)
    body = {"words": words, "district": place.district, "lon": lon, "lat": lat, "pick": picked.sign(place)}
    return JsonResponse({"outside": False, "place": body})


@login_not_required
@require_GET
def near(request: CityRequest, service_key: str) -> HttpResponse:
    """Open cases near a picked place, and things there that can be picked, as a piece of the form."""
    try:
        service = catalogue(request.city).service(service_key)
    except UnknownService as unknown:
        raise Http404 from unknown
    place = picked.read(request.GET.get("pick", ""))
    if place is None:
        return HttpResponse("")
    cases = near_cases(request, service, place.lon, place.lat)
    context = {"near": cases, "service": service, "looked": True}
    return render(request, "portal/near.html", context)


@login_not_required
@require_GET
def tile(request: CityRequest, scheme: str, z: int, x: int, y: int) -> HttpResponse:
    """One 512 pixel map tile, drawn once and kept."""
    if not 10 <= z <= 19 or not (0 <= x < 2**z and 0 <= y < 2**z):
        raise Http404
    data = tiles.draw_tile(request.city, z, x, y, dark=scheme == "dark")
    return _picture(data, TILE_AGE)


@login_not_required
@require_GET
def still(request: CityRequest, scheme: str, pick: str) -> HttpResponse:
    """A still map around a place that this server signed."""
    place = picked.read(pick)
    if place is None:
        raise Http404
    data = tiles.draw_still(
        request.city,
        place.lon,
        place.lat,
        width=640,
        height=280,
        zoom=16,
        dark=scheme == "dark",
        pins=[tiles.Pin(place.lon, place.lat)],
    )
    return _picture(data, 3600)


def _picture(data: bytes, age: int) -> HttpResponse:
    response = HttpResponse(data, content_type="image/webp")
    response.headers["Cache-Control"] = f"public, max-age={age}"
    return response


def _as_json(found: FoundPlace) -> dict[str, Any]:
    return {
        "words": found.words,
        "kind": found.kind,
        "district": found.district,
        "lon": found.lon,
        "lat": found.lat,
        "pick": picked.sign(picked.of(found)),
    }
