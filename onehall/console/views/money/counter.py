"""The counter: cash, checks and transfers for bills, or on account as credit; credit that is there used."""

import uuid
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from onehall.billing import finding, queries, rules, taking
from onehall.billing.documents import AT_COUNTER
from onehall.billing.errors import BillingRefused
from onehall.billing.models import Drawer, Invoice, Payment, PaymentMethod
from onehall.billing.taking import Money
from onehall.console.desk import staff_who_may
from onehall.console.money import given, saying
from onehall.console.money.room import setup_of, show, today_of
from onehall.kernel import money
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest

MOST: Final = 20
"""Bills of one payment."""


@staff_who_may("take_money")
@require_http_methods(["GET", "POST"])
def counter(request: CityRequest) -> HttpResponse:
    """Bills are found and added, then the money for them is taken."""
    setup_of(request)
    bills = _bills(request)
    if request.method == "GET":
        return _show(request, bills)
    try:
        payment, change = _take(request, bills)
    except BillingRefused as no:
        return _show(request, bills, str(no), 422)
    if change:
        facts = {"amount": money.say(change, payment.currency)}
        messages.success(request, _("Give back %(amount)s change.") % facts)
    else:
        messages.success(request, _("The payment is in."))
    return redirect("console:money-payment", payment.pk)


def _bills(request: CityRequest) -> list[Invoice]:
    asked = request.POST if request.method == "POST" else request.GET
    ids = [n for n in map(given.number, asked.getlist("bill")) if n is not None][:MOST]
    rows = Invoice.objects.filter(city=request.city, pk__in=ids)
    found = {bill.pk: bill for bill in rows.select_related("account", "disputed").order_by("pk")}
    return [found[pk] for pk in dict.fromkeys(ids) if pk in found]


def _take(request: CityRequest, bills: list[Invoice]) -> tuple[Payment, int]:
    """The payment, and the change to give back."""
    post = request.POST
    method = post.get("method", "")
    if method not in AT_COUNTER:
        raise BillingRefused(_("Choose how it is paid."))
    key = given.key(post.get("key", ""))
    if held := Payment.objects.filter(city=request.city, key=key).first():
        return held, 0
    amounts = _amounts(request, bills, method)
    asked = sum(amounts.values())
    there = _there(request, asked)
    keeps = post.get("rest") == "credit" or method != "cash"
    name = given.words(post.get("name", ""), 200)
    if there > asked and keeps and not name:
        raise BillingRefused(_("Say whose credit the rest is: write the name."))
    reference = given.words(post.get("reference", ""), 60)
    if method == "check" and not reference:
        raise BillingRefused(_("Write the number of the check."))
    payment = taking.at_counter(
        city=request.city,
        money=Money(
            key=key,
            method=PaymentMethod(method),
            amount=there if keeps else asked,
            drawer=_drawer(request) if method != "transfer" else None,
            reference=reference,
            name=name or next((bill.name for bill in bills if bill.name), ""),
            email=post.get("email", "").strip()[:254],
            language=bills[0].language if bills else request.city.languages[0],
        ),
        amounts=amounts,
        by=request.actor,
        now=read_clock(),
    )
    return payment, 0 if keeps else there - asked


def _there(request: CityRequest, asked: int) -> int:
    """What was handed over; for bills alone, an empty field means just what they ask for."""
    typed = request.POST.get("given", "")
    currency = setup_of(request).currency
    there = given.positive(typed, currency) if typed.strip() else asked
    if there <= 0:
        raise BillingRefused(_("Write an amount."))
    if there < asked:
        facts = {"amount": money.say(asked - there, currency)}
        raise BillingRefused(
            _("%(amount)s is missing. Take more, or write less for one of the bills.") % facts
        )
    return there


def _amounts(request: CityRequest, bills: list[Invoice], method: str) -> dict[int, int]:
    setup, found = setup_of(request), {}
    for bill in bills:
        kind = queries.kind_of(setup, bill.kind)
        facts = {"number": bill.number, "method": saying.METHODS[method]}
        if kind.key in setup.kinds and method not in kind.methods:
            raise BillingRefused(_("The bill %(number)s is not paid by %(method)s here.") % facts)
        typed = request.POST.get(f"amount.{bill.pk}", "")
        amount = given.amount(typed, setup.currency) if typed.strip() else bill.owed
        try:
            rules.check_amount(amount, bill.owed, bill.minimum, kind)
        except rules.AmountRefused as no:
            facts["amount"] = money.say(no.bound, setup.currency)
            raise BillingRefused(_refusals()[no.reason] % facts) from None
        found[bill.pk] = amount
    return found


def _refusals() -> dict[str, str]:
    return {
        "nothing": _("Write what is paid of %(number)s."),
        "more": _("No more than %(amount)s is owed on %(number)s."),
        "all": _("The bill %(number)s is paid as a whole: %(amount)s."),
        "minimum": _("Pay at least %(amount)s of %(number)s."),
    }


def _drawer(request: CityRequest) -> Drawer:
    pk = given.number(request.POST.get("drawer", ""))
    rows = Drawer.objects.filter(city=request.city, closed_at=None)
    found = rows.filter(pk=pk).first() if pk else None
    if found is None:
        raise BillingRefused(_("Open a drawer first."))
    return found


def open_drawers(request: CityRequest) -> list[Drawer]:
    """Drawers that are open, one's own first."""
    rows = list(Drawer.objects.filter(city=request.city, closed_at=None).order_by("name"))
    return sorted(rows, key=lambda drawer: drawer.opened_id != request.actor.user_id)


def _show(
    request: CityRequest, bills: list[Invoice], refused: str = "", status: int = 200
) -> HttpResponse:
    today, language, city = today_of(request), request.LANGUAGE_CODE, request.city
    setup, typed = setup_of(request), request.POST
    text = request.GET.get("q", "").strip()[:120]
    found = finding.bills(city, text).rows if text else []
    here = {bill.pk for bill in bills}
    context: dict[str, Any] = {
        "rows": [
            saying.bill_row(city, bill, today, language)
            | {
                "amount": typed.get(f"amount.{bill.pk}", money.plain(bill.owed, bill.currency)),
                "fixed": queries.kind_of(setup, bill.kind).partial == "none",
                "name": pick(queries.kind_of(setup, bill.kind).name, language, city.languages[0]),
            }
            for bill in bills
        ],
        "asked": sum(bill.owed for bill in bills),
        "text": text,
        "found": [
            saying.bill_row(city, bill, today, language)
            for bill in found
            if bill.pk not in here and bill.owed
        ][:MOST],
        "methods": [(key, saying.METHODS[key]) for key in AT_COUNTER],
        "drawers": open_drawers(request),
        "typed_in": given.Typed(typed.dict()),
        "method": typed.get("method", "cash"),
        "form_key": typed.get("key") or uuid.uuid4(),
        "refused": refused,
        "query": "&".join(f"bill={bill.pk}" for bill in bills),
    }
    return show(request, "counter", "money-counter", context, status=status)


def _named(request: CityRequest) -> Invoice:
    """The bill of the number that was typed."""
    plain = rules.plain_number(request.POST.get("number", ""))
    rows = Invoice.objects.filter(city=request.city, plain=plain).exclude(plain="")
    bill = rows.order_by("pk").first()
    if bill is None:
        raise BillingRefused(_("There is no bill of this number."))
    return bill


@staff_who_may("take_money")
@require_POST
def apply(request: CityRequest, pk: int) -> HttpResponse:
    """Use the credit of a payment for a bill that is named by its number."""
    setup_of(request)
    payment = Payment.objects.filter(city=request.city, pk=pk).first()
    if payment is None:
        raise Http404
    try:
        bill = _named(request)
        taking.apply_credit(
            city=request.city,
            payment_id=pk,
            amounts={bill.pk: bill.owed},
            by=request.actor,
            now=read_clock(),
            seen=given.number(request.POST.get("seen", "")),
        )
    except BillingRefused as no:
        messages.error(request, str(no))
        return redirect("console:money-payment", pk)
    messages.success(request, _("The credit is used for %(number)s.") % {"number": bill.number})
    return redirect("console:money-payment", pk)
