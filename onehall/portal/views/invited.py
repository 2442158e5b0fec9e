"""The page behind the link of an invitation: it signs a new colleague in, once."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from onehall.look.doorway import CityRequest
from onehall.people.invites import invited as find
from onehall.people.queries import staff_actor


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def invited(request: CityRequest, secret: str) -> HttpResponse:
    """Looking signs nobody in, since machines look at the links of mails too; pressing the button does."""
    user = find(secret, request.city)
    if user is None:
        return render(request, "portal/invited.html", {"who": None}, status=404)
    if request.method == "GET":
        return render(request, "portal/invited.html", {"who": user.name or user.email})
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    messages.success(
        request, _("Welcome. From now on sign in with a code by mail, or set a password.")
    )
    staff = staff_actor(user, request.city)
    outside = staff is not None and staff.roles <= {"crew", "contractor"}
    return redirect("/desk/work" if outside else "/desk")
