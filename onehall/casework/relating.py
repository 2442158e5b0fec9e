"""Two cases that have to do with each other and stay two. Staff alone read of it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from onehall.casework import joining, steps
from onehall.casework.errors import MoveRefused
from onehall.casework.models import CaseLink
from onehall.casework.timeline import NewEntry
from onehall.people.actor import Actor
from onehall.places.models import City

MOST = 20
"""Cases that one case may be related to."""


@transaction.atomic
def relate(
    *, city: City, case_id: int, other_id: int, by: Actor, now: datetime, seen: int | None = None
) -> None:
    """Say on both cases that they have to do with each other. Twice is once."""
    if other_id == case_id:
        raise MoveRefused(_("That is this case's own number."), missing=("other",))
    case, other = joining.lock_pair(
        city=city, case_id=case_id, other_id=other_id, seen=seen, seen_on=case_id
    )
    steps.may_change(case, by, "relate")
    low, high = sorted((case_id, other_id))
    mine = CaseLink.objects.filter(low_id__in=(low, high)) | CaseLink.objects.filter(
        high_id__in=(low, high)
    )
    if mine.filter(low_id=low, high_id=high).exists():
        return
    if mine.count() >= 2 * MOST:
        raise MoveRefused(_("A case can be related to %(n)s others.") % {"n": MOST})
    CaseLink.objects.create(city_id=city.id, low_id=low, high_id=high, at=now, by_name=by.name)
    for here, there in ((case, other), (other, case)):
        data = {"number": there.number, "case": there.pk}
        steps.finish(here, [NewEntry(kind="related", data=data)], by=by, now=now)


@transaction.atomic
def unrelate(
    *, city: City, case_id: int, other_id: int, by: Actor, now: datetime, seen: int | None = None
) -> None:
    """Take that back, on both."""
    case, other = joining.lock_pair(
        city=city, case_id=case_id, other_id=other_id, seen=seen, seen_on=case_id
    )
    steps.may_change(case, by, "relate")
    low, high = sorted((case_id, other_id))
    gone, _rows = CaseLink.objects.filter(low_id=low, high_id=high).delete()
    if not gone:
        raise MoveRefused(_("These cases are not related."), missing=("other",))
    for here, there in ((case, other), (other, case)):
        data = {"number": there.number, "case": there.pk}
        steps.finish(here, [NewEntry(kind="unrelated", data=data)], by=by, now=now)
