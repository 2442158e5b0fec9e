"""Find a bill: what kind it is, two facts, and what they gave."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from onehall.billing import bills, looking_up, queries
from onehall.billing.attempts import MOST_BILLS
from onehall.billing.documents import Kind, Setup
from onehall.kernel import clock
from onehall.look.doorway import CityRequest
from onehall.portal.limits import too_many, too_often
from onehall.portal.paying import cart, wording
from onehall.portal.paying.cart import Item
from onehall.portal.paying.forms import LookUpForm, forms_for

type View = Callable[..., HttpResponse]


def where_billed(view: View) -> View:
    """A page that is only there where the city bills."""

    @wraps(view)
    def answer(request: CityRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if queries.billing_of(request.city).setup is None:
            raise Http404
        return view(request, *args, **kwargs)

    return answer


@login_not_required
@require_GET
@where_billed
def choose(request: CityRequest) -> HttpResponse:
    """Which kind of bill. Where there is one kind alone, its form."""
    kinds = list(queries.setup(request.city).kinds.values())
    if len(kinds) == 1:
        return redirect("portal:pay-find", kind=kinds[0].key)
    chosen = cart.read(request)
    return render(request, "portal/pay/choose.html", {"kinds": kinds, "chosen": len(chosen.items)})


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
@where_billed
def find(request: CityRequest, kind: str) -> HttpResponse:
    """Two facts of a bill. Whatever they are, a wrong answer reads the same and takes the same work."""
    setup = queries.setup(request.city)
    found = setup.kinds.get(kind)
    if found is None:
        raise Http404
    if request.method == "POST":
        return _look_up(request, setup, found)
    return _form(request, found, forms_for(found))


def _look_up(request: CityRequest, setup: Setup, kind: Kind) -> HttpResponse:
    sent = request.POST.get("way", "")
    if sent not in looking_up.ways(kind):
        return redirect("portal:pay-find", kind=kind.key)
    shown = forms_for(kind, request.POST, sent=sent)
    form = shown[0]
    if not form.is_valid():
        return _form(request, kind, shown, status=422)
    if _too_often(request, form):
        words = _("That was tried often in a short time. Wait a few minutes, then try again.")
        form.add_error(None, words)
        return _form(request, kind, shown, status=429)
    first, second = form.facts
    found = looking_up.find(
        city=request.city,
        kind=kind,
        way=sent,
        first=first,
        second=second,
        currency=setup.currency,
    )
    if not found.right:
        form.add_error(None, _no_match(sent))
        return _form(request, kind, shown, status=422)
    items = [Item(pk, found.proven) for pk in found.bills]
    query = urlencode({"bills": cart.sign(request.city, items)})
    return HttpResponseRedirect(f"{reverse('portal:pay-found')}?{query}", status=303)


def _too_often(request: CityRequest, form: LookUpForm) -> bool:
    """Both are counted at every try, so that neither tells of the other."""
    by_connection = too_many(request, "bill", limit=30, seconds=600)
    by_number = too_often("bill", f"{request.city.pk}:{form.about}", limit=10, seconds=600)
    return by_connection or by_number


def _no_match(way: str) -> str:
    if way == "number":
        return _("We found no bill with this number. Compare it with the bill, letter by letter.")
    return _("We found no bill with these two facts. Compare both with the bill, letter by letter.")


def _form(
    request: CityRequest, kind: Kind, shown: list[LookUpForm], *, status: int = 200
) -> HttpResponse:
    context = {"kind": kind, "forms": shown, "chosen": len(cart.read(request).items)}
    return render(request, "portal/pay/find.html", context, status=status)


@login_not_required
@never_cache
@require_GET
@where_billed
def found(request: CityRequest) -> HttpResponse:
    """What a look-up gave, to choose from. The address holds no secret, and means nothing after an hour."""
    setup, today = queries.setup(request.city), timezone.localdate(clock.now())
    said = request.GET.get("bills", "")
    items = cart.unsign(request.city, said)
    proven = {item.bill: item.proven for item in items or ()}
    rows = [
        wording.row(
            bill,
            queries.kind_of(setup, bill.kind),
            city=request.city,
            language=request.LANGUAGE_CODE,
            today=today,
            proven=proven[bill.pk],
        )
        for bill in bills.by_ids(request.city, list(proven))
    ]
    context = {
        "to_pay": [r for r in rows if r["state"] not in ("paid", "void")],
        "done": [r for r in rows if r["state"] in ("paid", "void")],
        "old": items is None,
    }
    return render(request, "portal/pay/found.html", context)


@login_not_required
@require_POST
@where_billed
def add(request: CityRequest) -> HttpResponse:
    """Choose bills that a look-up found, or whose page is open. Only what this server signed is taken."""
    items = [
        item
        for text in request.POST.getlist("bill")[:40]
        for item in cart.unsign(request.city, text) or ()
    ]
    if not items:
        return HttpResponseRedirect(reverse("portal:pay-cart"), status=303)
    chosen = cart.read(request).with_items(items)
    if not {item.bill for item in items} <= {item.bill for item in chosen.items}:
        words = _("One payment takes up to %(most)s bills. Pay these first.") % {"most": MOST_BILLS}
        messages.warning(request, words)
    response = HttpResponseRedirect(reverse("portal:pay-cart"), status=303)
    return cart.keep(response, request.city, chosen)
