"""The front door: ask in your own words, four doors, what others ask for, the month in figures."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from onehall.casework import queries as casework
from onehall.casework.models import Case
from onehall.catalog.queries import catalogue
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look.brand import stylesheet
from onehall.look.doorway import CityRequest
from onehall.look.kept import kept
from onehall.portal import keeping
from onehall.service_requests import queries

LATELY = 4
"""Cases under "in the city lately"."""


@login_not_required
@require_GET
@kept
def home(request: CityRequest) -> HttpResponse:
    """The city's first page."""
    city, now = request.city, read_clock()
    listed = catalogue(city)
    lately: dict[int, dict[str, Any]] = {}
    for entry in queries.lately(city, now=now, limit=4 * LATELY):
        case: Case = entry.case
        state = listed.flow_version(case.flow_version_id).states.get(str(entry.data.get("to")))
        if state is not None and len(lately) < LATELY:
            service = listed.by_id(case.service_id)
            news = {"case": case, "service": service, "state": state, "at": entry.at}
            lately.setdefault(case.id, news)
    often = [
        {"service": s, "days": casework.usual_days(city, s.id, now=now)} for s in listed.common
    ]
    context = {
        "often": often,
        "lately": list(lately.values()),
        "figures": queries.figures(city, now=now),
    }
    return render(request, "portal/home.html", context)


@login_not_required
@require_GET
def brand(request: CityRequest) -> HttpResponse:
    """The city's own colours, as checked when its pack was applied."""
    response = HttpResponse(stylesheet(request.city.brand), content_type="text/css")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@login_not_required
@require_GET
def about(request: CityRequest, topic: str) -> HttpResponse:
    """Accessibility and privacy, in plain words."""
    found = {"name": pick(request.city.name, ""), "kept": keeping.lines(request.city)}
    return render(request, f"portal/about_{topic}.html", found)
