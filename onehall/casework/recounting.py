"""The dates of open cases after a change of the set-up: another calendar, or other promises of services."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from onehall.casework import ladder, promises, queries, timeline
from onehall.casework.models import Case, CasePause
from onehall.catalog.models import Service
from onehall.catalog.queries import catalogue
from onehall.kernel.rows import insert
from onehall.messaging import actions as messaging
from onehall.people.actor import Actor
from onehall.places.models import City

BATCH: Final = 500
"""Cases that are locked and written at once."""


@dataclass(frozen=True, slots=True)
class Recounted:
    """How many open cases were looked at, and how many have another date: sooner and later."""

    looked_at: int = 0
    sooner: int = 0
    later: int = 0

    @property
    def moved(self) -> int:
        """Cases with another date."""
        return self.sooner + self.later

    def __add__(self, other: "Recounted") -> "Recounted":
        return Recounted(
            self.looked_at + other.looked_at, self.sooner + other.sooner, self.later + other.later
        )


@dataclass(frozen=True, slots=True)
class Promised:
    """What the dates of a city's cases follow from, to compare with later."""

    calendar: dict[str, Any]
    services: dict[int, Any]


def promised(city: City | None) -> Promised | None:
    """The calendar and the promises of a city as they are now; read it before a change of them."""
    if city is None:
        return None
    rows = Service.objects.filter(city_id=city.pk).order_by("pk").values_list("pk", "doc")
    return Promised(dict(city.calendar), {pk: doc.get("promise") for pk, doc in rows})


def after(*, city: City, before: Promised | None, by: Actor, now: datetime) -> Recounted:
    """Recount what a change of the set-up touched; nothing for what is as it was."""
    held = promised(city)
    if before is None or held is None or held == before:
        return Recounted()
    if held.calendar != before.calendar:
        return recount(city=city, by=by, now=now, why="calendar")
    changed = [pk for pk, doc in held.services.items() if before.services.get(pk, doc) != doc]
    if not changed:
        return Recounted()
    return recount(city=city, by=by, now=now, why="service", service_ids=changed)


def recount(
    *,
    city: City,
    by: Actor,
    now: datetime,
    why: str,
    service_ids: Collection[int] | None = None,
) -> Recounted:
    """Count the dates of a city's open cases anew, in batches, each of them written or not as a whole.

    `why` is "calendar" or "service". Without `service_ids` of all services. The resident's page tells
    of another date; nobody gets a message, for it is many at once.
    """
    total, last = Recounted(), 0
    while True:
        rows = Case.objects.of_city(city.pk).filter(is_open=True, pk__gt=last)
        if service_ids is not None:
            rows = rows.filter(service_id__in=service_ids)
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not ids:
            return total
        total += _batch(city, ids, by=by, now=now, why=why)
        last = ids[-1]


@transaction.atomic
def _batch(city: City, ids: Sequence[int], *, by: Actor, now: datetime, why: str) -> Recounted:
    listed, calendar = catalogue(city), queries.calendar_of(city)
    locked = Case.objects.select_for_update(of=("self",)).filter(pk__in=ids, is_open=True)
    cases = list(locked.order_by("pk"))
    stood: dict[int, list[CasePause]] = {}
    for pause in CasePause.objects.filter(case_id__in=ids).order_by("began_at", "id"):
        stood.setdefault(pause.case_id, []).append(pause)
    sooner = later = 0
    for case in cases:
        case.city = city
        before, service = case.due_at, listed.by_id(case.service_id)
        entries = promises.recount(
            case,
            service,
            calendar=calendar,
            now=now,
            why=why,
            pauses=stood.get(case.pk, []),
        )
        ladder.set_next(case, service, calendar=calendar)
        if entries:
            is_sooner = case.due_at is not None and (before is None or case.due_at < before)
            sooner, later = sooner + is_sooner, later + (not is_sooner)
            rows, outbox = timeline.append(case, entries, by=by, now=now)
            insert(rows, with_pk=True)
            messaging.queue(city_id=city.pk, rows=outbox, now=now)
    dates = ["due_at", "due_order", "risk_at", "ladder_at", "lock", "head", "updated_at"]
    Case.objects.bulk_update(cases, dates)
    return Recounted(len(cases), sooner, later)
