"""What the secret link of a report opens beside its page: single photos and files, asked anew each time."""

import uuid

from django.db import models

from onehall.casework.models import Attachment, Case, Photo
from onehall.casework.photos import is_open_to_all
from onehall.catalog.queries import catalogue
from onehall.people.actor import Actor
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest


def _report(city: City, token: str, actor: Actor) -> ServiceRequest | None:
    """The report behind a link; what the city's own staff asked for is for staff alone."""
    found = (
        ServiceRequest.objects.filter(city_id=city.id, token=token).select_related("case").first()
    )
    if found is None:
        return None
    inside = catalogue(city).by_id(found.case.service_id).is_internal
    return None if inside and not actor.is_staff else found


def photo_of(city: City, token: str, key: uuid.UUID, *, actor: Actor) -> Photo | None:
    """A photo that the page of a report shows: the sender's own, or one shown to all who follow."""
    report = _report(city, token, actor)
    if report is None:
        return None
    here = models.Q(case_id__in=[report.case_id, report.home_case_id])
    parts = models.Q(case__parent_id=report.case_id, kind=Photo.Kind.AFTER)
    rows = Photo.objects.filter(here | parts, city_id=city.id, key=key, removed_at=None)
    found = rows.select_related("case").first()
    if found is None or found.case is None:
        return None
    service = catalogue(city).by_id(found.case.service_id)
    own = found.request_id == report.id
    return found if own or is_open_to_all(found, service) else None


def file_of(city: City, token: str, key: uuid.UUID, *, actor: Actor) -> Attachment | None:
    """A file that staff share with those who follow the case of a report, or a part of it."""
    report = _report(city, token, actor)
    if report is None:
        return None
    mine = Case.objects.filter(models.Q(pk=report.case_id) | models.Q(parent_id=report.case_id))
    rows = Attachment.objects.filter(city_id=city.id, key=key, shared=True, removed_at=None)
    return rows.filter(case_id__in=mine.values("pk")).first()
