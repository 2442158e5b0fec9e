"""Splitting a part off a case for another department. The resident keeps one page: that of the parent."""

import logging
import uuid
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from onehall.casework import actions, parts, queries, rules, steps
from onehall.casework.answers import answers_of
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, Photo, TimelineEntry
from onehall.casework.numbers import reserve_case
from onehall.casework.opening import CasePlace, NewCase
from onehall.casework.rules import Given
from onehall.casework.timeline import NewEntry
from onehall.catalog import routing
from onehall.catalog.queries import UnknownService, catalogue
from onehall.catalog.services import Route, ServiceDefinition
from onehall.kernel.rows import Together
from onehall.people.actor import Actor
from onehall.people.queries import queues
from onehall.places.models import City

log = logging.getLogger(__name__)

MOST_WORDS: Final = 120
"""Characters of the plain words for a part."""

TAKES: Final = ("words", "answers")
"""What of the parent's reports the people of a part may read, besides chosen photos."""


@transaction.atomic
def split_off(
    *,
    city: City,
    case_id: int,
    part: str,
    service_key: str,
    queue_id: int | None,
    note: str,
    photo_ids: Collection[int],
    takes: Collection[str],
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> Case:
    """A new case for a part of the work, with its own service, queue, promise and number.

    `part` are plain words that residents read ("the fallen branch"); `note` is for whoever gets it.
    Without a queue the routing of the service decides. A part of a part hangs on the same parent.
    """
    part = " ".join(part.split())
    if not part or len(part) > MOST_WORDS:
        raise MoveRefused(
            _("Say in a few plain words what part it is. The resident reads them."),
            missing=("part",),
        )
    rules.no_card(part, note, missing=("part",))
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_work(case, by, "split")
    if not case.is_open:
        raise MoveRefused(_("This case has ended. Open it again first."))
    parent = steps.locked(city=city, case_id=case.parent_id) if case.parent_id else case
    if parent.children.count() >= parts.MOST:
        raise MoveRefused(_("A case can have %(n)s parts.") % {"n": parts.MOST})
    service = _service(city, case, service_key)
    route = _route(city, case, service, queue_id, by)
    queue = next(q for q in queues(city) if q.key == route.queue)
    made = _open(city, parent, case, service, route, queue.id, by, now)
    made.parent, made.part_words = parent, part
    made.is_public, made.people_count = False, 0
    made.city = city
    _copy_photos(case, made, photo_ids, by, now)
    said: dict[str, Any] = {"parent": parent.number, "part": part}
    said |= {"takes": [t for t in TAKES if t in takes]}
    if note.strip():
        said["words"] = steps.text_of(note)
    steps.finish(made, [NewEntry(kind="part_of", data=said)], by=by, now=now)
    data = {
        "case": made.pk,
        "number_of_part": made.number,
        "part": part,
        "who": queue.department_name,
    }
    steps.finish(parent, [NewEntry(kind="split", data=data)], by=by, now=now)
    return made


def _service(city: City, case: Case, key: str) -> ServiceDefinition:
    listed = catalogue(city)
    if not key:
        return listed.by_id(case.service_id)
    try:
        found = listed.service(key)
    except UnknownService as unknown:
        raise MoveRefused(
            _("Choose one of the listed services."), missing=("service",)
        ) from unknown
    if found.is_internal != listed.by_id(case.service_id).is_internal:
        raise MoveRefused(_("Choose one of the listed services."), missing=("service",))
    return found


def _route(
    city: City, case: Case, service: ServiceDefinition, queue_id: int | None, by: Actor
) -> Route:
    if queue_id is None:
        facts = answers_of(case.pk) if service.id == case.service_id else {}
        facts |= {f"area.{k}": v for k, v in case.areas.items()}
        facts |= {"channel": "staff", "place.exists": case.lon is not None}
        return routing.route(service, facts)
    chosen = queries.queue_of(city, queue_id)
    if chosen is None:
        raise MoveRefused(_("Choose one of the listed queues."), missing=("queue",))
    return Route(queue=chosen.key, because=_("Split off by %(name)s") % {"name": by.name})


def _open(
    city: City,
    parent: Case,
    case: Case,
    service: ServiceDefinition,
    route: Route,
    queue_id: int,
    by: Actor,
    now: datetime,
) -> Case:
    number, (case_id,) = reserve_case(city, now)
    along = Together()
    new = NewCase(
        id=case_id,
        service_id=service.id,
        queue_id=queue_id,
        route=route,
        number=number,
        channel="staff",
        place=CasePlace(
            words=parent.place_words,
            lon=parent.lon,
            lat=parent.lat,
            areas=parent.areas,
            asset_id=parent.asset_id,
        ),
        priority=case.priority,
    )
    made = actions.open_case(city=city, new=new, by=by, now=now, along=along)
    along.send()
    return made


def _copy_photos(
    case: Case, made: Case, photo_ids: Collection[int], by: Actor, now: datetime
) -> None:
    """The chosen photos again on the part."""
    rows = case.photos.filter(pk__in=list(photo_ids)[:50], removed_at=None)
    for photo in rows.order_by("position", "id"):
        _copy(photo, made, Photo.Kind.BEFORE, by, now)


def _copy(photo: Photo, made: Case, kind: str, by: Actor, now: datetime) -> int:
    """The photo again on the part, for its people alone; the stored files are the same. Its key."""
    photo.pk, photo.key, photo.case_id = None, uuid.uuid4(), made.pk
    photo.request_id, photo.is_public = None, False
    photo.kind = kind
    photo.created_at, photo.created_by_id = now, by.user_id
    photo.save(force_insert=True)
    return int(photo.pk)


def lock_whole(case_id: int) -> list[int]:
    """Lock a case with its parts until the transaction ends; returns the keys of the parts.

    The parts first: an act on one of them takes its own lock before that of the whole.
    """
    held = Case.objects.select_for_update(of=("self",))
    rows = held.filter(Q(pk=case_id) | Q(parent_id=case_id))
    ordered = rows.order_by(F("parent_id").asc(nulls_last=True), "pk")
    return [pk for pk in ordered.values_list("pk", flat=True) if pk != case_id]


@transaction.atomic
def pass_on(
    *,
    city: City,
    part_ids: Iterable[int],
    number: str,
    words: str,
    photo_ids: Collection[int],
    by: Actor,
    now: datetime,
) -> None:
    """Let the people of the parts have what a resident wrote about the whole, each part as a reply of its own.

    A part whose people may not read the residents' words hears that somebody wrote, no more. One
    that waited for an answer goes on. The caller holds `lock_whole`.
    """
    parts_of = list(part_ids)
    split = TimelineEntry.objects.filter(case_id__in=parts_of, kind="part_of")
    takes = {e.case_id: e.data.get("takes", ()) for e in split.order_by("case_id", "-seq")}
    photos = list(Photo.objects.filter(pk__in=photo_ids, removed_at=None).order_by("id"))
    for pk in parts_of:
        part = steps.locked(city=city, case_id=pk)
        told: dict[str, Any] = {"number": number, "whole": True}
        if "words" in takes.get(pk, ()):
            told |= {"words": words} if words else {}
            told |= {"photos": _received(photos, part, by, now)} if photos else {}
        entry = NewEntry(kind="wrote", data=told, public=True)
        actions.hear(city=city, case_id=pk, entry=entry, by=by, now=now)
        _go_on(city, pk, number, by, now)


def _received(photos: Sequence[Photo], part: Case, by: Actor, now: datetime) -> list[int]:
    """The keys of a message's photos on the part, each there once."""
    there = part.photos.filter(kind=Photo.Kind.MESSAGE, removed_at=None)
    known = dict(there.values_list("name", "pk"))
    return [known.get(p.name) or _copy(copy(p), part, Photo.Kind.MESSAGE, by, now) for p in photos]


def _go_on(city: City, case_id: int, number: str, by: Actor, now: datetime) -> None:
    """Make the move of a part that waited for an answer; where its flow refuses, it goes on waiting."""
    part = Case.objects.get(pk=case_id)
    flow = catalogue(city).flow_version(part.flow_version_id)
    step = flow.with_purpose("answer", part.state, by.roles)
    if step is None:
        return
    given = Given(number=number)
    try:
        actions.make_move(city=city, case_id=case_id, move=step.key, by=by, now=now, given=given)
    except MoveRefused:
        log.info("event=part.waits case=%d", case_id)
