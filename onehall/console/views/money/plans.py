"""Bills paid in parts: who asks for it, the plans by what they are, one of them; made, changed and ended."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from onehall.billing import planning, plans, queries
from onehall.billing.documents import EVERY, EVERY_WORDS
from onehall.billing.errors import BillingRefused
from onehall.billing.models import Invoice, PlanRequest
from onehall.billing.plan_rules import Wish
from onehall.billing.planning import Plan
from onehall.billing.plans import NewPlan, Preview
from onehall.console.desk import staff_who_may
from onehall.console.money import billpage, given, saying
from onehall.console.money.room import setup_of, show, today_of
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest


@require_GET
@staff_who_may("see_bills")
def listed(request: CityRequest) -> HttpResponse:
    """What waits for an answer, and the plans by what they are."""
    return _list(request)


def _list(request: CityRequest, refused: str = "", status: int = 200) -> HttpResponse:
    setup_of(request)
    after = request.GET.get("after", "")[:20]
    chosen = next((s for s in planning.LISTS if s == request.GET.get("show")), "running")
    found = planning.listed(request.city, chosen, today_of(request), after=after)
    here = reverse("console:money-plans")
    words = {
        "running": _("Running"),
        "late": _("Late"),
        "broken": _("Broken"),
        "ended": _("Ended"),
    }
    context: dict[str, Any] = {
        "asked": [] if after else [_asked(request, row) for row in planning.asked(request.city)],
        "rows": [_row(request, plan) for plan in found.rows],
        "lists": [(f"{here}?show={key}", words[key], key == chosen) for key in planning.LISTS],
        "first": f"{here}?{urlencode({'show': chosen})}" if after else "",
        "older": f"{here}?{urlencode({'show': chosen, 'after': found.after})}"
        if found.after
        else "",
        "refused": refused,
        "typed_in": given.Typed(request.POST.dict()),
    }
    return show(request, "plans", "money-plans", context, status=status)


def _asked(request: CityRequest, row: PlanRequest) -> dict[str, Any]:
    bill = row.invoice
    try:
        wish = Wish(row.count, queries.every(row.every))
        found, no = plans.preview(request.city, bill, wish, today=today_of(request)), ""
    except BillingRefused as refusal:
        found, no = None, str(refusal)
    return {
        "row": row,
        "bill": bill,
        "who": bill.payer,
        "kind": _kind(request, bill),
        "often": EVERY_WORDS[row.every],
        "found": found,
        "no": no,
    }


def _kind(request: CityRequest, bill: Invoice) -> str:
    kind = queries.kind_of(setup_of(request), bill.kind)
    return pick(kind.name, request.LANGUAGE_CODE, request.city.languages[0])


def _row(request: CityRequest, plan: Plan) -> dict[str, Any]:
    bill = plan.row.invoice
    tone, word = saying.PLANS[plan.state]
    return {
        "plan": plan,
        "bill": bill,
        "kind": _kind(request, bill),
        "who": bill.payer,
        "tone": tone,
        "word": word,
        "next": plan.next if plan.runs else None,
    }


@staff_who_may("run_plans")
@require_POST
def decide(request: CityRequest, pk: int) -> HttpResponse:
    """Approve what somebody asked for, or refuse it in words."""
    setup_of(request)
    if not PlanRequest.objects.filter(city=request.city, pk=pk).exists():
        raise Http404
    try:
        what = given.one_of(
            request.POST.get("what", ""), ("approve", "refuse"), _("Say whether it is approved.")
        )
        plans.decide(
            city=request.city,
            request_id=pk,
            approve=what == "approve",
            answer=given.words(request.POST.get("answer", ""), 1_000),
            by=request.actor,
            now=read_clock(),
        )
    except BillingRefused as no:
        return _list(request, str(no), 422)
    said = _("The plan is made, and the payer gets the table.")
    messages.success(
        request, said if what == "approve" else _("The payer gets your answer by mail.")
    )
    return redirect("console:money-plans")


def _load(request: CityRequest, pk: int) -> Plan:
    setup_of(request)
    found = planning.by_id(request.city, pk, today_of(request))
    if found is None:
        raise Http404
    return found


@require_GET
@staff_who_may("see_bills")
def plan(request: CityRequest, pk: int) -> HttpResponse:
    """One plan: its instalments with what is paid of each, who made it and why, and how it ended."""
    return _one(request, _load(request, pk))


def _one(request: CityRequest, found: Plan, refused: str = "", status: int = 200) -> HttpResponse:
    context = {
        **_row(request, found),
        "lines": found.standing.lines,
        "often": EVERY_WORDS[found.row.every],
        "before": found.row.follows_id,
        "refused": refused,
        "typed_in": given.Typed(request.POST.dict()),
    }
    return show(request, "plan", "money-plans", context, status=status)


@staff_who_may("run_plans")
@require_POST
def end(request: CityRequest, pk: int) -> HttpResponse:
    """End it, with a reason that the payer reads."""
    found = _load(request, pk)
    try:
        reason = given.reason(request.POST.get("reason", ""))
        plans.end(
            city=request.city,
            plan_id=found.row.pk,
            reason=reason,
            by=request.actor,
            now=read_clock(),
        )
    except BillingRefused as no:
        return _one(request, _load(request, pk), str(no), 422)
    messages.success(request, _("The plan has ended, and the payer is told."))
    return redirect("console:money-plan", pk)


@staff_who_may("run_plans")
@require_http_methods(["GET", "POST"])
def make(request: CityRequest, pk: int) -> HttpResponse:
    """A plan for a bill: the table first, then the button. Where one runs, another instead of it."""
    setup_of(request)
    bill = billpage.load(request, pk)
    if plans.terms_of(request.city, bill) is None:
        raise Http404
    if request.method == "GET":
        return _form(request, bill)
    try:
        wish = _wish(request)
        fee = bill.plan_id is None
        found = plans.preview(request.city, bill, wish, today=today_of(request), fee=fee)
        if request.POST.get("do") != "make":
            return _form(request, bill, found)
        made = _make(request, bill, wish)
    except BillingRefused as no:
        return _form(request, billpage.load(request, pk), refused=str(no), status=422)
    messages.success(request, _("The plan is made, and the payer gets the table."))
    return redirect("console:money-plan", made)


def _wish(request: CityRequest) -> Wish:
    post = request.POST
    every = given.one_of(post.get("every", ""), EVERY, _("Choose how often."))
    count = given.number(post.get("count", ""), 3)
    if count is None:
        raise BillingRefused(_("Write how many payments."))
    first = post.get("first", "")
    return Wish(count, queries.every(every), given.day(first) if first.strip() else None)


def _make(request: CityRequest, bill: Invoice, wish: Wish) -> int:
    post, now = request.POST, read_clock()
    new = NewPlan(
        key=given.key(post.get("key", "")),
        invoice_id=bill.pk,
        wish=wish,
        reason=given.reason(post.get("reason", "")),
        seen=given.number(post.get("total", "")),
    )
    by, city = request.actor, request.city
    if bill.plan_id is not None:
        return plans.change(city=city, plan_id=bill.plan_id, new=new, by=by, now=now).pk
    return plans.start(city=city, new=new, by=by, now=now).pk


def _form(
    request: CityRequest,
    bill: Invoice,
    found: Preview | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    terms = plans.terms_of(request.city, bill)
    context = {
        "bill": bill,
        "kind": _kind(request, bill),
        "terms": terms,
        "steps": [(key, EVERY_WORDS[key]) for key in terms.every] if terms else [],
        "found": found,
        "refused": refused,
        "form_key": request.POST.get("key") or uuid.uuid4(),
        "v": given.Typed(request.POST.dict()),
    }
    return show(request, "plan_make", "money-plans", context, status=status)
