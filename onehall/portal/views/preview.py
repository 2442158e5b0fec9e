"""What residents would see of a service that is being changed: the real form, of which nothing can be sent."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.csp import CSP
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_POST

from onehall.casework import clock
from onehall.casework import queries as casework
from onehall.kernel import yamlfile
from onehall.kernel.clock import now as read_clock
from onehall.kernel.yamlfile import Problems
from onehall.look.doorway import CityRequest
from onehall.portal.jswords import report_words
from onehall.portal.reading import Page
from onehall.portal.report_form import ReportForm
from onehall.setup import forms, previewing, queries, service_forms

IN_OUR_FRAME = settings.SECURE_CSP | {"frame-ancestors": [CSP.SELF]}


@never_cache
@xframe_options_sameorigin
@csp_override(IN_OUR_FRAME)
@require_POST
def service(request: CityRequest) -> HttpResponse:
    """The form of a service as the fields of the set-up's form say it, in one of the city's languages."""
    if not request.actor.sets_up:
        raise PermissionDenied
    city = request.city
    asked = request.POST.get("_lang", "")
    language = asked if asked in city.languages else request.LANGUAGE_CODE
    doc = service_forms.service(
        forms.tree_of(request.POST.lists()), _before(request), city.languages
    )
    found = previewing.definition(forms.bare(doc), city.languages)
    form = ReportForm(service=found, language=language, default_language=city.languages[0])
    promised = clock.due(found.promise, read_clock(), casework.calendar_of(city))
    context: dict[str, Any] = {
        "page": Page(service=found, form=form),
        "form": form,
        "service": found,
        "key": form["key"].value(),
        "fresh": False,
        "full": False,
        "promised": promised if found.promise.days or found.promise.hours else None,
        "usual_days": None,
        "picked": "",
        "place_note": "",
        "candidates": [],
        "sides": [],
        "unsure": "",
        "bounds": city.bounds,
        "middle": city.center,
        "zoom": city.zoom,
        "js_words": report_words(things=bool(found.asset)),
        "spoken": [],
        "preview": True,
    }
    with translation.override(language):
        return render(request, "portal/preview.html", context)


def _before(request: CityRequest) -> dict[str, Any]:
    """The document that the form was drawn from: what the form does not know comes from there."""
    city = request.city
    file = queries.file_view(city, request.POST.get("_path", "")[:120])
    if file is None or file.text is None:
        return {}
    node = yamlfile.parse(file.text, file=file.path, problems=Problems())
    plain = node.plain() if node.kind == "mapping" else {}
    return forms.marked(plain, city.languages[0]) if isinstance(plain, dict) else {}
