"""Outside geocoders: asked when a city's own gazetteer does not know what was typed. A module each, or a plug-in.

A plug-in is a package with an entry point in the group `onehall.geocoders`: its name is what `city.yaml` says under
`map.geocoder.use`, its value a function that takes the address of the service and gives a `Geocoder`.
"""

from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points
from typing import Final

from onehall.places.geocoders.asking import Geocoder, Guess, Silent
from onehall.places.geocoders.nominatim import Nominatim

__all__ = ["GROUP", "Geocoder", "Guess", "Silent", "known", "made"]

GROUP: Final = "onehall.geocoders"
_OWN: Final[dict[str, Callable[[str], Geocoder]]] = {"nominatim": Nominatim}


@cache
def known() -> frozenset[str]:
    """The names that `map.geocoder.use` may have here."""
    return frozenset(_OWN) | {entry.name for entry in entry_points(group=GROUP)}


@cache
def made(name: str, url: str) -> Geocoder | None:
    """The geocoder of a name at an address; None when it is not installed here."""
    if name in _OWN:
        return _OWN[name](url)
    for entry in entry_points(group=GROUP, name=name):
        geocoder: Geocoder = entry.load()(url)
        return geocoder
    return None
