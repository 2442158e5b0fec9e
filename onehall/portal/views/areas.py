"""The parts of the city for everybody: what is open there, what was done, how long it took beside the whole city."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from onehall.casework import public, squares
from onehall.casework.public import PublicLine
from onehall.catalog.queries import catalogue
from onehall.insights import areas as figures
from onehall.insights.areas import NOTHING, SPANS, AreaFigures, Figures
from onehall.kernel.clock import now as read_clock
from onehall.look import maps
from onehall.look.components.small import local
from onehall.look.doorway import CityRequest
from onehall.look.kept import kept
from onehall.places import areas
from onehall.places import queries as places
from onehall.places.models import City
from onehall.portal import city_query
from onehall.portal.views.city import COUNTED, row_of
from onehall.service_requests import publicly

LISTED: Final = 5
"""Cases of each list on the page of an area."""
SERVICES: Final = 12
"""Services that are compared, those told of most."""
FRESH_SECONDS: Final = 60
"""For how long the open cases by area are kept."""


@login_not_required
@require_GET
@kept
def index(request: CityRequest) -> HttpResponse:
    """All parts of the city that have a name for residents, and which of them a place is in."""
    city, language = request.city, request.LANGUAGE_CODE
    opened, closed = _open(city), figures.closed_by_area(city, SPANS[0])
    asked = request.GET.get("at", "").strip()[: publicly.LONGEST]
    found = places.find_place(city, asked, limit=1) if asked else []
    there = areas.areas_at(city, found[0].lon, found[0].lat) if found else {}
    layers = areas.public_layers(city)
    context = {
        "layers": [
            (
                areas.layer_label(city, layer, language) or layer,
                [
                    {
                        "name": name,
                        "href": reverse("portal:area", args=[layer, code]),
                        "open": opened.get((layer, code), 0),
                        "closed": closed.get((layer, code), 0),
                    }
                    for code, name in city_query.named_areas(city, layer, language)
                ],
            )
            for layer in layers
        ],
        "asked": asked,
        "lost": bool(asked) and not found,
        "place": found[0].words if found else "",
        "there": [
            _named(city, layer, there[layer], language) for layer in layers if layer in there
        ],
        "days": SPANS[0],
        "counted": bool(closed),
    }
    response = render(request, "portal/areas.html", context)
    response.headers["Cache-Control"] = "private, max-age=0"
    return response


def _named(city: City, layer: str, code: str, language: str) -> dict[str, str]:
    return {
        "label": areas.layer_label(city, layer, language) or layer,
        "name": areas.label(city, layer, code, language),
        "href": reverse("portal:area", args=[layer, code]),
    }


def _open(city: City) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] | None = caches["local"].get_or_set(
        f"open-by-area:{city.pk}:{city.revision}",
        lambda: figures.open_counts(city, now=read_clock()),
        FRESH_SECONDS,
    )
    return found or {}


@login_not_required
@require_GET
@kept
def area(request: CityRequest, layer: str, code: str) -> HttpResponse:
    """One part of the city beside the whole of it."""
    city, language, now = request.city, request.LANGUAGE_CODE, read_clock()
    if layer not in areas.public_layers(city) or code not in areas.area_codes(city, layer):
        raise Http404
    asked = city_query.read(city, {"area": f"{layer}:{code}"})
    found = figures.figures(city, layer, code)
    total = squares.how_many(city, asked.query, now=now, at_most=COUNTED + 1)
    opened = public.page(city, asked.query, now=now, size=LISTED)[:LISTED]
    done = public.done_last(city, asked.query, now=now, size=LISTED)
    here = reverse("portal:city")
    context = {
        "name": areas.label(city, layer, code, language),
        "label": areas.layer_label(city, layer, language),
        "summary": _summary(found),
        "spans": [_span(days, found) for days in SPANS],
        "services": _services(city, found),
        "counted_at": found.counted_at,
        "total": total,
        "uncounted": total > COUNTED,
        "counted": COUNTED,
        "open": _rows(request, opened),
        "done": _rows(request, done),
        "list_url": asked.address(here),
        "done_url": asked.address(here, state="closed"),
        "news_url": asked.address(reverse("portal:alert-ask")),
        "feed": asked.address(reverse("portal:city-feed")),
        **_map(city, layer, code),
    }
    response = render(request, "portal/area.html", context)
    response.headers["Cache-Control"] = "private, max-age=0"
    return response


def _rows(request: CityRequest, lines: Sequence[PublicLine]) -> list[dict[str, Any]]:
    return [row_of(request, line) for line in lines]


def took(span: timedelta | None) -> str:
    """How long something takes, in days that are begun: "4 days"; "" when it is not known."""
    if span is None:
        return ""
    days = -(-span // timedelta(days=1)) or 1
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def _summary(found: AreaFigures) -> str:
    """The usual time here beside that of the whole city, for the longest span."""
    here = found.here.get(max(SPANS), NOTHING).half
    city = found.city.get(max(SPANS), NOTHING).half
    if here is None or city is None:
        return ""
    said = {"here": took(here), "city": took(city)}
    if said["here"] == said["city"]:
        return _("Half of the reports here were done within %(here)s, as in the whole city.") % said
    return (
        _("Half of the reports here were done within %(here)s; in the whole city within %(city)s.")
        % said
    )


def _span(days: int, found: AreaFigures) -> dict[str, Any]:
    here, city = found.here.get(days, NOTHING), found.city.get(days, NOTHING)
    return {
        "days": days,
        "reported": here.reported,
        "closed": here.closed,
        "kept": here.kept_share,
        "kept_city": city.kept_share,
        "half": took(here.half),
        "most": took(here.most),
        "half_city": took(city.half),
    }


def _services(city: City, found: AreaFigures) -> list[dict[str, Any]]:
    listed = catalogue(city)
    shown = {s.id for s in publicly.shown_services(city)}

    def by_weight(pair: tuple[int, Figures]) -> tuple[int, int]:
        return -pair[1].reported, pair[0]

    told = sorted(
        ((k, f) for k, f in found.services_here.items() if k in shown and f.reported), key=by_weight
    )
    return [
        {
            "name": local(listed.by_id(key).name),
            "reported": here.reported,
            "closed": here.closed,
            "half": took(here.half),
            "half_city": took(found.services_city.get(key, NOTHING).half),
        }
        for key, here in told[:SERVICES]
    ]


def _map(city: City, layer: str, code: str) -> dict[str, Any]:
    shape = areas.index_of(city).shape(layer, code)
    seen = maps.around(*shape.bounds)
    return {
        "wide": maps.WIDE,
        "high": maps.HIGH,
        "tiles": maps.tiles(seen, city),
        "edge": maps.outline(seen, shape),
    }
