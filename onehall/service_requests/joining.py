"""Writes that make several reports one case, and take them apart again exactly."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from onehall.casework import joining, steps
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, Photo
from onehall.people.actor import Actor
from onehall.places.models import City
from onehall.service_requests import queries
from onehall.service_requests.models import ServiceRequest


@transaction.atomic
def join(
    *, city: City, case_id: int, into_number: str, by: Actor, now: datetime, seen: int | None = None
) -> Case:
    """Make a case part of another one. Its reporters keep their numbers and hear from the other.

    `into_number` may be the number of any report: the case that lives on for it is meant.
    """
    number = queries.case_of_number(by, into_number)
    if number is None:
        steps.locked(city=city, case_id=case_id, seen=seen)
        words = _("There is no case with this number. Check it and try again.")
        raise MoveRefused(words, missing=("into",))
    named = Case.objects.visible_to(by).get(number=number).pk
    target = joining.root_id(named)
    if not Case.objects.visible_to(by).filter(pk=target).exists():
        steps.locked(city=city, case_id=case_id, seen=seen)
        words = _("That case is with another department. Ask them to join it.")
        raise MoveRefused(words, missing=("into",))
    case, into = joining.lock_pair(
        city=city, case_id=case_id, other_id=target, seen=seen, seen_on=case_id
    )
    joining.check_join(case, into, by)
    reports = ServiceRequest.objects.filter(case_id=case.pk)
    _take_photos(case, into, reports)
    reports.filter(home_case=None).update(home_case_id=case.pk)
    count = reports.update(case_id=into.pk)
    people = _people(into)
    return joining.merge(
        city=city, case=case, into=into, people=people, count=count, by=by, now=now
    )


@transaction.atomic
def unjoin(
    *,
    city: City,
    case_id: int,
    by: Actor,
    now: datetime,
    seen: int | None = None,
    seen_on: int | None = None,
) -> Case:
    """Undo a join: the case lives again with its own reporters and photos, in the state it had.

    What was joined into it before comes along; who came to the other case since stays there.
    `seen` is the `lock` of the case `seen_on`: this one unless named.
    """
    root_id = joining.root_id(case_id)
    case, root = joining.lock_pair(
        city=city, case_id=case_id, other_id=root_id, seen=seen, seen_on=seen_on or case_id
    )
    if case.merged_into_id is None or case.pk == root.pk:
        raise MoveRefused(_("This case is not joined to another one."))
    if root.merged_into_id is not None:
        raise MoveRefused(_("The case has moved on. Look at what happened since."))
    steps.may_change(case, by, "join")
    mine = ServiceRequest.objects.filter(case_id=root.pk, home_case_id__in=joining.tree(case.pk))
    _take_photos(root, case, mine)
    mine.update(case_id=case.pk)
    ServiceRequest.objects.filter(case_id=case.pk, home_case_id=case.pk).update(home_case_id=None)
    return joining.part(
        city=city,
        case=case,
        root=root,
        people=_people(case),
        root_people=_people(root),
        by=by,
        now=now,
    )


def _take_photos(source: Case, target: Case, reports: QuerySet[ServiceRequest]) -> None:
    """Photos go where the report goes that they came with; staff's own stay."""
    Photo.objects.filter(case_id=source.pk, request_id__in=reports.values("pk")).update(
        case_id=target.pk
    )


def _people(case: Case) -> int:
    return ServiceRequest.objects.filter(case_id=case.pk).count()
