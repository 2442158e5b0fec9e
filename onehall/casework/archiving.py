"""Moves the histories of cases that ended long ago into files, as the city says (`archive_after`), and keeps the files tidy.

A batch is done in this order, so that it can be killed at any point: its row, not sealed; the file, read back; then one
transaction that seals the row, lets the cases name it and deletes what the file holds. Killed before that, all is as it
was, and a row that was never sealed is removed with its file an hour later. A case that changed meanwhile stays where it
is. Whatever brings a history back (`restoring`) marks the file as stale, and it is written anew without that case.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, models, transaction
from django.db.models.functions import Coalesce

from onehall.casework import archive_files, holds, restoring, verify
from onehall.casework.archive_files import Held, Unreadable
from onehall.casework.models import Archive, Case
from onehall.casework.restoring import APART, PARTS
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.kernel import storage
from onehall.kernel.rows import table_of
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewOutbox
from onehall.places import retention
from onehall.places.models import City
from onehall.places.retention import Term

log = logging.getLogger(__name__)

BATCH: Final = 2_000
"""Cases of one file, which are moved in one transaction."""
AT_ONCE: Final = 10_000
"""Cases after which a worker looks at its other work."""
TIDY_AT_ONCE: Final = 20
FORGET: Final = "casework.archives"
"""Topic of the outbox rows that delete files of the archive which no row names any more."""
GRACE: Final = timedelta(days=1)
"""A file that was written anew stays so long: a backup that dumped the database before copies the files after."""
ABANDONED: Final = """
SELECT id, city_id FROM casework_archive
WHERE sealed_at IS NULL AND created_at < now() - interval '1 hour' ORDER BY id
"""

DUE: Final = """
 c.city_id = %s AND c.service_id = %s AND c.closed_at < %s AND c.updated_at < %s
 AND c.closed_at IS NOT NULL AND c.merged_into_id IS NULL AND c.archive_id IS NULL
 AND NOT EXISTS (SELECT FROM casework_timer t
                  WHERE t.case_id = c.id AND (t.fired_at IS NULL OR t.parked_at IS NOT NULL))
"""
"""Whatever still waits for a timer has not come to its end; one that was given up is in a list until somebody looks."""

COUNT: Final = f"""
SELECT count(*) FILTER (WHERE c.id <> ALL(%s)), count(*) FILTER (WHERE c.id = ANY(%s)),
       min(c.closed_at) FILTER (WHERE c.id <> ALL(%s))
FROM casework_case c WHERE {DUE}
"""  # noqa: S608  (constants of this file)

PICK: Final = f"""
SELECT c.id FROM casework_case c WHERE {DUE} AND c.id <> ALL(%s) ORDER BY c.closed_at LIMIT %s
"""  # noqa: S608  (constants of this file)

JOINED: Final = """
SELECT c.id FROM casework_case c
WHERE c.merged_into_id = ANY(%s) AND c.archive_id IS NULL AND c.id <> ALL(%s)
  AND NOT EXISTS (SELECT FROM casework_timer t
                  WHERE t.case_id = c.id AND (t.fired_at IS NULL OR t.parked_at IS NOT NULL))
"""

_LIST: Final = (
    "'{part}', coalesce((SELECT jsonb_agg(to_jsonb(r) - %s::text[] ORDER BY r.{order})"
    " FROM {table} r WHERE r.case_id = c.id), '[]')"
)
_LISTS: Final = ", ".join(
    _LIST.format(part=part, table=table_of(rows), order="seq" if part == "entries" else "id")
    for part, rows in PARTS.items()
)

GATHER: Final = f"""
SELECT c.id, c.number, c.lock, c.head,
       json_build_object('case', c.id, 'number', c.number, 'archived_at', %s::timestamptz, {_LISTS})::text
FROM casework_case c WHERE c.id = ANY(%s) ORDER BY c.id
"""  # noqa: S608  (constants of this file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What of one service is due: cases, how many of them are held, and when the oldest one ended."""

    service: ServiceDefinition
    term: Term
    cases: int
    held: int
    oldest: datetime | None


def ruled(city: City) -> list[tuple[ServiceDefinition, Term]]:
    """The services of a city whose cases are archived, those no longer offered too."""
    found = [
        (service, retention.archive_term(city.retention, service.retention))
        for service in catalogue(city).every
    ]
    return [(service, term) for service, term in found if term is not None]


def _due(city: City, service: ServiceDefinition, term: Term, now: datetime) -> list[Any]:
    before = term.before(now)
    return [city.pk, service.id, before, before]


def plan(city: City, *, now: datetime) -> list[Line]:
    """What would be archived now. Nothing is changed."""
    held = sorted(holds.covered(city.pk))
    lines = []
    for service, term in ruled(city):
        with connection.cursor() as cursor:
            cursor.execute(COUNT, [held, held, held, *_due(city, service, term, now)])
            cases, kept, oldest = cursor.fetchone()
        lines.append(Line(service=service, term=term, cases=cases, held=kept, oldest=oldest))
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What of a city is archived: files, their bytes, and the cases and entries that were put into them."""

    files: int
    cases: int
    entries: int
    size: int


def stock(city: City) -> Stock:
    """What is archived of a city."""
    rows = Archive.objects.filter(city=city, sealed_at__isnull=False)
    found = rows.aggregate(
        files=models.Count("pk"),
        cases=Coalesce(models.Sum("cases"), 0),
        entries=Coalesce(models.Sum("entries"), 0),
        size=Coalesce(models.Sum("size"), 0),
    )
    return Stock(**found)


def archived_ids(city: City) -> Iterator[list[int]]:
    """The cases of a city whose history is archived, a file at a time."""
    rows = Archive.objects.filter(city=city, sealed_at__isnull=False).order_by("pk")
    for pk in list(rows.values_list("pk", flat=True)):
        cases = Case.objects.filter(archive_id=pk).order_by("pk")
        yield list(cases.values_list("pk", flat=True))


@transaction.atomic
def restore(city: City, case_ids: Collection[int]) -> int:
    """Bring some histories back into the tables; how many there were. MoveRefused where one cannot be read."""
    rows = Case.objects.of_city(city.pk).filter(pk__in=case_ids, archive__isnull=False)
    return restoring.bring_back(rows.select_for_update(of=("self",)).order_by("pk"))


def carry_out(
    city: City,
    *,
    now: datetime,
    most: int | None = None,
    failed: set[int] | None = None,
    seen: Callable[[int], None] = lambda _count: None,
) -> int:
    """Archive what is due in a city, at most about `most` cases; how many were.

    A case whose timeline does not hold is logged, added to `failed` and passed over: its rows are what is left to look at.
    """
    failed = set() if failed is None else failed
    done = 0
    while most is None or done < most:
        size = BATCH if most is None else min(BATCH, most - done)
        picked = _pick(city, now, size, failed)
        if not picked:
            break
        before = len(failed)
        count = _batch(city, picked, now=now, failed=failed)
        done += count
        seen(count)
        if not count and len(failed) == before:
            # All of them changed in the meantime, or another worker has them.
            break
    return done


def _pick(city: City, now: datetime, size: int, failed: Collection[int]) -> list[int]:
    """Cases that are due, with those joined into them; a service after the other, the oldest first."""
    left_out = sorted(holds.covered(city.pk) | set(failed))
    found: list[int] = []
    with connection.cursor() as cursor:
        for service, term in ruled(city):
            due = _due(city, service, term, now)
            cursor.execute(PICK, [*due, left_out, size - len(found)])
            found += [row[0] for row in cursor.fetchall()]
            if len(found) >= size:
                break
        layer = found
        while layer:
            cursor.execute(JOINED, [layer, left_out])
            layer = [row[0] for row in cursor.fetchall()]
            found = [*found, *layer]
    return found


def _batch(city: City, picked: Sequence[int], *, now: datetime, failed: set[int]) -> int:
    fresh = _gather(picked, now, failed)
    if not fresh:
        return 0
    small = _with_room(city, len(fresh))
    kept = _living(small) if small is not None else []
    row = _write(city.pk, [*fresh, *kept], now)
    return _seal(city.pk, row, fresh, kept, small, now)


def _gather(case_ids: Sequence[int], now: datetime, failed: set[int]) -> list[Held]:
    """The histories of cases as the database has them now; without those that do not hold."""
    apart = list(APART)
    with connection.cursor() as cursor:
        cursor.execute(GATHER, [now, *[apart] * len(PARTS), list(case_ids)])
        rows = cursor.fetchall()
    found = []
    for case_id, number, lock, head, text in rows:
        line = text.encode()
        if next(verify.faults_of_line(number, case_id, lock, head, line), None) is not None:
            failed.add(case_id)
            log.error("event=archive.broken case=%d", case_id)
            continue
        head = bytes(head or b"").hex()
        found.append(Held(case_id=case_id, number=number, lock=lock, head=head, line=line))
    return found


def _with_room(city: City, fresh: int) -> Archive | None:
    """The last file, where the new cases still fit into it: few cases a night do not make many small files."""
    last = Archive.objects.filter(city=city, sealed_at__isnull=False).order_by("-pk").first()
    return last if last is not None and last.cases + fresh <= BATCH else None


def _living(row: Archive) -> list[Held]:
    """What of a file is still archived; [] where it cannot be read: `verify` tells of that."""
    living = set(Case.objects.filter(archive=row).values_list("pk", flat=True))
    try:
        held = {one.case_id: one for one in archive_files.taken_apart(storage.read(row.name))}
    except (Unreadable, OSError) as problem:
        log.error("event=archive.unreadable archive=%d error=%s", row.pk, problem)  # noqa: TRY400
        return []
    return [held[pk] for pk in sorted(living & held.keys())]


def _write(city_id: int, held: Sequence[Held], now: datetime) -> Archive:
    """A row that says which file is about to be written, and the file."""
    data, blocks = archive_files.build(city_id, now, held)
    row = Archive.objects.create(
        city_id=city_id,
        name=storage.name_of(data, archive_files.SUFFIX),
        cases=len(held),
        entries=sum(one.lock for one in held),
        size=len(data),
        blocks=blocks,
    )
    storage.put(data, archive_files.SUFFIX)
    if storage.read(row.name) != data:
        raise Unreadable(f"{row.name} is not what was written")
    return row


@transaction.atomic
def _seal(
    city_id: int,
    row: Archive,
    fresh: Sequence[Held],
    kept: Sequence[Held],
    old: Archive | None,
    now: datetime,
) -> int:
    """Let the cases name the file, and delete what it holds of the fresh ones; how many of those there are.

    `kept` are those of an `old` file, which is no more needed.
    """
    mine = Archive.objects.filter(pk=row.pk, sealed_at=None)
    if not mine.update(sealed_at=now):
        raise Unreadable("the row of the file was removed while it was written")
    moved = _take(fresh, None, city_id)
    _name(row, moved)
    _delete(moved)
    stayed = _take(kept, old, city_id) if old is not None else []
    _name(row, stayed)
    if len(moved) + len(stayed) < row.cases:
        mine = Archive.objects.filter(pk=row.pk)
        mine.update(stale=True)
    if old is not None and not Case.objects.filter(archive=old).exists():
        _forget(city_id, [old], now, due_at=now + GRACE)
    if not moved and not stayed:
        _forget(city_id, [row], now, due_at=now)
    return len(moved)


def _take(held: Sequence[Held], archive: Archive | None, city_id: int) -> list[Held]:
    """Lock those that are as they were when they were read; one that somebody has in hand stays where it is."""
    if not held:
        return []
    rows = Case.objects.filter(pk__in=[one.case_id for one in held], archive=archive, is_open=False)
    locks = dict(
        rows.select_for_update(skip_locked=archive is None, of=("self",))
        .order_by("pk")
        .values_list("pk", "lock")
    )
    # What was put on hold before the rows were ours, we see now.
    out = holds.covered(city_id) if archive is None else frozenset()
    return [one for one in held if locks.get(one.case_id) == one.lock and one.case_id not in out]


def _name(row: Archive, held: Sequence[Held]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE casework_case c SET archive_id = %s, archived_channel = n.channel"
            " FROM unnest(%s::bigint[], %s::text[]) AS n(id, channel) WHERE c.id = n.id",
            [row.pk, [one.case_id for one in held], [_channel(one) for one in held]],
        )


def _channel(one: Held) -> str:
    entries = archive_files.parsed(one.line)["entries"]
    return str(entries[0]["data"].get("channel") or "")[:8] if entries else ""


def _delete(held: Sequence[Held]) -> None:
    ids = [one.case_id for one in held]
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL onehall.erase = 'on'")
        for part, model in PARTS.items():
            cursor.execute(f"DELETE FROM {table_of(model)} WHERE case_id = ANY(%s)", [ids])  # noqa: S608
            if part == "entries" and cursor.rowcount != sum(one.lock for one in held):
                raise Unreadable("the timelines are not what was written")
        cursor.execute("SET LOCAL onehall.erase = ''")


def _forget(city_id: int, rows: Sequence[Archive], now: datetime, *, due_at: datetime) -> None:
    """Delete rows of files that no case names, and have the files deleted once this is committed."""
    for row in rows:
        Archive.objects.filter(pk=row.pk).delete()
        told = NewOutbox(topic=FORGET, key=row.name, payload={"name": row.name}, due_at=due_at)
        messaging.queue(city_id=city_id, rows=[told], now=now)


def forget_file(payload: Mapping[str, Any], *, city_id: int, key: str, now: datetime) -> None:  # noqa: ARG001  (what the worker hands over)
    """Delete a file that no row names; twice is once."""
    if not Archive.objects.filter(name=payload["name"]).exists():
        storage.delete(payload["name"])


def tidy(*, now: datetime) -> None:
    """Write stale files anew, without what was brought back; remove what runs that died left behind."""
    rows = Archive.objects.filter(sealed_at__isnull=False, stale=True).order_by("pk")
    for row in rows[:TIDY_AT_ONCE]:
        rewrite(row, now=now)
    for pk, city_id in _abandoned():
        with transaction.atomic():
            row_of = Archive.objects.select_for_update().filter(pk=pk, sealed_at=None).first()
            if row_of is not None:
                _forget(city_id, [row_of], now, due_at=now)


def _abandoned() -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(ABANDONED)
        return list(cursor.fetchall())


def rewrite(row: Archive, *, now: datetime) -> None:
    """Write a file anew with what is still archived in it, and delete it."""
    kept = _living(row)
    lacks = Case.objects.filter(archive=row).count() - len(kept)
    if lacks > 0:
        log.error("event=archive.lacks archive=%d cases=%d", row.pk, lacks)
        return
    if not kept:
        with transaction.atomic():
            _forget(row.city_id, [row], now, due_at=now + GRACE)
        return
    _seal(row.city_id, _write(row.city_id, kept, now), [], kept, row, now)


_failed: set[int] = set()
"""Cases that failed in the run of this process; forgotten when it ends, so that the next night tries them again."""


def carry_out_some(*, now: datetime) -> bool:
    """Archive some of what is due in all cities; whether there may be more."""
    done = 0
    for city in City.objects.order_by("pk"):
        if done < AT_ONCE:
            done += carry_out(city, now=now, most=AT_ONCE - done, failed=_failed)
    if done < AT_ONCE:
        _failed.clear()
    return done >= AT_ONCE
