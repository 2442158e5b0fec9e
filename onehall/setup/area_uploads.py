"""Files of areas from another system: kept until their columns are named, then taken over into the draft's layer."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.kernel.localized import Localized
from onehall.people.actor import Actor
from onehall.places.models import City
from onehall.places.pack import foreign
from onehall.places.pack.foreign import Foreign, Found
from onehall.places.pack.gis import sent
from onehall.places.pack.gis.sent import Hints
from onehall.setup import area_forms, rules
from onehall.setup.area_models import AreaUpload
from onehall.setup.errors import MayNotSetUp, SetupRefused

MOST_BYTES: Final = rules.MAX_AREA_TEXT
KEPT: Final = timedelta(days=1)
NO_HINTS: Final = Hints()
NUMBERED: Final = "#"
"""Stands for "number them" where a property is chosen as the key."""

type Taken = tuple[str, Localized, dict[str, Any]]


@dataclass(slots=True)
class Mapped:
    """The areas of a file under chosen properties, what was joined, and why it can not be so."""

    areas: list[Taken] = field(default_factory=list)
    joined: int = 0
    wrong: list[str] = field(default_factory=list)


@transaction.atomic
def keep(
    *,
    city: City,
    stem: str,
    name: str,
    data: bytes,
    by: Actor,
    now: datetime,
    hints: Hints = NO_HINTS,
) -> tuple[AreaUpload, Foreign]:
    """Read a file and keep it, as GeoJSON, for the next step. `hints` say what it does not say of itself.

    `SetupRefused` or `FileRefused` when it can not be used.
    """
    if not by.sets_up or by.city_id != city.pk:
        raise MayNotSetUp(_("Only those who set up this city can do that."))
    if len(data) > MOST_BYTES:
        most = f"{MOST_BYTES // 1_000_000} MB"
        raise SetupRefused(_("The file is too large. Keep it under %(most)s.") % {"most": most})
    text = sent.as_geojson(data, hints, bounds=city.bounds, most=MOST_BYTES)
    found = foreign.read(text, city.bounds)
    AreaUpload.objects.filter(city=city, at__lt=now - KEPT).delete()
    row = AreaUpload.objects.create(
        city=city, stem=stem, name=name[:200], text=text, at=now, by_name=by.name[:200]
    )
    return row, found


def one(city: City, stem: str, pk: int) -> AreaUpload | None:
    """A file that waits, of this city and layer."""
    return AreaUpload.objects.filter(city=city, stem=stem, pk=pk).first()


def drop(row: AreaUpload) -> None:
    """It was taken over."""
    row.delete()


def mapped(found: Foreign, *, key: str, names: dict[str, str], languages: Sequence[str]) -> Mapped:
    """The areas with their key and names from the chosen properties; several of one key become one area."""
    made, groups = Mapped(), defaultdict[str, list[Found]](list)
    troubles: Counter[str] = Counter()
    for number, one_ in enumerate(found.found, 1):
        code = str(number) if key == NUMBERED else foreign.said_by(one_.properties.get(key))
        if not code or len(code) > area_forms.MOST_KEY:
            troubles["key"] += 1
        else:
            groups[code].append(one_)
    for code, parts in groups.items():
        name = _name(parts[0], code, names, languages)
        if any(len(words) > area_forms.MOST_NAME for words in name.values()):
            troubles["long"] += 1
        elif languages[0] not in name:
            troubles["name"] += 1
        shape = (
            parts[0].geometry if len(parts) == 1 else foreign.joined([p.geometry for p in parts])
        )
        made.joined += len(parts) > 1
        if shape is None:
            troubles["shape"] += 1
        else:
            made.areas.append((code, name, dict(shape)))
    made.wrong = [_said(what, count) for what, count in troubles.items()]
    return made


def _name(one_: Found, code: str, names: dict[str, str], languages: Sequence[str]) -> Localized:
    """The words of the chosen properties; words per language, as our own files have, come along whole."""
    found: Localized = {}
    for language in languages:
        chosen = names.get(language, "")
        value = one_.properties.get(chosen)
        if chosen == NUMBERED:
            found[language] = code
        elif isinstance(value, dict):
            said = value.get(language)
            if isinstance(said, str) and said.strip():
                found[language] = said.strip()
        elif words := foreign.said_by(value):
            found[language] = words
    return found


def _said(what: str, count: int) -> str:
    words = {
        "key": ngettext(
            "%(n)s area has no key in that property, or one of more than 60 letters. Choose another property.",
            "%(n)s areas have no key in that property, or one of more than 60 letters. Choose another property.",
            count,
        ),
        "name": ngettext(
            "%(n)s area has no name in that property. Choose another property.",
            "%(n)s areas have no name in that property. Choose another property.",
            count,
        ),
        "long": ngettext(
            "%(n)s area has a name of more than 120 letters. Choose another property.",
            "%(n)s areas have names of more than 120 letters. Choose another property.",
            count,
        ),
        "shape": ngettext(
            "The parts of %(n)s area could not be joined.",
            "The parts of %(n)s areas could not be joined.",
            count,
        ),
    }
    return words[what] % {"n": count}
