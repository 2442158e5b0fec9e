"""Refunds: asked for line by line, approved by somebody else, carried out."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from onehall.billing import books, online, refunding
from onehall.billing.errors import BillingRefused
from onehall.billing.gateways.protocol import Gateway, GatewayError
from onehall.billing.models import Allocation, Charge, Drawer, Payment, Refund
from onehall.billing.refunding import Ask, Back
from onehall.console.desk import staff_who_may
from onehall.console.money import given, saying
from onehall.console.money.room import setup_of, show
from onehall.console.views.money.counter import open_drawers
from onehall.console.views.money.payment import load
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest


@require_GET
@staff_who_may("see_bills")
def refunds(request: CityRequest) -> HttpResponse:
    """Those to approve and to carry out, and what became of others."""
    return _show(request)


def _show(request: CityRequest, refused: str = "", status: int = 200) -> HttpResponse:
    setup, actor = setup_of(request), request.actor
    waiting = books.refunds(request.city, books.WAITING)
    context: dict[str, Any] = {
        "waiting": [
            {
                "refund": refund,
                "tag": saying.refund_tag(refund),
                "how": saying.method(refund.payment),
                "mine": refund.asked_id is not None and refund.asked_id == actor.user_id,
                "by_drawer": refund.payment.method in ("cash", "check"),
                "lines": _said(request, refund),
            }
            for refund in waiting
        ],
        "ended": [
            (refund, *saying.refund_tag(refund))
            for refund in books.refunds(request.city, books.ENDED, newest=True)[: books.PAGE]
        ],
        "limit": setup.refund_limit,
        "drawers": open_drawers(request) if actor.may("take_money") else [],
        "refused": refused,
    }
    return show(request, "refunds", "money-refunds", context, status=status)


def _said(request: CityRequest, refund: Refund) -> list[tuple[str, int, str]]:
    """What a refund gives back: words, amount, and what becomes of the line."""
    found = []
    for line in refund.lines.all():
        if line.charge is not None:
            said = pick(line.charge.words, request.LANGUAGE_CODE, request.city.languages[0])
            words = f"{line.charge.invoice.number} {said or line.charge.code}"
            after = _("owed again") if line.owed_again else _("forgiven")
        else:
            words = _("Convenience fee") if line.of_fee else _("Credit")
            after = ""
        found.append((words, line.amount, after))
    return found


@staff_who_may("ask_refunds")
@require_http_methods(["GET", "POST"])
def ask(request: CityRequest, pk: int) -> HttpResponse:
    """Ask for a refund of a payment."""
    setup_of(request)
    payment = load(request, pk)
    if request.method == "GET":
        return _form(request, payment)
    try:
        made = refunding.ask(
            city=request.city, wanted=_wanted(request, payment), by=request.actor, now=read_clock()
        )
    except BillingRefused as no:
        return _form(request, load(request, pk), str(no), 422)
    words = (
        _("It is approved, as it is within the limit. Carry it out below.")
        if made.status == "approved"
        else _("It waits for somebody else to approve it.")
    )
    messages.success(request, words)
    return redirect("console:money-refunds")


def _form(
    request: CityRequest, payment: Payment, refused: str = "", status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "p": payment,
        "how": saying.method(payment),
        "lines": _lines(request, payment),
        "fee_left": _fee_left(payment),
        "available": refunding.available(payment),
        "limit": setup_of(request).refund_limit,
        "form_key": request.POST.get("key") or uuid.uuid4(),
        "refused": refused,
        "typed_in": given.Typed(request.POST.dict()),
    }
    return show(request, "refund", "money-refunds", context, status=status)


def _lines(request: CityRequest, payment: Payment) -> list[dict[str, Any]]:
    """Lines that the payment still pays, each with what of it can be given back."""
    sums: dict[int, int] = {}
    charges: dict[int, Charge] = {}
    rows = Allocation.objects.filter(payment=payment).select_related("charge__invoice")
    for row in rows.order_by("pk"):
        sums[row.charge_id] = sums.get(row.charge_id, 0) + row.amount
        charges[row.charge_id] = row.charge
    return [
        {
            "charge": charges[pk],
            "words": pick(charges[pk].words, request.LANGUAGE_CODE, request.city.languages[0])
            or charges[pk].code,
            "most": total,
            "typed": request.POST.get(f"line.{pk}", ""),
            "again": request.POST.get(f"again.{pk}", ""),
        }
        for pk, total in sums.items()
        if total > 0
    ]


def _fee_left(payment: Payment) -> int:
    """What of the convenience fee was not asked back yet."""
    asked = payment.refunds.exclude(status__in=refunding.GONE)
    gone = sum(line.amount for refund in asked for line in refund.lines.filter(of_fee=True))
    return payment.fee - gone


def _wanted(request: CityRequest, payment: Payment) -> Ask:
    post, currency = request.POST, payment.currency
    backs = []
    for line in _lines(request, payment):
        typed = line["typed"].strip()
        if typed:
            charge = line["charge"].pk
            backs.append(
                Back(
                    amount=given.positive(typed, currency),
                    charge_id=charge,
                    owed_again=post.get(f"again.{charge}") == "yes",
                )
            )
    if post.get("credit", "").strip():
        backs.append(Back(amount=given.positive(post["credit"], currency)))
    if post.get("fee") == "yes" and (left := _fee_left(payment)) > 0:
        backs.append(Back(amount=left, of_fee=True))
    if not backs:
        raise BillingRefused(_("Write what is given back: an amount for at least one line."))
    return Ask(
        key=given.key(post.get("key", "")),
        payment_id=payment.pk,
        lines=backs,
        reason=given.words(post.get("reason", "")),
        available=given.number(post.get("available", "")) or 0,
    )


def _refund(request: CityRequest, pk: int) -> Refund:
    rows = Refund.objects.filter(city=request.city, pk=pk).select_related("payment")
    found = rows.first()
    if found is None:
        raise Http404
    return found


@staff_who_may("approve_refunds")
@require_POST
def decide(request: CityRequest, pk: int) -> HttpResponse:
    """Approve or reject what somebody else asked for."""
    setup_of(request)
    _refund(request, pk)
    what = request.POST.get("what", "")
    try:
        given.one_of(what, ("approve", "reject"), _("Say whether it is approved."))
        made = refunding.decide(
            city=request.city,
            refund_id=pk,
            approve=what == "approve",
            by=request.actor,
            now=read_clock(),
        )
    except BillingRefused as no:
        return _show(request, str(no), 422)
    approved = made.status == "approved"
    messages.success(request, _("It is approved.") if approved else _("It is rejected."))
    return redirect("console:money-refunds")


@staff_who_may("ask_refunds")
@require_POST
def carry_out(request: CityRequest, pk: int) -> HttpResponse:
    """Send an approved refund to the provider, or note that it was handed out."""
    setup_of(request)
    found = _refund(request, pk)
    try:
        done = refunding.carry_out(
            city=request.city,
            refund=found,
            gateway=_gateway(request, found.payment),
            by=request.actor,
            now=read_clock(),
            drawer=_drawer(request),
        )
    except BillingRefused as no:
        return _show(request, str(no), 422)
    except GatewayError:
        words = _(
            "The provider does not answer. It is tried again by itself, or try it yourself later."
        )
        return _show(request, words, 502)
    _tell(request, done)
    return redirect("console:money-refunds")


def _tell(request: CityRequest, done: Refund) -> None:
    match done.status:
        case "succeeded":
            words = _("The money is given back. The number of its receipt is %(number)s.")
            messages.success(request, words % {"number": done.receipt})
        case "submitted":
            messages.success(request, _("It is with the provider, and on its way."))
        case "failed":
            messages.error(
                request, _("The provider did not give it back: %(why)s") % {"why": done.failure}
            )
        case _:
            messages.warning(request, _("It is not approved yet."))


def _gateway(request: CityRequest, payment: Payment) -> Gateway | None:
    return online.gateway_of(request.city, payment.provider) if payment.provider else None


def _drawer(request: CityRequest) -> Drawer | None:
    """The drawer that hands it out; none where the bank sends it."""
    pk = given.number(request.POST.get("drawer", ""))
    if pk is None or not request.actor.may("take_money"):
        return None
    return Drawer.objects.filter(city=request.city, pk=pk).first()
