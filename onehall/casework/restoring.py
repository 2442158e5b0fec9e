"""Brings the histories of archived cases back into the tables, exactly as they were: whatever adds to a case does so first."""

import json
import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _

from onehall.casework import archived, verify
from onehall.casework.archive_files import Unreadable
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Archive, Case, CasePause, TimelineEntry, Timer
from onehall.kernel.rows import columns_of, table_of

log = logging.getLogger(__name__)

PARTS: Final = {"entries": TimelineEntry, "timers": Timer, "pauses": CasePause}
"""What of a case lies in the archive, by its name in a line: what only the case's own pages read."""

APART: Final = ("case_id", "city_id")
"""Columns that every row of a case has alike."""


def bring_back(cases: Iterable[Case]) -> int:
    """Bring back those that are archived; how many were. The caller's transaction has a lock on each.

    MoveRefused where a history cannot be read or is not what was archived: then nothing may be added to it.
    """
    mine = [case for case in cases if case.archive_id is not None]
    if not mine:
        return 0
    wanted = archived.where(mine)
    try:
        lines = archived.lines_of(wanted)
        for case in mine:
            _check(case, lines[case.pk])
    except (Unreadable, KeyError) as problem:
        log.error("event=archive.unreadable archives=%s error=%s", set(wanted.values()), problem)  # noqa: TRY400
        words = _(
            "The history of this case is archived and cannot be read now, so nothing can be added."
            " Tell whoever looks after the system."
        )
        raise MoveRefused(words) from problem
    for part in PARTS:
        _insert(part, mine[0].city_id, [lines[case.pk] for case in mine])
    Case.objects.filter(pk__in=wanted).update(archive=None, archived_channel="")
    # The file holds what it may not: it is written anew without it (`archiving.tidy`).
    Archive.objects.filter(pk__in=set(wanted.values()), stale=False).update(stale=True)
    for case in mine:
        case.archive_id, case.archived_channel = None, ""
    return len(mine)


def _check(case: Case, line: bytes) -> None:
    """The line must be that of the case, to its last entry."""
    faults = verify.faults_of_line(case.number, case.pk, case.lock, bytes(case.head or b""), line)
    if first := next(faults, None):
        raise Unreadable(f"entry {first.seq} of case {case.pk} is not what was archived")


def _insert(part: str, city_id: int, lines: Sequence[bytes]) -> None:
    """Have the database read the lines that it wrote: numbers in JSON come back to the digit."""
    columns = _columns(part, lines)
    if not columns:
        return
    table = table_of(PARTS[part])
    named = ", ".join(f'"{name}"' for name in columns)
    taken = ", ".join(f'r."{name}"' for name in columns)
    sql = f"""
    INSERT INTO {table} (city_id, case_id, {named})
    SELECT %s, (line.doc ->> 'case')::bigint, {taken}
    FROM unnest(%s::jsonb[]) AS line(doc),
         jsonb_populate_recordset(NULL::{table}, line.doc -> '{part}') AS r
    """  # noqa: S608  (our own tables and columns)
    with connection.cursor() as cursor:
        cursor.execute(sql, [city_id, [line.decode() for line in lines]])


def _columns(part: str, lines: Sequence[bytes]) -> list[str]:
    """The columns to fill: those that the lines have and the table still has; others get what the table gives them."""
    docs: list[dict[str, Any]] = [json.loads(line) for line in lines]
    first: dict[str, Any] = next((row for doc in docs for row in doc[part]), {})
    return [name for name in columns_of(PARTS[part]) if name in first]
