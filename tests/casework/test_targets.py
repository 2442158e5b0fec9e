"""Several targets, pauses that are kept, risk before late, the ladder, and dates that follow the set-up."""

import datetime as dt
from pathlib import Path

import pytest

from onehall.casework import actions, ladder, recounting, tasks, telling, wording_more
from onehall.casework.models import Case, CasePause, CaseTarget
from onehall.messaging.models import Message, Outbox
from onehall.people.actor import system
from onehall.service_requests import joining
from onehall.setup import applying, packs
from tests.cast import NORTH, SOUTH, START, Cast, build, entries, sound
from tests.packs import WrongPack, changed

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
PLAIN = "promise: {days: 3, priorities: {high: {hours: 8}}}"
RICH = """promise:
  days: 3
  priorities: {high: {hours: 4}}
  areas:
    - {layer: district, in: [north], days: 1}
  first_response: {hours: 2, priorities: {high: {hours: 1}}}
  on_site: {days: 1, stages: [working]}
  risk: {share: 50}
  ladder:
    - {after: risk, remind: assignee}
    - {after: late, remind: supervisor}
    - {after: late, hours: 9, remind: head}"""


@pytest.fixture
def rich(db: None, tmp_path: Path) -> Cast:
    found = build()
    found.city = changed(tmp_path, "services/pothole.yaml", PLAIN, RICH)
    return found


def rows(case: Case) -> dict[str, CaseTarget]:
    return {row.kind: row for row in CaseTarget.objects.filter(case_id=case.pk).order_by("id")}


class TestTargets:
    def test_each_runs_in_working_time_from_the_report(self, rich: Cast) -> None:
        found = rows(rich.case())
        assert found["first_response"].due_at == START + 2 * HOUR
        # The end of the next working day: 5 pm.
        assert found["on_site"].due_at == START + DAY + 7 * HOUR
        assert found["first_response"].risk_at == START + HOUR

    def test_an_area_and_a_priority_promise_something_else(self, rich: Cast) -> None:
        # Three working days later, and the clocks have changed in between.
        assert rich.case(place=SOUTH).due_at == START + 5 * DAY + 6 * HOUR
        assert rich.case(place=NORTH).due_at == START + DAY + 7 * HOUR
        urgent = rich.case(place=NORTH, priority=1)
        assert urgent.due_at == START + 4 * HOUR
        assert rows(urgent)["first_response"].due_at == START + HOUR

    def test_the_first_public_words_of_the_staff_are_the_response(self, rich: Cast) -> None:
        case = rich.case()
        actions.note(city=rich.city, case_id=case.pk, words="Ours?", by=rich.dana, now=START)
        assert rows(case)["first_response"].met_at is None
        actions.reply(
            city=rich.city, case_id=case.pk, words="We come.", by=rich.dana, now=START + HOUR
        )
        assert rows(case)["first_response"].met_at == START + HOUR
        assert rows(case)["on_site"].met_at is None

    def test_a_stage_marked_so_is_on_site(self, rich: Cast) -> None:
        case = rich.case()
        rich.move(case, "start", rich.ben, now=START + HOUR)
        assert rows(case)["on_site"].met_at == START + HOUR

    def test_a_close_ends_what_still_ran(self, rich: Cast) -> None:
        fixed, gone = rich.case(), rich.case()
        rich.finish(fixed, now=START + HOUR)
        assert all(row.met_at == START + HOUR for row in rows(fixed).values())
        rich.move(gone, "close", words="Nothing there.", outcome="nothing_found", now=START + HOUR)
        found = rows(gone)
        assert found["first_response"].met_at == START + HOUR
        assert (found["on_site"].met_at, found["on_site"].ended_at) == (None, START + HOUR)

    def test_a_joined_case_rests_and_goes_on_when_the_join_is_undone(self, rich: Cast) -> None:
        into, case = rich.case(), rich.case()
        joining.join(
            city=rich.city, case_id=case.pk, into_number=into.number, by=rich.dana, now=START
        )
        assert rows(case)["on_site"].ended_at == START
        joining.unjoin(city=rich.city, case_id=case.pk, by=rich.dana, now=START + HOUR)
        assert rows(case)["on_site"].ended_at is None


class TestPauses:
    def test_every_one_is_kept_with_why_and_its_cost(self, rich: Cast) -> None:
        case = rich.case()
        due = rows(case)["on_site"].due_at
        rich.move(case, "ask", words="Which side?", now=START + HOUR)
        # Asked at 11, answered at 10 the next day: six hours, then two.
        rich.move(case, "answer", now=START + DAY)
        pause = CasePause.objects.get(case_id=case.pk)
        assert (pause.began_at, pause.ended_at) == (START + HOUR, START + DAY)
        assert pause.category == "waiting_applicant"
        assert pause.cost_seconds == 8 * 3600
        stored = sound(case)
        assert stored.paused_at is None
        assert rows(case)["on_site"].due_at == due + DAY - HOUR
        assert stored.risk_at is not None

    def test_a_case_that_ends_while_it_waits_leaves_no_open_pause(self, rich: Cast) -> None:
        case = rich.case()
        rich.move(case, "ask", words="Which side?", now=START)
        tasks.sweep_timers(START + 14 * DAY)
        assert not CasePause.objects.filter(case_id=case.pk, ended_at=None).exists()


class TestRisk:
    def test_a_case_is_at_risk_before_it_is_late(self, rich: Cast) -> None:
        case = rich.case()
        mine = Case.objects.of_city(rich.city.pk).filter(pk=case.pk)
        assert not mine.at_risk(START).exists()
        actions.reply(city=rich.city, case_id=case.pk, words="Hi.", by=rich.dana, now=START)
        CaseTarget.objects.filter(case_id=case.pk).delete()
        assert not mine.at_risk(START + DAY).exists()
        assert mine.at_risk(START + 2 * DAY).exists()
        assert not mine.late(START + 2 * DAY).exists()
        assert mine.late(START + 6 * DAY).exists()
        assert not mine.at_risk(START + 6 * DAY).exists()

    def test_a_lesser_target_that_is_missed_puts_it_at_risk(self, rich: Cast) -> None:
        case = rich.case()
        mine = Case.objects.of_city(rich.city.pk).filter(pk=case.pk)
        assert mine.at_risk(START + 3 * HOUR).exists()
        actions.reply(city=rich.city, case_id=case.pk, words="Hi.", by=rich.dana, now=START)
        assert not mine.at_risk(START + 3 * HOUR).exists()

    def test_what_stands_still_is_neither(self, rich: Cast) -> None:
        case = rich.case()
        rich.move(case, "ask", words="Which side?", now=START)
        later = Case.objects.filter(pk=case.pk)
        assert not later.at_risk(START + 4 * DAY).exists()
        assert not later.late(START + 9 * DAY).exists()


class TestLadder:
    def steps(self, case: Case) -> list[tuple[str, str]]:
        return [(e.kind, e.data["who"]) for e in entries(case) if "ladder" in e.data]

    def test_climbs_a_step_at_a_time_and_none_twice(self, rich: Cast) -> None:
        case = rich.case()
        actions.assign(
            city=rich.city,
            case_id=case.pk,
            user_id=rich.ben.user_id,
            user_name="Ben",
            by=rich.dana,
            now=START,
        )
        assert tasks.sweep_ladders(START + HOUR) == 0
        assert tasks.sweep_ladders(START + 2 * DAY) == 1
        assert tasks.sweep_ladders(START + 2 * DAY) == 0
        late = START + 5 * DAY + 7 * HOUR
        assert tasks.sweep_ladders(late) == 1
        assert tasks.sweep_ladders(late) == 0
        assert tasks.sweep_ladders(late + 30 * DAY) == 1
        assert tasks.sweep_ladders(late + 60 * DAY) == 0
        assert self.steps(case) == [
            ("reminded", "assignee"), ("escalated", "supervisor"), ("escalated", "head"),
        ]  # fmt: skip
        sound(case)

    def test_those_whose_turn_it_is_get_a_message(self, rich: Cast) -> None:
        case = rich.case()
        tasks.sweep_ladders(START + 6 * DAY)
        tasks.sweep_ladders(START + 6 * DAY)
        assert len(self.steps(case)) == 2
        Message.objects.all().delete()
        row = Outbox.objects.filter(topic="case.staff").latest("id")
        telling.tell_staff(row.payload, city_id=rich.city.pk, key=row.key, now=START)
        told = list(Message.objects.values_list("to_address", flat=True))
        assert "mo.cast@testford.example" in told
        assert "ben.cast@testford.example" not in told

    def test_rests_while_the_clock_stands_and_after_the_end(self, rich: Cast) -> None:
        paused, ended = rich.case(), rich.case()
        rich.move(paused, "hold", rich.mo, reason="Rain", now=START)
        rich.finish(ended, now=START)
        assert tasks.sweep_ladders(START + 20 * DAY) == 0


LESSER = RICH.replace(
    "first_response: {hours: 2, priorities: {high: {hours: 1}}}",
    "first_response: {hours: 2, ladder: [{after: risk, remind: assignee}, {after: late, remind: supervisor},"
    " {after: late, hours: 3, remind: head}]}",
)


class TestLadderOfATarget:
    @pytest.fixture
    def rich(self, db: None, tmp_path: Path) -> Cast:
        found = build()
        found.city = changed(tmp_path, "services/pothole.yaml", PLAIN, LESSER)
        return found

    def steps(self, case: Case) -> list[tuple[str, str]]:
        return [(e.data["target"], e.data["who"]) for e in entries(case) if "target" in e.data]

    def test_climbs_a_step_at_a_time_and_none_twice(self, rich: Cast) -> None:
        case = rich.case()
        assert tasks.sweep_ladders(START + HOUR - DAY) == 0
        assert tasks.sweep_ladders(START + HOUR) == 1
        assert tasks.sweep_ladders(START + HOUR) == 0
        assert tasks.sweep_ladders(START + 2 * HOUR) == 1
        assert tasks.sweep_ladders(START + 2 * HOUR) == 0
        assert tasks.sweep_ladders(START + 5 * HOUR) == 1
        assert tasks.sweep_ladders(START + 6 * HOUR) == 0
        assert self.steps(case) == [
            ("first_response", "assignee"), ("first_response", "supervisor"), ("first_response", "head"),
        ]  # fmt: skip
        assert case.ladder_step == sound(case).ladder_step == 0
        titles = [wording_more.rung(e)[0] for e in entries(case) if "target" in e.data]
        assert titles[0] == "First response at risk: reminder"
        assert titles[1] == titles[2] == "First response late: reminder"

    def test_supervisors_get_a_message_that_names_the_target(self, rich: Cast) -> None:
        rich.case()
        tasks.sweep_ladders(START + 3 * HOUR)
        tasks.sweep_ladders(START + 3 * HOUR)
        Message.objects.all().delete()
        row = Outbox.objects.filter(topic="case.staff").latest("id")
        telling.tell_staff(row.payload, city_id=rich.city.pk, key=row.key, now=START)
        message = Message.objects.get(to_address="mo.cast@testford.example")
        assert "First response late" in message.subject + message.body_text

    def test_ends_when_the_target_is_met_and_rests_with_the_clock(self, rich: Cast) -> None:
        met, paused, ended = rich.case(), rich.case(), rich.case()
        actions.reply(city=rich.city, case_id=met.pk, words="We look.", by=rich.dana, now=START)
        rich.move(paused, "hold", rich.mo, reason="Rain", now=START)
        rich.finish(ended, now=START)
        assert tasks.sweep_ladders(START + DAY) == 0
        rich.move(paused, "resume", rich.mo, now=START + DAY)
        # A day of working time passed while the clock stood.
        assert rows(paused)["first_response"].ladder_at == START + DAY + HOUR
        assert tasks.sweep_ladders(START + DAY + HOUR) == 1

    def test_a_new_set_up_sets_and_takes_away_steps(self, rich: Cast, tmp_path: Path) -> None:
        case = rich.case()
        tasks.sweep_ladders(START + HOUR)
        other = LESSER.replace("{after: late, remind: supervisor},", "")
        rich.city = changed(tmp_path / "b", "services/pothole.yaml", PLAIN, other)
        assert rows(case)["first_response"].ladder_step == 1
        assert rows(case)["first_response"].ladder_at == START + 5 * HOUR
        rich.city = changed(tmp_path / "c", "services/pothole.yaml", PLAIN, RICH)
        assert rows(case)["first_response"].ladder_at is None
        assert tasks.sweep_ladders(START + DAY) == 0

    def test_one_that_fails_does_not_hold_up_the_others(
        self, rich: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case = rich.case()
        monkeypatch.setattr(ladder, "entry_of", lambda *_a, **_k: {}["x"])
        assert tasks.sweep_ladders(START + HOUR) == 0
        put_off = rows(case)["first_response"].ladder_at
        assert put_off is not None
        assert put_off > START + HOUR
        monkeypatch.undo()
        assert tasks.sweep_ladders(put_off) == 1


class TestRecounting:
    def test_a_changed_calendar_moves_dates_and_says_how_many(
        self, rich: Cast, tmp_path: Path
    ) -> None:
        case, other = rich.case(), rich.case(service_key="question", place=SOUTH)
        before = case.due_at
        pack = WrongPack(tmp_path / "again").replace("services/pothole.yaml", PLAIN, RICH)
        pack.add("calendar.yaml", "seasons:\n  - {from: '03-01', to: '03-31', hours: {thu: []}}\n")
        _city, found = applying.apply_counted(
            packs.read_sound(pack.folder), by="t", now=START, with_staff=True
        )
        assert (found.looked_at, found.sooner) == (2, 0)
        assert found.later >= 1
        stored = sound(case)
        assert before is not None
        assert stored.due_at == before + DAY
        last = entries(case)[-1]
        assert (last.kind, last.data["why"], last.public) == ("promised", "calendar", True)
        assert sound(other).lock >= 1

    def test_another_promise_of_a_service_touches_its_cases_alone(
        self, rich: Cast, tmp_path: Path
    ) -> None:
        case, other = rich.case(), rich.case(service_key="question", place=SOUTH)
        pack = WrongPack(tmp_path / "again")
        pack.replace("services/pothole.yaml", PLAIN, RICH.replace("days: 3", "days: 5", 1))
        _city, found = applying.apply_counted(
            packs.read_sound(pack.folder), by="t", now=START, with_staff=True
        )
        assert (found.looked_at, found.moved, found.later) == (1, 1, 1)
        assert entries(case)[-1].data["why"] == "service"
        assert entries(other)[-1].kind != "promised"

    def test_a_pause_is_counted_in_and_nothing_becomes_late_by_it(self, rich: Cast) -> None:
        case = rich.case()
        rich.move(case, "ask", words="Which side?", now=START + HOUR)
        rich.move(case, "answer", now=START + DAY)
        due = sound(case).due_at
        again = recounting.recount(
            city=rich.city, by=system(rich.city.pk), now=START + DAY, why="calendar"
        )
        assert again.moved == 0
        assert sound(case).due_at == due

    def test_the_same_again_recounts_nothing(self, rich: Cast, tmp_path: Path) -> None:
        rich.case()
        pack = WrongPack(tmp_path / "again").replace("services/pothole.yaml", PLAIN, RICH)
        _city, found = applying.apply_counted(
            packs.read_sound(pack.folder), by="t", now=START, with_staff=True
        )
        assert found.looked_at == 0

    def test_a_corrected_place_recounts_the_promise(self, rich: Cast) -> None:
        case = rich.case(place=SOUTH)
        actions.place(city=rich.city, case_id=case.pk, new=NORTH, by=rich.dana, now=START)
        assert sound(case).due_at == START + DAY + 7 * HOUR
        assert entries(case)[-1].data["why"] == "place"


class TestPack:
    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("in: [north]", "in: [nord]", "nord"),
            ("stages: [working]", "stages: [workin]", "workin"),
            ("risk: {share: 50}", "risk: {share: 50, hours: 2}", "Risk is a share"),
            ("{after: risk, remind: assignee}", "{after: late, hours: 20, remind: head}", "ladder"),
            ("remind: head", "remind: boss", "boss"),
            ("remind: head}]}", "remind: boss}]}", "boss"),
            (
                "[{after: risk, remind: assignee}",
                "[{after: late, hours: 9, remind: head}",
                "above it",
            ),
        ],
    )
    def test_mistakes_are_found(self, tmp_path: Path, old: str, new: str, words: str) -> None:
        text = RICH if old in RICH else LESSER
        assert old in text
        pack = WrongPack(tmp_path)
        pack.replace("services/pothole.yaml", PLAIN, text.replace(old, new, 1))
        assert any(words in str(problem) for problem in pack.problems())
