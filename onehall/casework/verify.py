"""Look for timelines that were changed behind the program's back: a stream over all, in constant memory.

Both streams come ordered by case, so that a case whose entries are gone and entries whose case is gone
are seen as well. Who can rewrite every later hash of a case and its row too is not found here: compare
with a backup.
"""

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Literal

from django.db import connection

from onehall.casework.linking import actor_text, hashed_text, json_text, quick_hash
from onehall.casework.models import TimelineEntry
from onehall.casework.timeline import KINDS, facts_for_hash, seal
from onehall.kernel import chain

BATCH: Final = 5_000
ACTORS: Final = frozenset({"resident", "staff", "system"})

type What = Literal["changed", "missing", "cut", "extra", "head", "no case"]
type Row = tuple[Any, ...]

CASES_SQL: Final = """
SELECT c.id, c.number, c.lock, c.head FROM casework_case c
WHERE (%(city)s::bigint IS NULL OR c.city_id = %(city)s)
  AND (%(since)s::timestamptz IS NULL OR c.updated_at >= %(since)s)
ORDER BY c.id
"""

ENTRIES_SQL: Final = """
SELECT e.case_id, e.seq, e.at, e.kind, e.public, e.actor_kind, e.actor_id, e.actor_name, e.data, e.hash
FROM casework_timelineentry e
WHERE (%(city)s::bigint IS NULL OR e.city_id = %(city)s)
  AND (%(since)s::timestamptz IS NULL
       OR e.case_id IN (SELECT id FROM casework_case WHERE updated_at >= %(since)s))
ORDER BY e.case_id, e.seq
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken place: the case's number (its id when the case is gone), the entry, and what is wrong."""

    number: str
    seq: int
    what: What


def expected(*, city_id: int | None = None, since: datetime | None = None) -> int:
    """How many entries there should be, for a progress display."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce(sum(lock), 0) FROM ({CASES_SQL}) c",  # noqa: S608  (our own text)
            {"city": city_id, "since": since},
        )
        return int(cursor.fetchone()[0])


def faults(
    *,
    city_id: int | None = None,
    since: datetime | None = None,
    seen: Callable[[int], None] = lambda _count: None,
) -> Iterator[Fault]:
    """Every fault, by case. `since` narrows to cases that say they were changed since then.

    Call it in a transaction, best one that reads a single snapshot. `seen` hears how many entries
    were read since it was called last.
    """
    given = {"city": city_id, "since": since}
    with closing(_stream(CASES_SQL, given)) as cases, closing(_stream(ENTRIES_SQL, given)) as rows:
        chains = groupby(_counted(rows, seen), key=itemgetter(0))
        found = next(chains, None)
        for case_id, number, lock, head in cases:
            while found is not None and found[0] < case_id:
                yield _orphan(found)
                found = next(chains, None)
            if found is not None and found[0] == case_id:
                yield from _check(number, lock, head, found[1])
                found = next(chains, None)
            else:
                yield from _check(number, lock, head, iter(()))
        while found is not None:
            yield _orphan(found)
            found = next(chains, None)


def _orphan(group: tuple[int, Iterator[Row]]) -> Fault:
    return Fault(str(group[0]), next(group[1])[1], "no case")


def _stream(sql: str, given: dict[str, Any]) -> Generator[Row]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, given)
        while rows := cursor.fetchmany(BATCH):
            yield from rows


def _counted(rows: Iterator[Row], seen: Callable[[int], None]) -> Iterator[Row]:
    count = 0
    for row in rows:
        yield row
        count += 1
        if count == BATCH:
            seen(count)
            count = 0
    seen(count)


def _check(number: str, lock: int, head: bytes | None, rows: Iterator[Row]) -> Iterator[Fault]:
    """Faults of one case: its entries must run from 1 to its lock, each following from the one before.

    One that does not follow must be as the last `erased` entry that names it left it.
    """
    previous, seq, torn = b"", 0, _Torn()
    for row in rows:
        if row[1] != seq + 1:
            yield Fault(number, seq + 1, "missing")
        seq = row[1]
        if seq > lock:
            yield Fault(number, seq, "extra")
        else:
            torn.look(previous, row)
        previous = bytes(row[9])
    yield from (Fault(number, at, "changed") for at in torn.unsealed())
    if seq < lock:
        yield Fault(number, seq + 1, "cut")
    elif seq == lock and previous != bytes(head or b""):
        yield Fault(number, seq, "head")


@dataclass(slots=True)
class _Torn:
    """Entries of one case that do not follow from those before them, and what erasures said is left of them."""

    found: dict[int, str] = field(default_factory=dict)
    sealed: dict[int, str] = field(default_factory=dict)

    def look(self, previous: bytes, row: Row) -> None:
        """Take note of an entry; what one says that does not follow itself counts for nothing."""
        if not _follows(previous, row):
            self.found[row[1]] = _seal(previous, row)
        elif row[3] == "erased":
            self.sealed |= _seals(row)

    def unsealed(self) -> list[int]:
        """Those that no erasure explains."""
        return [at for at, left in self.found.items() if not left or self.sealed.get(at) != left]


def _seals(row: Row) -> dict[int, str]:
    """What an entry about an erasure says that is left of earlier ones."""
    kept = json.loads(row[8]).get("sealed", {})
    return {int(seq): str(seal) for seq, seal in kept.items() if int(seq) < row[1]}


def _seal(previous: bytes, row: Row) -> str:
    """The seal of an entry as it is stored; "" for what no seal can be of."""
    entry = _entry(row)
    entry.hash = bytes(row[9])
    try:
        return seal(previous or None, entry)
    except (TypeError, ValueError):
        return ""


def _entry(row: Row) -> TimelineEntry:
    case_id, seq, at, kind, public, actor_kind, actor_id, actor_name, text, _found = row
    return TimelineEntry(
        case_id=case_id,
        seq=seq,
        at=at,
        kind=kind,
        public=public,
        actor_kind=actor_kind,
        actor_id=actor_id,
        actor_name=actor_name,
        data=json.loads(text),
    )


def _follows(previous: bytes, row: Row) -> bool:
    """Whether the stored hash is that of the entry: worked out the quick way, in doubt the exact one."""
    case_id, seq, at, kind, public, actor_kind, actor_id, actor_name, text, found = row
    data = json.loads(text)
    # Only where these need no quoting is the quick way sure.
    if kind in KINDS and actor_kind in ACTORS:
        quick = quick_hash(
            previous.hex(), case_id, seq, at=chain.moment(at), kind=kind, public=public,
            actor=actor_text(actor_kind, actor_id, actor_name),
            data=hashed_text(data, json_text(data)),
        )  # fmt: skip
        if quick == bytes(found).hex():
            return True
    try:
        link = chain.entry_hash(previous or None, facts_for_hash(_entry(row)))
    except (TypeError, ValueError):
        return False
    return link == bytes(found)
