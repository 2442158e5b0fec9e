"""Reply templates: prepared answers, when each one fits a case, and the variables their words may name.

What is one person's own (name, number, secret link) stays a variable in what is written on a case,
which all who follow read, and is put in only for the one who reads it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from onehall.kernel.localized import Localized

OF_CASE: Final = ("service", "place", "date", "queue", "city", "phone", "staff")
"""Variables that are the same for everybody who follows: put in when a template is inserted."""

OF_READER: Final = ("first_name", "number", "link")
"""Variables that are each reader's own: put in when the words are read or sent."""

VARIABLES: Final = (*OF_CASE, *OF_READER)
"""Every variable there is; `docs/packs/reference.md` explains them."""

WHERE: Final = ("states", "categories", "services", "queues")
"""What a template may say about the cases it fits."""

_NAMED: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_ -]*)\}")
_OWN: Final = re.compile(r"(?P<before>[ \t]*)\{(?P<name>" + "|".join(OF_READER) + r")\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """What of a case decides which templates are offered; `known` are variables that have a value."""

    state: str
    category: str
    service: str
    queue: str
    known: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTemplate:
    """One prepared answer. `where` holds what it is narrowed to; nothing there means everywhere."""

    key: str
    name: Localized
    text: Localized
    where: Mapping[str, frozenset[str]]
    needs: frozenset[str]

    def fits(self, case: Fits) -> bool:
        """Whether it suits a case, and the case has everything that its words name."""
        of_case = {
            "states": case.state,
            "categories": case.category,
            "services": case.service,
            "queues": case.queue,
        }
        here = all(of_case[part] in wanted for part, wanted in self.where.items())
        return here and self.needs <= case.known


def parse(doc: Mapping[str, Any]) -> ReplyTemplate:
    """A template from its checked document."""
    named = {name for text in doc["text"].values() for name in names_in(text)}
    return ReplyTemplate(
        key=doc["key"],
        name=doc["name"],
        text=doc["text"],
        where={part: frozenset(wanted) for part, wanted in doc.get("where", {}).items() if wanted},
        needs=frozenset(named & set(OF_CASE)),
    )


def names_in(text: str) -> list[str]:
    """The names in braces, in their order, whether they are variables or not."""
    return _NAMED.findall(text)


def insert(text: str, values: Mapping[str, str]) -> str:
    """The words of a template with what is the case's own; the reader's own stays a variable."""
    return _NAMED.sub(lambda m: values.get(m[1], m[0]) if m[1] in OF_CASE else m[0], text)


def read_by(text: str, own: Mapping[str, str]) -> str:
    """Written words as one person reads them. What is not known goes, with the space before it."""

    def put(found: re.Match[str]) -> str:
        value = own.get(found["name"], "")
        return f"{found['before']}{value}" if value else ""

    return _OWN.sub(put, text) if "{" in text else text


def first_name(name: str) -> str:
    """What to call somebody: the first word of the name they gave."""
    return name.split()[0] if name.split() else ""


def fitting(templates: Iterable[ReplyTemplate], case: Fits) -> list[ReplyTemplate]:
    """The templates to offer, the narrowest first, else in the order of the pack."""
    return sorted((t for t in templates if t.fits(case)), key=lambda t: -len(t.where))
