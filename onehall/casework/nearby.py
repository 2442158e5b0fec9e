"""Cases near a point: open ones, and those that were closed lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models

from onehall.casework.models import Case
from onehall.kernel import cells, geo
from onehall.places.models import City


@dataclass(frozen=True, slots=True)
class NearCase:
    """An open case near a point."""

    case: Case
    metres: float


def open_near(
    city: City,
    lon: float,
    lat: float,
    *,
    metres: float,
    since: datetime | None = None,
    service_ids: Sequence[int] | None = None,
    public_only: bool = True,
    limit: int = 5,
) -> list[NearCase]:
    """Open cases within `metres`, nearest first: ranges of the map cell, then the true distance."""
    ranges = cells.near(lon, lat, metres)
    box = models.Q()
    for low, high in ranges:
        box |= models.Q(cell__gte=low, cell__lte=high)
    rows = Case.objects.of_city(city.id).filter(box, is_open=True)
    if public_only:
        rows = rows.filter(is_public=True)
    if service_ids is not None:
        rows = rows.filter(service_id__in=service_ids)
    if since is not None:
        rows = rows.filter(opened_at__gte=since)
    found = [
        NearCase(c, geo.distance(lon, lat, c.lon, c.lat))
        for c in rows.defer("head", "areas", "route_reason").order_by("-opened_at", "id")[:400]
        if c.lon is not None and c.lat is not None
    ]
    return sorted((n for n in found if n.metres <= metres), key=lambda n: n.metres)[:limit]
