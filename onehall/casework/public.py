"""What everybody may see of the city's cases: a list, marks on the map, one case.

Nothing of a person is read here: no words of residents, no names, no photos that are not public.
A case of a service whose places are not shown exactly is in the list without its place, and in no
answer that would betray it: not on the map, not by words, not in a box.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.db import connection, models

from onehall.casework import summed
from onehall.casework.lists import ORDERS, Edge
from onehall.casework.models import Case
from onehall.casework.queries import PAGE
from onehall.casework.selection import Box, Circle, Selection, Span
from onehall.kernel.rows import sql_of
from onehall.places.models import City

type PublicState = Literal["open", "closed", "all"]
STATES: Final[tuple[PublicState, ...]] = ("open", "closed", "all")
DAYS: Final = (7, 30, 90, 365)
LOOKED_THROUGH: Final = 4_000
"""So many of the newest cases are looked through for those of a part of the city, before all of those are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicQuery:
    """What is asked for. `service_ids` are public services; `exact_ids` those whose places are shown.

    `days` narrows to cases told in so many days, 0 asks nothing; `opened` to those told in a span. `worded` is what a text asks for.
    """

    service_ids: tuple[int, ...]
    exact_ids: tuple[int, ...]
    state: PublicState = "open"
    days: int = 0
    areas: tuple[tuple[str, str], ...] = ()
    box: Box | None = None
    near: Circle | None = None
    opened: Span | None = None
    worded: models.Q | None = field(default=None, hash=False)

    @property
    def by_place(self) -> bool:
        """Whether a place is asked for, which only cases with a shown place may answer."""
        return self.box is not None or self.near is not None or self.worded is not None


@dataclass(frozen=True, slots=True)
class PublicLine:
    """A case as a line of the public list."""

    id: int
    number: str
    service_id: int
    flow_version_id: int
    state: str
    category: str
    is_open: bool
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    paused_at: datetime | None
    people_count: int
    place_words: str


LINE: Final = (
    "id", "number", "service_id", "flow_version_id", "state", "category", "is_open", "opened_at", "closed_at",
    "due_at", "paused_at", "people_count", "place_words",
)  # fmt: skip


def meant(city: City, query: PublicQuery, *, now: datetime) -> models.QuerySet[Case]:
    """The cases that are asked for, in no order."""
    ids = query.exact_ids if query.by_place else query.service_ids
    rows: models.QuerySet[Case] = Case.objects.of_city(city.id).filter(
        is_public=True, merged_into=None, parent=None
    )
    only = Selection(
        service_ids=ids,
        areas=query.areas,
        opened=query.opened,
        box=query.box,
        near=query.near,
        worded=query.worded,
    )
    rows = only.within(rows, now=now)
    if query.state != "all":
        rows = rows.filter(is_open=query.state == "open")
    if query.days:
        rows = rows.filter(opened_at__gte=now - timedelta(days=query.days))
    return rows


FEW: Final = 500
"""Up to so many cases of areas are looked for where they lie, more among the newest of the city."""
NEWEST_SQL: Final = "SELECT * FROM casework_case WHERE {} ORDER BY opened_at DESC, id DESC LIMIT %s"
IN_SQUARES_SQL: Final = """
SELECT one.* FROM unnest(%s::bigint[], %s::bigint[]) AS range(low, high), LATERAL (
  SELECT * FROM casework_case
  WHERE {} AND is_public AND merged_into_id IS NULL AND parent_id IS NULL AND cell BETWEEN range.low AND range.high OFFSET 0
) AS one
"""


def page(
    city: City, query: PublicQuery, *, now: datetime, after: Edge | None = None, size: int = PAGE
) -> list[PublicLine]:
    """Newest first, from past `after` on (opened_at and id of a row); one row more than `size` says that there are more."""
    rows = meant(city, query, now=now)
    newest = ORDERS["newest"]
    if after is not None:
        rows = newest.beyond(rows, after, backwards=False)
    rows = rows.order_by(*newest.by(backwards=False))
    if query.box is not None or query.near is not None or query.areas:
        found = _of_a_part(city, query, rows, now, size + 1)
    else:
        found = list(rows.values_list(*LINE)[: size + 1])
    exact = set(query.exact_ids)
    lines = (PublicLine(*row) for row in found)
    return [f if f.service_id in exact else replace(f, place_words="") for f in lines]


type Row = tuple[Any, ...]


def _of_a_part(
    city: City, query: PublicQuery, rows: models.QuerySet[Case], now: datetime, size: int
) -> list[Row]:
    """The first `size` rows of a list about a part of the city.

    How many cases lie in a part the planner can not know: to find the newest few it reads all of them. So the newest of
    the city are looked through first; few cases of an area are then read where they lie.
    """
    mine = f"city_id = {city.pk:d}" + (" AND is_open" if query.state == "open" else "")
    newest = NEWEST_SQL.format(mine)
    found = _among(newest, [LOOKED_THROUGH], rows, size)
    if len(found) == size:
        return found
    if not query.areas or not summed.is_summed(query):
        return list(rows.values_list(*LINE)[:size])
    # An index over areas would not do: row-level security keeps all from being used but those of a few operators.
    many = summed.count(city, query, now=now) > FEW
    squares = {} if many else summed.filled(city, query, now=now)
    if many or -1 in squares:
        return _among(newest, [None], rows, size)
    return _among(IN_SQUARES_SQL.format(mine), summed.bounds(squares), rows, size)


def _among(some: str, values: Sequence[Any], rows: models.QuerySet[Case], size: int) -> list[Row]:
    """The first `size` rows of a list that are among some cases, given as a statement that the planner leaves as it is."""
    sql, more = sql_of(rows.values_list(*LINE)[:size])
    begin, end = sql.split(' FROM "casework_case" WHERE ', 1)
    with connection.cursor() as cursor:
        cursor.execute(
            f'{begin} FROM ({some}) AS "casework_case" WHERE {end}',
            [*values, *more],
        )
        found: list[Row] = cursor.fetchall()
    return found


def done_last(city: City, query: PublicQuery, *, now: datetime, size: int) -> list[PublicLine]:
    """The cases that were closed last, the newest end first; those whose end is not known are left out."""
    rows = meant(city, replace(query, state="closed"), now=now).filter(closed_at__isnull=False)
    exact = set(query.exact_ids)
    found = [
        PublicLine(*row) for row in rows.order_by("-closed_at", "-id").values_list(*LINE)[:size]
    ]
    return [f if f.service_id in exact else replace(f, place_words="") for f in found]


def open_by_area(
    city: City,
    service_ids: Sequence[int],
    exact_ids: Sequence[int],
    layers: Sequence[str],
    *,
    now: datetime,
) -> dict[tuple[str, str], int]:
    """How many open cases everybody sees in each area, by (layer, code); an area without any is not named."""
    query = PublicQuery(service_ids=tuple(service_ids), exact_ids=tuple(exact_ids))
    return summed.open_by_area(city, query, layers, now=now)


def case_of(city: City, number: str, service_ids: Sequence[int]) -> Case | None:
    """A case that everybody may see, by number; the one that lives on where it was joined to another."""
    rows = Case.objects.of_city(city.id).filter(is_public=True, service_id__in=service_ids)
    found = rows.filter(number=number).first()
    for _step in range(5):
        if found is None or found.merged_into_id is None:
            return found
        found = rows.filter(pk=found.merged_into_id).first()
    return None
