"""One payment: what it went to, its receipt, a check that bounced, a chargeback won or lost."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from onehall.billing import books, receipts, refunding
from onehall.billing.errors import BillingRefused
from onehall.billing.models import Payment, Refund
from onehall.casework.telling import public_address
from onehall.console.desk import staff_who_may
from onehall.console.money import billpage, given, saying
from onehall.console.money.room import setup_of, show
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest


def load(request: CityRequest, pk: int) -> Payment:
    """A payment of this city, or 404."""
    found = Payment.objects.filter(city=request.city, pk=pk).select_related("drawer").first()
    if found is None:
        raise Http404
    return found


@require_GET
@staff_who_may("see_bills")
def payment(request: CityRequest, pk: int) -> HttpResponse:
    """The page of a payment."""
    setup_of(request)
    return _show(request, load(request, pk))


def _show(
    request: CityRequest, found: Payment, refused: str = "", status: int = 200
) -> HttpResponse:
    language, default = request.LANGUAGE_CODE, request.city.languages[0]
    refunds = Refund.objects.filter(payment=found).order_by("pk")
    context: dict[str, Any] = {
        "p": found,
        "how": saying.method(found),
        "lines": receipts.lines(found, language, default),
        "refunds": [(refund, *saying.refund_tag(refund)) for refund in refunds],
        "chargeback": found.chargebacks.first(),
        "available": refunding.available(found),
        "entries": billpage.entries(books.entries_of_payment(found)),
        "receipt": f"{public_address(request.city)}/receipts/{found.token}",
        "can_bounce": found.method in ("check", "transfer") and found.returned_at is None,
        "refused": refused,
        "typed_in": given.Typed(request.POST.dict()),
    }
    return show(request, "payment", "money", context, status=status)


@staff_who_may("close_days")
@require_POST
def bounced(request: CityRequest, pk: int) -> HttpResponse:
    """A check or transfer came back unpaid."""
    setup_of(request)
    found = load(request, pk)
    try:
        reason = given.reason(request.POST.get("reason", ""))
        refusal = _("Only a check or a transfer comes back unpaid.")
        given.one_of(found.method, ("check", "transfer"), refusal)
        refunding.take_back(
            city=request.city, payment_id=pk, reason=reason, by=request.actor, now=read_clock()
        )
    except BillingRefused as no:
        return _show(request, load(request, pk), str(no), 422)
    messages.success(request, _("What it had paid is owed again."))
    return redirect("console:money-payment", pk)


@staff_who_may("close_days")
@require_POST
def chargeback(request: CityRequest, pk: int) -> HttpResponse:
    """A chargeback was opened, won or lost."""
    setup_of(request)
    found = load(request, pk)
    what = request.POST.get("what", "")
    try:
        if what == "open":
            amount = given.positive(request.POST.get("amount", ""), found.currency)
            refunding.dispute(
                city=request.city, payment_id=pk, amount=amount, by=request.actor, now=read_clock()
            )
        else:
            known = ("won", "lost") if found.chargebacks.exists() else ()
            given.one_of(what, known, _("Say whether it was won or lost."))
            refunding.end_dispute(
                city=request.city,
                payment_id=pk,
                won=what == "won",
                by=request.actor,
                now=read_clock(),
            )
    except BillingRefused as no:
        return _show(request, load(request, pk), str(no), 422)
    messages.success(request, _("It is noted and booked."))
    return redirect("console:money-payment", pk)
