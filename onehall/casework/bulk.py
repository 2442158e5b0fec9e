"""Many cases at once: numbers, rows and hash-chained timelines through COPY, in the caller's transaction.

For imports and made-up histories. Nobody is told: no outbox rows, no messages. Timers are the caller's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import batched
from typing import Any, Final

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import Copy

from onehall.casework import numbers
from onehall.casework.clock import NEVER
from onehall.casework.linking import JsonText, actor_text, hashed_text, json_text, quick_hash
from onehall.casework.timeline import KINDS, PUBLIC_KINDS
from onehall.catalog import categories
from onehall.kernel.cells import cell_of
from onehall.kernel.chain import moment
from onehall.kernel.copylines import FLAG, NULL, hexed, json, known, text
from onehall.places.models import City

CASES: Final = "casework_case"
ENTRIES: Final = "casework_timelineentry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A trigger that may be off while many cases are copied, and one statement that does what it would have done.

    `at_once` has {first} in it, the first key of the new cases; what it does for older ones must do no harm.
    """

    table: str
    trigger: str
    at_once: str


LATE: Final[list[Late]] = []
"""Those of the rooms above; a room adds its own when it is ready."""


@dataclass(slots=True, kw_only=True)
class EntryRow:
    """One entry, in the order of the timeline. `public` None means as usual for the kind."""

    at: datetime
    kind: str
    data: dict[str, Any] | JsonText = field(default_factory=dict)
    public: bool | None = None
    actor_kind: str = "system"
    actor_id: int | None = None
    actor_name: str = ""


@dataclass(slots=True, kw_only=True)
class CaseRow:
    """One case as it ends up. Derived on copying: is_open, due_order, risk_at, lock and head, and the cell of a
    place where it is left out.

    `id` 0 means a new one. `entered` counts the changes of state since the start.
    """

    city_id: int
    service_id: int
    flow_version_id: int
    queue_id: int
    number: str
    state: str
    category: str
    opened_at: datetime
    updated_at: datetime
    timeline: list[EntryRow]
    id: int = 0
    previous_state: str = ""
    outcome: str = ""
    entered: int = 0
    reopened: int = 0
    assignee_id: int | None = None
    merged_into_id: int | None = None
    asset_id: int | None = None
    due_at: datetime | None = None
    promised_at: datetime | None = None
    counted_from: datetime | None = None
    paused_at: datetime | None = None
    closed_at: datetime | None = None
    lon: float | None = None
    lat: float | None = None
    cell: int | None = None
    place_words: str = ""
    areas: dict[str, str] | JsonText = field(default_factory=dict)
    priority: int = 0
    people_count: int = 1
    is_public: bool = True
    unread_reply: bool = False
    route_reason: Mapping[str, Any] | JsonText | None = None


_CASE_COLUMNS: Final = (
    "id", "city_id", "service_id", "flow_version_id", "queue_id", "assignee_id", "merged_into_id",
    "asset_id", "opened_at", "updated_at", "due_at", "due_order", "risk_at", "promised_at",
    "counted_from", "paused_at", "closed_at", "lon", "lat", "cell", "lock", "entered", "priority", "people_count", "reopened",
    "is_open", "is_public", "unread_reply", "number", "state", "previous_state", "category",
    "outcome", "route_reason", "place_words", "areas", "head",
)  # fmt: skip
_ENTRY_COLUMNS: Final = (
    "case_id", "seq", "city_id", "at", "public", "actor_kind", "actor_id", "actor_name", "kind",
    "data", "hash",
)  # fmt: skip
_NOT_ASKED_FOR: Final = frozenset({"route_reason", "areas", "head", "data", "hash"})
_LINES: Final = 250
_NEVER: Final = moment(NEVER)


def allocate_numbers(city: City, year: int, n: int) -> list[str]:
    """`n` new case numbers of a city's year (in the city's zone), ascending by value."""
    if n <= 0:
        return []
    # The first makes the sequence when the year is new; the rest then come straight from it.
    first = numbers.next_numbers(city, year, 1)
    with connection.cursor() as cursor:
        series = f"onehall_number_{city.pk}_{year}"
        rest = _from_sequence(cursor, series, n - 1)
    return first + [numbers.written(city, year, value) for value in rest]


def allocate_ids(cursor: CursorWrapper, table: str, n: int) -> list[int]:
    """`n` new primary keys of a table, ascending."""
    cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
    return _from_sequence(cursor, cursor.fetchone()[0], n)


def reserve_ids(cursor: CursorWrapper, table: str, n: int) -> int:
    """Keep `n` primary keys of a table in a row for the caller; the first of them."""
    cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
    return _reserve(cursor, cursor.fetchone()[0], n)


def reserve_numbers(cursor: CursorWrapper, city: City, year: int, n: int) -> int:
    """Keep `n` case numbers of a city's year in a row for the caller; the first of them."""
    # Makes the sequence when the year is new; the number it gives is left out then.
    numbers.next_numbers(city, year, 1)
    return _reserve(cursor, f"onehall_number_{city.pk}_{year}", n)


def _reserve(cursor: CursorWrapper, name: str, n: int) -> int:
    # Changing the sequence, if only to what it is, keeps others from it until the commit.
    cursor.execute(f"ALTER SEQUENCE {name} CACHE 1")
    cursor.execute("SELECT nextval(%s::regclass)", [name])
    first = int(cursor.fetchone()[0])
    cursor.execute("SELECT setval(%s::regclass, %s)", [name, first + max(1, n) - 1])
    return first


def _from_sequence(cursor: CursorWrapper, name: str, n: int) -> list[int]:
    cursor.execute("SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [name, n])
    return [row[0] for row in cursor.fetchall()]


def copy_cases(cursor: CursorWrapper, rows: Sequence[CaseRow]) -> list[int]:
    """Insert cases with their timelines; sets and returns their ids, in order.

    Runs in the caller's transaction. ValueError for an unknown kind of entry or an empty timeline.
    """
    fresh = [row for row in rows if not row.id]
    ids = allocate_ids(cursor, CASES, len(fresh)) if fresh else []
    for row, new in zip(fresh, ids, strict=True):
        row.id = new
    lines = _Lines()
    # The lines of cases are made while the server takes in those before them.
    copy_lines(cursor, CASES, _CASE_COLUMNS, map(lines.case, rows))
    copy_lines(cursor, ENTRIES, _ENTRY_COLUMNS, lines.entries)
    return [row.id for row in rows]


def copy_rows(
    cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY plain values into a table; JSON is given as text. Names must be the program's own."""
    with _copying(cursor, table, columns) as copy:
        for row in rows:
            copy.write_row(row)


def copy_lines(
    cursor: CursorWrapper, table: str, columns: Sequence[str], lines: Iterable[str]
) -> None:
    """COPY rows that are `copylines` already, their fields parted by tabs, without line ends."""
    with _copying(cursor, table, columns) as copy:
        for some in batched(lines, _LINES):
            copy.write("\n".join((*some, "")))


@contextmanager
def _copying(cursor: CursorWrapper, table: str, columns: Sequence[str]) -> Iterator[Copy]:
    """An open COPY into a table.

    COPY is refused where row-level security applies to this role: then it goes to a temporary
    table first and from there by INSERT, which the policies do check.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    cursor.execute("SELECT row_security_active(%s)", [table])
    target = f'"{table}"'
    guarded = bool(cursor.fetchone()[0])
    if guarded:
        target = '"onehall_staging"'
        cursor.execute(
            f'CREATE TEMP TABLE {target} ON COMMIT DROP AS SELECT {names} FROM "{table}" LIMIT 0'  # noqa: S608  (names are ours)
        )
    with cursor.copy(f"COPY {target} ({names}) FROM STDIN") as copy:
        yield copy
    if guarded:
        cursor.execute(f'INSERT INTO "{table}" ({names}) SELECT {names} FROM {target}')  # noqa: S608  (names are ours)
        cursor.execute(f"DROP TABLE {target}")


def refresh_statistics() -> None:
    """Tell the planner about many new rows; after the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(";".join(statistics()))


def statistics() -> list[str]:
    """Statements that tell the planner about many new rows, one for each table."""
    # Without JSON and hashes: no query chooses rows by them, and they are what takes longest.
    return [
        f"ANALYZE {table} ({', '.join(name for name in columns if name not in _NOT_ASKED_FOR)})"
        for table, columns in ((ENTRIES, _ENTRY_COLUMNS), (CASES, _CASE_COLUMNS))
    ]


def _risk(row: CaseRow) -> datetime | None:
    """Four fifths of the way on the clock; a change of the set-up counts it in working time."""
    if row.due_at is None:
        return None
    return row.opened_at + max(timedelta(), row.due_at - row.opened_at) * 0.8


class _Lines:
    """The lines of cases, and beside them those of their entries.

    A million cases go through here: what is the same for many is written once, and what is left out is not asked for by
    a call.
    """

    def __init__(self) -> None:
        self.entries: list[str] = []
        # By identity, because to hash a time takes as long as to write it; kept alive, so that no
        # other object gets its identity.
        self._dates: dict[int, tuple[datetime, str]] = {}

    def case(self, row: CaseRow) -> str:
        """The line of a case; appends those of its entries to `entries`."""
        times: dict[int, str] = {}
        head = self._tell(row, times)
        cell = row.cell
        if cell is None and row.lon is not None and row.lat is not None:
            cell = cell_of(row.lon, row.lat)
        reason = NULL if row.route_reason is None else _json(row.route_reason)
        is_open = categories.is_open(row.category) and row.merged_into_id is None
        due = NULL if row.due_at is None else self._date(row.due_at)
        risk = _risk(row) if is_open else None
        promised = NULL if row.promised_at is None else _moment(row.promised_at, times)
        if row.promised_at is row.due_at:
            promised = due
        closed = NULL if row.closed_at is None else _moment(row.closed_at, times)
        counted = NULL if row.counted_from is None else _moment(row.counted_from, times)
        paused = NULL if row.paused_at is None else _moment(row.paused_at, times)
        return (
            f"{row.id}\t{row.city_id}\t{row.service_id}\t{row.flow_version_id}\t{row.queue_id}\t"
            f"{NULL if row.assignee_id is None else row.assignee_id}\t"
            f"{NULL if row.merged_into_id is None else row.merged_into_id}\t"
            f"{NULL if row.asset_id is None else row.asset_id}\t"
            f"{_moment(row.opened_at, times)}\t{_moment(row.updated_at, times)}\t{due}\t"
            f"{_NEVER if row.due_at is None else due}\t{NULL if risk is None else moment(risk)}\t{promised}\t"
            f"{counted}\t{paused}\t{closed}\t{NULL if row.lon is None else row.lon}\t"
            f"{NULL if row.lat is None else row.lat}\t"
            f"{NULL if cell is None else cell}\t{len(row.timeline)}\t{row.entered}\t{row.priority}\t"
            f"{row.people_count}\t{row.reopened}\t{FLAG[is_open]}\t{FLAG[row.is_public]}\t"
            f"{FLAG[row.unread_reply]}\t{text(row.number)}\t{_word(row.state)}\t"
            f"{_word(row.previous_state)}\t{row.category}\t{_word(row.outcome)}\t{reason}\t"
            f"{text(row.place_words)}\t{_json(row.areas)}\t{hexed(head)}"
        )

    def _tell(self, row: CaseRow, times: dict[int, str]) -> str:
        """Append the lines of a case's entries; the last hash in hex."""
        if not row.timeline:
            raise ValueError(f"The case {row.number} has no timeline.")
        head, case_id, city_id, append = "", row.id, row.city_id, self.entries.append
        for seq, entry in enumerate(row.timeline, 1):
            kind, data, public = entry.kind, entry.data, entry.public
            if kind not in KINDS:
                raise ValueError(f"Unknown kind of timeline entry: {kind}")
            if public is None:
                public = kind in PUBLIC_KINDS
            at = times[id(entry.at)] = moment(entry.at)
            actor, fields = _actor(entry.actor_kind, entry.actor_id, entry.actor_name)
            plain: str
            hashed: str
            if type(data) is JsonText:
                plain = hashed = data
            else:
                plain = json_text(data)
                hashed = hashed_text(data, plain)
            head = quick_hash(
                head, case_id, seq, at=at, kind=kind, public=public, actor=actor, data=hashed
            )
            append(
                f"{case_id}\t{seq}\t{city_id}\t{at}\t{FLAG[public]}\t{fields}\t{kind}\t"
                f"{json(plain)}\t{hexed(head)}"
            )
        return head

    def _date(self, at: datetime) -> str:
        """A date that many cases share, such as the end of a promise in days."""
        found = self._dates.get(id(at))
        if found is None:
            found = self._dates[id(at)] = at, moment(at)
        return found[1]


def _moment(at: datetime, times: dict[int, str]) -> str:
    """A time; the same object as of an entry, such as a case's opening, is written once."""
    return times.get(id(at)) or moment(at)


_word = lru_cache(maxsize=5_000)(text)
"""States, outcomes: few words, again and again."""
_ready: Final = lru_cache(maxsize=5_000)(json)


def _json(value: Mapping[str, Any] | JsonText) -> str:
    """JSON for a line; what was written once for many cases is made ready once."""
    return _ready(value) if type(value) is JsonText else json(json_text(value))


@lru_cache(maxsize=5_000)
def _actor(kind: str, key: int | None, name: str) -> tuple[str, str]:
    """Whoever made an entry, as its hash covers them, and as fields of a line."""
    return actor_text(kind, key, name), f"{kind}\t{known(key)}\t{text(name)}"
