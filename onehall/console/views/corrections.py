"""What the staff corrected: from which service or queue to which, how often, and what residents had written."""

from collections.abc import Iterator
from typing import Any, Final

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.catalog.queries import catalogue
from onehall.console.desk import Desk, draw, frame, staff_who_may
from onehall.console.sheets import download
from onehall.console.sheets import lines as sheet
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.service_requests import learning

MOST: Final = 100


@staff_who_may("see_figures")
@require_GET
def corrections(request: CityRequest) -> HttpResponse:
    """Pairs of the last year, most often first."""
    desk = frame(request)
    found = learning.pairs(desk.actor, now=desk.now, limit=MOST)
    rows = [
        {
            "pair": pair,
            "service_from": _service(request, desk, pair.from_service),
            "service_to": _service(request, desk, pair.to_service),
            "queue_from": desk.queue_name(pair.from_queue, request.LANGUAGE_CODE),
            "queue_to": desk.queue_name(pair.to_queue, request.LANGUAGE_CODE),
        }
        for pair in found
    ]
    context = {"title": _("What we corrected"), "rows": rows}
    return draw(request, "console/corrections.html", desk, context, rail_at="routing")


@staff_who_may("export")
@require_GET
def corrections_csv(request: CityRequest) -> StreamingHttpResponse:
    """The same, one line a correction, with the words of the first report."""
    desk = frame(request)
    heads = [
        _("Number"), _("When"), _("Channel"), _("From service"), _("To service"),
        _("From queue"), _("To queue"), _("What was written"),
    ]  # fmt: skip
    return download("corrections", sheet(heads, _lines(request, desk), desk.zone))


def _lines(request: CityRequest, desk: Desk) -> Iterator[list[Any]]:
    language = request.LANGUAGE_CODE
    for row, words in learning.lines(desk.actor, now=desk.now):
        yield [
            row.case.number,
            row.at,
            row.channel,
            _service(request, desk, row.from_service_id),
            _service(request, desk, row.to_service_id),
            desk.queue_name(row.from_queue_id, language),
            desk.queue_name(row.to_queue_id, language),
            words,
        ]


def _service(request: CityRequest, desk: Desk, service_id: int) -> str:
    service = catalogue(desk.city).by_id(service_id)
    return pick(service.name, request.LANGUAGE_CODE, desk.city.languages[0])
