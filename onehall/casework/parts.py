"""What a case that was split off another one says on its parent: the one that residents read."""

from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case
from onehall.casework.rules import Given, good_end
from onehall.casework.timeline import NewEntry
from onehall.catalog import categories
from onehall.catalog.flows import FlowDefinition, Move, Outcome
from onehall.catalog.services import ServiceDefinition
from onehall.people.queries import queues

MOST: Final = 8
"""Parts that one case may be split into."""


def said_by(case: Case, entries: Sequence[NewEntry], flow: FlowDefinition) -> list[NewEntry]:
    """What the parent hears of an act on a part: public words to residents, and how it ended."""
    found = []
    who = next((q.department_name for q in queues(case.city) if q.id == case.queue_id), {})
    for entry in entries:
        ended = entry.kind == "moved" and _ends(entry, flow)
        words = entry.data.get("words") if entry.kind in ("moved", "replied") else ""
        if not words and not ended:
            continue
        data: dict[str, Any] = {"case": case.pk, "number_of_part": case.number}
        data |= {"part": case.part_words, "who": who}
        data |= {k: entry.data[k] for k in ("words", "words_in") if k in entry.data}
        outcome = flow.outcomes.get(str(entry.data.get("outcome", "")))
        if ended:
            data["ended"] = outcome.label if outcome else flow.states[case.state].label
        found.append(NewEntry(kind="part", data=data))
    return found


def _ends(entry: NewEntry, flow: FlowDefinition) -> bool:
    """Whether a move led out of the open states; from ended to ended is no news."""
    states = (flow.states.get(str(entry.data.get(end))) for end in ("from", "to"))
    before, after = (s is not None and categories.is_open(s.category) for s in states)
    return before and not after


def open_parts(case: Case) -> list[Case]:
    """Parts of a case on which somebody still has to work."""
    return list(case.children.filter(is_open=True, merged_into=None).order_by("pk")[:MOST])


def require_done(
    case: Case, step: Move, service: ServiceDefinition, outcome: Outcome | None, given: Given
) -> str:
    """The reason why a case ends well while a part of it is open, "" when none is; refused without."""
    if step.purpose != "close" or outcome is None or outcome.key != good_end(service):
        return ""
    waiting = open_parts(case)
    if not waiting:
        return ""
    reason = given.reason.strip()
    if not reason:
        names = "; ".join(f"{c.part_words} ({c.number})" for c in waiting)
        words = _(
            "A part of this case is still open: %(parts)s. Wait for it, or say why it ends now."
        )
        raise MoveRefused(words % {"parts": names}, missing=("forced",))
    return reason
