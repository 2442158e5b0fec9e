"""Tells staff by mail of reminders and escalations, from the outbox rows that the timeline queues."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone, translation

from onehall.casework import wording
from onehall.casework.models import Case, TimelineEntry
from onehall.catalog.queries import catalogue
from onehall.kernel.localized import pick
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewMessage
from onehall.messaging.render import render
from onehall.people.models import Membership, User
from onehall.people.permissions import works
from onehall.people.queries import queues
from onehall.places.models import City

STAFF_TOPIC = "case.staff"
"""Topic of the outbox rows about entries that the staff must hear of; `case.news` tells residents."""


def tell_staff(payload: dict[str, Any], *, city_id: int, key: str, now: datetime) -> None:
    """Write one message per person about one entry. Idempotent by message key."""
    entry = (
        TimelineEntry.objects.filter(case_id=payload["case"], seq=payload["seq"])
        .select_related("case__queue__department", "case__assignee")
        .first()
    )
    if entry is None or not entry.case.is_open:
        return
    city = City.objects.get(pk=city_id)
    for user in _hearers(city, entry):
        _tell(city, entry, user, f"staff:{key}:{user.pk}", now)


def _hearers(city: City, entry: TimelineEntry) -> list[User]:
    """Those with the named role in the case's department; else who has the case; else who serves its queue."""
    case, role = entry.case, entry.data.get("role")
    if entry.data.get("who") == "head":
        head = case.queue.department.head_email
        rows = Membership.objects.filter(city=city, active=True, user__is_active=True)
        heads = [m.user for m in rows.filter(user__email__iexact=head).select_related("user")]
        if heads:
            return heads
        role = "supervisor"
    if not role and case.assignee is not None:
        return [case.assignee]
    rows = Membership.objects.filter(city=city, active=True, user__is_active=True)
    found: list[User] = []
    for member in rows.select_related("user").order_by("user_id"):
        if not member.actor().sees_area(case.areas):
            continue
        here = member.department_id == case.queue.department_id
        serves = case.queue.key in member.queue_keys or (here and not member.queue_keys)
        if (here and role in member.roles) if role else (serves and works(frozenset(member.roles))):
            found.append(member.user)
    return found


def public_address(city: City) -> str:
    """Where people find the city's pages, without a slash at the end."""
    if settings.PUBLIC_ADDRESS:
        return str(settings.PUBLIC_ADDRESS).rstrip("/")
    return f"https://{city.hosts[0]}" if city.hosts else ""


def _tell(city: City, entry: TimelineEntry, user: User, key: str, now: datetime) -> None:
    language = city.language_for(user.language)
    with translation.override(language), timezone.override(city.time_zone):
        mail = render("casework/mail/staff", _context(city, entry, language), language)
    messaging.send_message(
        message=NewMessage(
            city_id=city.id,
            key=key,
            to_address=user.email,
            language=language,
            subject=mail.subject,
            body_text=mail.text,
            body_html=mail.html,
            case_number=entry.case.number,
            about=f"{entry.case_id}:{entry.seq}",
        ),
        now=now,
    )


def _context(city: City, entry: TimelineEntry, language: str) -> dict[str, Any]:
    case: Case = entry.case
    listed, default = catalogue(city), city.languages[0]
    names = {q.id: pick(q.name, language, default) for q in queues(city)}
    flow = listed.flow_version(case.flow_version_id)
    reader = wording.Reader(flow, language, default, names, staff=True)
    return {
        "city": city,
        "number": case.number,
        "service": pick(listed.by_id(case.service_id).name, language, default),
        "place": case.place_words,
        "due": case.due_at,
        "line": wording.line_of(entry, case, reader, case.category),
        "url": f"{public_address(city)}/desk/cases/{case.number}",
    }
