"""The timeline's table lies in parts by the number of the case, so that it can grow without end.

Numbers of cases only grow, so new entries go to the newest parts, whose index stays small enough to be held in
memory, while old parts stand still: they are vacuumed once, and can be moved to cheaper disks. What is beyond the
newest part goes to one that takes the rest, so that nothing is ever refused.
"""

import logging
from datetime import datetime
from typing import Final

from django.db import OperationalError, connection, transaction

from onehall.kernel.database import net

log = logging.getLogger(__name__)

SIZE: Final = 2_000_000
"""Cases of one part: some two gigabytes of their entries. Few parts keep every plan quick."""
AHEAD: Final = 1
"""Whole parts that are ready beyond the newest case."""
MOST_AT_ONCE: Final = 64
TABLE: Final = "casework_timelineentry"
REST: Final = f"{TABLE}_rest"

KNOWN: Final = f"""
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid)
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = '{TABLE}'::regclass ORDER BY c.oid
"""  # noqa: S608  (a constant of this file)

# A part is filled before it belongs to the table, so that readers wait only for the moment of joining.
MAKE: Final = f"""
CREATE TABLE {{name}} (LIKE {TABLE} INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
LOCK TABLE {REST} IN ACCESS EXCLUSIVE MODE;
WITH moved AS (DELETE FROM {REST} WHERE case_id >= {{low}} AND case_id < {{high}} RETURNING *)
INSERT INTO {{name}} SELECT * FROM moved;
ALTER TABLE {TABLE} ATTACH PARTITION {{name}} FOR VALUES FROM ({{low}}) TO ({{high}});
"""  # noqa: S608  (constants of this file and whole numbers)


def keep_ahead(*, now: datetime) -> None:  # noqa: ARG001  (recurring work is told the time)
    """Have parts ready for the cases to come."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM casework_case")
        newest = int(cursor.fetchone()[0])
    reach(newest)


def reach(case_id: int) -> int:
    """Have parts up to that of a case, and beyond; returns how many were made.

    Each is made in a transaction of its own that waits for nobody longer than a few seconds: what could not be
    made now is made next time, and entries meanwhile go to the part that takes the rest.
    """
    wanted = range(_known(), case_id // SIZE + 1 + AHEAD)
    made = 0
    for number in wanted[:MOST_AT_ONCE]:
        try:
            _make(number)
        except OperationalError:
            log.warning("event=timeline.busy part=%d", number)
            break
        made += 1
    if made:
        net.stretch()
    return made


def _known() -> int:
    """How many parts there are without the one for the rest; they follow each other without a gap."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN)
        names = [name for name, _bound in cursor.fetchall() if name != REST]
    return max((int(name.rpartition("_")[2]) + 1 for name in names), default=0)


def _make(number: int) -> None:
    words = {
        "name": f"{TABLE}_{number}",
        "low": number * SIZE,
        "high": (number + 1) * SIZE,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '3s'")
        cursor.execute("SET LOCAL onehall.erase = 'on'")
        cursor.execute(MAKE.format(**words))
        # Also where the caller's transaction goes on.
        cursor.execute("SET LOCAL onehall.erase = ''")
