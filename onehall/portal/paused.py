"""The page of a service that is paused: what to do instead, and what was typed, to be copied."""

from django.http import HttpResponse
from django.shortcuts import render

from onehall.casework.rules import MAX_WORDS
from onehall.catalog.services import ServiceDefinition
from onehall.look.doorway import CityRequest
from onehall.portal.report_form import MAX_WHERE
from onehall.service_requests.notices import Words


def page(request: CityRequest, service: ServiceDefinition, instead: Words) -> HttpResponse:
    """The answer to whoever opens or sends the form of a service while the city takes no reports about it."""
    context = {
        "service": service,
        "instead": instead,
        "typed": request.POST.get("words", "").strip()[:MAX_WORDS],
        "where": request.POST.get("where", "").strip()[:MAX_WHERE],
    }
    status = 409 if request.method == "POST" else 200
    return render(request, "portal/paused.html", context, status=status)
