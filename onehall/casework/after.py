"""Photos of the finished work: what a close brings along and what is there already."""

import uuid
from dataclasses import replace

from django.db import models

from onehall.casework.models import Case, Photo, TimelineEntry
from onehall.casework.rules import Given
from onehall.people.actor import Actor


def given_with_photos(case: Case, given: Given, *, draft_key: uuid.UUID | None, by: Actor) -> Given:
    """`given` with the after photos that are truly there: named ones of this case, kept ones of `by`."""
    pictures = Photo.objects.filter(city_id=case.city_id, removed_at=None)
    brought = models.Q(case=case, kind=Photo.Kind.AFTER, pk__in=given.photo_ids)
    if draft_key is not None and by.user_id is not None:
        brought |= models.Q(case=None, draft_key=draft_key, created_by_id=by.user_id)
    ids = tuple(pictures.filter(brought).order_by("position", "id").values_list("pk", flat=True))
    return replace(given, photo_ids=ids, has_after_photo=bool(ids) or _fresh(case).exists())


def show(case: Case, ids: tuple[int, ...]) -> None:
    """Hang after photos onto the case, for everybody who follows it."""
    if ids:
        Photo.objects.filter(pk__in=ids).update(
            case_id=case.id,
            draft_key=None,
            kind=Photo.Kind.AFTER,
            is_public=True,
            position=AFTER_OTHERS,
        )


AFTER_OTHERS = 100
"""Position of pictures that come behind those of the report."""


def _fresh(case: Case) -> models.QuerySet[Photo]:
    """After photos of this round of work: those since the case was last opened again."""
    found = Photo.objects.filter(case=case, kind=Photo.Kind.AFTER, removed_at=None)
    if not case.reopened:
        return found
    again = (
        TimelineEntry.objects.filter(
            case_id=case.id, kind="moved", data__purpose__in=["dispute", "reopen"]
        )
        .order_by("-seq")
        .values_list("at", flat=True)
        .first()
    )
    return found.filter(created_at__gte=again) if again else found
