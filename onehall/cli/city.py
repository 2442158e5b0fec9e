"""`onehall city`: a city is a folder of data; these commands check, plan, apply and export it.

The functions of the same names do the work for other commands and for tests; they need a set-up Django.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from onehall.cli import rehearse, running
from onehall.cli.words import Failure, done, out, progress

if TYPE_CHECKING:
    from onehall.kernel.yamlfile import PackProblem
    from onehall.places.models import City
    from onehall.places.pack import Change

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
BY = "command line"
_SIGNS = {"add": "[green]+[/]", "change": "[yellow]~[/]", "remove": "[red]-[/]"}


def check(folder: Path) -> list[PackProblem]:
    """Every mistake in a folder, by file and line."""
    from onehall.setup import packs

    return packs.check(folder)


def plan(folder: Path, *, with_staff: bool = False) -> list[Change]:
    """What applying a folder would change; `packs.PackRefused` when it has mistakes."""
    from onehall.setup import packs

    return packs.changes(packs.read_sound(folder), with_staff=with_staff)


def apply(folder: Path, *, with_staff: bool = False, by: str = BY) -> City:
    """Apply a folder in one transaction; `packs.PackRefused` when it has mistakes."""
    from onehall.kernel import clock
    from onehall.setup import applying, packs

    pack = packs.read_sound(folder)
    return applying.apply(pack, with_staff=with_staff, by=by, now=clock.now())


def export(slug: str, folder: Path, *, with_staff: bool = False) -> City:
    """Write a city to an empty or new folder."""
    from onehall.setup import packs

    return packs.export(slug, folder, with_staff=with_staff)


@click.group()
def command() -> None:
    """Check, plan, apply and export a city folder."""


command.add_command(rehearse.command)


@command.command("check")
@click.argument("folder", type=FOLDER)
def check_command(folder: Path) -> None:
    """Report every mistake with its file and line. Needs no database."""
    running.set_up_django()
    from onehall.setup import packs

    pack, problems = packs.read(folder)
    _stop_if_wrong(problems)
    _say_warnings(packs.warnings(pack))
    done(f"No mistakes in {folder}.")


@command.command("plan")
@click.argument("folder", type=FOLDER)
@click.option("--with-staff", is_flag=True, help="Also the people named in the folder.")
def plan_command(folder: Path, *, with_staff: bool) -> None:
    """Show what `apply` would change."""
    with running.django():
        from onehall.setup import packs

        pack, problems = packs.read(folder)
        _stop_if_wrong(problems)
        _say_warnings(packs.warnings(pack))
        found = packs.changes(pack, with_staff=with_staff)
        for change in found:
            out.print(f"{_SIGNS[change.kind]} {change.what} ", end="")
            detail = f"  ({change.detail})" if change.detail else ""
            out.print(f"{change.name}{detail}", markup=False, soft_wrap=True)
        done(f"{len(found)} changes." if found else "Nothing would change.")


@command.command("apply")
@click.argument("folder", type=FOLDER)
@click.option("--with-staff", is_flag=True, help="Also add the people named in the folder.")
def apply_command(folder: Path, *, with_staff: bool) -> None:
    """Apply the folder in one transaction."""
    with running.django():
        from onehall.kernel import clock
        from onehall.setup import applying, packs

        with progress() as steps:
            reading = steps.add_task("Reading the folder", total=1)
            pack, problems = packs.read(folder)
            steps.advance(reading)
            touched = [] if problems else _flow_changes(packs.changes(pack))
            if not problems:
                storing = steps.add_task("Storing the city", total=1)
                city, recounted = applying.apply_counted(
                    pack, with_staff=with_staff, by=BY, now=clock.now()
                )
                steps.advance(storing)
        _stop_if_wrong(problems)
        _say_warnings(packs.warnings(pack))
        for line in touched:
            out.print(line, markup=False, soft_wrap=True)
        if recounted.moved:
            out.print(
                f"{recounted.moved} of {recounted.looked_at} open cases have another date:"
                f" {recounted.sooner} sooner, {recounted.later} later.",
                markup=False,
                soft_wrap=True,
            )
        done(f"{city.name} is at revision {city.revision}.")


@command.command("export")
@click.argument("slug")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--with-staff", is_flag=True, help="Also write the people, with their addresses.")
def export_command(slug: str, folder: Path, *, with_staff: bool) -> None:
    """Write a city back to a folder."""
    with running.django():
        from onehall.setup import packs

        try:
            packs.export(slug, folder, with_staff=with_staff)
        except packs.NoSuchCity:
            message = f"There is no city called {slug!r}."
            raise Failure(message) from None
        except FileExistsError:
            message = f"{folder} is not empty."
            raise Failure(message, hint="Name a new folder.") from None
        done(f"{slug} is in {folder}.")


def _flow_changes(found: list[Change]) -> list[str]:
    """What publishing touches: each flow with a new version, and the open cases that stay on old ones."""
    return [f"flow {c.name}: {c.detail}" for c in found if c.what == "flow" and c.kind != "add"]


def _stop_if_wrong(problems: list[PackProblem]) -> None:
    """One mistake a line, as file:line: sentence; then exit code 1."""
    for problem in problems:
        click.echo(str(problem))
    if problems:
        raise click.exceptions.Exit(1)


def _say_warnings(sentences: list[str]) -> None:
    for sentence in sentences:
        out.print(f"[yellow]warning[/] {escape(sentence)}", soft_wrap=True)
