"""Parallel tasks: they open on entry, come out one by one, and their join moves the case."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from onehall.casework import actions, effects, task_actions, tasks
from onehall.casework.errors import CaseChanged, MoveRefused
from onehall.casework.models import Case, Task, Timer
from onehall.casework.replay import replay
from onehall.casework.worklist import work_for
from onehall.catalog import registry
from onehall.cli import city as city_cli
from onehall.messaging.models import Outbox
from onehall.people.actor import Actor
from onehall.people.models import Department, Membership, Queue, User
from onehall.people.permissions import ROLES, allowed
from onehall.people.queries import queue_named, staff_actor
from onehall.service_requests import news
from tests.cast import START, Cast, build, entries, kinds, sound
from tests.reviewed import finish, hole, open_tasks, pack, reviewed, task

DAY = dt.timedelta(days=1)


@pytest.fixture
def cast(db: None) -> Cast:
    return reviewed()


def in_review(cast: Cast, size: str = "small") -> Case:
    case = hole(cast, size)
    cast.move(case, "accept")
    return case


def told(case: Case) -> None:
    """The timeline alone gives the state and the open tasks."""
    found = replay(entries(case), "received")
    assert found.state == sound(case).state
    rows = Task.objects.filter(case=case, state="open").values_list("key", "cycle")
    assert found.open_tasks == set(rows)


class TestEntering:
    def test_opens_the_tasks_whose_condition_holds(self, cast: Cast) -> None:
        assert open_tasks(in_review(cast, "small")) == ["clerk", "roads"]
        large = in_review(cast, "large")
        assert open_tasks(large) == ["clerk", "deep", "roads"]
        told(large)

    def test_gives_each_its_queue_and_its_time(self, cast: Cast) -> None:
        case = in_review(cast)
        roads, clerk = task(case, "roads"), task(case, "clerk")
        assert (roads.queue.key, clerk.queue.key) == ("roads", "questions")
        assert clerk.due_at == START + 3 * DAY
        # Five working days after Wednesday is the Wednesday after, at closing time.
        assert roads.due_at is not None
        assert (roads.due_at - START).days == 7

    def test_is_told_on_the_timeline_to_staff_alone(self, cast: Cast) -> None:
        case = in_review(cast)
        opened = [e for e in entries(case) if e.kind == "task_opened"]
        assert [e.data["task"] for e in opened] == ["roads", "clerk"]
        assert not any(e.public for e in opened)


class TestJoin:
    def test_waits_for_all_and_takes_the_worst(self, cast: Cast) -> None:
        case = in_review(cast)
        finish(cast, case, "clerk", "no")
        assert sound(case).state == "review"
        finish(cast, case, "roads", "yes")
        assert sound(case).state == "refused"
        moved = [e for e in entries(case) if e.kind == "moved"][-1]
        assert (moved.data["move"], moved.actor_kind) == ("refuse", "system")
        told(case)

    def test_leads_on_through_moves_that_are_made_by_themselves(self, cast: Cast) -> None:
        case = in_review(cast)
        finish(cast, case, "clerk")
        finish(cast, case, "roads", answers={"cost": 999})
        assert sound(case).state == "ready"
        assert open_tasks(case) == ["call"]
        told_states = [e.data["to"] for e in entries(case) if e.kind == "moved"]
        assert told_states == ["review", "decision", "ready"]

    def test_leaves_dear_work_to_a_supervisor(self, cast: Cast) -> None:
        case = in_review(cast)
        finish(cast, case, "clerk")
        finish(cast, case, "roads", answers={"cost": 1000})
        assert sound(case).state == "decision"
        with pytest.raises(MoveRefused):
            cast.move(case, "approve", cast.dana, reason="Because.")

    def test_one_message_tells_of_several_moves(self, cast: Cast) -> None:
        case = in_review(cast)
        finish(cast, case, "clerk")
        before = Outbox.objects.filter(topic="case.news").count()
        finish(cast, case, "roads")
        assert Outbox.objects.filter(topic="case.news").count() == before + 1


class TestRerun:
    def test_asks_only_those_again_whose_answer_was_not_good(self, cast: Cast) -> None:
        case = in_review(cast, "large")
        finish(cast, case, "clerk", "yes", cast.dana)
        finish(cast, case, "deep", "yes")
        mine = task(case, "roads")
        task_actions.take_task(
            city=cast.city, case_id=case.pk, task_id=mine.pk, by=cast.ben, now=START
        )
        finish(cast, case, "roads", "more", cast.ben)
        assert sound(case).state == "waiting"
        cast.move(case, "answer", cast.sam)
        assert open_tasks(case) == ["roads"]
        again = task(case, "roads")
        assert (again.cycle, again.assignee_id) == (2, cast.ben.user_id)
        assert again.due_at is not None
        assert (again.due_at - START).days == 2
        finish(cast, case, "roads", "yes")
        assert sound(case).state == "ready"
        told(case)

    def test_cancels_what_is_open_when_the_case_leaves(self, cast: Cast) -> None:
        case = in_review(cast)
        cast.move(case, "close", outcome="fixed", words="Done already.")
        assert sound(case).state == "done"
        assert open_tasks(case) == []
        assert kinds(case).count("task_cancelled") == 2
        told(case)


KEPT = "label: {en: Look at the road, es: Revisar la calle}\n        queue: roads\n"


@pytest.fixture
def kept(db: None, tmp_path: Path) -> Cast:
    """Testford where a supervisor alone decides what the road costs."""
    cast = build()
    folder = pack(tmp_path).replace(
        "flows/reviewed.yaml", KEPT, f"{KEPT}        by: [supervisor]\n"
    )
    cast.city = city_cli.apply(folder.folder, with_staff=False, by="tests")
    return cast


def acting(cast: Cast, role: str, department: str) -> Actor:
    """Somebody with one role, of a department of Testford or of none."""
    unit = Department.objects.filter(city=cast.city, key=department).first()
    user = User.objects.create(email=f"{role}@roles.example", name=role)
    Membership.objects.create(user=user, city=cast.city, department=unit, roles=[role])
    found = staff_actor(user, cast.city)
    assert found is not None
    return found


class TestRoleOnATask:
    """Who may decide a task that its flow keeps for supervisors: role by role, at home and elsewhere."""

    @pytest.mark.parametrize("department", ["works", "clerk"])
    @pytest.mark.parametrize("role", ROLES)
    def test_decides_alone(self, kept: Cast, role: str, department: str) -> None:
        case, who = in_review(kept), acting(kept, role, department)
        may = role in ("supervisor", "head") and department == "works"
        mine = task(case, "roads")
        given = {"city": kept.city, "case_id": case.pk, "task_id": mine.pk, "by": who, "now": START}
        if may:
            task_actions.take_task(**given)
            finish(kept, case, "roads", by=who)
            return
        for act in (
            lambda: task_actions.take_task(**given),
            lambda: finish(kept, case, "roads", by=who),
            lambda: task_actions.skip_task(**given, reason="Not needed."),
        ):
            with pytest.raises(MoveRefused):
                act()
        assert open_tasks(case) == ["clerk", "roads"]

    @pytest.mark.parametrize("role", ROLES)
    def test_leaves_the_others_of_the_case_as_they_were(self, kept: Cast, role: str) -> None:
        case, who = in_review(kept), acting(kept, role, "clerk")
        if allowed([role], "do_tasks"):
            finish(kept, case, "clerk", by=who)
            return
        with pytest.raises(MoveRefused):
            finish(kept, case, "clerk", by=who)

    def test_says_who_decides(self, kept: Cast) -> None:
        with pytest.raises(MoveRefused, match=r"^Decided by: Supervisor\.$"):
            finish(kept, in_review(kept), "roads", by=kept.ben)

    def test_is_not_passed_by(self, kept: Cast) -> None:
        """An agent may skip a task, but not one that is a supervisor's to decide."""
        case = in_review(kept)
        given = {"city": kept.city, "case_id": case.pk, "reason": "Not needed.", "now": START}
        with pytest.raises(MoveRefused, match="Decided by"):
            task_actions.skip_task(**given, task_id=task(case, "roads").pk, by=kept.dana)
        task_actions.skip_task(**given, task_id=task(case, "roads").pk, by=kept.mo)
        assert open_tasks(case) == ["clerk"]

    def test_is_in_the_work_of_those_who_decide_it(self, kept: Cast) -> None:
        case = in_review(kept)
        for who, keys in ((kept.mo, ["roads"]), (kept.ben, []), (kept.kim, ["clerk"])):
            queues = Queue.objects.filter(city=kept.city, department_id=who.department_id)
            actor = replace(who, queue_ids=frozenset(queues.values_list("id", flat=True)))
            mine = [t.key for t in work_for(kept.city, actor, limit=1) if t.case_id == case.pk]
            assert mine == keys, who.name


class TestPeople:
    def test_of_another_team_may_not_do_a_task(self, cast: Cast) -> None:
        case = in_review(cast)
        with pytest.raises(MoveRefused, match="another team"):
            finish(cast, case, "clerk", by=cast.ben)
        for reader in (cast.owen, cast.sam):
            with pytest.raises(MoveRefused):
                finish(cast, case, "roads", by=reader)

    def test_of_the_tasks_team_may_though_the_case_is_not_theirs(self, cast: Cast) -> None:
        case = in_review(cast)
        assert case.queue.key == "roads"
        finish(cast, case, "clerk", by=cast.kim)
        assert open_tasks(case) == ["roads"]

    def test_must_choose_a_known_outcome_and_answer_the_questions(self, cast: Cast) -> None:
        case = in_review(cast)
        with pytest.raises(MoveRefused) as no:
            finish(cast, case, "roads", "perhaps")
        assert no.value.missing == ("outcome",)
        with pytest.raises(MoveRefused) as no:
            finish(cast, case, "roads", "yes", answers={})
        assert no.value.missing == ("cost",)
        assert open_tasks(case) == ["clerk", "roads"]

    def test_may_take_a_task_and_give_it_back(self, cast: Cast) -> None:
        case = in_review(cast)
        given = {"city": cast.city, "case_id": case.pk, "by": cast.ben, "now": START}
        task_actions.take_task(**given, task_id=task(case, "roads").pk)
        assert task(case, "roads").assignee_id == cast.ben.user_id
        task_actions.take_task(**given, task_id=task(case, "roads").pk)
        assert task(case, "roads").assignee_id is None
        assert kinds(case).count("task_taken") == 2

    def test_who_lead_may_skip_with_a_reason(self, cast: Cast) -> None:
        case = in_review(cast)
        given = {"city": cast.city, "case_id": case.pk, "now": START}
        pk = task(case, "roads").pk
        with pytest.raises(MoveRefused, match="supervisor"):
            task_actions.skip_task(**given, task_id=pk, reason="Lazy.", by=cast.ben)
        with pytest.raises(MoveRefused):
            task_actions.skip_task(**given, task_id=pk, reason=" ", by=cast.mo)
        task_actions.skip_task(**given, task_id=pk, reason="Looked last week.", by=cast.mo)
        finish(cast, case, "clerk")
        # Nothing is known of the cost, so a supervisor decides.
        assert sound(case).state == "decision"
        told(case)

    def test_who_were_slower_are_told(self, cast: Cast) -> None:
        case = in_review(cast)
        seen = Case.objects.get(pk=case.pk).lock
        pk = task(case, "clerk").pk
        finish(cast, case, "roads")
        with pytest.raises(CaseChanged):
            finish(cast, case, "clerk", seen=seen)
        finish(cast, case, "clerk")
        with pytest.raises(MoveRefused, match="not open any more"):
            task_actions.take_task(
                city=cast.city, case_id=case.pk, task_id=pk, by=cast.dana, now=START
            )


class TestByHand:
    def add(self, cast: Cast, case: Case, title: str = "Ask the school") -> None:
        queue = queue_named(cast.city, "neighbors")
        assert queue is not None
        task_actions.add_task(
            city=cast.city,
            case_id=case.pk,
            queue_id=queue.id,
            title=title,
            working_days=1,
            by=cast.dana,
            now=START,
        )

    def test_an_added_task_counts_in_the_join(self, cast: Cast) -> None:
        case = in_review(cast)
        self.add(cast, case)
        finish(cast, case, "clerk")
        finish(cast, case, "roads")
        assert sound(case).state == "review"
        finish(cast, case, "extra-1", "no")
        assert sound(case).state == "refused"
        told(case)

    def test_elsewhere_it_is_only_done(self, cast: Cast) -> None:
        case = cast.case()
        self.add(cast, case)
        self.add(cast, case, "And the shop")
        assert open_tasks(case) == ["extra-1", "extra-2"]
        finish(cast, case, "extra-1", "done")
        assert sound(case).state == "received"
        cast.finish(case)
        assert open_tasks(case) == []
        told(case)

    def test_nothing_is_added_to_a_case_that_ended(self, cast: Cast) -> None:
        case = cast.case()
        cast.finish(case)
        with pytest.raises(MoveRefused, match="ended"):
            self.add(cast, case)


class TestGuardsAndChecklists:
    def test_a_guard_refuses_in_the_citys_words(self, cast: Cast) -> None:
        case = self.ready(cast)
        with pytest.raises(MoveRefused, match="Only when it is urgent"):
            cast.move(case, "hurry")
        actions.set_priority(city=cast.city, case_id=case.pk, priority=2, by=cast.dana, now=START)
        assert cast.move(case, "hurry").state == "working"

    def test_the_case_moves_on_by_itself_once_the_checklist_is_complete(self, cast: Cast) -> None:
        case = self.ready(cast)
        finish(cast, case, "call", "done")
        assert Case.objects.get(pk=case.pk).state == "ready"
        actions.assign(
            city=cast.city,
            case_id=case.pk,
            user_id=cast.dana.user_id,
            user_name=cast.dana.name,
            by=cast.dana,
            now=START,
        )
        stored = sound(case)
        assert (stored.state, stored.priority) == ("working", 1)
        told(case)

    def ready(self, cast: Cast) -> Case:
        case = in_review(cast)
        finish(cast, case, "clerk")
        finish(cast, case, "roads")
        return case


class TestEffects:
    def test_each_of_the_registry_does_something(self) -> None:
        assert set(effects.DOES) == set(registry.EFFECTS)

    def test_every_mail_that_may_be_sent_exists(self) -> None:
        from django.template.loader import get_template

        for name in (*registry.TEMPLATES, *news.TEMPLATES.values()):
            get_template(f"service_requests/mail/{name}.txt")

    def test_of_a_move_and_of_its_state_follow_it(self, cast: Cast) -> None:
        case = in_review(cast)
        finish(cast, case, "clerk")
        finish(cast, case, "roads", answers={"cost": 5000})
        assert Case.objects.get(pk=case.pk).queue.key == "questions"
        kim = replace(cast.kim, roles=frozenset({"supervisor"}))
        cast.move(case, "approve", kim, reason="Needed.")
        stored = Case.objects.get(pk=case.pk)
        assert stored.assignee_id == kim.user_id
        assert kinds(case)[-5:] == ["moved", "assigned", "noted", "task_opened", "clock"]

    def test_the_clock_may_stand_still_in_a_state_that_does_not_wait(self, cast: Cast) -> None:
        case = TestGuardsAndChecklists().ready(cast)
        stored = Case.objects.get(pk=case.pk)
        assert (stored.category, stored.paused_at) == ("approved", START)
        actions.set_priority(
            city=cast.city, case_id=case.pk, priority=2, by=cast.dana, now=START + DAY
        )
        cast.move(case, "hurry", now=START + DAY)
        assert sound(case).paused_at is None

    def test_residents_are_told_in_the_citys_words(self, cast: Cast) -> None:
        case = in_review(cast)
        finish(cast, case, "clerk", "more")
        finish(cast, case, "roads")
        said = [e for e in entries(case) if e.kind == "notified"]
        assert [e.data["said"]["es"] for e in said] == ["Díganos más."]
        assert said[0].public


class TestTimers:
    def test_remind_the_team_and_then_escalate_each_once(self, cast: Cast) -> None:
        case = in_review(cast)
        assert tasks.sweep_timers(START + 3 * DAY) == 1
        assert tasks.sweep_timers(START + 3 * DAY) == 0
        assert kinds(case)[-1] == "reminded"
        assert Outbox.objects.filter(topic="case.staff").count() == 1
        assert tasks.sweep_timers(START + 7 * DAY) == 1
        stored = sound(case)
        assert (stored.queue.key, stored.priority, stored.state) == ("roads-north", 1, "review")
        assert "escalated" in kinds(case)
        assert open_tasks(case) == ["clerk", "roads"]
        assert tasks.sweep_timers(START + 90 * DAY) == 0

    def test_of_a_state_that_was_left_are_silent(self, cast: Cast) -> None:
        case = in_review(cast)
        finish(cast, case, "clerk", "no")
        finish(cast, case, "roads")
        assert tasks.sweep_timers(START + 90 * DAY) == 0
        assert "reminded" not in kinds(case)

    def test_remind_the_resident_and_give_up_some_day(self, cast: Cast) -> None:
        case = in_review(cast)
        finish(cast, case, "clerk", "more")
        finish(cast, case, "roads")
        assert tasks.sweep_timers(START + 7 * DAY) == 1
        reminded = entries(case)[-1]
        assert (reminded.kind, reminded.public) == ("reminded", True)
        assert tasks.sweep_timers(START + 30 * DAY) == 1
        assert sound(case).state == "refused"

    def test_are_one_row_each(self, cast: Cast) -> None:
        case = in_review(cast)
        rows = Timer.objects.filter(case=case, entered=1).order_by("position")
        assert [(t.kind, t.position, t.move) for t in rows] == [
            ("remind", 0, ""),
            ("escalate", 1, ""),
        ]


class TestTheDatabase:
    def test_refuses_a_task_that_is_done_without_an_outcome(self, cast: Cast) -> None:
        row = task(in_review(cast), "roads")
        row.state, row.closed_at = "done", START
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()
