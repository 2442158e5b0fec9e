"""Cases that are part of another one: a tree that can be taken apart exactly as it was put together."""

from datetime import datetime

from django.utils.translation import gettext as _

from onehall.casework import actions, promises, queries, steps, targets, timers
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case
from onehall.casework.timeline import NewEntry
from onehall.catalog import categories
from onehall.catalog.queries import catalogue
from onehall.people.actor import Actor
from onehall.places.models import City


def tree(case_id: int) -> frozenset[int]:
    """A case and every case that was joined into it, directly or through others."""
    found, layer = {case_id}, {case_id}
    while layer:
        below = Case.objects.filter(merged_into_id__in=layer).order_by("pk")
        layer = set(below.values_list("pk", flat=True)) - found
        found |= layer
    return frozenset(found)


def root_id(case_id: int) -> int:
    """The case that lives on for this one: itself when it was not joined."""
    seen = {case_id}
    while True:
        row = Case.objects.filter(pk=case_id).values("merged_into_id").get()
        above = row["merged_into_id"]
        if not above or above in seen:
            return case_id
        case_id = above
        seen.add(above)


def lock_pair(
    *, city: City, case_id: int, other_id: int, seen: int | None, seen_on: int
) -> tuple[Case, Case]:
    """Both cases, locked in one order everywhere; `seen` is checked on the case `seen_on`."""
    held = {
        pk: steps.locked(city=city, case_id=pk, seen=seen if pk == seen_on else None)
        for pk in sorted({case_id, other_id})
    }
    return held[case_id], held[other_id]


def check_join(case: Case, into: Case, by: Actor) -> None:
    """Refuse in words what can not be joined."""
    if into.pk == case.pk:
        raise MoveRefused(_("That is this case's own number."), missing=("into",))
    if case.merged_into_id is not None:
        raise MoveRefused(_("This case is joined already. Undo that first."))
    steps.may_change(case, by, "join")
    if case.parent_id is not None or case.children.exists():
        raise MoveRefused(_("This case has parts or is one. Parts are not joined: they end."))
    if into.parent_id is not None:
        raise MoveRefused(
            _("That case is a part of another one. Join with the whole one."), missing=("into",)
        )
    if into.merged_into_id is not None:
        raise MoveRefused(_("The case has moved on. Look at what happened since."))
    if not into.is_open:
        raise MoveRefused(
            _("That case has ended. Open it again first, or join the other way round."),
            missing=("into",),
        )


def merge(
    *, city: City, case: Case, into: Case, people: int, count: int, by: Actor, now: datetime
) -> Case:
    """Make `case` part of `into` and say so on both. Runs in the caller's transaction."""
    Case.objects.filter(pk=case.pk).update(
        merged_into_id=into.pk, is_open=False, unread_reply=False, people_count=0
    )
    Case.objects.filter(pk=into.pk).update(people_count=people)
    data = {"number": case.number, "case": case.pk, "people": people, "count": count}
    actions.hear(
        city=city,
        case_id=into.pk,
        entry=NewEntry(kind="joined", data=data, news=False),
        by=by,
        now=now,
        unread=case.unread_reply,
    )
    entry = NewEntry(kind="joined", data={"into": into.number, "into_case": into.pk})
    return actions.hear(city=city, case_id=case.pk, entry=entry, by=by, now=now, unread=False)


def part(
    *,
    city: City,
    case: Case,
    root: Case,
    people: int,
    root_people: int,
    by: Actor,
    now: datetime,
) -> Case:
    """Let `case` live again in the state it had, its waiting timers too. In the caller's transaction.

    News for those whose reports go with it; nothing changes for those who stay.
    """
    is_open = categories.is_open(case.category)
    Case.objects.filter(pk=case.pk).update(
        merged_into_id=None, is_open=is_open, people_count=people
    )
    Case.objects.filter(pk=root.pk).update(people_count=root_people)
    timers.begin_again(city=city, case=case, now=now)
    if is_open:
        targets.recount(
            case,
            catalogue(city).by_id(case.service_id),
            calendar=queries.calendar_of(city),
            now=now,
            pauses=promises.pauses_of(case),
        )
    data = {"number": case.number, "people": root_people}
    said = NewEntry(kind="unjoined", data=data, news=False)
    actions.hear(city=city, case_id=root.pk, entry=said, by=by, now=now, unread=False)
    entry = NewEntry(kind="unjoined", data={"from": root.number})
    return actions.hear(city=city, case_id=case.pk, entry=entry, by=by, now=now, unread=False)
