"""Parts of a pack that are one file each: what work costs (`materials`), which files are taken (`attachments`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from onehall.kernel.localized import Localized

MATERIALS: Final = "materials"
ATTACHMENTS: Final = "attachments"
SHEETS: Final = (MATERIALS, ATTACHMENTS)
"""Every sheet, by the name of its file without the ending."""


@dataclass(frozen=True, slots=True)
class TimeKind:
    """A kind of time: driving, work. `hour_cost` is in the smallest unit of the city's money."""

    key: str
    name: Localized
    hour_cost: int = 0


@dataclass(frozen=True, slots=True)
class Material:
    """Something that is used up, with its usual unit and cost."""

    key: str
    name: Localized
    unit: Localized
    unit_cost: int = 0


@dataclass(frozen=True, slots=True)
class Stock:
    """What time and material are counted in; empty lists leave the words to whoever writes them down."""

    currency: str = ""
    time: tuple[TimeKind, ...] = ()
    materials: tuple[Material, ...] = ()


@dataclass(frozen=True, slots=True)
class AttachmentRules:
    """Which files a case may have besides PDFs and photos."""

    office: bool = False


def stock(doc: Mapping[str, Any]) -> Stock:
    """The document of `materials.yaml` as values."""
    return Stock(
        currency=str(doc.get("currency", "")),
        time=tuple(
            TimeKind(d["key"], d["name"], int(d.get("hour_cost", 0))) for d in doc.get("time", ())
        ),
        materials=tuple(
            Material(d["key"], d["name"], d["unit"], int(d.get("unit_cost", 0)))
            for d in doc.get("materials", ())
        ),
    )


def attachment_rules(doc: Mapping[str, Any]) -> AttachmentRules:
    """The document of `attachments.yaml` as values."""
    return AttachmentRules(office=bool(doc.get("office", False)))
