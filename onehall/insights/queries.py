"""Named reads: the figures of what a member of staff may see, in a few grouped questions."""

import hashlib
import json
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.core.cache import caches
from django.db import connection

from onehall.casework.models import Case
from onehall.casework.queries import LOCAL
from onehall.casework.rules import good_end
from onehall.casework.selection import WAITS
from onehall.catalog.queries import catalogue
from onehall.insights import periods, statements
from onehall.insights.periods import Key, Period
from onehall.insights.rules import Tally
from onehall.people.actor import Actor
from onehall.people.queries import queues
from onehall.places.areas import public_layers
from onehall.places.models import City

FRESH_SECONDS: Final[dict[Key, int]] = {"7": 30, "30": 30, "90": 120, "year": 600}
"""So old may figures be: counting a year of a large city takes a while, and everybody asks the same."""
MOST_DAYS: Final = 1000

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


def area_layer(city: City) -> str:
    """The layer that figures are told by: the first one that residents may see; "" without any."""
    return next(iter(public_layers(city)), "")


def photo_wanted(city: City) -> dict[str, tuple[int, ...]]:
    """Good ends for which services want a photo of the finished work: outcome to services."""
    wanted: dict[str, list[int]] = {}
    for service in catalogue(city).every:
        if "after_photo" in service.closing_needs and good_end(service):
            wanted.setdefault(good_end(service), []).append(service.id)
    return {outcome: tuple(sorted(ids)) for outcome, ids in wanted.items()}


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
    if known is not None and time.monotonic() - known[0] < FRESH_SECONDS[period.key]:
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
    found = Figures(now, period, area_layer(city), whole_before)
    wanted = [(o, s) for o, ids in photo_wanted(city).items() for s in ids]
    ages = periods.ages(now=now, zone=period.zone)
    given = {
        "city": city.pk,
        "queues": scope,
        "within": within,
        "layer": found.layer,
        # What is not compared is not read.
        "before": period.before_start if whole_before else period.start,
        "start": period.start,
        "end": period.end,
        "edges": period.edges,
        "now": now,
        "ages": [periods.midnight(a.first, period.zone) for a in reversed(ages) if a.first],
        **{f"wait_{n}": category for n, category in enumerate(WAITS, 1)},
        "most": MOST_DAYS,
        "outcomes": [outcome for outcome, _ in wanted],
        "services": [service for _, service in wanted],
    }
    _open(found, _ask(statements.OPEN, given), len(ages))
    counted = _opened(found, _ask(statements.OPENED, given))
    _closed(found, _ask(statements.CLOSED, given))
    _backlog(found, counted)
    for service, recent, days, count in _ask(statements.TOOK, given):
        tally = found.by_service.setdefault(service, Tally())
        (tally.took if recent else tally.took_before)[max(0, days)] = count
    if wanted:
        _bare(found, _ask(statements.BARE, given))
    return found


def _ask(sql: str, given: Mapping[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        rows: list[Row] = cursor.fetchall()
        return rows


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


def _opened(found: Figures, rows: Iterable[Row]) -> list[int]:
    """Fills in what came in; returns how much of it also counts for the open cases of the past."""
    found.opened = [0] * len(found.period.cuts)
    counted = [0] * len(found.period.cuts)
    for level, part, queue, service, area, recent, count, reopened, sure in rows:
        tally = _of(found, level, queue, service, area)
        if recent:
            tally.new += count
            tally.reopened += reopened
        else:
            tally.new_before += count
            tally.reopened_before += reopened
        if recent and level == statements.BY_PART:
            found.opened[part - 1], counted[part - 1] = count, sure
    return counted


def _closed(found: Figures, rows: Iterable[Row]) -> None:
    found.closed = [0] * len(found.period.cuts)
    for level, part, queue, service, area, recent, count, promised, kept in rows:
        tally = _of(found, level, queue, service, area)
        if recent:
            tally.closed += count
            tally.promised += promised
            tally.kept += kept
        else:
            tally.closed_before += count
            tally.promised_before += promised
            tally.kept_before += kept
        if recent and level == statements.BY_PART:
            found.closed[part - 1] = count


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
