"""What a refused act brings back to its page, so that nothing typed and no photo is lost."""

import uuid
from dataclasses import dataclass, field

from onehall.casework.errors import CaseChanged, CaseworkRefused, MoveRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A refusal: its words, where on the page it belongs, what was typed there.

    `where` is the key of a move, or "say", "queue", "join", "assign", "priority", "photo".
    `changed_since` is the lock the page was drawn with, when somebody else was quicker.
    """

    words: str = ""
    where: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    changed_since: int | None = None
    draft: uuid.UUID | None = None
    photo_words: str = ""
    status: int = 200
    fresh: bool = False

    @property
    def kept(self) -> list[str]:
        """Everything longer than a choice that was typed."""
        return [t for name in ("words", "reason", "handed_to") if (t := self.typed.get(name, ""))]

    def at(self, where: str) -> str:
        """The sentence for one place of the page, when it belongs there."""
        return self.words if where == self.where and self.changed_since is None else ""


def of(
    refused: CaseworkRefused,
    *,
    where: str,
    typed: dict[str, str],
    draft: uuid.UUID | None = None,
) -> Trouble:
    """The trouble that a refusal makes: 409 when somebody else was quicker, else 422."""
    changed = isinstance(refused, CaseChanged)
    return Trouble(
        words=str(refused),
        where=where,
        typed=typed,
        missing=refused.missing if isinstance(refused, MoveRefused) else (),
        changed_since=refused.seen if isinstance(refused, CaseChanged) else None,
        draft=draft,
        status=409 if changed else 422,
    )
