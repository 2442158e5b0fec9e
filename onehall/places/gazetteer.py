"""From what a person typed to places, best first: numbers, corners, streets, landmarks, painted numbers."""

import math
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import shapely
from django.utils import translation

from onehall.kernel import geo
from onehall.places import areas, nearby, outside, rules, wording
from onehall.places.index import GazetteerIndex, code_keys, index_of
from onehall.places.models import City
from onehall.places.wording import FoundPlace

_MAX_TYPED = 200
_FAR_BEHIND = 26.0
_WHOLE_NAME = 90.0
_SURE = 99.0
_WIDEST_GAP = 200
_WIDEST_METRES = 500.0
# From the middle of a street to a house's front.
_TO_HOUSE = 8.0


def find_place(
    city: City,
    text: str,
    *,
    limit: int = 6,
    language: str = "",
    kinds: frozenset[str] = frozenset(),
) -> list[FoundPlace]:
    """Places that a person may mean, best first, worded in `language` (default: the city's own).

    `kinds` narrows the answer (address, street, corner, landmark, asset, point). [] when nothing is like it.
    """
    spoken = language or city.language
    with translation.override(spoken):
        found = _Search(city, spoken, text[:_MAX_TYPED]).run()
        if max((place.score for place in found), default=0.0) < outside.KNOWN_WELL:
            found += outside.ask(city, text[:_MAX_TYPED], spoken, limit)
        if kinds:
            found = [place for place in found if place.kind in kinds]
        return [
            replace(place, district=areas.district(city, place.lon, place.lat, spoken))
            for place in _best(found, limit)
        ]


def _best(found: list[FoundPlace], limit: int) -> list[FoundPlace]:
    """Sorted by score, each wording once, without what is far behind the first."""
    seen: dict[str, FoundPlace] = {}
    found.sort(key=lambda place: (-place.score, place.words, place.lon, place.lat))
    for place in found:
        if place.score > found[0].score - _FAR_BEHIND:
            seen.setdefault(place.words, place)
    return list(seen.values())[: max(0, limit)]


class _Search:
    """One question to one city's gazetteer."""

    def __init__(self, city: City, language: str, text: str) -> None:
        self.city = city
        self.language = language
        self.text = text
        self.index: GazetteerIndex = index_of(city)
        self.typed = rules.take_apart(text, city_names=(city.name,))

    def run(self) -> list[FoundPlace]:
        """Everything found, unsorted."""
        if point := geo.read_point(self.text):
            return [self._point(*point)]
        if not self.typed.text:
            return []
        found = self._stretches() or self._corners()
        found += [*self._assets(), *self._addresses()]
        unsure = max((place.score for place in found), default=0.0) < _SURE
        if unsure:
            found += self._streets()
        # A building is often called by its address.
        said = {rules.street_norm(place.words) for place in found if place.kind == "address"}
        marks = self._landmarks(guess=unsure)
        return found + [mark for mark in marks if rules.street_norm(mark.words) not in said]

    def _point(self, lon: float, lat: float) -> FoundPlace:
        here = nearby.reverse(self.city, lon, lat, self.language)
        words = here.words if here else wording.on_map()
        return FoundPlace(lon, lat, words, "point")

    def _streets(self) -> list[FoundPlace]:
        found = []
        for number, score in self.index.street_names.match(self.typed.text):
            place = self._street(number, score)
            if place:
                found.append(place)
        return found

    def _street(self, number: int, score: float, words: str = "") -> FoundPlace | None:
        """A street as a place: a point half way along its longest line, else its middle house."""
        street = self.index.streets[number]
        if street.lines:
            lon, lat = _half_way(street.lines)
        elif street.addresses:
            position = street.addresses[len(street.addresses) // 2]
            lon = float(self.index.addresses.lon[position])
            lat = float(self.index.addresses.lat[position])
        else:
            return None
        return FoundPlace(lon, lat, words or street.name, "street", score=score, exact=not words)

    def _landmarks(self, *, guess: bool) -> list[FoundPlace]:
        names = self.index.landmark_names
        scores = dict(names.match(self.typed.text, guess=guess))
        rest = rules.without_place_words(rules.street_norm(self.typed.text))
        for number, score in names.match(rest, guess=guess):
            if score > _WHOLE_NAME:
                scores[number] = max(score * 0.96, scores.get(number, 0.0))
        found = []
        for number, score in scores.items():
            mark = self.index.landmarks[number]
            words = self.city.words(mark.name, self.language)
            # A street of the same name comes first: it is what most people mean.
            found.append(FoundPlace(mark.lon, mark.lat, words, "landmark", score=score - 0.5))
        return found

    def _stretches(self) -> list[FoundPlace]:
        """ "Main between 4th and 5th": half way between the two corners."""
        if self.typed.between is None:
            return []
        named = [self.index.street_names.match(name, limit=3) for name in self.typed.between]
        found = []
        for (street, *scores), (a, *score_a), (b, *score_b) in product(*named):
            ends = [self.index.corners_of(street, other)[:1] for other in (a, b)]
            if a == b or not all(ends):
                continue
            points = self.index.corner_points
            both = [number for end in ends for number in end]
            words = wording.between(*(self.index.street_name(one) for one in (street, a, b)))
            lon, lat = float(points.lon[both].mean()), float(points.lat[both].mean())
            score = sum((*scores, *score_a, *score_b)) / 3
            found.append(FoundPlace(lon, lat, words, "street", score=score))
        return found

    def _corners(self) -> list[FoundPlace]:
        if self.typed.corner is None:
            return []
        left, right = (self.index.street_names.match(name, limit=6) for name in self.typed.corner)
        found = []
        for (a, score_a), (b, score_b) in product(left, right):
            score = (score_a + score_b) / 2
            for number in self.index.corners_of(a, b):
                words = wording.corner(self.index.street_name(a), self.index.street_name(b))
                lon, lat = (
                    self.index.corner_points.lon[number],
                    self.index.corner_points.lat[number],
                )
                found.append(FoundPlace(float(lon), float(lat), words, "corner", score=score))
        if not found:
            # The two never meet: offer each of them.
            both = [self._street(number, score * 0.9) for number, score in (*left[:1], *right[:1])]
            found = [place for place in both if place]
        return found

    def _assets(self) -> list[FoundPlace]:
        """Painted numbers: "light 1042", "SL-1042", "1042"."""
        words = self.typed.text.replace("-", "").split()
        whole = "".join(code_keys(self.typed.text)[:1])
        found = []
        for code in dict.fromkeys([whole, *(word for word in words if _has_digit(word))]):
            others = [word for word in words if word != code] if code != whole else []
            for number in self.index.assets_with(code)[:12]:
                thing = self.index.assets[number]
                known = sum(any(w.startswith(other) for w in thing.words) for other in others)
                if others:
                    score = 60.0 + 39.0 * known / len(others)
                else:
                    score = (
                        99.0 if code == code_keys(thing.code)[0] and not code.isdigit() else 80.0
                    )
                if score > 60.0 or len(words) <= 2:
                    found.append(self._asset(number, score))
        return found

    def _asset(self, number: int, score: float) -> FoundPlace:
        thing = self.index.assets[number]
        where = self.city.words(thing.name, self.language)
        where = where or nearby.street_at(self.city, thing.lon, thing.lat)
        words = wording.asset(thing.kind, thing.code, where)
        return FoundPlace(
            thing.lon, thing.lat, words, "asset",
            score=score, asset_code=thing.code, asset_kind=thing.kind,
        )  # fmt: skip

    def _addresses(self) -> list[FoundPlace]:
        if not self.typed.number:
            return []
        house = rules.house(self.typed.number)
        found = []
        for number, score in self.index.street_names.match(self.typed.street, limit=6):
            exact = self._exact(number, house, score)
            place = exact or self._estimated(number, house, score)
            if place:
                found.append(place)
        return found

    def _exact(self, street_id: int, house: rules.House, score: float) -> FoundPlace | None:
        """The house itself; with the typed letter and unit when there is one."""
        low, high = self._with_number(street_id, house.number)
        if low == high:
            return None

        def fit(position: int) -> tuple[bool, bool, int]:
            unit = rules.plain(self.index.address_unit[position])
            other_unit = unit != self.typed.unit and not (
                self.typed.unit and unit.endswith(self.typed.unit)
            )
            return self.index.address_suffix[position] != house.suffix, other_unit, position

        best = min(range(low, high), key=fit)
        wrong_letter = fit(best)[0]
        return self._house(best, score - (4.0 if wrong_letter else 0.0))

    def _with_number(self, street_id: int, number: int) -> tuple[int, int]:
        """The first address of a street with a number, and the one after the last."""
        there = self.index.addresses_of(street_id)
        numbers = self.index.address_number[there.start : there.stop]
        low, high = np.searchsorted(numbers, (number, number + 1)).tolist()
        return there.start + low, there.start + high

    def _house(self, position: int, score: float, words: str = "") -> FoundPlace:
        lon, lat = self.index.addresses.lon[position], self.index.addresses.lat[position]
        shown = words or self.index.address_words(position)
        return FoundPlace(float(lon), float(lat), shown, "address", score=score, exact=not words)

    def _estimated(self, street_id: int, house: rules.House, score: float) -> FoundPlace | None:
        """A house that is not in the list: between its neighbors, along the street's numbers, or near one."""
        if not house.number:
            return None
        there = self.index.addresses_of(street_id)
        address = f"{self.typed.number} {self.index.street_name(street_id)}"
        point = self._between(street_id, house.number) or self._along(street_id, house.number)
        if point:
            words = wording.about_where(address)
            return FoundPlace(
                *point, words, "address", score=score * 0.92, exact=False, address=address
            )
        if there:
            numbers = self.index.address_number[there.start : there.stop]
            nearest = there.start + int(np.argmin(np.abs(numbers - house.number)))
            words = wording.pin_at(address, self.index.address_words(nearest))
            return replace(self._house(nearest, score * 0.84, words), address=address)
        found = self._street(street_id, score * 0.8, wording.pin_on_street(address))
        return replace(found, address=address) if found else None

    def _between(self, street_id: int, number: int) -> tuple[float, float] | None:
        """The point between the next lower and the next higher house, on the same side when both are known."""
        there = self.index.addresses_of(street_id)
        numbers = self.index.address_number[there.start : there.stop]
        for same_side in (True, False):
            fitting = numbers % 2 == number % 2 if same_side else np.ones(len(numbers), dtype=bool)
            below = np.flatnonzero(fitting & (numbers < number))
            above = np.flatnonzero(fitting & (numbers > number))
            if not len(below) or not len(above):
                continue
            low, high = there.start + int(below[-1]), there.start + int(above[0])
            point = self._part_way(low, high, number)
            if point:
                return point
        return None

    def _part_way(self, low: int, high: int, number: int) -> tuple[float, float] | None:
        first, last = (int(self.index.address_number[position]) for position in (low, high))
        points = self.index.addresses
        (x1, x2), (y1, y2) = points.lon[[low, high]].tolist(), points.lat[[low, high]].tolist()
        if last - first > _WIDEST_GAP or geo.distance(x1, y1, x2, y2) > _WIDEST_METRES:
            return None
        part = (number - first) / (last - first)
        return x1 + (x2 - x1) * part, y1 + (y2 - y1) * part

    def _along(self, street_id: int, number: int) -> tuple[float, float] | None:
        """The point beside a street line whose house numbers, from one end to the other, take this one in."""
        best: tuple[bool, float, float] | None = None
        for numbers, line in self.index.streets[street_id].ranges:
            for side in ("left", "right"):
                first, last = numbers.get(f"{side}_from"), numbers.get(f"{side}_to")
                if (
                    first is None
                    or last is None
                    or not min(first, last) <= number <= max(first, last)
                ):
                    continue
                part = (number - first) / (last - first) if last != first else 0.5
                point = _beside_line(line, part, left=side == "left")
                odd_one = number % 2 != first % 2
                if best is None or odd_one < best[0]:
                    best = (odd_one, *point)
        return best[1:] if best else None


def _has_digit(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


def _beside_line(line: list[list[float]], part: float, *, left: bool) -> tuple[float, float]:
    """The point at a part (0 to 1) of a line's length on the ground, on one side of it."""
    wide = math.cos(math.radians(line[0][1]))
    flat: Any = shapely.LineString([(lon * wide, lat) for lon, lat in line])
    before, there, after = (
        flat.interpolate(min(1.0, max(0.0, at)), normalized=True)
        for at in (part - 0.01, part, part + 0.01)
    )
    east, north = after.x - before.x, after.y - before.y
    long = math.hypot(east, north) or 1.0
    away = (_TO_HOUSE if left else -_TO_HOUSE) / geo.METRES_PER_DEGREE / long
    return float(there.x - north * away) / wide, float(there.y + east * away)


def _half_way(lines: list[list[list[float]]]) -> tuple[float, float]:
    """A point on the street near the middle of everything that bears its name."""
    corners = [point for line in lines for point in line]
    middle = shapely.Point(np.mean(np.array(corners), axis=0))
    nearest = shapely.shortest_line(shapely.MultiLineString(lines), middle)
    lon, lat = shapely.get_coordinates(nearest)[0].tolist()
    return float(lon), float(lat)
