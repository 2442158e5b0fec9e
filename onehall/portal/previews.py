"""What a messenger or a social network shows of a link to a public page (the Open Graph protocol, ogp.me)."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from onehall.look import maps
from onehall.look.components.small import local
from onehall.look.doorway import CityRequest
from onehall.look.parts import Picture
from onehall.places.queries import AssetNear


@dataclass(frozen=True, slots=True)
class Preview:
    """A title, a line of words, and the whole address of a picture, "" where there is none."""

    title: str
    words: str
    picture: str = ""
    alt: str = ""


def of_case(
    request: CityRequest, context: dict[str, Any], before: Picture | None, after: Picture | None
) -> Preview:
    """A case as its page shows it to everybody: the newest photo, else the map where the place is shown."""
    case, place = context["case"], context["place_words"]
    words = ", ".join(w for w in (local(context["state"].label), place) if w)
    title = f"{local(context['service'].name)} {case.number}"
    photo = after or before
    if photo is not None:
        return Preview(title, words, request.build_absolute_uri(photo.href), photo.alt)
    if context["has_map"]:
        address = reverse("portal:city-map", args=[case.number, maps.shades(request.city).light])
        alt = _("Map: %(words)s") % {"words": place}
        return Preview(title, words, request.build_absolute_uri(address), alt)
    return Preview(title, words)


def of_thing(request: CityRequest, found: AssetNear, kind: str, where: str) -> Preview:
    """A thing with a number, on the map."""
    title = f"{kind} {found.code}"
    if request.city.bounds is None:
        return Preview(title, where)
    shades = maps.shades(request.city)
    address = reverse("portal:thing-map", args=[found.kind, found.code, shades.light])
    return Preview(
        title,
        where,
        request.build_absolute_uri(address),
        _("Map: %(words)s") % {"words": found.words},
    )
