"""Named reads: the figures of what a member of staff may see, in a few grouped questions."""

import hashlib
import json
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.core.cache import caches
from django.db import connection

from onehall.casework.models import Case
from onehall.casework.queries import LOCAL
from onehall.casework.selection import WAITS
from onehall.insights import periods, rollups, statements
from onehall.insights.periods import Period
from onehall.insights.rules import Tally
from onehall.people.actor import Actor
from onehall.people.queries import queues
from onehall.places.models import City

FRESH_SECONDS: Final = 30
"""So old may figures be: everybody asks the same."""

type Row = tuple[Any, ...]


@dataclass(slots=True)
class Figures:
    """Everything on the page of figures. Lists run along the parts of the period and the ages.

    `whole_before` is whether cases are known from all of the period before; else nothing is compared
    with it.
    """

    at: datetime
    period: Period
    layer: str
    whole_before: bool = False
    total: Tally = field(default_factory=Tally)
    by_queue: dict[int, Tally] = field(default_factory=dict)
    by_service: dict[int, Tally] = field(default_factory=dict)
    by_area: dict[str, Tally] = field(default_factory=dict)
    opened: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    backlog: list[int] = field(default_factory=list)
    backlog_before: int = 0
    ages: list[int] = field(default_factory=list)


_counting: Final = threading.Lock()


def figures(city: City, actor: Actor, period: Period, *, now: datetime) -> Figures:
    """The figures of the cases that the actor may see, as old as `FRESH_SECONDS` at most.

    One thread of a process counts; others get the last figures meanwhile, where there are any.
    """
    scope = _scope(city, actor)
    within = _within(actor)
    whose = "all" if scope is None else "-".join(map(str, scope))
    if within:
        whose += hashlib.sha256(str(within).encode()).hexdigest()
    key = f"insights:{city.pk}:{city.revision}:{period.key}:{period.last}:{whose}"
    known: tuple[float, Figures] | None = caches[LOCAL].get(key)
    if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
        return known[1]
    if not _counting.acquire(blocking=known is None) and known is not None:
        return known[1]
    try:
        found = _count(city, scope, within, period, now=now)
        caches[LOCAL].set(key, (time.monotonic(), found), 3600)
        return found
    finally:
        _counting.release()


def _scope(city: City, actor: Actor) -> list[int] | None:
    """The queues whose cases count; None for all of the city. The same as `Case.objects.visible_to`."""
    if not actor.is_staff or not actor.may("see_cases"):
        return []
    if actor.department_id is None or actor.sees_department(None):
        return None
    return sorted(q.id for q in queues(city) if q.department_id == actor.department_id)


def _within(actor: Actor) -> list[str] | None:
    """The areas whose cases count, each as a document to look for; None for all of the map."""
    return [json.dumps({layer: code}) for layer, code in sorted(actor.areas)] or None


def _count(
    city: City, scope: list[int] | None, within: list[str] | None, period: Period, *, now: datetime
) -> Figures:
    of_city = Case.objects.of_city(city.pk).order_by("opened_at", "id")
    oldest = of_city.values_list("opened_at", flat=True).first()
    whole_before = oldest is not None and oldest < period.before_start
    by = rollups.reckoning(city)
    found = Figures(now, period, by.layer, whole_before)
    ages = periods.ages(now=now, zone=period.zone)
    # What is not compared is not read.
    first = period.before if whole_before else period.first
    given: dict[str, Any] = {
        "city": city.pk,
        "queues": scope,
        "within": within,
        "layer": found.layer,
        "basis": by.basis,
        "zone": by.zone,
        "before": periods.midnight(first, period.zone),
        "start": period.start,
        "end": period.end,
        "edges": period.edges,
        "first_before": first,
        "first": period.first,
        "last": period.last,
        "cuts": list(period.cuts),
        "now": now,
        "ages": [periods.midnight(a.first, period.zone) for a in reversed(ages) if a.first],
        **{f"wait_{n}": category for n, category in enumerate(WAITS, 1)},
        "most": statements.MOST_DAYS,
        "outcomes": [outcome for outcome, _ in by.wanted],
        "services": [service for _, service in by.wanted],
    }
    given |= _live(given, period)
    open_now, opened, closed, took, bare, sums, sums_took = _ask(ALL, given)
    _open(found, open_now, len(ages))
    found.opened, found.closed = [0] * len(period.cuts), [0] * len(period.cuts)
    counted = [0] * len(period.cuts)
    _opened(found, counted, [*opened, *(row[:9] for row in sums)])
    _closed(found, [*closed, *((*row[:6], *row[9:12], *row[13:17]) for row in sums)])
    _bare(found, [*bare, *((*row[:6], row[12]) for row in sums)])
    _backlog(found, counted)
    for service, recent, days, count in (*took, *sums_took):
        mine = found.by_service.setdefault(service, Tally())
        spread = mine.took if recent else mine.took_before
        spread[max(0, days)] = spread.get(max(0, days), 0) + count
    return found


ALL: Final = (
    statements.OPEN,
    statements.OPENED,
    statements.CLOSED,
    statements.TOOK,
    statements.BARE,
    statements.SUMS,
    statements.SUMS_TOOK,
)
"""The questions of one page, asked as one text."""


def _live(given: Mapping[str, Any], period: Period) -> dict[str, Any]:
    """The days that are counted from the cases: today, those whose sums are stale, all without sums."""
    ((summed, stale),) = _ask((statements.LIVE_DAYS,), given)[0]
    first, days = given["first_before"], (period.last - given["first_before"]).days + 1
    every = [first + timedelta(days=n) for n in range(days)]
    # Sums know of one layer of areas only: whoever sees a part of the map has it counted.
    usable = summed and not given["within"]
    live = [d for d in every if d in {*stale, period.last}] if usable else every
    spans: list[list[date]] = []
    for day in live:
        if spans and spans[-1][1] == day:
            spans[-1][1] = day + timedelta(days=1)
        else:
            spans.append([day, day + timedelta(days=1)])
    return {
        "live_days": live,
        "starts": [periods.midnight(start, period.zone) for start, _ in spans],
        "stops": [periods.midnight(stop, period.zone) for _, stop in spans],
    }


def _ask(texts: Sequence[str], given: Mapping[str, Any]) -> list[list[Row]]:
    """Several questions as one text; the answers to each."""
    found: list[list[Row]] = []
    with connection.cursor() as cursor:
        cursor.execute(";\n".join(texts), given)
        for _text in texts:
            found.append(cursor.fetchall())
            cursor.nextset()
    return found


def _of(found: Figures, level: int, queue: int, service: int, area: str | None) -> Tally:
    """The tally that a row is about."""
    match level:
        case statements.BY_PART:
            return found.total
        case statements.BY_QUEUE:
            return found.by_queue.setdefault(queue, Tally())
        case statements.BY_SERVICE:
            return found.by_service.setdefault(service, Tally())
        case _:
            return found.by_area.setdefault(area or "", Tally())


def _open(found: Figures, rows: Iterable[Row], ages: int) -> None:
    found.ages = [0] * ages
    for level, part, queue, service, area, count, late, risk, disputed, *waits in rows:
        tally = _of(found, level, queue, service, area)
        tally.open += count
        tally.late += late
        tally.risk += risk
        tally.said_not_fixed += disputed
        for category, n in zip(WAITS, waits, strict=True):
            tally.waits[category] = tally.waits.get(category, 0) + n
        if level == statements.BY_PART:
            # Edges rise, so the oldest stand first; the page names the youngest first.
            found.ages[ages - 1 - part] = count


def _opened(found: Figures, counted: list[int], rows: Iterable[Row]) -> None:
    """Fills in what came in, and how much of it also counts for the open cases of the past."""
    for level, part, queue, service, area, recent, count, reopened, sure in rows:
        tally = _of(found, level, queue, service, area)
        if recent:
            tally.new += count
            tally.reopened += reopened
        else:
            tally.new_before += count
            tally.reopened_before += reopened
        if recent and level == statements.BY_PART:
            found.opened[part - 1] += count
            counted[part - 1] += sure


def _closed(found: Figures, rows: Iterable[Row]) -> None:
    for level, part, queue, service, area, recent, count, promised, kept, *targets in rows:
        tally = _of(found, level, queue, service, area)
        if recent:
            tally.closed += count
            tally.promised += promised
            tally.kept += kept
            _targets(tally, "", targets)
        else:
            tally.closed_before += count
            tally.promised_before += promised
            tally.kept_before += kept
            _targets(tally, "_before", targets)
        if recent and level == statements.BY_PART:
            found.closed[part - 1] += count


def _targets(tally: Tally, when: str, counts: Sequence[int]) -> None:
    names = ("responses", "responses_kept", "arrivals", "arrivals_kept")
    for name, count in zip(names, counts, strict=True):
        held = f"{name}{when}"
        setattr(tally, held, getattr(tally, held) + count)


def _bare(found: Figures, rows: Iterable[Row]) -> None:
    for level, _part, queue, service, area, recent, count in rows:
        tally = _of(found, level, queue, service, area)
        if recent:
            tally.bare += count
        else:
            tally.bare_before += count


def _backlog(found: Figures, counted: list[int]) -> None:
    """Open cases at the end of every part: from those of now, back through what came and what went."""
    open_then, back = found.total.open, []
    for came, went in zip(reversed(counted), reversed(found.closed), strict=True):
        back.append(open_then)
        open_then += went - came
    found.backlog = back[::-1]
    found.backlog_before = open_then
