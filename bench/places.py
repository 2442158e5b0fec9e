"""How fast places are found and drawn: one JSON line per measurement, times in milliseconds.

`python -m bench.places [SLUG]` applies the made-up city to a scratch server of its own; with
DATABASE_URL it measures a city that is there, without a slug the first one. `--addresses 500000`
lays that city out again and again until it has as many, and measures only search in it.
`--pmtiles FILE` measures only tiles drawn from a file of vector tiles, for a city that lies where the
densest part of it is.
"""

import argparse
import functools
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from bench import database
from bench.grown import multiplied

if TYPE_CHECKING:
    from onehall.places.models import City

PACK = Path(__file__).resolve().parents[1] / "cities" / "port-alder"
ROUNDS = 400


def measured(name: str, jobs: Iterable[Callable[[], object]], **facts: object) -> None:
    """Run jobs one after another and print their percentiles; `cpu` is the median of this process's own time."""
    took, own = [], []
    for job in jobs:
        start, before = time.perf_counter(), time.process_time()
        job()
        took.append((time.perf_counter() - start) * 1000)
        own.append((time.process_time() - before) * 1000)
    cuts = statistics.quantiles(took, n=100) if len(took) > 1 else took * 99
    line = {"what": name, "n": len(took), "p50": cuts[49], "p95": cuts[94], "max": max(took)}
    line["cpu"] = statistics.median(own)
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


def misspelt(text: str, dice: random.Random, *, errors: int) -> str:
    """A text with letters left out, doubled, swapped or mistaken for another."""
    for _ in range(errors):
        at = dice.choice([n for n, letter in enumerate(text) if letter.isalpha()])
        other = dice.choice("abcdefghijklmnopqrstuvwxyz")
        pair = text[at : at + 2]
        changed = dice.choice(("", pair[0] * 2, other, pair[::-1]))
        text = text[:at] + changed + text[at + (2 if changed == pair[::-1] else 1) :]
    return text


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

    places = len(index.index_of(city).address_street)
    jobs = {"as typed": typed_texts(city, dice)}
    known = addresses_in(city, dice)
    jobs["exact address"] = known
    jobs["one error"] = [misspelt(text, dice, errors=1) for text in known]
    jobs["two errors"] = [misspelt(text, dice, errors=2) for text in known]
    for name, texts in jobs.items():
        ask = [functools.partial(queries.find_place, city, text, language="en") for text in texts]
        measured("find_place", ask, typed=name, addresses=places)
    points = points_in(city, dice)
    measured(
        "reverse", [functools.partial(queries.reverse, city, *p, language="en") for p in points]
    )
    measured("areas_at", [functools.partial(queries.areas_at, city, *p) for p in points])


def addresses_in(city: "City", dice: random.Random) -> list[str]:
    """Addresses that are there, in full."""
    from onehall.places import index

    held = index.index_of(city)
    return [held.address_words(dice.randrange(len(held.address_number))) for _ in range(ROUNDS)]


def building(city: "City") -> None:
    """What is done once for all processes."""
    from django.conf import settings

    from onehall.places import keeping

    for file in Path(settings.PLACES_DIR or "").glob("*.gazetteer"):
        file.unlink()
    measured("gazetteer built and kept", [functools.partial(keeping.prepare, city)])


def opening(city: "City") -> None:
    """What a process needs until it can search."""
    from django.conf import settings

    from onehall.places import index

    size = sum(file.stat().st_size for file in Path(settings.PLACES_DIR or "").glob("*.gazetteer"))
    before = own_memory()
    measured("gazetteer opened", [lambda: index.index_of(city)], file_mb=round(size / 1e6, 1))
    index.index_of(city).streets_near(*(city.center or (0.0, 0.0)), 50.0)
    held = round(own_memory() - before, 1)
    print(json.dumps({"what": "memory of this process alone for it", "mb": held}), flush=True)


def own_memory() -> float:
    """Megabytes that this process shares with nobody, without what is only mapped from a file."""
    rows = Path("/proc/self/smaps_rollup").read_text("utf-8").splitlines()
    return sum(int(row.split()[1]) for row in rows if row.startswith("Anonymous:")) / 1000


def grown(addresses: int) -> str:
    """Apply the made-up city multiplied; the slug of it."""
    from onehall.kernel import clock
    from onehall.places import pack

    found, _ = pack.read(PACK)
    large = multiplied(found, addresses, "grown")
    start = time.perf_counter()
    city = pack.apply(large, by="bench", now=clock.now())
    facts = {"streets": len({row.name for row in large.streets}), "places": len(large.landmarks)}
    took = round(time.perf_counter() - start, 1)
    told = {"what": "applied, its gazetteer built", "seconds": took, "addresses": addresses}
    print(json.dumps({**told, **facts}), flush=True)
    building(city)
    return large.city.slug


def points_in(city: "City", dice: random.Random) -> list[tuple[float, float]]:
    """Points all over the city's box."""
    west, south, east, north = city.bounds or (0.0, 0.0, 0.0, 0.0)
    return [(dice.uniform(west, east), dice.uniform(south, north)) for _ in range(ROUNDS)]


def drawing(city: "City", dice: random.Random) -> None:
    """The tiles of the map, and the still pictures of one place."""
    from django.conf import settings

    from onehall.places import tiles
    from onehall.places.drawing import held_labels
    from onehall.places.drawing.scene import scene_of

    measured("scene built", [lambda: scene_of(city)])
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


def basemap(path: Path) -> None:
    """Tiles drawn from a file of vector tiles: with nothing in memory, and those beside them."""
    from django.conf import settings

    from onehall.places import ground, tiles
    from onehall.places.drawing import held_labels
    from onehall.places.models import City

    with tempfile.TemporaryDirectory() as folder:
        settings.ONEHALL_TILE_CACHE, settings.MAPS_DIR = Path(folder) / "tiles", Path(folder)
        (Path(folder) / "basemap.pmtiles").symlink_to(path.resolve())
        city = City(slug="basemap", name="Basemap", languages=["en"])
        (west, south, east, north), (lon, lat) = densest(path)
        city.west, city.south, city.east, city.north = west, south, east, north
        city.save()
        if no := ground.why_not(city):
            sys.exit(no)
        for z in range(11, 19):
            near = around(city, lon, lat, z)
            cold = [functools.partial(drawn_cold, city, z, x, y) for x, y in near]
            measured("tile drawn, nothing in memory", cold, z=z, file=path.name)
            shutil.rmtree(settings.ONEHALL_TILE_CACHE, ignore_errors=True)
            held_labels.forget()
            ground.forget()
            warm = [functools.partial(tiles.draw_tile, city, z, x, y, dark=False) for x, y in near]
            measured("tile drawn, one after another", warm, z=z, file=path.name)


def around(city: "City", lon: float, lat: float, z: int) -> list[tuple[int, int]]:
    """The tiles beside that of a point, as far as the city goes."""
    west, south, east, north = city.bounds or (0.0, 0.0, 0.0, 0.0)
    first, last, (x, y) = tile_of(west, north, z), tile_of(east, south, z), tile_of(lon, lat, z)
    return [
        (column, row)
        for column in range(max(first[0], x - 2), min(last[0], x + 2) + 1)
        for row in range(max(first[1], y - 2), min(last[1], y + 2) + 1)
    ]


def drawn_cold(city: "City", z: int, x: int, y: int) -> None:
    """Draw a tile as the first one after a start."""
    from onehall.places import ground, tiles
    from onehall.places.drawing import held_labels

    held_labels.forget()
    ground.forget()
    tiles.draw_tile(city, z, x, y, dark=False)


def densest(path: Path) -> tuple[tuple[float, float, float, float], tuple[float, float]]:
    """The degrees that a file covers, and the middle of its heaviest tile."""
    from pmtiles.reader import MmapSource, all_tiles

    from onehall.kernel import geo
    from onehall.places.drawing.vector import VectorFile

    file = VectorFile(path)
    with path.open("rb") as stream:
        sizes = {where: len(data) for where, data in all_tiles(MmapSource(stream))}
    z, x, y = max(sizes, key=lambda where: (where[0] == file.deepest, sizes[where]))
    left, top, right, bottom = file.box
    west, north = geo.unmercator(left, top)
    east, south = geo.unmercator(right, bottom)
    return (west, south, east, north), geo.unmercator((x + 0.5) / (1 << z), (y + 0.5) / (1 << z))


def main() -> None:
    """Measure one city."""
    arguments = argparse.ArgumentParser(prog="python -m bench.places", description=__doc__)
    arguments.add_argument("slug", nargs="?")
    arguments.add_argument("--addresses", type=int, default=0, metavar="NUMBER")
    arguments.add_argument("--search", action="store_true", help="only search, no drawing")
    arguments.add_argument("--pmtiles", type=Path, metavar="FILE", help="only tiles of such a file")
    given = arguments.parse_args()
    own = not os.environ.get("DATABASE_URL")
    with database.migrated():
        if given.pmtiles:
            basemap(given.pmtiles)
            return
        if given.addresses:
            # In a process of its own, as a web process has it: what was applied leaves memory behind.
            again = [sys.executable, "-m", "bench.places", grown(given.addresses), "--search"]
            subprocess.run(again, check=True)
            return
        city = chosen_city(given.slug, own=own)
        dice = random.Random(7)
        if not given.search:
            building(city)
        opening(city)
        search(city, dice)
        if not given.search:
            drawing(city, dice)


if __name__ == "__main__":
    main()
