"""The fixed meaning behind a city's own state names."""

from typing import Final

OPEN: Final = frozenset(
    {
        "draft",
        "submitted",
        "intake",
        "review",
        "working",
        "waiting_applicant",
        "waiting_payment",
        "decision",
        "approved",
        "issued",
        "inspection",
        "on_hold",
        "appeal",
    }
)
"""Somebody still has something to do."""

DONE: Final = frozenset({"resolved", "closed"})
ENDED_OTHERWISE: Final = frozenset({"denied", "withdrawn", "expired", "revoked"})
ALL: Final = OPEN | DONE | ENDED_OTHERWISE

PAUSED: Final = frozenset({"waiting_applicant", "waiting_payment", "on_hold"})
"""The promise clock stands still."""

PURPOSES: Final = frozenset(
    {"ask", "answer", "close", "accept", "dispute", "settle", "reopen", "start", "withdraw"}
    | {"hand_over", "take_back"}
)
"""What a move is for, where a page or a rule has to know. Names of moves are the city's own."""

NEEDS: Final = frozenset({"words", "reason", "message", "after_photo", "handed_to", "outcome"})
"""What a move or an outcome may ask for."""


def is_open(category: str) -> bool:
    """Whether a case in this category still needs work."""
    return category in OPEN


def is_paused(category: str) -> bool:
    """Whether the promise clock stands still in this category."""
    return category in PAUSED
