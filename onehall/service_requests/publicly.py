"""Which of the city's cases somebody asks to see, as an address says it; the same in words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.casework.lists import Edge
from onehall.casework.public import DAYS, STATES, PublicQuery, PublicState
from onehall.casework.selection import Box, Circle
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.kernel.localized import pick
from onehall.places import areas
from onehall.places import queries as places
from onehall.places.models import City
from onehall.service_requests.finding import worded_in_public

KEYS: Final = ("service", "state", "days", "area", "q", "box", "at", "within")
LONGEST: Final = 120
DISTANCES: Final = (250, 500, 1_000, 2_000)
"""Metres around a place that are offered."""
USUAL_METRES: Final = 500


class MeansNothing(LookupError):
    """A value of the address is none of those there are: a list must not show more than it says."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The question, what of the address belongs to it, and where the page begins.

    `lost` says that the place that was named is not known here; the question then has no answer.
    """

    query: PublicQuery
    said: dict[str, str]
    after: Edge | None
    lost: bool = False

    def address(self, path: str, **other: str) -> str:
        """An address of the same question with some keys changed; "" takes one away."""
        return address(path, self.said | other)


def address(path: str, said: Mapping[str, str]) -> str:
    """An address of what is said; what is empty is left out."""
    kept = {k: v for k, v in said.items() if v}
    return f"{path}?{urlencode(kept)}" if kept else path


def shown_services(city: City) -> list[ServiceDefinition]:
    """Services whose cases everybody may see, offered now or before."""
    return [s for s in catalogue(city).every if s.public and not s.is_internal]


def read(city: City, given: Mapping[str, str]) -> Asked:
    """Read an address. Raises `MeansNothing`."""
    said = {k: given.get(k, "").strip()[:LONGEST] for k in KEYS}
    services = shown_services(city)
    if said["service"]:
        services = [s for s in services if s.key == said["service"]]
        if not services:
            raise MeansNothing(said["service"])
    near, lost = _near(city, said["at"], said["within"])
    query = PublicQuery(
        service_ids=() if lost else tuple(s.id for s in services),
        exact_ids=() if lost else tuple(s.id for s in services if s.place_privacy == "exact"),
        state=_state(said["state"]),
        days=_days(said["days"]),
        areas=_areas(city, said["area"]),
        box=_box(said["box"]),
        near=near,
    )
    if said["q"]:
        query = replace(query, worded=worded_in_public(city, said["q"]))
    if not said["at"]:
        said["within"] = ""
    kept = {k: v for k, v in said.items() if v}
    return Asked(query, kept, edge(given.get("after", "")), lost)


def _state(text: str) -> PublicState:
    found = next((s for s in STATES if s == (text or "open")), None)
    if found is None:
        raise MeansNothing(text)
    return found


def _days(text: str) -> int:
    if text and text not in {str(d) for d in DAYS}:
        raise MeansNothing(text)
    return int(text or 0)


def _areas(city: City, text: str) -> tuple[tuple[str, str], ...]:
    if not text:
        return ()
    layer, _mark, code = text.partition(":")
    if layer not in areas.public_layers(city) or code not in areas.area_codes(city, layer):
        raise MeansNothing(text)
    return ((layer, code),)


def _box(text: str) -> Box | None:
    found = Box.of(text) if text else None
    if text and found is None:
        raise MeansNothing(text)
    return found


def _near(city: City, text: str, within: str) -> tuple[Circle | None, bool]:
    """The circle around a place, and whether the place is unknown. A point may be said as longitude,latitude."""
    if within and within not in {str(d) for d in DISTANCES}:
        raise MeansNothing(within)
    if not text:
        return None, False
    metres = int(within or USUAL_METRES)
    if point := _point(text):
        return Circle(*point, metres), False
    found = places.find_place(city, text, limit=1)
    return (Circle(found[0].lon, found[0].lat, metres), False) if found else (None, True)


def _point(text: str) -> tuple[float, float] | None:
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 85 else None


def edge(text: str) -> Edge | None:
    """Where a page begins, of an address. Raises `MeansNothing`."""
    at, _mark, key = text.partition("~")
    try:
        return (datetime.fromisoformat(at), int(key)) if text else None
    except ValueError:
        raise MeansNothing(text) from None


def edge_text(opened_at: datetime, pk: int) -> str:
    """Where the next page begins, as an address has it."""
    return f"{opened_at.isoformat()}~{pk}"


def days_words(days: int) -> str:
    """A span up to today in words."""
    return ngettext("In the last day", "In the last %(n)s days", days) % {"n": days}


def in_words(city: City, said: Mapping[str, str], language: str) -> str:
    """What is asked for, in the language that is spoken now: "Pothole, within 500 m of 14 Mill Lane"."""
    found = [_("Everything")]
    if key := said.get("service"):
        named = {s.key: pick(s.name, language, city.language) for s in shown_services(city)}
        found = [named.get(key, key)]
    if text := said.get("q"):
        found.append(f"“{text}”")
    if text := said.get("area"):
        layer, _mark, code = text.partition(":")
        found.append(areas.label(city, layer, code, language))
    if text := said.get("at"):
        metres = said.get("within") or USUAL_METRES
        found.append(_("within %(n)s m of %(place)s") % {"n": metres, "place": text})
    if said.get("box"):
        found.append(_("on one part of the map"))
    return ", ".join(found)
