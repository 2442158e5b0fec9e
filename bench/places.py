"""How fast places are found and drawn: one JSON line per measurement, times in milliseconds.

`python -m bench.places [SLUG]` applies the made-up city to a scratch server of its own; with
DATABASE_URL it measures a city that is there, without a slug the first one.
"""

import functools
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from bench import database

if TYPE_CHECKING:
    from onehall.places.models import City

PACK = Path(__file__).resolve().parents[1] / "cities" / "port-alder"
ROUNDS = 400


def measured(name: str, jobs: Iterable[Callable[[], object]], **facts: object) -> None:
    """Run jobs one after another and print their percentiles."""
    took = []
    for job in jobs:
        start = time.perf_counter()
        job()
        took.append((time.perf_counter() - start) * 1000)
    cuts = statistics.quantiles(took, n=100) if len(took) > 1 else took * 99
    line = {"what": name, "n": len(took), "p50": cuts[49], "p95": cuts[94], "max": max(took)}
    shown = {key: round(v, 2) if isinstance(v, float) else v for key, v in line.items()}
    print(json.dumps({**shown, **facts}), flush=True)


def typed_texts(city: "City", dice: random.Random) -> list[str]:
    """Addresses, corners and names as people type them: short forms, halves, slips."""
    from onehall.places import index

    held = index.index_of(city)
    texts = []
    for _ in range(ROUNDS):
        street = dice.choice(held.streets)
        text = dice.choice((f"{dice.randrange(1, 400)} {street.name}", street.name))
        if held.corners and dice.random() < 0.25:
            a, b = dice.choice(held.corners)
            text = f"{held.streets[a].name} and {held.streets[b].name}"
        at = dice.randrange(len(text))
        slip = dice.choice((text, text.lower(), text[: max(3, at)], text[:at] + text[at + 1 :]))
        texts.append(slip)
    return texts


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Column and row of the tile that a point lies on."""
    from onehall.kernel import cells

    x, y = cells.grid_xy(lon, lat)
    return x >> (26 - z), y >> (26 - z)


def chosen_city(slug: str | None, *, own: bool) -> "City":
    """The city to measure; the made-up one is applied to a server of our own."""
    from onehall.cli import city
    from onehall.places.models import City

    if own:
        return city.apply(PACK)
    return City.objects.get(slug=slug) if slug else City.objects.in_order()[0]


def search(city: "City", dice: random.Random) -> None:
    """What the search field and a tap on the map ask."""
    from onehall.places import index, queries
    from onehall.places.drawing.scene import scene_of

    measured("gazetteer built", [lambda: index.index_of(city)])
    measured("scene built", [lambda: scene_of(city)])
    texts = typed_texts(city, dice)
    measured(
        "find_place",
        [functools.partial(queries.find_place, city, text, language="en") for text in texts],
        addresses=len(index.index_of(city).address_street),
    )
    points = points_in(city, dice)
    measured(
        "reverse", [functools.partial(queries.reverse, city, *p, language="en") for p in points]
    )
    measured("areas_at", [functools.partial(queries.areas_at, city, *p) for p in points])


def points_in(city: "City", dice: random.Random) -> list[tuple[float, float]]:
    """Points all over the city's box."""
    west, south, east, north = city.bounds or (0.0, 0.0, 0.0, 0.0)
    return [(dice.uniform(west, east), dice.uniform(south, north)) for _ in range(ROUNDS)]


def drawing(city: "City", dice: random.Random) -> None:
    """The tiles of the map, and the still pictures of one place."""
    from django.conf import settings

    from onehall.places import tiles
    from onehall.places.drawing import held_labels

    points = points_in(city, dice)
    with tempfile.TemporaryDirectory() as folder:
        settings.ONEHALL_TILE_CACHE = Path(folder)
        for z in range(11, 19):
            chosen = sorted({tile_of(*p, z) for p in points[:25]})[:25]
            held_labels.forget()
            draw = [
                functools.partial(tiles.draw_tile, city, z, x, y, dark=False) for x, y in chosen
            ]
            measured("tile drawn", draw, z=z)
            measured("tile from disk", draw, z=z)
    lon, lat = city.center or (0.0, 0.0)
    still = functools.partial(
        tiles.draw_still,
        city,
        width=486,
        height=240,
        zoom=16.5,
        dark=False,
        pins=[tiles.Pin(lon, lat)],
    )
    measured("still drawn", [functools.partial(still, *p) for p in points[:25]], pixels="972x480")


def main() -> None:
    """Measure one city."""
    own = not os.environ.get("DATABASE_URL")
    with database.migrated():
        city = chosen_city(sys.argv[1] if len(sys.argv) > 1 else None, own=own)
        dice = random.Random(7)
        search(city, dice)
        drawing(city, dice)


if __name__ == "__main__":
    main()
