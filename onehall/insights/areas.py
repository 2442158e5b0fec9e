"""Figures of each part of the city for everybody: counted from the cases now and then, read in no time.

Counting reads a year of cases, which takes seconds in a large city; so it is done by the worker, and pages say
when it was.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from onehall.casework import public
from onehall.insights.models import AreaFigure
from onehall.places.areas import public_layers
from onehall.places.models import City
from onehall.service_requests.publicly import shown_services

SPANS: Final = (30, 90, 365)
"""Days up to now that are counted."""
EVERY: Final = timedelta(hours=6)
LEAST: Final = 5
"""Fewer closed cases say nothing about how long it usually takes."""
LOCK: Final = 0x6F6E6561
"""First half of the advisory lock that lets one worker at a time count a city."""

# The same cases as the public list shows: see `casework.public.meant`.
COUNT: Final = """
WITH mine AS MATERIALIZED (
  SELECT service_id, areas, opened_at, promised_at, CASE WHEN closed_at >= opened_at THEN closed_at END AS closed_at
  FROM casework_case
  WHERE city_id = %(city)s AND is_public AND merged_into_id IS NULL AND parent_id IS NULL
    AND service_id = ANY(%(services)s) AND (opened_at >= %(since)s OR closed_at >= %(since)s)
), placed AS (
  SELECT mine.*, part.layer, part.area
  FROM mine, LATERAL (
    SELECT '' AS layer, '' AS area
    UNION ALL
    SELECT key, value FROM jsonb_each_text(mine.areas) WHERE key = ANY(%(layers)s)
  ) part
)
INSERT INTO insights_areafigure
  (city_id, layer, area, service_id, days, reported, closed, promised, kept, half, most, counted_at)
SELECT %(city)s, layer, area, service_id, days,
       count(*) FILTER (WHERE opened_at >= start),
       count(*) FILTER (WHERE closed_at >= start),
       count(promised_at) FILTER (WHERE closed_at >= start),
       count(*) FILTER (WHERE closed_at >= start AND closed_at <= promised_at),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY closed_at - opened_at) FILTER (WHERE closed_at >= start),
       percentile_disc(0.9) WITHIN GROUP (ORDER BY closed_at - opened_at) FILTER (WHERE closed_at >= start),
       %(now)s
FROM placed JOIN unnest(%(days)s::int[], %(starts)s::timestamptz[]) AS span(days, start)
  ON opened_at >= start OR closed_at >= start
GROUP BY GROUPING SETS ((layer, area, days), (layer, area, days, service_id))
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """One area in one span. `half` and `most`: how long half and nine of ten of the closed cases took, if enough were."""

    reported: int = 0
    closed: int = 0
    promised: int = 0
    kept: int = 0
    half: timedelta | None = None
    most: timedelta | None = None

    @property
    def kept_share(self) -> int | None:
        """Percent of the promised cases that were closed in time, rounded down; None of too few."""
        return self.kept * 100 // self.promised if self.promised >= LEAST else None


NOTHING: Final = Figures()


@dataclass(frozen=True, slots=True)
class AreaFigures:
    """An area beside the whole city: by days, and for the longest span by service."""

    counted_at: datetime | None
    here: dict[int, Figures] = field(default_factory=dict)
    city: dict[int, Figures] = field(default_factory=dict)
    services_here: dict[int, Figures] = field(default_factory=dict)
    services_city: dict[int, Figures] = field(default_factory=dict)


def keep_current(*, now: datetime) -> None:
    """Count the areas of each city anew four times a day, and soon after its pack changed what residents see."""
    for city in City.objects.order_by("id"):
        if _is_due(city, now):
            count(city, now=now)


def _is_due(city: City, now: datetime) -> bool:
    rows = AreaFigure.objects.filter(city_id=city.pk).order_by("-counted_at")
    last = rows.values_list("counted_at", flat=True).first()
    if last is None or now - last >= EVERY:
        return True
    return city.changed_at is not None and city.changed_at > last


@transaction.atomic
def count(city: City, *, now: datetime) -> bool:
    """Count a city's areas anew; False when another worker is at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, city.pk % 2**31])
        if not cursor.fetchone()[0]:
            return False
        starts = [now - timedelta(days=d) for d in SPANS]
        cursor.execute("DELETE FROM insights_areafigure WHERE city_id = %s", [city.pk])
        given: dict[str, Any] = {
            "city": city.pk,
            "services": [s.id for s in shown_services(city)],
            "layers": public_layers(city),
            "since": min(starts),
            "days": list(SPANS),
            "starts": starts,
            "now": now,
        }
        cursor.execute(COUNT, given)
    return True


def open_counts(city: City, *, now: datetime) -> dict[tuple[str, str], int]:
    """How many open cases everybody sees in each public area, by (layer, code). One query."""
    services = shown_services(city)
    return public.open_by_area(
        city,
        [s.id for s in services],
        [s.id for s in services if s.place_privacy == "exact"],
        public_layers(city),
        now=now,
    )


def figures(city: City, layer: str, area: str) -> AreaFigures:
    """What is known of an area and of the whole city, in one query; nothing before the first count."""
    rows = AreaFigure.objects.filter(city_id=city.pk, layer__in=("", layer), area__in=("", area))
    found = AreaFigures(None)
    counted_at = None
    for row in rows.order_by("id"):
        counted_at = row.counted_at
        whole = row.layer == ""
        read = _read(row)
        if row.service_id is None:
            (found.city if whole else found.here)[row.days] = read
        elif row.days == max(SPANS):
            (found.services_city if whole else found.services_here)[row.service_id] = read
    return AreaFigures(counted_at, found.here, found.city, found.services_here, found.services_city)


def closed_by_area(city: City, days: int) -> dict[tuple[str, str], int]:
    """How many cases were closed in each area, (layer, area): one of `SPANS` days, in one query."""
    rows = AreaFigure.objects.filter(city_id=city.pk, service_id=None, days=days)
    return {(r.layer, r.area): r.closed for r in rows.order_by("id")}


def _read(row: AreaFigure) -> Figures:
    enough = row.closed >= LEAST
    return Figures(
        row.reported,
        row.closed,
        row.promised,
        row.kept,
        row.half if enough else None,
        row.most if enough else None,
    )
