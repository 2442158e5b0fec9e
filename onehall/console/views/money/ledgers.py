"""The books: receivables by age, what has to be looked at, payouts, everything that was overridden, one account."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from onehall.billing import books, exceptions, queries
from onehall.billing.books import Overrides
from onehall.billing.errors import BillingRefused
from onehall.billing.models import AdjustmentKind, PaymentException, Payout
from onehall.console.desk import staff_who_may
from onehall.console.money import given, saying
from onehall.console.money.room import setup_of, show, today_of
from onehall.console.sheets import download
from onehall.console.sheets import lines as sheet
from onehall.kernel import money
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.people.permissions import words_of

MOST_ROWS: Final = 100_000
"""Overrides in one file."""


@require_GET
@staff_who_may("see_books")
def aging(request: CityRequest) -> HttpResponse:
    """What is owed by kind of bill, and how long it is over."""
    setup, default = setup_of(request), request.city.languages[0]
    rows = books.aging(request.city, today_of(request))
    sums = [sum(row.amounts[n] for row in rows) for n in range(5)]
    context = {
        "rows": [
            (pick(queries.kind_of(setup, row.kind).name, request.LANGUAGE_CODE, default), row)
            for row in rows
        ],
        "sums": sums,
        "total": sum(sums),
        "bills": sum(row.bills for row in rows),
        "today": today_of(request),
    }
    return show(request, "aging", "money-aging", context)


@require_GET
@staff_who_may("see_books")
def to_look_at(request: CityRequest) -> HttpResponse:
    """Exceptions to resolve, and chargebacks."""
    return _exceptions(request)


def _exceptions(request: CityRequest, refused: str = "", status: int = 200) -> HttpResponse:
    setup_of(request)
    context: dict[str, Any] = {
        "open": [(row, saying.exception(row.kind)) for row in books.open_exceptions(request.city)],
        "done": [
            (row, saying.exception(row.kind)) for row in books.resolved_exceptions(request.city)
        ],
        "chargebacks": books.chargebacks(request.city),
        "refused": refused,
        "typed_in": given.Typed(request.POST.dict()),
    }
    return show(request, "exceptions", "money-exceptions", context, status=status)


@staff_who_may("close_days")
@require_POST
def resolve(request: CityRequest, pk: int) -> HttpResponse:
    """Note what was done about one."""
    setup_of(request)
    if not PaymentException.objects.filter(city=request.city, pk=pk).exists():
        raise Http404
    try:
        exceptions.resolve(
            city=request.city,
            exception_id=pk,
            words=given.words(request.POST.get("words", "")),
            by=request.actor,
            now=read_clock(),
        )
    except BillingRefused as no:
        return _exceptions(request, str(no), 422)
    messages.success(request, _("It is resolved."))
    return redirect("console:money-exceptions")


@require_GET
@staff_who_may("see_books")
def payouts(request: CityRequest) -> HttpResponse:
    """What providers sent to the city's bank."""
    setup_of(request)
    return show(request, "payouts", "money-payouts", {"rows": books.payouts(request.city)})


@require_GET
@staff_who_may("see_books")
def payout(request: CityRequest, pk: int) -> HttpResponse:
    """One of them with its items."""
    setup_of(request)
    found = Payout.objects.filter(city=request.city, pk=pk).first()
    if found is None:
        raise Http404
    items = found.items.select_related("payment").order_by("pk")
    context = {"payout": found, "items": items[:500], "count": items.count()}
    return show(request, "payout", "money-payouts", context)


@require_GET
@staff_who_may("see_books")
def overrides(request: CityRequest) -> HttpResponse:
    """Everything that changed a bill after it was written: who, in which role, why."""
    setup_of(request)
    asked, kept = _asked(request)
    rows, after = books.overrides(request.city, asked)
    here = reverse("console:money-overrides")
    language, default = request.LANGUAGE_CODE, request.city.languages[0]
    context = {
        "rows": [
            (
                row,
                pick(row.charge.words, language, default) or row.charge.code,
                saying.ADJUSTMENTS[row.kind],
                _roles(row.by_roles),
            )
            for row in rows
        ],
        "kinds": [(key, saying.ADJUSTMENTS[key]) for key in AdjustmentKind.values],
        "asked": given.Typed(kept),
        "older": f"{here}?{urlencode({**kept, 'after': after})}" if after else "",
        "first": f"{here}?{urlencode(kept)}" if asked.after else "",
        "query": urlencode(kept),
    }
    return show(request, "overrides", "money-overrides", context)


def _roles(text: str) -> str:
    return ", ".join(words_of(role) for role in text.split())


def _asked(request: CityRequest) -> tuple[Overrides, dict[str, str]]:
    """The filter as it is asked for, and as the page's links carry it."""
    typed = request.GET
    kept = {k: typed[k].strip()[:80] for k in ("kind", "by", "from", "to") if typed.get(k)}
    zone = ZoneInfo(request.city.time_zone)

    def midnight(name: str, days: int) -> datetime | None:
        try:
            day = given.day(kept.get(name, ""))
        except BillingRefused:
            kept.pop(name, None)
            return None
        return datetime.combine(day + timedelta(days=days), time(), zone)

    asked = Overrides(
        kind=kept.get("kind", "") if kept.get("kind") in AdjustmentKind.values else "",
        by=kept.get("by", ""),
        since=midnight("from", 0),
        until=midnight("to", 1),
        after=typed.get("after", "")[:60],
    )
    return asked, kept


@require_GET
@staff_who_may("see_books")
def overrides_csv(request: CityRequest) -> StreamingHttpResponse:
    """The same as a file."""
    setup_of(request)
    asked, _kept = _asked(request)
    heads = [
        _("When"), _("Bill"), _("Line"), _("What"), _("Amount"), _("Who"), _("Role"), _("Why"),
    ]  # fmt: skip
    zone = ZoneInfo(request.city.time_zone)
    return download("overrides", sheet(heads, _rows(request, asked), zone))


def _rows(request: CityRequest, asked: Overrides) -> Iterator[list[Any]]:
    rows, _after = books.overrides(request.city, asked, limit=MOST_ROWS)
    for row in rows:
        bill = row.charge.invoice
        yield [
            row.at, bill.number, row.charge.code, str(saying.ADJUSTMENTS[row.kind]),
            money.plain(row.amount, bill.currency), row.by_name, _roles(row.by_roles), row.reason,
        ]  # fmt: skip
