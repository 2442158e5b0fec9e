"""`onehall import`: brings in what another system holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from onehall.cli import running
from onehall.cli.words import Failure, done, out, rows_bar

if TYPE_CHECKING:
    from onehall.service_requests.importing.profile import Profile
    from onehall.service_requests.models import ImportRun


@click.group()
def command() -> None:
    """Bring in requests from another system."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--profile", "name", required=True, help="A profile's name, or a .yaml file.")
@click.option("--city", "slug", required=True, help="The short name of the city.")
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where rejected rows go; FILE.rejects.csv in this folder when left out.",
)
@click.option("--restart", is_flag=True, help="Read from the beginning, not where it broke off.")
@click.option("--keep-as", help="The service for rows whose own is not in the catalog.")
def requests(
    file: Path,
    *,
    name: str,
    slug: str,
    rejects: Path | None,
    restart: bool,
    keep_as: str | None,
) -> None:
    """Bring in past requests from a CSV file, packed with gzip or not.

    It may be stopped at any time: started again, it goes on where it was. Rows that are there
    already are never written twice.
    """
    with running.django():
        from onehall.service_requests.importing import profile as profiles

        try:
            profile = profiles.load(name)
            if keep_as:
                profile = profiles.with_fallback(profile, keep_as)
        except profiles.ProfileError as error:
            raise Failure(str(error)) from error
        target = rejects or Path(f"{file.name}.rejects.csv")
        if target.absolute() == file.absolute():
            raise Failure("The rejected rows need a file of their own.")
        run = _import(file, profile, slug, target, restart=restart)
        _report(run, target)


def _import(file: Path, profile: Profile, slug: str, rejects: Path, *, restart: bool) -> ImportRun:
    from onehall.kernel import clock
    from onehall.places.models import City
    from onehall.service_requests.importing import loader, reader
    from onehall.service_requests.importing.profile import ProfileError

    city = City.objects.filter(slug=slug).first()
    if city is None:
        known = ", ".join(City.objects.order_by("slug").values_list("slug", flat=True))
        raise Failure(f'There is no city "{slug}".', hint=f"Cities here: {known or 'none'}.")
    with rows_bar() as bar:
        task = bar.add_task(file.name, total=file.stat().st_size, rows=0)

        def show(position: int, size: int, run: ImportRun) -> None:
            bar.update(task, completed=position, total=size, rows=run.rows_done)

        try:
            return loader.import_requests(
                city=city,
                profile=profile,
                path=file,
                rejects=rejects,
                now=clock.now(),
                restart=restart,
                progress=show,
            )
        except (ProfileError, reader.FileBroken, loader.ImportBusy) as error:
            raise Failure(str(error)) from error


def _report(run: ImportRun, rejects: Path) -> None:
    from onehall.service_requests.importing.reasons import REASONS, REPAIRS

    done(
        f"{run.rows_done:,} rows in = {run.imported:,} imported"
        f" + {run.already:,} already there + {run.rejected:,} rejected"
    )
    for title, counts, words in (
        ("Rejected", run.reasons, REASONS),
        ("Put right or left out", run.repairs, REPAIRS),
    ):
        if not counts:
            continue
        table = Table(title=title, title_justify="left", show_header=False, box=None)
        table.add_column(justify="right")
        table.add_column()
        for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            table.add_row(f"{count:,}", str(words[key]))
        out.print(table)
    if run.reasons.get("service"):
        out.print("Rows of unknown services come in with --keep-as SERVICE.")
    if run.rejected:
        out.print(f"The rejected rows are in {rejects}, with line and reason.", markup=False)
    else:
        # Nothing but a header would only raise the question of what is missing.
        rejects.unlink(missing_ok=True)
