"""From the fields of a form to `city.yaml`, over the document that was there."""

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from onehall.kernel.contrast import HEX, contrast
from onehall.places import brand
from onehall.setup.forms import (  # fmt: skip
    WAS,
    Doc,
    Tree,
    before_of,
    branch,
    kept,
    listed,
    mapped,
    number,
    put,
    rows,
    text,
    texts,
    words,
)

SCHEMES: Final = ("light", "dark")


def marked(doc: Any) -> Doc:
    """The document with marks on the rows of contacts, which say where each was."""
    found = deepcopy(mapped(doc))
    for n, contact in enumerate(listed(mapped(found.get("outside")).get("contacts"))):
        if isinstance(contact, dict):
            contact[WAS] = str(n)
    return found


def city(tree: Tree, before: Doc, languages: Sequence[str]) -> Doc:
    """The city's own facts as the form says. Its slug is no field: it stays."""
    doc = deepcopy(before)
    doc["name"] = text(tree, "name")
    doc["time_zone"] = text(tree, "time_zone")
    doc["languages"] = _split(text(tree, "languages"))
    put(doc, "hosts", _split(text(tree, "hosts")))
    _part(
        doc, "contact", _contact(branch(tree, "contact"), mapped(before.get("contact")), languages)
    )
    _part(doc, "emergency", _emergency(tree, before, languages))
    _part(doc, "outside", _outside(tree, before, languages))
    _part(doc, "brand", _brand(branch(tree, "brand"), mapped(before.get("brand"))))
    width = dict(mapped(before.get("numbering")))
    put(width, "width", number(text(branch(tree, "numbering"), "width")))
    _part(doc, "numbering", width)
    _part(doc, "map", _map(branch(tree, "map"), mapped(before.get("map"))))
    _part(doc, "retention", kept(branch(tree, "retention"), mapped(before.get("retention"))))
    rules = dict(mapped(before.get("publishing")))
    put(rules, "two_people", bool(texts(branch(tree, "publishing"), "two_people")) or None)
    _part(doc, "publishing", rules)
    return doc


def _part(doc: Doc, key: str, value: Doc) -> None:
    """Set a part; an empty one that was there as such stays so."""
    if value or key not in doc or doc[key]:
        put(doc, key, value)


def _split(given: str) -> list[str]:
    return [part for part in re.split(r"[\s,;]+", given) if part]


def _contact(tree: Tree, before: Doc, languages: Sequence[str]) -> Doc:
    doc = deepcopy(before)
    for key in ("phone", "text"):
        put(doc, key, text(tree, key))
    put(doc, "phone_hours", words(tree, "phone_hours", languages, before.get("phone_hours")))
    for key in ("email", "url"):
        put(doc, key, text(tree, key))
    for key in ("address", "words"):
        put(doc, key, words(tree, key, languages, before.get(key)))
    return doc


def _emergency(tree: Tree, before: Doc, languages: Sequence[str]) -> Doc:
    given, doc = branch(tree, "emergency"), deepcopy(mapped(before.get("emergency")))
    put(doc, "number", text(given, "number"))
    put(doc, "words", words(given, "words", languages, doc.get("words")))
    return doc


def _outside(tree: Tree, before: Doc, languages: Sequence[str]) -> Doc:
    given, doc = branch(tree, "outside"), deepcopy(mapped(before.get("outside")))
    put(doc, "words", words(given, "words", languages, doc.get("words")))
    old = listed(doc.get("contacts"))
    put(doc, "contacts", [_body(row, old, languages) for row in rows(given, "contacts")])
    return doc


def _body(row: Tree, old: Sequence[Any], languages: Sequence[str]) -> Doc:
    doc = before_of(row, old)
    put(doc, "name", words(row, "name", languages, doc.get("name")))
    for key in ("phone", "email", "url"):
        put(doc, key, text(row, key))
    return doc


def _brand(tree: Tree, before: Doc) -> Doc:
    doc = deepcopy(before)
    for scheme in SCHEMES:
        given, colours = branch(tree, scheme), dict(mapped(before.get(scheme)))
        for name in brand.NAMES:
            put(colours, name, text(given, name).lower())
        put(doc, scheme, colours)
    return doc


def _map(tree: Tree, before: Doc) -> Doc:
    doc = deepcopy(before)
    middle = [text(tree, "lon"), text(tree, "lat")]
    put(doc, "center", [_degrees(part) for part in middle] if any(middle) else None)
    put(doc, "zoom", number(text(tree, "zoom")))
    put(doc, "credit", text(tree, "credit"))
    return doc


def _degrees(given: str) -> Any:
    try:
        return float(given.replace(",", ".")) if len(given) < 30 else given
    except ValueError:
        return given


# --- colours -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """One colour on another: how well it is read, and how well it must be."""

    text: str
    ground: str
    ratio: float
    least: float

    @property
    def good(self) -> bool:
        """Whether everybody can read it."""
        return self.ratio >= self.least


@dataclass(frozen=True, slots=True)
class Scheme:
    """The colours of one scheme as the pages would have them; `chosen` are the city's own."""

    key: str
    chosen: Mapping[str, str]
    colours: Mapping[str, str]
    pairs: tuple[Pair, ...]


def scheme(doc: Doc, key: str) -> Scheme:
    """The colours of a half-written brand: what is no colour yet is the usual one."""
    own = {str(k): str(v) for k, v in mapped(mapped(doc.get("brand")).get(key)).items()}
    good = {k: v for k, v in own.items() if k in brand.NAMES and HEX.fullmatch(v)}
    colours = brand.SURFACES[key] | brand.DEFAULTS[key] | good
    pairs = tuple(
        Pair(one, other, contrast(colours[one], colours[other]), least)
        for one, other, least in brand.PAIRS
    )
    return Scheme(key, own, colours, pairs)
