"""The one question about a place on the limit of two areas: only where its answer changes who gets the report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from onehall.casework.actions import CasePlace
from onehall.catalog import routing
from onehall.catalog.services import ServiceDefinition
from onehall.kernel.localized import pick
from onehall.places.models import City
from onehall.places.sides import Side, sides
from onehall.service_requests import deciding
from onehall.service_requests.actions import NewRequest

UNSURE: Final = "unsure"
"""What somebody answers who does not know: then the map decides."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer of the question."""

    code: str
    name: str
    landmark: str
    chosen: bool


def asked(city: City, service: ServiceDefinition, new: NewRequest, *, now: datetime) -> list[Side]:
    """The sides to ask about; [] where there is one, or where the report goes to the same people anyway."""
    place = new.place
    if not service.side_layer or place.lon is None or place.lat is None:
        return []
    found = sides(city, service.side_layer, place.lon, place.lat, service.side_metres)
    goes = {_goes(city, service, on(new, service, side.code), now) for side in found}
    return found if len(goes) > 1 else []


def _goes(
    city: City, service: ServiceDefinition, new: NewRequest, now: datetime
) -> tuple[str, str, str]:
    rule = routing.route(service, deciding.facts(city, service, new, now=now))
    return rule.queue, rule.person, rule.body


def on(new: NewRequest, service: ServiceDefinition, code: str) -> NewRequest:
    """The report with its place on one side."""
    place: CasePlace = replace(new.place, areas=new.place.areas | {service.side_layer: code})
    return replace(new, place=place)


def answered(
    new: NewRequest, service: ServiceDefinition, found: Sequence[Side], answer: str
) -> NewRequest:
    """The report as the answer makes it: the side is a fact of its place, and said so on the timeline."""
    side = next((s for s in found if s.code == answer), None)
    if side is None:
        return new
    said = {"layer": service.side_layer, "code": side.code, "name": side.name}
    return replace(on(new, service, side.code), side=said)


def is_answer(found: Sequence[Side], answer: str) -> bool:
    """Whether it answers the question."""
    return answer == UNSURE or any(s.code == answer for s in found)


def shown(found: Sequence[Side], answer: str, language: str, default: str) -> list[Shown]:
    """The answers in words."""
    return [
        Shown(
            s.code,
            pick(s.name, language, default),
            pick(s.landmark, language, default) if s.landmark else "",
            s.code == answer,
        )
        for s in found
    ]
