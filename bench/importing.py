"""How fast requests come in from files of other cities: prints one JSON line per file.

`python -m bench.importing FOLDER` reads the files of the shared data folder `311` into a durable
scratch server of its own. With DATABASE_URL it uses that database, migrates it and leaves a city
there for every file.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

from bench import database

FILES = (
    ("santa-monica-gorequest", "santa-monica-gorequest-2005-2015.csv.gz"),
    ("boston-311", "boston-311-2011-h2.csv.gz"),
)


def server_cpu() -> float:
    """CPU seconds of the server process that serves us, where it runs on this machine; else 0."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), inet_server_addr() IS NULL")
        pid, local = cursor.fetchone()
    stat = Path(f"/proc/{pid}/stat")
    if not local or not stat.exists():
        return 0.0
    ticks = stat.read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, name: str, file: str) -> dict[str, object]:
    """Import one file into a fresh city and return the figures."""
    from onehall.kernel import clock
    from onehall.kernel.ids import uuid7
    from onehall.places.models import Area
    from onehall.service_requests.importing import loader, profile
    from tests.service_requests.import_city import build_city

    now = clock.now()
    city = build_city(now, slug=f"bench-{uuid7().hex[:12]}")
    Area.objects.filter(city=city).delete()
    with tempfile.TemporaryDirectory() as scratch:
        theirs = server_cpu()
        cpu, wall = time.process_time(), time.perf_counter()
        run = loader.import_requests(
            city=city,
            profile=profile.load(name),
            path=folder / file,
            rejects=Path(scratch) / "rejects.csv",
            now=now,
        )
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        theirs = server_cpu() - theirs
    return {
        "file": file,
        "rows": run.rows_done,
        "imported": run.imported,
        "rejected": run.rejected,
        "seconds": round(wall, 2),
        "rows_per_second": round(run.rows_done / wall),
        "own_cpu_seconds": round(cpu, 2),
        "server_cpu_seconds": round(theirs, 2),
        "load": round(os.getloadavg()[0], 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Measure every file, the given number of times."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--times", type=int, default=1)
    given = arguments.parse_args()
    with database.migrated():
        for _ in range(given.times):
            for name, file in FILES:
                print(json.dumps(measure(given.folder, name, file)), flush=True)


if __name__ == "__main__":
    main()
