"""A list of cases as its address says it: saved question, queue, filters, order, columns, place in the list."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from onehall.casework.lists import ORDERS, Edge, InboxQuery, Order, Sorting
from onehall.casework.queries import SHOWS, Show
from onehall.console import columns, filters
from onehall.console.desk import Desk
from onehall.console.filters import Narrowing, narrowing
from onehall.look.doorway import CityRequest
from onehall.people.queries import QueueInfo, queue_named

MARK: Final = "~"
ARRANGED: Final = ("show", "sort", "cols")
KEYS: Final = (*ARRANGED, "view", *filters.KEYS, "after", "before")
"""Everything that an address of a list may say."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as it was asked for. `said` is the whole address query, with what means something alone."""

    query: InboxQuery
    narrowed: Narrowing
    columns: tuple[str, ...]
    said: dict[str, str]

    @property
    def arranged(self) -> dict[str, str]:
        """Question, order and columns for an address, where they are not the usual ones; the view too."""
        usual = {"show": "open"}
        kept = {k: self.said[k] for k in (*ARRANGED, "view") if self.said.get(k)}
        return {k: v for k, v in kept.items() if usual.get(k) != v}

    @property
    def whole(self) -> dict[str, str]:
        """The selection for an address, from its first page."""
        return self.arranged | self.narrowed.query


def read(desk: Desk, asked: Mapping[str, str], queue: QueueInfo | None) -> Asked:
    """A list from the query of its address, flat. Raises Http404 for filters that mean nothing."""
    narrowed = narrowing(desk, asked)
    order: Order | Literal[""] = next((o for o in ORDERS if o == asked.get("sort")), "")
    query = InboxQuery(
        show=show(asked),
        queue_id=queue.id if queue else None,
        only=narrowed.selection,
        order=order,
    )
    query = replace(
        query,
        after=edge(asked.get("after", ""), query.sorting),
        before=edge(asked.get("before", ""), query.sorting),
    )
    said = {k: asked[k] for k in KEYS if asked.get(k)}
    return Asked(query, narrowed, columns.chosen(asked.get("cols", "")), said)


def show(asked: Mapping[str, Any]) -> Show:
    """The saved question that is asked; all open cases when it is none of them."""
    wanted = asked.get("show", "open")
    return next((s for s in SHOWS if s == wanted), "open")


def queue_named_for(request: CityRequest, key: str) -> QueueInfo | None:
    """The queue with a key, when there is one whose work this person may see."""
    found = queue_named(request.city, key)
    if found is None or not request.actor.sees_department(found.department_id):
        return None
    return found


def edge(text: str, sorting: Sorting = ORDERS["due"]) -> Edge | None:
    """A place in a list of this order; None when the text is not one."""
    *numbers, at, pk = text.split(MARK) if text.count(MARK) else ("", "", "")
    if len(numbers) + 2 != len(sorting.columns) or len(pk) > 17:
        return None
    try:
        moment = datetime.fromisoformat(at)
        first = [int(n) for n in numbers if len(n) < 6]
        return (*first, moment, int(pk)) if moment.tzinfo and len(first) == len(numbers) else None
    except ValueError:
        return None


def edge_text(place: Edge) -> str:
    """A place in a list as its address has it."""
    return MARK.join(v.isoformat() if isinstance(v, datetime) else str(v) for v in place)


def order_words() -> dict[Order, tuple[str, str]]:
    """What each order is called, and how it reads under a list."""
    return {
        "due": (_("Promise"), _("Most urgent promise first")),
        "priority": (_("Priority"), _("Urgent first, then by promise")),
        "newest": (_("Newest"), _("Newest first")),
        "oldest": (_("Oldest"), _("Oldest first")),
        "changed": (_("Recently changed"), _("Last changed first")),
        "closed": (_("Recently closed"), _("Last closed first")),
    }
