"""How fast `onehall generate history` makes up the past of a city: prints one JSON line per profile.

`python -m bench.generating [--cases 200000] [--profile la,nyc] [--processes 2]` applies the made-up city's pack to a
durable scratch server of its own, makes the history, and verifies its timelines.
"""

import argparse
import json
import os
import resource
import time
from pathlib import Path
from typing import Any

from bench import database, processes


def postmaster() -> int:
    """The process of the server that its backends come from, where it runs on this machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    return int(Path(f"/proc/{backend}/stat").read_text("ascii").rpartition(")")[2].split()[1])


def own_cpu() -> float:
    """CPU seconds of this process and its children that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure(cases: int, name: str, lanes: int, seed: int) -> dict[str, Any]:
    """Make one history and return the figures."""
    from django.db import connection

    from onehall.kernel import clock
    from onehall.places.models import City
    from onehall.service_requests.generating import profile, storing
    from onehall.service_requests.generating.running import run_to_end

    city, now = City.objects.get(), clock.now()
    chosen, moments = profile.load(name), {}
    server = postmaster()
    theirs = processes.cpu_seconds(*processes.below(server), with_ended=True)
    own, begin = own_cpu(), time.perf_counter()
    run = storing.begin(
        city=city, profile=chosen, seed=seed, cases=cases, years=3, until=now, lanes=lanes, now=now
    )

    def told(_count: int) -> None:
        moments.setdefault("first", time.perf_counter())
        moments["last"] = time.perf_counter()

    run_to_end(
        run, chosen, processes=lanes, rebuild=False, now=now, told=told, rebuilt=lambda *_: None
    )
    wall = time.perf_counter() - begin
    theirs = processes.cpu_seconds(*processes.below(server), with_ended=True) - theirs
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(lock) FROM casework_case WHERE id >= %s", [run.first_ids["case"]]
        )
        (entries,) = cursor.fetchone()
    return {
        "profile": name,
        "cases": cases,
        "reports": run.requests,
        "entries_per_case": round(int(entries) / cases, 2),
        "seconds": round(wall, 2),
        "writing_seconds": round(moments["last"] - moments["first"], 2),
        "cases_per_second": round(cases / wall),
        "own_cpu_seconds": round(own_cpu() - own, 2),
        "server_cpu_seconds": round(theirs, 2),
        "load": round(os.getloadavg()[0], 1),
        "peak_mb": max(
            resource.getrusage(who).ru_maxrss // 1024
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--profile", default="la,nyc")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    with database.migrated():
        from onehall.casework import verify
        from onehall.cli import city as city_commands
        from onehall.cli.demo_city import PACK

        city_commands.apply(PACK, with_staff=True)
        for seed, name in enumerate(asked.profile.split(","), 1):
            print(json.dumps(measure(asked.cases, name, asked.processes, seed)), flush=True)
        begin = time.perf_counter()
        faults = sum(1 for _ in verify.faults())
        took = round(time.perf_counter() - begin, 1)
        print(json.dumps({"faults_in_timelines": faults, "seconds": took}), flush=True)


if __name__ == "__main__":
    main()
