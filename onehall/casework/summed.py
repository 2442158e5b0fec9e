"""Reads the sums behind the map for everybody: exact at any moment, whatever the worker has added by then.

Three kinds of rows are put together in one statement: sums, changes that are not added yet, and where the question asks
for it the few cases that no sum can tell, those across the side of a circle and those that a span of days
has lost or won since its sums were moved on.
"""
# ruff: noqa: S608  # put together from the constants of this file; every value is a parameter

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, models

from onehall.casework.covering import Cover
from onehall.casework.map_statements import CASES, COARSE, FINE, FINEST, LEVELS, SPANS
from onehall.casework.models import Case
from onehall.kernel import cells
from onehall.kernel.rows import sql_of
from onehall.places.models import City

if TYPE_CHECKING:
    from onehall.casework.public import PublicQuery

_OF_STATE: Final = {"open": "open_{0}", "all": "{0}", "closed": "{0} - open_{0}"}

_BASIS: Final = """
WITH basis AS MATERIALIZED (
  SELECT coalesce(max(at), %(now)s) AS at, coalesce(max(services::text)::jsonb = %(exact)s::jsonb, false) AS whole
  FROM casework_mapbasis WHERE city_id = %(city)s
)"""
_SUMS: Final = """
SELECT square >> %(up)s AS place, spot, {tally} FROM casework_mapsum
WHERE city_id = %(city)s AND level = %(level)s AND span = %(days)s
  AND service_id = ANY(CASE WHEN (SELECT whole FROM basis) THEN %(together)s::bigint[] ELSE %(services)s::bigint[] END)
"""
_CHANGES: Final = """
SELECT cell >> %(shift)s, spot, {tally} FROM casework_mapchange
WHERE city_id = %(city)s AND service_id = ANY(%(services)s::bigint[])
"""
_OF_SPAN: Final = " AND opened_at >= (SELECT at FROM basis) - make_interval(hours => 24 * %(days)s)"
# Not pulled up: the few cases are found by the index of their time, and no second process is begun to look for them.
_SLICE: Final = f"""
SELECT cell >> %(shift)s, spot, sign * cases, sign * lon, sign * lat, sign * ids
FROM (
  SELECT CASE WHEN at < %(now)s THEN -1 ELSE 1 END, least(at, %(now)s) - make_interval(hours => 24 * %(days)s),
         greatest(at, %(now)s) - make_interval(hours => 24 * %(days)s)
  FROM basis) AS slice(sign, low, high),
LATERAL (
  SELECT cell, spot, areas, {{tally}} FROM ({CASES} AND c.service_id = ANY(%(services)s::bigint[])
    AND c.opened_at >= slice.low AND c.opened_at < slice.high OFFSET 0) AS told
) AS one(cell, spot, areas, cases, lon, lat, ids)
"""
_RANGES: Final = "unnest(%(lows)s::bigint[], %(highs)s::bigint[]) AS range(low, high)"
# Not pulled up: for each range an index is asked, whatever the planner thinks of how many rows there are.
_OF_EACH: Final = f"SELECT one.* FROM {_RANGES}, LATERAL ({{}} OFFSET 0) AS one"

_ACROSS: Final = """
SELECT a.cell >> %(shift)s, coalesce(p.cell, 0), 1, round(lon * 1e7)::bigint, round(lat * 1e7)::bigint, a.id
FROM unnest(%(side_lows)s::bigint[], %(side_highs)s::bigint[]) AS side(low, high),
LATERAL ({} AND casework_case.cell BETWEEN side.low AND side.high) AS a(id, cell, lon, lat)
LEFT JOIN casework_piledspot p ON p.city_id = %(city)s AND p.cell = a.cell
"""

SQUARES_SQL: Final = """
{basis}
SELECT n, lon / n / 1e7, lat / n / 1e7, ids::bigint, spot FROM (
  SELECT place, spot, sum(n) AS n, sum(lon::float8) AS lon, sum(lat::float8) AS lat, sum(ids::float8) AS ids
  FROM ({parts}) AS parts(place, spot, n, lon, lat, ids) GROUP BY 1, 2
) added
WHERE n > 0 AND lon / n / 1e7 BETWEEN %(west)s AND %(east)s AND lat / n / 1e7 BETWEEN %(south)s AND %(north)s
ORDER BY n DESC, place LIMIT %(most)s
"""
FILLED_SQL: Final = """
{basis}
SELECT place, sum(n)::bigint FROM ({parts}) AS parts(place, spot, n, lon, lat, ids) GROUP BY 1 HAVING sum(n) > 0
"""
COUNT_SQL: Final = """
{basis}
SELECT coalesce(sum(n), 0)::bigint FROM ({parts}) AS parts(place, spot, n, lon, lat, ids)
"""


def is_summed(query: "PublicQuery") -> bool:
    """Whether the sums know what is asked for: services, whether a case is open, areas, days up to now, and where."""
    return (
        query.worded is None
        and query.opened is None
        and all(code for _layer, code in query.areas)
        and query.days in (0, *SPANS)
    )


def levels(query: "PublicQuery", shift: int) -> list[int]:
    """The squares that have sums for a question and make up those of `shift` bits, the coarsest first."""
    kept = (COARSE, FINE) if query.days else LEVELS
    return [level for level in kept if 2 * (cells.ZOOM - level) <= shift]


@dataclass(frozen=True, slots=True)
class Reading:
    """One question to the sums: about whole squares, None for everywhere; `meant` are the cases that it asks for.

    Of squares that lie across the side of what is asked for, the cases are read one by one.
    """

    city: City
    query: "PublicQuery"
    now: datetime
    level: int
    shift: int
    cover: Cover | None
    meant: models.QuerySet[Any]

    @property
    def _ids(self) -> tuple[int, ...]:
        return self.query.service_ids if self.cover is None else self.query.exact_ids

    def statement(self, frame: str) -> tuple[str, dict[str, Any]]:
        """The text and the values of `SQUARES_SQL` or `COUNT_SQL`; those of the window are the caller's."""
        named = self._given()
        areas = self._areas(named)
        tally = ", ".join(
            _OF_STATE[self.query.state].format(name) for name in ("cases", "lon", "lat", "ids")
        )
        parts = [_SUMS.format(tally=tally) + areas, _CHANGES.format(tally=tally) + areas]
        if self.query.days:
            parts[1] += _OF_SPAN
        if self.cover is not None:
            parts[0] = _OF_EACH.format(
                parts[0] + " AND square BETWEEN range.low >> %(down)s AND range.high >> %(down)s"
            )
            parts[1] = _OF_EACH.format(parts[1] + " AND cell BETWEEN range.low AND range.high")
        if self.query.days:
            inside = f"EXISTS (SELECT FROM {_RANGES} WHERE cell BETWEEN low AND high)"
            where = "true" if self.cover is None else inside
            parts.append(f"{_SLICE.format(tally=tally)} WHERE {where}{areas}")
        if self.cover is not None and self.cover.across:
            parts.append(self._across(named))
        text = frame.format(basis=_BASIS, parts="\nUNION ALL\n".join(parts))
        return text, named

    def _given(self) -> dict[str, Any]:
        bits = 2 * (cells.ZOOM - self.level)
        exact, services = sorted(self.query.exact_ids), sorted(self._ids)
        cover = self.cover or Cover([], [])
        return {
            "city": self.city.pk,
            "now": self.now,
            "days": self.query.days,
            "level": self.level,
            "shift": self.shift,
            "up": self.shift - bits,
            "down": bits,
            "exact": json.dumps(exact),
            "services": services,
            # The sums of all services whose places are shown, and one by one those that a list has besides.
            "together": [0, *(s for s in services if s not in set(exact))],
            "lows": [low for low, _high in cover.inside],
            "highs": [high for _low, high in cover.inside],
            "side_lows": [low for low, _high in cover.across],
            "side_highs": [high for _low, high in cover.across],
        }

    def _areas(self, named: dict[str, Any]) -> str:
        """The condition on areas: alternatives within a layer; of several layers all must fit."""
        found = ""
        for n, layer in enumerate(dict.fromkeys(layer for layer, _code in self.query.areas)):
            named[f"layer_{n}"] = layer
            named[f"codes_{n}"] = [code for mine, code in self.query.areas if mine == layer]
            found += f" AND areas ->> %(layer_{n})s = ANY(%(codes_{n})s)"
        return found

    def _across(self, named: dict[str, Any]) -> str:
        """Cases that are asked one by one, in the words of the sums."""
        sql, values = sql_of(self.meant.order_by().values_list("id", "cell", "lon", "lat"))
        named |= {f"value_{n}": value for n, value in enumerate(values)}
        return _ACROSS.format(sql % tuple(f"%(value_{n})s" for n in range(len(values))))


def rows(statement: tuple[str, dict[str, Any]]) -> Sequence[Any]:
    """What a statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(*statement)
        found: Sequence[Any] = cursor.fetchall()
    return found


def count(city: City, query: "PublicQuery", *, now: datetime) -> int:
    """How many cases of some services, state, days and areas there are, wherever they lie."""
    shift = 2 * (cells.ZOOM - COARSE)
    reading = Reading(city, query, now, COARSE, shift, None, Case.objects.none())
    ((found,),) = rows(reading.statement(COUNT_SQL))
    return int(found)


def filled(city: City, query: "PublicQuery", *, now: datetime) -> dict[int, int]:
    """How many cases of some services, state and areas lie in each of the smallest squares, at any time; -1 is without a place."""
    whenever = replace(query, days=0)
    shift = 2 * (cells.ZOOM - FINEST)
    reading = Reading(city, whenever, now, FINEST, shift, None, Case.objects.none())
    return dict(rows(reading.statement(FILLED_SQL)))


def bounds(squares: Iterable[int]) -> tuple[list[int], list[int]]:
    """The first and the last map cell of each of the smallest squares."""
    bits = 2 * (cells.ZOOM - FINEST)
    firsts = [square << bits for square in sorted(squares)]
    return firsts, [first + (1 << bits) - 1 for first in firsts]


OPEN_BY_AREA_SQL: Final = f"""
{_BASIS}
SELECT part.key, part.value, sum(n)::bigint FROM (
  SELECT areas, sum(n) AS n FROM (
    {_SUMS.format(tally="open_cases, areas")} UNION ALL {_CHANGES.format(tally="open_cases, areas")}
  ) AS parts(place, spot, n, areas) GROUP BY 1
) AS summed, LATERAL jsonb_each_text(areas) AS part
WHERE part.key = ANY(%(layers)s) GROUP BY 1, 2 HAVING sum(n) > 0
"""


def open_by_area(
    city: City, query: "PublicQuery", layers: Sequence[str], *, now: datetime
) -> dict[tuple[str, str], int]:
    """How many open cases of the services of a question lie in each area, by (layer, code); an area without any is not named."""
    shift = 2 * (cells.ZOOM - COARSE)
    reading = Reading(city, query, now, COARSE, shift, None, Case.objects.none())
    text, given = reading.statement(OPEN_BY_AREA_SQL)
    found = rows((text, given | {"layers": list(layers)}))
    return {(layer, code): n for layer, code, n in found}
