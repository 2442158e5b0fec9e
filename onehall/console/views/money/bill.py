"""One bill: looked at, its link sent, its lines changed, the bill taken back."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from onehall.billing import invoicing, linking
from onehall.billing.errors import BillingRefused
from onehall.billing.invoicing import Change
from onehall.billing.models import AdjustmentKind, Charge, Invoice
from onehall.console.desk import staff_who_may
from onehall.console.money import billpage, given
from onehall.console.money.room import setup_of, show
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest


@require_GET
@staff_who_may("see_bills")
def bill(request: CityRequest, pk: int) -> HttpResponse:
    """The page of a bill."""
    setup_of(request)
    return _show(request, billpage.load(request, pk))


def _show(
    request: CityRequest, found: Invoice, refused: str = "", where: str = "", status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = billpage.context(request, found)
    context |= {"refused": refused, "where": where, "typed_in": given.Typed(request.POST.dict())}
    return show(request, "bill", "money", context, status=status)


@staff_who_may("write_bills")
@require_POST
def link(request: CityRequest, pk: int) -> HttpResponse:
    """Send the link to pay the bill by mail."""
    setup_of(request)
    found = billpage.load(request, pk)
    try:
        key = given.key(request.POST.get("key", ""))
        with transaction.atomic():
            linking.send(
                city=request.city,
                bill=found,
                to=request.POST.get("to", ""),
                key=key,
                now=read_clock(),
            )
    except BillingRefused as no:
        return _show(request, found, str(no), "link", 422)
    messages.success(request, _("The link is on its way."))
    return redirect("console:money-bill", pk)


@staff_who_may("adjust_bills")
@require_POST
def adjust(request: CityRequest, pk: int) -> HttpResponse:
    """Waive, discount, correct or write off a line."""
    setup_of(request)
    found = billpage.load(request, pk)
    charge = given.number(request.POST.get("charge", ""))
    if not Charge.objects.filter(invoice=found, pk=charge or 0).exists():
        raise Http404
    try:
        change = _change(request, found, charge or 0)
        invoicing.adjust(city=request.city, change=change, by=request.actor, now=read_clock())
    except BillingRefused as no:
        return _show(request, billpage.load(request, pk), str(no), f"line-{charge}", 422)
    messages.success(request, _("The bill is changed, and why is kept with it."))
    return redirect("console:money-bill", pk)


def _change(request: CityRequest, found: Invoice, charge: int) -> Change:
    post = request.POST
    kind = post.get("kind", "")
    if kind not in ("waiver", "discount", "correction", "write_off"):
        raise BillingRefused(_("Choose what it is."))
    amount = given.positive(post.get("amount", ""), found.currency)
    if not (kind == "correction" and post.get("way") == "more"):
        amount = -amount
    return Change(
        charge_id=charge,
        amount=amount,
        kind=AdjustmentKind(kind),
        reason=given.words(post.get("reason", "")),
        key=str(given.key(post.get("key", ""))),
        seen=given.number(post.get("seen", "")),
    )


@staff_who_may("adjust_bills")
@require_POST
def void(request: CityRequest, pk: int) -> HttpResponse:
    """Take the bill back."""
    setup_of(request)
    found = billpage.load(request, pk)
    if found.voided_at is None:
        try:
            reason = given.reason(request.POST.get("reason", ""))
            invoicing.void(
                city=request.city, invoice_id=pk, reason=reason, by=request.actor, now=read_clock()
            )
        except BillingRefused as no:
            return _show(request, billpage.load(request, pk), str(no), "void", 422)
    messages.success(request, _("The bill is taken back."))
    return redirect("console:money-bill", pk)
