"""`onehall city rehearse`: what a folder would do to the cases of the last weeks, before it is applied."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from onehall.cli import running
from onehall.cli.words import Failure, done, out, progress

if TYPE_CHECKING:
    from onehall.insights.rehearsal import Report
    from onehall.places.models import City
    from onehall.setup.packs import CityPack

MOST_DAYS = 366


@click.command("rehearse")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--days",
    default=30,
    show_default=True,
    type=click.IntRange(1, MOST_DAYS),
    help="Of how many days.",
)
@click.option(
    "--examples",
    default=3,
    show_default=True,
    type=click.IntRange(0, 100),
    help="Cases named for each.",
)
@click.option("--json", "as_json", is_flag=True, help="The whole outcome as JSON.")
def command(folder: Path, days: int, examples: int, *, as_json: bool) -> None:
    """Play the cases of the last days through the folder and show what would be otherwise. Writes nothing."""
    with running.django():
        from onehall.setup import packs

        pack, problems = packs.read(folder)
        for problem in problems:
            click.echo(str(problem))
        if problems:
            raise click.exceptions.Exit(1)
        city, report = _rehearse(pack, days, examples, quiet=as_json)
        if as_json:
            click.echo(json.dumps(report.as_doc(), ensure_ascii=False))
            return
        _show(city, report)
        share = f"{report.changed:,} of {report.cases:,} cases of {days} days"
        done(f"{share} would be otherwise. Nothing was written.")


def _rehearse(
    pack: CityPack, days: int, examples: int, *, quiet: bool = False
) -> tuple[City, Report]:
    from onehall.insights import rehearsal
    from onehall.insights.rehearsal import stored
    from onehall.kernel import clock
    from onehall.places.models import City

    slug = pack.places.city.slug
    city = City.objects.filter(slug=slug).first()
    if city is None:
        message = f"There is no city called {slug!r} to rehearse with."
        raise Failure(message, hint="Apply the folder first, or start the demo.")
    until = clock.now()
    since = until - timedelta(days=days)
    after = rehearsal.of_pack(
        pack.catalog, calendar=pack.places.calendar, zone=pack.places.city.time_zone
    )
    steps = progress()
    steps.disable = quiet
    with stored.read_only(), steps:
        total = stored.how_many(city, since=since, until=until)
        task = steps.add_task("Playing the cases", total=max(1, total))
        found = rehearsal.rehearse(
            rehearsal.of_city(city),
            after,
            stored.cases(city, since=since, until=until),
            since=since,
            until=until,
            examples=examples,
            seen=lambda count: steps.update(task, completed=count),
        )
        steps.update(task, completed=total)
    return city, found


def _show(city: City, report: Report) -> None:
    from onehall.insights.rehearsal import wording

    zone = ZoneInfo(city.time_zone)
    for kind, group in report.kinds:
        out.print(f"\n[bold]{wording.kind_words(kind)}[/]: {group.cases:,} cases")
        for about, count in group.by_about.most_common(8):
            out.print(f"  {count:>7,}  {about}", markup=False, soft_wrap=True)
        for example in group.examples:
            said = wording.example_words(kind, example, zone)
            line = f"           {example.number}  {example.service}  {said}"
            out.print(line[:300], markup=False, style="dim", soft_wrap=True)
    _queues(report)
    if report.taken_over:
        out.print(
            f"\n{report.taken_over:,} cases came from another system; {report.opening_only:,} of them were"
            " played to their opening only, for they have no recorded steps.",
            soft_wrap=True,
        )
    if report.unplayable or report.not_played:
        out.print(
            f"\n{report.unplayable:,} cases could not be played to their end by either,"
            f" {report.not_played:,} were too long.",
            soft_wrap=True,
        )


def _queues(report: Report) -> None:
    changed = {k: s for k, s in sorted(report.queues.items()) if s.changed}
    if not changed:
        return
    table = Table("Queue", "today, a week", "then, a week", title="\nWho would get how much")
    for key, share in changed.items():
        table.add_row(key, f"{report.a_week(share.was):,}", f"{report.a_week(share.now):,}")
    out.print(table)
