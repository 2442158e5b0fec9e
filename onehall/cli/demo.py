"""`onehall demo`: a made-up city on this machine, from one command."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.table import Table

from onehall.cli import demo_facts, running, tree
from onehall.cli.supervisor import Supervisor, tied
from onehall.cli.words import Failure, out

MARK = ".onehall-demo"
PAYMENTS_ABOVE = 100
"""How far the port of the payment provider lies above that of the pages, where it is free."""


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 lets phones in.")
@click.option(
    "--dir",
    "folder",
    default=".demo",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the demo keeps its data.",
)
@click.option("--reset", is_flag=True, help="Throw the demo's data away and start over.")
def command(port: int, host: str, folder: Path, *, reset: bool) -> None:
    """Try it: a made-up city with history, on this machine. Ctrl-C ends it; the data stays."""
    folder = folder.absolute()
    with _only_here(folder, reset=reset):
        _set_environment(folder, host=host, port=port)
        tree.port_must_be_free()
        payments = _set_payments(port + PAYMENTS_ABOVE)
        server = running.embedded()
        if server is not None:
            with out.status("Starting the database"):
                os.environ["DATABASE_URL"] = running.start(server)
        try:
            _prepare()
            with (folder / "onehall.log").open("ab") as log:
                _log_to(folder / "onehall.log")
                children = [*tree.children(), tree.pay_demo(payments, folder)]
                supervisor = Supervisor(children, server=server, output=log)
                supervisor.run(is_ready=tree.pages_answer, on_ready=lambda: _welcome(folder))
        finally:
            if server is not None:
                server.stop()
    out.print("\nThe demo has ended. Its data is kept; the same command brings it back.")


@contextlib.contextmanager
def _only_here(folder: Path, *, reset: bool) -> Iterator[None]:
    """Makes the folder and holds its lock; a reset empties only a folder that a demo made."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        message = f"{folder} holds something else than a demo; nothing was touched."
        raise Failure(message, hint="Name another folder with --dir.")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / MARK).open("a") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"A demo already runs from {folder}."
            raise Failure(message, hint="End it with Ctrl-C, or name another --dir.") from None
        if reset:
            _empty(folder)
        yield


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name == MARK:
            continue
        if path.is_symlink() and path.is_dir():
            shutil.rmtree(path.resolve())
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _set_environment(folder: Path, *, host: str, port: int) -> None:
    running.use_data_dir(folder)
    os.environ["ONEHALL_MODE"] = "demo"
    os.environ["ONEHALL_BIND"] = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if host not in {"127.0.0.1", "::1", "localhost"}:
        os.environ["ONEHALL_HOSTS"] = "*"


def _set_payments(wanted: int) -> int:
    """The port of the demo payment provider; the pages are told its address."""
    host, _ = tree.bound()
    port = tree.free_port(wanted)
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    os.environ["ONEHALL_PAY_DEMO_ADDRESS"] = f"http://{here}:{port}"
    return port


def _prepare() -> None:
    done = subprocess.run(tied([sys.executable, "-m", "onehall", "prepare-demo"]), check=False)
    if done.returncode:
        message = "The demo could not be prepared; the reason stands above."
        raise Failure(message, hint="`--reset` starts over with an empty folder.")


def _log_to(path: Path) -> None:
    """The terminal stays calm: what the processes say goes to a file."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("at=%(asctime)s from=%(name)s says=%(message)s"))
    logger = logging.getLogger("onehall.supervisor")
    logger.addHandler(handler)
    logger.propagate = False


def _welcome(folder: Path) -> None:
    host, port = tree.bound()
    shown = "localhost" if host in tree.EVERYWHERE else host
    address = f"http://{shown}:{port}"
    facts = demo_facts.load(folder) or demo_facts.DemoFacts()
    out.print(
        f"\n[bold]{facts.city or 'Onehall'}[/] is open at [bold link={address}]{address}[/]\n"
    )
    for page in facts.pages:
        out.print(f"  {page.name:<24} {address}{page.path}", soft_wrap=True)
    if facts.sign_ins:
        table = Table(
            "Name", "Works as", "Sign in with", "Password", title="Staff", title_justify="left"
        )
        for person in facts.sign_ins:
            table.add_row(person.name, person.role, person.email, person.password)
        out.print(table)
    payments = os.environ["ONEHALL_PAY_DEMO_ADDRESS"].rpartition(":")[2]
    out.print(f"\nPayments are a play: http://{shown}:{payments}/knobs makes them go wrong.")
    out.print(
        f"\nMail goes nowhere but to the page /demo/mail. The log is {folder / 'onehall.log'}."
    )
    out.print("Ctrl-C ends the demo.")
