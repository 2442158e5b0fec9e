"""Guessing which known name a person meant."""

from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA


def nearest(found: str, known: Iterable[str]) -> str | None:
    """The known name closest to `found`, or None when none is close enough to suggest."""
    limit = max(1, len(found) // 3)
    best = process.extractOne(
        found, sorted(known), scorer=OSA.distance, score_cutoff=limit, processor=str.lower
    )
    return best[0] if best else None
