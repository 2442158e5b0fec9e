"""What a catalogue part of a pack is once read, and what it may refer to."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

type Doc = dict[str, Any]

QUESTION_TYPES: Final = ("choice", "choices", "text", "number", "yes_no", "date")
WITH_OPTIONS: Final = ("choice", "choices")
AUDIENCES: Final = ("residents", "staff")
PLACES: Final = ("required", "optional", "none")
PHOTOS: Final = ("public", "after_review", "private")
PRECISION: Final = ("exact", "block")
PRIORITIES: Final = ("high", "urgent")
CLOSING_NEEDS: Final = ("words", "reason", "after_photo", "handed_to")
MAX_COMMON: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the other parts of the pack define, for services to refer to."""

    languages: tuple[str, ...]
    queues: frozenset[str] = frozenset()
    asset_kinds: frozenset[str] = frozenset()
    areas: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Codes of the areas by layer."""
    owners: frozenset[str] = frozenset()
    """Owners of assets."""
    people: frozenset[str] = frozenset()
    """E-mails of the staff that the pack names; none when it names nobody."""
    bodies: frozenset[str] = frozenset()
    """Outside bodies that cases are handed over to."""
    retention: Mapping[str, Any] = field(default_factory=dict)
    """How long the city keeps what residents told, where a service says nothing else."""
    serving: Mapping[str, frozenset[str]] | None = None
    """The roles of those who serve each queue, with those that come along; None where nobody is known."""

    @property
    def layers(self) -> frozenset[str]:
        """The layers of areas."""
        return frozenset(self.areas)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogPack:
    """Groups, services, flows, reply templates and one-file parts as checked documents, in their order."""

    groups: tuple[Doc, ...] = ()
    services: tuple[Doc, ...] = ()
    flows: Mapping[str, Doc] = field(default_factory=dict)
    replies: tuple[Doc, ...] = ()
    sheets: Mapping[str, Doc] = field(default_factory=dict)


def sha256_of(doc: Doc) -> str:
    """The hash of a document, whatever the order of its keys; lists keep theirs."""
    text = json.dumps(doc, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
