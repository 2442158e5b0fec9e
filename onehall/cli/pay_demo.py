"""`onehall pay-demo`: the demo payment provider alone."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from types import FrameType

import click

from onehall.cli import running
from onehall.cli.words import Failure, out
from onehall.config.env import Env, pay_demo_secrets


@click.command()
@click.option("--port", default=8100, show_default=True, type=click.IntRange(0, 65535))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where it keeps its state; else DATA/pay-demo.",
)
@click.option("--webhooks", default="", help="Below which address the city takes webhooks.")
def command(port: int, host: str, folder: Path | None, webhooks: str) -> None:
    """A payment company to try things out with: no money moves. /knobs makes it fail; Ctrl-C ends it."""
    from onehall.billing.gateways.demo.provider.app import Provider, Setup

    logging.basicConfig(level="WARNING", format="at=%(asctime)s from=%(name)s says=%(message)s")
    env = Env()
    key, secret = pay_demo_secrets(env)
    file = (folder or running.data_dir() / "pay-demo") / "journal.jsonl"
    setup = Setup(
        key=key, secret=secret, webhooks=webhooks, address=env.text("ONEHALL_PAY_DEMO_PAGES"),
        host=host, port=port, file=file,
    )  # fmt: skip
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the signal's shape
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    try:
        provider = Provider(setup)
    except BlockingIOError:
        message = f"Another demo provider runs from {file.parent}."
        raise Failure(message, hint="End it, or name another folder with --dir.") from None
    except OSError as error:
        message = f"Port {port} on {host} cannot be used: {error.strerror}."
        raise Failure(message, hint="Choose another one with --port.") from None
    with provider:
        out.print(f"The demo payment provider answers at {provider.address}", soft_wrap=True)
        stop.wait()
