"""`onehall serve`: the whole tree under one supervisor, for production."""

from __future__ import annotations

import logging
import os

import click

from onehall.cli import running, tree, words
from onehall.cli.supervisor import Supervisor


@click.command()
@click.option("--bind", help="Address and port of the pages; else ONEHALL_BIND.")
@click.option("--migrate/--no-migrate", default=True, help="Bring the database up to date first.")
def command(bind: str | None, *, migrate: bool) -> None:
    """Run the pages, the worker and the live stream, and keep them running."""
    logging.basicConfig(level="INFO", format="at=%(asctime)s level=%(levelname)s says=%(message)s")
    if bind:
        os.environ["ONEHALL_BIND"] = bind
    tree.port_must_be_free()
    server = running.embedded()
    if server is not None:
        os.environ["DATABASE_URL"] = running.start(server)
    try:
        if migrate:
            prepare()
        supervisor = Supervisor(tree.children(), server=server)
        supervisor.run(is_ready=tree.pages_answer, on_ready=_say_ready)
    finally:
        if server is not None:
            server.stop()


def prepare() -> None:
    """Brings the database and the static files up to date, in a process of its own.

    The supervisor itself never loads Django: it stays small, and holds no connection.
    """
    import subprocess
    import sys

    from onehall.cli.supervisor import tied

    code = "from onehall.cli.serve import prepare_here; prepare_here()"
    if subprocess.run(tied([sys.executable, "-c", code]), check=False).returncode:
        message = "The database could not be brought up to date; nothing was started."
        raise words.Failure(message)


def prepare_here() -> None:
    """Does what `prepare` asks for."""
    running.set_up_django()
    with words.progress() as progress:
        running.bring_up_to_date(progress)


def _say_ready() -> None:
    host, port = tree.bound()
    logging.getLogger("onehall.supervisor").info("pages answer on %s port %s", host, port)
