"""A draft played through real cases: every difference is told, what stays the same is not, nothing is written."""

import datetime as dt
import json
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from onehall.casework import actions, bulk, tasks
from onehall.casework.bulk import CaseRow, EntryRow
from onehall.casework.models import Case, TimelineEntry
from onehall.insights import rehearsal
from onehall.insights.rehearsal import Report, stored
from onehall.insights.rehearsal.compare import KINDS
from onehall.insights.rehearsal.report import from_doc
from onehall.insights.rehearsal.wording import example_words, kind_words, why_words
from onehall.messaging.models import Outbox
from onehall.service_requests import joining
from onehall.setup import packs
from tests.cast import NORTH, START, Cast
from tests.conftest import CITY_TIME
from tests.packs import TESTFORD, WrongPack

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
SINCE, UNTIL = START - DAY, START + 40 * DAY
REPAIR, POTHOLE = "flows/repair.yaml", "services/pothole.yaml"


@pytest.fixture
def draft(tmp_path: Path) -> WrongPack:
    return WrongPack(tmp_path)


def play(cast: Cast, folder: Path) -> Report:
    pack = packs.read_sound(folder)
    after = rehearsal.of_pack(
        pack.catalog, calendar=pack.places.calendar, zone=pack.places.city.time_zone
    )
    with stored.read_only():
        return rehearsal.rehearse(
            rehearsal.of_city(cast.city),
            after,
            stored.cases(cast.city, since=SINCE, until=UNTIL),
            since=SINCE,
            until=UNTIL,
        )


def past(cast: Cast) -> dict[str, Case]:
    """Four cases with a life: settled, waiting, in the north and in work, and disputed."""
    settled, waiting, north, again = (
        cast.case(answers={"size": "small"}),
        cast.case(answers={"size": "large", "lane": "car"}),
        cast.case(place=NORTH, answers={"size": "small"}),
        cast.case(answers={"size": "large", "damage": True}),
    )
    cast.move(settled, "start", cast.ben, now=START + DAY)
    cast.finish(settled, now=START + 2 * DAY)
    cast.move(waiting, "ask", now=START + DAY, words="Which side?")
    cast.move(north, "check", now=START + DAY)
    actions.set_priority(
        city=cast.city, case_id=north.id, priority=2, by=cast.dana, now=START + DAY
    )
    cast.finish(again, now=START + DAY)
    cast.move(again, "dispute", cast.sam, now=START + 2 * DAY)
    for days in (9, 16, 40):
        tasks.sweep_timers(START + days * DAY)
    return {"settled": settled, "waiting": waiting, "north": north, "again": again}


def counts(report: Report) -> dict[str, int]:
    return {kind: group.cases for kind, group in report.kinds}


def test_the_set_up_of_today_changes_nothing(cast: Cast) -> None:
    past(cast)
    report = play(cast, TESTFORD)
    assert (report.cases, report.changed, report.unplayable) == (4, 0, 0)
    assert report.kinds == []
    assert report.messages_was == report.messages_now
    assert report.messages_now["resident:received"] == 4


def test_what_is_played_ends_where_the_engine_ended(cast: Cast) -> None:
    cases = past(cast)
    with stored.read_only():
        lives = {lived.number: lived for lived in stored.cases(cast.city, since=SINCE, until=UNTIL)}
    setup = rehearsal.of_city(cast.city)
    from onehall.insights.rehearsal.play import play as play_one

    for case in cases.values():
        case.refresh_from_db()
        played = play_one(setup, lives[case.number], until=UNTIL)
        assert (played.state, played.refused, played.trouble) == (case.state, {}, "")
        assert played.due == case.promised_at


class TestWhatWouldDiffer:
    def test_another_queue_with_its_share_a_week(self, cast: Cast, draft: WrongPack) -> None:
        past(cast)
        report = play(cast, draft.replace(POTHOLE, "queue: roads-north", "queue: roads").folder)
        assert counts(report) == {"queue": 1}
        group = report.groups["queue"]
        assert group.by_about == {"roads-north → roads": 1}
        assert (report.queues["roads"].was, report.queues["roads"].now) == (3, 4)
        assert report.queues["roads-north"].now == 0
        assert report.services["pothole"].changed == 1

    def test_a_shorter_promise_and_how_many_would_have_kept_it(
        self, cast: Cast, draft: WrongPack
    ) -> None:
        past(cast)
        text = (draft.folder / POTHOLE).read_text()
        line = next(row for row in text.splitlines() if row.startswith("promise:"))
        report = play(cast, draft.replace(POTHOLE, line, "promise: {hours: 1}").folder)
        assert counts(report) == {"earlier": 4}
        share = report.services["pothole"]
        assert (share.kept_was, share.kept_now, share.promised_now) == (1, 0, share.promised_was)

    def test_a_question_that_nobody_was_asked(self, cast: Cast, draft: WrongPack) -> None:
        past(cast)
        new = (
            "  - {key: depth, type: number, required: true, when: {eq: [size, large]},"
            " label: {en: How deep?, es: ¿Qué hondo?}}\nrouting:"
        )
        report = play(cast, draft.replace(POTHOLE, "routing:", new).folder)
        assert counts(report) == {"must_answer": 2}
        assert report.groups["must_answer"].by_about == {"depth": 2}

    def test_an_answer_that_would_stop_the_report(self, cast: Cast, draft: WrongPack) -> None:
        past(cast)
        report = play(
            cast, draft.replace(POTHOLE, "{eq: [size, collapse]}", "{eq: [size, large]}").folder
        )
        assert counts(report) == {"stop": 2}

    def test_steps_that_would_be_refused_and_why(self, cast: Cast, draft: WrongPack) -> None:
        cases = past(cast)
        draft.replace(
            REPAIR, "from: [received, checked]\n    to: working", "from: [checked]\n    to: working"
        )
        draft.replace(
            REPAIR,
            "purpose: ask\n    needs: [message]",
            "purpose: ask\n    needs: [message, reason]",
        )
        draft.replace(
            REPAIR, "to: checked\n    by: [agent, supervisor, crew]", "to: checked\n    by: [crew]"
        )
        report = play(cast, draft.folder)
        refused = report.groups["refused"]
        assert refused.by_about == {
            "start (not_from:received)": 1,
            "ask (needs:reason)": 1,
            "check (role)": 1,
        }
        assert {e.number for e in refused.examples} == {
            cases[name].number for name in ("settled", "waiting", "north")
        }

    def test_a_refused_step_does_not_bring_down_those_after_it(
        self, cast: Cast, draft: WrongPack
    ) -> None:
        case = cast.case()
        cast.move(case, "start", cast.ben, now=START + DAY)
        cast.finish(case, now=START + 2 * DAY)
        draft.replace(
            REPAIR, "from: [received, checked]\n    to: working", "from: [checked]\n    to: working"
        )
        report = play(cast, draft.folder)
        assert sum(report.groups["refused"].by_about.values()) == 1
        assert "state" not in report.groups

    def test_timers_that_fire_sooner_and_their_messages(self, cast: Cast, draft: WrongPack) -> None:
        past(cast)
        draft.replace(
            REPAIR, "{after: {days: 14}, fire: give_up}", "{after: {days: 60}, fire: give_up}"
        )
        draft.replace(
            REPAIR,
            "{after: {days: 7}, fire: settle}",
            "{after: {days: 3}, remind: {to: resident}}, {after: {days: 7}, fire: settle}",
        )
        report = play(cast, draft.folder)
        assert report.groups["no_timer"].by_about == {"waiting:give_up": 1}
        assert report.groups["timer"].by_about == {"done:remind": 1}
        assert report.groups["told"].by_about == {"resident:reminder": 1}
        assert report.groups["state"].by_about == {"closed → waiting": 1}

    def test_other_words_in_a_message_in_one_language(self, cast: Cast, draft: WrongPack) -> None:
        past(cast)
        draft.replace(REPAIR, "es: El trabajo está terminado. Avísenos", "es: Ya quedó. Avísenos")
        report = play(cast, draft.folder)
        assert counts(report) == {"reworded": 2}
        example = report.groups["reworded"].examples[0]
        assert example.about == "resident:done"
        assert (example.was[:10], example.now[:9]) == ("El trabajo", "Ya quedó.")

    def test_a_service_that_is_no_longer_offered(self, cast: Cast, draft: WrongPack) -> None:
        past(cast)
        draft.replace(POTHOLE, "key: pothole\n", "key: pothole\nactive: false\n")
        assert counts(play(cast, draft.folder)) == {"service_gone": 4}

    def test_a_step_that_a_case_would_make_by_itself(self, cast: Cast, draft: WrongPack) -> None:
        past(cast)
        draft.replace(
            REPAIR,
            "  start:\n",
            "  north:\n    from: [received]\n    to: checked\n    by: [system]\n"
            "    auto_when: {eq: [area.district, north]}\n  start:\n",
        )
        report = play(cast, draft.folder)
        assert report.groups["itself"].by_about == {"received:north": 1}
        assert report.groups["refused"].by_about == {"check (not_from:checked)": 1}

    def test_a_joined_case_ends_where_it_was_joined(self, cast: Cast, draft: WrongPack) -> None:
        into, case = cast.case(), cast.case(place=NORTH)
        joining.join(
            city=cast.city, case_id=case.id, into_number=into.number, by=cast.dana, now=START + DAY
        )
        draft.replace(POTHOLE, "queue: roads-north", "queue: roads")
        report = play(cast, draft.folder)
        assert (report.cases, counts(report)) == (2, {"queue": 1})


class TestReading:
    def test_the_database_refuses_every_write_meanwhile(self, cast: Cast) -> None:
        case = cast.case()
        with pytest.raises(DatabaseError, match="read-only transaction"), stored.read_only():
            Case.objects.filter(pk=case.pk).update(priority=2)
        Case.objects.filter(pk=case.pk).update(priority=2)

    def test_leaves_everything_as_it_was(self, cast: Cast, draft: WrongPack) -> None:
        past(cast)
        before = (Case.objects.count(), TimelineEntry.objects.count(), Outbox.objects.count())
        play(cast, draft.replace(POTHOLE, "queue: roads-north", "queue: roads").folder)
        assert before == (
            Case.objects.count(),
            TimelineEntry.objects.count(),
            Outbox.objects.count(),
        )

    def test_reads_in_batches_with_a_fixed_number_of_questions_each(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(5):
            cast.case()
        monkeypatch.setattr(stored, "BATCH", 2)
        list(stored.cases(cast.city, since=SINCE, until=UNTIL))
        with CaptureQueriesContext(connection) as found:
            lives = list(stored.cases(cast.city, since=SINCE, until=UNTIL))
        assert len(lives) == len({lived.number for lived in lives}) == 5
        # Three batches of five questions, each in a transaction; the roles, and the end.
        assert len(found.captured_queries) <= 3 * (5 + 3) + 1 + 4

    def test_a_case_with_too_many_entries_is_told_and_not_played(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        past(cast)
        monkeypatch.setattr(stored, "MOST_ENTRIES", 5)
        report = play(cast, TESTFORD)
        assert (report.cases, report.not_played) == (3, 1)

    def test_cases_of_another_city_are_not_read(self, cast: Cast) -> None:
        from onehall.places.models import City

        cast.case()
        other = City.objects.create(slug="other", name="Other", languages=["en"])
        assert not list(stored.cases(other, since=SINCE, until=UNTIL))


def take_over(cast: Cast, state: str, category: str, *told: EntryRow) -> Case:
    """A case of a former system, as an import writes it; `told` stands between its report and the import."""
    like = cast.case(now=START - 2 * DAY)
    row = CaseRow(
        city_id=cast.city.pk,
        service_id=like.service_id,
        flow_version_id=like.flow_version_id,
        queue_id=like.queue_id,
        number=bulk.allocate_numbers(cast.city, 2026, 1)[0],
        state=state,
        category=category,
        opened_at=START,
        updated_at=START,
        timeline=[
            EntryRow(at=START, kind="received", data={"channel": "phone"}),
            *told,
            EntryRow(at=START + 20 * DAY, kind="imported", data={}),
        ],
        lon=-120.99,
        lat=40.002,
    )
    with connection.cursor() as cursor:
        bulk.copy_cases(cursor, [row])
    return Case.objects.get(pk=row.id)


def elsewhere(at: dt.datetime, to: str) -> EntryRow:
    return EntryRow(at=at, kind="moved", data={"move": "start", "from": "received", "to": to})


class TestCasesTakenOver:
    def test_go_where_their_recorded_steps_led_and_live_on_from_the_import(
        self, cast: Cast, draft: WrongPack
    ) -> None:
        case = take_over(cast, "working", "working", elsewhere(START + 9 * DAY, "working"))
        cast.finish(case, now=START + 21 * DAY)
        report = play(cast, TESTFORD)
        assert (report.cases, report.taken_over, report.opening_only) == (1, 1, 0)
        assert (report.changed, report.kinds) == (0, [])
        # Of the former life nobody got a message.
        assert report.messages_now["resident:working"] == 0
        draft.replace(
            REPAIR,
            "by: [crew, agent, supervisor]\n    purpose: close",
            "by: [agent]\n    purpose: close",
        )
        refused = play(cast, draft.folder).groups["refused"]
        assert refused.examples[0].number == case.number

    def test_no_timer_of_ours_ran_meanwhile(self, cast: Cast) -> None:
        take_over(cast, "done", "resolved", elsewhere(START + DAY, "done"))
        with stored.read_only():
            (lived,) = stored.cases(cast.city, since=SINCE, until=UNTIL)
        from onehall.insights.rehearsal.play import play as play_one

        played = play_one(rehearsal.of_city(cast.city), lived, until=UNTIL)
        assert (played.state, played.timers, played.refused) == ("done", [], {})

    def test_a_state_that_a_draft_has_no_more_is_told(self, cast: Cast) -> None:
        take_over(cast, "done", "resolved", elsewhere(START + DAY, "gone"))
        with stored.read_only():
            (lived,) = stored.cases(cast.city, since=SINCE, until=UNTIL)
        from onehall.insights.rehearsal.play import play as play_one

        played = play_one(rehearsal.of_city(cast.city), lived, until=UNTIL)
        assert played.refused == {1: ("start", "no_state:gone")}

    def test_without_recorded_steps_they_are_played_to_their_opening_and_counted(
        self, cast: Cast
    ) -> None:
        take_over(cast, "closed", "closed")
        take_over(cast, "received", "submitted")
        report = play(cast, TESTFORD)
        assert (report.taken_over, report.opening_only, report.changed) == (2, 1, 0)


def test_a_report_can_be_kept_and_read_again(cast: Cast, draft: WrongPack) -> None:
    past(cast)
    report = play(cast, draft.replace(POTHOLE, "queue: roads-north", "queue: roads").folder)
    again = from_doc(json.loads(json.dumps(report.as_doc())))
    assert again == report


def test_examples_are_as_many_as_asked_for(cast: Cast, draft: WrongPack) -> None:
    for _ in range(4):
        cast.case(place=NORTH)
    pack = packs.read_sound(draft.replace(POTHOLE, "queue: roads-north", "queue: roads").folder)
    after = rehearsal.of_pack(pack.catalog, calendar=pack.places.calendar, zone="UTC")
    cases = stored.cases(cast.city, since=SINCE, until=UNTIL)
    before = rehearsal.of_city(cast.city)
    report = rehearsal.rehearse(before, after, cases, since=SINCE, until=UNTIL, examples=2)
    assert (report.groups["queue"].cases, len(report.groups["queue"].examples)) == (4, 2)


def test_every_kind_and_reason_has_words() -> None:
    assert len({kind_words(kind) for kind in KINDS}) == len(KINDS)
    for why in (
        "no_move",
        "no_state:x",
        "not_from:done",
        "role",
        "guard",
        "needs:reason,words",
        "no_outcome:x",
    ):
        assert why_words(why)
    moment = START.isoformat()
    from onehall.insights.rehearsal.report import Example

    said = example_words("earlier", Example("1", "s", "", moment, ""), CITY_TIME)
    assert said == "03/04/2026 10 a.m. → no promise"
