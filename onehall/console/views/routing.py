"""The routing tester: choose a service, tell something, and see where it would go and why."""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.casework.wording import CHANNELS
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.console import routing_page
from onehall.console.desk import Desk, draw, frame, staff_who_may
from onehall.console.routing_page import Trial
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.people.bodies import bodies as outside
from onehall.people.queries import queues
from onehall.service_requests import deciding


@staff_who_may("see_figures")
@require_GET
def tester(request: CityRequest) -> HttpResponse:
    """A page with an address for every try, so that it can be shown to others. It changes nothing."""
    desk = frame(request)
    listed = catalogue(desk.city)
    wanted = request.GET.get("service", "")
    service = next((s for s in listed.every if s.key == wanted), None)
    if wanted and service is None:
        raise Http404
    language, default = request.LANGUAGE_CODE, desk.city.languages[0]
    context: dict[str, Any] = {
        "title": _("Where would it go?"),
        "services": sorted(
            ((s.key, pick(s.name, language, default)) for s in listed.every if s.active),
            key=lambda pair: pair[1].lower(),
        ),
        "service": service,
        "channels": [(key, CHANNELS[key]()) for key in ("web", "phone", "staff", "api")],
    }
    if service is not None:
        trial = routing_page.read(desk.city, service, request.GET, language, now=desk.now)
        context |= _result(request, desk, service, trial)
    return draw(request, "console/routing.html", desk, context, rail_at="routing")


def _result(
    request: CityRequest, desk: Desk, service: ServiceDefinition, trial: Trial
) -> dict[str, Any]:
    language, default = request.LANGUAGE_CODE, desk.city.languages[0]
    names = {q.key: pick(q.name, language, default) for q in queues(desk.city)}
    bodies = {b.key: pick(b.name, language, default) for b in outside(desk.city)}
    lines = [
        {
            "verdict": v,
            "queue": names.get(v.route.queue, v.route.queue),
            "person": _person(desk, v.route.person),
            "body": bodies.get(v.route.body, v.route.body),
            "checks": [
                (c.held, routing_page.said(c, trial), routing_page.found_words(c, trial))
                for c in v.checks
            ],
        }
        for v in trial.verdicts
    ]
    return {
        "trial": trial,
        "tried": "do" in request.GET,
        "fields": routing_page.fields_of(service, request.GET, trial.answers),
        "areas": routing_page.area_words(trial),
        "lines": lines,
        "chosen": next(line for line in lines if line["verdict"].chosen),  # type: ignore[attr-defined]
    }


def _person(desk: Desk, email: str) -> str:
    found = deciding.person(desk.city, email)
    return found.name if found else ""
