"""One mistake of a flow, and the names that flows may use for people."""

from dataclasses import dataclass
from typing import Final

from onehall.kernel.spelling import nearest
from onehall.people.permissions import ROLES, roles_with

BY: Final = frozenset({*ROLES, "resident", "system"})
"""Who may be named in a move's `by`."""

STAFF: Final = roles_with("move")
"""Those of the staff who may make moves at all."""

DECIDING: Final = tuple(role for role in ROLES if role in roles_with("do_tasks"))
"""Roles that a task may be kept for: those that do tasks, in the order of the table."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: the path of keys to it in the document, what is wrong and what to do.

    A warning is told, but does not keep a flow from being published.
    """

    where: tuple[str, ...]
    message: str
    advice: str
    warning: bool = False


def unknown(what: str, name: str, known: frozenset[str] | set[str]) -> tuple[str, str]:
    """The sentence and the advice for a name that does not exist."""
    guess = nearest(name, known)
    choices = ", ".join(sorted(known))
    return (
        f'There is no {what} "{name}".',
        f'Did you mean "{guess}"?' if guess else f"Known: {choices or 'none'}.",
    )
