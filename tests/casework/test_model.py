"""Random flows, random people, random time: the engine does what the pure rules say, and nothing ever breaks."""

import copy
import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from onehall.casework import actions, task_actions, tasks
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case, Task, Timer
from onehall.casework.replay import replay
from onehall.catalog import categories, flows
from onehall.catalog import queries as catalog
from onehall.catalog.models import Flow, FlowVersion, Service
from onehall.catalog.registry import PRIORITY_KEYS
from onehall.catalog.scenarios import Refused, Run
from onehall.people.actor import Actor
from tests.casework.generated import ENDS, SIZE, WORDS, sound_documents
from tests.cast import SOUTH, START, Cast, build, entries, sound

WHO = ("agent", "crew", "supervisor", "auditor", "resident")
EVERYTHING = ["words", "message", "reason", "handed_to"]


class FlowMachine(RuleBasedStateMachine):
    """One case of a made-up flow, in the engine and as a scenario sees it, side by side."""

    cast: Cast

    @initialize(doc=sound_documents, size=st.sampled_from(["small", "large"]))
    def begin(self, doc: dict[str, Any], size: str) -> None:
        self.block = transaction.atomic()
        self.block.__enter__()
        self.now = START
        self.flow = flows.parse(doc)
        self.publish(doc)
        self.model = Run(self.flow, answers={"size": size}, queue="roads")
        self.case = self.cast.case(service_key="generated", answers={"size": size}, place=SOUTH)

    def publish(self, doc: dict[str, Any]) -> None:
        city = self.cast.city
        flow = Flow.objects.create(city=city, key="generated")
        FlowVersion.objects.create(
            flow=flow, number=1, doc=doc, sha256="0" * 64, published_at=START
        )
        like = Service.objects.get(city=city, key="pothole")
        service = {
            **like.doc, "key": "generated", "name": WORDS, "flow": "generated", "questions": [SIZE],
            "routing": [{"queue": "roads", "because": WORDS}], "closing": {"outcomes": ["fixed", "refused"]},
        }  # fmt: skip
        Service.objects.create(city=city, key="generated", flow=flow, group=like.group, doc=service)
        catalog.forget()

    def teardown(self) -> None:
        if hasattr(self, "block"):
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)
            catalog.forget()

    def actor(self, role: str) -> Actor:
        if role == "resident":
            return self.cast.sam
        return replace(self.cast.dana, roles=frozenset({role}))

    def both(self, act: Callable[[], Any], step: Callable[[Run], Any], what: str) -> None:
        """An act in the engine and the same step in the model: both do it, or both refuse."""
        lock = Case.objects.get(pk=self.case.pk).lock
        model = copy.deepcopy(self.model)
        refused = unlike = ""
        try:
            step(model)
            self.model = model
        except Refused as no:
            unlike = str(no)
        try:
            with transaction.atomic():
                act()
        except CaseworkRefused as no:
            refused = str(no)
            assert Case.objects.get(pk=self.case.pk).lock == lock, "a refusal leaves no trace"
        note(f"{what}: {refused or 'done'} | {unlike or 'done'}")
        assert bool(refused) == bool(unlike), (what, refused, unlike)

    @rule(
        data=st.data(), who=st.sampled_from(WHO), outcome=st.sampled_from(["", "fixed", "refused"])
    )
    def somebody_moves(self, data: st.DataObject, who: str, outcome: str) -> None:
        move = data.draw(st.sampled_from(sorted(self.flow.moves)))
        words = dict.fromkeys(("words", "reason", "handed_to"), "Words.")
        if self.flow.moves[move].purpose == "close":
            outcome = outcome or "fixed"
        self.both(
            lambda: self.cast.move(
                self.case, move, self.actor(who), now=self.now, outcome=outcome, **words
            ),
            lambda model: model.take(
                {"move": move, "by": who, "outcome": outcome, "given": EVERYTHING}
            ),
            f"{who} makes {move}",
        )

    @rule(data=st.data(), who=st.sampled_from(WHO[:3]), skip=st.sampled_from([False, False, False, True]), cost=st.sampled_from([None, 5, 50, 5000]))  # fmt: skip
    def somebody_closes_a_task(
        self, data: st.DataObject, who: str, skip: bool, cost: int | None
    ) -> None:
        found = list(Task.objects.filter(case=self.case, state="open").order_by("id"))
        if not found:
            return
        task = data.draw(st.sampled_from(found))
        mostly = [*ENDS] * 4 if task.joins else ["done"] * 8
        outcome = data.draw(st.sampled_from([*mostly, *ENDS, "done"]))
        answers = {} if cost is None else {"cost": cost}
        given = {"city": self.cast.city, "case_id": self.case.pk, "task_id": task.pk}
        given |= {"by": self.actor(who), "now": self.now}
        if skip:
            self.both(
                lambda: task_actions.skip_task(**given, reason="Words."),
                lambda model: model.take({"skip": task.key, "by": who}),
                f"{who} skips {task.key}",
            )
            return
        self.both(
            lambda: task_actions.complete_task(**given, outcome=outcome, answers=answers),
            lambda model: model.take({"task": task.key, "outcome": outcome, "answers": answers}),
            f"{who} finishes {task.key} as {outcome}",
        )

    @rule(data=st.data())
    def one_more_task_is_finished(self, data: st.DataObject) -> None:
        self.somebody_closes_a_task(data, "crew", skip=False, cost=5)

    @rule(who=st.sampled_from(WHO[:3]))
    def somebody_adds_a_task(self, who: str) -> None:
        queue = self.case.queue_id
        n = Task.objects.filter(case=self.case, key__startswith="extra-").count() + 1
        if n > 3:
            return
        self.both(
            lambda: task_actions.add_task(
                city=self.cast.city, case_id=self.case.pk, queue_id=queue, title="More",
                by=self.actor(who), now=self.now,
            ),
            lambda model: model.take({"add_task": f"extra-{n}"}),
            "somebody adds a task",
        )  # fmt: skip

    @rule(priority=st.integers(0, 2))
    def somebody_sets_the_priority(self, priority: int) -> None:
        if Case.objects.get(pk=self.case.pk).priority != priority:
            self.both(
                lambda: actions.set_priority(
                    city=self.cast.city, case_id=self.case.pk, priority=priority,
                    by=self.cast.dana, now=self.now,
                ),
                lambda model: model.learn(priority=PRIORITY_KEYS[priority]),
                "the priority changes",
            )  # fmt: skip

    @rule(give=st.booleans())
    def somebody_gets_the_case(self, give: bool) -> None:
        person = self.cast.dana.user_id if give else None
        if (Case.objects.get(pk=self.case.pk).assignee_id is not None) != give:
            self.both(
                lambda: actions.assign(
                    city=self.cast.city, case_id=self.case.pk, user_id=person, user_name="Dana",
                    by=self.cast.dana, now=self.now,
                ),
                lambda model: model.learn(assigned=give),
                "the case is given",
            )  # fmt: skip

    @rule(days=st.integers(1, 12))
    def time_passes(self, days: int) -> None:
        """A worker sweeps at each moment at which something is due."""
        until = self.now + dt.timedelta(days=days)
        self.model.take({"wait": {"days": days}})
        while True:
            case = Case.objects.get(pk=self.case.pk)
            due = Timer.objects.filter(case=case, fired_at=None, at__lte=until).order_by("at", "id")
            timer = due.first()
            if timer is None:
                break
            tasks.sweep_timers(max(timer.at, self.now))
        assert tasks.sweep_timers(until) == 0
        self.now = until
        note(f"{days} days pass")

    @invariant()
    def the_case_is_sound_and_as_the_model_has_it(self) -> None:
        if not hasattr(self, "case"):
            return
        stored = sound(self.case)
        model = self.model
        assert stored.state in self.flow.states
        assert (stored.state, stored.entered) == (model.state, model.entered)
        assert stored.previous_state == model.previous
        assert PRIORITY_KEYS[stored.priority] == model.priority
        assert stored.queue.key == model.queue
        assert (stored.assignee_id is not None) == model.assigned
        rows = Task.objects.filter(case=stored).values_list("key", "cycle", "state", "outcome")
        assert sorted(rows) == sorted((t.key, t.cycle, t.state, t.outcome) for t in model.tasks)

    @invariant()
    def no_task_is_open_at_an_end(self) -> None:
        if hasattr(self, "case"):
            stored = Case.objects.get(pk=self.case.pk)
            waiting = Task.objects.filter(case=stored, state="open").exists()
            assert categories.is_open(stored.category) or not waiting

    @invariant()
    def the_timeline_alone_gives_the_state_and_the_open_tasks(self) -> None:
        if hasattr(self, "case"):
            told = replay(entries(self.case), "s0")
            rows = Task.objects.filter(case=self.case, state="open").values_list("key", "cycle")
            assert told.state == Case.objects.get(pk=self.case.pk).state
            assert told.open_tasks == set(rows)

    @invariant()
    def each_timer_acts_at_most_once(self) -> None:
        if hasattr(self, "case"):
            rows = Timer.objects.filter(case=self.case)
            names = list(rows.values_list("entered", "kind", "move", "position"))
            assert len(names) == len(set(names))
            fired = rows.filter(fired_at__isnull=False)
            late = [e for e in entries(self.case) if str(e.data.get("move", "")).endswith("_late")]
            assert len(late) <= fired.filter(kind="fire").count()


@pytest.mark.django_db
def test_the_engine_does_what_the_rules_say_whatever_the_flow() -> None:
    cast = build()

    class Machine(FlowMachine):
        pass

    Machine.cast = cast
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
