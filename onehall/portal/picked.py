"""A place as the server found it, carried by the form as signed text."""

from dataclasses import asdict, dataclass
from typing import Any

from django.core import signing

from onehall.casework.actions import CasePlace
from onehall.places import queries as places
from onehall.places.models import City
from onehall.places.queries import FoundPlace

SALT = "picked-place"
HOURS = 48


@dataclass(frozen=True, slots=True)
class Picked:
    """A found place and the text that stood in the field when it was picked."""

    lon: float
    lat: float
    words: str
    district: str = ""
    asset_id: int | None = None
    accuracy: float | None = None


def sign(place: Picked) -> str:
    """Text that only this server can make."""
    return signing.dumps(asdict(place), salt=SALT, compress=True)


def read(text: str) -> Picked | None:
    """The place behind a signed text; None when it is forged, too old or empty."""
    if not text:
        return None
    try:
        value: dict[str, Any] = signing.loads(text, salt=SALT, max_age=HOURS * 3600)
    except signing.BadSignature:
        return None
    return Picked(**value)


def of(found: FoundPlace, *, asset_id: int | None = None, accuracy: float | None = None) -> Picked:
    """A gazetteer's find as a picked place."""
    return Picked(found.lon, found.lat, found.words, found.district, asset_id, accuracy)


def case_place(city: City, place: Picked | None, words: str) -> CasePlace:
    """The place of a case: the point with its areas, or the resident's words alone."""
    if place is None:
        return CasePlace(words=words.strip())
    areas = places.areas_at(city, place.lon, place.lat)
    return CasePlace(
        words=place.words, lon=place.lon, lat=place.lat, areas=areas, asset_id=place.asset_id
    )
