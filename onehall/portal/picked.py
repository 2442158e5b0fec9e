"""A place as the server found it, carried by the form as signed text."""

from dataclasses import asdict, dataclass
from typing import Any

from django.core import signing

from onehall.casework.actions import CasePlace
from onehall.casework.models import Case
from onehall.places import queries as places
from onehall.places.models import Asset, City
from onehall.places.queries import AssetNear, FoundPlace

SALT = "picked-place"
HOURS = 48


@dataclass(frozen=True, slots=True)
class Picked:
    """A found place and its words. `accuracy` in metres, where a phone gave the point.

    `address` is what was asked for where the point is only close to it; once the resident has set the pin, the
    words are the address.
    """

    lon: float
    lat: float
    words: str
    district: str = ""
    asset_kind: str = ""
    asset_code: str = ""
    accuracy: float | None = None
    address: str = ""

    @property
    def wants_pin(self) -> bool:
        """Whether the pin is only close to the address."""
        return bool(self.address) and self.words != self.address

    @property
    def spot(self) -> dict[str, Any]:
        """What the map of the form opens with."""
        return {"lon": self.lon, "lat": self.lat, "code": self.asset_code}


def sign(place: Picked) -> str:
    """Text that only this server can make."""
    return signing.dumps(asdict(place), salt=SALT, compress=True)


def read(text: str) -> Picked | None:
    """The place behind a signed text; None when it is forged, too old or empty."""
    if not text:
        return None
    try:
        value: dict[str, Any] = signing.loads(text, salt=SALT, max_age=HOURS * 3600)
        return Picked(**value)
    except (signing.BadSignature, TypeError):
        # Forged, too old, or signed by an earlier version with other fields.
        return None


def of(found: FoundPlace) -> Picked:
    """A gazetteer's find as a picked place."""
    return Picked(
        found.lon,
        found.lat,
        found.words,
        found.district,
        found.asset_kind,
        found.asset_code,
        address=found.address,
    )


def of_asset(near: AssetNear, place: Picked) -> Picked:
    """A thing with a painted number near a picked place, in that place's district."""
    return of_thing(near, place.district)


def of_thing(near: AssetNear, district: str) -> Picked:
    """A thing with a painted number as a picked place."""
    return Picked(near.lon, near.lat, near.words, district, near.kind, near.code)


def of_case(case: Case, district: str) -> Picked | None:
    """Where a case is, to be picked once more; None where it has no point."""
    if case.lon is None or case.lat is None:
        return None
    asset = Asset.objects.filter(pk=case.asset_id).first() if case.asset_id else None
    kind, code = (asset.kind, asset.code) if asset else ("", "")
    return Picked(case.lon, case.lat, case.place_words, district, kind, code)


def case_place(city: City, place: Picked | None, words: str) -> CasePlace:
    """The place of a case: the point with its areas, or the resident's words alone."""
    if place is None:
        return CasePlace(words=words.strip())
    return CasePlace(
        words=place.words,
        lon=place.lon,
        lat=place.lat,
        areas=places.areas_at(city, place.lon, place.lat),
        asset_id=_asset_id(city, place),
    )


def _asset_id(city: City, place: Picked) -> int | None:
    if not place.asset_code:
        return None
    found = Asset.objects.filter(city=city, kind=place.asset_kind, code=place.asset_code)
    return found.values_list("id", flat=True).first()
