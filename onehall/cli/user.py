"""`onehall user`: staff accounts from the command line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from onehall.cli import cities, running
from onehall.cli.words import Failure, done, operator, out
from onehall.people.actor import ROLES

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from onehall.people.actor import Actor
    from onehall.people.models import User
    from onehall.places.models import City


@click.group()
def command() -> None:
    """Add staff, list them, set passwords."""


@command.command()
@click.argument("email")
@click.option("--name", default="", help="Of a new person; asked for when not given.")
@click.option("--city", "slug", required=True, help="The short name of the city.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES))
@click.option("--department", "department_key", default="", help="The key of their department.")
@click.option("--queue", "queues", multiple=True, help="Keys of the queues they work on.")
@click.option("--password", help="Of a new person; asked for when not given.")
def add(
    email: str,
    *,
    name: str,
    slug: str,
    roles: tuple[str, ...],
    department_key: str,
    queues: tuple[str, ...],
    password: str | None,
) -> None:
    """Add a member of staff; whoever is there already gets these roles and keeps their password."""
    with running.django():
        from django.db import transaction

        from onehall.kernel import clock
        from onehall.people import actions

        city = cities.named(slug)
        _known_keys(city, department_key, queues)
        by, now = _operator(city.pk), clock.now()
        user = _user(email)
        is_new = user is None
        if is_new:
            name = name or click.prompt("Name")
            password = password or _asked()
            _check_password(password)
        with transaction.atomic():
            if user is None:
                user = actions.create_user(email=email, name=name, by=by, now=now)
            actions.add_membership(
                user_id=user.pk,
                city_id=city.pk,
                roles=roles,
                department_key=department_key,
                queue_keys=queues,
                by=by,
                now=now,
            )
            if is_new and password:
                actions.set_password(user_id=user.pk, password=password, by=by, now=now)
        done(f"{user.email} is {', '.join(roles)} in {slug}.")
        if password and not is_new:
            out.print(
                f"Their password is the old one; change it with: onehall user password {email}"
            )


@command.command("list")
@click.option("--city", "slug", required=True, help="The short name of the city.")
def list_command(slug: str) -> None:
    """Show the staff of a city: name, address, roles, department, queues."""
    with running.django():
        from onehall.people.models import Membership

        city = cities.named(slug)
        staff = Membership.objects.filter(city=city, active=True).select_related(
            "user", "department"
        )
        table = Table(box=None)
        for title in ("Name", "E-mail", "Roles", "Department", "Queues"):
            table.add_column(title, overflow="fold")
        for member in staff.order_by("user__name", "user__email"):
            table.add_row(
                member.user.name,
                member.user.email,
                ", ".join(member.roles),
                member.department.key if member.department else "the whole city",
                ", ".join(member.queue_keys) or "all",
            )
        out.print(table)


@command.command()
@click.argument("email")
@click.option("--city", "slug", required=True, help="The short name of the city.")
def remove(email: str, slug: str) -> None:
    """End what a person is in a city. What they wrote and did stays under their name."""
    with running.django():
        from onehall.kernel import clock
        from onehall.people import actions

        city = cities.named(slug)
        user = _user(email)
        ended = user is not None and actions.end_membership(
            user_id=user.pk, city_id=city.pk, by=_operator(city.pk), now=clock.now()
        )
        if not ended:
            message = f"{email} does not work for {slug}."
            raise Failure(message, hint=f"Who does: onehall user list --city {slug}")
        done(f"{email} no longer works for {slug}.")


@command.command()
@click.argument("email")
@click.password_option(help="Asked for when not given.")
def password(email: str, *, password: str) -> None:
    """Set a new password for a member of staff. Who set it and when is kept; the password is not."""
    with running.django():
        from onehall.kernel import clock
        from onehall.people import actions

        user = _user(email)
        if user is None:
            message = f"Nobody signs in as {email}."
            raise Failure(message)
        works = user.memberships.order_by("-active", "id").first()
        if works is None:
            message = f"{email} is nobody of the staff."
            raise Failure(message, hint="Residents need no password: they sign in with a code.")
        _check_password(password)
        by = _operator(works.city_id)
        actions.set_password(user_id=user.pk, password=password, by=by, now=clock.now())
        done(f"The password of {email} is changed.")


def _operator(city_id: int) -> Actor:
    """Who types, kept with every change."""
    from onehall.people.actor import system

    return replace(system(city_id), name=f"command line: {operator()}"[:120])


def _asked() -> str:
    found: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return found


def _user(email: str) -> User | None:
    from onehall.people.models import User

    return User.objects.filter(email__iexact=email.strip()).first()


def _known_keys(city: City, department: str, wanted: tuple[str, ...]) -> None:
    """Refuse keys that the city does not have, and name those it has: nobody knows them by heart."""
    from onehall.people.models import Department, Queue

    departments = Department.objects.filter(city=city, active=True)
    queues = Queue.objects.filter(city=city, active=True)
    if department:
        _one_of(department, departments, f"{city.slug} has no department {department!r}.")
        queues = queues.filter(department__key=department)
    for key in wanted:
        _one_of(key, queues, f"{department or city.slug} has no queue {key!r}.")


def _one_of(key: str, rows: QuerySet[Any], message: str) -> None:
    known = list(rows.values_list("key", flat=True))
    if key not in known:
        raise Failure(message, hint="There are: " + ", ".join(known))


def _check_password(password: str) -> None:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    try:
        validate_password(password)
    except ValidationError as error:
        raise Failure(" ".join(error.messages)) from None
