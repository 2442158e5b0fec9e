"""`onehall figures`: the sums that figures and the public map are read from; they can be made anew at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from onehall.cli import cities, running
from onehall.cli.words import Failure, done, out, progress

if TYPE_CHECKING:
    from onehall.places.models import City


@click.group()
def command() -> None:
    """The sums by day behind the page of figures, and those behind the map for everybody."""


@command.command()
@click.option("--city", "slug", help="Only this city.")
def rebuild(slug: str | None) -> None:
    """Sum up every day anew. Meanwhile the figures are counted from the cases: slower, never wrong."""
    with running.django():
        from onehall.casework import mapping
        from onehall.insights import rollups
        from onehall.kernel import clock

        for city in cities.chosen(slug):
            with progress() as steps:
                task = steps.add_task(f"Summing up {city.name}", total=None)
                days = rollups.rebuild(
                    city,
                    now=clock.now(),
                    seen=lambda count, task=task, steps=steps: steps.update(task, completed=count),  # type: ignore[misc]
                )
            placed = mapping.rebuild(city)
            mapping.find_piles_of(city, now=clock.now())
            done(f"{city.name}: {days:,} days; {placed:,} cases on the public map.")


@command.command()
@click.option("--city", "slug", help="Only this city.")
def check(slug: str | None) -> None:
    """Compare the sums of every day with the cases; a day that is wrong is named and summed up anew."""
    with running.django():
        wrong = 0
        for city in cities.chosen(slug):
            looked, found = _check(city)
            wrong += found
            done(f"{city.name}: {looked:,} days compared, {found:,} wrong.")
    if wrong:
        message = f"{wrong} days did not hold. They have been summed up anew."
        raise Failure(message, hint="Tell us: this should not happen.")


def _check(city: City) -> tuple[int, int]:
    from onehall.insights import rollups
    from onehall.insights.models import DayFigure
    from onehall.kernel import clock

    days = DayFigure.objects.filter(city_id=city.pk).order_by("day")
    looked = found = 0
    for day in list(days.values_list("day", flat=True).distinct()):
        holds = rollups.prove_day(city, day, now=clock.now())
        looked += holds is not None
        if holds is False:
            found += 1
            out.print(f"{day.isoformat()} was wrong", markup=False)
    return looked, found
