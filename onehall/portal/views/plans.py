"""Paying a bill in parts: what is possible, the exact table, and the agreement; the days for a calendar."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from onehall.billing import bills, planning, plans, queries
from onehall.billing.errors import BillingRefused
from onehall.billing.models import Invoice
from onehall.billing.plan_rules import Wish
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.people.actor import resident
from onehall.portal.limits import too_many
from onehall.portal.paying import plan_pages, wording
from onehall.portal.paying.plan_pages import Choice
from onehall.portal.views.paying import where_billed


def _bill(request: CityRequest, token: str) -> Invoice:
    found = bills.by_token(request.city, token)
    if found is None:
        raise Http404
    return found


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
@where_billed
def plan(request: CityRequest, token: str) -> HttpResponse:
    """Choose, look at the table, agree. Where a plan runs or waits for an answer, the page of the bill says so."""
    bill = _bill(request, token)
    terms = plans.terms_of(request.city, bill)
    if terms is None:
        raise Http404
    if not plans.may_ask(request.city, bill) or planning.asked_for(bill) is not None:
        return redirect("portal:bill", token=token)
    made = plan_pages.read(request, bill, terms, timezone.localdate(read_clock()))
    does = request.POST.get("do", "")
    if request.method == "GET" or does == "change":
        return _page(request, made)
    if too_many(request, "plan", limit=30, seconds=600):
        made.errors["sum"] = _("That was tried often in a short time. Wait a few minutes.")
        return _page(request, made, status=429)
    wish = plan_pages.check(request, made)
    if wish is None:
        return _page(request, made, status=422)
    if does != "agree":
        return _page(request, made, name="plan_check")
    return _agreed(request, made, wish)


def _agreed(request: CityRequest, made: Choice, wish: Wish) -> HttpResponse:
    """Make the plan that was looked at, or ask for it."""
    if request.POST.get("consent") != plans.CONSENT:
        made.errors["consent"] = _("Say that you agree, then go on.")
    elif made.found is not None and request.POST.get("total", "") != str(made.found.total):
        made.errors["sum"] = _("The sum is another one now. Look at it once more.")
    if made.errors:
        return _page(request, made, name="plan_check", status=422)
    try:
        words = _start(request, made, wish)
    except BillingRefused as no:
        made.errors["sum"] = str(no)
        return _page(request, made, name="plan_check", status=409)
    messages.success(request, words)
    return redirect("portal:bill", token=made.bill.token)


def _start(request: CityRequest, made: Choice, wish: Wish) -> str:
    new, now = made.new(wish), read_clock()
    if made.alone:
        plans.start(city=request.city, new=new, by=resident(request.city.pk), now=now)
        return _("Your plan is made. The table is on its way by mail.")
    plans.ask(city=request.city, new=new, now=now)
    return _("We have your request. The answer comes by mail.")


def _page(
    request: CityRequest, made: Choice, *, name: str = "plan", status: int = 200
) -> HttpResponse:
    kind = queries.kind_of(queries.setup(request.city), made.bill.kind)
    context: dict[str, Any] = {
        "made": made,
        "bill": made.bill,
        "title": wording.name(made.bill, kind, request.city, request.LANGUAGE_CODE),
        "often": dict(made.ways).get(made.every, ""),
        "consent": plans.CONSENT,
    }
    return render(request, f"portal/pay/{name}.html", context, status=status)


@login_not_required
@never_cache
@require_GET
@where_billed
def calendar(request: CityRequest, token: str) -> HttpResponse:
    """The days on which something is to be paid, for a calendar."""
    bill, now = _bill(request, token), read_clock()
    found = planning.running(request.city, [bill], timezone.localdate(now)).get(bill.pk)
    if found is None:
        raise Http404
    made = plan_pages.calendar(
        found,
        city=request.city.name,
        title=_("Pay bill %(number)s") % {"number": bill.number},
        address=request.build_absolute_uri(reverse("portal:bill", args=[token])),
    )
    response = HttpResponse(made, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="payments.ics"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
