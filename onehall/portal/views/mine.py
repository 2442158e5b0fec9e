"""My things: everything a proven address has reported. The proof is a one-time code by mail."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from onehall.catalog.queries import catalogue
from onehall.look.doorway import CityRequest
from onehall.service_requests import queries


@login_not_required
@never_cache
@require_GET
def mine(request: CityRequest) -> HttpResponse:
    """Open reports first, then ended ones, newest first. Strangers are sent to ask for a code."""
    if not request.user.is_authenticated:
        query = urlencode({"next": request.path})
        return redirect(f"{reverse('account_request_login_code')}?{query}")
    city = request.city
    edge = _edge(request.GET.get("before", ""))
    found = queries.mine(city, getattr(request.user, "email", ""), before=edge)
    more, found = len(found) > 50, found[:50]
    listed = catalogue(city)
    rows: list[dict[str, Any]] = [
        {
            "report": r,
            "case": r.case,
            "service": listed.by_id(r.case.service_id),
            "state": listed.flow_version(r.case.flow_version_id).states[r.case.state],
        }
        for r in found
        if r.token
    ]
    context = {
        "needs_you": [
            r for r in rows if r["state"].category == "waiting_applicant" and r["case"].is_open
        ],
        "open": [
            r for r in rows if r["case"].is_open and r["state"].category != "waiting_applicant"
        ],
        "ended": [r for r in rows if not r["case"].is_open],
        "older": f"{found[-1].created_at.isoformat()}~{found[-1].id}" if more else "",
    }
    return render(request, "portal/mine.html", context)


def _edge(text: str) -> tuple[datetime, int] | None:
    at, _mark, pk = text.partition("~")
    try:
        edge = datetime.fromisoformat(at), int(pk[:18])
    except ValueError:
        return None
    return edge if edge[0].tzinfo is not None else None
