"""Measures bytes per case: rows, indexes and the whole timeline, after VACUUM FULL.

`python -m bench.storage` measures a demo of its own, `--imported FOLDER` the shared data folder `311`
imported into a scratch server, `--database URL` a database that is there.
"""

import argparse
import json
from pathlib import Path

import psycopg

from bench import database, importing
from bench.site import running

TABLES = {
    "case": "casework_case",
    "timeline": "casework_timelineentry",
    "report": "service_requests_servicerequest",
}


def measure(url: str) -> None:
    """Print the figures of one database."""
    with psycopg.connect(url, autocommit=True) as db:
        figures: dict[str, float] = {}
        cases = db.execute("SELECT count(*) FROM casework_case").fetchone()
        entries = db.execute("SELECT count(*) FROM casework_timelineentry").fetchone()
        assert cases
        assert entries
        for name, table in TABLES.items():
            db.execute(f"VACUUM FULL ANALYZE {table}")
            size = db.execute("SELECT pg_total_relation_size(%s)", [table]).fetchone()
            assert size
            figures[f"{name}_bytes"] = round(size[0] / cases[0])
        both = figures["case_bytes"] + figures["timeline_bytes"]
        print(
            json.dumps(
                {
                    "what": "storage per case",
                    "cases": cases[0],
                    "entries_per_case": round(entries[0] / cases[0], 2),
                    "case_with_timeline_bytes": both,
                    **figures,
                }
            )
        )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--database")
    which.add_argument("--imported", type=Path)
    asked = parser.parse_args()
    if asked.database:
        measure(asked.database)
    elif asked.imported:
        with database.migrated() as url:
            for name, file in importing.FILES:
                importing.measure(asked.imported, name, file)
            measure(url)
    else:
        with running() as site:
            database.tell(site.database)
            measure(site.database)


if __name__ == "__main__":
    main()
