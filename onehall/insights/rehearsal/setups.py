"""What a city's work is decided by, as plain values: the stored one, or that of a pack."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from onehall.casework.queries import calendar_of
from onehall.catalog import flows, services
from onehall.catalog.flows import FlowDefinition
from onehall.catalog.pack import CatalogPack, Doc
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.kernel.work_calendar import WorkCalendar
from onehall.places.models import City


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Services and flows by key, and the calendar. Only services that are offered are in it."""

    services: Mapping[str, ServiceDefinition]
    flows: Mapping[str, FlowDefinition]
    calendar: WorkCalendar


def of_city(city: City) -> Setup:
    """What is switched on now. Services that are no longer offered stay: cases of the past are about them."""
    listed = catalogue(city)
    known = {s.key: s for s in listed.every}
    return Setup(
        services=known,
        flows={s.flow: listed.current_version(s.flow)[1] for s in known.values()},
        calendar=calendar_of(city),
    )


def of_pack(pack: CatalogPack, *, calendar: Doc, zone: str) -> Setup:
    """What a checked pack would switch on."""
    found = [services.parse(doc) for doc in pack.services if doc.get("active", True)]
    return Setup(
        services={s.key: s for s in found},
        flows={key: flows.parse(doc) for key, doc in pack.flows.items()},
        calendar=WorkCalendar.from_doc(calendar, ZoneInfo(zone)),
    )
