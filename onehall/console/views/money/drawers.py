"""Cash drawers: those that are open and were open, one opened, one counted and closed."""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from onehall.billing import drawers as billing
from onehall.billing.drawers import Counted
from onehall.billing.errors import BillingRefused
from onehall.billing.models import Drawer, Payment
from onehall.console.desk import staff_who_may
from onehall.console.money import given, saying
from onehall.console.money.room import setup_of, show
from onehall.kernel import money
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest

SHOWN: Final = 30
"""Closed drawers on the page."""
MOST_PAYMENTS: Final = 200


@staff_who_may("take_money")
@require_http_methods(["GET", "POST"])
def drawers(request: CityRequest) -> HttpResponse:
    """The list; a POST opens one."""
    setup = setup_of(request)
    refused = ""
    if request.method == "POST":
        try:
            typed = request.POST.get("float", "").strip() or "0"
            made = billing.open_drawer(
                city=request.city,
                name=request.POST.get("name", ""),
                float_=given.amount(typed, setup.currency),
                by=request.actor,
                now=read_clock(),
            )
        except BillingRefused as no:
            refused = str(no)
        else:
            messages.success(request, _("%(name)s is open.") % {"name": made.name})
            return redirect("console:money-drawers")
    rows = Drawer.objects.filter(city=request.city)
    opened = list(rows.filter(closed_at=None).order_by("name"))
    context = {
        "open": [(drawer, billing.contents(drawer)) for drawer in opened],
        "closed": list(rows.filter(closed_at__isnull=False).order_by("-opened_at")[:SHOWN]),
        "free": [n for n in setup.drawers if n not in {drawer.name for drawer in opened}],
        "refused": refused,
        "typed_in": given.Typed(request.POST.dict()),
    }
    return show(request, "drawers", "money-drawers", context, status=422 if refused else 200)


@staff_who_may("take_money")
@require_http_methods(["GET", "POST"])
def drawer(request: CityRequest, pk: int) -> HttpResponse:
    """One drawer; a POST counts and closes it."""
    setup = setup_of(request)
    found = Drawer.objects.filter(city=request.city, pk=pk).first()
    if found is None:
        raise Http404
    refused = ""
    if request.method == "POST":
        try:
            billing.close_drawer(
                city=request.city,
                drawer_id=pk,
                count=_counted(request),
                by=request.actor,
                now=read_clock(),
            )
        except BillingRefused as no:
            refused = str(no)
        else:
            messages.success(request, _("The drawer is counted and closed."))
            return redirect("console:money-drawer", pk)
    payments = Payment.objects.filter(drawer=found).order_by("-pk")[:MOST_PAYMENTS]
    pieces = billing.DENOMINATIONS.get(setup.currency, ())
    context: dict[str, Any] = {
        "drawer": found,
        "there": billing.contents(found),
        "deposit": None if found.counted is None else found.counted - found.float,
        "payments": [(payment, saying.method(payment)) for payment in payments],
        "pieces": [
            (worth, money.say(worth, setup.currency), request.POST.get(f"n.{worth}", ""))
            for worth in pieces
        ],
        "refused": refused,
        "typed_in": given.Typed(request.POST.dict()),
    }
    return show(request, "drawer", "money-drawers", context, status=422 if refused else 200)


def _counted(request: CityRequest) -> Counted:
    """The count: by denomination where one was filled in, else the sum."""
    post, currency = request.POST, setup_of(request).currency
    pieces: dict[int, int] = {}
    for worth in billing.DENOMINATIONS.get(currency, ()):
        typed = post.get(f"n.{worth}", "").strip()
        if typed:
            n = given.number(typed, 6)
            if n is None:
                raise BillingRefused(_("Write how many of each there are, from 0."))
            pieces[worth] = n
    total = post.get("sum", "").strip()
    if not pieces and not total:
        raise BillingRefused(_("Count what lies in it: by notes and coins, or as one sum."))
    cash = billing.counted_pieces(pieces) if pieces else given.amount(total, currency)
    if pieces and total and given.amount(total, currency) != cash:
        raise BillingRefused(
            _("The notes and coins do not come to the sum. Leave one of them out.")
        )
    checks = post.get("checks", "").strip()
    return Counted(
        cash=cash,
        checks=given.amount(checks, currency) if checks else 0,
        note=given.words(post.get("note", "")),
    )
