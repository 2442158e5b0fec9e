"""The parts of a case and its parent, as its page shows them; and what a part may be about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from onehall.casework.models import Case, TimelineEntry
from onehall.casework.splitting import TAKES
from onehall.casework.wording import Reader
from onehall.catalog.queries import catalogue
from onehall.console.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """One part: its plain words, who has it and where it stands. `seen`: whether it may be opened."""

    number: str
    words: str
    who: str
    state: str
    category: str
    is_open: bool
    seen: bool


def lines(desk: Desk, parts: Sequence[Case], reader: Reader) -> list[PartLine]:
    """The parts of a case as its page shows them."""
    listed = catalogue(desk.city)
    found = []
    for part in parts:
        state = listed.flow_version(part.flow_version_id).states[part.state]
        found.append(
            PartLine(
                number=part.number,
                words=part.part_words,
                who=reader.queue_names.get(part.queue_id, ""),
                state=reader.text(state.label),
                category=state.category,
                is_open=part.is_open,
                seen=part.queue_id in desk.queue_ids,
            )
        )
    return found


def takes_of(entries: Sequence[TimelineEntry]) -> frozenset[str]:
    """What of the parent's reports the people of a part may read."""
    found: dict[str, Any] = next((e.data for e in entries if e.kind == "part_of"), {})
    return frozenset(found.get("takes", ())) & frozenset(TAKES)


def services(desk: Desk, case: Case, reader: Reader) -> list[tuple[str, list[tuple[str, str]]]]:
    """Services that a part may be about, by group: key and name."""
    listed = catalogue(desk.city)
    if listed.by_id(case.service_id).is_internal:
        listed = listed.internal
    return [
        (reader.text(g.name), [(s.key, reader.text(s.name)) for s in g.services])
        for g in listed.groups
    ]
