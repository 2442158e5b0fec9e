"""One thing with a painted number, for the staff: its facts, and every case about it that they may see."""

from typing import Any, Final

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from onehall.casework import things as casework
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.console.desk import Desk, draw, frame, staff_only
from onehall.console.filters import list_address
from onehall.console.rows import lines_of
from onehall.look import maps
from onehall.look.doorway import CityRequest
from onehall.places import queries as places
from onehall.places import tiles, wording
from onehall.places.in_view import numbered
from onehall.places.models import LIMIT_LAYER, Asset
from onehall.places.queries import AssetNear

OPEN: Final = 50
"""Open cases that are listed at most."""
PAGE: Final = 25
"""Ended cases on one page."""
FACTS: Final = 20
"""Facts of the city pack that are shown at most."""
COLUMNS: Final = ("came", "state", "people", "due", "with", "notes")


@staff_only
@require_GET
def thing(request: CityRequest, kind: str, code: str) -> HttpResponse:
    """The thing, in any writing of its number."""
    pk, found = _found(request, kind, code)
    if (found.kind, found.code) != (kind, code):
        return redirect("console:thing", kind=found.kind, code=found.code)
    desk, before = frame(request), _before(request.GET.get("before", ""))
    told = casework.on_thing(pk, desk.actor, now=desk.now, before=before, most_open=OPEN, size=PAGE)
    page = told.ended[:PAGE]
    here = reverse("console:thing", args=[found.kind, found.code])
    value = f"{found.kind}:{found.code}"
    context: dict[str, Any] = {
        "thing": found,
        "kind": wording.asset_kind(found.kind),
        "facts": _facts(request, pk),
        "areas": _areas(request, found),
        "has_map": request.city.bounds is not None,
        "year": told.year,
        "often": told.often,
        "open": lines_of(request, desk, told.open, COLUMNS),
        "ended": lines_of(request, desk, page, COLUMNS),
        "first": not before,
        "here": here,
        "older": f"{here}?before={page[-1].id}" if len(told.ended) > PAGE else "",
        "newer": here if before else "",
        "as_list": list_address(show="all", thing=value),
        "columns": COLUMNS,
        **_offers(desk, found),
    }
    return draw(request, "console/thing.html", desk, context)


@staff_only
@require_GET
def thing_map(request: CityRequest, kind: str, code: str, scheme: str) -> HttpResponse:
    """The map around it."""
    if request.city.bounds is None:
        raise Http404
    shade = maps.shade(request.city, scheme)
    _pk, found = _found(request, kind, code)
    data = tiles.draw_still(
        request.city, found.lon, found.lat, width=640, height=280, zoom=17,
        dark=shade.dark, pins=[tiles.Pin(found.lon, found.lat)], language=shade.language,
    )  # fmt: skip
    response = HttpResponse(data, content_type="image/webp")
    response.headers["Cache-Control"] = "private, max-age=600"
    return response


def _found(request: CityRequest, kind: str, code: str) -> tuple[int, AssetNear]:
    found = numbered(
        request.city, code[:60], kind=kind.lower(), limit=8, language=request.LANGUAGE_CODE
    )
    # A number in another writing may fit several; the exact one is meant.
    exact = [one for one in found if one[1].code == code] or found
    if len(exact) != 1:
        raise Http404
    return exact[0]


def _before(text: str) -> int:
    """Where a page begins; what means nothing is not found."""
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 18 or not int(text):
        raise Http404
    return int(text)


def _facts(request: CityRequest, pk: int) -> list[tuple[str, str]]:
    """What the city pack says of it besides its number and place, in the words of the pack."""
    facts = Asset.objects.filter(city=request.city, pk=pk).values_list("facts", flat=True).first()
    return [
        (str(name).replace("_", " ").capitalize(), str(value))
        for name, value in list((facts or {}).items())[:FACTS]
        if isinstance(value, str | int | float) and str(value)
    ]


def _areas(request: CityRequest, found: AssetNear) -> str:
    """The names of the areas it lies in."""
    city = request.city
    layers = places.areas_at(city, found.lon, found.lat)
    return ", ".join(
        places.label(city, layer, code, request.LANGUAGE_CODE)
        for layer, code in sorted(layers.items())
        if layer != LIMIT_LAYER
    )


def _offers(desk: Desk, found: AssetNear) -> dict[str, Any]:
    """What can be reported about it, and whether everybody has a page of it."""
    listed = catalogue(desk.city)
    services: list[ServiceDefinition] = [s for s in listed.services if s.asset == found.kind]
    own = [s for s in listed.internal.services if s.asset == found.kind]
    return {
        "offered": services,
        "offered_to_staff": own if desk.actor.may("ask") else [],
        "public": any(not s.is_internal for s in services),
    }
