"""Where made-up reports are about: addresses of the city, else its streets, else points within it; some far more often."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import shapely

from onehall.casework.linking import JsonText, json_text
from onehall.kernel.cells import cell_of
from onehall.places import areas
from onehall.places.models import LIMIT_LAYER, Address, City, Street
from onehall.service_requests.generating.plan import table

MOST: Final = 50_000
"""Places that are kept in memory; of a larger city a part is taken."""
_POINTS: Final = 2_000
_AROUND: Final = 4
"""A hot spot is a place with so many neighbors on each side along the map's order."""
_HOT: Final = 8_192


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A place with its map cell and areas. The areas of all places alike are one object."""

    lon: float
    lat: float
    cell: int
    words: str
    areas: "Areas"


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """One combination of areas, by identity a key."""

    codes: dict[str, str]
    text: JsonText


NOWHERE: Final = Areas({}, JsonText("{}"))


@dataclass(frozen=True, slots=True)
class Spots:
    """All places in the order of the map, and those that are told of most as often as they are."""

    every: tuple[Spot, ...]
    hot: tuple[Spot, ...]


def spots_of(city: City, *, hot_places: int, rng: Random) -> Spots:
    """The places of a city, chosen by `rng`; none for a city without addresses, streets and areas."""
    found = _addresses(city, rng) or _streets(city, rng) or _points(city, rng)
    index = areas.index_of(city)
    combinations: dict[str, Areas] = {}
    every = []
    for (lon, lat, words), inside in zip(found, index.at_many([f[:2] for f in found]), strict=True):
        codes = {area.layer: area.code for area in inside}
        if index.has_limit and LIMIT_LAYER not in codes:
            continue
        text = json_text(codes)
        if text not in combinations:
            combinations[text] = Areas(codes, JsonText(text))
        every.append(Spot(lon, lat, cell_of(lon, lat), words[:300], combinations[text]))
    every.sort(key=lambda spot: (spot.cell, spot.words))
    return Spots(tuple(every), tuple(_hot(every, hot_places, rng)))


def _hot(every: Sequence[Spot], places: int, rng: Random) -> list[Spot]:
    """Clusters: each further one half as busy as the one twice before it."""
    if not every or not places:
        return []
    centres = [rng.randrange(len(every)) for _ in range(min(places, len(every)))]
    busy = table(centres, [1 / (rank + 3) for rank in range(len(centres))], _HOT)
    last = len(every) - 1
    return [every[min(max(0, at + rng.randint(-_AROUND, _AROUND)), last)] for at in busy]


type _Found = list[tuple[float, float, str]]


def _some(rows: _Found, rng: Random) -> _Found:
    return rows if len(rows) <= MOST else sorted(rng.sample(rows, MOST))


def _addresses(city: City, rng: Random) -> _Found:
    rows = Address.objects.filter(city_id=city.pk).order_by("id")
    return _some(list(rows.values_list("lon", "lat", "text")), rng)


def _streets(city: City, rng: Random) -> _Found:
    rows = Street.objects.filter(city_id=city.pk).exclude(name="").order_by("id")
    corners: _Found = []
    for name, lines in rows.values_list("name", "geometry"):
        corners += [(float(lon), float(lat), name) for line in lines for lon, lat in line]
    return _some(corners, rng)


def _points(city: City, rng: Random) -> _Found:
    """Points within the box around the areas; those outside of the city are left out later."""
    shapes = areas.index_of(city).shapes
    if not len(shapes):
        return []
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(shapes))
    return [(rng.uniform(west, east), rng.uniform(south, north), "") for _ in range(_POINTS)]
