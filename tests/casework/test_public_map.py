"""The marks of the map for everybody: every case counted, and no row visited for it."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from onehall.casework import public
from onehall.casework.models import Case
from onehall.casework.public import PublicState
from onehall.kernel import cells
from onehall.kernel.rows import sql_of
from onehall.look import maps
from onehall.service_requests import publicly
from tests.cast import NORTH, START, Cast


def spread(cast: Cast, many: int) -> list[Case]:
    """Cases a few metres apart, in rows of ten."""
    first = cast.case()
    made = []
    for n in range(many):
        lon, lat = -120.99 + n % 10 * 1e-4, 40.002 + n // 10 * 1e-4
        made.append(
            Case(
                **{
                    f.attname: getattr(first, f.attname)
                    for f in Case._meta.concrete_fields
                    if f.attname not in ("id", "number", "lon", "lat", "cell")
                },
                number=f"T-{n:05}",
                lon=lon,
                lat=lat,
                cell=cells.cell_of(lon, lat),
            )
        )
    Case.objects.bulk_create(made)
    return [first, *made]


def window(cast: Cast, zoom: int) -> maps.Window:
    """What is seen around the south of the city."""
    return replace(maps.whole(cast.city), zoom=zoom, lon=-120.99, lat=40.004)


def squares(cast: Cast, *, zoom: int, most: int = 151, **said: str) -> list[public.Square]:
    """The squares of that window."""
    query = publicly.read(cast.city, said).query
    seen = window(cast, zoom)
    boxed = replace(query, box=seen.box)
    return public.squares(cast.city, boxed, shift=seen.shift, now=START, most=most)


@pytest.mark.parametrize("zoom", [12, 15, 17])
def test_counts_every_case_at_every_zoom(cast: Cast, zoom: int) -> None:
    every = [*spread(cast, 99), cast.case(place=NORTH)]
    found = squares(cast, zoom=zoom)
    box = window(cast, zoom).box
    inside = [c for c in every if c.lat is not None and box.south <= c.lat <= box.north]
    assert sum(s.count for s in found) == len(inside)
    assert [s.count for s in found] == sorted((s.count for s in found), reverse=True)


def test_one_alone_is_named_and_stands_where_it_is(cast: Cast) -> None:
    case = cast.case()
    (square,) = squares(cast, zoom=15)
    assert (square.number, square.service_id, square.count) == (case.number, case.service_id, 1)
    assert (square.lon, square.lat) == pytest.approx((case.lon, case.lat))


def test_two_have_no_number(cast: Cast) -> None:
    cast.case()
    cast.case()
    (square,) = squares(cast, zoom=15)
    assert (square.count, square.number, square.service_id) == (2, "", 0)


def test_asks_twice_however_many_there_are(cast: Cast, django_assert_max_num_queries: Any) -> None:
    spread(cast, 30)
    squares(cast, zoom=17)
    with django_assert_max_num_queries(2):
        squares(cast, zoom=17)


@pytest.mark.parametrize(
    ("state", "index"),
    [("open", "case_public_open"), ("all", "case_public_map"), ("closed", "case_public_map")],
)
def test_visits_no_row(cast: Cast, state: PublicState, index: str) -> None:
    spread(cast, 60)
    query = publicly.read(cast.city, {"state": state}).query
    seen = maps.whole(cast.city)
    rows = public.meant(cast.city, replace(query, box=seen.box), now=START)
    sql, params = sql_of(
        rows.filter(cell__isnull=False).order_by().values_list("id", "cell", "lon", "lat")
    )
    with connection.cursor() as cursor:
        # Of so few rows another index would do as well: it is put away until the test ends.
        others = [i.name for i in Case._meta.indexes if not i.name.startswith("case_public")]
        cursor.execute(f"DROP INDEX {', '.join(others)}")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        explained = "EXPLAIN " + public.SQUARES_SQL.format(sql)
        cursor.execute(explained, [*params, seen.shift, seen.shift, 151])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert f"Index Only Scan using {index}" in plan
