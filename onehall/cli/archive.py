"""`onehall archive`: histories of cases that ended long ago, moved into files, looked at, brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from onehall.cli import cities, running
from onehall.cli.words import Failure, done, out, progress

if TYPE_CHECKING:
    from datetime import datetime

    from onehall.places.models import City

MEGABYTE = 1_000_000


@click.group()
def command() -> None:
    """The archive of cases that ended long ago. A worker moves what is due every night."""


@command.command()
@click.option("--city", "slug", help="Only this city.")
def plan(slug: str | None) -> None:
    """Say, service by service, what would be archived now, and what is. Nothing is changed."""
    with running.django():
        from onehall.kernel import clock

        now = clock.now()
        for city in cities.chosen(slug):
            _plan(city, now)


def _plan(city: City, now: datetime) -> None:
    from zoneinfo import ZoneInfo

    from rich.table import Table

    from onehall.casework import archiving

    lines = archiving.plan(city, now=now)
    zone = ZoneInfo(city.time_zone)
    if lines:
        table = Table(title=f"{city.name}: what would be archived now", title_justify="left")
        for head in ("service", "after", "cases", "held", "oldest ended"):
            table.add_column(head, justify="right" if head in ("cases", "held") else "left")
        for line in lines:
            oldest = line.oldest.astimezone(zone).date().isoformat() if line.oldest else ""
            held = f"{line.held:,}" if line.held else ""
            table.add_row(line.service.key, line.term.text, f"{line.cases:,}", held, oldest)
        out.print(table)
    else:
        out.print(f"{city.name} archives nothing: nobody said after how long.", markup=False)
    _tell_stock(city)
    if any(line.cases for line in lines):
        done("Nothing was changed. `onehall archive run` does it.")


def _tell_stock(city: City) -> None:
    from onehall.casework import archiving

    stock = archiving.stock(city)
    if stock.files:
        words = f"{city.name}: {stock.cases:,} cases with {stock.entries:,} entries lie in"
        words += f" {stock.files:,} files, {stock.size / MEGABYTE:,.1f} MB."
        out.print(words, markup=False, soft_wrap=True)


@command.command()
@click.option("--city", "slug", help="Only this city.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after about so many cases.")
def run(slug: str | None, limit: int | None) -> None:
    """Archive what is due now. Stopped at any moment, the next run goes on where it was."""
    failed: set[int] = set()
    moved = 0
    with running.django():
        from onehall.casework import archiving
        from onehall.kernel import clock

        now = clock.now()
        for city in cities.chosen(slug):
            left = None if limit is None else limit - moved
            if left is None or left > 0:
                moved += _run(city, now, left, failed)
        archiving.tidy(now=now)
    done(f"{moved:,} cases archived.")
    if failed:
        named = ", ".join(map(str, sorted(failed)[:20]))
        message = f"{len(failed)} cases stay where they are: their timelines do not hold ({named})."
        raise Failure(message, hint="`onehall timeline verify` says what is wrong with them.")


def _run(city: City, now: datetime, limit: int | None, failed: set[int]) -> int:
    from onehall.casework import archiving

    due = sum(line.cases for line in archiving.plan(city, now=now))
    total = due if limit is None else min(due, limit)
    with progress() as steps:
        task = steps.add_task(f"Archiving in {city.name}", total=max(1, total))
        count = archiving.carry_out(
            city,
            now=now,
            most=limit,
            failed=failed,
            seen=lambda count: steps.advance(task, count),
        )
        steps.update(task, completed=max(1, total))
    return count


@command.command()
@click.argument("number", required=False)
@click.option("--city", "slug", help="The city, where there are several.")
@click.option("--all", "every", is_flag=True, help="Everything of the city that is archived.")
def restore(number: str | None, slug: str | None, *, every: bool) -> None:
    """Bring the history of the case with this NUMBER back into the tables, or with --all that of every one.

    Whatever adds to an archived case does so by itself. One that is still due is archived again in the night.
    """
    if (number is None) != every:
        raise Failure("Name one case by its number, or say --all.")
    with running.django():
        city = cities.only(slug)
        count = _restore_all(city) if number is None else _restore(city, number)
    done(f"{count:,} histories brought back." if every else f"The history of {number} is back.")


def _restore(city: City, number: str) -> int:
    from onehall.casework import archiving
    from onehall.casework.errors import CaseworkRefused
    from onehall.casework.models import Case

    case = Case.objects.of_city(city.pk).filter(number=number.strip().lstrip("#").upper()).first()
    if case is None:
        raise Failure(f"{city.name} has no case with the number {number!r}.")
    if case.archive_id is None:
        raise Failure(f"{case.number} is not archived.", hint="Its history is in the tables.")
    try:
        return archiving.restore(city, [case.pk])
    except CaseworkRefused as problem:
        raise Failure(str(problem), hint="`onehall archive verify` says more.") from problem


def _restore_all(city: City) -> int:
    from onehall.casework import archiving
    from onehall.casework.errors import CaseworkRefused
    from onehall.kernel import clock

    count = 0
    with progress() as steps:
        stock = archiving.stock(city)
        total = stock.cases
        task = steps.add_task(f"Bringing back in {city.name}", total=max(1, total))
        try:
            for some in archiving.archived_ids(city):
                count += archiving.restore(city, some)
                steps.update(task, completed=count)
        except CaseworkRefused as problem:
            raise Failure(str(problem), hint="`onehall archive verify` says more.") from problem
        steps.update(task, completed=max(1, total))
    # The files are let go of now, so that nothing is left of the archive but what waits to be deleted.
    now = clock.now()
    for _ in range(stock.files // archiving.TIDY_AT_ONCE + 1):
        archiving.tidy(now=now)
    return count


@command.command()
@click.option("--city", "slug", help="Only this city.")
def verify(slug: str | None) -> None:
    """Read every file of the archive, and recompute the hashes of every history in it."""
    with running.django():
        checked, broken = _verify(slug)
    if broken:
        message = f"{broken} archived cases are broken, of {checked:,} entries looked at."
        raise Failure(message, hint="Put the files back from a backup; do not change anything.")
    done(f"{checked:,} entries in files, every one as it was written.")


def _verify(slug: str | None) -> tuple[int, int]:
    from django.db import transaction

    from onehall.casework import archiving
    from onehall.casework import verify as checking
    from onehall.cli import timeline

    broken: set[str] = set()
    checked = 0
    with transaction.atomic(), progress() as steps:
        timeline.one_snapshot()
        total = sum(archiving.stock(city).entries for city in cities.chosen(slug))
        task = steps.add_task("Recomputing hashes", total=max(1, total))

        def seen(count: int) -> None:
            nonlocal checked
            checked += count
            steps.update(task, completed=checked)

        city_id = None if slug is None else cities.named(slug).pk
        for fault in checking.archive_faults(city_id=city_id, seen=seen):
            broken.add(fault.number)
            out.print(timeline.sentence(fault), markup=False, soft_wrap=True)
        steps.update(task, completed=max(1, total))
    return checked, len(broken)
