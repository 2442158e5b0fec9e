"""Lists of cases: a saved question, what narrows it, its order, and pages by keyset.

A page begins after the last row of the one before it, by one row comparison that an index serves at
any depth. Every order ends with the key of the row, so that it is total.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from django.db import connection, models

from onehall.casework.models import Case
from onehall.casework.queries import PAGE, CaseLine, Show, as_lines
from onehall.casework.selection import EVERYTHING, Selection
from onehall.kernel.rows import sql_of
from onehall.people.actor import Actor

type Order = Literal["due", "newest", "oldest", "changed", "priority", "closed"]
type Edge = tuple[Any, ...]
"""The keyset of a row: a value for each column of the order."""


@dataclass(frozen=True, slots=True)
class Sorting:
    """Columns of a total order, all rising or all falling. `negative` ones are compared as -value."""

    columns: tuple[str, ...]
    falling: bool = False
    negative: frozenset[str] = frozenset()

    def edge_of(self, case: CaseLine) -> Edge:
        """The keyset of a row."""
        return tuple(self.signed(name, getattr(case, name)) for name in self.columns)

    def signed(self, name: str, value: Any) -> Any:
        """A column's value as it is compared."""
        return -value if name in self.negative else value

    def by(self, *, backwards: bool) -> list[Any]:
        """What to order a query by."""
        falling = self.falling != backwards
        named = [models.F(n) * -1 if n in self.negative else models.F(n) for n in self.columns]
        return [n.desc() if falling else n.asc() for n in named]

    def beyond(
        self, rows: models.QuerySet[Case], edge: Edge, *, backwards: bool
    ) -> models.QuerySet[Case]:
        """Rows past a keyset, as one row comparison so that the index serves it at any depth."""
        sign = "<" if self.falling != backwards else ">"
        table = Case._meta.db_table  # noqa: SLF001  (how Django names it)
        names = [
            f'("{table}"."{n}" * -1)' if n in self.negative else f'"{table}"."{n}"'
            for n in self.columns
        ]
        places = ", ".join(["%s"] * len(edge))
        # The columns are those of `ORDERS`; the values are parameters.
        return rows.extra(  # noqa: S610
            where=[f"({', '.join(names)}) {sign} ({places})"], params=list(edge)
        )


ORDERS: Final[dict[Order, Sorting]] = {
    "due": Sorting(("due_order", "id")),
    "newest": Sorting(("opened_at", "id"), falling=True),
    "oldest": Sorting(("opened_at", "id")),
    "changed": Sorting(("updated_at", "id"), falling=True),
    "priority": Sorting(("priority", "due_order", "id"), negative=frozenset({"priority"})),
    "closed": Sorting(("closed_at", "id"), falling=True),
}
"""Each is the order of an index; a test asks the planner."""

OF_OPEN: Final[tuple[Order, ...]] = ("due", "priority", "newest", "oldest", "changed")
OF_ALL: Final[tuple[Order, ...]] = ("newest", "oldest")


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxQuery:
    """What a list shows. `after` is the keyset of the last row of the page before, `order` "" the usual one."""

    show: Show = "open"
    queue_id: int | None = None
    only: Selection = EVERYTHING
    order: Order | Literal[""] = ""
    after: Edge | None = None
    before: Edge | None = None

    @property
    def usual(self) -> Order:
        """The promise, rising, of what is open; else the closing or the opening, falling."""
        if self.show != "all":
            return "due"
        return "newest" if self.only.closed is None else "closed"

    @property
    def orders(self) -> tuple[Order, ...]:
        """The orders that this list can have, the usual one first."""
        others = OF_OPEN if self.show != "all" else OF_ALL
        return (self.usual, *(o for o in others if o != self.usual))

    @property
    def sort(self) -> Order:
        """The order it has: the one that is asked for, where the list can have it."""
        return next((o for o in self.orders if o == self.order), self.usual)

    @property
    def sorting(self) -> Sorting:
        """The columns of its order."""
        return ORDERS[self.sort]


def inbox(actor: Actor, query: InboxQuery, *, now: datetime, day_end: datetime) -> list[CaseLine]:
    """One page of cases in the order of the query, one extra row for "more"."""
    page = as_lines(_in_order(actor, query, now=now, day_end=day_end)[: PAGE + 1])
    return page[::-1] if query.before is not None else page


def how_many(
    actor: Actor, query: InboxQuery, *, now: datetime, day_end: datetime, at_most: int
) -> int:
    """How many cases a list has in all; counting stops at `at_most`."""
    rows = meant(actor, query, now=now, day_end=day_end)
    return rows.order_by()[:at_most].count()


def count_each(
    actor: Actor, queries: Sequence[InboxQuery], *, now: datetime, day_end: datetime, at_most: int
) -> list[int]:
    """How many cases each of some lists has: one question, and none is counted beyond `at_most`."""
    if not queries:
        return []
    parts: list[str] = []
    values: list[Any] = []
    for place, query in enumerate(queries):
        rows = meant(actor, query, now=now, day_end=day_end).order_by()
        sql, params = sql_of(rows.values_list("pk")[:at_most])
        parts.append(f"SELECT {place}, count(*) FROM ({sql}) list")  # noqa: S608  (the ORM's text)
        values += params
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        found = dict(cursor.fetchall())
    return [found[place] for place in range(len(queries))]


def first_of(
    actor: Actor, query: InboxQuery, *, now: datetime, day_end: datetime, at_most: int
) -> list[tuple[int, int]]:
    """Id and lock of the first cases of a list, whichever page was shown."""
    whole = replace(query, after=None, before=None)
    rows = _in_order(actor, whole, now=now, day_end=day_end)
    return list(rows.values_list("id", "lock")[:at_most])


def chunks(
    actor: Actor,
    query: InboxQuery,
    *,
    columns: Sequence[str],
    size: int,
    now: datetime,
    day_end: datetime,
) -> Iterator[list[tuple[Any, ...]]]:
    """A whole list, `size` rows at a time, each asked for from where the last one ended.

    So the memory is that of one chunk and no transaction stays open while a slow reader reads.
    """
    keys = query.sorting.columns
    while True:
        rows = _in_order(actor, query, now=now, day_end=day_end)
        found = list(rows.values_list(*keys, *columns)[:size])
        if found:
            yield [row[len(keys) :] for row in found]
        if len(found) < size:
            return
        last = zip(keys, found[-1], strict=False)
        query = replace(query, after=tuple(query.sorting.signed(n, v) for n, v in last))


def _in_order(
    actor: Actor, query: InboxQuery, *, now: datetime, day_end: datetime
) -> models.QuerySet[Case]:
    rows = meant(actor, query, now=now, day_end=day_end)
    backwards, sorting = query.before is not None, query.sorting
    edge = query.before or query.after
    if edge is not None:
        rows = sorting.beyond(rows, edge, backwards=backwards)
    return rows.order_by(*sorting.by(backwards=backwards))


@dataclass(frozen=True, slots=True)
class Step:
    """The case beside another one in a list, with its own place there."""

    number: str
    edge: Edge


def beside(
    actor: Actor, query: InboxQuery, place: Edge, *, now: datetime, day_end: datetime
) -> tuple[Step | None, Step | None]:
    """The cases before and after a place of a list, whichever page they are on: one question.

    The place is where a case stood; that it has left the list since makes no difference.
    """
    sorting = query.sorting
    rows = meant(actor, query, now=now, day_end=day_end)
    sides = []
    for onwards in (False, True):
        side = sorting.beyond(rows, place, backwards=not onwards)
        side = side.annotate(onwards=models.Value(onwards)).order_by(
            *sorting.by(backwards=not onwards)
        )
        sides.append(side.values_list("onwards", "number", *sorting.columns)[:1])
    found = {}
    for is_next, number, *values in sides[0].union(sides[1], all=True):
        pairs = zip(sorting.columns, values, strict=True)
        found[is_next] = Step(number, tuple(sorting.signed(n, v) for n, v in pairs))
    return found.get(False), found.get(True)


def meant(
    actor: Actor, query: InboxQuery, *, now: datetime, day_end: datetime
) -> models.QuerySet[Case]:
    """The cases of a list in no order: never others than the actor may see."""
    rows: models.QuerySet[Case] = Case.objects.visible_to(actor)
    if query.queue_id is not None:
        rows = rows.filter(queue_id=query.queue_id)
    rows = query.only.within(rows, now=now)
    if query.show == "all":
        return rows
    if query.show == "replies":
        # Of ended cases too: somebody wrote and waits to be read.
        return rows.filter(unread_reply=True)
    rows = rows.filter(is_open=True)
    paused = models.Q(paused_at__isnull=False)
    narrow: dict[str, models.Q] = {
        "late": models.Q(due_order__lt=now) & ~paused,
        "today": models.Q(due_order__gte=now, due_order__lt=day_end) & ~paused,
        "unassigned": models.Q(assignee=None),
        "waiting": paused,
        "disputed": models.Q(reopened__gt=0),
        "mine": models.Q(assignee_id=actor.user_id),
    }
    return rows.filter(narrow[query.show]) if query.show in narrow else rows
