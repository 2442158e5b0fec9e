"""Pure rules over plain values: what a move needs, where it leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from onehall.casework.errors import MoveRefused
from onehall.casework.to_erase import BITS
from onehall.catalog import machine
from onehall.catalog.flows import FlowDefinition, Move, Outcome
from onehall.catalog.services import ServiceDefinition
from onehall.kernel import cards

MAX_WORDS: Final = 4000
"""Longest text a person may write into a case, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What came with a move. `number` is that of the report whose person makes it."""

    words: str = ""
    reason: str = ""
    outcome: str = ""
    handed_to: str = ""
    number: str = ""
    photo_ids: tuple[int, ...] = ()
    has_after_photo: bool = False


def need_words(need: str) -> str:
    """What to do about a missing need, as a sentence."""
    words: Mapping[str, str] = {
        "words": _("Write a line for the resident: what was done, and why."),
        "message": _("Write what you need from the resident."),
        "reason": _("Write the reason."),
        "after_photo": _("Add a photo of the finished work."),
        "handed_to": _("Write who has it now."),
        "outcome": _("Choose how it ended."),
        "forced": _("A part of this case is still open. Wait for it, or say why it ends now."),
    }
    return words[need]


def too_long(most: int = MAX_WORDS) -> str:
    """What to say about more words than fit."""
    return _("That is too long. Keep it under %(n)s characters.") % {"n": most}


def no_card(*texts: str, missing: tuple[str, ...] = ("words",)) -> None:
    """Refuse texts with the number of a payment card: what is written into a case is kept, and read by many."""
    if any(cards.card_number_in(text) for text in texts):
        raise MoveRefused(cards.refusal(), missing=missing)


def require_fit(text: str, *, missing: tuple[str, ...] = ("words",)) -> None:
    """Refuse more words than fit, and the number of a payment card."""
    if len(text) > MAX_WORDS:
        raise MoveRefused(too_long(), missing=missing)
    no_card(text, missing=missing)


def needs_of(move: Move, service: ServiceDefinition, outcome: Outcome | None) -> frozenset[str]:
    """Everything that must be given: the move's needs, and for a close those of its outcome.

    The service's closing contract holds for the first outcome it lists (the good end); the other
    outcomes say themselves what they need.
    """
    if move.purpose != "close":
        return move.needs
    if outcome is None:
        return move.needs | {"outcome"}
    contract = service.closing_needs if outcome.key == good_end(service) else frozenset({"words"})
    return move.needs | outcome.needs | contract


def good_end(service: ServiceDefinition) -> str:
    """The outcome that keeps the promise: the first in the service's list."""
    return service.outcomes[0] if service.outcomes else ""


def outcomes_for(flow: FlowDefinition, service: ServiceDefinition) -> list[Outcome]:
    """How this service may end, in the order the service lists."""
    keys = service.outcomes or tuple(flow.outcomes)
    return [flow.outcomes[k] for k in keys if k in flow.outcomes]


def is_given(need: str, given: Given) -> bool:
    """Whether one need is met."""
    text = {
        "words": given.words,
        "message": given.words,
        "reason": given.reason,
        "handed_to": given.handed_to,
        "outcome": given.outcome,
    }
    if need == "after_photo":
        return given.has_after_photo or bool(given.photo_ids)
    return bool(text[need].strip())


def require(move: Move, service: ServiceDefinition, outcome: Outcome | None, given: Given) -> None:
    """Raise `MoveRefused` naming everything that is missing, or too long."""
    texts = {"words": given.words, "reason": given.reason, "handed_to": given.handed_to}
    long = tuple(need for need, text in texts.items() if len(text) > MAX_WORDS)
    if long:
        raise MoveRefused(too_long(), missing=long)
    for need, text in texts.items():
        no_card(text, missing=(need,))
    missing = sorted(n for n in needs_of(move, service, outcome) if not is_given(n, given))
    if missing:
        raise MoveRefused(" ".join(need_words(n) for n in missing), missing=tuple(missing))


def closes_at(move: Move, closed_at: datetime | None) -> datetime | None:
    """Until when the move can be made on a case that ended at `closed_at`; None without an end."""
    return closed_at + move.within if move.within is not None and closed_at is not None else None


def is_over(move: Move, closed_at: datetime | None, now: datetime) -> bool:
    """Whether the time in which the move could be made has passed."""
    end = closes_at(move, closed_at)
    return end is not None and now >= end


def require_in_time(move: Move, closed_at: datetime | None, now: datetime) -> None:
    """Raise `MoveRefused`, with what to do instead, when the time for the move has passed."""
    if is_over(move, closed_at, now):
        raise MoveRefused(
            _("The time to open this case again is over. Report it again: that counts from today.")
        )


def target_of(move: Move, flow: FlowDefinition, *, previous: str, outcome: Outcome | None) -> str:
    """The state the move leads to."""
    if move.to == "$outcome" and outcome is None:
        raise MoveRefused(need_words("outcome"), missing=("outcome",))
    end = outcome.to if outcome else ""
    return machine.target_of(move, flow, previous=previous, end=end)


def is_closed_for_good(erased: int) -> bool:
    """Whether the city's rules erased how the people of a case are reached, or what they told; see `Case.erased`."""
    return bool(erased & (BITS["contact"] | BITS["words"]))


def require_kept(erased: int) -> None:
    """Refuse what a resident adds to such a case: nobody would read it, and nothing would erase it."""
    if is_closed_for_good(erased):
        raise MoveRefused(
            _("This case ended long ago and was erased in part. Send a new report instead.")
        )
