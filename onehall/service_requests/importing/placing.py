"""The place of a row: point, areas and words, inside the city limit or not."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from onehall.casework.linking import JsonText, json_text
from onehall.kernel.cells import cell_of
from onehall.places import areas
from onehall.places.models import LIMIT_LAYER, City
from onehall.places.naming import StreetNames
from onehall.service_requests.importing.profile import Place
from onehall.service_requests.importing.reasons import RowRejected
from onehall.service_requests.importing.templates import fill

MAX_WORDS: Final = 300
_KEPT: Final = 50_000

type Texts = tuple[str, str]
"""Longitude and latitude as the file has them."""


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """The areas of a place, if there is one. One object for each combination, so that it can be a key."""

    codes: Mapping[str, str]
    text: JsonText
    placed: bool
    inside: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """Where it is. `outside` keeps the coordinates of a pin that was dropped."""

    areas: Areas
    lon: float | None = None
    lat: float | None = None
    cell: int | None = None
    words: str = ""
    outside: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class _Spot:
    """What two texts mean: a point, its areas and street, or why there is none."""

    point: tuple[float, float] | None
    cell: int | None
    areas: Areas
    repair: str = ""
    street: str = ""
    """The words of the street, where the file has none for any place."""


class Placing:
    """Places the rows of one file in one city."""

    def __init__(self, city: City, rules: Place) -> None:
        self._rules = rules
        self._index = areas.index_of(city)
        self._areas: dict[str, Areas] = {}
        self._nowhere = Areas({}, JsonText("{}"), placed=False, inside=False)
        # Sources round coordinates and repeat addresses, so the same points come again and again.
        self._spots: dict[Texts, _Spot] = {}
        self._streets = StreetNames(city)

    def look_up(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Find the areas of many rows at once, which takes a fraction of the time of each alone."""
        lon, lat = self._rules.lon, self._rules.lat
        if lon and lat:
            self._find({(row[lon], row[lat]) for row in rows})

    def place(self, values: Mapping[str, str], repairs: list[str]) -> Placed:
        """The place of a row; what was put right goes to `repairs`. `RowRejected` by the rule."""
        rules = self._rules
        words = fill(rules.words, values)
        if len(words) > MAX_WORDS:
            words = words[:MAX_WORDS]
            repairs.append("place_words_cut")
        if not rules.lon or not rules.lat:
            return Placed(self._nowhere, words=words)
        spot = self._spot(values[rules.lon], values[rules.lat])
        point = spot.point
        if point is None:
            repairs.append(spot.repair)
            return Placed(self._nowhere, words=words)
        if spot.areas.inside:
            return Placed(spot.areas, *point, spot.cell, words or self._named(spot, repairs))
        if rules.outside == "reject":
            raise RowRejected("outside", f"{point[1]}, {point[0]}")
        if rules.outside == "keep":
            repairs.append("place_outside")
            return Placed(spot.areas, *point, spot.cell, words)
        repairs.append("pin_dropped")
        return Placed(self._nowhere, words=words, outside=point)

    def _named(self, spot: _Spot, repairs: list[str]) -> str:
        """A pin without words gets those of its street: nobody looks for a case by its coordinates."""
        words = spot.street
        if self._rules.words and spot.point:
            words = self._streets.words(*spot.point)
        if words:
            repairs.append("place_named")
        return words[:MAX_WORDS]

    def _spot(self, *texts: str) -> _Spot:
        lon, lat = texts
        found = self._spots.get((lon, lat))
        if found is None:
            self._find({(lon, lat)})
            found = self._spots[lon, lat]
        return found

    def _find(self, wanted: set[Texts]) -> None:
        if len(self._spots) > _KEPT:
            self._spots.clear()
        points: dict[Texts, tuple[float, float]] = {}
        for texts in wanted - self._spots.keys():
            point, repair = self._point(texts)
            if point is None:
                self._spots[texts] = _Spot(None, None, self._nowhere, repair=repair)
            else:
                points[texts] = point
        at = list(points.values())
        streets = [""] * len(at) if self._rules.words else self._streets.many(at)
        for (texts, point), found, street in zip(
            points.items(), self._index.at_many(at), streets, strict=True
        ):
            codes = {area.layer: area.code for area in found}
            self._spots[texts] = _Spot(
                point, cell_of(*point), self._combination(codes), street=street
            )

    def _combination(self, codes: dict[str, str]) -> Areas:
        text = json_text(codes)
        if text not in self._areas:
            inside = not self._index.has_limit or LIMIT_LAYER in codes
            self._areas[text] = Areas(codes, JsonText(text), placed=True, inside=inside)
        return self._areas[text]

    def _point(self, texts: Texts) -> tuple[tuple[float, float] | None, str]:
        """The point, or None and what to call that."""
        if not any(texts):
            return None, "place_missing"
        try:
            lon, lat = float(texts[0]), float(texts[1])
        except ValueError:
            lon = lat = math.nan
        # 0, 0 lies in the sea: it is what software writes for "unknown".
        if not (-180 <= lon <= 180 and -85 <= lat <= 85) or (lon == 0 and lat == 0):
            return None, "place_unreadable"
        if (lon, lat) in self._rules.ignore:
            return None, "place_default"
        return (lon, lat), ""
