"""Named reads about staff: who may act in a city, its queues and members."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db.models import Q

from onehall.kernel.rows import select
from onehall.people import permissions
from onehall.people.actor import Actor
from onehall.people.models import Department, Membership, Queue, StaffChange
from onehall.people.permissions import Key
from onehall.places.held import Held
from onehall.places.models import City

type Words = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueInfo:
    """A queue with its department, as plain values."""

    id: int
    key: str
    name: Words
    icon: str
    active: bool
    department_id: int
    department_key: str
    department_name: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of the staff, for pickers."""

    user_id: int
    name: str
    email: str
    roles: tuple[str, ...]
    department_id: int | None
    department_name: Words
    queue_keys: tuple[str, ...]
    areas: dict[str, list[str]]

    def may(self, key: Key) -> bool:
        """Whether the table of permissions lets them."""
        return permissions.allowed(self.roles, key)

    def works_in(self, department_id: int, areas: Mapping[str, Any]) -> bool:
        """Whether a case of a department, in these areas, can be this person's work."""
        within = not self.areas or any(
            str(areas.get(layer, "")) in codes for layer, codes in self.areas.items()
        )
        return self.department_id in (None, department_id) and within


_held: Final[Held[tuple[QueueInfo, ...]]] = Held(most=64)


def queues(city: City) -> tuple[QueueInfo, ...]:
    """Every queue, the ones no longer used too, by department and position; held per revision."""
    return _held.get((city.pk, str(city.revision)), lambda: _load_queues(city))


def queue_named(city: City, key: str) -> QueueInfo | None:
    """The queue in use with this key."""
    return next((q for q in queues(city) if q.key == key and q.active), None)


def forget() -> None:
    """Drop everything held in memory; for tests and for commands that edit rows directly."""
    _held.forget()


def _load_queues(city: City) -> tuple[QueueInfo, ...]:
    rows = (
        Queue.objects.filter(city=city)
        .select_related("department")
        .order_by("department__position", "position", "id")
    )
    return tuple(
        QueueInfo(
            id=q.pk,
            key=q.key,
            name=q.name,
            icon=q.icon,
            active=q.active,
            department_id=q.department_id,
            department_key=q.department.key,
            department_name=q.department.name,
        )
        for q in rows
    )


def staff_actor(user: Any, city: City) -> Actor | None:
    """The acting staff member for a signed-in user, or None for strangers and people who left.

    `queue_ids` are the queues they serve: the ones named for them, else all of their department's,
    else (city-wide) all.
    """
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return None
    rows = select(Membership, "WHERE user_id = %s AND city_id = %s AND active", [user.pk, city.pk])
    if not rows:
        return None
    found = rows[0]
    found.user = user
    named = set(found.queue_keys)
    wide = found.department_id is None or permissions.allowed(found.roles, "see_everywhere")
    mine = frozenset(
        q.id
        for q in queues(city)
        if q.active
        and (q.key in named if named else wide or q.department_id == found.department_id)
    )
    theirs = (
        None
        if wide
        else frozenset(q.id for q in queues(city) if q.department_id == found.department_id)
    )
    return replace(found.actor(), queue_ids=mine, visible_queue_ids=theirs)


def members(city: City) -> list[Member]:
    """The staff of a city by name, for the assign picker; one query."""
    rows = (
        Membership.objects.filter(city=city, active=True, user__is_active=True)
        .select_related("user", "department")
        .order_by("user__name", "user_id")
    )
    return [
        Member(
            user_id=m.user_id,
            name=m.user.name or m.user.email,
            email=m.user.email,
            roles=tuple(m.roles),
            department_id=m.department_id,
            department_name=m.department.name if m.department else {},
            queue_keys=tuple(m.queue_keys),
            areas=m.areas,
        )
        for m in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffQuery:
    """What a page of the staff shows. `after` is the place of the last row of the page before."""

    text: str = ""
    role: str = ""
    department_key: str = ""
    ended: bool = False
    after: tuple[str, int] | None = None


STAFF_PAGE: Final = 50


def staff(city: City, query: StaffQuery) -> list[Membership]:
    """A page of the staff by name, one row more than fits; one query."""
    rows = Membership.objects.filter(city=city, active=not query.ended)
    if query.text:
        rows = rows.filter(
            Q(user__name__icontains=query.text) | Q(user__email__icontains=query.text)
        )
    if query.role:
        rows = rows.filter(roles__contains=[query.role])
    if query.department_key:
        rows = rows.filter(department__key=query.department_key)
    if query.after is not None:
        name, pk = query.after
        rows = rows.filter(Q(user__name__gt=name) | Q(user__name=name, user_id__gt=pk))
    found = rows.select_related("user", "department").order_by("user__name", "user_id")
    return list(found[: STAFF_PAGE + 1])


def membership_of(city: City, user_id: int) -> Membership | None:
    """What somebody is here, or was."""
    rows = Membership.objects.filter(city=city, user_id=user_id)
    return rows.select_related("user", "department").first()


def changes_of(city: City, user_id: int, *, most: int = 50) -> list[StaffChange]:
    """What was changed about somebody, the newest first."""
    return list(StaffChange.objects.filter(city=city, user_id=user_id).order_by("-pk")[:most])


def works_elsewhere(city: City, user_id: int) -> bool:
    """Whether somebody works for another city too; their name is then theirs to change."""
    return Membership.objects.filter(user_id=user_id, active=True).exclude(city=city).exists()


def departments(city: City) -> list[Department]:
    """The departments in use, in order."""
    return list(Department.objects.filter(city=city, active=True))


def working(city: City) -> list[dict[str, Any]]:
    """Roles, department and queues of everybody who works in a city, as a pack says them; one query."""
    rows = Membership.objects.filter(city=city, active=True, user__is_active=True).order_by("id")
    return [
        {"roles": roles, "department": department or "", "queues": keys}
        for roles, department, keys in rows.values_list("roles", "department__key", "queue_keys")
    ]


def served_queues(city: City) -> frozenset[str]:
    """The keys of the queues that somebody serves, as the pack's check counts it; one query."""
    staff = working(city)
    return frozenset(
        q.key
        for q in queues(city)
        if any(permissions.serves(m, q.key, q.department_key) for m in staff)
    )
