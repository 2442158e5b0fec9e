"""Histories of cases that ended long ago lie in files: read where they are, brought back by whatever adds to them."""

import datetime as dt
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from onehall.casework import (
    actions,
    archive_files,
    archived,
    archiving,
    following,
    for_you,
    holds,
    verify,
)
from onehall.casework import queries as casework
from onehall.casework.beside import beside
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Archive, Case, CasePause, TimelineEntry, Timer
from onehall.casework.progress import Progress
from onehall.casework.selection import Selection
from onehall.catalog.queries import catalogue
from onehall.insights.rehearsal import stored
from onehall.kernel import storage
from onehall.messaging import worker
from onehall.messaging.models import Outbox
from onehall.places.models import City
from onehall.service_requests import queries, retention
from onehall.service_requests.models import ServiceRequest
from tests.cast import START, Cast, elsewhere, entries, everybody, kinds, sound
from tests.packs import changed

DAY = dt.timedelta(days=1)
LATER = START + 400 * DAY
RULES = "retention: {contact: 90 days, words: 2 years, photos: 2 years, archive_after: 1 year}"
LINE = "numbering: {width: 5}"

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(cast: Cast, tmp_path: Path) -> Cast:
    """Testford, which archives after a year."""
    changed(tmp_path, "city.yaml", LINE, f"{LINE}\n{RULES}")
    return everybody()


def ended(kept: Cast, *, now: dt.datetime = START, **more: Any) -> Case:
    """A case with some history, closed."""
    case = kept.case(**more)
    actions.note(
        city=kept.city,
        case_id=case.pk,
        words="1.10 m \u2028 deep\r\n– “très”.",
        by=kept.ben,
        now=now,
    )
    return settled(kept.finish(case, now=now))


def settled(case: Case) -> Case:
    """The same when all that waited for a time has come to its end."""
    Timer.objects.filter(case_id=case.pk, fired_at=None).update(fired_at=START + 30 * DAY)
    return Case.objects.get(pk=case.pk)


def archive(kept: Cast, *, now: dt.datetime = LATER, **more: Any) -> int:
    caches["local"].clear()
    return archiving.carry_out(kept.city, now=now, **more)


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """Everything that can lie in the archive, to the digit."""
    found = {}
    for model in (TimelineEntry, Timer, CasePause):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT t::text FROM {model._meta.db_table} t ORDER BY 1")
            found[model.__name__] = cursor.fetchall()
    return found


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def whole() -> None:
    assert list(verify.faults()) == []


class TestArchiving:
    def test_takes_what_is_due_and_nothing_else(self, kept: Cast) -> None:
        old, late, open_one = ended(kept), ended(kept, now=LATER - 30 * DAY), kept.case()
        waits = kept.finish(kept.case())
        Timer.objects.create(
            city=kept.city, case=waits, entered=waits.entered, kind="remind", at=LATER
        )
        assert archive(kept, now=START + 365 * DAY) == 0
        assert archive(kept) == 1
        assert fresh(old).archive is not None
        assert not TimelineEntry.objects.filter(case=old).exists()
        for other in (late, open_one, waits):
            assert fresh(other).archive is None
            sound(other)
        assert archive(kept) == 0
        whole()

    def test_is_off_where_nothing_is_said(self, cast: Cast) -> None:
        ended(cast)
        assert archiving.ruled(cast.city) == []
        assert archive(cast) == 0

    def test_a_service_says_otherwise(self, cast: Cast, tmp_path: Path) -> None:
        changed(
            tmp_path,
            "services/pothole.yaml",
            "common: true",
            "common: true\nretention: {archive_after: 2 years}",
        )
        kept = everybody()
        ended(kept)
        assert [(r[0].key, r[1].text) for r in archiving.ruled(kept.city)] == [
            ("pothole", "2 years")
        ]
        assert archive(kept) == 0
        assert archive(kept, now=START + 740 * DAY) == 1

    def test_counts_from_the_last_thing_that_happened(self, kept: Cast) -> None:
        case = ended(kept)
        actions.note(
            city=kept.city, case_id=case.pk, words="Again.", by=kept.ben, now=START + 200 * DAY
        )
        assert archive(kept) == 0
        assert archive(kept, now=START + 566 * DAY) == 1

    def test_the_plan_says_the_same(self, kept: Cast) -> None:
        ended(kept)
        held = ended(kept)
        holds.put(city=kept.city, case_id=held.pk, reason="A court asks.", by=kept.mo, now=START)
        (line,) = [r for r in archiving.plan(kept.city, now=LATER) if r.service.key == "pothole"]
        assert (line.cases, line.held, line.oldest) == (1, 1, START)

    def test_one_whose_chain_does_not_hold_stays_in_sight(self, kept: Cast) -> None:
        good, bad = ended(kept), ended(kept)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL onehall.erase = 'on'")
            TimelineEntry.objects.filter(case=bad, kind="noted").update(data={"words": "Forged."})
            cursor.execute("SET LOCAL onehall.erase = ''")
        failed: set[int] = set()
        assert archive(kept, failed=failed) == 1
        assert failed == {bad.pk}
        assert fresh(good).archive
        assert fresh(bad).archive is None

    def test_a_few_a_night_go_into_one_file(self, kept: Cast) -> None:
        first = ended(kept)
        archive(kept)
        (before,) = Archive.objects.all()
        second = ended(kept, now=START + DAY)
        archive(kept, now=LATER + DAY)
        (after,) = Archive.objects.all()
        assert after.name != before.name
        assert {fresh(c).archive for c in (first, second)} == {after}
        assert storage.exists(before.name)
        # The file before stays for a day, for backups that are being made.
        due = Outbox.objects.get(topic=archiving.FORGET)
        assert due.due_at == LATER + 2 * DAY
        archiving.forget_file(due.payload, city_id=kept.city.pk, key=due.key, now=due.due_at)
        assert not storage.exists(before.name)
        whole()

    def test_joined_ones_go_with_the_one_that_lives_on(self, kept: Cast) -> None:
        from onehall.service_requests import joining

        root, other = kept.case(), kept.case()
        joining.join(
            city=kept.city, case_id=other.pk, into_number=root.number, by=kept.dana, now=START
        )
        settled(kept.finish(root))
        settled(other)
        assert archive(kept) == 2
        assert fresh(other).archive == fresh(root).archive is not None
        whole()
        joining.unjoin(city=kept.city, case_id=other.pk, by=kept.dana, now=LATER)
        assert sound(other).is_open
        sound(root)
        whole()


class TestMeanwhile:
    """Something happens between the reading of histories and their marking."""

    def while_writing(self, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
        write = archiving._write

        def both(*given: Any) -> Archive:
            monkeypatch.setattr(archiving, "_write", write)
            row = write(*given)
            act()
            return row

        monkeypatch.setattr(archiving, "_write", both)

    def test_a_case_that_changes_stays(self, kept: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        first, second = ended(kept), ended(kept)
        given: dict[str, Any] = {"city": kept.city, "by": kept.ben, "now": LATER}
        self.while_writing(
            monkeypatch, lambda: actions.note(case_id=first.pk, words="Wait.", **given)
        )
        assert archive(kept) == 1
        assert kinds(first)[-1] == "noted"
        sound(first)
        assert fresh(second).archive == Archive.objects.get(stale=True)
        archiving.tidy(now=LATER)
        assert Archive.objects.get().cases == 1
        whole()

    def test_what_is_held_stays_with_its_kin(
        self, kept: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole_one, part = ended(kept), ended(kept)
        Case.objects.filter(pk=part.pk).update(parent=whole_one)
        hold = {"city": kept.city, "case_id": whole_one.pk, "by": kept.mo, "now": LATER}
        self.while_writing(monkeypatch, lambda: holds.put(reason="A court asks.", **hold))
        assert archive(kept) == 0
        assert fresh(part).archive is None
        # Nothing of it is left: no row, and its file is deleted at once.
        assert not Archive.objects.exists()
        assert Outbox.objects.get(topic=archiving.FORGET).due_at == LATER
        whole()

    def test_another_worker_on_the_same_cases_harms_nothing(
        self, kept: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case = ended(kept)
        self.while_writing(monkeypatch, lambda: archive(kept))
        assert archive(kept) == 0
        (row,) = Archive.objects.all()
        assert fresh(case).archive == row
        whole()

    def test_a_row_that_was_tidied_away_is_not_used(
        self, kept: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case = ended(kept)
        self.while_writing(monkeypatch, lambda: Archive.objects.all().delete())
        with pytest.raises(archive_files.Unreadable), transaction.atomic():
            archive(kept)
        assert fresh(case).archive is None
        sound(case)

    def test_one_that_comes_back_while_its_file_is_written_anew(
        self, kept: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second, third = ended(kept), ended(kept), ended(kept)
        archive(kept)
        archiving.restore(kept.city, [first.pk])
        self.while_writing(monkeypatch, lambda: archiving.restore(kept.city, [second.pk]))
        archiving.tidy(now=LATER)
        row = Archive.objects.get()
        assert (row.cases, row.stale) == (2, True)
        archiving.tidy(now=LATER)
        row = Archive.objects.get()
        assert (row.cases, row.stale) == (1, False)
        assert fresh(third).archive == row
        for case in (first, second):
            sound(case)
        whole()

    def test_a_file_that_is_not_what_was_written_is_not_used(
        self, kept: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case = ended(kept)
        monkeypatch.setattr(storage, "put", lambda data, suffix: storage.name_of(data, suffix))
        with pytest.raises(OSError, match="No such file"):
            archive(kept)
        sound(case)

    def test_rows_beside_the_file_are_told(self, kept: Cast) -> None:
        case = ended(kept)
        archive(kept)
        entry = archived.timeline(fresh(case))[0]
        entry.save(force_insert=True)
        assert [(f.number, f.what) for f in verify.faults()] == [(case.number, "extra")]


class TestFile:
    def test_anybody_can_read_it(self, kept: Cast) -> None:
        cases = [ended(kept) for _ in range(3)]
        archive(kept)
        (row,) = Archive.objects.all()
        first, *lines = [
            json.loads(line) for line in gzip.decompress(storage.read(row.name)).splitlines()
        ]
        assert first["onehall"] == "archive"
        assert first["cases"] == [
            [c.pk, c.number, c.lock, bytes(c.head or b"").hex()] for c in cases
        ]
        assert [line["number"] for line in lines] == [c.number for c in cases]
        assert lines[0]["entries"][0]["kind"] == "received"
        assert (row.cases, row.entries) == (3, sum(c.lock for c in cases))
        assert row.size == len(storage.read(row.name))

    def test_many_cases_lie_in_several_pieces(
        self, kept: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archive_files, "PER_BLOCK", 2)
        cases = [ended(kept) for _ in range(5)]
        told = {c.pk: [(e.seq, e.kind, e.data, bytes(e.hash)) for e in entries(c)] for c in cases}
        archive(kept)
        assert len(Archive.objects.get().blocks) == 3
        for case in cases:
            found = archived.timeline(fresh(case))
            assert [(e.seq, e.kind, e.data, bytes(e.hash)) for e in found] == told[case.pk]
        whole()

    def test_what_is_not_what_was_written_is_told_and_nothing_is_added(self, kept: Cast) -> None:
        case = ended(kept)
        archive(kept)
        row = Archive.objects.get()
        path = Path(storage.default_storage.path(row.name))
        good = path.read_bytes()
        for bad in (b"", good[:-40], good.replace(good[60:70], b"0123456789")):
            caches["local"].clear()
            path.write_bytes(bad)
            assert [(f.number, f.what) for f in verify.faults()] == [(case.number, "unreadable")]
        path.unlink()
        caches["local"].clear()
        assert [f.what for f in verify.faults()] == ["unreadable"]
        assert casework.timeline_of(fresh(case)) == []
        with pytest.raises(MoveRefused, match="cannot be read now"):
            actions.note(city=kept.city, case_id=case.pk, words="More.", by=kept.ben, now=LATER)
        archiving.tidy(now=LATER)
        assert fresh(case).archive == row
        path.write_bytes(good)
        whole()
        actions.note(city=kept.city, case_id=case.pk, words="More.", by=kept.ben, now=LATER)
        whole()

    def test_a_forged_line_is_not_brought_back(self, kept: Cast) -> None:
        case = ended(kept)
        archive(kept)
        row = Archive.objects.get()
        (one,) = archive_files.taken_apart(storage.read(row.name))
        line = one.line.replace("très".encode(), b"trop")
        forged = archive_files.Held(
            case_id=one.case_id, number=one.number, lock=one.lock, head=one.head, line=line
        )
        data, blocks = archive_files.build(kept.city.pk, LATER, [forged])
        Archive.objects.update(name=storage.put(data, "gz"), blocks=blocks)
        assert [f.what for f in verify.faults()] == ["changed"]
        with pytest.raises(MoveRefused):
            actions.note(city=kept.city, case_id=case.pk, words="More.", by=kept.ben, now=LATER)


class TestBack:
    def test_rows_are_what_they_were(self, kept: Cast) -> None:
        case = kept.case()
        with connection.cursor() as cursor:
            # Numbers as jsonb keeps them and Python does not.
            cursor.execute(
                "UPDATE casework_timer SET error = 'one \"quoted\" \\ line\n' WHERE case_id = %s",
                [case.pk],
            )
        CasePause.objects.create(
            city=kept.city,
            case=case,
            began_at=START,
            ended_at=START + DAY,
            cost_seconds=7,
            label={"en": 1.5, "x": [None, True]},
        )
        with connection.cursor() as cursor:
            cursor.execute('UPDATE casework_casepause SET label = \'{"exact": 1.10, "big": 1e30}\'')
        settled(kept.finish(case))
        ended(kept)
        before = rows()
        stored = list(Case.objects.order_by("pk").values())
        assert archive(kept) == 2
        assert {k: len(v) for k, v in rows().items()} == dict.fromkeys(before, 0)
        assert restored(kept) == 2
        assert rows() == before
        assert list(Case.objects.order_by("pk").values()) == stored
        whole()

    def test_an_act_brings_it_back_and_is_added(self, kept: Cast) -> None:
        case, other = ended(kept), ended(kept)
        archive(kept)
        actions.note(city=kept.city, case_id=case.pk, words="Found it.", by=kept.ben, now=LATER)
        assert kinds(case)[-2:] == ["moved", "noted"]
        sound(case)
        assert fresh(case).archive is None
        whole()
        row = Archive.objects.get()
        assert row.stale
        archiving.tidy(now=LATER)
        after = Archive.objects.get()
        assert (after.cases, after.stale) == (1, False)
        assert fresh(other).archive == after
        assert case.number.encode() not in gzip.decompress(storage.read(after.name))
        whole()

    def test_a_resident_can_still_say_that_it_is_not_fixed(self, kept: Cast) -> None:
        case = ended(kept)
        archive(kept)
        again = kept.move(case, "reopen", kept.mo, now=LATER, reason="It is back.")
        assert again.is_open
        sound(case)

    def test_what_is_refused_leaves_it_where_it_is(self, kept: Cast) -> None:
        case = ended(kept)
        archive(kept)
        with pytest.raises(MoveRefused), transaction.atomic():
            actions.note(city=kept.city, case_id=case.pk, words="No.", by=kept.owen, now=LATER)
        assert fresh(case).archive is not None
        assert not TimelineEntry.objects.filter(case=case).exists()

    def test_nothing_can_be_added_past_it(self, kept: Cast) -> None:
        case = ended(kept)
        archive(kept)
        with pytest.raises(DatabaseError, match="is archived"), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(lock=case.lock + 1)
        with pytest.raises(DatabaseError, match="case_archived_has_ended"), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(is_open=True, closed_at=None)

    def test_the_last_one_takes_the_file_with_it(self, kept: Cast) -> None:
        ended(kept)
        archive(kept)
        name = Archive.objects.get().name
        restored(kept)
        archiving.tidy(now=LATER)
        assert not Archive.objects.exists()
        (due,) = Outbox.objects.filter(topic=archiving.FORGET)
        assert due.payload == {"name": name}


def restored(kept: Cast) -> int:
    """Everything brought back."""
    from onehall.casework import restoring

    with transaction.atomic():
        return restoring.bring_back(list(Case.objects.select_for_update().order_by("pk")))


class TestErasing:
    def test_reaches_what_is_archived(self, kept: Cast) -> None:
        case = kept.case(words="Ring Rosa Diaz.")
        actions.note(
            city=kept.city, case_id=case.pk, words="Rosa Diaz rang.", by=kept.ben, now=START
        )
        settled(kept.finish(case))
        worker.run(once=True)
        # Archived before anything was erased, as when the rules of erasing are newer.
        archive(kept)
        first = Archive.objects.get().name
        assert b"Rosa Diaz" in gzip.decompress(storage.read(first))
        assert retention.carry_out(kept.city, now=LATER) == 1
        note = TimelineEntry.objects.get(case=case, kind="noted")
        assert note.data["words"] == "[…] rang."
        assert fresh(case).erased == 1
        whole()
        archiving.tidy(now=LATER)
        assert not Archive.objects.exists()
        assert archive(kept) == 1
        assert b"Rosa Diaz" not in gzip.decompress(storage.read(Archive.objects.get().name))
        for due in Outbox.objects.filter(topic=archiving.FORGET, done_at=None):
            archiving.forget_file(due.payload, city_id=kept.city.pk, key=due.key, now=LATER)
        assert not storage.exists(first)
        whole()

    def test_a_hold_keeps_a_case_out_of_it(self, kept: Cast) -> None:
        case = ended(kept)
        holds.put(city=kept.city, case_id=case.pk, reason="A court asks.", by=kept.mo, now=START)
        assert archive(kept) == 0
        holds.lift(city=kept.city, case_id=case.pk, by=kept.mo, now=START)
        assert archive(kept) == 1

    def test_a_hold_on_an_archived_case_brings_it_back(self, kept: Cast) -> None:
        case = ended(kept)
        archive(kept)
        holds.put(city=kept.city, case_id=case.pk, reason="A court asks.", by=kept.mo, now=LATER)
        assert fresh(case).archive is None
        assert archive(kept, now=LATER + 800 * DAY) == 0
        assert retention.carry_out(kept.city, now=LATER + 800 * DAY) == 0
        sound(case)


class TestReading:
    def test_a_page_reads_what_it_read_before(self, kept: Cast) -> None:
        case = ended(kept)
        report = ServiceRequest.objects.get(case=case)
        before = [(e.seq, e.kind, e.at, e.data) for e in casework.timeline_of(case)]
        public = [(e.seq, e.data) for e in casework.timeline_of(case, public_only=True)]
        assert report.token is not None
        told = queries.told(kept.city, report.token)
        pauses = [p.pk for p in beside(case, kept.dana).pauses]
        archive(kept)
        after = fresh(case)
        assert [(e.seq, e.kind, e.at, e.data) for e in casework.timeline_of(after)] == before
        found = casework.timeline_of(after, public_only=True)
        assert [(e.seq, e.data) for e in found] == public
        again = queries.told(kept.city, report.token)
        assert told is not None
        assert again is not None
        assert [e.seq for e in again.entries] == [e.seq for e in told.entries]
        assert [p.pk for p in beside(after, kept.dana).pauses] == pauses
        assert fresh(case).archive == after.archive

    def test_costs_one_question_and_then_none(self, kept: Cast) -> None:
        case = ended(kept)
        archive(kept)
        after = fresh(case)
        with CaptureQueriesContext(connection) as asked:
            assert casework.timeline_of(after)
        assert len(asked) == 1
        with CaptureQueriesContext(connection) as asked:
            assert casework.timeline_of(after)
        assert len(asked) == 0

    def test_others_read_it_as_before(self, kept: Cast) -> None:
        case = ended(kept)
        following.set_following(case=case, following=True, by=kept.mo, now=START)
        actions.note(city=kept.city, case_id=case.pk, words="Look.", by=kept.ben, now=START)
        lines = [(i.case.pk, i.line) for i in for_you.page(kept.city, kept.mo, language="en")]
        assert lines
        span = {"since": START - DAY, "until": START + DAY}
        lived = list(stored.cases(kept.city, **span))
        assert any(one.acts for one in lived)
        archive(kept)
        found = [(i.case.pk, i.line) for i in for_you.page(kept.city, kept.mo, language="en")]
        assert found == lines
        assert list(stored.cases(kept.city, **span)) == lived

    def test_what_an_end_asked_for_is_still_known(self, kept: Cast) -> None:
        case = kept.case()
        actions.reply(city=kept.city, case_id=case.pk, words="Soon.", by=kept.dana, now=START)
        settled(kept.finish(case))

        def facts() -> tuple[str, bool]:
            after = fresh(case)
            flow = catalogue(kept.city).flow_version(after.flow_version_id)
            seen = Progress(case=after, flow=flow, city=kept.city, by=kept.machine, now=LATER)
            return seen._channel(), seen._replied()

        assert facts() == ("web", True)
        archive(kept)
        assert facts() == ("web", True)

    def test_one_broken_file_hides_no_other(self, kept: Cast) -> None:
        first, second = ended(kept), ended(kept, now=START + DAY)
        archiving.carry_out(kept.city, now=START + 365 * DAY + DAY / 2, most=1)
        row = Archive.objects.get()
        # Full, so that the next one gets a file of its own.
        Archive.objects.update(cases=archiving.BATCH)
        archive(kept)
        assert {fresh(c).archive_id for c in (first, second)} > {row.pk}
        Path(storage.default_storage.path(row.name)).unlink()
        caches["local"].clear()
        cases = Case.objects.order_by("pk")
        assert list(archived.entries_of(archived.where(cases), kept.city.pk)) == [second.pk]

    def test_finds_a_file_that_was_written_anew_meanwhile(self, kept: Cast) -> None:
        case, other = ended(kept), ended(kept)
        archive(kept)
        as_read = fresh(case)
        actions.note(city=kept.city, case_id=other.pk, words="More.", by=kept.ben, now=LATER)
        archiving.tidy(now=LATER)
        for due in Outbox.objects.filter(topic=archiving.FORGET):
            archiving.forget_file(due.payload, city_id=kept.city.pk, key=due.key, now=LATER)
        assert len(casework.timeline_of(as_read)) == case.lock
        caches["local"].clear()
        restored(kept)
        archiving.tidy(now=LATER)
        assert len(casework.timeline_of(as_read)) == case.lock

    def test_lists_find_how_it_came_in(self, kept: Cast) -> None:
        case = ended(kept)
        web, phone = Selection(channels=("web",)), Selection(channels=("phone",))
        for _ in ("before", "after"):
            found = Case.objects.order_by("pk")
            assert list(web.within(found, now=LATER)) == [case]
            assert not phone.within(found, now=LATER).exists()
            archive(kept)
        assert fresh(case).archive


class TestCities:
    def test_each_has_its_own_files(self, kept: Cast, tmp_path: Path) -> None:
        city, ida = elsewhere(tmp_path / "elsewhere")
        City.objects.filter(pk=city.pk).update(retention={"archive_after": "1 year"})
        ended(kept)
        there = Cast(
            **{**kept.__dict__, "city": City.objects.get(pk=city.pk), "ben": ida, "dana": ida}
        )
        other = ended(there)
        assert archiving.carry_out(kept.city, now=LATER) == 1
        assert fresh(other).archive is None
        assert archiving.carry_out(there.city, now=LATER) == 1
        mine, theirs = Archive.objects.order_by("pk")
        assert (mine.city, theirs.city) == (kept.city, there.city)
        assert mine.name != theirs.name
        whole()
        assert list(verify.faults(city_id=city.pk)) == []
