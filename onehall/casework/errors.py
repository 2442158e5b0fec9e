"""Refusals of the engine, worded for people."""

from onehall.casework.models import Case


class CaseworkRefused(Exception):
    """The city's rules say no. `str()` is a sentence for the person who asked."""


class MoveRefused(CaseworkRefused):
    """The move is not open to this person in this state, or something it needs is missing.

    `missing` names the needs, so that a page can point at the field.
    """

    def __init__(self, words: str, *, missing: tuple[str, ...] = ()) -> None:
        super().__init__(words)
        self.missing = missing


class CaseChanged(CaseworkRefused):
    """Somebody else was quicker: the case is no longer what the page showed."""

    def __init__(self, words: str, *, case: Case, seen: int) -> None:
        super().__init__(words)
        self.case = case
        self.seen = seen
