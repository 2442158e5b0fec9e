"""Every write about sign-ins and staff."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewMessage
from onehall.messaging.render import render
from onehall.people.actor import ROLES, Actor
from onehall.people.models import Department, Membership, Person, Queue, StaffChange, User
from onehall.places import areas as places
from onehall.places.models import City


class PeopleRefused(Exception):
    """A change that may not be made, worded for people."""


def _require_admin(by: Actor, city_id: int | None = None) -> None:
    admin = by.may("change_people") and city_id in (None, by.city_id)
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
def forget(*, person_ids: Collection[int]) -> None:
    """Delete how residents were reached, and their sign-in where nothing else of theirs is left anywhere."""
    gone = Person.objects.filter(pk__in=person_ids)
    addresses = {a.lower() for a in gone.exclude(email="").values_list("email", flat=True)}
    gone.delete()
    if not addresses:
        return
    # By city, as the index is.
    here = Person.objects.filter(city_id__in=City.objects.values_list("pk", flat=True))
    known = here.exclude(email="").annotate(address=Lower("email")).filter(address__in=addresses)
    addresses -= set(known.order_by("pk").values_list("address", flat=True))
    User.objects.filter(email__in=addresses, memberships=None).delete()


@transaction.atomic
def set_password(*, user_id: int, password: str, by: Actor, now: datetime) -> User:
    """A new password, set by the person or by an administrator of a city they work for.

    That it was set is kept in every city where they are or were staff; the password never is.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
    if by.user_id != user.pk:
        _require_admin(by)
        here = user.memberships.filter(city_id=by.city_id).exists()
        if by.kind != "system" and not here:
            raise PeopleRefused(_("That person does not work for this city."))
    user.set_password(password)
    user.save(update_fields=["password"])
    kind = StaffChange.Kind.PASSWORD
    for city_id in user.memberships.order_by("city_id").values_list("city_id", flat=True):
        keep(city_id=city_id, user_id=user.pk, kind=kind, old={}, new={}, by=by, now=now)
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
def hire(
    *,
    city: City,
    email: str,
    name: str,
    roles: Sequence[str],
    by: Actor,
    now: datetime,
    department_key: str = "",
    queue_keys: Iterable[str] = (),
    areas: Mapping[str, Collection[str]] | None = None,
) -> User:
    """Make somebody staff by their address: a resident's sign-in becomes one of the staff's too."""
    _require_admin(by, city.pk)
    address, name = email.strip().lower(), name.strip()
    user = User.objects.select_for_update(of=("self",)).filter(email__iexact=address).first()
    if user is not None and not user.is_active:
        raise PeopleRefused(_("The sign-in with that address is switched off."))
    if user is not None and user.memberships.filter(city=city, active=True).exists():
        raise PeopleRefused(_("Somebody with that address works here already."))
    if user is None:
        user = create_user(email=address, name=name, by=by, now=now)
    elif not user.name:
        user.name = name
        user.save(update_fields=["name"])
    add_membership(
        user_id=user.pk,
        city_id=city.pk,
        roles=roles,
        by=by,
        now=now,
        department_key=department_key,
        queue_keys=queue_keys,
        areas=areas,
    )
    return user


@transaction.atomic
def add_membership(
    *,
    user_id: int,
    city_id: int,
    roles: Sequence[str],
    by: Actor,
    now: datetime,
    department_key: str = "",
    queue_keys: Iterable[str] = (),
    areas: Mapping[str, Collection[str]] | None = None,
) -> Membership:
    """Make a person staff of a city, or change what they are there. The difference is kept."""
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
    within = _areas(city_id, areas or {})
    if "admin" not in roles:
        _keep_an_admin(city_id, without=user_id, by=by)
    held = Membership.objects.select_for_update(of=("self",)).select_related("department")
    before = held.filter(user_id=user_id, city_id=city_id).first()
    old = before.facts() if before else {}
    membership, _created = Membership.objects.update_or_create(
        user_id=user_id,
        city_id=city_id,
        defaults={
            "department": department,
            "roles": list(dict.fromkeys(roles)),
            "queue_keys": keys,
            "areas": within,
            "active": True,
        },
    )
    kind = StaffChange.Kind.CHANGED
    if before is None:
        kind = StaffChange.Kind.ADDED
    elif not before.active:
        kind = StaffChange.Kind.RETURNED
    keep(
        city_id=city_id,
        user_id=user_id,
        kind=kind,
        old=old,
        new=membership.facts(),
        by=by,
        now=now,
    )
    return membership


@transaction.atomic
def rename(*, city_id: int, user_id: int, name: str, by: Actor, now: datetime) -> None:
    """Correct a name. Refused for somebody who works for another city too: it is theirs as well."""
    _require_admin(by, city_id)
    name = name.strip()
    user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
    works = user.memberships.filter(active=True)
    if not name:
        raise PeopleRefused(_("Type a name."))
    if not user.memberships.filter(city_id=city_id).exists():
        raise PeopleRefused(_("That person does not work for this city."))
    if name == user.name:
        return
    if works.exclude(city_id=city_id).exists():
        raise PeopleRefused(
            _("This person works for another city too. Only they can change their name.")
        )
    old, user.name = user.name, name
    user.save(update_fields=["name"])
    keep(
        city_id=city_id,
        user_id=user_id,
        kind=StaffChange.Kind.CHANGED,
        old={"name": old},
        new={"name": name},
        by=by,
        now=now,
    )


@transaction.atomic
def end_membership(*, user_id: int, city_id: int, by: Actor, now: datetime) -> bool:
    """Take a person off the staff of a city; whether they were on it. Their entries keep their name."""
    _require_admin(by, city_id)
    _keep_an_admin(city_id, without=user_id, by=by)
    mine = Membership.objects.filter(user_id=user_id, city_id=city_id, active=True)
    found = mine.select_related("department").first()
    if found is None or mine.update(active=False) == 0:
        return False
    old = found.facts()
    new = old | {"active": False}
    kind = StaffChange.Kind.ENDED
    keep(city_id=city_id, user_id=user_id, kind=kind, old=old, new=new, by=by, now=now)
    return True


@transaction.atomic
def return_membership(*, user_id: int, city_id: int, by: Actor, now: datetime) -> bool:
    """Take somebody back as what they were; whether they were gone."""
    _require_admin(by, city_id)
    mine = Membership.objects.filter(user_id=user_id, city_id=city_id, active=False)
    found = mine.select_related("department").first()
    if found is None:
        return False
    if found.department is not None and not found.department.active:
        raise PeopleRefused(_("Their department is gone. Choose another one first."))
    queues = Queue.objects.filter(city_id=city_id, key__in=found.queue_keys, active=True)
    known = set(queues.values_list("key", flat=True))
    old = found.facts()
    found.queue_keys, found.active = [k for k in found.queue_keys if k in known], True
    found.save(update_fields=["queue_keys", "active"])
    kind = StaffChange.Kind.RETURNED
    keep(city_id=city_id, user_id=user_id, kind=kind, old=old, new=found.facts(), by=by, now=now)
    return True


@transaction.atomic
def invite(*, city: City, user_id: int, link: str, by: Actor, now: datetime) -> None:
    """Mail somebody of the staff a link that signs them in once."""
    _require_admin(by, city.pk)
    user = User.objects.filter(
        pk=user_id, is_active=True, memberships__city=city, memberships__active=True
    ).first()
    if user is None:
        raise PeopleRefused(_("That person does not work for this city."))
    language = city.language_for(user.language)
    words = {"city": city, "name": user.name, "by": by.name, "link": link}
    mail = render("people/mail/invite", words, language)
    messaging.send_message(
        message=NewMessage(
            city_id=city.pk,
            key=f"{ACCOUNT}invite:{user.pk}:{now.timestamp():.6f}",
            to_address=user.email,
            language=language,
            subject=mail.subject,
            body_text=mail.text,
            body_html=mail.html,
        ),
        now=now,
    )
    keep(
        city_id=city.pk,
        user_id=user.pk,
        kind=StaffChange.Kind.INVITED,
        old={},
        new={},
        by=by,
        now=now,
    )


ACCOUNT = messaging.ACCOUNT
"""How the keys of messages begin that open a sign-in."""


def keep(
    *,
    city_id: int,
    user_id: int,
    kind: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    by: Actor,
    now: datetime,
) -> None:
    """Write down a change: only what differs; nothing where nothing does."""
    fields = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    if not fields and kind == StaffChange.Kind.CHANGED:
        return
    StaffChange.objects.create(
        city_id=city_id,
        user_id=user_id,
        by_id=by.user_id,
        by_name=by.name,
        at=now,
        kind=kind,
        before={name: old[name] for name in fields if name in old},
        after={name: new[name] for name in fields if name in new},
    )


def _areas(city_id: int, given: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """The areas by layer, without empty layers; refused where the map has none of that code."""
    asked = {layer: list(dict.fromkeys(codes)) for layer, codes in given.items() if codes}
    if asked:
        city = City.objects.get(pk=city_id)
        for layer, codes in asked.items():
            if set(codes) - set(places.area_codes(city, layer)):
                raise PeopleRefused(_("One of the areas does not exist."))
    return asked


def _keep_an_admin(city_id: int, *, without: int, by: Actor) -> None:
    """Refuse the step that would leave a city without an administrator; its rows are held meanwhile."""
    if by.kind == "system":
        return
    admins = Membership.objects.select_for_update(of=("self",)).filter(
        city_id=city_id, active=True, user__is_active=True, roles__contains=["admin"]
    )
    ids = list(admins.order_by("id").values_list("user_id", flat=True))
    if ids == [without]:
        raise PeopleRefused(_("This is the last administrator. Make somebody else one first."))
