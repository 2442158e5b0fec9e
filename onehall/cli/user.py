"""`onehall user`: staff accounts from the command line."""

from __future__ import annotations

import click

from onehall.cli import running
from onehall.cli.words import Failure, done

ROLES = ("agent", "crew", "supervisor", "auditor", "admin")


@click.group()
def command() -> None:
    """Add staff and set passwords."""


@command.command()
@click.argument("email")
@click.option("--name", default="", help="The person's name.")
@click.option("--city", "slug", required=True, help="The short name of the city.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES))
@click.option("--department", "department_key", help="The key of their department.")
@click.option("--queue", "queues", multiple=True, help="Keys of the queues they work on.")
@click.password_option(help="Asked for when not given.")
def add(
    email: str,
    *,
    name: str,
    slug: str,
    roles: tuple[str, ...],
    department_key: str | None,
    queues: tuple[str, ...],
    password: str,
) -> None:
    """Add a member of staff, or give an existing person a role in another city."""
    with running.django():
        from django.db import transaction

        from onehall.people.models import Department, Membership, User
        from onehall.places.models import City

        city = City.objects.filter(slug=slug).first()
        if city is None:
            message = f"There is no city called {slug!r}."
            raise Failure(message, hint="Known cities: " + ", ".join(_slugs()))
        department = Department.objects.filter(city=city, key=department_key).first()
        if department_key and department is None:
            message = f"{slug} has no department {department_key!r}."
            raise Failure(message)
        with transaction.atomic():
            user = User.objects.filter(email__iexact=email).first()
            if user is None:
                _check_password(password)
                user = User.objects.create_user(email=email, name=name, password=password)
            Membership.objects.update_or_create(
                user=user,
                city=city,
                defaults={
                    "roles": list(roles),
                    "department": department,
                    "queue_keys": list(queues),
                    "active": True,
                },
            )
        done(f"{email} is {', '.join(roles)} in {slug}.")


@command.command()
@click.argument("email")
@click.password_option(help="Asked for when not given.")
def password(email: str, *, password: str) -> None:
    """Set a new password."""
    with running.django():
        from onehall.people.models import User

        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            message = f"Nobody signs in as {email}."
            raise Failure(message)
        _check_password(password)
        user.set_password(password)
        user.save(update_fields=["password"])
        done(f"The password of {email} is changed.")


def _check_password(password: str) -> None:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    try:
        validate_password(password)
    except ValidationError as error:
        raise Failure(" ".join(error.messages)) from None


def _slugs() -> list[str]:
    from onehall.places.models import City

    return list(City.objects.order_by("slug").values_list("slug", flat=True)) or ["none yet"]
