"""Measures what new areas cost: to say what they would do, and to put every open case where it lies then.

`python -m bench.areas [--cases 1000000] [--folder DIR] [--profile la]` starts a site, gives every district the outline of
the next one, so that nearly every open case lies elsewhere, counts the effect, moves the cases in batches as the worker does,
and moves them back. At the end every hash is recomputed. One JSON line per figure.
"""

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.http import say
from bench.moves import verify
from bench.site import Site, held_worker, multiply, profile_option, running, settle

if TYPE_CHECKING:
    from onehall.places.areas import AreaIndex
    from onehall.places.models import City

LAYER = "district"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    profile_option(parser)
    asked = parser.parse_args()
    with running(folder=asked.folder) as site:
        cases = multiply(site, asked.cases, bare=True, profile=asked.profile)
        settle(site)
        with held_worker(site):
            measure(site, cases)
        verify(site)


def measure(site: Site, cases: int) -> None:
    """There and back."""
    site.enter()
    from onehall.places.models import City

    city = City.objects.get()
    now, then = index_of(city, turn=0), index_of(city, turn=1)
    effect(city, then, cases)
    move(city, then, "moved to the next district", cases)
    move(city, now, "moved back", cases)


def index_of(city: "City", *, turn: int) -> "AreaIndex":
    """The city's areas, every district with the outline of the one so many places after it."""
    from onehall.places.areas import AreaIndex
    from onehall.places.models import Area

    rows = list(
        Area.objects.filter(city=city)
        .order_by("sort", "id")
        .values_list("layer", "code", "name", "geometry")
    )
    shapes = [shape for layer, _code, _name, shape in rows if layer == LAYER]
    shapes = shapes[turn:] + shapes[:turn]
    outlines = iter(shapes)
    return AreaIndex(
        [
            (layer, code, name, next(outlines) if layer == LAYER else shape)
            for layer, code, name, shape in rows
        ]
    )


def effect(city: "City", index: "AreaIndex", cases: int) -> None:
    """Looked at in memory, as before publishing."""
    from onehall.casework import redistricting

    begin, seen, moved = time.perf_counter(), 0, 0
    for batch in redistricting.batches(city):
        seen += len(batch)
        moved += len(redistricting.changes(index, batch))
    tell("effect of new areas, counted", cases, seen, moved, time.perf_counter() - begin)


def move(city: "City", index: "AreaIndex", what: str, cases: int) -> None:
    """Written, each batch with its timeline in a transaction of its own."""
    from django.db import transaction

    from onehall.casework import redistricting
    from onehall.kernel import clock
    from onehall.people.actor import system
    from onehall.setup.area_moves import names_of

    names, by = names_of(city), system(city.pk)
    begin, after, seen, moved = time.perf_counter(), 0, 0, 0
    while True:
        with transaction.atomic():
            done = redistricting.put_batch(
                city=city, index=index, after=after, names=names, by=by, now=clock.now()
            )
        if done.last is None:
            break
        after, seen, moved = done.last, seen + done.looked_at, moved + done.moved
    tell(f"open cases {what}", cases, seen, moved, time.perf_counter() - begin)


def tell(what: str, cases: int, seen: int, moved: int, seconds: float) -> None:
    """Print a result."""
    figures: dict[str, Any] = {
        "cases": cases,
        "open_on_the_map": seen,
        "moved": moved,
        "seconds": round(seconds, 1),
        "a_second": round(seen / seconds),
        "load": round(os.getloadavg()[0], 1),
    }
    say(what=what, **figures)


if __name__ == "__main__":
    main()
