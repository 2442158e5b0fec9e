"""A case told again from its timeline alone: which state it is in, and what is still to do."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from onehall.casework.models import TimelineEntry


@dataclass(slots=True)
class Told:
    """What the entries of a case add up to. Tasks are named by key and cycle."""

    state: str
    version: int | None = None
    open_tasks: set[tuple[str, int]] = field(default_factory=set)


def replay(entries: Iterable[TimelineEntry], start: str) -> Told:
    """Go through the entries in order, from the first state of the flow."""
    told = Told(start)
    for entry in entries:
        data = entry.data
        if entry.kind in ("moved", "migrated", "changed", "undone") and "to" in data:
            told.state = data["to"]
            told.version = data.get("version", told.version)
        elif entry.kind == "task_opened":
            told.open_tasks.add((data["task"], data["cycle"]))
        elif entry.kind in ("task_done", "task_skipped", "task_cancelled"):
            told.open_tasks.discard((data["task"], data["cycle"]))
    return told
