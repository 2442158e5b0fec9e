"""The selection of a list of cases as its address says it: saved question, queue, place in the list."""

from datetime import datetime
from typing import Final

from django.http import QueryDict

from onehall.casework.queries import SHOWS, Show
from onehall.look.doorway import CityRequest
from onehall.people.queries import QueueInfo, queue_named

MARK: Final = "~"


def show(asked: QueryDict) -> Show:
    """The saved question that is asked; all open cases when it is none of them."""
    wanted = asked.get("show", "open")
    return next((s for s in SHOWS if s == wanted), "open")


def queue_named_for(request: CityRequest, key: str) -> QueueInfo | None:
    """The queue with a key, when there is one whose work this person may see."""
    found = queue_named(request.city, key)
    if found is None or not request.actor.sees_department(found.department_id):
        return None
    return found


def edge(text: str) -> tuple[datetime, int] | None:
    """A place in a list; None when the text is not one."""
    at, _mark, pk = text.partition(MARK)
    try:
        moment = datetime.fromisoformat(at)
        return (moment, int(pk)) if moment.tzinfo is not None and len(pk) < 18 else None
    except ValueError:
        return None


def edge_text(at: datetime, pk: int) -> str:
    """A place in a list as its address has it."""
    return f"{at.isoformat()}{MARK}{pk}"
