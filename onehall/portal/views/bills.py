"""The page of a bill, which its secret opens: pay-by-link; its paper, and the bills of the same account."""

from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from onehall.billing import bills, online, planning, plans, queries
from onehall.billing.bills import Bill, BillLine
from onehall.billing.documents import ONLINE
from onehall.billing.models import Invoice
from onehall.billing.planning import Plan
from onehall.catalog.queries import UnknownService, catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.look.downloads import download
from onehall.portal.limits import too_many
from onehall.portal.paying import about_bills, paper, plan_pages, wording
from onehall.portal.paying.cart import Item, sign
from onehall.portal.views.paying import where_billed

MOST_LINES: Final = 80
"""Lines on the page; its paper has them all."""


def _bill(request: CityRequest, token: str) -> Invoice:
    found = bills.by_token(request.city, token)
    if found is None:
        raise Http404
    return found


def _in_full(request: CityRequest, found: Invoice) -> Bill:
    today = timezone.localdate(read_clock())
    return bills.in_full(request.city, found, today=today, language=request.LANGUAGE_CODE)


@login_not_required
@never_cache
@require_GET
@where_billed
def bill(request: CityRequest, token: str) -> HttpResponse:
    """All about one bill, and the button to pay it."""
    full = _in_full(request, _bill(request, token))
    row = wording.row(
        full.invoice,
        full.kind,
        city=request.city,
        language=request.LANGUAGE_CODE,
        today=timezone.localdate(read_clock()),
        proven=True,
    )
    gateway = online.gateway_of(request.city)
    today = timezone.localdate(read_clock())
    plan = planning.running(request.city, [full.invoice], today).get(full.invoice.pk)
    context: dict[str, Any] = {
        **row,
        **_in_parts(request, full, plan),
        "parts": plan_pages.shown(plan, today) if plan else None,
        "full": full,
        "lines": [_line(line) for line in full.lines[:MOST_LINES]],
        "payments": [
            {
                "words": wording.method(p.method),
                "on": p.on,
                "receipt": p.receipt,
                "less": -p.amount,
            }
            for p in full.payments
        ],
        "more": len(full.lines) - MOST_LINES,
        "to_pay": full.status not in ("paid", "void"),
        "online": gateway is not None and bool(set(full.kind.methods) & set(ONLINE)),
        "signed": sign(request.city, [Item(full.invoice.pk, proven=True)]),
        "dispute": "" if full.contested else _form_for(request, full, full.kind.dispute),
        "hardship": _form_for(request, full, full.kind.hardship),
    }
    return render(request, "portal/pay/bill.html", context)


def _in_parts(request: CityRequest, full: Bill, plan: Plan | None) -> dict[str, Any]:
    """Whether the bill may be paid in parts, and the request for it that waits."""
    may = plan is None and plans.may_ask(request.city, full.invoice)
    waits = planning.asked_for(full.invoice) if may else None
    return {"in_parts": may and waits is None, "waits": waits}


def _line(line: BillLine) -> dict[str, Any]:
    changed = [
        {"words": wording.changed(c.kind), "on": c.on, "amount": c.amount} for c in line.changed
    ]
    return {
        "words": line.words,
        "explained": line.explained,
        "amount": line.amount,
        "changed": changed,
    }


def _form_for(request: CityRequest, full: Bill, service: str) -> str:
    """The address of a form that knows which bill it is about; "" where the kind has none, or nothing is owed."""
    if not service or full.status in ("paid", "void") or _service(request, service) is None:
        return ""
    query = urlencode({"bill": about_bills.sign(request.city, full.invoice)})
    return f"{reverse('portal:report', args=[service])}?{query}"


def _service(request: CityRequest, key: str) -> ServiceDefinition | None:
    try:
        return catalogue(request.city).service(key)
    except UnknownService:
        return None


@login_not_required
@never_cache
@require_GET
@where_billed
def pdf(request: CityRequest, token: str) -> HttpResponse:
    """The same on paper."""
    found = _bill(request, token)
    if too_many(request, "paper", limit=60, seconds=600):
        return render(request, "429.html", status=429)
    full = _in_full(request, found)
    address = request.build_absolute_uri(reverse("portal:bill", args=[token]))
    plan = planning.running(request.city, [found], timezone.localdate(read_clock())).get(found.pk)
    made = paper.of_bill(
        request.city, full, address=address, language=request.LANGUAGE_CODE, plan=plan
    )
    return download(made, title=f"{found.number}.pdf", kind="pdf")


@login_not_required
@never_cache
@require_GET
@where_billed
def account(request: CityRequest, token: str) -> HttpResponse:
    """Earlier and later bills of the account that a bill is of, with what each is today."""
    found = _bill(request, token)
    if found.account is None:
        raise Http404
    edge = request.GET.get("before", "")
    before = int(edge) if edge.isdecimal() and len(edge) < 19 else 0
    rows = bills.of_account(found, before=before)
    setup, today = queries.setup(request.city), timezone.localdate(read_clock())
    shown = [
        wording.row(
            row,
            queries.kind_of(setup, row.kind),
            city=request.city,
            language=request.LANGUAGE_CODE,
            today=today,
            proven=True,
        )
        for row in rows[: bills.HISTORY]
    ]
    older = rows[bills.HISTORY - 1].pk if len(rows) > bills.HISTORY else 0
    context = {"bill": found, "rows": shown, "older": f"?before={older}" if older else ""}
    return render(request, "portal/pay/account.html", context)
