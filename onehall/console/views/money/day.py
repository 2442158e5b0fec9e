"""The close of the day, and what goes to the general ledger."""

from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from onehall.billing import books, closing, exporting
from onehall.billing.errors import BillingRefused
from onehall.billing.models import DayClose
from onehall.console.desk import staff_who_may
from onehall.console.money import given, saying
from onehall.console.money.room import setup_of, show, today_of
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.look.downloads import download

SHOWN: Final = 31
"""Closed days in the list."""
OPEN_SHOWN: Final = 6
"""Open days that stand above the page, the oldest first: they are closed in that order."""


@staff_who_may("see_books")
@require_http_methods(["GET", "POST"])
def day(request: CityRequest, on: str = "") -> HttpResponse:
    """A day with its sums; a POST closes it."""
    setup_of(request)
    if jump := request.GET.get("on"):
        return redirect("console:money-day-of", _read(jump).isoformat())
    chosen = _chosen(request, on)
    if request.method == "GET":
        return _show(request, chosen)
    if not request.actor.may("close_days"):
        return _show(request, chosen, _("Closing a day is kept for finance."), 403)
    try:
        closing.close_day(
            city=request.city,
            on=chosen,
            seen=request.POST.get("seen", ""),
            by=request.actor,
            now=read_clock(),
        )
    except BillingRefused as no:
        return _show(request, chosen, str(no), 422)
    messages.success(request, _("The day is closed."))
    return redirect("console:money-day-of", chosen.isoformat())


def _chosen(request: CityRequest, on: str) -> date:
    if not on:
        found = closing.open_days(request.city, today_of(request))
        return found[0] if found else closing.next_day(request.city, read_clock())
    return _read(on)


def _read(on: str) -> date:
    try:
        return date.fromisoformat(on)
    except ValueError as no:
        raise Http404 from no


def _show(request: CityRequest, on: date, refused: str = "", status: int = 200) -> HttpResponse:
    city, setup = request.city, setup_of(request)
    closed = DayClose.objects.filter(city=city, on=on).first()
    sums = books.day_sums(city, on)
    today = today_of(request)
    open_days = closing.open_days(city, today)
    context: dict[str, Any] = {
        "on": on,
        "closed": closed,
        "sums": sums,
        "methods": [(saying.METHODS[m], n, total) for m, n, total in sums.methods],
        "taken": sum(total for _m, _n, total in sums.methods),
        "books": [(saying.BOOKS.get(b, b), gl, d, c) for b, gl, d, c in sums.books],
        "debits": sum(d for _b, _gl, d, _c in sums.books),
        "credits": sum(c for _b, _gl, _d, c in sums.books),
        "before": None if closed else closing.before(city, on, read_clock()),
        "seen": "" if closed else exporting.made(city, on, on, setup.export).sha256,
        "to_come": on > today,
        "open_days": open_days[:OPEN_SHOWN],
        "more_open": len(open_days[OPEN_SHOWN:]),
        "most_open": len(open_days) >= closing.MOST_OPEN,
        "closed_days": list(DayClose.objects.filter(city=city).order_by("-on")[:SHOWN]),
        "through": closing.closed_through(city),
        "refused": refused,
    }
    return show(request, "day", "money-day", context, status=status)


@require_GET
@staff_who_may("see_books")
def export(request: CityRequest) -> HttpResponse:
    """The file of closed days for the general ledger: the same days are the same bits each time."""
    setup_of(request)
    try:
        first = given.day(request.GET.get("from", ""))
        last = given.day(request.GET.get("to", ""), first)
        batch = exporting.batch_of(city=request.city, first=first, last=last)
    except BillingRefused as no:
        messages.error(request, str(no))
        return redirect("console:money-day")
    answer = download(batch.text.encode(), title=batch.name, kind="csv")
    answer.headers["Content-Type"] = "text/csv; charset=utf-8"
    answer.headers["X-Checksum-Sha256"] = batch.sha256
    return answer
