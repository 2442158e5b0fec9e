"""Saved views: kept, shared, pinned in the rail, begun with. A view is an address; it grants nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import SavedView, ViewPin
from onehall.people.actor import Actor
from onehall.places.models import City

MOST_VIEWS: Final = 100
MOST_PINS: Final = 8
LONGEST_NAME: Final = 60
LONGEST_QUERY: Final = 2_000


class ViewRefused(CaseworkRefused):
    """The view can not be kept so; says why."""


def _user(by: Actor) -> int:
    """Views are people's; the system has none."""
    if by.user_id is None:
        raise ViewRefused(_("Sign in first."))
    return by.user_id


def may_share(by: Actor, shared: str) -> bool:
    """Whether somebody may give others a view: their team, or the whole city."""
    if shared == SavedView.Shared.MINE:
        return by.is_staff
    if shared == SavedView.Shared.TEAM:
        return by.is_staff and by.writes and by.department_id is not None
    return by.is_staff and by.may("share_views")


def may_change(by: Actor, view: SavedView) -> bool:
    """The owner; what is shared also whoever looks after the set-up."""
    shared = view.shared != SavedView.Shared.MINE
    return view.owner_id == by.user_id or (shared and by.may("tidy_views"))


def view_of(actor: Actor, view_id: int) -> SavedView | None:
    """A view that somebody may see."""
    seen = SavedView.objects.visible_to(actor).select_related("owner", "department")
    return seen.filter(pk=view_id).first()


def views_of(actor: Actor) -> list[SavedView]:
    """All views that somebody may see, their own first."""
    seen = SavedView.objects.visible_to(actor).select_related("owner", "department")
    rows = list(seen.order_by("name", "id")[: 5 * MOST_VIEWS])
    return sorted(rows, key=lambda v: v.owner_id != actor.user_id)


@transaction.atomic
def save_view(
    *, city: City, name: str, shared: str, query: Mapping[str, str], by: Actor, now: datetime
) -> SavedView:
    """Keep a list under a name."""
    name = _name(name)
    _check(by, shared, query)
    if SavedView.objects.filter(city=city, owner_id=_user(by)).count() >= MOST_VIEWS:
        raise ViewRefused(_("You have %(n)s views. Remove one first.") % {"n": MOST_VIEWS})
    view = SavedView(
        city=city,
        owner_id=_user(by),
        department_id=by.department_id,
        name=name,
        shared=shared,
        query=dict(query),
        created_at=now,
        changed_at=now,
    )
    _store(view)
    return view


@transaction.atomic
def change_view(
    *,
    view_id: int,
    by: Actor,
    now: datetime,
    name: str | None = None,
    shared: str | None = None,
    query: Mapping[str, str] | None = None,
) -> SavedView:
    """Another name, other readers, or another list under the same name."""
    view = _mine(view_id, by)
    view.name = view.name if name is None else _name(name)
    if shared is not None and shared != view.shared:
        _check(by, shared, view.query)
        view.shared = shared
        # Shared by its owner with their own team, as it is now.
        view.department_id = by.department_id if view.owner_id == by.user_id else view.department_id
    if query is not None:
        _check(by, SavedView.Shared.MINE, query)
        view.query = dict(query)
    view.changed_at = now
    _store(view)
    return view


@transaction.atomic
def copy_view(*, view_id: int, by: Actor, now: datetime) -> SavedView:
    """One's own copy of a view."""
    view = _seen(view_id, by)
    taken = set(
        SavedView.objects.filter(city_id=by.city_id, owner_id=_user(by)).values_list(
            "name", flat=True
        )
    )
    base = view.name[: LONGEST_NAME - 12]
    names = (_("%(name)s, copy %(n)s") % {"name": base, "n": n} for n in range(1, MOST_VIEWS + 2))
    name = next(n for n in names if n not in taken)
    return save_view(
        city=view.city, name=name, shared=SavedView.Shared.MINE, query=view.query, by=by, now=now
    )


@transaction.atomic
def remove_view(*, view_id: int, by: Actor) -> str:
    """Forget a view, also in the rails of others; gives the name it had."""
    view = _mine(view_id, by)
    name = view.name
    view.delete()
    return name


@transaction.atomic
def pin(*, view_id: int, by: Actor) -> None:
    """Put a view at the end of one's rail."""
    view = _seen(view_id, by)
    mine = ViewPin.objects.filter(city_id=by.city_id, user_id=_user(by))
    last = mine.order_by("-position").values_list("position", flat=True).first()
    if not mine.filter(view=view).exists() and mine.count() >= MOST_PINS:
        raise ViewRefused(_("The rail holds %(n)s views. Take one out first.") % {"n": MOST_PINS})
    ViewPin.objects.get_or_create(
        city_id=by.city_id,
        user_id=_user(by),
        view=view,
        defaults={"position": 0 if last is None else last + 1},
    )


@transaction.atomic
def unpin(*, view_id: int, by: Actor) -> None:
    """Take a view out of one's rail."""
    ViewPin.objects.filter(city_id=by.city_id, user_id=_user(by), view_id=view_id).delete()


@transaction.atomic
def move_pin(*, view_id: int, up: bool, by: Actor) -> None:
    """One place up or down in one's own rail; at its end it stays. The others keep their order."""
    mine = ViewPin.objects.filter(city_id=by.city_id, user_id=_user(by))
    every = list(mine.select_for_update().order_by("position", "id"))
    seen = set(SavedView.objects.visible_to(by).filter(pins__in=every).values_list("pk", flat=True))
    # One that is shared no more is in no rail, so nothing moves past it.
    rows = [row for row in every if row.view_id in seen]
    at = next((n for n, row in enumerate(rows) if row.view_id == view_id), None)
    if at is None:
        raise ViewRefused(_("This view is not in your rail."))
    to = at - 1 if up else at + 1
    if 0 <= to < len(rows):
        rows[at], rows[to] = rows[to], rows[at]
    every = [*rows, *(row for row in every if row.view_id not in seen)]
    for position, row in enumerate(every):
        row.position = position
    ViewPin.objects.bulk_update(every, ["position"])


@transaction.atomic
def begin_with(*, view_id: int | None, by: Actor) -> None:
    """Open the desk with a view from now on; None for the plain inbox."""
    mine = ViewPin.objects.filter(city_id=by.city_id, user_id=_user(by))
    mine.filter(first=True).update(first=False)
    if view_id is not None:
        pin(view_id=view_id, by=by)
        mine.filter(view_id=view_id).update(first=True)


def _seen(view_id: int, by: Actor) -> SavedView:
    view = view_of(by, view_id)
    if view is None:
        raise ViewRefused(_("This view is not there any more."))
    return view


def _mine(view_id: int, by: Actor) -> SavedView:
    view = _seen(view_id, by)
    if not may_change(by, view):
        raise ViewRefused(_("Only whoever made this view can change it. Make a copy."))
    return view


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise ViewRefused(_("Give the view a name."))
    if len(name) > LONGEST_NAME:
        raise ViewRefused(
            _("That name is too long. Keep it under %(n)s characters.") % {"n": LONGEST_NAME}
        )
    return name


def _check(by: Actor, shared: str, query: Mapping[str, str]) -> None:
    if shared not in SavedView.Shared.values or not may_share(by, shared):
        raise ViewRefused(_("Your role can not share a view so widely."))
    if sum(len(k) + len(v) for k, v in query.items()) > LONGEST_QUERY:
        raise ViewRefused(_("That is too much for one view. Take some filters off."))


def _store(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        if "view_name_once_per_owner" not in str(error):
            raise
        raise ViewRefused(_("You have a view of this name already.")) from None
