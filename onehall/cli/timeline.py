"""`onehall timeline`: the timelines of cases are chained by hashes; this looks for a broken link."""

from __future__ import annotations

import click

from onehall.cli import running
from onehall.cli.words import not_yet


@click.group()
def command() -> None:
    """Verify the timelines of cases."""


@command.command()
@click.option("--city", "slug", help="Only this city.")
def verify(slug: str | None) -> None:
    """Recompute every hash and report each case whose timeline was changed."""
    with running.django():
        not_yet(slug)
