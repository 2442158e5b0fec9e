"""From a point to words: "In front of 14 Mill Lane", "Corner of Mill Lane and Gull Street"."""

from dataclasses import dataclass

from django.utils import translation

from onehall.places import areas, wording
from onehall.places.index import GazetteerIndex, index_of
from onehall.places.models import City
from onehall.places.wording import FoundPlace

# Metres. A corner is told from the middle of the crossing; a house from its address point, often mid-lot.
_AT_CORNER = 14.0
_AT_HOUSE = 45.0
_OTHER_STREET = 15.0
_NEAR_CORNER = 30.0
_NEAR_MARK = 60.0
_ON_STREET = 40.0
_SIGHT = 150.0
_FAR = 250.0


def reverse(city: City, lon: float, lat: float, language: str = "") -> FoundPlace | None:
    """What is at a point, in words; None when nothing is near and it lies outside the city."""
    spoken = language or city.language
    with translation.override(spoken):
        told = _Here(city, spoken, lon, lat).told()
        if told is None:
            if not areas.inside_limit(city, lon, lat):
                return None
            told = wording.on_map(), "point"
        words, kind = told
        district = areas.district(city, lon, lat, spoken)
        return FoundPlace(lon, lat, words, kind, district=district)


def may_be(city: City, address: str, lon: float, lat: float) -> bool:
    """Whether a point may be the house of an address: it lies on the same street."""
    index = index_of(city)
    street = index.knows_street(address.partition(" ")[2])
    return street in {number for _, number in index.streets_near(lon, lat, _ON_STREET)}


def street_at(city: City, lon: float, lat: float) -> str:
    """The name of the street that a point is on or beside; "" where none is near."""
    index = index_of(city)
    near = index.streets_near(lon, lat, _ON_STREET)
    return index.street_name(near[0][1]) if near else ""


type Told = tuple[str, str] | None


@dataclass(frozen=True)
class _Here:
    """One point in one city; `told` is (words, kind)."""

    city: City
    language: str
    lon: float
    lat: float

    @property
    def _index(self) -> GazetteerIndex:
        return index_of(self.city)

    def told(self) -> Told:
        """The best of what can be said, from the most exact to the least."""
        house = self._house()
        corner = self._corner()
        if corner and corner[0] <= _AT_CORNER and (house is None or corner[0] <= house[0]):
            return corner[1], "corner"
        if house and house[0] <= _AT_HOUSE:
            inside = self._inside() if house[0] > 20.0 else None
            return inside or (wording.in_front(house[1]), "address")
        return (
            self._inside()
            or self._near_corner(corner)
            or self._landmark(_NEAR_MARK)
            or self._street()
            or ((wording.near(house[1]), "address") if house else None)
            or self._landmark(_FAR)
        )

    def _house(self) -> tuple[float, str] | None:
        """(distance, address) of the nearest house, those of the street one stands on first."""
        index = self._index
        streets = index.streets_near(self.lon, self.lat, _ON_STREET)
        mine = streets[0][1] if streets and streets[0][0] <= _OTHER_STREET else None
        best: tuple[float, float, int] | None = None
        for away, position in index.addresses.near(self.lon, self.lat, _SIGHT)[:40]:
            other = mine is not None and index.address_street[position] != mine
            weighed = away + (_OTHER_STREET if other else 0.0)
            if best is None or weighed < best[0]:
                best = (weighed, away, position)
        return (best[1], index.address_words(best[2])) if best else None

    def _corner(self) -> tuple[float, str] | None:
        index = self._index
        for away, number in index.corner_points.near(self.lon, self.lat, _NEAR_CORNER)[:1]:
            a, b = index.corners[number]
            return away, wording.corner(index.street_name(a), index.street_name(b))
        return None

    def _near_corner(self, corner: tuple[float, str] | None) -> Told:
        return (corner[1], "corner") if corner else None

    def _inside(self) -> Told:
        for mark in self._index.shapes_at(self.lon, self.lat):
            return wording.inside(self.city.words(mark.name, self.language)), "landmark"
        return None

    def _landmark(self, metres: float) -> Told:
        index = self._index
        for _, number in index.landmark_points.near(self.lon, self.lat, metres)[:1]:
            words = self.city.words(index.landmarks[number].name, self.language)
            return wording.near(words), "landmark"
        return None

    def _street(self) -> Told:
        """The street, and the cross street nearest along it."""
        index = self._index
        streets = index.streets_near(self.lon, self.lat, _ON_STREET)
        if not streets:
            return None
        mine = streets[0][1]
        for _, number in index.corner_points.near(self.lon, self.lat, _FAR):
            pair = index.corners[number]
            if mine in pair:
                other = pair[1] if pair[0] == mine else pair[0]
                return wording.on_street(
                    index.street_name(mine), index.street_name(other)
                ), "street"
        return wording.on_street(index.street_name(mine)), "street"
