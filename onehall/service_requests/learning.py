"""What the staff's corrections teach: how often words led to another service, and the pairs with their counts."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core.cache import caches
from django.db import models

from onehall.casework.models import Case, Correction
from onehall.casework.queries import LOCAL
from onehall.catalog.learned import Learned, learn
from onehall.catalog.models import Service
from onehall.people.actor import Actor
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest

SINCE: Final = timedelta(days=365)
MOST_CORRECTIONS: Final = 2000
MOST_REPORTS: Final = 3000
FRESH_SECONDS: Final = 300
SHOWN: Final = 3
"""Reports whose words stand beside a pair."""
MOST_LINES: Final = 10_000


def learned(city: City, *, now: datetime) -> Learned:
    """What the last year's corrections say about words, at most five minutes old."""
    key = f"learned:{city.pk}:{city.revision}"
    found: Learned | None = caches[LOCAL].get(key)
    if found is None:
        found = _learn(city, now)
        caches[LOCAL].set(key, found, FRESH_SECONDS)
    return found


def _learn(city: City, now: datetime) -> Learned:
    moved = _moved(city, now)
    if not moved:
        return Learned()
    names = dict(Service.objects.filter(city_id=city.pk).order_by("pk").values_list("pk", "key"))
    told = ServiceRequest.objects.filter(city_id=city.pk, created_at__gte=now - SINCE)
    told = told.exclude(words="")
    newest = told.order_by("-id").values_list("pk", "case_id", "words")[:MOST_REPORTS]
    theirs = told.filter(case_id__in=list(moved)).order_by("-id")
    rows = {
        pk: (words[:500], case_id)
        for pk, case_id, words in [
            *newest,
            *theirs.values_list("pk", "case_id", "words")[:MOST_REPORTS],
        ]
    }
    return learn((words, names.get(moved.get(case, 0), "")) for words, case in rows.values())


def _moved(city: City, now: datetime) -> dict[int, int]:
    """The service that a case was moved to in the end, for the cases that were."""
    rows = Correction.objects.filter(city_id=city.pk, at__gte=now - SINCE)
    rows = rows.exclude(from_service_id=models.F("to_service_id")).order_by("-at", "-id")
    found: dict[int, int] = {}
    for case, service in rows.values_list("case_id", "to_service_id")[:MOST_CORRECTIONS]:
        found.setdefault(case, service)
    return found


@dataclass(frozen=True, slots=True)
class Pair:
    """So often cases were moved from here to there; some of what residents had written."""

    from_service: int
    to_service: int
    from_queue: int
    to_queue: int
    count: int
    last_at: datetime
    words: tuple[tuple[str, str], ...]


def pairs(actor: Actor, *, now: datetime, limit: int = 100) -> list[Pair]:
    """Corrections of the last year on cases that the actor may see, by what was changed, most often first."""
    rows = _visible(actor, now)
    grouped = (
        rows.order_by()
        .values("from_service_id", "to_service_id", "from_queue_id", "to_queue_id")
        .annotate(count=models.Count("id"), last=models.Max("at"))
        .order_by("-count", "-last", "from_service_id", "to_service_id", "from_queue_id")
    )
    found = list(grouped[:limit])
    words = _words(rows)
    return [
        Pair(*key, row["count"], row["last"], tuple(words.get(key, ())))
        for row in found
        for key in [
            (row["from_service_id"], row["to_service_id"], row["from_queue_id"], row["to_queue_id"])
        ]
    ]


type Key = tuple[int, int, int, int]


def _words(rows: models.QuerySet[Correction]) -> dict[Key, list[tuple[str, str]]]:
    """For each pair the first words of its newest cases as (case number, words): two queries for all."""
    newest = list(
        rows.order_by("-at", "-id").values_list(
            "from_service_id", "to_service_id", "from_queue_id", "to_queue_id", "case_id"
        )[:500]
    )
    told = ServiceRequest.objects.filter(case_id__in={row[4] for row in newest}).exclude(words="")
    first: dict[int, tuple[str, str]] = {}
    for case, number, words in told.order_by("id").values_list("case_id", "case__number", "words"):
        first.setdefault(case, (number, words[:200]))
    found: dict[Key, list[tuple[str, str]]] = {}
    seen: Counter[Key] = Counter()
    for *ids, case in newest:
        key = (ids[0], ids[1], ids[2], ids[3])
        if case in first and seen[key] < SHOWN and first[case] not in found.get(key, []):
            seen[key] += 1
            found.setdefault(key, []).append(first[case])
    return found


def lines(actor: Actor, *, now: datetime) -> Iterator[tuple[Correction, str]]:
    """Every correction with the words of the first report of its case, newest first, for a file."""
    first = ServiceRequest.objects.filter(case_id=models.OuterRef("case_id")).exclude(words="")
    rows = (
        _visible(actor, now)
        .select_related("case", "from_queue", "to_queue")
        .annotate(told=models.Subquery(first.order_by("id").values("words")[:1]))
        .order_by("-at", "-id")
    )
    for row in rows[:MOST_LINES].iterator(chunk_size=500):
        yield row, row.told or ""


def _visible(actor: Actor, now: datetime) -> models.QuerySet[Correction]:
    cases = Case.objects.visible_to(actor)
    rows = Correction.objects.filter(city_id=actor.city_id, at__gte=now - SINCE)
    return rows.filter(case__in=cases)
