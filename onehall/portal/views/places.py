"""What the place picker asks: find words, name a point, cases near by, tiles and still maps."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.look import lengths, maps
from onehall.look.doorway import CityRequest
from onehall.places import queries as places
from onehall.places import tiles
from onehall.places.models import City
from onehall.portal import picked, things
from onehall.portal.around import near_assets, near_cases, place_note
from onehall.portal.reading import inside, service_for

TILE_AGE = 7 * 24 * 3600
EARTH = 40_000_000
"""Metres: no phone is less exact than this."""
VAGUE = 300
"""Metres from which a phone's place says nothing about where a thing is."""


@login_not_required
@require_GET
def find(request: CityRequest) -> HttpResponse:
    """Places for typed words, each with the signed text a form sends back."""
    text = request.GET.get("q", "").strip()[:200]
    if len(text) < 2:
        return JsonResponse({"places": []})
    found = places.find_place(request.city, text, limit=6, language=request.LANGUAGE_CODE)
    return JsonResponse({"places": [as_json(picked.of(f), request) for f in found]})


@login_not_required
@require_GET
def name(request: CityRequest) -> HttpResponse:
    """The words for a point, and whether it is inside the city. `pick` is the place whose pin is being set."""
    try:
        lon, lat = float(request.GET["lon"]), float(request.GET["lat"])
        accuracy = float(request.GET.get("accuracy") or 0)
    except (KeyError, ValueError):
        return HttpResponseBadRequest("lon and lat are numbers.")
    if not (abs(lon) <= 180 and abs(lat) <= 90 and 0 <= accuracy <= EARTH):
        return HttpResponseBadRequest("lon and lat are degrees, accuracy is metres.")
    city, language = request.city, request.LANGUAGE_CODE
    if not places.inside_limit(city, lon, lat):
        return JsonResponse({"outside": True})
    units = lengths.units_for(language, city)
    if accuracy > VAGUE:
        return JsonResponse({"outside": False, "vague": lengths.say(accuracy, units=units)})
    found = places.reverse(city, lon, lat, language=language)
    words = found.words if found else _("The marked point")
    district = found.district if found else ""
    address = _address(city, request.GET.get("pick", ""), lon, lat)
    place = picked.Picked(
        lon, lat, address or words, district, accuracy=accuracy or None, address=address
    )
    return JsonResponse({"outside": False, "place": as_json(place, request)})


def _address(city: City, pick: str, lon: float, lat: float) -> str:
    """The address whose pin was only close and is now set by hand, while it stays on that street."""
    was = picked.read(pick)
    if was is None or not was.address:
        return ""
    return was.address if places.may_be(city, was.address, lon, lat) else ""


@login_not_required
@require_GET
def near(request: CityRequest, service_key: str) -> HttpResponse:
    """Open cases near a picked place, and things there that can be picked, as a piece of the form."""
    service = service_for(request, service_key)
    place = picked.read(request.GET.get("pick", ""))
    if place is None or not inside(request.city, place):
        return HttpResponse("")
    told = things.told(request, service, place)
    context = {
        "told": told,
        "near": near_cases(request, service, place, but=told),
        "assets": near_assets(request, service, place),
        "asset": place.asset_code,
        "service": service,
    }
    return render(request, "portal/near.html", context)


@login_not_required
@require_GET
def tile(request: CityRequest, scheme: str, z: str, x: str, y: str) -> HttpResponse:
    """One 512 pixel map tile, drawn once and kept. There is one address for names that are the same in two languages."""
    city, shade = request.city, maps.shade(request.city, scheme)
    if shade.language and tiles.language_of(city, shade.language) == city.language:
        return redirect("portal:tile", "dark" if shade.dark else "light", z, x, y)
    try:
        data = tiles.draw_tile(
            city, int(z), int(x), int(y), dark=shade.dark, language=shade.language
        )
    except tiles.NoSuchTile as unknown:
        raise Http404 from unknown
    return _picture(data, TILE_AGE)


@login_not_required
@require_GET
def still(request: CityRequest, scheme: str, pick: str) -> HttpResponse:
    """A still map around a place that this server signed."""
    place = picked.read(pick)
    if place is None or not inside(request.city, place):
        raise Http404
    return draw(request, place.lon, place.lat, scheme)


def draw(request: CityRequest, lon: float, lat: float, scheme: str) -> HttpResponse:
    """The still map around a point, as wide as the form, in the scheme and language that an address says."""
    shade = maps.shade(request.city, scheme)
    data = tiles.draw_still(
        request.city,
        lon,
        lat,
        width=640,
        height=280,
        zoom=16,
        dark=shade.dark,
        pins=[tiles.Pin(lon, lat)],
        ratio=1.5,
        language=shade.language,
    )
    return _picture(data, 3600)


def _picture(data: bytes, age: int) -> HttpResponse:
    response = HttpResponse(data, content_type="image/webp")
    response.headers["Cache-Control"] = f"public, max-age={age}"
    return response


def as_json(place: picked.Picked, request: CityRequest) -> dict[str, Any]:
    """A place as the scripts of the form take it; `code` is the number of a thing that was picked."""
    return {
        "words": place.words,
        "note": place_note(place, request.city, request.LANGUAGE_CODE),
        "lon": place.lon,
        "lat": place.lat,
        "pick": picked.sign(place),
        "code": place.asset_code,
    }
