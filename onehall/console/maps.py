"""The marks of a list of cases on the map, for the staff."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.db import connection, models
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.casework.lists import InboxQuery, meant
from onehall.console.desk import Desk
from onehall.kernel.rows import sql_of
from onehall.look.maps import MOST_MARKS, Mark, Window, spot

MOST_DRAWN: Final = 20_000
"""Cases that are gathered at most, the first ones of the list's order."""

MARKS_SQL: Final = """
SELECT cell >> %s AS square, count(*), avg(lon), avg(lat), min(number), bool_or(due_order < %s AND paused_at IS NULL AND is_open)
FROM ({}) seen GROUP BY square ORDER BY count(*) DESC, square LIMIT %s
"""


def marks(
    desk: Desk, query: InboxQuery, seen: Window, said: Mapping[str, str]
) -> tuple[list[Mark], int, bool]:
    """The marks of a list in a window, how many cases they stand for, and whether some were left out."""
    rows: models.QuerySet[Any] = meant(desk.actor, query, now=desk.now, day_end=desk.day_end)
    rows = rows.filter(seen.box.condition()).order_by(*query.sorting.by(backwards=False))
    columns = ("cell", "lon", "lat", "number", "due_order", "paused_at", "is_open")
    sql, params = sql_of(rows.values_list(*columns)[:MOST_DRAWN])
    with connection.cursor() as cursor:
        cursor.execute(MARKS_SQL.format(sql), [seen.shift, desk.now, *params, MOST_MARKS + 1])
        found = cursor.fetchall()
    made = [_mark(seen, said, *row[1:]) for row in found[:MOST_MARKS]]
    total = sum(m.count for m in made)
    return made, total, len(found) > MOST_MARKS or total >= MOST_DRAWN


def _mark(
    seen: Window,
    said: Mapping[str, str],
    count: int,
    lon: float,
    lat: float,
    number: str,
    late: bool,  # noqa: FBT001  (a row of the question)
) -> Mark:
    x, y = seen.place_of(lon, lat, count)
    if count == 1:
        href = reverse("console:case", args=[number])
        words = _("Case %(number)s, late") if late else _("Case %(number)s")
        return Mark(x, y, 1, href, words % {"number": number}, late)
    href = f"{reverse('console:cases-map')}?{urlencode({**said, **seen.toward(lon, lat).query})}"
    if seen.is_closest:
        href = f"{reverse('console:inbox')}?{urlencode({**said, 'box': spot(lon, lat).text})}"
    words = ngettext("%(n)s case here", "%(n)s cases here", count) % {"n": count}
    return Mark(x, y, count, href, words, late)
