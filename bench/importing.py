"""How fast requests come in from files of other cities: prints one JSON line per file.

`python -m bench.importing FOLDER` reads the files of the shared data folder `311`. It needs
DATABASE_URL with a migrated database; it makes a city named "bench-import" and removes it at the end.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import django

FILES = (
    ("santa-monica-gorequest", "santa-monica-gorequest-2005-2015.csv.gz"),
    ("boston-311", "boston-311-2011-h2.csv.gz"),
)
TABLES = (
    "service_requests_servicerequest", "service_requests_importrun", "casework_timelineentry",
    "casework_case", "catalog_service", "catalog_servicegroup", "people_queue",
    "people_department", "places_area",
)  # fmt: skip


def measure(folder: Path, name: str, file: str) -> dict[str, object]:
    """Import one file into a fresh city and return the figures."""
    from onehall.kernel import clock
    from onehall.places.models import Area
    from onehall.service_requests.importing import loader, profile
    from tests.service_requests.import_city import build_city

    now = clock.now()
    city = build_city(now, slug="bench-import")
    Area.objects.filter(city=city).delete()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            cpu, wall = time.process_time(), time.perf_counter()
            run = loader.import_requests(
                city=city,
                profile=profile.load(name),
                path=folder / file,
                rejects=Path(scratch) / "rejects.csv",
                now=now,
            )
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    finally:
        remove(city.pk)
    return {
        "file": file,
        "rows": run.rows_done,
        "imported": run.imported,
        "rejected": run.rejected,
        "seconds": round(wall, 2),
        "rows_per_second": round(run.rows_done / wall),
        "own_cpu_seconds": round(cpu, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def remove(city_id: int) -> None:
    """Take the city away again, its timelines included."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL onehall.erase = 'on'")
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table} WHERE city_id = %s", [city_id])
        cursor.execute(
            "DELETE FROM catalog_flowversion WHERE flow_id IN "
            "(SELECT id FROM catalog_flow WHERE city_id = %s)",
            [city_id],
        )
        cursor.execute("DELETE FROM catalog_flow WHERE city_id = %s", [city_id])
        cursor.execute("DELETE FROM places_city WHERE id = %s", [city_id])


def main() -> None:
    """Measure every file, the given number of times."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--times", type=int, default=1)
    given = arguments.parse_args()
    django.setup()
    for _ in range(given.times):
        for name, file in FILES:
            print(json.dumps(measure(given.folder, name, file)), flush=True)


if __name__ == "__main__":
    main()
