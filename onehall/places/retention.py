"""How long what residents told is kept after a case ended: the words of a pack, and the day that they mean.

`contact` is how somebody is reached, `words` what they wrote and answered, `photos` pictures and files of a case. When
the history of a case goes to the archive, where nothing is lost, is said beside them: `archive_after`.
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from onehall.kernel.yamlfile import Node, Plain

type Kind = Literal["contact", "words", "photos"]

KINDS: Final[tuple[Kind, ...]] = ("contact", "words", "photos")
"""What the rules are about."""

ARCHIVE: Final = "archive_after"
"""After how long without anything new the history of an ended case is archived."""

FIELDS: Final[tuple[str, ...]] = (*KINDS, ARCHIVE)
"""Everything that a city or service says of how long things are kept."""

FOREVER: Final = "for ever"
"""What a service says that keeps something although its city does not."""

LEAST: Final = timedelta(days=30)
"""Nothing is erased sooner: somebody may be about to ask why a case ended as it did."""

LEAST_ARCHIVE: Final = timedelta(days=90)
"""Nothing is archived sooner: what ended lately is still read in lists and changed."""

MOST_YEARS: Final = 100
_UNITS: Final = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
_TERM: Final = re.compile(r"([1-9][0-9]{0,4}) (day|week|month|year)s?")
_MOST_DAYS: Final = MOST_YEARS * _UNITS["year"]


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time by the calendar: 90 days, 2 years."""

    amount: int
    unit: str

    @property
    def text(self) -> str:
        """As a pack says it."""
        return f"{self.amount} {self.unit}{'' if self.amount == 1 else 's'}"

    @property
    def span(self) -> timedelta:
        """About how long it is; to compare, not to count with."""
        return timedelta(days=self.amount * _UNITS[self.unit])

    def before(self, now: datetime) -> datetime:
        """The moment that lies this long before another: what ended earlier is due."""
        if self.unit in ("day", "week"):
            return now - timedelta(days=self.amount * (7 if self.unit == "week" else 1))
        months = now.year * 12 + now.month - 1 - self.amount * (12 if self.unit == "year" else 1)
        year, month = divmod(months, 12)
        # The 31st of a month that has none is its last day.
        day = min(now.day, monthrange(year, month + 1)[1])
        return now.replace(year=year, month=month + 1, day=day)


def parse(text: str) -> Term | None:
    """A term as a pack says it: "90 days", "2 years"; None for what is none."""
    found = _TERM.fullmatch(text)
    return Term(int(found[1]), found[2]) if found else None


def terms(of_city: Mapping[str, Any], of_service: Mapping[str, Any]) -> dict[Kind, Term]:
    """What holds for a service: its own words, else its city's; what is kept for ever is left out."""
    said = {kind: of_service.get(kind) or of_city.get(kind, "") for kind in KINDS}
    found = {kind: parse(str(text)) for kind, text in said.items()}
    return {kind: term for kind, term in found.items() if term is not None}


def archive_term(of_city: Mapping[str, Any], of_service: Mapping[str, Any]) -> Term | None:
    """After how long cases of a service are archived; None where they never are."""
    return parse(str(of_service.get(ARCHIVE) or of_city.get(ARCHIVE, "")))


def read(node: Node, *, of_service: bool = False) -> dict[str, Plain]:
    """The rules of a pack, written in one way. A service may also say `for ever`."""
    found: dict[str, Plain] = {}
    for kind, text in (
        ("contact", node.text("contact")),
        ("words", node.text("words")),
        ("photos", node.text("photos")),
        (ARCHIVE, node.text("archive_after")),
    ):
        if text == FOREVER and of_service:
            found[kind] = FOREVER
        elif text and (term := _checked(node, kind, text)) is not None:
            found[kind] = term.text
    node.finish()
    return found


def _checked(node: Node, kind: str, text: str) -> Term | None:
    term = parse(text)
    if term is None:
        advice = 'Write a number and days, weeks, months or years, such as "90 days".'
        node.problem(f'"{text[:40]}" is no length of time.', advice, key=kind)
    elif term.span < (least := LEAST_ARCHIVE if kind == ARCHIVE else LEAST):
        days = least.days
        node.problem(f"{term.text} is too short.", f"Write at least {days} days.", key=kind)
    elif term.span.days > _MOST_DAYS:
        node.problem(
            f"{term.text} is too long.",
            f"Write at most {MOST_YEARS} years, or leave it out: then it is kept for ever.",
            key=kind,
        )
    else:
        return term
    return None
