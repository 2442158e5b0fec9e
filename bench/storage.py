"""Measures bytes per case: rows, indexes and the whole timeline, after VACUUM FULL.

`python -m bench.storage [--database URL]`: an imported or demo database; by default a demo of its own.
"""

import argparse
import json

import psycopg

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
    parser.add_argument("--database")
    asked = parser.parse_args()
    if asked.database:
        measure(asked.database)
        return
    with running() as site:
        measure(site.database)


if __name__ == "__main__":
    main()
