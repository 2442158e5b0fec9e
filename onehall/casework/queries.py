"""Named reads of casework: the inbox, one case with everything on its page, what lies near by."""

import hashlib
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.core.cache import caches
from django.db import connection, models

from onehall.casework import archived, following
from onehall.casework.models import Case, CaseTarget, Photo, TimelineEntry
from onehall.casework.nearby import NearCase as NearCase
from onehall.casework.nearby import open_near as open_near
from onehall.kernel.rows import select
from onehall.kernel.work_calendar import WorkCalendar
from onehall.people.actor import Actor
from onehall.people.models import Membership, Queue
from onehall.places.models import City

LOCAL = "local"
"""The cache of this process: for figures that may be seconds old, never for limits."""

FRESH_SECONDS = 3
PAGE = 50
"""Rows on one page of a list."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """What a line of a list shows of a case: plain values and no JSON, for a list has fifty of them."""

    id: int
    service_id: int
    flow_version_id: int
    queue_id: int
    assignee_id: int | None
    merged_into_id: int | None
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    due_order: datetime
    promised_at: datetime | None
    paused_at: datetime | None
    closed_at: datetime | None
    lon: float | None
    lat: float | None
    lock: int
    priority: int
    people_count: int
    reopened: int
    is_open: bool
    unread_reply: bool
    risk_at: datetime | None
    target_risk_at: datetime | None
    number: str
    state: str
    category: str
    place_words: str
    assignee_name: str | None


LINE_COLUMNS = tuple(
    "assignee__name" if f.name == "assignee_name" else f.name for f in fields(CaseLine)
)


def as_lines(cases: models.QuerySet[Case]) -> list[CaseLine]:
    """Cases as lines of a list, in the order of the query, which decides how many."""
    running = CaseTarget.objects.filter(case_id=models.OuterRef("pk"), ended_at=None)
    first = running.order_by("risk_at", "id").values("risk_at")[:1]
    rows = cases.annotate(target_risk_at=models.Subquery(first))
    return [CaseLine(*row) for row in rows.values_list(*LINE_COLUMNS)]


_calendars: dict[tuple[int, int], WorkCalendar] = {}


def calendar_of(city: City) -> WorkCalendar:
    """The city's working calendar, parsed once per revision of its pack."""
    key = (city.id, city.revision)
    found = _calendars.get(key)
    if found is None:
        if len(_calendars) > 50:
            _calendars.clear()
        found = _calendars[key] = _calendar(json.dumps(city.calendar), city.time_zone)
    return found


@lru_cache(maxsize=50)
def _calendar(doc: str, zone: str) -> WorkCalendar:
    """The same for a document: most revisions leave it as it was, and what was worked out of it stays."""
    return WorkCalendar.from_doc(json.loads(doc), ZoneInfo(zone))


def queue_of(city: City, queue_id: int) -> Queue | None:
    """An active queue of this city, by id."""
    return Queue.objects.filter(city_id=city.id, pk=queue_id, active=True).first()


def works_here(city: City, user_id: int) -> bool:
    """Whether a user is of this city's staff now."""
    return Membership.objects.filter(
        city_id=city.id, user_id=user_id, active=True, user__is_active=True
    ).exists()


type Show = Literal[
    "open", "late", "today", "unassigned", "waiting", "disputed", "replies", "mine", "all"
]
SHOWS: tuple[Show, ...] = (
    "open",
    "late",
    "today",
    "unassigned",
    "waiting",
    "disputed",
    "replies",
    "mine",
    "all",
)


@dataclass(frozen=True, slots=True)
class Pinned:
    """A saved view in somebody's rail; `first` is what they begin with."""

    id: int
    name: str
    query: dict[str, str]
    first: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """Open work of an actor: by queue and by saved question; `replies` of ended cases too. And their pins."""

    open: int
    late: int
    today: int
    unassigned: int
    waiting: int
    disputed: int
    replies: int
    mine: int
    by_queue: dict[int, int]
    late_by_queue: dict[int, int]
    today_by_queue: dict[int, int]
    free_by_queue: dict[int, int]
    for_you: int = field(default=0, kw_only=True)
    pins: tuple[Pinned, ...] = field(default=(), kw_only=True)


_COUNTS = """
SELECT c.queue_id,
       count(*),
       count(*) FILTER (WHERE c.due_order < %(now)s AND c.paused_at IS NULL),
       count(*) FILTER (WHERE c.due_order >= %(now)s AND c.due_order < %(end)s AND c.paused_at IS NULL),
       count(*) FILTER (WHERE c.assignee_id IS NULL),
       count(*) FILTER (WHERE c.paused_at IS NOT NULL),
       count(*) FILTER (WHERE c.reopened > 0),
       count(*) FILTER (WHERE c.unread_reply)
FROM casework_case c
WHERE c.city_id = %(city)s AND c.is_open{within}
GROUP BY c.queue_id
UNION ALL
SELECT c.queue_id, 0, 0, 0, 0, 0, 0, count(*)
FROM casework_case c
WHERE c.city_id = %(city)s AND c.unread_reply AND NOT c.is_open{within}
GROUP BY c.queue_id
"""
"""Two walks of small indexes in one statement: the open cases, then what came in on ended ones."""


WITHIN_SQL = " AND c.areas @> ANY(%(areas)s::jsonb[])"
"""For those whose work is limited to some areas; all others share one count."""

COUNTS_SQL = _COUNTS.format(within="")
COUNTS_WITHIN_SQL = _COUNTS.format(within=WITHIN_SQL)


_counting = threading.Lock()


def _counted(
    city_id: int, areas: frozenset[tuple[str, str]], *, now: datetime, day_end: datetime
) -> dict[int, tuple[int, ...]]:
    """Rows of COUNTS_SQL by queue, 3 seconds fresh; while one thread counts, others take the last ones."""
    within = [json.dumps({layer: code}) for layer, code in sorted(areas)]
    key = f"counts:{city_id}{hashlib.sha256(str(within).encode()).hexdigest() if within else ''}"
    known: tuple[float, dict[int, tuple[int, ...]]] | None = caches[LOCAL].get(key)
    if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
        return known[1]
    first = known is None
    if not _counting.acquire(blocking=first) and known is not None:
        return known[1]
    try:
        with connection.cursor() as cursor:
            given: dict[str, Any] = {"now": now, "end": day_end, "city": city_id, "areas": within}
            cursor.execute(COUNTS_WITHIN_SQL if within else COUNTS_SQL, given)
            rows: dict[int, tuple[int, ...]] = {}
            for queue, *figures in cursor.fetchall():
                held = rows.get(queue, (0,) * len(figures))
                rows[queue] = tuple(a + b for a, b in zip(held, figures, strict=True))
        caches[LOCAL].set(key, (time.monotonic(), rows), 60)
        return rows
    finally:
        _counting.release()


def counts(
    actor: Actor,
    *,
    queue_ids: Sequence[int],
    queue_id: int | None,
    now: datetime,
    day_end: datetime,
) -> Counts:
    """Open work now, at most 3 seconds old. `queue_ids` are those the actor sees."""
    rows = _counted(actor.city_id, actor.areas, now=now, day_end=day_end)
    mine, for_you, pinned = following.mine_and_unread(actor)
    seen = [rows[q] for q in queue_ids if q in rows and queue_id in (None, q)]
    sums = [sum(r[i] for r in seen) for i in range(7)]
    per = [{q: rows[q][i] for q in queue_ids if q in rows} for i in range(4)]
    opened, late, today, free, waiting, disputed, replies = sums
    found = Counts(opened, late, today, free, waiting, disputed, replies, mine, *per)
    pins = tuple(Pinned(*pin) for pin in pinned)
    return replace(found, for_you=for_you, pins=pins)


def timeline_of(case: Case, *, public_only: bool = False) -> list[TimelineEntry]:
    """Entries of a case, newest first, the last 500."""
    if case.archive_id is not None and (entries := archived.timeline(case)):
        return [e for e in reversed(entries) if e.public or not public_only][:500]
    only = "AND public " if public_only else ""
    return select(TimelineEntry, f"WHERE case_id = %s {only}ORDER BY seq DESC LIMIT 500", [case.id])


def photos_of(case_ids: Sequence[int]) -> list[Photo]:
    """Photos of cases that were not removed, in order, at most 200."""
    where = "WHERE case_id = ANY(%s) AND removed_at IS NULL ORDER BY position, id LIMIT 200"
    return select(Photo, where, [list(case_ids)])


def usual_days(city: City, service_id: int, *, now: datetime) -> float | None:
    """Days in which 8 of 10 cases of this service were finished last year; None under 20 cases.

    Read once an hour and kept.
    """
    key = f"usual:{city.id}:{service_id}"
    known: float | None = caches[LOCAL].get(key)
    if known is not None:
        return known if known >= 0 else None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), percentile_cont(0.8) WITHIN GROUP"
            " (ORDER BY extract(epoch FROM closed_at - opened_at))"
            " FROM (SELECT closed_at, opened_at FROM casework_case"
            " WHERE city_id = %s AND service_id = %s AND closed_at IS NOT NULL"
            " AND opened_at >= %s ORDER BY opened_at DESC LIMIT 2000) last",
            [city.id, service_id, now - timedelta(days=365)],
        )
        count, seconds = cursor.fetchone()
    days = float(seconds) / 86400 if count >= 20 else -1.0
    caches[LOCAL].set(key, days, 3600)
    return days if days >= 0 else None


def work_of(actor: Actor, *, limit: int) -> list[CaseLine]:
    """Open work for somebody in the street: their own first, then their queues', by promise."""
    if not actor.is_staff:
        return []
    base = Case.objects.of_city(actor.city_id).in_areas(actor)
    base = base.filter(is_open=True, paused_at=None)
    mine = as_lines(base.filter(assignee_id=actor.user_id).order_by("due_order", "id")[:limit])
    queues = sorted(actor.queue_ids)
    rest = base.filter(queue_id__in=queues, assignee=None).order_by("due_order", "id")
    return mine + as_lines(rest[: max(0, limit - len(mine))])
