"""Copies of a city's past, so that a measurement meets the tables it will meet in a large city.

Copies begin a timeline of their own: without entries, so that every later act on them can be checked.
"""

import math

import psycopg

from bench import database

APART = 1_000_000
"""Between the keys of a case and of its copy."""

COLUMNS = """
SELECT column_name FROM information_schema.columns WHERE table_name = 'casework_case' ORDER BY ordinal_position
"""
MULTIPLY = """
INSERT INTO casework_case ({columns})
SELECT {values}
FROM casework_case c, generate_series(%(first)s::int, %(last)s::int) AS copy
WHERE c.id <= %(base)s
ON CONFLICT DO NOTHING
"""
CHANGED = {
    "id": f"c.id + copy * {APART}",
    "number": "'B' || copy || '-' || c.number",
    # Spread the copies over the same 18 months, so that lists stay mixed.
    "opened_at": "c.opened_at - copy * interval '37 seconds'",
    "due_order": "c.due_order + copy * interval '41 seconds'",
}
BARE = {"lock": "0", "head": "NULL"}


def multiply(db: psycopg.Connection, *, originals: int, cases: int, bare: bool = False) -> int:
    """Copy the cases up to the key `originals` until there are about `cases`; returns how many there are.

    `bare` copies have no timeline at all instead of naming one that is not there.
    """
    have = count(db)
    base = database.number(db, "SELECT count(*) FROM casework_case WHERE id <= %s", [originals])
    names = [row[0] for row in db.execute(COLUMNS)]
    changed = CHANGED | (BARE if bare else {})
    copies = max(0, math.ceil((cases - have) / max(1, base)))
    done = database.number(db, f"SELECT coalesce(max(id) / {APART}, 0) FROM casework_case")
    if copies:
        db.execute(
            MULTIPLY.format(
                columns=", ".join(f'"{n}"' for n in names),
                values=", ".join(changed.get(n, f'c."{n}"') for n in names),
            ),
            {"first": done + 1, "last": done + copies, "base": originals},
        )
    db.execute("VACUUM ANALYZE casework_case")
    return count(db)


def count(db: psycopg.Connection) -> int:
    """How many cases there are."""
    return database.number(db, "SELECT count(*) FROM casework_case")
