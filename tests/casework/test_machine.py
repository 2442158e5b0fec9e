"""Any order of acts by anybody: a case is in one state, its chain holds, and its timeline tells its whole way."""

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from onehall.casework import actions, tasks
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case, Timer
from onehall.catalog.queries import catalogue
from onehall.people.actor import Actor
from onehall.service_requests import actions as requests
from onehall.service_requests import joining
from onehall.service_requests.models import ServiceRequest
from tests.cast import START, Cast, after_photo, build, entries, sound

WHO = ("ben", "mo", "dana", "kim", "owen", "sam", "machine")
OUTCOMES = ("", "fixed", "nothing_found", "not_ours", "declined", "no_such_end")
MOVES = (
    "check", "start", "close", "ask", "answer", "hold", "resume", "accept", "dispute", "withdraw",
    "settle", "give_up", "reopen",
)  # fmt: skip

TIMED = ("settle", "give_up")


class CaseMachine(RuleBasedStateMachine):
    """Two potholes in Testford and everything that can happen to them. Runs inside one test's database."""

    cast: Cast

    @initialize()
    def begin(self) -> None:
        self.block = transaction.atomic()
        self.block.__enter__()
        self.now = START
        self.reports = [self.cast.report(), self.cast.report(service_key="pothole", priority=1)]
        self.cases = [r.case for r in self.reports]
        self.seen: list[int | None] = [None, None]
        self.untimed: Counter[int] = Counter()

    def teardown(self) -> None:
        if hasattr(self, "block"):
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    def attempt(self, act: Any) -> None:
        """An act that may be refused in words; a refusal must leave no trace."""
        before = [Case.objects.get(pk=c.pk).lock for c in self.cases]
        refused = ""
        try:
            with transaction.atomic():
                act()
        except CaseworkRefused as no:
            refused = str(no) or "without words"
        assert refused != "without words"
        if refused:
            assert [Case.objects.get(pk=c.pk).lock for c in self.cases] == before

    def actor(self, who: str) -> Actor:
        return self.cast.named(who)

    @rule(hours=st.integers(1, 24 * 9))
    def time_passes(self, hours: int) -> None:
        self.now += dt.timedelta(hours=hours)

    @rule()
    def a_worker_sweeps(self) -> None:
        tasks.sweep_timers(self.now)
        assert tasks.sweep_timers(self.now) == 0

    @rule(
        n=st.integers(0, 1),
        move=st.sampled_from(MOVES),
        who=st.sampled_from(WHO),
        outcome=st.sampled_from(OUTCOMES),
        words=st.sampled_from(["", "Some words."]),
        photo=st.booleans(),
        stale=st.booleans(),
    )
    def somebody_moves(
        self, n: int, move: str, who: str, outcome: str, words: str, photo: bool, stale: bool
    ) -> None:
        case = self.cases[n]
        ids = (after_photo(self.cast, case, by=self.cast.ben, now=self.now),) if photo else ()
        given = {
            "outcome": outcome,
            "words": words,
            "reason": words,
            "handed_to": words,
            "photo_ids": ids,
        }
        seen = self.seen[n] if stale else None

        def act() -> None:
            self.cast.move(case, move, self.actor(who), now=self.now, seen=seen, **given)
            # The system may make a timer's move without its timer.
            self.untimed[case.pk] += move in TIMED

        self.attempt(act)

    @rule(n=st.integers(0, 1))
    def somebody_opens_the_page(self, n: int) -> None:
        self.seen[n] = Case.objects.get(pk=self.cases[n].pk).lock

    @rule(n=st.integers(0, 1), who=st.sampled_from(WHO), priority=st.integers(0, 2))
    def somebody_sets_the_priority(self, n: int, who: str, priority: int) -> None:
        self.attempt(
            lambda: actions.set_priority(
                city=self.cast.city,
                case_id=self.cases[n].pk,
                priority=priority,
                by=self.actor(who),
                now=self.now,
            )
        )

    @rule(n=st.integers(0, 1), who=st.sampled_from(WHO), noted=st.booleans())
    def somebody_of_the_staff_speaks(self, n: int, who: str, noted: bool) -> None:
        act = actions.note if noted else actions.reply
        self.attempt(
            lambda: act(
                city=self.cast.city,
                case_id=self.cases[n].pk,
                words="Words.",
                by=self.actor(who),
                now=self.now,
            )
        )

    @rule(n=st.integers(0, 1))
    def the_resident_writes(self, n: int) -> None:
        self.attempt(
            lambda: requests.write(
                city=self.cast.city,
                request=self.reports[n],
                words="Words.",
                by=self.cast.sam,
                now=self.now,
            )
        )

    @rule(n=st.integers(0, 1), fixed=st.booleans(), reason=st.sampled_from(["", "Still there."]))
    def the_resident_judges(self, n: int, fixed: bool, reason: str) -> None:
        self.attempt(
            lambda: requests.judge(
                city=self.cast.city,
                request=self.reports[n],
                fixed=fixed,
                reason=reason,
                by=self.cast.sam,
                now=self.now,
            )
        )

    @rule(n=st.integers(0, 1))
    def somebody_follows(self, n: int) -> None:
        self.attempt(lambda: self.cast.follow(self.cases[n], now=self.now))

    @rule(n=st.integers(0, 1), who=st.sampled_from(WHO))
    def somebody_joins(self, n: int, who: str) -> None:
        self.attempt(
            lambda: joining.join(
                city=self.cast.city,
                case_id=self.cases[n].pk,
                into_number=self.cases[1 - n].number,
                by=self.actor(who),
                now=self.now,
            )
        )

    @rule(n=st.integers(0, 1), who=st.sampled_from(WHO))
    def somebody_takes_apart(self, n: int, who: str) -> None:
        self.attempt(
            lambda: joining.unjoin(
                city=self.cast.city, case_id=self.cases[n].pk, by=self.actor(who), now=self.now
            )
        )

    @invariant()
    def each_case_is_sound(self) -> None:
        for case in getattr(self, "cases", []):
            stored = sound(case)
            assert stored.due_at is not None, "both have a promise, whatever happens"
            assert (
                stored.state in catalogue(self.cast.city).flow_version(case.flow_version_id).states
            )

    @invariant()
    def the_timeline_alone_gives_the_state(self) -> None:
        for case in getattr(self, "cases", []):
            stored = Case.objects.get(pk=case.pk)
            state, merged, reopened, outcome = "received", False, 0, ""
            for entry in entries(case):
                data = entry.data
                if entry.kind == "moved":
                    assert data["from"] == state
                    state = data["to"]
                    outcome = data.get("outcome", outcome)
                    if data.get("purpose") in ("dispute", "reopen"):
                        reopened, outcome = reopened + 1, ""
                elif entry.kind == "joined" and "into" in data:
                    merged = True
                elif entry.kind == "unjoined" and "from" in data:
                    merged = False
            told = (state, merged, reopened, outcome)
            assert told == (
                stored.state,
                stored.merged_into_id is not None,
                stored.reopened,
                stored.outcome,
            )

    @invariant()
    def no_timer_fires_twice(self) -> None:
        for case in getattr(self, "cases", []):
            moved = sum(e.data.get("move") in TIMED for e in entries(case))
            fired = Timer.objects.filter(case=case, fired_at__isnull=False).count()
            assert moved - self.untimed[case.pk] <= fired
            live = Timer.objects.filter(case=case, entered=case.entered, fired_at=None)
            assert live.count() <= 1

    @invariant()
    def nobody_is_lost(self) -> None:
        if hasattr(self, "cases"):
            roots = ServiceRequest.objects.filter(case__in=self.cases, case__merged_into=None)
            everybody = ServiceRequest.objects.filter(city=self.cast.city).count()
            assert roots.count() == everybody
            counted = sum(Case.objects.get(pk=c.pk).people_count for c in self.cases)
            assert counted == everybody


@pytest.mark.django_db
def test_whatever_happens_a_case_stays_sound() -> None:
    cast = build()

    class Machine(CaseMachine):
        pass

    Machine.cast = cast
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
