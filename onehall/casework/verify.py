"""Look for timelines that were changed behind the program's back: a stream over all, in constant memory.

Both streams come ordered by case, so that a case whose entries are gone and entries whose case is gone
are seen as well. Then the files of the archive are read, one at a time: each must have the bytes it is named by, and the
history of every case that names it. Who can rewrite every later hash of a case and its row too is not found here: compare
with a backup.
"""

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Literal

from django.db import connection

from onehall.casework import archive_files
from onehall.casework.archive_files import Held, Unreadable
from onehall.casework.linking import actor_text, hashed_text, json_text, quick_hash
from onehall.casework.models import Archive, Case, TimelineEntry
from onehall.casework.timeline import KINDS, facts_for_hash, seal
from onehall.kernel import chain, storage

BATCH: Final = 5_000
ACTORS: Final = frozenset({"resident", "staff", "system"})

type What = Literal["changed", "missing", "cut", "extra", "head", "no case", "unreadable"]
type Row = tuple[Any, ...]

CASES_SQL: Final = """
SELECT c.id, c.number, c.lock, c.head, c.archive_id FROM casework_case c
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
        for case_id, number, lock, head, archive_id in cases:
            while found is not None and found[0] < case_id:
                yield _orphan(found)
                found = next(chains, None)
            if found is not None and found[0] == case_id:
                # Of an archived case the tables have nothing: its history must be in one place.
                lock = 0 if archive_id is not None else lock
                yield from _check(number, lock, head, found[1])
                found = next(chains, None)
            elif archive_id is None:
                yield from _check(number, lock, head, iter(()))
        while found is not None:
            yield _orphan(found)
            found = next(chains, None)
    yield from archive_faults(city_id=city_id, since=since, seen=seen)


def archive_faults(
    *,
    city_id: int | None = None,
    since: datetime | None = None,
    seen: Callable[[int], None] = lambda _count: None,
) -> Iterator[Fault]:
    """Every fault of the archive, file by file."""
    archives = Archive.objects.filter(sealed_at__isnull=False).order_by("pk")
    if city_id is not None:
        archives = archives.filter(city_id=city_id)
    for pk, name in list(archives.values_list("pk", "name")):
        cases = Case.objects.filter(archive_id=pk)
        if since is not None:
            cases = cases.filter(updated_at__gte=since)
        rows = list(cases.order_by("pk").values_list("pk", "number", "lock", "head"))
        held = _held(name) if rows else {}
        for case_id, number, lock, head in rows:
            one = held.get(case_id)
            if one is None:
                yield Fault(number, 1, "unreadable")
            else:
                yield from faults_of_line(number, case_id, lock, bytes(head or b""), one.line)
        seen(sum(row[2] for row in rows))


def _held(name: str) -> dict[int, Held]:
    """What is in a file of the archive, by case; nothing where it is missing or not what was written."""
    try:
        data = storage.read(name)
        if storage.name_of(data, archive_files.SUFFIX) != name:
            return {}
        return {one.case_id: one for one in archive_files.taken_apart(data)}
    except (Unreadable, OSError):
        return {}


def faults_of_line(
    number: str, case_id: int, lock: int, head: bytes | None, line: bytes
) -> Iterator[Fault]:
    """Faults of a case whose history is a line of the archive."""
    try:
        doc = archive_files.parsed(line)
        rows = [_row_of(case_id, entry) for entry in doc["entries"]]
        wrong = doc["case"] != case_id
    except (Unreadable, KeyError, TypeError, ValueError):
        wrong = True
    if wrong:
        yield Fault(number, 1, "unreadable")
    else:
        yield from _check(number, lock, head, iter(rows))


def _row_of(case_id: int, entry: Mapping[str, Any]) -> Row:
    return (
        case_id, entry["seq"], datetime.fromisoformat(entry["at"]), entry["kind"], entry["public"],
        entry["actor_kind"], entry["actor_id"], entry["actor_name"], json.dumps(entry["data"]),
        bytes.fromhex(entry["hash"].removeprefix("\\x")),
    )  # fmt: skip


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
