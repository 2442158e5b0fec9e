"""Runs the scenarios of a flow without a database, on the same rules as the engine.

A scenario knows no calendar: a working day counts as a day and a working hour as an hour.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from onehall.catalog import categories, machine
from onehall.catalog.facts import Snapshot, TaskRow
from onehall.catalog.findings import BY, STAFF, Finding
from onehall.catalog.flowparts import (
    PLAIN_DONE,
    Doc,
    Effect,
    Scenario,
    Span,
    StateTimer,
    TaskSpec,
    span_of,
)
from onehall.catalog.flows import FlowDefinition, Move
from onehall.people.permissions import decides, skips


class Refused(Exception):
    """A step that the flow does not allow; the text says why, for whoever writes the scenario."""


def failures(flow: FlowDefinition) -> list[Finding]:
    """What does not come out as the flow's scenarios expect."""
    return [
        Finding(("scenarios", s.key, "steps"), f'The scenario "{s.key}" fails {words}', _ADVICE)
        for s in flow.scenarios
        for words in run(flow, s)
    ]


def is_failure(message: str) -> bool:
    """Whether a mistake says that a scenario does not come out: the flow itself could be read."""
    return message.startswith('The scenario "') and '" fails ' in message


_ADVICE = "Change the flow, or what the scenario expects."


def run(flow: FlowDefinition, scenario: Scenario) -> list[str]:
    """The first thing that went otherwise than expected, as "at step 3: …"; [] when all went well."""
    doc = scenario.doc
    try:
        case = Run(flow, priority=doc.get("priority", "normal"), answers=doc.get("answers", {}))
    except Refused as no:
        return [f"at the start: {no}"]
    if wrong := [*case.differences(doc.get("expect", {}))]:
        return [f"at the start: {wrong[0]}"]
    for number, step in enumerate(doc["steps"], 1):
        if wrong := _wrong(case, step):
            return [f"at step {number}: {wrong[0]}"]
    return []


def _wrong(case: "Run", step: Doc) -> list[str]:
    try:
        case.take(step)
    except Refused as no:
        return [] if step.get("refused") else [f"refused, because {no}"]
    if step.get("refused"):
        return ["it was to be refused, but was not."]
    return list(case.differences(step.get("expect", {})))


@dataclass
class Run:
    """A case of a scenario: what the engine keeps in rows, in memory.

    `length` says how long a span is that begins some time after the opening.
    """

    flow: FlowDefinition
    priority: str = "normal"
    answers: Doc = field(default_factory=dict)
    queue: str = ""
    previous: str = ""
    outcome: str = ""
    assigned: bool = False
    photos_after: int = 0
    entered: int = 0
    now: timedelta = timedelta()
    since: timedelta = timedelta()
    tasks: list[TaskRow] = field(default_factory=list)
    fired: set[int] = field(default_factory=set)
    effects: list[str] = field(default_factory=list)
    state: str = ""
    mover: str = ""
    channel: str = "web"
    areas: dict[str, str] = field(default_factory=dict)
    placed: bool = True
    replied: bool = False
    reopened: int = 0
    people: int = 1
    photos_before: int = 0
    length: Callable[[Span, timedelta], timedelta] = lambda span, _since: _length(span)

    def __post_init__(self) -> None:
        self.state = self.flow.start
        self._begin(())
        self._follow()

    @property
    def snapshot(self) -> Snapshot:
        """The case as its conditions see it."""
        return Snapshot(
            state=self.state,
            entered=self.entered,
            answers=self.answers,
            areas=self.areas,
            channel=self.channel,
            placed=self.placed,
            priority=self.priority,
            queue=self.queue,
            assigned=self.assigned,
            reopened=self.reopened,
            people=self.people,
            photos_before=self.photos_before,
            photos_after=self.photos_after,
            replied=self.replied,
            tasks=tuple(self.tasks),
        )

    def take(self, step: Doc) -> None:
        """One step; `Refused` when the flow does not allow it."""
        self.effects = []
        for act in ("move", "task", "skip", "add_task", "wait"):
            if act in step:
                getattr(self, f"_{act}")(step[act], step)
        self._follow()

    def learn(self, **facts: Any) -> None:
        """Something about the case changed otherwise: its priority, who has it."""
        for name, value in facts.items():
            setattr(self, name, value)
        self._follow()

    # What a step does

    def _move(self, key: str, step: Doc) -> None:
        move = self.flow.moves.get(key)
        if move is None:
            raise Refused(f'there is no move "{key}".')
        who = step.get("by", "")
        if who not in BY:
            raise Refused(f'"{who}" is nobody: write who makes the move under "by".')
        if self.state not in move.sources:
            raise Refused(f'"{key}" does not leave "{self.state}".')
        if who not in move.by:
            raise Refused(f'a {who} may not make "{key}".')
        if not machine.guard_holds(move, machine.values(self.flow, self.snapshot)):
            raise Refused(f'the guard of "{key}" does not hold.')
        target = self._target(move, step)
        self.photos_after += "after_photo" in step.get("given", [])
        self._go(move, target, by=who)

    def _target(self, move: Move, step: Doc) -> str:
        end = self.flow.outcomes.get(step.get("outcome", ""))
        needs = set(move.needs) | (set(end.needs) if end and move.purpose == "close" else set())
        if missing := sorted(needs - set(step.get("given", []))):
            raise Refused(f"it needs {', '.join(missing)}.")
        if move.to == "$outcome" and end is None:
            raise Refused("it needs an outcome.")
        return machine.target_of(move, self.flow, previous=self.previous, end=end.to if end else "")

    def _task(self, key: str, step: Doc) -> None:
        number, row = self._open(key)
        found = self.flow.task(key)
        if "by" in step and found and not decides((step["by"],), found[1].by):
            raise Refused(f'a {step["by"]} may not decide the task "{key}".')
        outcome = step.get("outcome", PLAIN_DONE)
        join = self.flow.states[row.during].join if row.joins else None
        known = [o.key for o in join.outcomes] if join else [PLAIN_DONE]
        if outcome not in known:
            raise Refused(f'the task "{key}" cannot come out as "{outcome}".')
        answers = step.get("answers", {})
        for question in found[1].questions if found else ():
            if question.required and question.key not in answers and question.when is None:
                raise Refused(f'the task "{key}" needs an answer to "{question.key}".')
        self.tasks[number] = replace(row, state="done", outcome=outcome, answers=answers)

    def _skip(self, key: str, step: Doc) -> None:
        number, row = self._open(key)
        found = self.flow.task(key)
        if "by" in step and not skips((step["by"],), found[1].by if found else ()):
            raise Refused(f'a {step["by"]} may not skip the task "{key}".')
        self.tasks[number] = replace(row, state="skipped")

    def _add_task(self, key: str, _step: Doc) -> None:
        if not categories.is_open(self.flow.states[self.state].category):
            raise Refused("the case has ended.")
        joins = self.flow.states[self.state].join is not None
        cycle = max(1, machine.cycle_of(self.state, self.tasks) - 1)
        self.tasks.append(
            TaskRow(key=key, during=self.state, cycle=cycle, entered=self.entered, joins=joins)
        )

    def _wait(self, span: Doc, _step: Doc) -> None:
        self.wait_until(self.now + self.length(span_of(span), self.now))

    def wait_until(self, until: timedelta) -> None:
        """Let time pass up to a moment after the opening; timers that are due meanwhile do their part."""
        while (due := self._due(until)) is not None:
            self.now, _position, timer = due
            self.fired.add(timer.position)
            self._ring(timer)
        self.now = max(self.now, until)

    def _ring(self, timer: StateTimer) -> None:
        if timer.effect is not None:
            self._do(timer.effect)
            self._follow()
            return
        move = self.flow.moves[timer.move]
        if machine.guard_holds(move, machine.values(self.flow, self.snapshot)):
            self._go(move, machine.target_of(move, self.flow, previous=self.previous, end=""))
            self._follow()

    def _due(self, until: timedelta) -> tuple[timedelta, int, StateTimer] | None:
        timers = [
            (self.since + self.length(t.span, self.since), t.position, t)
            for t in self.flow.states[self.state].timers
            if t.position not in self.fired
        ]
        return min((t for t in timers if t[0] <= until), default=None, key=lambda t: t[:2])

    def _open(self, key: str) -> tuple[int, TaskRow]:
        for number, row in enumerate(self.tasks):
            if row.key == key and row.state == "open":
                return number, row
        raise Refused(f'there is no open task "{key}".')

    # What follows from it

    def _go(self, move: Move, target: str, *, by: str = "system") -> None:
        ends = not categories.is_open(self.flow.states[target].category)
        self.tasks = [
            replace(t, state="cancelled")
            if t.state == "open" and (ends or (t.joins and t.during == self.state))
            else t
            for t in self.tasks
        ]
        self.previous = machine.previous_of(self.flow, self.state, self.previous)
        self.state = target
        self.entered += 1
        self.since, self.fired = self.now, set()
        self.mover = by
        self._begin(move.effects)
        self.mover = ""

    def _begin(self, effects: tuple[Effect, ...]) -> None:
        state = self.flow.states[self.state]
        cycle = machine.cycle_of(self.state, self.tasks)
        given = machine.values(self.flow, self.snapshot)
        self.tasks += [self._row(task, cycle) for task in machine.to_open(state, self.tasks, given)]
        for effect in (*effects, *state.enter):
            self._do(effect)

    def _row(self, task: TaskSpec, cycle: int) -> TaskRow:
        return TaskRow(key=task.key, during=self.state, cycle=cycle, entered=self.entered)

    def _do(self, effect: Effect) -> None:
        given = effect.given
        self.effects.append(effect.name)
        if effect.name != "add_task" and given.get("queue", self.queue) != self.queue:
            # Whoever had it serves the queue it has left.
            self.queue, self.assigned = str(given["queue"]), False
        self.priority = str(given.get("priority", self.priority))
        if effect.name == "assign":
            self.assigned = given["who"] == "mover" and (self.assigned or self.mover in STAFF)
        if effect.name == "add_task":
            key = str(given["key"])
            cycle = max((t.cycle for t in self.tasks if t.key == key), default=0) + 1
            self.tasks.append(
                TaskRow(key=key, during="", cycle=cycle, entered=self.entered, joins=False)
            )

    def _follow(self) -> None:
        for _ in range(machine.MOST_IN_A_ROW):
            move = machine.next_move(self.flow, self.snapshot)
            if move is None:
                return
            self._go(move, machine.target_of(move, self.flow, previous=self.previous, end=""))
        raise Refused("the case goes in a circle by itself.")

    # What is expected

    def differences(self, expect: Doc) -> Iterator[str]:
        """How the case differs from what was expected, one sentence each."""
        for name in ("state", "queue", "priority"):
            if name in expect and (found := getattr(self, name)) != expect[name]:
                yield f'the {name} is "{found}", not "{expect[name]}".'
        if "tasks" in expect:
            wanted = [] if expect["tasks"] == "none" else sorted(expect["tasks"])
            found = sorted(t.key for t in self.tasks if t.state == "open")
            if found != wanted:
                yield f"the open tasks are {_list(found)}, not {_list(wanted)}."
        yield from self._more_differences(expect)

    def _more_differences(self, expect: Doc) -> Iterator[str]:
        missing = [e for e in expect.get("effects", []) if e not in self.effects]
        if missing:
            yield f"{_list(missing)} did not happen."
        given: dict[str, Any] = machine.values(self.flow, self.snapshot)
        if "cycle" in expect and given["tasks.cycle"] != expect["cycle"]:
            yield f"the cycle is {given['tasks.cycle']}, not {expect['cycle']}."
        if "requires_met" in expect and given["requires.met"] != expect["requires_met"]:
            yield f"the checklist is {'' if given['requires.met'] else 'not '}complete."


def _length(span: Span) -> timedelta:
    return span.wall + timedelta(hours=span.working_hours, days=span.working_days)


def _list(names: list[str]) -> str:
    return ", ".join(names) or "none"
