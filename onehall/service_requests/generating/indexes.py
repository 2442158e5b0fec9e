"""Leaves out the indexes, references and sums of the large tables while they are filled, and brings them back.

What must be brought back is stored in the same transaction in which it is left out: a history that is broken off
brings it back when it goes on.
"""

from collections.abc import Callable
from typing import Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from onehall.casework import mapping
from onehall.casework.bulk import CASES, ENTRIES
from onehall.service_requests.importing.rows import REQUESTS
from onehall.service_requests.models import HistoryRun

PEOPLE: Final = "people_person"
TARGETS: Final = "casework_casetarget"
TIMERS: Final = "casework_timer"
MESSAGES: Final = "messaging_message"
TABLES: Final = (CASES, ENTRIES, TARGETS, TIMERS, REQUESTS, PEOPLE, MESSAGES)
_CONSTRAINTS: Final = """
SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I', t.relname, c.conname),
       format('ALTER TABLE %%I ADD CONSTRAINT %%I %%s', t.relname, c.conname, pg_get_constraintdef(c.oid))
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE c.conrelid = %s::regclass AND c.contype = %s ORDER BY c.conname
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
_QUICK: Final = {
    "maintenance_work_mem": "512MB",
    "max_parallel_maintenance_workers": "2",
    "work_mem": "128MB",
}


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
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {CASES} DISABLE TRIGGER {_MAP}")
        for table in TABLES:
            references += _drop(cursor, _CONSTRAINTS, table, "f")
            if table == ENTRIES:
                # No other table refers to entries, and their key is the largest index of all.
                unique += _drop(cursor, _CONSTRAINTS, table, "p")
            unique += _drop(cursor, _CONSTRAINTS, table, "u")
            plain += _drop(cursor, _INDEXES, table)
    # The map first: it reads all cases in any case, and while they are being counted nothing else is missing.
    run.put_back = [*unique, _counted_anew(run), *plain, *references]
    run.save(update_fields=["put_back"])


def _counted_anew(run: HistoryRun) -> str:
    """Statements that count the map of the run's city and have new cases added to it again, as one."""
    return ";".join(
        (
            *mapping.counting(run.city),
            f"ALTER TABLE {CASES} ENABLE TRIGGER {_MAP}",
        )
    )


def _drop(cursor: CursorWrapper, sql: str, *given: str) -> list[str]:
    cursor.execute(sql, given)
    found = cursor.fetchall()
    for drop, _ in found:
        cursor.execute(drop)
    return [back for _, back in found]


def put_back(run: HistoryRun, told: Callable[[int, int], None]) -> None:
    """Bring back what was left out, one after the other; `told` hears how many are done of how many."""
    whole = len(run.put_back)
    while run.put_back:
        with transaction.atomic(), connection.cursor() as cursor:
            for name, value in _QUICK.items():
                cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
            cursor.execute(run.put_back[0])
            run.put_back = run.put_back[1:]
            run.save(update_fields=["put_back"])
        told(whole - len(run.put_back), whole)
