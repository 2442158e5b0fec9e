"""Writes about legal holds: nothing of a held case is erased, whatever the city's rules say."""

from datetime import datetime
from typing import Final

from django.db import models, transaction
from django.utils.translation import gettext as _

from onehall.casework import rules, steps
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, Hold
from onehall.casework.timeline import NewEntry
from onehall.people.actor import Actor
from onehall.places.models import City

MAX_REASON: Final = 500


@transaction.atomic
def put(
    *, city: City, case_id: int, reason: str, by: Actor, now: datetime, seen: int | None = None
) -> Hold:
    """Hold a case, with the reason. It holds its parts, its whole and what was joined with it too."""
    reason = " ".join(reason.replace("\x00", "").split())
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_change(case, by, "hold")
    if not reason:
        raise MoveRefused(_("Say why it is held."), missing=("reason",))
    if len(reason) > MAX_REASON:
        raise MoveRefused(rules.too_long(MAX_REASON), missing=("reason",))
    rules.no_card(reason, missing=("reason",))
    held = case.holds.filter(lifted_at=None).first()
    if held is not None:
        return held
    row = Hold.objects.create(
        city_id=city.pk,
        case=case,
        reason=reason,
        put_at=now,
        by_id=by.user_id,
        by_name=by.name,
    )
    steps.finish(case, [NewEntry(kind="held", data={"reason": reason})], by=by, now=now)
    return row


@transaction.atomic
def lift(*, city: City, case_id: int, by: Actor, now: datetime, seen: int | None = None) -> None:
    """End the hold: from now on the city's rules hold for the case again."""
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_change(case, by, "hold")
    if not case.holds.filter(lifted_at=None).update(lifted_at=now):
        raise MoveRefused(_("This case is not held."))
    steps.finish(case, [NewEntry(kind="released")], by=by, now=now)


def covered(city_id: int) -> frozenset[int]:
    """The cases of a city that may not be touched: those held, and all that are one with them."""
    holds = Hold.objects.filter(city_id=city_id, lifted_at=None).order_by("case_id")
    found: set[int] = set()
    layer = set(holds.values_list("case_id", flat=True))
    while layer:
        found |= layer
        own = models.Q(pk__in=layer) & ~models.Q(merged_into=None, parent=None)
        below = models.Q(merged_into_id__in=layer) | models.Q(parent_id__in=layer)
        rows = Case.objects.filter(own | below).order_by("pk")
        kin = rows.values_list("pk", "merged_into_id", "parent_id")
        named: set[int | None] = {pk for row in kin for pk in row}
        layer = {pk for pk in named if pk is not None} - found
    return frozenset(found)
