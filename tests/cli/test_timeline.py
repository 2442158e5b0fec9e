"""`onehall timeline verify` finds whatever was done to a timeline behind the program's back."""

import datetime as dt
import time
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result
from django.db import connection, transaction

from onehall.casework import actions, verify
from onehall.casework.bulk import CaseRow, EntryRow, copy_cases
from onehall.casework.models import Case, TimelineEntry
from onehall.casework.verify import Fault
from onehall.cli import running
from onehall.cli.main import main
from tests.cast import START, Cast, build

DAY = dt.timedelta(days=1)


@pytest.fixture
def rows(cast: Cast) -> list[Case]:
    """Three cases with five entries each."""
    found = [cast.case() for _ in range(3)]
    for case in found:
        cast.move(case, "start", words='Ñandú \u2028 "quoted"')
        actions.note(city=cast.city, case_id=case.pk, words="x", by=cast.ben, now=START)
        cast.finish(case, now=START + DAY)
    return [Case.objects.get(pk=c.pk) for c in found]


def erase(*statements: str) -> None:
    """Do what only somebody with the database's keys can do."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL onehall.erase = 'on'")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET LOCAL onehall.erase = ''")


def entry(case: Case, seq: int) -> str:
    return f"WHERE case_id = {case.pk} AND seq = {seq}"


CHANGES: dict[str, Callable[[Case], str]] = {
    "words": lambda c: (
        f'UPDATE casework_timelineentry SET data = data || \'{{"words": "other"}}\' {entry(c, 3)}'
    ),
    "time": lambda c: (
        f"UPDATE casework_timelineentry SET at = at + interval '1 microsecond' {entry(c, 3)}"
    ),
    "actor": lambda c: f"UPDATE casework_timelineentry SET actor_name = 'Somebody' {entry(c, 3)}",
    "nobody": lambda c: f"UPDATE casework_timelineentry SET actor_id = NULL {entry(c, 3)}",
    "public": lambda c: f"UPDATE casework_timelineentry SET public = NOT public {entry(c, 3)}",
    "kind": lambda c: f"UPDATE casework_timelineentry SET kind = 'noted' {entry(c, 3)}",
    "odd kind": lambda c: f"UPDATE casework_timelineentry SET kind = 'a\"b' {entry(c, 3)}",
    "hash": lambda c: f"UPDATE casework_timelineentry SET hash = sha256('x') {entry(c, 3)}",
}


@pytest.mark.django_db
class TestFaults:
    def test_what_nobody_touched_is_sound(self, rows: list[Case]) -> None:
        counts: list[int] = []
        assert list(verify.faults(seen=counts.append)) == []
        assert sum(counts) == verify.expected() == TimelineEntry.objects.count() == 15

    @pytest.mark.parametrize("change", CHANGES)
    def test_a_changed_entry(self, rows: list[Case], change: str) -> None:
        erase(CHANGES[change](rows[1]))
        found = list(verify.faults())
        assert Fault(rows[1].number, 3, "changed") in found
        assert {f.number for f in found} == {rows[1].number}

    def test_a_missing_entry(self, rows: list[Case]) -> None:
        erase(f"DELETE FROM casework_timelineentry {entry(rows[1], 3)}")
        assert list(verify.faults()) == [
            Fault(rows[1].number, 3, "missing"),
            Fault(rows[1].number, 4, "changed"),
        ]

    def test_a_cut_end(self, rows: list[Case]) -> None:
        erase(f"DELETE FROM casework_timelineentry {entry(rows[2], 5)}")
        assert list(verify.faults()) == [Fault(rows[2].number, 5, "cut")]

    def test_an_end_cut_off_with_the_lock_set_back(self, rows: list[Case]) -> None:
        erase(f"DELETE FROM casework_timelineentry {entry(rows[2], 5)}")
        Case.objects.filter(pk=rows[2].pk).update(lock=4)
        assert list(verify.faults()) == [Fault(rows[2].number, 4, "head")]

    def test_a_whole_timeline_gone(self, rows: list[Case]) -> None:
        erase(f"DELETE FROM casework_timelineentry WHERE case_id = {rows[0].pk}")
        assert list(verify.faults()) == [Fault(rows[0].number, 1, "cut")]

    def test_an_entry_too_many(self, rows: list[Case]) -> None:
        Case.objects.filter(pk=rows[0].pk).update(lock=4)
        assert list(verify.faults()) == [Fault(rows[0].number, 5, "extra")]

    def test_two_entries_that_changed_places(self, rows: list[Case]) -> None:
        table = "casework_timelineentry"
        erase(
            f"UPDATE {table} SET seq = 99 {entry(rows[0], 3)}",
            f"UPDATE {table} SET seq = 3 {entry(rows[0], 4)}",
            f"UPDATE {table} SET seq = 4 {entry(rows[0], 99)}",
        )
        assert {(f.seq, f.what) for f in verify.faults()} >= {(3, "changed"), (4, "changed")}

    def test_entries_whose_case_is_gone(self, rows: list[Case]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = 'casework_timelineentry'::regclass AND contype = 'f'"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE casework_timelineentry DROP CONSTRAINT "{name}"')
            for gone in (rows[0], rows[2]):
                cursor.execute("DELETE FROM casework_timer WHERE case_id = %s", [gone.pk])
                cursor.execute("DELETE FROM casework_photo WHERE case_id = %s", [gone.pk])
                cursor.execute(
                    "DELETE FROM service_requests_servicerequest WHERE case_id = %s", [gone.pk]
                )
                for table in ("foryou", "watcher"):
                    cursor.execute(f"DELETE FROM casework_{table} WHERE case_id = %s", [gone.pk])
                cursor.execute("DELETE FROM casework_case WHERE id = %s", [gone.pk])
        assert list(verify.faults()) == [
            Fault(str(rows[0].pk), 1, "no case"),
            Fault(str(rows[2].pk), 1, "no case"),
        ]

    def test_numbers_of_every_kind_survive_the_database(self, rows: list[Case]) -> None:
        data = {"a": 1.0, "b": 1e-7, "c": 0.1, "d": 12345678901234567890, "e": -0.0, "f": 1.5e300}
        kind = actions.NewEntry(kind="noted", data=data)
        from onehall.people.actor import system

        city = rows[0].city
        actions.hear(city=city, case_id=rows[0].pk, entry=kind, by=system(city.pk), now=START)
        assert list(verify.faults()) == []

    def test_a_city_and_a_day_narrow_it(self, rows: list[Case]) -> None:
        erase(CHANGES["words"](rows[1]))
        assert list(verify.faults(city_id=rows[1].city_id + 1)) == []
        assert list(verify.faults(since=START + 2 * DAY)) == []
        assert len(list(verify.faults(city_id=rows[1].city_id, since=START))) == 1


@pytest.mark.django_db(transaction=True)
class TestTheCommand:
    @pytest.fixture
    def cast(self) -> Cast:
        return build()

    @pytest.fixture(autouse=True)
    def in_this_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from contextlib import contextmanager

        @contextmanager
        def here() -> Iterator[None]:
            yield

        monkeypatch.setattr(running, "django", here)

    def run(self, *args: str) -> Result:
        return CliRunner().invoke(main, ["timeline", "verify", *args])

    def test_says_how_much_is_sound(self, rows: list[Case]) -> None:
        answer = self.run()
        assert answer.exit_code == 0, answer.output
        assert "15 entries, every one as it was written." in answer.output

    def test_names_every_broken_case_and_ends_with_one(self, rows: list[Case]) -> None:
        erase(CHANGES["words"](rows[0]), f"DELETE FROM casework_timelineentry {entry(rows[2], 5)}")
        answer = self.run("--city", "testford", "--since", "2026-01-01")
        assert answer.exit_code == 1
        assert f"{rows[0].number}: entry 3 is not what was written" in answer.output
        assert f"{rows[2].number}: the end from entry 5 on is missing" in answer.output
        assert rows[1].number not in answer.output
        assert "2 cases are broken" in answer.output

    def test_an_unknown_city_is_named(self, rows: list[Case]) -> None:
        answer = self.run("--city", "nowhere")
        assert answer.exit_code == 1
        assert "no city called 'nowhere'" in answer.output


@pytest.mark.django_db
@pytest.mark.real_clock
def test_it_is_quick_enough_for_millions(cast: Cast) -> None:
    case = cast.case()
    data = {"move": "start", "from": "received", "to": "working", "words": "Filled and sealed."}
    with connection.cursor() as cursor:
        copy_cases(
            cursor,
            [
                CaseRow(
                    city_id=cast.city.pk,
                    service_id=case.service_id,
                    flow_version_id=case.flow_version_id,
                    queue_id=case.queue_id,
                    number=f"x{n}",
                    state="done",
                    category="resolved",
                    opened_at=START,
                    updated_at=START,
                    closed_at=START,
                    timeline=[EntryRow(at=START, kind="moved", data=data) for _ in range(5)],
                )
                for n in range(8000)
            ],
        )
    began = time.perf_counter()
    assert list(verify.faults()) == []
    rate = 40_000 / (time.perf_counter() - began)
    # Some 100,000 a second on a quiet machine; far less only when something is wrong.
    assert rate > 15_000, f"{rate:,.0f} entries a second"
