"""`onehall retention`: what the cities' rules erase of ended cases, looked at before, and done at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from onehall.cli import cities, running
from onehall.cli.words import Failure, done, out, progress

if TYPE_CHECKING:
    from datetime import datetime

    from onehall.places.models import City


@click.group()
def command() -> None:
    """The rules that say how long what residents told is kept. A worker carries them out every night."""


@command.command()
@click.option("--city", "slug", help="Only this city.")
def plan(slug: str | None) -> None:
    """Say, service by service, what would be erased now. Nothing is changed."""
    with running.django():
        from onehall.kernel import clock

        now = clock.now()
        for city in cities.chosen(slug):
            _plan(city, now)


def _plan(city: City, now: datetime) -> None:
    from zoneinfo import ZoneInfo

    from rich.table import Table

    from onehall.service_requests import retention

    lines = retention.plan(city, now=now)
    if not lines:
        done(f"{city.name} has no rules: everything is kept for ever.")
        return
    table = Table(title=f"{city.name}: what its rules would erase now", title_justify="left")
    for head in ("service", "what", "after", "cases", "held", "oldest ended"):
        table.add_column(head, justify="right" if head in ("cases", "held") else "left")
    for line in lines:
        zone = ZoneInfo(city.time_zone)
        oldest = line.oldest.astimezone(zone).date().isoformat() if line.oldest else ""
        held = f"{line.held:,}" if line.held else ""
        table.add_row(line.service.key, line.kind, line.term.text, f"{line.cases:,}", held, oldest)
    out.print(table)
    total = sum(line.cases for line in lines)
    done(
        "Nothing is due." if not total else "Nothing was changed. `onehall retention run` does it."
    )


@command.command()
@click.option("--city", "slug", help="Only this city.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many cases.")
def run(slug: str | None, limit: int | None) -> None:
    """Erase what is due now. Stopped at any moment, the next run goes on where it was."""
    failed: set[int] = set()
    erased = 0
    with running.django():
        from onehall.kernel import clock

        now = clock.now()
        for city in cities.chosen(slug):
            left = None if limit is None else limit - erased
            if left != 0:
                erased += _run(city, now, left, failed)
    done(f"{erased:,} cases erased in part. A worker deletes the files of their photos.")
    if failed:
        named = ", ".join(map(str, sorted(failed)[:20]))
        message = f"{len(failed)} cases could not be erased (ids {named})."
        raise Failure(message, hint="The log says why. The next run tries them again.")


def _run(city: City, now: datetime, limit: int | None, failed: set[int]) -> int:
    from onehall.service_requests import retention

    due = retention.expected(city, now=now)
    total = due if limit is None else min(due, limit)
    with progress() as steps:
        task = steps.add_task(f"Erasing in {city.name}", total=max(1, total))
        count = retention.carry_out(
            city,
            now=now,
            most=limit,
            failed=failed,
            seen=lambda count: steps.advance(task, count),
        )
        steps.update(task, completed=max(1, total))
    return count
