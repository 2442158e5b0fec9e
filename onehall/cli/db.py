"""`onehall db`: the address of the database and a shell on it."""

from __future__ import annotations

import shutil
import subprocess

import click

from onehall.cli import running
from onehall.cli.words import Failure
from onehall.kernel.postgres import PostgresError, find_programs


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """The address of the database, and a shell on it."""
    if context.invoked_subcommand is None:
        context.invoke(url)


@command.command()
def url() -> None:
    """Print the address. An embedded server answers there only while something keeps it running."""
    with running.database() as address:
        click.echo(address)


@command.command()
def shell() -> None:
    """Open psql on the database."""
    with running.database() as address:
        subprocess.run([_psql(), address], check=False)


def _psql() -> str:
    try:
        bundled = find_programs().path("psql")
    except PostgresError:
        bundled = None
    if bundled is not None and bundled.exists():
        return str(bundled)
    installed = shutil.which("psql")
    if installed is None:
        message = "There is no psql here; install PostgreSQL's client programs."
        raise Failure(message)
    return installed
