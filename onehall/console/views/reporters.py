"""Everybody who told of a case, side by side: what they said, sent and answered, and what each was told."""

from collections import defaultdict
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from onehall.casework.models import Photo
from onehall.casework.queries import photos_of
from onehall.catalog.queries import catalogue
from onehall.console.casepage import answers, load, reader_of
from onehall.console.desk import draw, frame, staff_only
from onehall.console.writer import name_of
from onehall.look.doorway import CityRequest
from onehall.messaging.models import Message
from onehall.service_requests import queries

MOST_MAILS = 400


@staff_only
@require_GET
def reporters(request: CityRequest, number: str) -> HttpResponse:
    """The people of a case in columns; stacked on a phone."""
    desk, loaded = frame(request), load(request, number)
    case = loaded.case
    reader = reader_of(request, loaded.flow)
    reports = queries.reports_of(case)
    shots: dict[int, list[Photo]] = defaultdict(list)
    for photo in photos_of([case.pk]):
        if photo.request_id is not None:
            shots[photo.request_id].append(photo)
    mails: dict[int, list[Message]] = defaultdict(list)
    sent = Message.objects.filter(
        city_id=request.city.id, request_id__in=[r.pk for r in reports]
    ).order_by("-id")
    for mail in sent.defer("body_text", "body_html")[:MOST_MAILS]:
        mails[mail.request_id or 0].append(mail)
    listed = catalogue(request.city)
    people: list[dict[str, Any]] = []
    for report in reports:
        home = report.home_case
        service = listed.by_id(home.service_id) if home else loaded.service
        people.append(
            {
                "r": report,
                "service": service,
                "answers": answers(service, [report], reader),
                "photos": shots[report.pk],
                "mails": mails[report.pk][:10],
                "language": name_of(report.language) if report.language else "",
                # Of those that were joined the home case can be taken apart again.
                "joined": home if home is not None and home.merged_into_id is not None else None,
            }
        )
    context = {
        "case": case,
        "service": loaded.service,
        "queue_name": reader.queue_names.get(case.queue_id, ""),
        "people": people,
        "works": desk.actor.writes and case.merged_into_id is None,
    }
    return draw(request, "console/reporters.html", desk, context, queue_id=case.queue_id)
