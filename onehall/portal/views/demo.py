"""Only in the demo: sign in as one of its people with one press, and read the mail it would send."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from onehall.billing.examples import examples
from onehall.look.doorway import CityRequest
from onehall.messaging import queries as messaging
from onehall.people.models import User
from onehall.people.queries import members
from onehall.portal.demo_modes import DEMO_MODES


def only_in_demo() -> None:
    """404 everywhere else."""
    if settings.MODE not in DEMO_MODES:
        raise Http404


@login_not_required
@never_cache
@require_GET
def people(request: CityRequest) -> HttpResponse:
    """The demo's cast, each one press away."""
    only_in_demo()
    shown = {"people": members(request.city), "bills": examples(request.city)}
    return render(request, "portal/demo_people.html", shown)


@login_not_required
@require_POST
def sign_in(request: CityRequest) -> HttpResponse:
    """Become one of the demo's people."""
    only_in_demo()
    chosen = [m for m in members(request.city) if str(m.user_id) == request.POST.get("user")]
    if not chosen:
        raise Http404
    user = User.objects.get(pk=chosen[0].user_id)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("/desk/work" if {"crew", "contractor"} & set(chosen[0].roles) else "/desk")


@login_not_required
@never_cache
@require_GET
def mailbox(request: CityRequest) -> HttpResponse:
    """Every message the demo city has sent, newest first."""
    only_in_demo()
    page = messaging.mailbox(request.city.id, before=_before(request))
    return render(request, "portal/mailbox.html", {"box": page})


@login_not_required
@never_cache
@require_GET
def message(request: CityRequest, pk: int) -> HttpResponse:
    """One message as it was sent."""
    only_in_demo()
    found = messaging.mailbox_message(request.city.id, pk)
    if found is None:
        raise Http404
    return render(request, "portal/message.html", {"message": found})


def _before(request: CityRequest) -> int | None:
    text = request.GET.get("before", "")
    return int(text) if text.isdecimal() and len(text) < 18 else None
