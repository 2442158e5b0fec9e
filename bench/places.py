"""How fast places are found and drawn: one JSON line per measurement, times in milliseconds.

python bench/places.py [slug]            needs DATABASE_URL and a city with a map; without a slug, the first city
"""

import functools
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402

from onehall.kernel import cells  # noqa: E402
from onehall.places import index, queries, tiles  # noqa: E402
from onehall.places.drawing import held_labels  # noqa: E402
from onehall.places.drawing.scene import scene_of  # noqa: E402
from onehall.places.models import City  # noqa: E402

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


def typed_texts(city: City, dice: random.Random) -> list[str]:
    """Addresses, corners and names as people type them: short forms, halves, slips."""
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
    x, y = cells.grid_xy(lon, lat)
    return x >> (26 - z), y >> (26 - z)


def main() -> None:
    """Measure one city."""
    wanted = sys.argv[1:]
    city = City.objects.get(slug=wanted[0]) if wanted else City.objects.in_order()[0]
    dice = random.Random(7)
    measured("gazetteer built", [lambda: index.index_of(city)])
    measured("scene built", [lambda: scene_of(city)])
    held = index.index_of(city)
    addresses = len(held.address_street)
    texts = typed_texts(city, dice)
    measured(
        "find_place",
        [functools.partial(queries.find_place, city, text, language="en") for text in texts],
        addresses=addresses,
    )
    west, south, east, north = city.bounds or (0.0, 0.0, 0.0, 0.0)
    points = [(dice.uniform(west, east), dice.uniform(south, north)) for _ in range(ROUNDS)]
    measured(
        "reverse", [functools.partial(queries.reverse, city, *p, language="en") for p in points]
    )
    measured("areas_at", [functools.partial(queries.areas_at, city, *p) for p in points])
    with tempfile.TemporaryDirectory() as folder:
        settings.ONEHALL_TILE_CACHE = Path(folder)
        for z in range(11, 19):
            places = {tile_of(*p, z) for p in points[:25]}
            chosen = sorted(places)[:25]
            held_labels.forget()
            draw = [
                functools.partial(tiles.draw_tile, city, z, x, y, dark=False) for x, y in chosen
            ]
            measured("tile drawn", draw, z=z)
            measured("tile from disk", draw, z=z)
    lon, lat = city.center or (0.0, 0.0)
    still = [
        functools.partial(
            tiles.draw_still,
            city,
            *p,
            width=486,
            height=240,
            zoom=16.5,
            dark=False,
            pins=[tiles.Pin(lon, lat)],
        )
        for p in points[:25]
    ]
    measured("still drawn", still, pixels="972x480")


if __name__ == "__main__":
    main()
