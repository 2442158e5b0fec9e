"""Leaves out the indexes, references and sums of the large tables while they are filled, and brings them back.

What must be brought back is stored in the same transaction in which it is left out: a history that is broken off
brings it back when it goes on.
"""

from collections.abc import Callable
from typing import Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from onehall.casework import bulk, mapping
from onehall.casework.bulk import CASES, ENTRIES
from onehall.service_requests.generating import returning
from onehall.service_requests.importing.rows import REQUESTS
from onehall.service_requests.models import HistoryRun

PEOPLE: Final = "people_person"
TARGETS: Final = "casework_casetarget"
TIMERS: Final = "casework_timer"
MESSAGES: Final = "messaging_message"
TABLES: Final = (ENTRIES, CASES, REQUESTS, PEOPLE, TARGETS, TIMERS, MESSAGES)
"""The largest first: what takes longest is begun first when they come back."""
_KEYS: Final = """
SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I', t.relname, c.conname),
       format('ALTER TABLE %%I ADD CONSTRAINT %%I %%s', t.relname, c.conname, pg_get_constraintdef(c.oid))
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE c.conrelid = %s::regclass AND c.contype = %s ORDER BY c.conname
"""
# To prove a reference holds no lock that the others wait for; a table in parts has to prove it at once.
_REFERENCES: Final = """
SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I', t.relname, c.conname),
       format('ALTER TABLE %%I ADD CONSTRAINT %%I %%s%%s', t.relname, c.conname, pg_get_constraintdef(c.oid),
              CASE t.relkind WHEN 'p' THEN '' ELSE ' NOT VALID' END),
       CASE t.relkind WHEN 'p' THEN '' ELSE format('ALTER TABLE %%I VALIDATE CONSTRAINT %%I', t.relname, c.conname) END
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE c.conrelid = %s::regclass AND c.contype = 'f' ORDER BY c.conname
"""
_INDEXES: Final = """
SELECT format('DROP INDEX %%I', i.relname), pg_get_indexdef(i.oid)
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indrelid = %s::regclass AND NOT x.indisprimary
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.oid AND c.contype IN ('u', 'x'))
ORDER BY i.relname
"""
_MAP: Final = "case_map_added"
"""The trigger that adds new cases to the sums of the map; afterwards they are counted at once."""


def are_empty() -> bool:
    """Whether there is no case and no report at all: then nobody misses the indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT NOT EXISTS (SELECT FROM {CASES}) AND NOT EXISTS (SELECT FROM {REQUESTS})"  # noqa: S608  (our own names)
        )
        return bool(cursor.fetchone()[0])


@transaction.atomic
def leave_out(run: HistoryRun) -> None:
    """Drop the indexes but the keys that others refer to, and the references. Nobody else can use the tables meanwhile."""
    unique: list[str] = []
    plain: list[str] = []
    references: list[str] = []
    proofs: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {CASES} DISABLE TRIGGER {_MAP}")
        for late in bulk.LATE:
            cursor.execute(f"ALTER TABLE {late.table} DISABLE TRIGGER {late.trigger}")
        for table in TABLES:
            for back, proof in _drop(cursor, _REFERENCES, table):
                references.append(back)
                proofs += [proof] if proof else []
        for table in TABLES:
            if table == ENTRIES:
                # No other table refers to entries, and their key is the largest index of all.
                unique += [back for (back,) in _drop(cursor, _KEYS, table, "p")]
            unique += [back for (back,) in _drop(cursor, _KEYS, table, "u")]
            plain += [back for (back,) in _drop(cursor, _INDEXES, table)]
    # The map before the indexes: it reads all cases in any case, and while they are being counted nothing else is missing.
    run.put_back = [
        *unique, _counted_anew(run), *_made_up_for(run), *plain, *references, *proofs
    ]  # fmt: skip
    run.save(update_fields=["put_back"])


def _counted_anew(run: HistoryRun) -> str:
    """Statements that count the map of the run's city and have new cases added to it again, as one."""
    return ";".join(
        (
            *mapping.counting(run.city),
            f"ALTER TABLE {CASES} ENABLE TRIGGER {_MAP}",
        )
    )


def _made_up_for(run: HistoryRun) -> list[str]:
    """Statements that do at once what each of the other triggers would have done, and have them do it again."""
    first = int(run.first_ids["case"])
    return [
        f"ALTER TABLE {late.table} ENABLE TRIGGER {late.trigger};{late.at_once.format(first=first)}"
        for late in bulk.LATE
    ]


def _drop(cursor: CursorWrapper, sql: str, *given: str) -> list[tuple[str, ...]]:
    """Drop what a query names; what it says of bringing it back."""
    cursor.execute(sql, given)
    found = cursor.fetchall()
    for drop, *_ in found:
        cursor.execute(drop)
    return [tuple(back) for _, *back in found]


def put_back(run: HistoryRun, told: Callable[[int, int], None], *, lanes: int = 1) -> None:
    """Bring back what was left out, on so many connections; `told` hears how many are done of how many."""
    returning.run_all(run.pk, run.put_back, told, lanes=lanes)
    run.put_back = []
