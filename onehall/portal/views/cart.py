"""The bills that are to be paid: change, look at the sum, leave for the provider. One key is one payment."""

import logging
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from onehall.billing import attempts, online
from onehall.billing.attempts import AlreadyPaying, Wanted, Ways
from onehall.billing.errors import BillingRefused
from onehall.billing.gateways.protocol import Gateway, GatewayDown, GatewayRefused
from onehall.billing.models import Attempt, AttemptStatus
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.portal.limits import too_many
from onehall.portal.paying import cart, checkout
from onehall.portal.paying.cart import Cart
from onehall.portal.paying.checkout import Checkout
from onehall.portal.views.paying import where_billed

log = logging.getLogger(__name__)


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
@where_billed
def chosen(request: CityRequest) -> HttpResponse:
    """What is to be paid. Every button keeps what was typed."""
    gateway = online.gateway_of(request.city)
    kept = cart.read(request)
    does = request.POST.get("do", "")
    if does.startswith("remove:"):
        kept = kept.without(_number(does.removeprefix("remove:")))
    made, kept = checkout.read(request, kept, gateway, today=timezone.localdate(read_clock()))
    if does == "check" and made.lines:
        fine = checkout.check(made)
        name = "portal/pay/check.html" if fine else "portal/pay/cart.html"
        return _page(request, name, made, kept, gateway, status=200 if fine else 422)
    if does == "pay" and made.lines and gateway is not None:
        return _pay(request, made, kept, gateway)
    return _page(request, "portal/pay/cart.html", made, kept, gateway)


def _number(text: str) -> list[int]:
    return [int(text)] if text.isdecimal() and len(text) < 19 else []


def _pay(request: CityRequest, made: Checkout, kept: Cart, gateway: Gateway) -> HttpResponse:
    """Begin the payment that was looked at, and send the payer off. What changed since is shown first."""
    if not checkout.check(made):
        return _page(request, "portal/pay/cart.html", made, kept, gateway, status=422)
    if request.POST.get("total", "") != str(made.total):
        words = _("The sum is another one now. Look at it once more.")
        made.errors["sum"] = words
        return _page(request, "portal/pay/check.html", made, kept, gateway, status=409)
    if too_many(request, "pay", limit=30, seconds=600):
        made.errors["sum"] = _("That was tried often in a short time. Wait a few minutes.")
        return _page(request, "portal/pay/check.html", made, kept, gateway, status=429)
    try:
        attempt = _begun(request, made.wanted())
    except AlreadyPaying as no:
        return _under_way(request, no.attempt, kept)
    except BillingRefused as no:
        made.errors["sum"] = str(no)
        return _page(request, "portal/pay/cart.html", made, kept, gateway, status=409)
    kept = kept.began(attempt.key)
    return _leave(request, attempt, made, kept, gateway)


def _begun(request: CityRequest, wanted: Wanted) -> Attempt:
    """The attempt for a form: the one that it began before, unless that is over or is about something else."""
    city, now = request.city, read_clock()
    held = Attempt.objects.filter(city=city, key=wanted.key).first()
    for _again in range(attempts.MOST_BILLS):
        if held is None or _is_same(held, wanted):
            break
        if held.status == AttemptStatus.CREATED:
            # Its page was never shown to anybody.
            attempts.close(attempt=held, status=AttemptStatus.CANCELLED, now=now)
        # Made from the first key, so that two taps still are one payment.
        wanted = _with_key(wanted, uuid.uuid5(held.key, "again"))
        held = Attempt.objects.filter(city=city, key=wanted.key).first()
    try:
        return attempts.begin(city=city, wanted=wanted, now=now)
    except AlreadyPaying as no:
        if no.attempt.key == wanted.key:
            # The other tap was quicker.
            return no.attempt
        raise
    except IntegrityError:
        raise BillingRefused(_("This form was sent before. Open the page anew.")) from None


def _with_key(wanted: Wanted, key: uuid.UUID) -> Wanted:
    return Wanted(
        key=key,
        amounts=wanted.amounts,
        method=wanted.method,
        fee=wanted.fee,
        email=wanted.email,
        language=wanted.language,
    )


def _is_same(held: Attempt, wanted: Wanted) -> bool:
    """Whether an attempt is still what the form says: of the same amounts, and not over without a payment."""
    if held.status in (AttemptStatus.FAILED, AttemptStatus.CANCELLED, AttemptStatus.EXPIRED):
        return False
    if held.status not in (AttemptStatus.CREATED, AttemptStatus.REDIRECTED):
        return True
    parts = dict(held.parts.values_list("invoice_id", "amount"))
    return parts == dict(wanted.amounts) and (held.method, held.fee) == (wanted.method, wanted.fee)


def _leave(
    request: CityRequest, attempt: Attempt, made: Checkout, kept: Cart, gateway: Gateway
) -> HttpResponse:
    back = request.build_absolute_uri(reverse("portal:pay-back", args=[attempt.key]))
    try:
        attempt = attempts.send_off(
            attempt=attempt, gateway=gateway, ways=Ways(back, back), now=read_clock()
        )
    except GatewayDown:
        made.key = attempt.key
        made.errors["sum"] = _(
            "The payment page does not answer at the moment. Nothing was charged. Try again in a minute."
        )
        return _page(request, "portal/pay/check.html", made, kept, gateway, status=503)
    except GatewayRefused:
        log.warning("event=pay.refused attempt=%s", attempt.pk)
        made.key = uuid.uuid4()
        made.errors["sum"] = _(
            "The payment page did not take this. Nothing was charged. Try another way to pay, or call us."
        )
        return _page(request, "portal/pay/cart.html", made, kept, gateway, status=502)
    is_open = attempt.status == AttemptStatus.REDIRECTED and attempt.url
    response = HttpResponseRedirect(attempt.url if is_open else back, status=303)
    return cart.keep(response, request.city, kept)


def _under_way(request: CityRequest, attempt: Attempt, kept: Cart) -> HttpResponse:
    """Somebody is paying one of these. Whoever began it in this browser may go on or stop; others learn nothing of it."""
    if attempt.key.hex in kept.own:
        return redirect("portal:pay-back", key=attempt.key)
    response = render(
        request, "portal/pay/under_way.html", {"until": attempt.expires_at}, status=409
    )
    return cart.keep(response, request.city, kept)


def _page(
    request: CityRequest,
    name: str,
    made: Checkout,
    kept: Cart,
    gateway: Gateway | None,
    *,
    status: int = 200,
) -> HttpResponse:
    if made.gone and request.method == "GET":
        words = _("Already paid, so no longer in the list: %(bills)s")
        messages.info(request, words % {"bills": ", ".join(made.gone)})
    context: dict[str, Any] = {
        "made": made,
        "currency": made.setup.currency,
        "online": gateway is not None,
        "full": kept.is_full,
    }
    response = render(request, name, context, status=status)
    allow_leaving(response, gateway)
    return cart.keep(response, request.city, kept)


def allow_leaving(response: HttpResponse, gateway: Gateway | None) -> None:
    """Let a form on this page end at the provider's: browsers hold the whole way of a form against the policy."""
    if gateway is not None:
        allowed = {**settings.SECURE_CSP}
        allowed["form-action"] = [*settings.SECURE_CSP["form-action"], *gateway.origins]
        response._csp_config = allowed  # type: ignore[attr-defined]  # noqa: SLF001  (what Django's own decorator sets)
