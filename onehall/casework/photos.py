"""Writes about photos: drafts before a report is sent, pictures of the work, redaction, removal."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from onehall.casework import actions, steps
from onehall.casework.after import AFTER_OTHERS
from onehall.casework.errors import CaseChanged, CaseworkRefused, MoveRefused
from onehall.casework.models import Attachment, Case, Photo
from onehall.casework.timeline import NewEntry
from onehall.catalog.queries import catalogue
from onehall.catalog.services import PRIVATE, ServiceDefinition
from onehall.kernel import cards, photos, storage
from onehall.people.actor import Actor
from onehall.places.models import City

MAX_PHOTOS: Final = 6
"""Photos one report or one step may carry."""

MAX_SAID: Final = 200
"""Characters of the words that say what a photo shows."""

"""Roles that may look at a photo as it was before it was made unreadable."""


PURGE_AT_ONCE: Final = 500
"""Forgotten drafts deleted in one go."""

FILES: Final = ("name", "small_name", "thumb_name", "original_name", "clean_name")
"""Columns that name stored files."""

MAX_BOXES: Final = 20
"""Places of one photo that are made unreadable at once."""


class TooManyPhotos(CaseworkRefused):
    """More pictures than a report may carry."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle to make unreadable, as fractions of width and height."""

    x: float
    y: float
    w: float
    h: float


def take_in(upload: bytes, *, city_id: int, kind: str, by: Actor, now: datetime) -> Photo:
    """Clean and store a picture; unsaved row. Raises `photos.PhotoRefused` in words.

    Takes long, so it comes before the transaction that holds a case.
    """
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


def add_draft(
    *, city: City, draft_key: uuid.UUID, upload: bytes, by: Actor, now: datetime
) -> Photo:
    """Keep a photo for a report that is still being written. The same picture twice is kept once."""
    photo = take_in(upload, city_id=city.id, kind=Photo.Kind.BEFORE, by=by, now=now)
    with transaction.atomic():
        _one_at_a_time(draft_key)
        existing = drafts(city, draft_key)
        twin = next((p for p in existing if p.name == photo.name), None)
        if twin is not None:
            return twin
        if len(existing) >= MAX_PHOTOS:
            raise TooManyPhotos(_("You can add up to %(n)s photos.") % {"n": MAX_PHOTOS})
        photo.draft_key = draft_key
        photo.position = len(existing)
        photo.save(force_insert=True)
    return photo


def _one_at_a_time(draft_key: uuid.UUID) -> None:
    """Uploads of one report wait for each other until the transaction ends; rows to lock there are none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(draft_key)])


def drafts(city: City, draft_key: uuid.UUID) -> list[Photo]:
    """Photos kept so far for a report that is being written."""
    return list(
        Photo.objects.filter(city_id=city.id, draft_key=draft_key, removed_at=None).order_by(
            "position", "id"
        )
    )


@transaction.atomic
def describe_drafts(
    *,
    city: City,
    draft_key: uuid.UUID,
    words: Mapping[uuid.UUID, str],
    now: datetime,  # noqa: ARG001  (every action takes it)
) -> None:
    """Say in words what photos show that are still being sent, by key; for people who can not see them."""
    mine = Photo.objects.filter(
        city_id=city.id, draft_key=draft_key, removed_at=None, key__in=words
    ).order_by("id")
    for photo in mine.select_for_update():
        said = " ".join(cards.without(words[photo.key]).replace("\x00", "").split())[:MAX_SAID]
        if photo.words != said:
            photo.words = said
            photo.save(update_fields=["words"])


def remove_draft(*, city: City, draft_key: uuid.UUID, key: uuid.UUID, now: datetime) -> None:
    """Take a photo out of a report that is still being written."""
    Photo.objects.filter(city_id=city.id, draft_key=draft_key, key=key).update(removed_at=now)


def blur_draft(
    *,
    city: City,
    draft_key: uuid.UUID,
    key: uuid.UUID,
    boxes: Sequence[Box],
    now: datetime,  # noqa: ARG001  (every action takes it)
) -> Photo:
    """Blur parts of one's own photo before sending it; the unblurred one is let go of."""
    mine = Photo.objects.filter(city_id=city.id, draft_key=draft_key, removed_at=None)
    before = mine.get(key=key)
    drawn = _redacted(before, boxes)
    with transaction.atomic():
        # Gone when the report was sent while we drew.
        photo = mine.select_for_update().get(key=key)
        _take(photo, drawn)
        photo.original_name, photo.clean_name, photo.redacted = photo.name, "", False
        photo.save()
        transaction.on_commit(partial(forget_files, files_of(before)))
    return photo


def claim_drafts(
    *,
    city_id: int,
    draft_key: uuid.UUID,
    case_id: int,
    request_id: int,
    is_public: bool,
    is_private: bool,
) -> int:
    """Hang the photos of a report onto its case, one statement. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE casework_photo SET case_id = %s, request_id = %s, draft_key = NULL,"
            " is_public = %s, is_private = %s"
            " WHERE city_id = %s AND draft_key = %s AND removed_at IS NULL",
            [case_id, request_id, is_public, is_private, city_id, draft_key],
        )
        return int(cursor.rowcount)


def stays_private(photo: Photo, service: ServiceDefinition) -> bool:
    """Whether nobody but its sender and the staff may ever see a photo.

    The mark stays when reports of several services are joined; the service's word holds for photos
    that came before it was given.
    """
    return photo.is_private or (photo.request_id is not None and service.photos_public == PRIVATE)


def is_open_to_all(photo: Photo, service: ServiceDefinition) -> bool:
    """Whether its address alone opens a photo of a case; others open to staff and to its sender."""
    return photo.is_public and not stays_private(photo, service)


def is_named(name: str) -> bool:
    """Whether some photo is kept in this stored file."""
    named = models.Q()
    for column in FILES:
        named |= models.Q(**{column: name})
    return Photo.objects.filter(named).exists()


def add_to_case(
    *,
    city: City,
    case_id: int,
    upload: bytes,
    kind: str,
    words: str,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> Photo:
    """A picture by staff: of the work, for everybody who follows, or of the spot, for staff alone."""
    photo = take_in(upload, city_id=city.id, kind=kind, by=by, now=now)
    with transaction.atomic():
        case = steps.locked(city=city, case_id=case_id, seen=seen)
        steps.may_work(case, by, "add_photos")
        twin = _twin(case, photo)
        if twin is not None:
            return twin
        photo.case_id, photo.words = case_id, words[:MAX_SAID]
        photo.is_public = kind == Photo.Kind.AFTER
        photo.position = AFTER_OTHERS
        photo.save(force_insert=True)
        entry = NewEntry(kind="photo", data={"photo": photo.id, "as": kind}, public=photo.is_public)
        actions.hear(city=city, case_id=case_id, entry=entry, by=by, now=now, unread=False)
    return photo


def hang(
    *, case: Case, pictures: Sequence[Photo], request_id: int, is_private: bool
) -> list[Photo]:
    """Hang pictures of a resident's message onto a locked case; the stored ones, each once.

    In the caller's transaction. Staff alone see them before somebody shows them.
    """
    hung: list[Photo] = []
    for photo in pictures:
        photo.request_id, photo.is_private = request_id, is_private
        twin = _twin(case, photo)
        if twin is None:
            photo.case_id, photo.position = case.pk, AFTER_OTHERS
            photo.save(force_insert=True)
        hung.append(twin or photo)
    return list(dict.fromkeys(hung))


def _twin(case: Case, photo: Photo) -> Photo | None:
    """The same picture, sent before by the same person, or by the staff."""
    same = case.photos.filter(name=photo.name, kind=photo.kind, request_id=photo.request_id)
    return same.filter(removed_at=None).first()


@transaction.atomic
def keep_drafts(
    *,
    city: City,
    case_id: int,
    draft_key: uuid.UUID,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> int:
    """Hang the photos that `by` kept under a key onto a case as pictures of the work; how many."""
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_work(case, by, "add_photos")
    mine = list(kept_by(city, draft_key, by))
    for photo in mine:
        photo.case_id, photo.draft_key, photo.kind = case_id, None, Photo.Kind.AFTER
        photo.is_public, photo.position = True, AFTER_OTHERS
        photo.save()
        entry = NewEntry(kind="photo", data={"photo": photo.id, "as": photo.kind})
        actions.hear(city=city, case_id=case_id, entry=entry, by=by, now=now, unread=False)
    return len(mine)


def kept_by(city: City, draft_key: uuid.UUID, by: Actor) -> list[Photo]:
    """Photos that a member of staff sent with a form that did not go through yet."""
    return [p for p in drafts(city, draft_key) if p.created_by_id == by.user_id]


def redact(
    *,
    city: City,
    case_id: int,
    photo_id: int,
    boxes: Sequence[Box],
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> Photo:
    """Staff make parts unreadable. The original is kept apart; the old address stops working.

    `boxes` are marked in the picture that is shown now, so a photo that somebody else changed in
    the meantime raises `CaseChanged`. ValueError for a box outside the picture.
    """
    before = Photo.objects.get(pk=photo_id, city_id=city.id, case_id=case_id, removed_at=None)
    drawn = _redacted(before, boxes)
    with transaction.atomic():
        case = steps.locked(city=city, case_id=case_id, seen=seen)
        steps.may_work(case, by, "redact_photos")
        photo = _locked_photo(case, photo_id)
        if photo.name != before.name:
            raise CaseChanged(
                _("Somebody else changed this photo in the meantime."), case=case, seen=case.lock
            )
        _take(photo, drawn)
        photo.redacted = True
        photo.save()
        entry = NewEntry(kind="redacted", data={"photo": photo.id})
        actions.hear(city=city, case_id=case_id, entry=entry, by=by, now=now, unread=False)
    return photo


@transaction.atomic
def set_public(
    *,
    city: City,
    case_id: int,
    photo_id: int,
    is_public: bool,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> Photo:
    """Staff have looked at a photo and show it to others who follow the case, or hide it again."""
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_work(case, by, "show_photos")
    photo = _locked_photo(case, photo_id)
    if is_public and stays_private(photo, catalogue(city).by_id(case.service_id)):
        raise MoveRefused(_("Photos of this service are private. Nobody else ever sees them."))
    if photo.is_public and not is_public:
        # Whoever kept the address it was shown under has it no longer.
        photo.key = uuid.uuid4()
    photo.is_public = is_public
    photo.save(update_fields=["is_public", "key"])
    entry = NewEntry(kind="redacted", data={"photo": photo.id, "public": is_public})
    actions.hear(city=city, case_id=case_id, entry=entry, by=by, now=now, unread=False)
    return photo


@transaction.atomic
def look_at_original(*, city: City, case_id: int, photo_id: int, by: Actor, now: datetime) -> bytes:
    """The JPEG as it was before parts were made unreadable. Every look is written down."""
    if not by.is_staff or not by.may("see_originals"):
        raise MoveRefused(_("Only supervisors may look at the original of a blurred photo."))
    case = steps.locked(city=city, case_id=case_id)
    if not by.sees_work(case.queue.department_id, case.areas):
        raise MoveRefused(_("Only supervisors may look at the original of a blurred photo."))
    photo = Photo.objects.get(pk=photo_id, case_id=case_id, redacted=True, removed_at=None)
    data = storage.read(photo.original_name)
    entry = NewEntry(kind="looked", data={"photo": photo.id})
    actions.hear(city=city, case_id=case_id, entry=entry, by=by, now=now, unread=False)
    return data


def _locked_photo(case: Case, photo_id: int) -> Photo:
    return case.photos.select_for_update().get(pk=photo_id, removed_at=None)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Stored files of a picture with parts made unreadable."""

    name: str
    small_name: str
    thumb_name: str
    width: int
    height: int


def _redacted(photo: Photo, boxes: Sequence[Box]) -> _Drawn:
    if not boxes or len(boxes) > MAX_BOXES:
        raise CaseworkRefused(_("Mark one to twenty places in the photo."))
    clean = photos.redact(storage.read(photo.name), [(b.x, b.y, b.w, b.h) for b in boxes])
    again = photos.accept(clean)
    return _Drawn(
        storage.put(again.jpeg, "jpg"),
        storage.put(again.small, "jpg"),
        storage.put(again.thumb, "jpg"),
        again.width,
        again.height,
    )


def _take(photo: Photo, drawn: _Drawn) -> None:
    """Show the picture with unreadable parts from now on, under a new address."""
    photo.key = uuid.uuid4()
    photo.name = photo.clean_name = drawn.name
    photo.small_name, photo.thumb_name = drawn.small_name, drawn.thumb_name
    photo.width, photo.height = drawn.width, drawn.height


def purge_drafts(*, now: datetime) -> int:
    """Forget photos of reports that were never sent within two days."""
    old = Photo.objects.filter(
        case=None, draft_key__isnull=False, created_at__lt=now - timedelta(days=2)
    )
    with transaction.atomic():
        rows = list(old.select_for_update(skip_locked=True).order_by("id")[:PURGE_AT_ONCE])
        Photo.objects.filter(pk__in=[p.pk for p in rows]).delete()
        names = {name for p in rows for name in files_of(p)}
        transaction.on_commit(partial(forget_files, names))
    return len(rows)


def files_of(photo: Photo) -> set[str]:
    """The stored files that a photo is kept in."""
    names = (getattr(photo, column) for column in FILES)
    return {name for name in names if name}


def forget_files(names: set[str]) -> None:
    """Delete stored files that no photo and no file of a case names any more; equal pictures share their files."""
    if not names:
        return
    named = models.Q()
    for column in FILES:
        named |= models.Q(**{f"{column}__in": names})
    kept = {name for row in Photo.objects.filter(named).values_list(*FILES) for name in row}
    files = Attachment.objects.filter(models.Q(name__in=names) | models.Q(preview_name__in=names))
    kept |= {name for row in files.values_list("name", "preview_name") for name in row}
    for name in sorted(names - kept):
        storage.delete(name)
