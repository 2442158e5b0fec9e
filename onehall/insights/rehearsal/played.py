"""What a set-up makes of a case: what is compared with what another one makes of it."""

from dataclasses import dataclass, field
from datetime import datetime

from onehall.catalog.flowparts import Words


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody would get a message: who, which one, and the city's own words in it, by language."""

    who: str
    what: str
    words: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Played:
    """What a set-up makes of a case. `trouble` says why it could not be played to its end."""

    service: str
    offered: bool = True
    stop: str = ""
    asked: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    queue: str = ""
    because: str = ""
    holder: str = ""
    priority: str = ""
    due: datetime | None = None
    targets: dict[str, datetime] = field(default_factory=dict)
    state: str = ""
    tasks: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    timers: list[str] = field(default_factory=list)
    itself: list[str] = field(default_factory=list)
    refused: dict[int, tuple[str, str]] = field(default_factory=dict)
    trouble: str = ""


def texts(words: Words) -> tuple[tuple[str, str], ...]:
    """Words by language, to tell whether they are the same."""
    return (("", words),) if isinstance(words, str) else tuple(words.items())


def text(words: Words) -> str:
    """Words in the first language they are in."""
    return next((said for _, said in texts(words)), "")
