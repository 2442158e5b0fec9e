"""Things with a painted number as rows of the database: on a part of the map by cells, and by their numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils import translation

from onehall.kernel import cells, geo
from onehall.places.index import AssetFacts
from onehall.places.models import Asset, City
from onehall.places.queries import AssetNear, asset_near, assets_by_code

WIDEST: Final = 6_000
"""Metres: of a larger part of the map only the middle is looked at, so that what is read stays bounded."""

type Row = tuple[int, str, dict[str, str], float, float]


@dataclass(frozen=True, slots=True)
class InView:
    """Things of one kind as (key of the row, thing), nearest to the middle first; `more` when there are others."""

    things: Sequence[tuple[int, AssetNear]]
    more: bool


def in_view(city: City, kind: str, box: geo.Box, *, limit: int, language: str) -> InView:
    """The things of a kind in a box of degrees (west, south, east, north), at most `limit`."""
    lon, lat = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    widest = geo.box_around(lon, lat, WIDEST / 2)
    west, south = max(box[0], widest[0]), max(box[1], widest[1])
    east, north = min(box[2], widest[2]), min(box[3], widest[3])
    inside = models.Q()
    for low, high in cells.ranges(west, south, east, north):
        inside |= models.Q(cell__range=(low, high))
    rows = Asset.objects.filter(
        inside,
        city=city,
        kind=kind,
        lon__range=(west, east),
        lat__range=(south, north),
    )
    found: list[Row] = list(
        rows.order_by(_away(lon, lat), "id").values_list("id", "code", "name", "lon", "lat")[
            : limit + 1
        ]
    )
    clipped = (west, south, east, north) != tuple(box)
    with translation.override(language):
        things = [(row[0], _thing(city, kind, row, lon, lat, language)) for row in found[:limit]]
    return InView(things, more=clipped or len(found) > limit)


def named(city: City, kind: str, code: str, *, language: str) -> AssetNear | None:
    """The thing with exactly this number."""
    if not code.isprintable():
        return None
    rows = Asset.objects.filter(city=city, kind=kind, code=code)
    found: Row | None = rows.values_list("id", "code", "name", "lon", "lat").first()
    if found is None:
        return None
    with translation.override(language):
        return _thing(city, kind, found, found[3], found[4], language)


def numbered(
    city: City, text: str, *, kind: str = "", limit: int = 8, language: str
) -> list[tuple[int, AssetNear]]:
    """The things with a number in any writing, of a kind ("" for all), as (key of the row, thing)."""
    found = assets_by_code(city, text, kind=kind, limit=limit, language=language)
    if not found:
        return []
    these = models.Q()
    for one in found:
        these |= models.Q(kind=one.kind, code=one.code)
    rows = Asset.objects.filter(these, city=city).values_list("kind", "code", "id")
    ids = {(kind, code): pk for kind, code, pk in rows.order_by("id")}
    return [(ids[one.kind, one.code], one) for one in found if (one.kind, one.code) in ids]


def has_digit(text: str) -> bool:
    """Whether a text may be a painted number at all."""
    return any(letter.isdigit() for letter in text)


def _away(lon: float, lat: float) -> models.expressions.Combinable:
    """How far a row is, on a flat patch: good enough to say which is nearer."""
    east = (models.F("lon") - lon) * math.cos(math.radians(lat))
    north = models.F("lat") - lat
    return models.ExpressionWrapper(east * east + north * north, models.FloatField())


def _thing(city: City, kind: str, row: Row, lon: float, lat: float, language: str) -> AssetNear:
    _pk, code, name, x, y = row
    facts = AssetFacts(kind, code, name, x, y)
    return asset_near(city, facts, geo.distance(lon, lat, x, y), language)
