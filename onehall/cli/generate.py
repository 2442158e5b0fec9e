"""`onehall generate`: made-up history of any size, for measuring and for trying a city out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from onehall.cli import cities, running
from onehall.cli.words import Failure, done, out

if TYPE_CHECKING:
    from onehall.places.models import City
    from onehall.service_requests.generating.profile import Profile
    from onehall.service_requests.models import HistoryRun

MOST_CASES = 100_000_000
MOST_PROCESSES = 16


@click.group()
def command() -> None:
    """Make up history, for measuring and for trying a city out."""


@command.command()
@click.option("--cases", type=click.IntRange(1, MOST_CASES), required=True, help="How many cases.")
@click.option("--profile", "name", required=True, help="A profile's name, or a .yaml file.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**62),
    default=1,
    show_default=True,
    help="The same seed makes the same rows.",
)
@click.option(
    "--years",
    type=click.IntRange(1, 30),
    default=3,
    show_default=True,
    help="How far back it goes.",
)
@click.option("--city", "slug", help="The short name of the city; needed when there are several.")
@click.option("--until", type=click.DateTime(), help="Where it ends, in UTC; now when left out.")
@click.option(
    "--processes",
    type=click.IntRange(1, MOST_PROCESSES),
    default=2,
    show_default=True,
    help="How many processes write.",
)
@click.option(
    "--rebuild-indexes",
    "rebuild",
    is_flag=True,
    help="Leave the indexes out meanwhile although there are cases.",
)
@click.option("--yes", is_flag=True, help="Also into a city with reports of real residents.")
def history(
    *,
    cases: int,
    name: str,
    seed: int,
    years: int,
    slug: str | None,
    until: datetime | None,
    processes: int,
    rebuild: bool,
    yes: bool,
) -> None:
    """Make up past cases with their timelines, reports, people and mails.

    It may be stopped at any time: asked for the same again, it goes on where it was.
    """
    with running.django():
        from onehall.kernel import clock
        from onehall.service_requests.generating import profile as profiles
        from onehall.service_requests.generating import storing
        from onehall.service_requests.generating.storing import HistoryRefused

        now = clock.now()
        end = until.replace(tzinfo=UTC) if until else now
        if end > now:
            raise Failure("The past cannot end in the future.", hint="Give an earlier --until.")
        city = cities.only(slug)
        try:
            profile = profiles.load(name)
            run = storing.found(city=city, profile=profile, seed=seed, cases=cases, years=years)
            if run is None:
                _refuse_among_real(city, yes=yes)
                run = storing.begin(
                    city=city, profile=profile, seed=seed, cases=cases, years=years, until=end,
                    lanes=processes, now=now,
                )  # fmt: skip
            _run(run, profile, processes=processes, rebuild=rebuild, now=now)
        except (profiles.ProfileError, HistoryRefused) as error:
            raise Failure(str(error)) from error


def _refuse_among_real(city: City, *, yes: bool) -> None:
    """Made-up cases cannot be taken out again: timelines only grow."""
    from django.conf import settings

    from onehall.service_requests.generating import storing

    if yes or settings.MODE == "demo" or not storing.real_reports(city):
        return
    raise Failure(
        f"{city.name} has reports of real residents. Made-up cases among them cannot be taken out again.",
        hint="Use a database of its own for it, or say --yes.",
    )


def _run(
    run: HistoryRun, profile: Profile, *, processes: int, rebuild: bool, now: datetime
) -> None:
    from onehall.service_requests.generating.running import run_to_end

    there, whole = run.written, run.cases
    if there or run.finished_at:
        out.print(f"{there:,} of {whole:,} cases are there already.")
    if there == whole and not run.put_back and run.finished_at:
        return
    with _bar() as bar:
        task = bar.add_task("Cases", total=whole)
        building = bar.add_task("Indexes", total=None, visible=False)

        def told(count: int) -> None:
            bar.update(task, completed=count)

        def rebuilt(count: int, of: int) -> None:
            bar.update(building, completed=count, total=of, visible=True)

        run_to_end(
            run, profile, processes=processes, rebuild=rebuild, now=now, told=told, rebuilt=rebuilt
        )
    done(f"{run.cases:,} cases are there, {run.cases - there:,} of them new")
    out.print(f"Seed {run.seed}, until {run.until:%Y-%m-%d %H:%M:%S} UTC.", markup=False)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%  {task.completed:,.0f}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=out,
        transient=True,
    )
