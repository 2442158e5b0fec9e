"""Tells followers by mail what happened to their case, from the outbox rows that casework queues."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone, translation

from onehall.casework import wording
from onehall.casework.models import Case, Photo, TimelineEntry
from onehall.casework.telling import public_address as public_address
from onehall.catalog import replies
from onehall.catalog.queries import catalogue
from onehall.kernel.localized import pick
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewMessage
from onehall.messaging.render import Rendered, render
from onehall.people.queries import queues
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from onehall.service_requests.queries import followers

TEMPLATES = {
    "received": "received",
    "followed": "received",
    "replied": "reply",
    "routed": "routed",
    "changed": "changed",
    "handed": "handed",
    "outside": "handed",
    "joined": "joined",
    "unjoined": "unjoined",
    "promised": "promised",
    "notified": "notice",
    "reminded": "reminder",
    "file_shared": "document",
    "split": "part",
    "part": "part",
}
"""Kinds with a mail of their own; a move's mail depends on where it led."""


def template_for(entry: TimelineEntry, category: str) -> str:
    """Which mail tells about an entry."""
    if entry.kind == "notified":
        return str(entry.data.get("template", "notice"))
    if entry.kind != "moved":
        return TEMPLATES.get(entry.kind, "received")
    if category == "waiting_applicant":
        return "question"
    if category == "resolved":
        return "done"
    if category in ("closed", "denied", "withdrawn", "expired", "revoked"):
        return "ended"
    return "under_way"


def tell(payload: dict[str, Any], *, city_id: int, key: str, now: datetime) -> None:  # noqa: ARG001  (what the worker hands over)
    """Write one message per follower about one timeline entry. Idempotent by message key."""
    city = City.objects.get(pk=city_id)
    entry = (
        TimelineEntry.objects.filter(case_id=payload["case"], seq=payload["seq"])
        .select_related("case")
        .first()
    )
    if entry is not None:
        for request, address in told_of(entry):
            _tell_one(city, entry, request, address, now)


def told_of(entry: TimelineEntry) -> list[tuple[ServiceRequest, str]]:
    """Who gets a mail about an entry, and at which address."""
    if _is_silent(entry):
        return []
    readers = _readers(entry)
    return [(r, r.person.email) for r in readers if r.person is not None and r.person.email]


def _readers(entry: TimelineEntry) -> list[ServiceRequest]:
    """Who is told: everybody who follows; about a report only who sent it; nobody what they did."""
    people = followers(entry.case_id)
    if entry.kind == "received":
        return [p for p in people if p.number == entry.case.number]
    number = entry.data.get("number")
    if entry.kind == "followed":
        return [p for p in people if p.number == number]
    return [p for p in people if entry.kind != "moved" or p.number != number]


def _is_silent(entry: TimelineEntry) -> bool:
    """What is for staff alone, and steps that are no news: an answer came, a time ran out."""
    if entry.kind != "moved":
        return not entry.public or entry.kind not in TEMPLATES
    return entry.data.get("purpose") in ("settle", "answer")


def send_link(payload: dict[str, Any], *, city_id: int, key: str, now: datetime) -> None:
    """Mail one person, who left an address later, where their report's page is. Idempotent by message key."""
    city = City.objects.get(pk=city_id)
    request = (
        ServiceRequest.objects.filter(pk=payload["request"], city_id=city_id)
        .select_related("person")
        .first()
    )
    if request is None or request.person is None or not request.person.email:
        return
    first = TimelineEntry.objects.filter(case_id=request.case_id).select_related("case")
    entry = first.order_by("seq").first()
    if entry is not None:
        _tell_one(city, entry, request, request.person.email, now, key=f"link:{key}")


def language_of(city: City, request: ServiceRequest) -> str:
    """The language that a report's person is written to in."""
    return city.language_for(request.language)


def mail_for(city: City, entry: TimelineEntry, request: ServiceRequest) -> Rendered:
    """The mail that tells one report's person about an entry, which may be one not yet stored."""
    language = language_of(city, request)
    with translation.override(language), timezone.override(city.time_zone):
        context = context_for(city, entry.case, entry, request, language)
        template = template_for(entry, context["category"])
        return render(f"service_requests/mail/{template}", context, language)


def _tell_one(
    city: City,
    entry: TimelineEntry,
    request: ServiceRequest,
    address: str,
    now: datetime,
    *,
    key: str = "",
) -> None:
    case = entry.case
    language = language_of(city, request)
    mail = mail_for(city, entry, request)
    messaging.send_message(
        message=NewMessage(
            city_id=city.id,
            key=key or f"case:{case.id}:{entry.seq}:{request.id}",
            to_address=address,
            language=language,
            subject=mail.subject,
            body_text=mail.text,
            body_html=mail.html,
            case_number=case.number,
            request_id=request.id,
            about=f"{case.id}:{entry.seq}",
        ),
        now=now,
    )


def own_of(city: City, request: ServiceRequest) -> dict[str, str]:
    """What the variables of written words mean for one report's person (`replies.OF_READER`)."""
    name = request.person.name if request.person is not None else ""
    return {
        "first_name": replies.first_name(name),
        "number": request.number,
        "link": f"{public_address(city)}/r/{request.token}",
    }


def context_for(
    city: City, case: Case, entry: TimelineEntry, request: ServiceRequest, language: str
) -> dict[str, Any]:
    """What the mail templates may name."""
    listed = catalogue(city)
    flow = listed.flow_version(case.flow_version_id)
    service = listed.by_id(case.service_id)
    default = city.languages[0]
    names = {q.id: pick(q.name, language, default) for q in queues(city)}
    reader = wording.Reader(
        flow,
        language,
        default,
        names,
        staff=False,
        own_number=request.number,
        own=own_of(city, request),
    )
    state = flow.states.get(str(entry.data.get("to", "")), flow.states[case.state])
    line = wording.line_of(entry, case, reader, state.category)
    photos = Photo.objects.filter(
        pk__in=line.photo_ids, case_id=case.id, is_public=True, removed_at=None
    )
    address = public_address(city)
    return {
        "city": city,
        "case": case,
        "request": request,
        "number": request.number,
        "service": pick(service.name, language, default),
        "category": state.category,
        "state": pick(state.label, language, default),
        "next": pick(state.words, language, default),
        "line": line,
        "due": case.due_at,
        "url": f"{address}/r/{request.token}",
        "stop_url": f"{address}/r/{request.token}/news?{urlencode({'wanted': 'no'})}",
        "photo_urls": [f"{address}/photos/{p.key}/large.jpg" for p in photos],
        "phone": (city.contact or {}).get("phone", ""),
    }
