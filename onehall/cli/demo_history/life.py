"""One made-up case from its report to its end, as entries of a timeline."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from onehall.casework import clock
from onehall.casework.bulk import CaseRow, EntryRow
from onehall.catalog import categories
from onehall.catalog.flows import FlowDefinition, Move
from onehall.catalog.services import ServiceDefinition
from onehall.cli.demo_history import words
from onehall.kernel.work_calendar import WorkCalendar


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody of the staff who makes moves."""

    id: int
    name: str


@dataclass(slots=True)
class Life:
    """A case being lived. `until` is now: what would come later has not happened."""

    row: CaseRow
    service: ServiceDefinition
    flow: FlowDefinition
    calendar: WorkCalendar
    rng: random.Random
    until: datetime
    agent: Worker
    worker: Worker
    after_photo: int | None = None
    timers: list[tuple[int, str, datetime]] = field(default_factory=list)
    settled_by: str = ""
    channel: str = "web"

    def add(self, at: datetime, kind: str, by: Worker | str, **data: Any) -> None:
        """Append an entry made by a member of staff, "resident" or "system"."""
        staff = isinstance(by, Worker)
        self.row.timeline.append(
            EntryRow(
                at=at,
                kind=kind,
                data=data,
                actor_kind="staff" if isinstance(by, Worker) else by,
                actor_id=by.id if isinstance(by, Worker) else None,
                actor_name=by.name if isinstance(by, Worker) else "",
                public=False if kind == "routed" and not staff else None,
            )
        )
        self.row.updated_at = at

    def move(self, at: datetime, step: Move, to: str, by: Worker | str, **data: Any) -> None:
        """Make a step of the flow, with clock, timers and category as the engine would."""
        row = self.row
        state = self.flow.states[to]
        facts = {"move": step.key, "from": row.state, "to": to} | data
        if step.purpose:
            facts["purpose"] = step.purpose
        was_paused = categories.is_paused(row.category)
        row.previous_state = row.previous_state if was_paused else row.state
        row.state, row.category = to, state.category
        row.entered += 1
        row.closed_at = None if categories.is_open(state.category) else (row.closed_at or at)
        held = clock.Clock(row.due_at, row.paused_at)
        if categories.is_paused(state.category):
            held = clock.pause(held, at)
        elif was_paused:
            held = clock.resume(held, at, self.calendar)
        row.due_at, row.paused_at = held.due_at, held.paused_at
        self.timers = [(row.entered, t.move, at + t.after) for t in state.timers if t.move]
        self.add(at, "moved", by, **facts)

    def live(self, done_at: datetime) -> None:
        """From received to where it stands at `until`."""
        start, rng = self.row.opened_at, self.rng
        span = done_at - start
        at = start + span * rng.uniform(0.02, 0.25)
        for step in self._way():
            if at > self.until:
                return
            self.move(at, step, step.to, self.agent if step.purpose != "start" else self.worker)
            if step.purpose == "start":
                self.row.assignee_id = self.worker.id
            at += (done_at - at) * rng.uniform(0.3, 0.8)
        if rng.random() < 0.05 and not self._ask(at):
            return
        if rng.random() < 0.06 and at < self.until:
            self.add(at, "noted", self.worker, words=rng.choice(words.NOTES))
        if done_at > self.until:
            return
        self._close(done_at)
        self._judge(done_at)

    def _way(self) -> list[Move]:
        """Staff steps that lead on from the first state, the middle one only now and then."""
        steps: list[Move] = []
        state = self.flow.start
        while True:
            onward = [
                m
                for m in self.flow.leaving(state, {"agent", "crew", "supervisor"})
                if m.purpose in ("", "start") and not m.needs and not m.to.startswith("$")
                and m.to not in {s.to for s in steps} | {self.flow.start}
                and categories.is_open(self.flow.states[m.to].category)
                and not categories.is_paused(self.flow.states[m.to].category)
            ]  # fmt: skip
            if not onward:
                return steps
            plain = [m for m in onward if m.purpose == ""] or onward
            chosen = plain[0] if not steps else self.rng.choice(onward)
            steps.append(chosen)
            state = chosen.to

    def _ask(self, at: datetime) -> bool:
        """Ask the resident something; False when no answer has come yet."""
        ask = self.flow.with_purpose("ask", self.row.state, {"agent"})
        if ask is None:
            return True
        if at > self.until:
            return False
        self.move(at, ask, ask.to, self.agent, words=self.rng.choice(words.QUESTIONS))
        answered = at + timedelta(hours=self.rng.uniform(2, 60))
        # Some questions of the last weeks still wait; older ones were answered in the end.
        silent = self.rng.random() < 0.3 and at > self.until - timedelta(days=25)
        if answered > self.until or silent:
            return False
        self.add(
            answered,
            "wrote",
            "resident",
            words=self.rng.choice(words.ANSWERS),
            number=self.row.number,
        )
        answer = self.flow.with_purpose("answer", self.row.state, {"resident"})
        if answer is not None:
            self.move(answered, answer, self.row.previous_state, "resident")
        return True

    def _close(self, at: datetime) -> None:
        step = self.flow.with_purpose("close", self.row.state, {"crew", "agent", "supervisor"})
        if step is None:
            return
        good = self.service.outcomes[0]
        outcome = good
        if self.rng.random() < 0.12 and len(self.service.outcomes) > 1:
            outcome = self.rng.choice(self.service.outcomes[1:])
        said = words.CREWS.get(self.service.key, words.CREWS[""])
        data: dict[str, Any] = {"outcome": outcome, "words": self.rng.choice(said)}
        if outcome != good:
            data["words"] = self.rng.choice(words.NOT_FOUND)
        if "handed_to" in self.flow.outcomes[outcome].needs:
            data |= {
                "handed_to": "Alder County Roads",
                "words": "This road is looked after by the county. We passed it on with your photos.",
            }
        if self.after_photo and outcome == good:
            data["photos"] = [self.after_photo]
        self.row.outcome = outcome
        self.row.assignee_id = self.worker.id
        self.move(at, step, self.flow.outcomes[outcome].to, self.worker, **data)

    def _judge(self, done_at: datetime) -> None:
        """What the resident says, or the silence after which it is taken as fixed."""
        rng = self.rng
        accept = self.flow.with_purpose("accept", self.row.state, {"resident"})
        dispute = self.flow.with_purpose("dispute", self.row.state, {"resident"})
        said_at = done_at + timedelta(hours=rng.uniform(1, 90))
        if accept is None:
            return
        chance = rng.random()
        if chance < 0.04 and dispute is not None and said_at < self.until:
            self._dispute(said_at, dispute)
            return
        if chance < 0.3 and said_at < self.until:
            self.settled_by = "resident"
            self.move(said_at, accept, accept.to, "resident")
            return
        for _entered, key, fire_at in list(self.timers):
            if fire_at < self.until:
                timer = self.flow.moves[key]
                self.move(fire_at, timer, timer.to, "system")

    def _dispute(self, at: datetime, step: Move) -> None:
        """Not fixed: open again with a new date, and mostly mended soon after."""
        self.row.outcome = ""
        self.move(at, step, step.to, "resident", words=self.rng.choice(words.STILL_WRONG))
        self.row.reopened += 1
        self.row.due_at = clock.due(self.service.promise, at, self.calendar)
        again = at + timedelta(days=self.rng.uniform(1, 6))
        if again < self.until:
            self._close(again)
            accept = self.flow.with_purpose("accept", self.row.state, {"resident"})
            if accept is not None and again + timedelta(days=1) < self.until:
                self.move(again + timedelta(days=1), accept, accept.to, "resident")
