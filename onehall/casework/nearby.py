"""Cases near a point: open ones, and those that were closed lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models

from onehall.casework.models import Case
from onehall.kernel import cells, geo
from onehall.people.actor import Actor
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """A case near another one, or about the same thing; `metres` None where one of them has no place."""

    case: Case
    metres: float | None
    same_service: bool
    same_asset: bool


MOST_LOOKED_AT = 400


def around(
    case: Case, actor: Actor, *, metres: float, closed_since: datetime, limit: int = 40
) -> list[Around]:
    """Cases within `metres` or about the same asset, open or closed since, that somebody may see; nearest first."""
    here = models.Q()
    if case.lon is not None and case.lat is not None:
        for low, high in cells.near(case.lon, case.lat, metres):
            here |= models.Q(cell__gte=low, cell__lte=high)
    if case.asset_id is not None:
        here |= models.Q(asset_id=case.asset_id)
    if not here:
        return []
    seen = Case.objects.visible_to(actor).filter(here, merged_into=None).exclude(pk=case.pk)
    lately = models.Q(is_open=True) | models.Q(closed_at__gte=closed_since)
    rows = seen.filter(lately).defer("head", "route_reason").order_by("-opened_at", "id")
    found = []
    for other in rows[:MOST_LOOKED_AT]:
        away = _metres(case, other)
        same = case.asset_id is not None and other.asset_id == case.asset_id
        if same or (away is not None and away <= metres):
            found.append(
                Around(
                    case=other,
                    metres=away,
                    same_service=other.service_id == case.service_id,
                    same_asset=same,
                )
            )
    far = float("inf")
    found.sort(
        key=lambda a: (not a.same_asset, a.metres if a.metres is not None else far, a.case.pk)
    )
    return found[:limit]


def _metres(one: Case, other: Case) -> float | None:
    places = (one.lon, one.lat, other.lon, other.lat)
    if None in places:
        return None
    return geo.distance(*places)  # type: ignore[arg-type]  # none of them is None
