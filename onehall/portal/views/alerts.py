"""News of a selection by mail: asked for from the public list, confirmed and stopped by the link in the mail."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from onehall.kernel.clock import now
from onehall.look.doorway import CityRequest
from onehall.portal import city_query
from onehall.portal.limits import too_many
from onehall.portal.typed import address_of
from onehall.service_requests import alerts, publicly
from onehall.service_requests.alert_models import Alert
from onehall.service_requests.alerts import AlertRefused
from onehall.service_requests.publicly import Asked


@login_not_required
@require_http_methods(["GET", "POST"])
def ask(request: CityRequest) -> HttpResponse:
    """Ask for news of what the list shows; its address gets a link to confirm it."""
    return _ask(request) if request.method == "POST" else _form(request)


def _form(request: CityRequest) -> HttpResponse:
    given = {key: request.GET.get(key, "") for key in alerts.ASKED_KEYS}
    return _asked(request, city_query.read(request.city, given))


def _ask(request: CityRequest) -> HttpResponse:
    given = {key: request.POST.get(key, "") for key in alerts.ASKED_KEYS}
    asked = city_query.read(request.city, given)
    often = request.POST.get("often", "")
    email, wrong = address_of(request)
    if not wrong and too_many(request, "alert", limit=20, seconds=600):
        wrong = _("Many such mails were asked for from your connection. Wait a few minutes.")
    if not wrong:
        try:
            alerts.ask(
                city=request.city,
                email=email,
                asked=asked,
                often=often,
                language=request.LANGUAGE_CODE,
                now=now(),
            )
        except AlertRefused as no:
            wrong = str(no)
    return _asked(request, asked, often=often, typed=email, error=wrong, sent=not wrong)


def _asked(
    request: CityRequest,
    asked: Asked,
    *,
    often: str = "",
    typed: str = "",
    error: str = "",
    sent: bool = False,
) -> HttpResponse:
    """The form, with what is wrong in it, or that it was sent."""
    context = {
        "said": asked.said,
        "what": publicly.in_words(request.city, asked.said, request.LANGUAGE_CODE),
        "often": often,
        "typed": typed,
        "error": error,
        "sent": sent,
        "back": asked.address(reverse("portal:city")),
    }
    return render(request, "portal/alert_asked.html", context, status=422 if error else 200)


@login_not_required
@require_GET
def alert(request: CityRequest, token: str) -> HttpResponse:
    """What somebody is told about, with the buttons to begin and to stop. Only buttons do: mail programs open links."""
    return _page(request, _found(request, token))


def _found(request: CityRequest, token: str) -> Alert | None:
    return Alert.objects.filter(city=request.city, token=token).first()


def _page(
    request: CityRequest, found: Alert | None, *, error: str = "", status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {"alert": found, "error": error}
    if found is not None:
        context["what"] = publicly.in_words(request.city, found.said, request.LANGUAGE_CODE)
    answer = render(request, "portal/alert.html", context, status=status)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@login_not_required
@require_POST
def confirm(request: CityRequest, token: str) -> HttpResponse:
    """The address is somebody's own: begin to send."""
    try:
        alerts.confirm(city=request.city, token=token, now=now())
    except Alert.DoesNotExist:
        raise Http404 from None
    except AlertRefused as no:
        return _page(request, _found(request, token), error=str(no), status=422)
    return redirect("portal:alert", token=token)


# Mail programs send this themselves, without a page and its token (RFC 8058); the address is the secret.
@csrf_exempt
@login_not_required
@require_POST
def stop(request: CityRequest, token: str) -> HttpResponse:
    """Send nothing more. Twice is the same as once."""
    alerts.stop(city=request.city, token=token)
    return _page(request, None)
