"""Which city a command is about, by the short name that was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onehall.cli.words import Failure

if TYPE_CHECKING:
    from onehall.places.models import City


def named(slug: str) -> City:
    """The city of that name, or a sentence that says which there are."""
    from onehall.places.models import City

    city = City.objects.filter(slug=slug).first()
    if city is None:
        message = f"There is no city called {slug!r}."
        raise Failure(message, hint=f"Known cities: {_known()}")
    return city


def chosen(slug: str | None) -> list[City]:
    """That one, or all where none is named."""
    from onehall.places.models import City

    return list(City.objects.order_by("id")) if slug is None else [named(slug)]


def only(slug: str | None) -> City:
    """That one, or the only one that there is."""
    from onehall.places.models import City

    if slug is not None:
        return named(slug)
    cities = list(City.objects.order_by("id")[:2])
    if len(cities) != 1:
        message = "Say which city, with --city."
        raise Failure(message, hint=f"Known cities: {_known()}")
    return cities[0]


def _known() -> str:
    from onehall.places.models import City

    return ", ".join(City.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
