"""Writes of residents' reports: submit, follow, join and undo, messages, verdict, wishes."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from onehall.billing import disputing
from onehall.casework import actions as casework
from onehall.casework import handing, joining, photos, splitting
from onehall.casework.actions import CasePlace, NewCase
from onehall.casework.errors import CaseworkRefused, MoveRefused
from onehall.casework.models import Case, Photo
from onehall.casework.numbers import next_number, reserve_case
from onehall.casework.rules import MAX_WORDS, Given, require_fit, require_in_time, require_kept
from onehall.casework.timeline import NewEntry
from onehall.catalog import routing
from onehall.catalog.queries import catalogue
from onehall.catalog.services import PRIVATE
from onehall.kernel.ids import secret_token
from onehall.kernel.rows import Together, insert
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewOutbox
from onehall.people.actor import Actor, system
from onehall.people.bodies import body_of_key
from onehall.people.models import Person
from onehall.places.models import City
from onehall.service_requests import deciding, notices
from onehall.service_requests.models import ServiceRequest

FREE_DISPUTES: Final = 1
"""How often "not fixed" needs no reason."""

LINK: Final = "request.link"
"""Topic of the outbox rows that mail somebody the address of their report's page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How to reach the resident. All of it is optional."""

    name: str = ""
    email: str = ""
    phone: str = ""

    def __bool__(self) -> bool:
        return bool(self.name.strip() or self.email.strip() or self.phone.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """A checked report: answers are clean, the place is inside the city or only words.

    `bill` is the id of a bill that it is about, which its sender was shown.
    """

    key: uuid.UUID
    service_key: str
    words: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    place: CasePlace = field(default_factory=CasePlace)
    contact: Contact = field(default_factory=Contact)
    language: str = "en"
    channel: str = ServiceRequest.Channel.WEB
    priority: int = 0
    side: dict[str, Any] = field(default_factory=dict)
    has_photos: bool = True
    bill: int | None = None


def submit(*, city: City, new: NewRequest, by: Actor, now: datetime) -> ServiceRequest:
    """Record a report and open its case. The same key again returns the first record."""
    found = _known(city, new.key)
    if found is not None:
        return found
    try:
        return _submit(city=city, new=new, by=by, now=now)
    except IntegrityError:
        found = _known(city, new.key)
        if found is None:
            # The key belongs to another city's report: a form that was copied, never an honest one.
            raise CaseworkRefused(
                _("This form was sent before. Open it again and send it once more.")
            ) from None
        return found


@transaction.atomic
def _submit(*, city: City, new: NewRequest, by: Actor, now: datetime) -> ServiceRequest:
    service = catalogue(city).service(new.service_key)
    if service.is_internal and not (by.is_staff and by.may("ask")):
        raise CaseworkRefused(_("This is for the city's own staff."))
    if by.kind != "system":
        deciding.refuse_cards(new)
    if by.kind == "resident" and notices.instead_of(city, service.key, now) is not None:
        raise CaseworkRefused(_("The city takes no reports about this at the moment."))
    facts = deciding.facts(city, service, new, now=now)
    route = routing.route(service, facts)
    holder = deciding.person(city, route.person)
    number, (case_id, request_id, person_id) = reserve_case(
        city, now, also=(ServiceRequest, Person)
    )
    together = Together()
    person = _new_person(city, new.contact, new.language, now)
    if person is not None:
        person.pk = person_id
        together.insert([person], with_pk=True)
    opened = NewCase(
        id=case_id,
        service_id=service.id,
        queue_id=deciding.queue_id(city, route.queue),
        route=route,
        number=number,
        channel=new.channel,
        place=new.place,
        priority=new.priority,
        answers=new.answers,
        side=new.side,
        assignee_id=holder.user_id if holder else None,
        assignee_name=holder.name if holder else "",
    )
    case = casework.open_case(city=city, new=opened, by=by, now=now, along=together)
    request = ServiceRequest(
        id=request_id,
        city_id=city.id,
        case=case,
        person=person,
        created_at=now,
        key=new.key,
        token=secret_token(),
        number=number,
        channel=new.channel,
        language=new.language,
        words=new.words.strip()[:MAX_WORDS],
        answers=new.answers,
    )
    together.insert([request], with_pk=True)
    together.send()
    if new.has_photos:
        photos.claim_drafts(
            city_id=city.id,
            draft_key=new.key,
            case_id=case.id,
            request_id=request.id,
            is_public=service.photos_public == "public",
            is_private=service.photos_public == PRIVATE,
        )
    if new.bill is not None:
        disputing.contest(city=city, invoice_id=new.bill, service_key=service.key, case=case)
    if (body := body_of_key(city, route.body)) is not None:
        handing.hand_over(
            city=city, case_id=case.pk, body=body, words="", by=system(city.pk), now=now
        )
    return request


@transaction.atomic
def follow(
    *,
    city: City,
    case_id: int,
    key: uuid.UUID,
    words: str,
    contact: Contact,
    language: str,
    by: Actor,
    now: datetime,
) -> ServiceRequest:
    """Add one more person to an open case instead of opening a twin. Photos come along.

    A joined case means the one that lives on for it. The same key again returns the first record.
    """
    require_fit(words)
    root_id = joining.root_id(case_id)
    part_ids = splitting.lock_whole(root_id)
    case = Case.objects.of_city(city.id).get(pk=root_id)
    found = _known(city, key)
    if found is not None:
        return found
    if not case.is_public or case.merged_into_id is not None:
        raise CaseworkRefused(_("This case can not be followed."))
    if not case.is_open:
        raise CaseworkRefused(_("That case has ended. Send your report as a new one."))
    request = ServiceRequest.objects.create(
        city_id=city.id,
        case=case,
        person=_person(city, contact, language, now),
        created_at=now,
        key=key,
        token=secret_token(),
        number=next_number(city, now),
        channel=ServiceRequest.Channel.FOLLOW,
        language=language,
        words=words.strip()[:MAX_WORDS],
    )
    count = photos.claim_drafts(
        city_id=city.id,
        draft_key=key,
        case_id=case.id,
        request_id=request.id,
        is_public=False,
        is_private=catalogue(city).by_id(case.service_id).photos_public == PRIVATE,
    )
    people = _count_people(case)
    data = {"number": request.number, "people": people, "photo_count": count}
    casework.hear(
        city=city,
        case_id=case.id,
        entry=NewEntry(kind="followed", data=data, news=True),
        by=by,
        now=now,
        unread=bool(words.strip() or count),
    )
    if part_ids and (request.words or count):
        sent = Photo.objects.filter(case_id=case.id, request_id=request.id)
        _pass_on(city, part_ids, request, request.words, sent.values_list("pk", flat=True), by, now)
    return request


@transaction.atomic
def write(
    *,
    city: City,
    request: ServiceRequest,
    words: str,
    by: Actor,
    now: datetime,
    pictures: Sequence[Photo] = (),
) -> Case:
    """The resident writes to the city, sends it pictures (`photos.take_in`), or both.

    Where the city was waiting for that, work goes on. The same pictures again, as from a double
    tap, are no news.
    """
    words = words.strip()
    if not words and not pictures:
        raise MoveRefused(_("Write your message first."), missing=("words",))
    require_fit(words)
    case_id, part_ids = _lock_case_of(request)
    case = Case.objects.get(pk=case_id)
    flow = catalogue(city).flow_version(case.flow_version_id)
    step = flow.with_purpose("answer", case.state, by.roles)
    hung = photos.hang(
        case=case,
        pictures=pictures,
        request_id=request.pk,
        is_private=bool(pictures) and _keeps_photos_private(city, case, request),
    )
    if not words and step is None and not any(photo in pictures for photo in hung):
        return case
    told = {"words": words, "number": request.number, "photos": [photo.pk for photo in hung]}
    said = NewEntry(kind="wrote", data={k: v for k, v in told.items() if v}, public=True)
    case = casework.hear(city=city, case_id=case.pk, entry=said, by=by, now=now)
    _pass_on(city, part_ids, request, words, [photo.pk for photo in hung], by, now)
    if step is None:
        return case
    answer = Given(number=request.number)
    return casework.make_move(
        city=city, case_id=case.id, move=step.key, by=by, now=now, given=answer
    )


@transaction.atomic
def judge(
    *,
    city: City,
    request: ServiceRequest,
    fixed: bool,
    reason: str,
    by: Actor,
    now: datetime,
) -> Case:
    """The resident says whether it is fixed. "Not fixed" opens the case again: once freely, then with a reason."""
    case_id, part_ids = _lock_case_of(request)
    case = Case.objects.get(pk=case_id)
    request = ServiceRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    flow = catalogue(city).flow_version(case.flow_version_id)
    step = flow.with_purpose("accept" if fixed else "dispute", case.state, by.roles)
    if step is None:
        if request.accepted is fixed and case.is_open is not fixed:
            # The same answer twice, as from a double tap.
            return case
        raise MoveRefused(_("The case has moved on. Look at what happened since."))
    require_in_time(step, case.closed_at, now)
    reason = reason.strip()
    if not fixed and request.disputes >= FREE_DISPUTES and not reason:
        raise MoveRefused(
            _("You told us before that it was not fixed. Please say what is still wrong."),
            missing=("reason",),
        )
    request.accepted, request.verdict_at = fixed, now
    request.disputes += 0 if fixed else 1
    request.save(update_fields=["accepted", "verdict_at", "disputes"])
    if reason:
        _pass_on(city, part_ids, request, reason, (), by, now)
    verdict = NewEntry(kind="verdict", data={"fixed": fixed, "number": request.number})
    return casework.make_move(
        city=city,
        case_id=case.id,
        move=step.key,
        by=by,
        now=now,
        given=Given(reason=reason, words=reason, number=request.number),
        notes=[verdict],
    )


@transaction.atomic
def rate(
    *, city: City, request: ServiceRequest, rating: int, comment: str, by: Actor, now: datetime
) -> None:
    """How it was, from 1 to 5, with a comment for the staff. May be changed later."""
    if rating not in range(1, 6):
        raise MoveRefused(_("Choose between one and five."), missing=("rating",))
    require_fit(comment, missing=("comment",))
    case_id, _part_ids = _lock_case_of(request)
    mine = ServiceRequest.objects.filter(pk=request.pk, city_id=city.id)
    if not mine.exclude(rating=rating, comment=comment.strip()).update(
        rating=rating, comment=comment.strip()
    ):
        return
    data = {"rating": rating, "number": request.number}
    if comment.strip():
        data["words"] = comment.strip()
    entry = NewEntry(kind="verdict", data=data, public=False)
    casework.hear(city=city, case_id=case_id, entry=entry, by=by, now=now, unread=False)


@transaction.atomic
def set_news(*, city: City, request: ServiceRequest, wanted: bool) -> None:
    """Start or stop messages for one report."""
    ServiceRequest.objects.filter(pk=request.pk, city_id=city.id).update(wants_news=wanted)


@transaction.atomic
def set_contact(*, city: City, request: ServiceRequest, contact: Contact, now: datetime) -> None:
    """Give or change how to be reached, after the report was sent. What is not given stays."""
    if not contact:
        raise MoveRefused(_("Type an address or a number."), missing=("email",))
    require_fit(contact.name, missing=("email",))
    mine = ServiceRequest.objects.filter(pk=request.pk, city_id=city.id)
    row = mine.select_for_update(of=("self",)).select_related("case").get()
    require_kept(row.case.erased)
    given = {"name": contact.name, "email": contact.email, "phone": contact.phone}
    changed = {column: text.strip() for column, text in given.items() if text.strip()}
    if row.person_id is None:
        mine.update(person=_person(city, contact, row.language, now), wants_news=True)
    else:
        Person.objects.filter(pk=row.person_id).update(**changed)
        mine.update(wants_news=True)
    if "email" in changed:
        _send_link(city, row.id, changed["email"], now)


def _lock_case_of(request: ServiceRequest) -> tuple[int, list[int]]:
    """The case a report belongs to now and its parts, locked, whatever was joined while the page was open."""
    case_id = request.case_id
    while True:
        part_ids = splitting.lock_whole(case_id)
        mine = ServiceRequest.objects.values_list("case_id", "case__erased")
        now_in, erased = mine.get(pk=request.pk)
        if now_in == case_id:
            require_kept(erased)
            return case_id, part_ids
        case_id = now_in


def _pass_on(
    city: City,
    part_ids: Sequence[int],
    request: ServiceRequest,
    words: str,
    photo_ids: Iterable[int],
    by: Actor,
    now: datetime,
) -> None:
    """The parts of a case hear what its resident wrote, where there are any."""
    if part_ids:
        splitting.pass_on(
            city=city,
            part_ids=part_ids,
            number=request.number,
            words=words,
            photo_ids=list(photo_ids),
            by=by,
            now=now,
        )


def _send_link(city: City, request_id: int, email: str, now: datetime) -> None:
    """Mail the address of a report's page to whoever left an e-mail after the report was sent."""
    digest = hashlib.sha256(email.lower().encode()).hexdigest()[:16]
    row = NewOutbox(topic=LINK, key=f"{request_id}:{digest}", payload={"request": request_id})
    messaging.queue(city_id=city.id, rows=[row], now=now)


def _known(city: City, key: uuid.UUID) -> ServiceRequest | None:
    """The report this key made; the common answer, none, costs an index probe and no more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM service_requests_servicerequest WHERE key = %s AND city_id = %s",
            [key, city.id],
        )
        row = cursor.fetchone()
    return ServiceRequest.objects.select_related("case").get(pk=row[0]) if row else None


def _new_person(city: City, contact: Contact, language: str, now: datetime) -> Person | None:
    if not contact:
        return None
    return Person(
        city_id=city.id,
        name=contact.name.strip(),
        email=contact.email.strip(),
        phone=contact.phone.strip(),
        language=language,
        created_at=now,
    )


def _person(city: City, contact: Contact, language: str, now: datetime) -> Person | None:
    person = _new_person(city, contact, language, now)
    if person is not None:
        insert([person])
    return person


def _keeps_photos_private(city: City, case: Case, request: ServiceRequest) -> bool:
    """Whether the service somebody reported to, also before a join, shows their photos to nobody."""
    home = Case.objects.filter(pk=request.home_case_id or case.pk)
    service = catalogue(city).by_id(home.values_list("service_id", flat=True).get())
    return service.photos_public == PRIVATE


def _count_people(case: Case) -> int:
    """How many reports now point at the case; kept on it for the lists."""
    people = ServiceRequest.objects.filter(case_id=case.id).count()
    Case.objects.filter(pk=case.id).update(people_count=people)
    return people
