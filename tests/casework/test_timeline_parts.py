"""The timeline's table in parts: made ahead, nothing refused, nothing lost."""

from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module

import pytest
from django.db import DatabaseError, connection, transaction

from onehall.casework import timeline_parts, verify
from onehall.casework.models import Case, TimelineEntry
from onehall.kernel.database import net
from tests.cast import START, Cast


def parts() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(timeline_parts.KNOWN)
        return dict(cursor.fetchall())


def in_part(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {name}")
        return int(cursor.fetchone()[0])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, cast: Cast) -> Iterator[int]:
    """Parts of ten cases, and the next case beyond all there are; the number of the first that is not there yet."""
    first, last = timeline_parts.SIZE // 10, cast.case().pk
    monkeypatch.setattr(timeline_parts, "SIZE", 10)
    monkeypatch.setattr(timeline_parts, "_known", lambda: _from(first))
    _next_case(first * 10)
    yield first
    # A sequence stays where it is when the test is taken back; no number is given out twice.
    _next_case(last + 1_000)


def _next_case(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SELECT setval('casework_case_id_seq', %s)", [number])


def _from(first: int) -> int:
    numbers = [int(n) for name in parts() if (n := name.rpartition("_")[2]).isdigit()]
    return max([first, *(n + 1 for n in numbers if n >= first)])


def test_an_upgrade_takes_what_is_there_as_the_first_part_and_can_be_taken_back(cast: Cast) -> None:
    case = cast.case()
    cast.move(case, "start")
    upgrade = import_module("onehall.casework.migrations.0022_timeline_in_parts")
    told = TimelineEntry.objects.order_by("case_id", "seq").values_list("case_id", "seq", "data")
    before = list(told)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(upgrade.BACK)
        assert parts() == {}
        assert list(told.all()) == before
        with pytest.raises(DatabaseError, match="can only grow"), transaction.atomic():
            TimelineEntry.objects.filter(case=case).update(at=START)
        cursor.execute("SELECT pg_relation_filenode(%s::regclass)", [timeline_parts.TABLE])
        (lay,) = cursor.fetchone()
        cursor.execute(upgrade.FORWARD)
        first = f"{timeline_parts.TABLE}_{case.pk // timeline_parts.SIZE}"
        cursor.execute("SELECT pg_relation_filenode(%s::regclass)", [first])
        assert cursor.fetchone() == (lay,), "no row was moved"
    assert set(parts()) == {first, timeline_parts.REST}
    assert list(told.all()) == before
    assert list(verify.faults()) == []
    with pytest.raises(DatabaseError, match="can only grow"), transaction.atomic():
        TimelineEntry.objects.filter(case=case).update(at=START)


def test_what_is_there_is_the_first_part(cast: Cast) -> None:
    case = cast.case()
    found = parts()
    assert found[f"{timeline_parts.TABLE}_0"] == (
        f"FOR VALUES FROM (MINVALUE) TO ('{timeline_parts.SIZE}')"
    )
    assert found[timeline_parts.REST] == "DEFAULT"
    assert TimelineEntry.objects.filter(case=case).exists()
    assert in_part(timeline_parts.REST) == 0


def test_parts_are_made_once_and_ahead(small: int, cast: Cast) -> None:
    cast.case()
    timeline_parts.keep_ahead(now=START)
    newest = Case.objects.order_by("-id")[0].pk
    made = [n for n in parts() if n.endswith((f"_{small}", f"_{small + 1}"))]
    assert newest < (small + 1) * timeline_parts.SIZE
    assert made
    before = parts()
    timeline_parts.keep_ahead(now=START)
    assert parts() == before


def test_entries_beyond_the_newest_part_are_taken_and_moved(small: int, cast: Cast) -> None:
    cases = [cast.case() for _ in range(12)]
    cast.move(cases[0], "start")
    told = TimelineEntry.objects.order_by("case_id", "seq").values_list("case_id", "seq", "hash")
    before = [(case, seq, bytes(held)) for case, seq, held in told]
    assert in_part(timeline_parts.REST) > 12
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert timeline_parts.reach(cases[-1].pk) >= 2
    assert in_part(timeline_parts.REST) == 0
    assert [(case, seq, bytes(held)) for case, seq, held in told.all()] == before
    assert list(verify.faults()) == []


def test_a_new_part_can_only_grow_and_is_under_the_net(small: int, cast: Cast) -> None:
    timeline_parts.reach(small * timeline_parts.SIZE)
    case = cast.case()
    assert in_part(f"{timeline_parts.TABLE}_{small}") > 0
    assert net.is_stretched()
    with pytest.raises(DatabaseError, match="can only grow"), transaction.atomic():
        TimelineEntry.objects.filter(case=case).update(at=START + timedelta(days=1))
    with pytest.raises(DatabaseError, match="can only grow"), transaction.atomic():
        TimelineEntry.objects.filter(case=case).delete()


def test_a_case_is_read_from_its_part_alone(cast: Cast, small: int) -> None:
    timeline_parts.reach(small * timeline_parts.SIZE)
    with connection.cursor() as cursor:
        cursor.execute(
            f"EXPLAIN SELECT * FROM {timeline_parts.TABLE} WHERE case_id = %s",
            [cast.case().pk],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert f"{timeline_parts.TABLE}_{small}" in plan
    assert f"{timeline_parts.TABLE}_0" not in plan
    assert timeline_parts.REST not in plan
