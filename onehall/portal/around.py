"""What a picked place looks like to the person who picked it: its words, and what lies around it."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils.translation import gettext as _

from onehall.casework import queries as casework
from onehall.casework.queries import NearCase
from onehall.catalog.services import ServiceDefinition
from onehall.kernel.clock import now as read_clock
from onehall.look import lengths
from onehall.look.doorway import CityRequest
from onehall.places import queries as places
from onehall.places.models import City
from onehall.portal import picked
from onehall.portal.picked import Picked
from onehall.portal.things import Told

ASSET_METRES = 60
"""How far from the picked place a numbered thing may be to be offered."""


def place_note(place: Picked, city: City, language: str) -> str:
    """What stands under the words of a picked place: its district, how exact it is, what would help."""
    if place.wants_pin and city.bounds:
        return _("Show the map and move it until the spot is right.")
    if not place.accuracy:
        return place.district
    far = lengths.say(place.accuracy, units=lengths.units_for(language, city))
    within = _("Within %(distance)s") % {"distance": far}
    return f"{place.district} · {within}" if place.district else within


def near_cases(
    request: CityRequest, service: ServiceDefinition, place: Picked, *, but: Sequence[Told] = ()
) -> list[NearCase]:
    """Up to three open, public cases of the same service near a place whose pin is where it should be.

    `but` are those about the very thing, which are offered in their own words.
    """
    if not service.public or place.wants_pin:
        return []
    known = {t.case.pk for t in but}
    found = casework.open_near(
        request.city,
        place.lon,
        place.lat,
        metres=service.similar_metres,
        since=read_clock() - timedelta(days=service.similar_days),
        service_ids=[service.id],
        limit=3 + len(known),
    )
    return [n for n in found if n.case.pk not in known][:3]


def near_assets(
    request: CityRequest, service: ServiceDefinition, place: Picked
) -> list[tuple[str, str, float, str]]:
    """Things with a painted number near a place, where the service is about them: (signed, words, metres, number)."""
    if not service.asset or place.wants_pin:
        return []
    found = places.assets_near(
        request.city,
        place.lon,
        place.lat,
        service.asset,
        ASSET_METRES,
        limit=4,
        language=request.LANGUAGE_CODE,
    )
    return [(picked.sign(picked.of_asset(a, place)), a.words, a.metres, a.code) for a in found]
