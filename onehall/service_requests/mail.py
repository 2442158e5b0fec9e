"""Messages that the staff send again, and a resident's address corrected where it was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.casework import actions as casework
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case
from onehall.casework.timeline import NewEntry
from onehall.messaging import actions as messaging
from onehall.messaging.models import Message
from onehall.people.actor import Actor
from onehall.people.models import Person
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest


@dataclass(frozen=True, slots=True)
class Again:
    """What became of messages to send again: those left alone are in a worker's hands, or open a sign-in."""

    sent: int
    left: int


def readable_by(actor: Actor) -> QuerySet[Case, str] | None:
    """The numbers of the cases whose messages somebody may read; None where it is all of the city."""
    if actor.sees_department(None) and not actor.areas:
        return None
    return Case.objects.visible_to(actor).values_list("number", flat=True)


@transaction.atomic
def send_again(*, city: City, messages: Sequence[Message], by: Actor, now: datetime) -> Again:
    """Deliver messages once more; it is kept on each case who did so."""
    if not by.may("resend") or by.city_id != city.pk:
        raise MoveRefused(_("Your role may not send messages again."))
    by_case: dict[str, int] = {}
    sent = 0
    for message in sorted(messages, key=lambda m: m.pk):
        if messaging.send_again(city_id=city.pk, message_id=message.pk, now=now):
            sent += 1
            by_case[message.case_number] = by_case.get(message.case_number, 0) + 1
    for number, count in sorted(by_case.items()):
        words = ngettext("Sent %(n)s message again.", "Sent %(n)s messages again.", count)
        _note(city, number, words % {"n": count}, by, now)
    return Again(sent, len(messages) - sent)


@transaction.atomic
def correct_address(
    *, city: City, message: Message, address: str, by: Actor, now: datetime
) -> Again:
    """Put a reporter's address right, and send what did not arrive at the old one to the new one."""
    if not by.may("fix_contacts") or by.city_id != city.pk:
        raise MoveRefused(_("Your role may not correct addresses."))
    told = ServiceRequest.objects.filter(city_id=city.pk, pk=message.request_id or 0)
    person = Person.objects.select_for_update().filter(
        city_id=city.pk, pk__in=told.values("person_id")
    )
    found = person.first()
    if found is None:
        raise MoveRefused(_("You can change the address of a report's sender here, and no other."))
    if found.email.lower() not in ("", message.to_address.lower(), address.lower()):
        raise MoveRefused(_("The reporter has given another address since. Send to that one."))
    person.update(email=address)
    lost = Message.objects.filter(
        city_id=city.pk,
        request_id=message.request_id,
        to_address__iexact=message.to_address,
        state__in=("failed", "bounced"),
    )
    ids = {message.pk, *lost.order_by("pk").values_list("pk", flat=True)[:50]}
    sent = sum(
        messaging.send_again(city_id=city.pk, message_id=pk, now=now, to_address=address)
        for pk in sorted(ids)
    )
    words = ngettext(
        "Corrected the address of a reporter and sent %(n)s message to it.",
        "Corrected the address of a reporter and sent %(n)s messages to it.",
        sent,
    )
    _note(city, message.case_number, words % {"n": sent}, by, now)
    return Again(sent, len(ids) - sent)


def _note(city: City, number: str, words: str, by: Actor, now: datetime) -> None:
    """A line for the staff on the case. No address stands in it."""
    pk = Case.objects.of_city(city.pk).filter(number=number).values_list("pk", flat=True).first()
    if number and pk is not None:
        entry = NewEntry(kind="noted", data={"words": words})
        casework.hear(city=city, case_id=pk, entry=entry, by=by, now=now, unread=False)
