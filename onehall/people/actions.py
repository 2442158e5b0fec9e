"""Every write about sign-ins and staff."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from onehall.people.actor import ROLES, Actor
from onehall.people.models import Department, Membership, Person, Queue, User


class PeopleRefused(Exception):
    """A change that may not be made, worded for people."""


def _require_admin(by: Actor, city_id: int | None = None) -> None:
    admin = "admin" in by.roles and city_id in (None, by.city_id)
    if by.kind != "system" and not admin:
        raise PeopleRefused(_("Only an administrator of this city can do that."))


@transaction.atomic
def create_user(
    *,
    email: str,
    name: str,
    by: Actor,
    now: datetime,
    language: str = "",
    password: str | None = None,
) -> User:
    """A new sign-in; without a password only a one-time code opens it. Refused when the address is taken."""
    _require_admin(by)
    if User.objects.filter(email__iexact=email.strip()).exists():
        raise PeopleRefused(_("Somebody already signs in with that address."))
    user = User.objects.create_user(email=email, name=name, password=password)
    user.language, user.created_at = language, now
    user.save(update_fields=["language", "created_at"])
    return user


@transaction.atomic
def admit_resident(*, city_id: int, email: str, language: str, now: datetime) -> User | None:
    """The sign-in for an address that somebody reported with in this city, made on first use; else None.

    It has no password: only a code sent to the address opens it.
    """
    address = email.strip().lower()
    known = Person.objects.annotate(address=Lower("email")).filter(city_id=city_id, address=address)
    if not address or not known.exists():
        return None
    fresh = {"language": language[:12], "created_at": now, "password": make_password(None)}
    user, _made = User.objects.get_or_create(email=address, defaults=fresh)
    return user if user.is_active else None


@transaction.atomic
def set_password(
    *,
    user_id: int,
    password: str,
    by: Actor,
    now: datetime,  # noqa: ARG001 (every action takes it)
) -> User:
    """A new password, set by the person or by an administrator of a city they work for."""
    user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
    if by.user_id != user.pk:
        _require_admin(by)
        here = user.memberships.filter(city_id=by.city_id).exists()
        if by.kind != "system" and not here:
            raise PeopleRefused(_("That person does not work for this city."))
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


@transaction.atomic
def share_password(
    *,
    user_ids: Iterable[int],
    password: str,
    by: Actor,
    now: datetime,  # noqa: ARG001 (every action takes it)
) -> None:
    """One password for made-up people, as a demo shows it: hashed once, because hashing is made slow."""
    if by.kind != "system":
        raise PeopleRefused(_("Only an administrator of this city can do that."))
    User.objects.filter(pk__in=list(user_ids)).update(password=make_password(password))


@transaction.atomic
def add_membership(
    *,
    user_id: int,
    city_id: int,
    roles: Sequence[str],
    by: Actor,
    now: datetime,  # noqa: ARG001 (every action takes it)
    department_key: str = "",
    queue_keys: Iterable[str] = (),
) -> Membership:
    """Make a person staff of a city, or change what they are there."""
    _require_admin(by, city_id)
    wrong = sorted(set(roles) - set(ROLES))
    if wrong or not roles:
        raise PeopleRefused(_("Choose at least one role."))
    department = None
    if department_key:
        department = Department.objects.filter(
            city_id=city_id, key=department_key, active=True
        ).first()
        if department is None:
            raise PeopleRefused(_("That department does not exist."))
    keys = list(dict.fromkeys(queue_keys))
    known = Queue.objects.filter(city_id=city_id, key__in=keys, active=True).count()
    if known != len(keys):
        raise PeopleRefused(_("One of the queues does not exist."))
    membership, _created = Membership.objects.update_or_create(
        user_id=user_id,
        city_id=city_id,
        defaults={
            "department": department,
            "roles": list(dict.fromkeys(roles)),
            "queue_keys": keys,
            "active": True,
        },
    )
    return membership


@transaction.atomic
def end_membership(
    *,
    user_id: int,
    city_id: int,
    by: Actor,
    now: datetime,  # noqa: ARG001 (every action takes it)
) -> bool:
    """Take a person off the staff of a city; whether they were on it. Their entries keep their name."""
    _require_admin(by, city_id)
    mine = Membership.objects.filter(user_id=user_id, city_id=city_id, active=True)
    return mine.update(active=False) > 0
