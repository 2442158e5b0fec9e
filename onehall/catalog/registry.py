"""The closed registry of what a flow may cause and what it may ask for: effects and predicates.

A definition names these and gives them values of the declared kinds; it cannot hold code. What an
effect does to a case is in `casework/effects.py`, which a test holds against this list.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from onehall.catalog.facts import Snapshot

type ParamKind = Literal[
    "queue", "priority", "template", "words", "audience", "role", "task", "outcome", "question",
    "photo", "who", "key", "span", "label",
]  # fmt: skip

PRIORITY_KEYS: Final = ("normal", "high", "urgent")
"""Priorities by name; their place in the list is their number."""

TEMPLATES: Final = ("notice", "under_way", "question", "done", "ended")
"""Mails that `notify` may send; each is a template of the room that writes to residents."""

AUDIENCES: Final = ("resident", "team")
"""Who is reminded: everybody who follows the case, or the staff who have it."""

WHO: Final = ("mover", "nobody")
"""To whom `assign` gives a case."""

PHOTOS: Final = ("before", "after")


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of an effect or a predicate."""

    name: str
    kind: ParamKind
    required: bool = False


@dataclass(frozen=True, slots=True)
class EffectKind:
    """An effect: its parameters, and the one that a short form fills (`set_queue: trees`)."""

    params: tuple[Param, ...] = ()
    short: str = ""
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PredicateKind:
    """A predicate: its parameters, the short one, and whether it holds for a case."""

    holds: Callable[[Snapshot, Mapping[str, Any]], bool]
    params: tuple[Param, ...] = field(default_factory=tuple)
    short: str = ""


_TO_REMIND: Final = (Param("to", "audience", required=True), Param("words", "words"))

EFFECTS: Final[Mapping[str, EffectKind]] = {
    "notify": EffectKind(
        (Param("template", "template", required=True), Param("words", "words")), "template"
    ),
    "remind": EffectKind(_TO_REMIND, "to"),
    "escalate": EffectKind(
        (
            Param("queue", "queue"),
            Param("role", "role"),
            Param("priority", "priority"),
            Param("words", "words"),
        ),
        one_of=("queue", "role", "priority"),
    ),
    "note": EffectKind((Param("words", "words", required=True),)),
    "set_priority": EffectKind((Param("priority", "priority", required=True),), "priority"),
    "set_queue": EffectKind((Param("queue", "queue", required=True),), "queue"),
    "assign": EffectKind((Param("who", "who", required=True),), "who"),
    "add_task": EffectKind(
        (
            Param("key", "key", required=True),
            Param("label", "label", required=True),
            Param("queue", "queue", required=True),
            Param("due", "span"),
        )
    ),
    "stop_clock": EffectKind(),
    "start_clock": EffectKind(),
    "new_promise": EffectKind(),
}
"""Every effect that `enter`, `effects` and timers may name."""


def _task_done(case: Snapshot, given: Mapping[str, Any]) -> bool:
    last = case.last_task(str(given["task"]))
    if last is None or last.state != "done":
        return False
    return "outcome" not in given or last.outcome == given["outcome"]


def _photo(case: Snapshot, given: Mapping[str, Any]) -> bool:
    return (case.photos_after if given["kind"] == "after" else case.photos_before) > 0


PREDICATES: Final[Mapping[str, PredicateKind]] = {
    "answered": PredicateKind(
        lambda case, given: case.answers.get(str(given["question"])) not in (None, "", []),
        (Param("question", "question", required=True),),
        "question",
    ),
    "photo": PredicateKind(_photo, (Param("kind", "photo", required=True),), "kind"),
    "placed": PredicateKind(lambda case, _given: case.placed),
    "assigned": PredicateKind(lambda case, _given: case.assigned),
    "replied": PredicateKind(lambda case, _given: case.replied),
    "children_done": PredicateKind(lambda case, _given: not case.open_children),
    "tasks_closed": PredicateKind(lambda case, _given: not case.open_tasks()),
    "task_done": PredicateKind(
        _task_done, (Param("task", "task", required=True), Param("outcome", "outcome")), "task"
    ),
}
"""Every predicate that `requires` may name."""
