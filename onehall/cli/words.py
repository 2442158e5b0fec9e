"""How commands speak: rich output, errors as sentences, findings as file:line."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import IO, Any, NoReturn, override

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Failure(click.ClickException):
    """A command could not do its work; the message is one or more sentences for the operator."""

    def __init__(self, message: str, *, code: int = 1, hint: str = "") -> None:
        super().__init__(message)
        # The library reads it from the object; it is typed as belonging to the class.
        vars(self)["exit_code"] = code
        self.hint = hint

    @override
    def show(self, file: IO[Any] | None = None) -> None:
        """Writes the sentence, and below it what can be done."""
        err.print(self.message, style="bold red", markup=False)
        if self.hint:
            err.print(self.hint, markup=False)


def finding(path: Path, line: int | None, text: str, *, warning: bool = False) -> None:
    """One mistake in a file, in the form editors can jump to: `path:line: text`."""
    place = f"{path}:{line}" if line else str(path)
    label = "[yellow]warning[/]" if warning else "[red]error[/]"
    out.print(f"[bold]{place}[/]: {label}: ", end="", soft_wrap=True)
    out.print(text, markup=False, soft_wrap=True)


def progress() -> Progress:
    """A progress display that goes away when done, leaving the finished steps."""
    return Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        console=out,
    )


def rows_bar() -> Progress:
    """How far a file has been read, in how many rows, and how long it will take; goes away when done."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[rows]:,} rows"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=out,
        transient=True,
    )


def done(text: str) -> None:
    """A finished step."""
    out.print(f"[green]✓[/] {text}")


def operator() -> str:
    """Who types: the account of this machine, before a change of it by sudo."""
    try:
        return os.environ.get("SUDO_USER", "") or getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def not_yet(*given: object) -> NoReturn:
    """Ends a command that is announced but not part of this version."""
    message = "This version cannot do that yet."
    raise Failure(message, code=3, hint=f"Asked for: {', '.join(map(str, given))}")
