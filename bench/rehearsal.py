"""Measures a rehearsal: real cases played through the set-up of today and through a changed one.

`python -m bench.rehearsal [--cases 10000] [--within 60]` makes a demo on a scratch server of its own, changes
routing, promises, a flow and its messages in a copy of the city's folder, and plays the newest cases, with
their timelines. It fails when that takes longer than asked for, or when memory grows with the cases.
"""

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench import database

PACK = Path(__file__).resolve().parents[1] / "cities" / "port-alder"
CHANGES = (
    ("services/pothole.yaml", "promise: {days: 3", "promise: {days: 2"),
    ("services/pothole.yaml", "queue: roads", "queue: signs"),
    ("flows/repair.yaml", "timers: [{after: {days: 7}, fire: settle}]", "timers: [{after: {days: 3}, fire: settle}]"),
    ("flows/repair.yaml", "en: The crew says it is fixed.", "en: Our crew says that it is fixed."),
)  # fmt: skip
MOST_GROWTH_MB = 100


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--within", type=float, default=60)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, database.demo():
        folder = Path(scratch) / "pack"
        shutil.copytree(PACK, folder)
        for file, old, new in CHANGES:
            path = folder / file
            path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
        measure(folder, asked.cases, asked.within)


def measure(folder: Path, wanted: int, within: float) -> None:
    """Play the newest cases once; one line of JSON."""
    from onehall.casework.models import Case
    from onehall.insights import rehearsal
    from onehall.insights.rehearsal import stored
    from onehall.kernel import clock
    from onehall.places.models import City
    from onehall.setup import packs

    city, until = City.objects.get(), clock.now()
    newest = Case.objects.order_by("-opened_at").values_list("opened_at", flat=True)
    since = list(newest[:wanted])[-1] - timedelta(microseconds=1)
    pack = packs.read_sound(folder)
    after = rehearsal.of_pack(
        pack.catalog, calendar=pack.places.calendar, zone=pack.places.city.time_zone
    )
    before = peak_mb()
    wall, cpu = time.perf_counter(), time.process_time()
    with stored.read_only():
        report = rehearsal.rehearse(
            rehearsal.of_city(city),
            after,
            stored.cases(city, since=since, until=until),
            since=since,
            until=until,
        )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    grown = peak_mb() - before
    facts = {
        "what": "rehearsal",
        "cases": report.cases,
        "changed": report.changed,
        "seconds": round(wall, 1),
        "own_cpu_seconds": round(cpu, 1),
        "cases_per_second": round(report.cases / wall),
        "grown_mb": grown,
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(facts), flush=True)
    if wall > within:
        sys.exit(f"It took longer than {within:g} seconds.")
    if grown > MOST_GROWTH_MB:
        sys.exit(f"It took {grown} MB of memory.")


def peak_mb() -> int:
    """The most memory this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
