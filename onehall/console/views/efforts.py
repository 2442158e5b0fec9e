"""Time and materials: write down, take back, sums by service, CSV."""

from datetime import timedelta
from typing import Any, Final

from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.casework import efforts
from onehall.casework.beside import beside
from onehall.casework.errors import CaseworkRefused
from onehall.catalog.queries import catalogue
from onehall.console import effortlines, sheets
from onehall.console.casepage import Loaded, load
from onehall.console.desk import Desk, draw, frame, staff_who_may
from onehall.console.trouble import of
from onehall.console.views.acts import acting, again, common
from onehall.console.views.case import done
from onehall.kernel import money
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest

PERIODS: Final = (7, 30, 90, 365)


@acting
def act(request: CityRequest, loaded: Loaded) -> HttpResponse:
    """Time, material, or a counter-entry."""
    given = common(request, loaded)
    given.pop("seen")
    what = request.POST.get("do", "time")
    try:
        if what == "back":
            number = request.POST.get("effort", "")
            efforts.take_back(
                **given,
                effort_id=int(number) if number.isdecimal() and len(number) < 18 else -1,
                reason=request.POST.get("reason", ""),
            )
            return done(request, loaded.case.number, _("It is taken back."))
        read = {"time": effortlines.typed_time, "material": effortlines.typed_material}.get(what)
        if read is None:
            raise Http404
        posted = {k: v for k, v in request.POST.items() if isinstance(v, str)}
        stock = catalogue(request.city).stock
        new = read(posted, request.city, stock, request.LANGUAGE_CODE, read_clock())
        row = efforts.write_down(**given, new=new)
    except CaseworkRefused as no:
        kept = {k: v for k, v in request.POST.items() if isinstance(v, str)}
        return again(request, loaded, of(no, where="effort", typed=kept))
    said = {"what": row.label, "amount": effortlines.amount(row)}
    return done(request, loaded.case.number, _("Written down: %(what)s, %(amount)s.") % said)


@staff_who_may("see_figures")
@require_GET
def sums(request: CityRequest) -> HttpResponse:
    """Minutes and cost by service, in days up to today."""
    desk = frame(request)
    days, rows = _rows(request, desk)
    currency = catalogue(desk.city).stock.currency
    context = {
        "days": days,
        "periods": [(n, f"?days={n}") for n in PERIODS],
        "rows": [
            (
                name,
                cases,
                effortlines.duration(t.minutes),
                money.say(t.time_cost, currency),
                money.say(t.material_cost, currency),
                money.say(t.cost, currency),
            )
            for name, cases, t in rows
        ],
    }
    return draw(request, "console/efforts_sums.html", desk, context, rail_at="figures")


@staff_who_may("export")
@require_GET
def sums_csv(request: CityRequest) -> HttpResponseBase:
    """The same as a file; money in whole units with a point."""
    desk = frame(request)
    days, rows = _rows(request, desk)
    currency = catalogue(desk.city).stock.currency
    heads = [_("Service"), _("Cases"), _("Minutes"), _("Time"), _("Material"), _("Cost"), currency]
    found = [
        [name, n, t.minutes, *(_plain(c, currency) for c in (t.time_cost, t.material_cost, t.cost))]
        for name, n, t in rows
    ]
    return sheets.download(f"time-and-materials-{days}", sheets.lines(heads, found, desk.zone))


@staff_who_may("export")
@require_GET
def case_csv(request: CityRequest, number: str) -> HttpResponseBase:
    """The entries of one case as a file."""
    desk, loaded = frame(request), load(request, number)
    currency = catalogue(desk.city).stock.currency
    heads = [
        _("Day"), _("What"), _("Minutes"), _("Quantity"), _("Unit"), _("Cost of a unit"),
        _("Cost"), _("Who"), _("Note"), currency,
    ]  # fmt: skip
    rows: list[list[Any]] = [
        [
            str(e.day), e.label, e.minutes, float(e.quantity), e.unit,
            _plain(e.unit_cost, currency), _plain(e.cost, currency), e.by_name, e.note,
        ]
        for e in beside(loaded.case, desk.actor).efforts
    ]  # fmt: skip
    return sheets.download(f"case-{number}", sheets.lines(heads, rows, desk.zone))


def _plain(amount: int, currency: str) -> float:
    return float(amount / 10 ** money.PLACES.get(currency, 2))


def _rows(request: CityRequest, desk: Desk) -> tuple[int, list[tuple[str, int, efforts.Totals]]]:
    text = request.GET.get("days", "")
    days = int(text) if text in {str(n) for n in PERIODS} else 30
    last = desk.now.astimezone(desk.zone).date()
    listed, default = catalogue(desk.city), desk.city.languages[0]
    found = efforts.by_service(desk.actor, first=last - timedelta(days=days - 1), last=last)
    return days, [
        (pick(listed.by_id(s).name, request.LANGUAGE_CODE, default), n, t) for s, n, t in found
    ]
