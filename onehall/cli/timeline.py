"""`onehall timeline`: the timelines of cases are chained by hashes; this looks for a broken link."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from onehall.cli import cities, running
from onehall.cli.words import Failure, done, out, progress

if TYPE_CHECKING:
    from onehall.casework.verify import Fault, What

SENTENCES: dict[What, str] = {
    "changed": "entry {seq} is not what was written",
    "missing": "entry {seq} is missing",
    "cut": "the end from entry {seq} on is missing",
    "extra": "entry {seq} is more than the case knows of",
    "head": "the case does not know its last entry, {seq}",
    "unreadable": "its archived history is missing or not what was written",
    "no case": "the case is gone, its entries are not",
}


@click.group()
def command() -> None:
    """Verify the timelines of cases."""


@command.command()
@click.option("--city", "slug", help="Only this city.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Only cases changed on or after this day (UTC), from their first entry on.",
)
def verify(slug: str | None, since: datetime | None) -> None:
    """Recompute every hash and report each case whose timeline was changed."""
    with running.django():
        checked, cases = _verify(slug, since.replace(tzinfo=UTC) if since else None)
    if cases:
        message = f"{cases} cases are broken, of {checked:,} entries looked at."
        raise Failure(message, hint="Keep the database as it is and compare with a backup.")
    done(f"{checked:,} entries, every one as it was written.")


def _verify(slug: str | None, since: datetime | None) -> tuple[int, int]:
    """Print every fault; how many entries were read, and how many cases are broken."""
    from django.db import transaction

    from onehall.casework import verify as checking

    broken: set[str] = set()
    checked = 0
    with transaction.atomic(), progress() as steps:
        one_snapshot()
        city_id = None if slug is None else cities.named(slug).pk
        total = checking.expected(city_id=city_id, since=since)
        task = steps.add_task("Recomputing hashes", total=max(1, total))

        def seen(count: int) -> None:
            nonlocal checked
            checked += count
            steps.update(task, completed=checked)

        for fault in checking.faults(city_id=city_id, since=since, seen=seen):
            broken.add(fault.number)
            out.print(sentence(fault), markup=False, soft_wrap=True)
        steps.update(task, completed=max(1, total))
    return checked, len(broken)


def sentence(fault: Fault) -> str:
    """What is wrong with a case, in words."""
    return f"{fault.number}: {SENTENCES[fault.what].format(seq=fault.seq)}"


def one_snapshot() -> None:
    """What is written meanwhile is not seen, so that a case and its entries fit together."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
