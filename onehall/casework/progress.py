"""What one act does to a case by the rules of its flow, gathered in memory and written together.

An act enters a state, which cancels and opens tasks and has effects; then the case may move on by
itself. All of it is one transaction, one run of entries and one save.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from onehall.casework import archived, clock, effects, promises, queries
from onehall.casework.answers import answers_of
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, Photo, Task, TimelineEntry, Timer
from onehall.casework.promises import PRIORITY_NAMES
from onehall.casework.timeline import NewEntry
from onehall.catalog import categories, machine
from onehall.catalog.facts import Snapshot, TaskRow
from onehall.catalog.flowparts import Effect, Span, TaskSpec
from onehall.catalog.flows import FlowDefinition, Move
from onehall.kernel.localized import pick
from onehall.kernel.rows import Together
from onehall.people.actor import Actor, system
from onehall.people.queries import queues
from onehall.places.models import City


@dataclass(kw_only=True)
class Progress:
    """A case on its way through its flow. `answers` None means they are read when a condition asks."""

    case: Case
    flow: FlowDefinition
    city: City
    by: Actor
    now: datetime
    answers: Mapping[str, Any] | None = None
    entries: list[NewEntry] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    fresh: list[Task] = field(default_factory=list)
    touched: list[Task] = field(default_factory=list)
    starts_timers: bool = False
    _more: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, case: Case, flow: FlowDefinition, *, city: City, by: Actor, now: datetime) -> Self:
        """The progress of a stored case, which the caller has locked."""
        tasks, case.held_tasks = case.held_tasks, None
        if tasks is None:
            tasks = list(Task.objects.filter(case_id=case.pk).order_by("cycle", "position", "id"))
        return cls(case=case, flow=flow, city=city, by=by, now=now, tasks=tasks)

    @property
    def machine(self) -> Actor:
        """Who makes what follows by itself."""
        return system(self.city.id)

    # What conditions see

    def snapshot(self) -> Snapshot:
        """The case now, as far as its flow asks."""
        case = self.case
        return Snapshot(
            state=case.state,
            entered=case.entered,
            areas=case.areas,
            placed=case.lon is not None,
            priority=PRIORITY_NAMES[case.priority],
            queue=next((q.key for q in queues(self.city) if q.id == case.queue_id), ""),
            assigned=case.assignee_id is not None,
            reopened=case.reopened,
            people=case.people_count,
            tasks=tuple(row_of(t) for t in self.tasks),
            replied=self._asks("requires.replied", self._replied, default=False),
            **self._facts(),
        )

    def _facts(self) -> dict[str, Any]:
        """What takes a query, read only where the flow names it."""
        reads = self.flow.reads
        by_answer = any("." not in name and name != "channel" for name in reads)
        found: dict[str, Any] = {}
        if by_answer or "requires.answered" in reads:
            found["answers"] = self._asks("", self._answers, default={})
        found["channel"] = self._asks("channel", self._channel, default="")
        if "requires.children_done" in reads:
            found["open_children"] = self._asks("requires.children_done", self._parts, default=0)
        if "requires.photo" in reads:
            kinds = self._asks("requires.photo", self._photos, default=[])
            found["photos_after"] = sum(1 for kind in kinds if kind == Photo.Kind.AFTER)
            found["photos_before"] = len(kinds) - found["photos_after"]
        return found

    def _asks(self, name: str, read: Any, *, default: Any) -> Any:
        if name and name not in self.flow.reads:
            return default
        if name not in self._more:
            self._more[name] = read()
        return self._more[name]

    def _answers(self) -> Mapping[str, Any]:
        return self.answers if self.answers is not None else answers_of(self.case.pk)

    def _channel(self) -> str:
        if self.case.archive_id is not None:
            past = archived.timeline(self.case)
            first = next((e for e in past if e.kind == "received"), None)
        else:
            found = TimelineEntry.objects.filter(case_id=self.case.pk, kind="received")
            first = found.order_by("seq").first()
        return str(first.data.get("channel", "")) if first else ""

    def _photos(self) -> list[str]:
        found = Photo.objects.filter(case_id=self.case.pk, removed_at=None)
        return list(found.order_by("id").values_list("kind", flat=True))

    def _parts(self) -> int:
        return Case.objects.filter(parent_id=self.case.pk, is_open=True).count()

    def _replied(self) -> bool:
        if any(e.kind == "replied" for e in self.entries):
            return True
        if self.case.archive_id is not None:
            return any(e.kind == "replied" for e in archived.timeline(self.case))
        return TimelineEntry.objects.filter(case_id=self.case.pk, kind="replied").exists()

    def require_guard(self, step: Move) -> None:
        """Refuse a move whose guard does not hold, in the city's own words."""
        if step.guard is None:
            return
        if not machine.guard_holds(step, machine.values(self.flow, self.snapshot())):
            own = pick(step.guard.words, get_language() or "", self.city.languages[0])
            raise MoveRefused(own or _("Something on the checklist of this case is still missing."))

    # From state to state

    def enter(self, target: str, data: dict[str, Any], *, by: Actor | None = None) -> None:
        """Leave the state for `target`: close its tasks, run or stop the clock, say so."""
        case, state = self.case, self.flow.states[target]
        self.entries.append(NewEntry(kind="moved", data=data, by=by))
        left = case.state
        case.previous_state = machine.previous_of(self.flow, case.state, case.previous_state)
        case.state, case.category = target, state.category
        case.is_open = categories.is_open(state.category)
        if case.closed_at is None or case.is_open:
            # What is told from now on is kept as long as anything else.
            case.erased = 0
        case.closed_at = None if case.is_open else (case.closed_at or self.now)
        case.entered += 1
        promises.run(
            case,
            running=not categories.is_paused(state.category),
            city=self.city,
            now=self.now,
            label=state.label,
        )
        self.starts_timers = True
        for task in self.tasks:
            if task.state == Task.State.OPEN and (
                not case.is_open or (task.joins and task.during == left)
            ):
                self.close_task(task, Task.State.CANCELLED)

    def start(self) -> None:
        """A new case: what its first state brings, and what follows by itself."""
        self.starts_timers = True
        self.begin()
        self.follow()

    def begin(self, given: Sequence[Effect] = ()) -> None:
        """What entering the state brings: its tasks, then the effects of the move and of the state."""
        state = self.flow.states[self.case.state]
        if state.tasks and self.case.is_open:
            case = self.snapshot()
            cycle = machine.cycle_of(state.key, case.tasks)
            for spec in machine.to_open(state, case.tasks, machine.values(self.flow, case)):
                self.open_step(spec, cycle)
        for effect in (*given, *state.enter):
            effects.apply(self, effect)

    def follow(self) -> None:
        """Let the case move on by itself, as far as its flow says."""
        if not self.flow.acts_by_itself:
            return
        for _turn in range(machine.MOST_IN_A_ROW):
            step = machine.next_move(self.flow, self.snapshot())
            if step is None:
                return
            self._take(step)
        raise MoveRefused(_("This would go in a circle. Tell whoever looks after the set-up."))

    def _take(self, step: Move) -> None:
        case = self.case
        target = machine.target_of(step, self.flow, previous=case.previous_state, end="")
        data: dict[str, Any] = {"move": step.key, "from": case.state, "to": target, "auto": True}
        if step.purpose:
            data["purpose"] = step.purpose
        # One act is one message: of several steps, those without words of their own are passed over.
        self.entries = [
            replace(e, news=False) if e.kind == "moved" and not e.data.get("words") else e
            for e in self.entries
        ]
        self.enter(target, data, by=self.machine)
        before, self.by = self.by, self.machine
        self.begin(step.effects)
        self.by = before

    # Tasks

    def open_step(self, spec: TaskSpec, cycle: int) -> None:
        """Open a task of the state the case is in. Whoever had it in the last cycle has it again."""
        mine = [t for t in self.tasks if t.key == spec.key]
        before = max(mine, key=lambda t: t.cycle, default=None)
        task = Task(
            key=spec.key,
            during=self.case.state,
            cycle=cycle,
            queue_id=effects.queue_id(self.city, spec.queue),
            assignee_id=before.assignee_id if before else None,
            due_at=self.due(spec.due_in(cycle)),
        )
        self.open_task(task)

    def open_task(self, task: Task) -> None:
        """Add a task to the case and say so."""
        task.city_id, task.case = self.city.id, self.case
        task.entered, task.opened_at = self.case.entered, self.now
        task.position = sum(1 for t in self.tasks if t.cycle == task.cycle)
        self.tasks.append(task)
        self.fresh.append(task)
        data = named(task) | {"queue": task.queue_id}
        if task.due_at is not None:
            data["due"] = task.due_at.isoformat()
        if task.label:
            data["label"] = task.label
        self.entries.append(
            NewEntry(kind="task_opened", data=data, by=None if task.label else self.machine)
        )

    def close_task(self, task: Task, state: Task.State, **data: Any) -> None:
        """Close a task as done, skipped or cancelled and say so."""
        task.state, task.closed_at = state, self.now
        self.touch(task)
        by = self.machine if state == Task.State.CANCELLED else None
        self.entries.append(NewEntry(kind=f"task_{state}", data=named(task) | data, by=by))

    def touch(self, task: Task) -> None:
        """Have a task written at the end."""
        if not any(t is task for t in (*self.fresh, *self.touched)):
            self.touched.append(task)

    def due(self, span: Span) -> datetime | None:
        """When a span that starts now has passed; None for no span."""
        return clock.later(span, self.now, queries.calendar_of(self.city)) if span else None

    # Writing

    def save(self, along: Together) -> None:
        """Write tasks and timers when the caller sends `along`; it adds the case and its entries."""
        for task in self.touched:
            along.update(task)
        timers = (
            timers_of(self.case, self.flow, city=self.city, since=self.now)
            if self.starts_timers
            else []
        )
        along.insert(self.fresh)
        along.insert(timers)


def named(task: Task) -> dict[str, Any]:
    """How entries name a task: its key and cycle are unique in a case."""
    return {"task": task.key, "cycle": task.cycle}


def row_of(task: Task) -> TaskRow:
    """A task as conditions see it."""
    return TaskRow(
        key=task.key,
        during=task.during,
        cycle=task.cycle,
        entered=task.entered,
        state=task.state,
        outcome=task.outcome,
        joins=task.joins,
        answers=task.answers,
    )


def timers_of(case: Case, flow: FlowDefinition, *, city: City, since: datetime) -> list[Timer]:
    """The timers of the state a case is in, counted from `since`; unsaved."""
    calendar = queries.calendar_of(city)
    return [
        Timer(
            city_id=case.city_id,
            case=case,
            entered=case.entered,
            kind=timer.do,
            move=timer.move,
            # Moves tell themselves apart; the others have no name but their place.
            position=0 if timer.move else timer.position,
            at=clock.later(timer.span, since, calendar),
        )
        for timer in flow.states[case.state].timers
    ]
