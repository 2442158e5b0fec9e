"""Many cases at once: numbers, rows and hash-chained timelines through COPY, in the caller's transaction.

For imports and made-up histories. Nobody is told: no outbox rows, no messages. Timers are the caller's.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from django.db import connection
from django.db.backends.utils import CursorWrapper

from onehall.casework import numbers
from onehall.casework.clock import order
from onehall.casework.timeline import KINDS, PUBLIC_KINDS
from onehall.catalog import categories
from onehall.kernel.cells import cell_of
from onehall.kernel.chain import canonical
from onehall.places.models import City

_encode: Final = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
).encode
_EMPTY: Final[Mapping[type, str]] = {dict: "{}", list: "[]"}
_NO_TEXT: Final = '""'
# A whole float is hashed as an integer, as jsonb gives it back; only the chain's own writer does that.
_PERHAPS_FLOAT: Final = re.compile(r"\d[.eE]")

CASES: Final = "casework_case"
ENTRIES: Final = "casework_timelineentry"


@dataclass(slots=True, kw_only=True)
class EntryRow:
    """One entry, in the order of the timeline. `public` None means as usual for the kind."""

    at: datetime
    kind: str
    data: dict[str, Any] = field(default_factory=dict)
    public: bool | None = None
    actor_kind: str = "system"
    actor_id: int | None = None
    actor_name: str = ""


@dataclass(slots=True, kw_only=True)
class CaseRow:
    """One case as it ends up. Derived on copying: is_open, cell, due_order, lock and head.

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
    paused_at: datetime | None = None
    closed_at: datetime | None = None
    lon: float | None = None
    lat: float | None = None
    place_words: str = ""
    areas: dict[str, str] = field(default_factory=dict)
    priority: int = 0
    people_count: int = 1
    is_public: bool = True
    unread_reply: bool = False
    route_reason: Mapping[str, Any] | None = None


_CASE_COLUMNS: Final = (
    "id", "city_id", "service_id", "flow_version_id", "queue_id", "assignee_id", "merged_into_id",
    "asset_id", "opened_at", "updated_at", "due_at", "due_order", "promised_at", "paused_at",
    "closed_at", "lon", "lat", "cell", "lock", "entered", "priority", "people_count", "reopened",
    "is_open", "is_public", "unread_reply", "number", "state", "previous_state", "category",
    "outcome", "route_reason", "place_words", "areas", "head",
)  # fmt: skip
_ENTRY_COLUMNS: Final = (
    "case_id", "seq", "city_id", "at", "public", "actor_kind", "actor_id", "kind", "actor_name",
    "data", "hash",
)  # fmt: skip


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
    entries: list[tuple[Any, ...]] = []
    cases = [_case_values(row, _chain(row, entries)) for row in rows]
    copy_rows(cursor, CASES, _CASE_COLUMNS, cases)
    copy_rows(cursor, ENTRIES, _ENTRY_COLUMNS, entries)
    return [row.id for row in rows]


def copy_rows(
    cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY plain values into a table; JSON is given as text. Names must be the program's own.

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
        for row in rows:
            copy.write_row(row)
    if guarded:
        cursor.execute(f'INSERT INTO "{table}" ({names}) SELECT {names} FROM {target}')  # noqa: S608  (names are ours)
        cursor.execute(f"DROP TABLE {target}")


def json_text(value: object) -> str:
    """JSON for a jsonb column in COPY; keys sorted. TypeError for what JSON cannot hold."""
    return _encode(value) if value else _EMPTY.get(type(value)) or _encode(value)


def refresh_statistics() -> None:
    """Tell the planner about many new rows; after the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {CASES}, {ENTRIES}")


def _chain(row: CaseRow, into: list[tuple[Any, ...]]) -> bytes:
    """Append the entries' column values to `into`; the last hash."""
    if not row.timeline:
        raise ValueError(f"The case {row.number} has no timeline.")
    head = b""
    for seq, entry in enumerate(row.timeline, 1):
        if entry.kind not in KINDS:
            raise ValueError(f"Unknown kind of timeline entry: {entry.kind}")
        public = entry.kind in PUBLIC_KINDS if entry.public is None else entry.public
        data = json_text(entry.data)
        head = quick_hash(head, row.id, seq, entry, data, public=public)
        into.append(
            (row.id, seq, row.city_id, entry.at, public, entry.actor_kind, entry.actor_id,
             entry.kind, entry.actor_name, data, head)
        )  # fmt: skip
    return head


def quick_hash(
    previous: bytes, case_id: int, seq: int, entry: EntryRow, data: str, *, public: bool
) -> bytes:
    """`entry_hash` of `timeline.facts_for_hash`, with its canonical text put together here.

    Five times as fast, which is what an import of millions of rows waits for; a test holds both to
    the same bytes.
    """
    if _PERHAPS_FLOAT.search(data):
        data = canonical(entry.data).decode()
    actor = "null" if entry.actor_id is None else str(entry.actor_id)
    name = _encode(entry.actor_name) if entry.actor_name else _NO_TEXT
    at = entry.at if entry.at.tzinfo is UTC else entry.at.astimezone(UTC)
    moment = at.isoformat(timespec="microseconds")[:26]
    before = f'"{previous.hex()}"' if previous else "null"
    text = (
        f'{{"fields":{{"actor_id":{actor},"actor_kind":"{entry.actor_kind}","actor_name":{name},'
        f'"at":"{moment}Z","case":{case_id},"data":{data},"kind":"{entry.kind}",'
        f'"public":{"true" if public else "false"},"seq":{seq}}},"previous":{before}}}'
    )
    return hashlib.sha256(text.encode()).digest()


def _case_values(row: CaseRow, head: bytes) -> tuple[Any, ...]:
    cell = None if row.lon is None or row.lat is None else cell_of(row.lon, row.lat)
    reason = None if row.route_reason is None else json_text(row.route_reason)
    is_open = categories.is_open(row.category) and row.merged_into_id is None
    return (
        row.id, row.city_id, row.service_id, row.flow_version_id, row.queue_id, row.assignee_id,
        row.merged_into_id, row.asset_id, row.opened_at, row.updated_at, row.due_at,
        order(row.due_at), row.promised_at, row.paused_at, row.closed_at, row.lon, row.lat, cell,
        len(row.timeline), row.entered, row.priority, row.people_count, row.reopened, is_open,
        row.is_public, row.unread_reply, row.number, row.state, row.previous_state, row.category,
        row.outcome, reason, row.place_words, json_text(row.areas), head,
    )  # fmt: skip
