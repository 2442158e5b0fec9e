"""The saved views in somebody's rail, each with how many cases it has now."""

import time
from dataclasses import dataclass
from typing import Final

from django.core.cache import caches
from django.http import Http404
from django.urls import reverse

from onehall.casework.lists import InboxQuery, count_each
from onehall.casework.queries import LOCAL
from onehall.console import lists
from onehall.console.desk import Desk
from onehall.console.filters import with_query

MOST_COUNTED: Final = 500
FRESH_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class PinLink:
    """A link of the rail."""

    id: int
    name: str
    href: str
    count: str


def address(view_id: int, query: dict[str, str]) -> str:
    """The address of a view's list."""
    return with_query(reverse("console:inbox"), {"show": "open"} | query | {"view": str(view_id)})


def links(desk: Desk) -> list[PinLink]:
    """The pins in order. Costs nothing without any; the counts are one question, kept for five seconds."""
    pins = desk.counts.pins
    if not pins:
        return []
    counts = _counted(desk)
    return [PinLink(p.id, p.name, address(p.id, p.query), counts.get(p.id, "")) for p in pins]


def _counted(desk: Desk) -> dict[int, str]:
    said = hash(repr(desk.counts.pins))
    key = f"pins:{desk.city.id}:{desk.actor.user_id}:{said}"
    known: tuple[float, dict[int, str]] | None = caches[LOCAL].get(key)
    if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
        return known[1]
    queries: dict[int, InboxQuery] = {}
    for pin in desk.counts.pins:
        try:
            queries[pin.id] = lists.read(desk, pin.query, None).query
        except Http404:
            continue  # A filter names what is gone; its list says so when it is opened.
    found = count_each(
        desk.actor,
        list(queries.values()),
        now=desk.now,
        day_end=desk.day_end,
        at_most=MOST_COUNTED + 1,
    )
    counts = {
        pk: f"{MOST_COUNTED}+" if n > MOST_COUNTED else str(n)
        for pk, n in zip(queries, found, strict=True)
    }
    caches[LOCAL].set(key, (time.monotonic(), counts), 60)
    return counts
