"""What the address of the public list asks for, and the same in words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.casework.lists import Edge
from onehall.casework.public import DAYS, STATES, PublicQuery, PublicState
from onehall.casework.selection import Box
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.look.components.small import local
from onehall.places import areas
from onehall.places.models import City
from onehall.service_requests.finding import worded_in_public

KEYS = ("service", "state", "days", "area", "q", "box")
LONGEST = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """The question, what of the address belongs to it, and where the page begins."""

    query: PublicQuery
    said: dict[str, str]
    after: Edge | None

    def address(self, path: str, **other: str) -> str:
        """An address of the same question with some keys changed; "" takes one away."""
        kept = {k: v for k, v in (self.said | other).items() if v}
        return f"{path}?{urlencode(kept)}" if kept else path


def shown_services(city: City) -> list[ServiceDefinition]:
    """Services whose cases everybody may see, offered now or before."""
    return [s for s in catalogue(city).every if s.public and not s.is_internal]


def read(city: City, given: Mapping[str, str]) -> Asked:
    """Read an address. A value that means nothing is not found: a list must not show more than it says."""
    said = {k: given.get(k, "").strip()[:LONGEST] for k in KEYS}
    services = shown_services(city)
    if said["service"]:
        services = [s for s in services if s.key == said["service"]]
        if not services:
            raise Http404
    query = PublicQuery(
        service_ids=tuple(s.id for s in services),
        exact_ids=tuple(s.id for s in services if s.place_privacy == "exact"),
        state=_state(said["state"]),
        days=_days(said["days"]),
        areas=_areas(city, said["area"]),
        box=_box(said["box"]),
    )
    if said["q"]:
        query = replace(query, worded=worded_in_public(city, said["q"]))
    return Asked(query, {k: v for k, v in said.items() if v}, _edge(given.get("after", "")))


def _state(text: str) -> PublicState:
    found = next((s for s in STATES if s == (text or "open")), None)
    if found is None:
        raise Http404
    return found


def _days(text: str) -> int:
    if text and text not in {str(d) for d in DAYS}:
        raise Http404
    return int(text or 0)


def _areas(city: City, text: str) -> tuple[tuple[str, str], ...]:
    if not text:
        return ()
    layer, _mark, code = text.partition(":")
    if layer not in areas.public_layers(city) or code not in areas.area_codes(city, layer):
        raise Http404
    return ((layer, code),)


def _box(text: str) -> Box | None:
    found = Box.of(text) if text else None
    if text and found is None:
        raise Http404
    return found


def _edge(text: str) -> Edge | None:
    at, _mark, key = text.partition("~")
    try:
        return (datetime.fromisoformat(at), int(key)) if text else None
    except ValueError:
        raise Http404 from None


def edge_text(opened_at: datetime, pk: int) -> str:
    """Where the next page begins, as an address has it."""
    return f"{opened_at.isoformat()}~{pk}"


def choices(city: City, said: Mapping[str, str]) -> dict[str, Any]:
    """What the form above the list offers, each list as (value, words, chosen)."""
    language = translation.get_language() or "en"

    def marked(key: str, offered: list[tuple[str, str]]) -> list[tuple[str, str, bool]]:
        return [(value, words, said.get(key, "") == value) for value, words in offered]

    services = sorted(((s.key, local(s.name)) for s in shown_services(city)), key=lambda s: s[1])
    states = [("", _("Open")), ("closed", _("Closed")), ("all", _("Open and closed"))]
    days = [("", _("At any time"))]
    days += [
        (str(d), ngettext("In the last day", "In the last %(n)s days", d) % {"n": d}) for d in DAYS
    ]
    return {
        "services": marked("service", [("", _("Everything")), *services]),
        "states": marked("state", states),
        "spans": marked("days", days),
        "layers": [
            (
                areas.layer_label(city, layer, language),
                marked("area", _codes(city, layer, language)),
            )
            for layer in areas.public_layers(city)
        ],
    }


def _codes(city: City, layer: str, language: str) -> list[tuple[str, str]]:
    codes = areas.area_codes(city, layer)
    named = ((f"{layer}:{c}", areas.label(city, layer, c, language)) for c in codes)
    return sorted(named, key=lambda pair: pair[1])
