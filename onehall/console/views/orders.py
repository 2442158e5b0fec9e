"""Paper: work orders of a case or of a day, and the record of a case; as a page to print and as a PDF."""

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.casework import queries as casework
from onehall.casework.models import Case
from onehall.console.casepage import load
from onehall.console.desk import Desk, draw, frame, staff_only
from onehall.console.paper.orders import MOST, orders
from onehall.console.paper.record import record
from onehall.look.dates import say
from onehall.look.doorway import CityRequest
from onehall.look.downloads import download
from onehall.look.papers import pdf
from onehall.look.papers.blocks import Sheet


@staff_only
@require_GET
def work_orders(request: CityRequest, form: str) -> HttpResponse:
    """Work orders of the cases named by `?case=`, or of my work without any."""
    desk = frame(request)
    cases = _cases(request)
    sheets = orders(desk, cases, request.LANGUAGE_CODE)
    return _answer(
        request,
        desk,
        sheets,
        form=form,
        title=_("Work orders"),
        name="work-orders.pdf" if len(cases) != 1 else f"work-order-{cases[0].number}.pdf",
    )


@staff_only
@require_GET
def case_record(request: CityRequest, number: str, form: str) -> HttpResponse:
    """The whole record of a case; `?for=public` leaves out what is not for everybody."""
    desk, found = frame(request), load(request, number).case
    public = request.GET.get("for") == "public"
    sheet = record(desk, found, request.LANGUAGE_CODE, public=public)
    return _answer(
        request,
        desk,
        [sheet],
        form=form,
        title=_("Record of %(number)s") % {"number": number},
        name=f"record-{number}.pdf",
        case=found,
    )


def _cases(request: CityRequest) -> list[Case]:
    """The cases that are meant and that this person may see, in the order given."""
    asked = request.GET.getlist("case")[:MOST]
    numbers = asked or [c.number for c in casework.work_of(request.actor, limit=MOST)]
    rows = (
        Case.objects.reachable_by(request.actor)
        .filter(number__in=numbers)
        .select_related("assignee")
    )
    by_number = {c.number: c for c in rows.order_by("pk")}
    found = [by_number[n] for n in dict.fromkeys(numbers) if n in by_number]
    if asked and not found:
        raise Http404
    return found


def _answer(
    request: CityRequest,
    desk: Desk,
    sheets: list[Sheet],
    *,
    form: str,
    title: str,
    name: str,
    case: Case | None = None,
) -> HttpResponse:
    if form == "pdf":
        data = pdf.make(
            request.city,
            sheets,
            title=title,
            language=request.LANGUAGE_CODE,
            paper=request.GET.get("paper", "letter"),
            foot=f"{request.city.name} · {title} · {say(desk.now, now=desk.now, zone=desk.zone)}",
        )
        return download(data, title=name, kind="pdf")
    query = request.GET.copy()
    query.pop("paper", None)
    context = {
        "sheets": sheets,
        "title": title,
        "case": case,
        "query": query.urlencode(),
        "public": request.GET.get("for") == "public",
        "most": MOST,
    }
    return draw(request, "console/paper.html", desk, context)
