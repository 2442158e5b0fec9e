"""The city's rules erase what residents told of ended cases: in time, once, and with a timeline that still holds."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from onehall.casework import actions as casework
from onehall.casework import erasing, holds, photos, verify
from onehall.casework.actions import CasePlace
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, Photo, TimelineEntry
from onehall.kernel import storage
from onehall.messaging import worker
from onehall.messaging.models import Message, Outbox
from onehall.people.actor import resident
from onehall.people.models import Person, User
from onehall.service_requests import actions, joining, retention
from onehall.service_requests.actions import Contact
from onehall.service_requests.models import ServiceRequest
from tests.cast import ROSA, START, Cast, entries, everybody, kinds, picture
from tests.packs import changed

DAY = dt.timedelta(days=1)
ENDED = START + DAY
RULES = "retention: {contact: 90 days, words: 2 years, photos: 1 year}"

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(cast: Cast, tmp_path: Path) -> Cast:
    """Testford with rules of retention."""
    line = "numbering: {width: 5}"
    changed(tmp_path, "city.yaml", line, f"{line}\n{RULES}")
    return everybody()


def ended(kept: Cast, *, at: dt.datetime = ENDED, **more: Any) -> ServiceRequest:
    """A report that was worked on and finished; its messages are written."""
    report = kept.report(**more)
    worker.run(once=True)
    kept.finish(Case.objects.get(pk=report.case_id), now=at)
    worker.run(once=True)
    return ServiceRequest.objects.get(pk=report.pk)


def after(days: float, kept: Cast) -> int:
    return retention.carry_out(kept.city, now=ENDED + days * DAY)


def holds_together() -> None:
    assert list(verify.faults()) == []


class TestContact:
    def test_is_erased_in_time_and_not_before(self, kept: Cast) -> None:
        report = ended(kept)
        assert Message.objects.filter(case_number=report.number).exists()
        assert after(90, kept) == 0
        assert after(90.01, kept) == 1
        report.refresh_from_db()
        assert (report.person, report.wants_news) == (None, False)
        assert not Person.objects.exists()
        assert not Message.objects.exists()
        case = Case.objects.get(pk=report.case_id)
        assert case.erased == 1
        assert kinds(case)[-1] == "erased"
        assert entries(case)[-1].data == {"what": ["contact"]}
        holds_together()

    def test_is_erased_once(self, kept: Cast) -> None:
        report = ended(kept)
        assert [after(91, kept), after(92, kept)] == [1, 0]
        assert kinds(Case.objects.get(pk=report.case_id)).count("erased") == 1

    def test_stays_on_open_cases_and_on_those_whose_service_keeps_it(
        self, kept: Cast, tmp_path: Path
    ) -> None:
        open_one = kept.report()
        ended_one = ended(kept)
        changed(
            tmp_path / "again",
            "services/pothole.yaml",
            "common: true",
            "common: true\nretention: {contact: for ever}",
        )
        again = everybody()
        assert after(400, again) == 0
        # The pack that was applied last has no rules of its own for the city.
        assert ServiceRequest.objects.filter(person=None).count() == 0
        assert {open_one.person_id, ended_one.person_id} <= set(
            Person.objects.values_list("pk", flat=True)
        )

    def test_goes_out_of_what_others_wrote_and_what_is_left_is_sealed(self, kept: Cast) -> None:
        report = kept.report(words="Call me: (555) 0111 or ROSA@example.org")
        case = Case.objects.get(pk=report.case_id)
        casework.note(
            city=kept.city,
            case_id=case.pk,
            words="Rosa Diaz called from 555-0111, she writes as rosa@example.org.",
            by=kept.ben,
            now=START,
        )
        kept.finish(case, now=ENDED)
        after(91, kept)
        note = TimelineEntry.objects.get(case_id=case.pk, kind="noted")
        assert note.data["words"] == "[…] called from […], she writes as […]."
        report.refresh_from_db()
        assert report.words == "Call me: ([…] or […]"
        holds_together()

    def test_a_person_with_another_report_stays(self, kept: Cast) -> None:
        first = ended(kept)
        second = kept.report()
        ServiceRequest.objects.filter(pk=second.pk).update(person=first.person)
        after(91, kept)
        first.refresh_from_db()
        assert first.person_id is None
        assert Person.objects.filter(pk=first.person_id or 0).count() == 0
        assert ServiceRequest.objects.get(pk=second.pk).person is not None

    def test_the_sign_in_goes_with_the_last_report(self, kept: Cast) -> None:
        from onehall.people.actions import admit_resident

        ended(kept)
        user = admit_resident(
            city_id=kept.city.pk, email="rosa@example.org", language="en", now=START
        )
        assert user is not None
        after(91, kept)
        assert not User.objects.filter(pk=user.pk).exists()

    def test_of_everybody_who_was_joined(self, kept: Cast) -> None:
        first, second = kept.report(), kept.report(contact=Contact(email="flo@example.org"))
        joining.join(
            city=kept.city,
            case_id=second.case_id,
            into_number=first.number,
            by=kept.dana,
            now=START,
        )
        kept.finish(Case.objects.get(pk=first.case_id), now=ENDED)
        assert after(91, kept) == 1
        assert not Person.objects.exists()
        assert set(Case.objects.values_list("erased", flat=True)) == {1}
        holds_together()

    def test_a_case_that_opened_again_is_counted_from_its_last_end(self, kept: Cast) -> None:
        report = ended(kept)
        again = ENDED + 20 * DAY
        actions.judge(
            city=kept.city,
            request=report,
            fixed=False,
            reason="",
            by=resident(kept.city.pk),
            now=ENDED + DAY,
        )
        kept.finish(Case.objects.get(pk=report.case_id), now=again)
        assert after(100, kept) == 0
        assert after(111, kept) == 1

    def test_who_has_the_link_can_write_no_more(self, kept: Cast) -> None:
        report = ended(kept)
        after(91, kept)
        report.refresh_from_db()
        by, now = resident(kept.city.pk), ENDED + 92 * DAY
        given = {"city": kept.city, "request": report, "by": by, "now": now}
        for act in (
            lambda: actions.write(**given, words="Hello?"),
            lambda: actions.judge(**given, fixed=False, reason="x"),
            lambda: actions.rate(**given, rating=5, comment=""),
            lambda: actions.set_contact(city=kept.city, request=report, contact=ROSA, now=now),
        ):
            with pytest.raises(MoveRefused, match="erased"):
                act()
        assert not Person.objects.exists()


class TestWords:
    def test_of_residents_go_and_of_the_city_stay(self, kept: Cast) -> None:
        report = kept.report(words="Deep.", answers={"size": "small"})
        by = resident(kept.city.pk, request_id=report.pk)
        given = {"city": kept.city, "request": report, "by": by, "now": START}
        actions.write(**given, words="Still there")
        case = Case.objects.get(pk=report.case_id)
        casework.reply(city=kept.city, case_id=case.pk, words="We come.", by=kept.dana, now=START)
        kept.finish(case, now=ENDED)
        actions.rate(**given, rating=4, comment="Nice")
        assert after(732, kept) == 1
        report.refresh_from_db()
        assert (report.words, report.comment, report.answers, report.rating) == ("", "", {}, 4)
        said = {e.kind: e.data for e in entries(case)}
        assert "words" not in said["wrote"]
        assert said["wrote"]["erased"] is True
        assert "words" not in said["verdict"]
        assert said["replied"]["words"] == "We come."
        assert set(entries(case)[-1].data["what"]) == {"contact", "words", "photos"}
        holds_together()

    def test_a_place_in_words_alone_goes_and_a_point_stays(self, kept: Cast) -> None:
        told = ended(kept, place=CasePlace(words="behind my house"))
        put = ended(kept)
        after(732, kept)
        assert Case.objects.get(pk=told.case_id).place_words == ""
        assert Case.objects.get(pk=put.case_id).place_words == "300 Elm Street"


class TestPhotos:
    def with_photo(self, kept: Cast, seed: int) -> tuple[Case, Photo]:
        report = kept.report()
        shot = photos.take_in(
            picture(seed), city_id=kept.city.pk, kind="before", by=kept.machine, now=START
        )
        shot.case_id, shot.request_id = report.case_id, report.pk
        shot.save()
        case = Case.objects.get(pk=report.case_id)
        kept.finish(case, now=ENDED)
        return case, shot

    def test_go_with_their_files_unless_another_case_has_the_same(self, kept: Cast) -> None:
        case, shot = self.with_photo(kept, 1)
        _other, same = self.with_photo(kept, 2)
        third = kept.case()
        Photo.objects.filter(pk=same.pk).update(case_id=third.pk)
        alone, shared = photos.files_of(shot), photos.files_of(same)
        twin = photos.take_in(
            picture(2), city_id=kept.city.pk, kind="before", by=kept.machine, now=START
        )
        twin.case_id = case.pk
        twin.save()
        after(366, kept)
        Outbox.objects.filter(topic=erasing.FILES).update(due_at=START)
        worker.run(once=True)
        shot.refresh_from_db()
        assert shot.erased
        assert shot.removed_at is not None
        assert photos.files_of(shot) == set()
        assert not any(storage.exists(name) for name in alone)
        assert all(storage.exists(name) for name in shared)

    def test_the_figures_still_count_the_photo_of_the_work(self, kept: Cast) -> None:
        from onehall.insights import statements

        case, _shot = self.with_photo(kept, 3)
        after(366, kept)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM casework_photo p WHERE p.case_id = %s"
                " AND p.kind = 'after' AND (p.removed_at IS NULL OR p.erased))",
                [case.pk],
            )
            assert cursor.fetchone() == (True,)
        assert "p.erased" in Path(statements.__file__).read_text(encoding="utf-8")

    def test_files_that_were_not_deleted_yet_wait_in_the_outbox(self, kept: Cast) -> None:
        self.with_photo(kept, 4)
        after(366, kept)
        assert Outbox.objects.filter(topic=erasing.FILES, done_at=None).exists()


class TestHold:
    def test_a_held_case_is_never_touched_and_a_lifted_one_is(self, kept: Cast) -> None:
        report = ended(kept)
        given = {"city": kept.city, "case_id": report.case_id, "by": kept.mo}
        holds.put(**given, reason="Claim 17", now=ENDED)
        assert after(5_000, kept) == 0
        line = next(
            one
            for one in retention.plan(kept.city, now=ENDED + 91 * DAY)
            if one.kind == "contact" and one.service.key == "pothole"
        )
        assert (line.cases, line.held) == (0, 1)
        holds.lift(**given, now=ENDED + DAY)
        assert after(91, kept) == 1
        assert kinds(Case.objects.get(pk=report.case_id))[-3:] == ["held", "released", "erased"]
        holds_together()

    def test_covers_what_was_joined(self, kept: Cast) -> None:
        first, second = kept.report(), kept.report()
        joining.join(
            city=kept.city,
            case_id=second.case_id,
            into_number=first.number,
            by=kept.dana,
            now=START,
        )
        kept.finish(Case.objects.get(pk=first.case_id), now=ENDED)
        holds.put(city=kept.city, case_id=second.case_id, reason="Claim", by=kept.ada, now=ENDED)
        assert holds.covered(kept.city.pk) == {first.case_id, second.case_id}
        assert after(5_000, kept) == 0

    def test_needs_a_reason_and_somebody_who_may(self, kept: Cast) -> None:
        case = kept.case()
        given = {"city": kept.city, "case_id": case.pk, "now": START}
        for by in (kept.dana, kept.ben, kept.owen):
            with pytest.raises(MoveRefused):
                holds.put(**given, reason="x", by=by)
        with pytest.raises(MoveRefused):
            holds.put(**given, reason=" ", by=kept.mo)
        with pytest.raises(MoveRefused):
            holds.lift(**given, by=kept.mo)


class TestPlan:
    def test_counts_and_changes_nothing(self, kept: Cast) -> None:
        ended(kept)
        ended(kept, at=ENDED + DAY)
        before = Case.objects.values_list("lock", "erased")
        lines = {
            (line.service.key, line.kind): (line.cases, line.oldest)
            for line in retention.plan(kept.city, now=ENDED + 95 * DAY)
        }
        assert lines["pothole", "contact"] == (2, ENDED)
        assert lines["pothole", "words"] == (0, None)
        assert list(Case.objects.values_list("lock", "erased")) == list(before)


class TestRun:
    def test_stops_at_a_limit_and_goes_on(self, kept: Cast) -> None:
        for _ in range(3):
            ended(kept)
        now = ENDED + 91 * DAY
        assert retention.carry_out(kept.city, now=now, most=2) == 2
        assert retention.carry_out(kept.city, now=now) == 1

    def test_one_that_fails_is_passed_over(
        self, kept: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        good, bad = ended(kept), ended(kept)
        really = erasing.erase

        def erase(*, city_id: int, erasures: Any, now: dt.datetime) -> None:
            if any(e.case.pk == bad.case_id for e in erasures):
                raise ValueError("broken")
            really(city_id=city_id, erasures=erasures, now=now)

        monkeypatch.setattr(erasing, "erase", erase)
        failed: set[int] = set()
        now = ENDED + 91 * DAY
        assert retention.carry_out(kept.city, now=now, failed=failed) == 1
        assert failed == {bad.case_id}
        good.refresh_from_db()
        bad.refresh_from_db()
        assert (good.person_id, bad.person_id is None) == (None, False)

    def test_the_worker_does_it_by_itself(self, kept: Cast) -> None:
        ended(kept)
        assert retention.carry_out_some(now=ENDED + 91 * DAY) is False
        assert not Person.objects.exists()

    def test_somebody_who_changes_what_is_left_is_found(self, kept: Cast) -> None:
        report = kept.report()
        case = Case.objects.get(pk=report.case_id)
        casework.note(
            city=kept.city, case_id=case.pk, words="Rosa Diaz called.", by=kept.ben, now=START
        )
        kept.finish(case, now=ENDED)
        after(91, kept)
        holds_together()
        note = TimelineEntry.objects.get(case_id=case.pk, kind="noted")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL onehall.erase = 'on'")
            cursor.execute(
                'UPDATE casework_timelineentry SET data = \'{"words": "other"}\''
                " WHERE case_id = %s AND seq = %s",
                [case.pk, note.seq],
            )
        assert [(f.seq, f.what) for f in verify.faults()] == [(note.seq, "changed")]
