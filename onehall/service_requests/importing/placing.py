"""The place of a row: point, areas and words, inside the city limit or not."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from onehall.places import areas
from onehall.places.models import LIMIT_LAYER, City
from onehall.places.naming import StreetNames
from onehall.service_requests.importing.profile import Place
from onehall.service_requests.importing.reasons import RowRejected
from onehall.service_requests.importing.templates import fill

MAX_WORDS: Final = 300
_KEPT: Final = 100_000


@dataclass(frozen=True, slots=True)
class Placed:
    """Where it is. `outside` keeps the coordinates of a pin that was dropped."""

    lon: float | None = None
    lat: float | None = None
    words: str = ""
    areas: dict[str, str] = field(default_factory=dict)
    outside: tuple[float, float] | None = None


class Placing:
    """Places the rows of one file in one city."""

    def __init__(self, city: City, rules: Place) -> None:
        self._rules = rules
        index = areas.index_of(city)

        # Sources round coordinates and repeat addresses, so the same points come again and again.
        @lru_cache(maxsize=_KEPT)
        def known(lon: float, lat: float) -> tuple[dict[str, str], bool]:
            found = {area.layer: area.code for area in index.at(lon, lat)}
            return found, not index.has_limit or LIMIT_LAYER in found

        self._known = known
        self._street = lru_cache(maxsize=_KEPT)(StreetNames(city).words)

    def place(self, values: Mapping[str, str], repairs: list[str]) -> Placed:
        """The place of a row; what was put right goes to `repairs`. `RowRejected` by the rule."""
        words = fill(self._rules.words, values)
        if len(words) > MAX_WORDS:
            words = words[:MAX_WORDS]
            repairs.append("place_words_cut")
        point = self._point(values, repairs)
        if point is None:
            return Placed(words=words)
        found, inside = self._known(*point)
        if inside:
            return Placed(*point, words or self._named(*point, repairs), found)
        if self._rules.outside == "reject":
            raise RowRejected("outside", f"{point[1]}, {point[0]}")
        if self._rules.outside == "keep":
            repairs.append("place_outside")
            return Placed(*point, words, found)
        repairs.append("pin_dropped")
        return Placed(words=words, outside=point)

    def _named(self, lon: float, lat: float, repairs: list[str]) -> str:
        """A pin without words gets those of its street: nobody looks for a case by its coordinates."""
        words = self._street(lon, lat)
        if words:
            repairs.append("place_named")
        return words[:MAX_WORDS]

    def _point(self, values: Mapping[str, str], repairs: list[str]) -> tuple[float, float] | None:
        rules = self._rules
        if not rules.lon or not rules.lat:
            return None
        texts = values[rules.lon], values[rules.lat]
        if not any(texts):
            repairs.append("place_missing")
            return None
        try:
            lon, lat = float(texts[0]), float(texts[1])
        except ValueError:
            lon = lat = math.nan
        # 0, 0 lies in the sea: it is what software writes for "unknown".
        if not (-180 <= lon <= 180 and -85 <= lat <= 85) or (lon == 0 and lat == 0):
            repairs.append("place_unreadable")
            return None
        if (lon, lat) in rules.ignore:
            repairs.append("place_default")
            return None
        return lon, lat
