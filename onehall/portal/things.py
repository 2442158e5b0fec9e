"""Things with a painted number as everybody may see them: which there are, and what is open on one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from onehall.casework import things as casework
from onehall.casework.models import Case
from onehall.catalog.flows import State
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.kernel import geo
from onehall.kernel.clock import now as read_clock
from onehall.look import dates
from onehall.look.doorway import CityRequest
from onehall.places import in_view
from onehall.places import queries as places
from onehall.places.models import Asset, City
from onehall.places.queries import AssetNear
from onehall.portal import picked
from onehall.portal.picked import Picked
from onehall.service_requests.publicly import shown_services

TOLD = 3
"""Open cases about one thing that are offered to follow."""

ON_MAP: Final = 150
"""Things on the map of the report form at most."""

NUMBER: Final = re.compile(r"[A-Za-z]{1,4}[\s-]?[0-9]{2,7}")
"""The shape of a painted number with its letters; digits alone may be a house."""


@dataclass(frozen=True, slots=True)
class Told:
    """An open case about the very thing that somebody is about to report."""

    case: Case
    service: ServiceDefinition
    state: State


def exact_services(city: City, kind: str) -> list[ServiceDefinition]:
    """Services about a kind of thing whose cases everybody may see where they are."""
    return [s for s in shown_services(city) if s.asset == kind and s.place_privacy == "exact"]


def exact_ids(city: City) -> Sequence[int]:
    """All services whose cases everybody may see where they are."""
    return [s.id for s in shown_services(city) if s.place_privacy == "exact"]


def offered(city: City, kind: str) -> list[ServiceDefinition]:
    """What residents can report about a kind of thing."""
    return [s for s in catalogue(city).services if s.asset == kind and not s.is_internal]


def thing(city: City, kind: str, code: str, language: str) -> AssetNear | None:
    """A thing by its kind and number in any writing; None for a kind that residents report nothing about."""
    if not kind or not (offered(city, kind) or exact_services(city, kind)):
        return None
    return places.asset_by_code(city, kind, code, language=language)


def id_of(city: City, kind: str, code: str) -> int | None:
    """The row of a thing."""
    found = Asset.objects.filter(city=city, kind=kind, code=code)
    return found.values_list("id", flat=True).first()


def of_case(city: City, case: Case, service: ServiceDefinition) -> Asset | None:
    """The thing of a case, where everybody may know it and it has a page."""
    if case.asset_id is None or not service.public or service.place_privacy != "exact":
        return None
    found = Asset.objects.filter(city=city, pk=case.asset_id).only("kind", "code").first()
    shown = found and (offered(city, found.kind) or exact_services(city, found.kind))
    return found if shown else None


def told(request: CityRequest, service: ServiceDefinition, place: Picked) -> list[Told]:
    """Open public cases about the picked thing, however far from the pin they are; of other services about it too."""
    city = request.city
    if not place.asset_code or service.is_internal or place.asset_kind != service.asset:
        return []
    asset_id = id_of(city, place.asset_kind, place.asset_code)
    if asset_id is None:
        return []
    listed = catalogue(city)
    ids = [s.id for s in exact_services(city, service.asset)]
    return [
        Told(
            case,
            listed.by_id(case.service_id),
            listed.flow_version(case.flow_version_id).states[case.state],
        )
        for case in casework.open_on(city, asset_id, ids, limit=TOLD)
    ]


def is_news(request: CityRequest, service: ServiceDefinition, place: Picked | None) -> bool:
    """Whether an open case about the picked thing was not shown to the sender yet; it is said once."""
    seen = set(request.POST.getlist("told"))
    found = told(request, service, place) if place else []
    return any(t.case.number not in seen for t in found)


def lost_number(service: ServiceDefinition, where: str) -> str:
    """What to say where words that no place was found for are but a painted number; else ""."""
    if not service.asset or not NUMBER.fullmatch(where.strip()):
        return ""
    words = _("Nothing here has the number %(code)s. Look again, or say where it is in words.")
    return words % {"code": where.strip()}


def by_number(request: CityRequest, service: ServiceDefinition, code: str) -> Picked | None:
    """The thing with a number as a picked place, where the service is about its kind."""
    city, language = request.city, request.LANGUAGE_CODE
    return _picked(request, places.asset_by_code(city, service.asset, code, language=language))


def _picked(request: CityRequest, found: AssetNear | None) -> Picked | None:
    """A thing as a picked place, where it lies in the city."""
    city, language = request.city, request.LANGUAGE_CODE
    if found is None or not places.inside_limit(city, found.lon, found.lat):
        return None
    return picked.of_thing(found, places.district(city, found.lon, found.lat, language))


@dataclass(frozen=True, slots=True)
class Mark:
    """A thing on the map of the report form; `is_told` where an open case that everybody may see is about it."""

    code: str
    lon: float
    lat: float
    label: str
    is_told: bool


def on_map(
    request: CityRequest, service: ServiceDefinition, box: geo.Box
) -> tuple[list[Mark], bool]:
    """The things that a service asks for in a part of the map, and whether there are more of them."""
    city = request.city
    found = in_view.in_view(city, service.asset, box, limit=ON_MAP, language=request.LANGUAGE_CODE)
    things = [(pk, one) for pk, one in found.things if places.inside_limit(city, one.lon, one.lat)]
    ids = [s.id for s in exact_services(city, service.asset)]
    since = casework.told_on(city, [pk for pk, _one in things], ids) if things and ids else {}
    return [_mark(city, one, since.get(pk)) for pk, one in things], found.more


def _mark(city: City, thing: AssetNear, told_at: datetime | None) -> Mark:
    label = _told_words(city, thing.words, told_at) if told_at else thing.words
    return Mark(thing.code, thing.lon, thing.lat, label, told_at is not None)


def _told_words(city: City, words: str, told_at: datetime) -> str:
    zone = ZoneInfo(city.time_zone)
    today, on = read_clock().astimezone(zone).date(), told_at.astimezone(zone).date()
    said = {"thing": words, "day": dates.day(on, today=today)}
    match (today - on).days:
        case 0:
            return _("%(thing)s, reported today") % said
        case 1:
            return _("%(thing)s, reported yesterday") % said
        case _days:
            return _("%(thing)s, reported on %(day)s") % said


def marked(request: CityRequest, service: ServiceDefinition, code: str) -> Picked | None:
    """The thing of a mark as a picked place."""
    city, language = request.city, request.LANGUAGE_CODE
    return _picked(request, in_view.named(city, service.asset, code, language=language))
