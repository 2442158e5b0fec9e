"""Copies of a city's past, so that a measurement meets the tables it will meet in a large city.

Copies begin a timeline of their own: without entries, so that every later act on them can be checked.
`multiply_made_up` copies cases alone, a hundred times as fast as making them up: enough for what lists and maps read.
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


_LEFT_OUT = """
SELECT format('DROP INDEX %I', i.relname), pg_get_indexdef(i.oid)
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indrelid = 'casework_case'::regclass AND NOT x.indisunique ORDER BY i.relname
"""
_SETTINGS = ("maintenance_work_mem = '1GB'", "max_parallel_maintenance_workers = 2")


def multiply_made_up(db: psycopg.Connection, *, cases: int) -> int:
    """Copy all cases there are until there are about `cases`; returns how many there are.

    Copies are as old as their cases but for some minutes, and lie where these do. They have no timeline and no report.
    The sums of days and of the map are not theirs before they are counted anew.
    """
    have = count(db)
    copies = round(cases / max(1, have)) - 1
    if copies < 1:
        return have
    last = database.number(db, "SELECT max(id) FROM casework_case")
    apart = 10 ** len(str(last))
    names = [row[0] for row in db.execute(COLUMNS)]
    changed = CHANGED | BARE | {"id": f"c.id + copy * {apart}"}
    text = MULTIPLY.format(
        columns=", ".join(f'"{n}"' for n in names),
        values=", ".join(changed.get(n, f'c."{n}"') for n in names),
    )
    for setting in _SETTINGS:
        db.execute(f"SET {setting}")
    db.execute("ALTER TABLE casework_case DISABLE TRIGGER USER")
    left_out = db.execute(_LEFT_OUT).fetchall()
    for drop, _again in left_out:
        db.execute(drop)
    for copy in range(1, copies + 1):
        db.execute(text, {"first": copy, "last": copy, "base": last})
    for _drop, again in left_out:
        db.execute(again)
    db.execute("ALTER TABLE casework_case ENABLE TRIGGER USER")
    db.execute("VACUUM ANALYZE casework_case")
    return count(db)
