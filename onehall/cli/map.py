"""`onehall map`: a basemap of a city, made of an OpenStreetMap extract."""

from __future__ import annotations

from pathlib import Path

import click
from rich.progress import TaskID

from onehall.cli import cities, running
from onehall.cli.words import Failure, done, progress


@click.group()
def command() -> None:
    """Make the basemap of a city."""


@command.command()
@click.argument("extract", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--city", "slug", help="The short name of the city; needed when there are several.")
def make(extract: Path, slug: str | None) -> None:
    """Make the map of an extract of OpenStreetMap, EXTRACT.osm.pbf.

    It takes the place of DATA/maps/<city>.pmtiles, and the city's map is drawn from it at once.
    """
    with running.django():
        from onehall.places import ground
        from onehall.places.making.make import NotMade
        from onehall.places.making.make import make as make_map

        city = cities.only(slug)
        target = ground.path_of(city)
        with progress() as shown:
            bars: dict[str, TaskID] = {}

            def told(what: str, number: int, of: int) -> None:
                if what not in bars:
                    for bar in bars.values():
                        shown.update(bar, total=1, completed=1)
                    bars[what] = shown.add_task(what, total=None)
                shown.update(bars[what], completed=number, total=of or None)

            try:
                made = make_map(extract, city, target, told)
            except NotMade as no:
                raise Failure(str(no), hint=no.advice) from no
            except OSError as error:
                raise Failure(f"The map was not written: {error}") from error
        done(
            f"{target} has {made.features:,} features in {made.tiles:,} tiles, {made.size / 1e6:.1f} MB."
        )
