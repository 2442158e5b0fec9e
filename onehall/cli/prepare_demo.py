"""The demo's preparation, in a process of its own: migrations, static files, the made-up city."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import click

from onehall.cli import demo_facts, running, words


@click.command()
def command() -> None:
    """Make the demo's database ready; the city only the first time."""
    folder = running.data_dir()
    with running.django(), words.progress() as progress:
        running.bring_up_to_date(progress)
        if demo_facts.load(folder) is not None:
            return
        if find_spec("onehall.cli.demo_city") is None:
            words.err.print("The made-up city is not part of this installation; it starts empty.")
            return
        # `prepare(progress)` applies the city pack with its staff and history, in one transaction
        # or so that it can be called again, and returns what to tell the visitor.
        facts: demo_facts.DemoFacts = import_module("onehall.cli.demo_city").prepare(progress)
        facts.save(folder)
