"""The words for a place, in the resident's language."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


@dataclass(frozen=True)
class FoundPlace:
    """A place somebody may mean. `kind` is address, street, corner, landmark, asset or point; `score` 0 to 100.

    `exact` is False when the house number is not in the city's list and the point is only close to it. Then
    `address` is what was asked for, and `words` say how close the point is.
    """

    lon: float
    lat: float
    words: str
    kind: str
    district: str = ""
    score: float = 100.0
    asset_code: str = ""
    asset_kind: str = ""
    exact: bool = True
    address: str = ""


_ASSET_KINDS: Final[dict[str, Promise]] = {
    "street-light": gettext_lazy("Street light"),
    "light": gettext_lazy("Street light"),
    "bin": gettext_lazy("Trash can"),
    "trash-can": gettext_lazy("Trash can"),
    "bench": gettext_lazy("Bench"),
    "hydrant": gettext_lazy("Fire hydrant"),
    "fire-hydrant": gettext_lazy("Fire hydrant"),
    "traffic-signal": gettext_lazy("Traffic signal"),
    "signal": gettext_lazy("Traffic signal"),
    "sign": gettext_lazy("Sign"),
    "tree": gettext_lazy("Tree"),
    "drain": gettext_lazy("Storm drain"),
    "storm-drain": gettext_lazy("Storm drain"),
    "bus-stop": gettext_lazy("Bus stop"),
    "bike-rack": gettext_lazy("Bike rack"),
    "playground": gettext_lazy("Playground"),
    "restroom": gettext_lazy("Restroom"),
    "parking-meter": gettext_lazy("Parking meter"),
    "fountain": gettext_lazy("Drinking fountain"),
}


def asset_kind(kind: str) -> str:
    """What a kind of asset is called; a kind of the city's own is shown as written."""
    return str(_ASSET_KINDS.get(kind) or kind.replace("-", " ").replace("_", " ").capitalize())


def asset(kind: str, code: str, where: str) -> str:
    """ "Street light 1042, Mill Lane"; `where` may be empty."""
    known = f"{asset_kind(kind)} {code}"
    return _("%(asset)s, %(street)s") % {"asset": known, "street": where} if where else known


def corner(a: str, b: str) -> str:
    """Where two streets meet."""
    return _("Corner of %(a)s and %(b)s") % {"a": a, "b": b}


def in_front(address: str) -> str:
    """At a house, on its street side."""
    return _("In front of %(address)s") % {"address": address}


def near(what: str) -> str:
    """Close to a house or a landmark."""
    return _("Near %(place)s") % {"place": what}


def inside(what: str) -> str:
    """Inside a park, a building, on a pier."""
    return _("In %(place)s") % {"place": what}


def on_street(street: str, other: str = "") -> str:
    """Somewhere along a street, with the nearest cross street when there is one."""
    if other:
        return _("On %(street)s, near %(other)s") % {"street": street, "other": other}
    return _("On %(street)s") % {"street": street}


def between(street: str, a: str, b: str) -> str:
    """A stretch of a street from one cross street to another."""
    return _("On %(street)s, between %(a)s and %(b)s") % {"street": street, "a": a, "b": b}


def about_where(address: str) -> str:
    """A house number between two known ones."""
    return _("About where %(address)s would be") % {"address": address}


def pin_at(address: str, known: str) -> str:
    """An address that is not in the list, with the closest house that is."""
    return _("%(address)s (the pin is at %(known)s)") % {"address": address, "known": known}


def pin_on_street(address: str) -> str:
    """An address on a street without any house number in the list."""
    return _("%(address)s (the pin shows the street, not the house)") % {"address": address}


def on_map() -> str:
    """A point that nothing is known about."""
    return _("A point on the map")
