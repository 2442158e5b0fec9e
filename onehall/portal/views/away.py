"""What is answered while the database is away: a report is taken and waits on disk, everything else says when to come back."""

import json
import sys
import uuid
from typing import Final
from xml.sax.saxutils import escape

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from onehall.kernel.clock import now as read_clock
from onehall.kernel.database.lost import is_lost
from onehall.look import errors
from onehall.look.doorway import CityRequest
from onehall.portal import agents, recording
from onehall.portal.limits import too_many, too_often
from onehall.portal.uploads import MAX_UPLOAD
from onehall.portal.views import report
from onehall.service_requests import waiting
from onehall.service_requests.models import ServiceRequest

RETRY_SECONDS: Final = 20
UNREADABLE: Final = (UnreadablePostError, MultiPartParserError, SuspiciousOperation, BadRequest)


def server_error(request: HttpRequest) -> HttpResponse:
    """503 while the database is away, and a report that came is kept; 500 for every mistake of ours."""
    if not is_lost(sys.exc_info()[1]):
        return errors.server_error(request)
    with translation.override(_language(request)):
        return _answer(request)


def _language(request: HttpRequest) -> str:
    """As the doorway finds it, among all languages of the house: which ones the city speaks is not known now."""
    known = {code for code, _name in settings.LANGUAGES}
    for code in (
        request.GET.get("lang", ""),
        request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
        translation.get_language_from_request(request),
    ):
        for one in (code, code.partition("-")[0]):
            if one in known:
                return one
    return str(settings.LANGUAGE_CODE)


def _answer(request: HttpRequest) -> HttpResponse:
    try:
        found = resolve(request.path)
    except Resolver404:
        return _away(request)
    if found.view_name == "portal:waiting":
        key = found.kwargs["key"]
        return waits(key) if waiting.is_kept(key) else _away(request)
    if found.view_name == "portal:report" and request.method == "POST":
        try:
            return _keep(request, found.kwargs["service_key"])
        except UNREADABLE:
            return _away(request)
    return _away(request)


def _keep(request: HttpRequest, service: str) -> HttpResponse:
    """Take a report that is sent, also by an agent for a caller; other buttons of the form wait for the database."""
    guard = CsrfViewMiddleware(lambda _request: HttpResponse())
    guard.process_request(request)
    refused = guard.process_view(request, report.form, (), {"service_key": service})
    if refused is not None:
        return refused
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return _away(request)
    does = request.POST.get("do", "send")
    sends = does == "send" or does.startswith("follow:")
    if not sends or request.POST.get("website"):
        return _away(request)
    call = "call" in request.POST or "call" in request.GET
    agent = agents.read(request, call=call)
    if (call and agent is None) or _too_many(request, agent):
        return _away(request)
    told = waiting.Report(
        key=key,
        service=service,
        host=request.get_host(),
        secure=request.is_secure(),
        language=translation.get_language() or "",
        received_at=read_clock(),
        fields=tuple(
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name not in ("csrfmiddlewaretoken", agents.FIELD)
        ),
        agent=agent,
    )
    try:
        photos = [u for u in request.FILES.getlist("photos") if (u.size or 0) <= MAX_UPLOAD]
        waiting.keep(told, photos)
    except (waiting.NoRoom, OSError):
        return _away(request)
    return redirect("portal:waiting", key=key)


def _too_many(request: HttpRequest, agent: waiting.Agent | None) -> bool:
    """Agents share the connection of their office: they are counted one by one."""
    if agent is None:
        return too_many(request, "waiting", limit=20, seconds=600)
    return too_often("waiting", f"user:{agent.user}", limit=60, seconds=600)


def _away(request: HttpRequest) -> HttpResponse:
    words = _("Our records can not be reached at the moment. Try again in a minute.")
    path, accepts = request.path, request.headers.get("Accept", "")
    if path.startswith("/open311/") and path.endswith(".xml"):
        text = f'<?xml version="1.0" encoding="utf-8"?><errors><error><code>503</code><description>{escape(words)}</description></error></errors>'
        made = HttpResponse(text, content_type="application/xml; charset=utf-8")
    elif path.startswith("/open311/"):
        made = HttpResponse(
            json.dumps([{"code": 503, "description": words}]), content_type="application/json"
        )
    elif path.endswith(".json") or path.startswith("/drafts/") or "application/json" in accepts:
        said = {"error": words, "away": True}
        made = HttpResponse(json.dumps(said), content_type="application/json")
    else:
        made = HttpResponse(render_to_string("look/errors/away.html"))
    made.status_code = 503
    made.headers["Retry-After"] = str(RETRY_SECONDS)
    made.headers["Cache-Control"] = "no-store"
    return made


def waits(key: uuid.UUID) -> HttpResponse:
    """We have it; it has no number yet."""
    shown = {"key": key, "again": reverse("portal:waiting", args=[key])}
    made = HttpResponse(render_to_string("portal/waiting.html", shown), status=202)
    made.headers["Cache-Control"] = "no-store"
    return made


@login_not_required
@never_cache
@require_GET
def wait(request: CityRequest, key: uuid.UUID) -> HttpResponse:
    """Where a report that came in a bad moment is: waiting, recorded, or back in its form with what is missing."""
    known = (
        ServiceRequest.objects.filter(city_id=request.city.pk, key=key)
        .select_related("case")
        .first()
    )
    if (
        known is not None
        and known.channel == ServiceRequest.Channel.PHONE
        and request.actor.is_staff
    ):
        return redirect(f"/desk/cases/{known.case.number}")
    if known is not None:
        return redirect(f"{reverse('portal:status', args=[known.token])}?sent=1")
    if waiting.is_kept(key):
        return waits(key)
    try:
        told = waiting.read(key, waiting.REFUSED)
    except waiting.Damaged:
        told = None
    if told is None or (told.agent is not None and not request.actor.is_staff):
        # What a caller said is for the staff.
        raise Http404
    recording.fill(request, told)
    return report.form(request, told.service, action=reverse("portal:report", args=[told.service]))
