"""The marks of the map for everybody: every case counted, from sums that hold whatever changes a case."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from onehall.casework import mapping, public
from onehall.casework import squares as marks
from onehall.casework.map_statements import FINE
from onehall.casework.models import Case, MapChange, MapSum, PiledSpot
from onehall.casework.public import PublicState
from onehall.kernel import cells
from onehall.kernel.rows import sql_of
from onehall.look import maps
from onehall.messaging import handlers
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


def squares(cast: Cast, *, zoom: int, most: int = 151, **said: str) -> list[marks.Square]:
    """The squares of that window."""
    query = publicly.read(cast.city, said).query
    seen = window(cast, zoom)
    return marks.squares(cast.city, query, seen.box, shift=seen.shift, now=START, most=most)


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
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE casework_case DROP CONSTRAINT case_number_unique_per_city")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        explained = "EXPLAIN " + marks.SQUARES_SQL.format(sql)
        cursor.execute(explained, [cast.city.pk, *params, seen.shift, seen.shift, 151])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert f"Index Only Scan using {index}" in plan, plan


def marked(cast: Cast, zoom: int, **said: str) -> list[tuple[int, str, bool]]:
    """What stands on the map: how many, the number of one alone, whether it is no place."""
    return [(s.count, s.number, s.piled) for s in squares(cast, zoom=zoom, **said)]


def proved(cast: Cast) -> bool:
    """Whether all sums are those of the cases."""
    summed = MapSum.objects.filter(city_id=cast.city.pk, level=mapping.COARSE)
    changed = MapChange.objects.filter(city_id=cast.city.pk)
    bits = 2 * (cells.ZOOM - mapping.COARSE)
    known = {*summed.values_list("square", flat=True)}
    known |= {cell >> bits for cell in changed.values_list("cell", flat=True)}
    assert known
    return [mapping.prove_square(cast.city, square) for square in known] == [True] * len(known)


class TestSums:
    """Wide windows are read from sums, narrow ones from the cases: nobody sees which."""

    @pytest.mark.parametrize("state", ["open", "closed", "all"])
    @pytest.mark.parametrize("zoom", [12, 14, 15])
    def test_say_what_the_cases_say(self, cast: Cast, state: PublicState, zoom: int) -> None:
        every = spread(cast, 40)
        Case.objects.filter(pk__in=[c.pk for c in every[::3]]).update(is_open=False)
        query = publicly.read(cast.city, {"state": state}).query
        seen = maps.whole(cast.city)
        shift = replace(seen, zoom=zoom).shift
        summed = marks.squares(cast.city, query, seen.box, shift=shift, now=START, most=500)
        counted = marks.squares(
            cast.city, replace(query, box=seen.box), seen.box, shift=shift, now=START, most=500
        )
        assert [(s.count, s.number) for s in summed] == [(s.count, s.number) for s in counted]
        for one, other in zip(summed, counted, strict=True):
            assert (one.lon, one.lat) == pytest.approx((other.lon, other.lat), abs=1e-7)

    def test_follow_whatever_changes_a_case(self, cast: Cast) -> None:
        one, two = cast.case(), cast.case(place=NORTH)
        rows = Case.objects.filter(pk=one.pk)
        for change in (
            {"is_open": False},
            {"is_public": False},
            {"is_public": True, "is_open": True},
            {"lon": -120.991, "lat": 40.003, "cell": cells.cell_of(-120.991, 40.003)},
            {"is_open": False, "merged_into": two},
            {"merged_into": None},
            {"parent": two},
            {"parent": None, "cell": None, "lon": None, "lat": None},
            {"lon": -120.991, "lat": 40.003, "cell": cells.cell_of(-120.991, 40.003)},
        ):
            rows.update(**change)
            assert proved(cast), change
        assert mapping.on_map(cast.city) == 2

    def test_follow_cases_that_are_gone(self, cast: Cast) -> None:
        *_others, last = spread(cast, 3)
        gone = Case.objects.filter(pk=last.pk)
        gone._raw_delete(gone.db)
        assert proved(cast)
        assert mapping.on_map(cast.city) == 3

    def test_only_services_that_show_places(self, cast: Cast) -> None:
        cast.case()
        query = publicly.read(cast.city, {}).query
        seen = window(cast, 12)
        hidden = replace(query, exact_ids=())
        assert marks.squares(cast.city, query, seen.box, shift=seen.shift, now=START, most=9)
        assert not marks.squares(cast.city, hidden, seen.box, shift=seen.shift, now=START, most=9)

    def test_putting_together_changes_nothing_and_keeps_it_small(self, cast: Cast) -> None:
        every = spread(cast, 30)
        for case in every:
            Case.objects.filter(pk=case.pk).update(is_open=False)
        before = marked(cast, 12, state="all")
        assert MapChange.objects.exists()
        mapping.fold(now=START)
        assert marked(cast, 12, state="all") == before
        assert not MapChange.objects.exists()
        assert proved(cast)

    def test_groups_that_hold_nothing_are_dropped(self, cast: Cast) -> None:
        case = cast.case()
        Case.objects.filter(pk=case.pk).update(is_public=False)
        mapping.fold(now=START)
        assert not MapSum.objects.exists()

    def test_groups_that_came_to_hold_nothing_are_dropped(self, cast: Cast) -> None:
        case = cast.case()
        mapping.fold(now=START)
        assert MapSum.objects.exists()
        Case.objects.filter(pk=case.pk).update(is_public=False)
        mapping.fold(now=START)
        assert not MapSum.objects.exists()

    def test_a_wrong_sum_is_said_and_mended(self, cast: Cast, caplog: Any) -> None:
        spread(cast, 5)
        mapping.fold(now=START)
        assert MapSum.objects.filter(level=FINE).update(cases=99)
        mapping.prove(now=START)
        assert "event=map.wrong" in caplog.text
        assert proved(cast)

    def test_are_made_anew(self, cast: Cast) -> None:
        spread(cast, 5)
        mapping.fold(now=START)
        MapSum.objects.all().delete()
        assert marked(cast, 12) == []
        assert mapping.rebuild(cast.city) == 6
        assert sum(n for n, _number, _piled in marked(cast, 12)) == 6
        assert proved(cast)

    def test_every_worker_keeps_them(self) -> None:
        for name, run in (
            ("map", mapping.fold),
            ("map_spots", mapping.find_piles),
            ("map_proof", mapping.prove),
        ):
            assert handlers.recurring[f"casework.{name}"].run is run


class TestSpotsThatAreNoPlaces:
    """Many cases on one point are the default of some form."""

    @pytest.fixture
    def heap(self, cast: Cast) -> int:
        """So many cases on one point, with one beside it."""
        every = spread(cast, mapping.PILED_LEAST + 1)
        point = {"lon": -120.9901, "lat": 40.0021, "cell": cells.cell_of(-120.9901, 40.0021)}
        Case.objects.filter(pk__in=[c.pk for c in every[2:]]).update(**point)
        return len(every) - 2

    @pytest.mark.parametrize("zoom", [12, 15, 17])
    def test_stand_apart_at_every_zoom(self, cast: Cast, heap: int, zoom: int) -> None:
        assert not any(piled for _n, _number, piled in marked(cast, zoom))
        mapping.find_piles(now=START)
        assert (heap, "", True) in marked(cast, zoom)
        assert sum(n for n, _number, piled in marked(cast, zoom) if not piled) == 2
        assert proved(cast)

    def test_are_forgotten_when_the_cases_are_gone(self, cast: Cast, heap: int) -> None:
        mapping.find_piles(now=START)
        piled = Case.objects.filter(lon=-120.9901).order_by("id")
        ids = list(piled.values_list("pk", flat=True))
        Case.objects.filter(pk__in=ids[:5]).update(is_public=False)
        mapping.find_piles(now=START)
        assert PiledSpot.objects.count() == 1
        Case.objects.filter(pk__in=ids[:20]).update(is_public=False)
        mapping.find_piles(now=START)
        assert not PiledSpot.objects.exists()
        assert proved(cast)
        assert not any(piled for _n, _number, piled in marked(cast, 12))
