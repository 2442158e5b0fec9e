"""What the address of the public list asks for, and what the form above it offers."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404
from django.utils import translation
from django.utils.translation import gettext as _

from onehall.casework.public import DAYS
from onehall.look.components.small import local
from onehall.places import areas
from onehall.places.models import City
from onehall.service_requests import publicly
from onehall.service_requests.publicly import Asked, shown_services


def read(city: City, given: Mapping[str, str]) -> Asked:
    """Read an address. What means nothing is not found."""
    try:
        return publicly.read(city, given)
    except publicly.MeansNothing:
        raise Http404 from None


def choices(city: City, said: Mapping[str, str]) -> dict[str, Any]:
    """What the form above the list offers, each list as (value, words, chosen)."""
    language = translation.get_language() or "en"

    def marked(key: str, offered: list[tuple[str, str]]) -> list[tuple[str, str, bool]]:
        return [(value, words, said.get(key, "") == value) for value, words in offered]

    services = sorted(((s.key, local(s.name)) for s in shown_services(city)), key=lambda s: s[1])
    states = [("", _("Open")), ("closed", _("Closed")), ("all", _("Open and closed"))]
    days = [("", _("At any time")), *((str(d), publicly.days_words(d)) for d in DAYS)]
    distances = [
        ("" if d == publicly.USUAL_METRES else str(d), _("within %(n)s m") % {"n": d})
        for d in publicly.DISTANCES
    ]
    return {
        "services": marked("service", [("", _("Everything")), *services]),
        "states": marked("state", states),
        "spans": marked("days", days),
        "distances": marked("within", distances),
        "layers": [
            (
                areas.layer_label(city, layer, language),
                marked(
                    "area", [(f"{layer}:{c}", n) for c, n in named_areas(city, layer, language)]
                ),
            )
            for layer in areas.public_layers(city)
        ],
    }


def named_areas(city: City, layer: str, language: str) -> list[tuple[str, str]]:
    """The areas of a layer as (code, name), by name."""
    codes = areas.area_codes(city, layer)
    return sorted(
        ((c, areas.label(city, layer, c, language)) for c in codes), key=lambda pair: pair[1]
    )
