"""The page of a receipt, which its secret opens, and its paper."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from onehall.look.doorway import CityRequest
from onehall.look.downloads import download
from onehall.portal.limits import too_many
from onehall.portal.paying import paper, receipts
from onehall.portal.paying.receipts import Receipt


def _receipt(request: CityRequest, token: str) -> Receipt:
    found = receipts.by_token(request.city, token, request.LANGUAGE_CODE)
    if found is None:
        raise Http404
    return found


@login_not_required
@never_cache
@require_GET
def receipt(request: CityRequest, token: str) -> HttpResponse:
    """What was paid, how, and what is still owed. It leads to no bill: who paid one need not see the whole of it."""
    return render(request, "portal/pay/receipt.html", {"found": _receipt(request, token)})


@login_not_required
@never_cache
@require_GET
def pdf(request: CityRequest, token: str) -> HttpResponse:
    """The same on paper."""
    found = _receipt(request, token)
    if too_many(request, "paper", limit=60, seconds=600):
        return render(request, "429.html", status=429)
    address = request.build_absolute_uri(reverse("portal:receipt", args=[token]))
    made = paper.of_receipt(request.city, found, address=address, language=request.LANGUAGE_CODE)
    return download(made, title=f"{found.payment.receipt}.pdf", kind="pdf")
