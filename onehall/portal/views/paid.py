"""Back from the provider: what became of a payment, asked of the provider anew; and the door for its webhooks."""

import logging
import uuid
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from onehall.billing import attempts, events, online, settling
from onehall.billing.gateways.protocol import Forged, Gateway, GatewayDown
from onehall.billing.models import Attempt, AttemptStatus, Payment
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.portal.limits import too_many
from onehall.portal.paying import cart
from onehall.portal.views.cart import allow_leaving
from onehall.portal.views.paying import where_billed

log = logging.getLogger(__name__)

MOST_BYTES: Final = 256_000
"""Of a webhook; those of payment providers have a few thousand."""


@login_not_required
@never_cache
@require_GET
@where_billed
def back(request: CityRequest, key: uuid.UUID) -> HttpResponse:
    """What became of a payment. Loading it again asks again and changes nothing twice. The key is the permission."""
    attempt = _attempt(request, key)
    gateway = online.gateway_of(request.city, attempt.provider)
    heard = True
    if attempt.status in attempts.OPEN:
        attempt, heard = _settled(request, attempt, gateway)
    return _page(request, attempt, gateway, heard=heard)


def _attempt(request: CityRequest, key: uuid.UUID) -> Attempt:
    found = Attempt.objects.filter(city=request.city, key=key).first()
    if found is None:
        raise Http404
    return found


def _settled(
    request: CityRequest, attempt: Attempt, gateway: Gateway | None
) -> tuple[Attempt, bool]:
    """The attempt as the provider says it is, and whether it was heard."""
    if gateway is None or too_many(request, "pay-back", limit=120, seconds=600):
        return attempt, False
    try:
        made = settling.settle(
            city=request.city, attempt=attempt, gateway=gateway, now=read_clock()
        )
    except GatewayDown:
        return attempt, False
    return made, True


def _page(
    request: CityRequest, attempt: Attempt, gateway: Gateway | None, *, heard: bool
) -> HttpResponse:
    payment = Payment.objects.filter(attempt=attempt).first()
    context: dict[str, Any] = {
        "attempt": attempt,
        "payment": payment,
        "heard": heard,
        "open": attempt.status in (AttemptStatus.CREATED, AttemptStatus.REDIRECTED),
        "on_its_way": attempt.status == AttemptStatus.PROCESSING,
        "looked_at": attempt.status == AttemptStatus.NEEDS_REVIEW,
        "parts": list(attempt.parts.select_related("invoice").order_by("invoice_id")),
    }
    response = render(request, "portal/pay/back.html", context, status=200 if heard else 503)
    allow_leaving(response, gateway)
    kept = cart.read(request)
    if payment is not None or context["on_its_way"]:
        paid = {p.invoice_id for p in context["parts"]}
        kept = kept.without(paid)
        cart.keep(response, request.city, kept)
    return response


@login_not_required
@require_POST
@where_billed
def stop(request: CityRequest, key: uuid.UUID) -> HttpResponse:
    """Pay otherwise, or not at all: the page at the provider is closed. What was paid there by then stays paid."""
    attempt = _attempt(request, key)
    gateway = online.gateway_of(request.city, attempt.provider)
    if gateway is None:
        return _page(request, attempt, gateway, heard=False)
    try:
        attempt = settling.call_off(
            city=request.city, attempt=attempt, gateway=gateway, now=read_clock()
        )
    except GatewayDown:
        return _page(request, attempt, gateway, heard=False)
    if attempt.status in (AttemptStatus.CANCELLED, AttemptStatus.EXPIRED):
        messages.success(request, _("The payment is stopped. Nothing was charged."))
        return HttpResponseRedirect(reverse("portal:pay-cart"), status=303)
    return redirect("portal:pay-back", key=attempt.key)


# The provider has no page of ours with a token in it: its signature is what proves the sender.
@csrf_exempt
@login_not_required
@require_POST
@where_billed
def webhook(request: CityRequest, provider: str) -> HttpResponse:
    """A provider tells that something changed. Its signature is proven over the bytes as they came; then it is kept,
    once, and answered at once: the worker asks the provider what is true.
    """
    gateway = online.gateway_of(request.city, provider)
    if gateway is None or gateway.key != provider:
        raise Http404
    raw = _body(request)
    if raw is None:
        return HttpResponse(status=413)
    now = read_clock()
    try:
        event = gateway.read_event(request.headers, raw, now=now)
    except Forged:
        log.warning("event=pay.forged provider=%s", provider)
        return HttpResponse("Not signed by the provider.", status=400, content_type="text/plain")
    events.keep(city=request.city, provider=provider, event=event, now=now)
    return HttpResponse(status=204)


def _body(request: CityRequest) -> bytes | None:
    """What was sent, or None when it is more than any webhook."""
    raw: bytes = request.read(MOST_BYTES + 1)
    return raw if len(raw) <= MOST_BYTES else None
