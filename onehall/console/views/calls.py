"""Calls and own requests that were taken while the database was away, and are not recorded yet: what became of them."""

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.catalog.queries import UnknownService, catalogue
from onehall.console.desk import Desk, draw, frame, staff_who_may
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.service_requests import queries, waiting
from onehall.service_requests.waiting import Report


@staff_who_may("take_calls")
@require_GET
def calls(request: CityRequest) -> HttpResponse:
    """Those that could not be recorded, and those that wait for the worker."""
    desk = frame(request)
    rows = [
        {
            "report": one,
            "service": _service(request, desk, one.service),
            "why": waiting.why(one.key) or _("That was not written down."),
        }
        for one in kept(desk)
    ]
    soon = len(waiting.of_staff(desk.city.pk, waiting.NEW))
    context = {"title": _("Kept calls"), "rows": rows, "soon": soon}
    return draw(request, "console/calls.html", desk, context)


def kept(desk: Desk) -> list[Report]:
    """Those that were refused and not put right since; [] for who takes no calls."""
    if not desk.actor.may("take_calls"):
        return []
    found = waiting.of_staff(desk.city.pk)
    done = queries.recorded(desk.city, [one.key for one in found]) if found else set()
    return [one for one in found if one.key not in done]


def _service(request: CityRequest, desk: Desk, key: str) -> str:
    try:
        name = catalogue(desk.city).service(key).name
    except UnknownService:
        return key
    return pick(name, request.LANGUAGE_CODE, desk.city.language)
