"""`onehall worker`: does the queued work until it is told to stop."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

import click

from onehall.cli import running

PATIENCE = 10
"""Steps that the worker stands back (`nice`): people wait for pages, and nobody waits for a mail."""


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
def command(*, once: bool) -> None:
    """Do the queued work: mail, webhooks, timers. SIGTERM ends it after the running piece."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the signal's shape
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    if not once:
        os.nice(PATIENCE)
    with running.django():
        from onehall.messaging import worker

        worker.run(once=once, stop=stop)
