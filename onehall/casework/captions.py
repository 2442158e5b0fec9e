"""The words that say what a photo shows, for people who can not see it."""

from datetime import datetime

from django.db import transaction

from onehall.casework import rules, steps
from onehall.casework.models import Photo
from onehall.casework.photos import MAX_SAID
from onehall.casework.timeline import NewEntry
from onehall.people.actor import Actor
from onehall.places.models import City


@transaction.atomic
def describe(
    *,
    city: City,
    case_id: int,
    photo_id: int,
    words: str,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> Photo:
    """Write or change the words of a photo, a resident's too; what stood there before is kept in the entry."""
    rules.no_card(words)
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_work(case, by, "add_photos")
    photo = case.photos.select_for_update().get(pk=photo_id, removed_at=None)
    said = " ".join(words.replace("\x00", "").split())[:MAX_SAID]
    if photo.words == said:
        return photo
    data = {"photo": photo.pk, "was": photo.words, "is": said}
    photo.words = said
    photo.save(update_fields=["words"])
    steps.finish(case, [NewEntry(kind="described", data=data)], by=by, now=now)
    return photo
