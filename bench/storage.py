"""Measures bytes per case: rows, indexes and the whole timeline, after VACUUM FULL.

`python -m bench.storage` measures a demo of its own, `--imported FOLDER` each file of the shared data
folder `311` imported into a scratch server, `--database URL` a database that is there.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import psycopg

from bench import database, importing

TABLES = {
    "case": "casework_case",
    "timeline": "casework_timelineentry",
    "report": "service_requests_servicerequest",
}


def totals(url: str) -> Counter[str]:
    """Cases, entries, and the bytes of each table with its indexes."""
    with psycopg.connect(url, autocommit=True) as db:
        found: Counter[str] = Counter()
        for name, table in TABLES.items():
            db.execute(f"VACUUM FULL ANALYZE {table}")
            row = db.execute(
                f"SELECT (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(%s)), (SELECT count(*) FROM {table})",
                [table],
            ).fetchone()
            assert row
            found[f"{name}_bytes"], found[name] = row
        return found


def tell(what: str, found: Counter[str]) -> None:
    """Print bytes per case."""
    cases = found["case"]
    figures = {f"{name}_bytes": round(found[f"{name}_bytes"] / cases) for name in TABLES}
    facts = {
        "what": f"storage per case, {what}",
        "cases": cases,
        "entries_per_case": round(found["timeline"] / cases, 2),
        "case_with_timeline_bytes": figures["case_bytes"] + figures["timeline_bytes"],
        **figures,
    }
    print(json.dumps(facts), flush=True)


def each_import(folder: Path) -> None:
    """What each file adds."""
    with database.migrated() as url:
        before = totals(url)
        for name, file in importing.FILES:
            importing.measure(folder, name, file)
            after = totals(url)
            tell(file, after - before)
            before = after


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--database")
    which.add_argument("--imported", type=Path)
    asked = parser.parse_args()
    if asked.database:
        tell("database", totals(asked.database))
    elif asked.imported:
        each_import(asked.imported)
    else:
        with database.demo() as url:
            tell("demo", totals(url))


if __name__ == "__main__":
    main()
