"""Open cases after the areas of the city were drawn anew: how many lie in which, and each put where it lies now.

A case that has ended keeps the areas it had. A queue is never changed here: whoever wants a case
elsewhere sends it there. What a resident said of a place between two areas stays while that area exists.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, models

from onehall.casework import ladder, promises, queries, timeline
from onehall.casework.models import Case, CasePause, TimelineEntry
from onehall.casework.timeline import NewEntry
from onehall.catalog.queries import catalogue
from onehall.kernel.rows import insert
from onehall.messaging import actions as messaging
from onehall.people.actor import Actor
from onehall.places.areas import AreaIndex
from onehall.places.models import City

BATCH: Final = 500
"""Cases that are locked and written at once."""
READ: Final = 5_000
"""Cases that are read at once where nothing is written."""

type Areas = dict[str, str]
"""Code by layer, as a case has it."""
type Names = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Localized name by layer and code, of areas that may be gone."""

OPEN_SQL: Final = """
SELECT a.key, a.value, count(*) FROM casework_case c, jsonb_each_text(c.areas) a
WHERE c.city_id = %s AND c.is_open GROUP BY a.key, a.value
"""


@dataclass(frozen=True, slots=True)
class Placed:
    """An open case with its point and the areas that it has."""

    pk: int
    lon: float
    lat: float
    areas: Areas


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did. `last` is where the next one goes on, None when there is nothing left."""

    last: int | None
    looked_at: int = 0
    moved: int = 0
    dates: int = 0


def open_by_area(city: City) -> dict[tuple[str, str], int]:
    """How many open cases lie in each area, by layer and code."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN_SQL, [city.pk])
        return {(layer, code): count for layer, code, count in cursor.fetchall()}


def _open(city: City) -> models.QuerySet[Case]:
    return Case.objects.of_city(city.pk).filter(is_open=True, lon__isnull=False)


def how_many(city: City) -> int:
    """Open cases that stand on the map."""
    return _open(city).count()


def batches(city: City) -> Iterator[list[Placed]]:
    """All open cases that stand on the map, a few thousand at a time, along the index of open cases."""
    rows = _open(city).order_by("due_order", "pk")
    after: tuple[Any, int] | None = None
    while True:
        more = rows
        if after is not None:
            later = models.Q(due_order__gt=after[0]) | models.Q(due_order=after[0], pk__gt=after[1])
            more = rows.filter(later, due_order__gte=after[0])
        found = list(more.values_list("due_order", "pk", "lon", "lat", "areas")[:READ])
        if not found:
            return
        yield [_placed(*row[1:]) for row in found]
        after = found[-1][0], found[-1][1]


def _placed(pk: int, lon: float | None, lat: float | None, areas: Areas) -> Placed:
    """Only those that stand on the map are read."""
    return Placed(pk, lon or 0.0, lat or 0.0, areas)


def changes(index: AreaIndex, cases: Sequence[Placed]) -> list[tuple[Placed, Areas]]:
    """The cases that lie in other areas than they have, with those they lie in."""
    found = index.at_many([(c.lon, c.lat) for c in cases]) if cases else []
    new = [{f.layer: f.code for f in facts} for facts in found]
    moved = [(case, areas) for case, areas in zip(cases, new, strict=True) if areas != case.areas]
    said = _sides([case.pk for case, _areas in moved])
    kept = [(case, areas | _still(index, said.get(case.pk, {}))) for case, areas in moved]
    return [(case, areas) for case, areas in kept if areas != case.areas]


def _sides(ids: Collection[int]) -> dict[int, Areas]:
    """What residents said of places between two areas, by case."""
    if not ids:
        return {}
    rows = TimelineEntry.objects.filter(
        case_id__in=ids, kind="received", data__has_key="side"
    ).order_by("case_id", "seq")
    found: dict[int, Areas] = {}
    for case_id, data in rows.values_list("case_id", "data"):
        side = data["side"]
        found.setdefault(case_id, {})[str(side.get("layer"))] = str(side.get("code"))
    return found


def _still(index: AreaIndex, said: Areas) -> Areas:
    return {layer: code for layer, code in said.items() if (layer, code) in index.by_code}


def put_batch(
    *, city: City, index: AreaIndex, after: int, names: Names, by: Actor, now: datetime
) -> Batch:
    """Put the next open cases where they lie now; part of the caller's transaction.

    `names` are those of the areas as they were before, for the words of the entry.
    """
    rows = _open(city).filter(pk__gt=after).order_by("pk")
    read = [_placed(*row) for row in rows.values_list("pk", "lon", "lat", "areas")[:BATCH]]
    if not read:
        return Batch(None)
    wanted = {case.pk for case, _areas in changes(index, read)}
    moved, dates = _write(city, index, wanted, names=names, by=by, now=now) if wanted else (0, 0)
    return Batch(read[-1].pk, len(read), moved, dates)


def _write(
    city: City, index: AreaIndex, ids: Collection[int], *, names: Names, by: Actor, now: datetime
) -> tuple[int, int]:
    """Lock the cases, look again, and write those that still lie elsewhere."""
    locked = Case.objects.select_for_update(of=("self",)).filter(pk__in=ids, is_open=True)
    cases = {c.pk: c for c in locked.order_by("pk") if c.lon is not None and c.lat is not None}
    placed = [_placed(c.pk, c.lon, c.lat, c.areas) for c in cases.values()]
    stood = _pauses(cases)
    changed, dates = [], 0
    for one, areas in changes(index, placed):
        case = cases[one.pk]
        case.city = city
        entries = _put(city, case, areas, index, names, stood.get(case.pk, []), now)
        dates += any(e.kind == "promised" for e in entries)
        rows, outbox = timeline.append(case, entries, by=by, now=now)
        insert(rows, with_pk=True)
        messaging.queue(city_id=city.pk, rows=outbox, now=now)
        changed.append(case)
    fields = ["areas", "due_at", "due_order", "risk_at", "ladder_at", "lock", "head", "updated_at"]
    Case.objects.bulk_update(changed, fields)
    return len(changed), dates


def _pauses(ids: Collection[int]) -> dict[int, list[CasePause]]:
    found: dict[int, list[CasePause]] = {}
    for pause in CasePause.objects.filter(case_id__in=ids).order_by("began_at", "id"):
        found.setdefault(pause.case_id, []).append(pause)
    return found


def _put(
    city: City,
    case: Case,
    areas: Areas,
    index: AreaIndex,
    names: Names,
    stood: list[CasePause],
    now: datetime,
) -> list[NewEntry]:
    """Set the areas of a case, and its date where another one is promised there; the entries that tell."""
    service, calendar = catalogue(city).by_id(case.service_id), queries.calendar_of(city)
    before = promises.promise_of(case, service)
    entries = [NewEntry(kind="redistricted", data=_told(city, case.areas, areas, index, names))]
    case.areas = areas
    if promises.promise_of(case, service) != before:
        entries += promises.recount(
            case, service, calendar=calendar, now=now, why="areas", pauses=stood
        )
        ladder.set_next(case, service, calendar=calendar)
    return entries


def _told(
    city: City, old: Areas, new: Areas, index: AreaIndex, names: Names
) -> dict[str, list[dict[str, Any]]]:
    """Which layers changed and how, with the names: an area that is gone could not be asked for its own later."""
    labels = {entry["layer"]: entry.get("label", {}) for entry in city.layers}

    def said(layer: str, code: str) -> Any:
        facts = index.by_code.get((layer, code))
        return (facts.name if facts else names.get(layer, {}).get(code)) or code

    return {
        "changes": [
            {
                "layer": layer,
                "label": labels.get(layer) or layer,
                "from": old.get(layer, ""),
                "from_name": said(layer, old.get(layer, "")),
                "to": new.get(layer, ""),
                "to_name": said(layer, new.get(layer, "")),
            }
            for layer in sorted({*old, *new})
            if old.get(layer) != new.get(layer)
        ]
    }
