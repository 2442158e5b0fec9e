"""`onehall import`: brings in what another system holds."""

from __future__ import annotations

from pathlib import Path

import click

from onehall.cli import running
from onehall.cli.words import not_yet


@click.group()
def command() -> None:
    """Bring in requests from another system."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--city", "slug", required=True, help="The short name of the city.")
def requests(file: Path, *, slug: str) -> None:
    """Bring in past requests from a file."""
    with running.django():
        not_yet(file, slug)
