"""What corrections by the staff taught about residents' words: evidence with its count, bounded and explainable."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from onehall.catalog.search import stems_of

FEWEST: Final = 3
"""Moved reports with a word before it counts for anything."""
LEAST_SHARE: Final = 0.25
"""Of the reports with a word, how many must have been moved to the same service."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """So many of so many reports with a word were moved to a service."""

    service: str
    word: str
    moved: int
    of: int

    @property
    def share(self) -> float:
        """How sure that is, from 0 to 1."""
        return self.moved / self.of


@dataclass(frozen=True, slots=True)
class Learned:
    """By stem: how many reports hold it, and how many of these were moved to which service."""

    by_stem: Mapping[str, tuple[int, Mapping[str, int]]] = field(default_factory=dict)

    def about(self, text: str) -> dict[str, Evidence]:
        """For each service the strongest evidence among the words of a text."""
        found: dict[str, Evidence] = {}
        for stem in dict.fromkeys(stems_of(text)):
            of, moved = self.by_stem.get(stem, (0, {}))
            for service, count in moved.items():
                if count < FEWEST or count < LEAST_SHARE * of:
                    continue
                one = Evidence(service, stem, count, of)
                held = found.get(service)
                if held is None or (one.share, one.moved) > (held.share, held.moved):
                    found[service] = one
        return found


def learn(reports: Iterable[tuple[str, str]]) -> Learned:
    """From the words of reports, each with the service it was moved to ("" when it stayed)."""
    totals: dict[str, int] = {}
    moves: dict[str, dict[str, int]] = {}
    for words, service in reports:
        for stem in set(stems_of(words)):
            totals[stem] = totals.get(stem, 0) + 1
            if service:
                moved = moves.setdefault(stem, {})
                moved[service] = moved.get(service, 0) + 1
    kept = {
        stem: (totals[stem], moved)
        for stem, moved in moves.items()
        if max(moved.values()) >= FEWEST
    }
    return Learned(kept)
