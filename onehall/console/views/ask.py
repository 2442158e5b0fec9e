"""The city's own staff as customers: what they can ask for, and what they have asked for."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from onehall.catalog.queries import Catalogue, catalogue
from onehall.catalog.search import find_services
from onehall.console.desk import draw, frame, staff_who_may
from onehall.look.doorway import CityRequest
from onehall.service_requests import queries
from onehall.service_requests.models import ServiceRequest

MOST = 50


@staff_who_may("ask")
@require_GET
def ask(request: CityRequest) -> HttpResponse:
    """Laptop, badge, access: the internal catalogue with a search, and one's own requests, open ones first."""
    desk = frame(request)
    listed = catalogue(desk.city)
    text = request.GET.get("q", "").strip()[:200]
    hits = find_services(listed.internal, text, request.LANGUAGE_CODE) if text else []
    found = queries.mine(desk.city, getattr(request.user, "email", ""))[:MOST]
    mine = [_row(listed, r) for r in found if listed.by_id(r.case.service_id).is_internal]
    context = {
        "q": text,
        "hits": [h.service for h in hits],
        "groups": listed.internal.groups,
        "open": [r for r in mine if r["case"].is_open],
        "ended": [r for r in mine if not r["case"].is_open],
    }
    return draw(request, "console/ask.html", desk, context, rail_at="ask")


def _row(listed: Catalogue, report: ServiceRequest) -> dict[str, Any]:
    case = report.case
    return {
        "report": report,
        "case": case,
        "service": listed.by_id(case.service_id),
        "state": listed.flow_version(case.flow_version_id).states[case.state],
    }
