"""Writes about photos: drafts before a report is sent, pictures of the work, redaction, removal."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from onehall.casework import actions
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case, Photo
from onehall.casework.timeline import NewEntry
from onehall.kernel import photos, storage
from onehall.people.actor import Actor
from onehall.places.models import City

MAX_PHOTOS: Final = 6
"""Photos one report or one step may carry."""


class TooManyPhotos(CaseworkRefused):
    """More pictures than a report may carry."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle to make unreadable, as fractions of width and height."""

    x: float
    y: float
    w: float
    h: float


def _store(
    upload: bytes, *, city_id: int, kind: str, by: Actor, now: datetime
) -> Photo:
    """Clean and store a picture; unsaved row. Raises `photos.PhotoRefused` in words."""
    accepted = photos.accept(upload)
    facts: dict[str, object] = {}
    if accepted.taken_at is not None:
        facts["taken_at"] = accepted.taken_at.isoformat()
    if accepted.lon is not None and accepted.lat is not None:
        facts |= {"lon": accepted.lon, "lat": accepted.lat}
    name = storage.put(accepted.jpeg, "jpg")
    return Photo(
        city_id=city_id,
        key=uuid.uuid4(),
        kind=kind,
        width=accepted.width,
        height=accepted.height,
        name=name,
        small_name=storage.put(accepted.small, "jpg"),
        thumb_name=storage.put(accepted.thumb, "jpg"),
        original_name=name,
        facts=facts,
        created_at=now,
        created_by_id=by.user_id,
    )


def add_draft(*, city: City, draft_key: uuid.UUID, upload: bytes, by: Actor, now: datetime) -> Photo:
    """Keep a photo for a report that is still being written. The same picture twice is kept once."""
    photo = _store(upload, city_id=city.id, kind=Photo.Kind.BEFORE, by=by, now=now)
    with transaction.atomic():
        mine = Photo.objects.select_for_update().filter(
            city_id=city.id, draft_key=draft_key, removed_at=None
        )
        existing = list(mine)
        twin = next((p for p in existing if p.name == photo.name), None)
        if twin is not None:
            return twin
        if len(existing) >= MAX_PHOTOS:
            raise TooManyPhotos(_("You can add up to %(n)s photos.") % {"n": MAX_PHOTOS})
        photo.draft_key = draft_key
        photo.position = len(existing)
        photo.save(force_insert=True)
    return photo


def drafts(city: City, draft_key: uuid.UUID) -> list[Photo]:
    """Photos kept so far for a report that is being written."""
    return list(
        Photo.objects.filter(city_id=city.id, draft_key=draft_key, removed_at=None).order_by(
            "position", "id"
        )
    )


def remove_draft(*, city: City, draft_key: uuid.UUID, key: uuid.UUID, now: datetime) -> None:
    """Take a photo out of a report that is still being written."""
    Photo.objects.filter(city_id=city.id, draft_key=draft_key, key=key).update(removed_at=now)


def blur_draft(
    *, city: City, draft_key: uuid.UUID, key: uuid.UUID, boxes: Sequence[Box], now: datetime
) -> Photo:
    """Blur parts of one's own photo before sending it; the unblurred one is let go of."""
    photo = Photo.objects.get(city_id=city.id, draft_key=draft_key, key=key, removed_at=None)
    _redact(photo, boxes)
    photo.original_name, photo.clean_name, photo.redacted = photo.name, "", False
    photo.save()
    return photo


def claim_drafts(
    *, city_id: int, draft_key: uuid.UUID, case_id: int, request_id: int, is_public: bool
) -> int:
    """Hang the photos of a report onto its case, one statement. Returns how many."""
    return Photo.objects.filter(city_id=city_id, draft_key=draft_key, removed_at=None).update(
        case_id=case_id, request_id=request_id, draft_key=None, is_public=is_public
    )


@transaction.atomic
def add_to_case(
    *, city: City, case_id: int, upload: bytes, kind: str, words: str, by: Actor, now: datetime
) -> Photo:
    """A picture by staff of the work, or by a resident with a message."""
    photo = _store(upload, city_id=city.id, kind=kind, by=by, now=now)
    twin = Photo.objects.filter(
        case_id=case_id, city_id=city.id, name=photo.name, kind=kind, removed_at=None
    ).first()
    if twin is not None:
        return twin
    photo.case_id, photo.words = case_id, words[:200]
    photo.request_id = by.request_id
    photo.is_public = by.is_staff and kind == Photo.Kind.AFTER
    photo.position = 100
    photo.save(force_insert=True)
    actions.hear(
        city=city,
        case_id=case_id,
        entry=NewEntry(
            kind="photo", data={"photo": photo.id, "as": kind}, public=by.is_staff
        ),
        by=by,
        now=now,
        unread=not by.is_staff,
    )
    return photo


@transaction.atomic
def redact(
    *, city: City, photo_id: int, boxes: Sequence[Box], by: Actor, now: datetime
) -> Photo:
    """Staff make parts unreadable. The original is kept apart; the old address stops working."""
    photo = Photo.objects.select_for_update().get(pk=photo_id, city_id=city.id)
    _redact(photo, boxes)
    photo.redacted = True
    photo.save()
    _tell(photo, city=city, entry=NewEntry(kind="redacted", data={"photo": photo.id}), by=by, now=now)
    return photo


@transaction.atomic
def set_public(
    *, city: City, photo_id: int, is_public: bool, by: Actor, now: datetime
) -> Photo:
    """Staff have looked at a photo and show it to others who follow the case, or hide it again."""
    photo = Photo.objects.select_for_update().get(pk=photo_id, city_id=city.id)
    photo.is_public = is_public
    photo.save(update_fields=["is_public"])
    entry = NewEntry(kind="redacted", data={"photo": photo.id, "public": is_public})
    _tell(photo, city=city, entry=entry, by=by, now=now)
    return photo


def _tell(photo: Photo, *, city: City, entry: NewEntry, by: Actor, now: datetime) -> None:
    if photo.case_id is not None:
        actions.hear(city=city, case_id=photo.case_id, entry=entry, by=by, now=now, unread=False)


def _redact(photo: Photo, boxes: Sequence[Box]) -> None:
    if not boxes or len(boxes) > 20:
        raise CaseworkRefused(_("Mark one to twenty places in the photo."))
    clean = photos.redact(storage.read(photo.name), [(b.x, b.y, b.w, b.h) for b in boxes])
    again = photos.accept(clean)
    photo.key = uuid.uuid4()
    photo.name = photo.clean_name = storage.put(again.jpeg, "jpg")
    photo.small_name = storage.put(again.small, "jpg")
    photo.thumb_name = storage.put(again.thumb, "jpg")
    photo.width, photo.height = again.width, again.height


def purge_drafts(*, now: datetime) -> int:
    """Forget photos of reports that were never sent within two days."""
    gone, _by_model = Photo.objects.filter(
        case=None, draft_key__isnull=False, created_at__lt=now - timedelta(days=2)
    ).delete()
    return gone


def case_timeline_photos(case: Case) -> list[Photo]:
    """Photos of one case in order, removed ones left out."""
    return list(case.photos.filter(removed_at=None).order_by("position", "id"))
