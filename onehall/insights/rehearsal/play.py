"""Plays one real case through a set-up. Pure: what the engine would do, worked out from plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, override

from onehall.casework import clock, rules
from onehall.casework.models import TimelineEntry
from onehall.casework.rules import Given
from onehall.catalog import categories, machine, routing
from onehall.catalog import rules as questions
from onehall.catalog.flowparts import Effect, StateTimer
from onehall.catalog.flows import FlowDefinition, Move
from onehall.catalog.registry import PRIORITY_KEYS
from onehall.catalog.scenarios import Refused, Run
from onehall.catalog.services import ServiceDefinition
from onehall.insights.rehearsal.played import Played, Told, text, texts
from onehall.insights.rehearsal.setups import Setup
from onehall.insights.rehearsal.stored import Act, Lived
from onehall.kernel.expressions import evaluate
from onehall.service_requests.news import template_for

SILENT: Final = ("settle", "answer")
"""Purposes of moves that nobody is told about."""


def play(setup: Setup, lived: Lived, *, until: datetime) -> Played:
    """A case from its report up to `until`, with everything that people did to it."""
    service = setup.services.get(lived.service)
    if service is None or service.flow not in setup.flows:
        return Played(lived.service, offered=False)
    found = Played(lived.service)
    try:
        if not _stopped(service, lived, found):
            _run(setup, service, setup.flows[service.flow], lived, found, until)
    except (Refused, LookupError, ValueError, TypeError) as no:
        # One odd case is told of and does not end the rehearsal of the others.
        found.trouble = str(no) if isinstance(no, Refused) else type(no).__name__
    return found


def _stopped(service: ServiceDefinition, lived: Lived, found: Played) -> bool:
    """Ask the questions; whether an answer ends the report."""
    shown = questions.visible_questions(service, lived.answers)
    found.asked = tuple(q.key for q in shown)
    found.unanswered = tuple(q.key for q in questions.missing_answers(service, lived.answers))
    for question in shown:
        if question.stop and evaluate(question.stop.when, lived.answers):
            found.stop = text(question.stop.words)
    return bool(found.stop)


def facts_of(lived: Lived, setup: Setup) -> dict[str, Any]:
    """What routing rules may ask about a case."""
    return routing.facts_of(
        answers=lived.answers,
        areas=lived.areas,
        channel=lived.channel,
        placed=lived.placed,
        at=lived.opened_at,
        calendar=setup.calendar,
        owner=lived.owner,
    )


def _run(
    setup: Setup,
    service: ServiceDefinition,
    flow: FlowDefinition,
    lived: Lived,
    found: Played,
    until: datetime,
) -> None:
    opened = lived.opened_at
    route = routing.route(service, facts_of(lived, setup))
    found.because, found.holder = text(route.because), route.person or route.body
    for target in service.targets:
        if due := clock.due(
            target.term.of(lived.priority, dict(lived.areas)), opened, setup.calendar
        ):
            found.targets[target.kind] = due

    def length(span: Any, since: timedelta) -> timedelta:
        start = opened + since
        return clock.later(span, start, setup.calendar) - start

    run = Play(
        flow,
        priority=lived.priority,
        answers=dict(lived.answers),
        queue=route.queue,
        channel=lived.channel,
        areas=dict(lived.areas),
        placed=lived.placed,
        photos_before=lived.photos,
        assigned=bool(route.person),
        length=length,
        service=service,
        setup=setup,
        lived=lived,
        found=found,
    )
    found.queue, found.priority, found.due = run.queue, run.priority, run.promise.due_at
    if not lived.opening_only:
        run.live(until)
    found.state = run.state


@dataclass
class Play(Run):
    """The run of a scenario, on the city's calendar, with a promise and with somebody who takes notes."""

    service: ServiceDefinition = field(kw_only=True)
    setup: Setup = field(kw_only=True)
    lived: Lived = field(kw_only=True)
    found: Played = field(kw_only=True)
    promise: clock.Clock = field(default_factory=lambda: clock.Clock(None))
    pending: list[tuple[Told, bool]] = field(default_factory=list)
    cause: str = "itself"
    with_words: bool = False

    @override
    def __post_init__(self) -> None:
        promised = self.service.promise_for(self.priority, self.areas)
        self.promise = clock.Clock(clock.due(promised, self.lived.opened_at, self.setup.calendar))
        start = self.flow.states[self.flow.start]
        self.found.told.append(Told("resident", "received", texts(start.words)))
        super().__post_init__()
        self._tell()

    @property
    def moment(self) -> datetime:
        """The time of day it is in the play."""
        return self.lived.opened_at + self.now

    # What people did

    def live(self, until: datetime) -> None:
        """Everything that people did, each at its time, and what the timers do in between."""
        recorded = self.lived.recorded
        for number, act in enumerate(self.lived.acts[:recorded]):
            self.followed_elsewhere(number, act)
        for number, act in enumerate(self.lived.acts[recorded:], recorded):
            self.wait_until(act.at - self.lived.opened_at)
            if act.kind == "joined" and "into" in act.data:
                return
            does = DOES.get(act.kind)
            if does is not None:
                does(self, number, act)
                self._follow()
                self._tell()
        self.wait_until(until - self.lived.opened_at)

    def followed_elsewhere(self, number: int, act: Act) -> None:
        """A step in the system that a case was taken over from.

        No timer of this set-up ran then, nobody got a message of it, and none of its rules was asked:
        the case stands where the step led, if there is such a state.
        """
        self.now = max(self.now, act.at - self.lived.opened_at)
        to = str(act.data.get("to", "")) if act.kind == "moved" else ""
        if to and to not in self.flow.states:
            self.found.refused[number] = (str(act.data.get("move", "")), f"no_state:{to}")
        self._stand(to)
        # An import starts no timers: those of a state begin with the next step into one.
        self.fired = {timer.position for timer in self.flow.states[self.state].timers}

    def moved(self, number: int, act: Act) -> None:
        """A step that a person made; what the system did by itself is played anew."""
        if act.actor == "system" or act.data.get("auto"):
            return
        key = str(act.data.get("move", ""))
        move = self.flow.moves.get(key)
        why = self._why_not(move, act)
        if why or move is None:
            self.found.refused[number] = (key, why)
            self._stand(str(act.data.get("to", "")))
            return
        outcome = self.flow.outcomes.get(str(act.data.get("outcome", "")))
        target = machine.target_of(
            move, self.flow, previous=self.previous, end=outcome.to if outcome else ""
        )
        if move.purpose in ("dispute", "reopen"):
            self.reopened += 1
            self._renew()
        self.cause, self.with_words = "person", bool(act.data.get("words"))
        self._go(move, target, by=self._as(move, act))

    def _why_not(self, move: Move | None, act: Act) -> str:
        """Why a step is not possible: a word that the report explains; "" when it is."""
        if move is None:
            return "no_move"
        if self.state not in move.sources:
            return f"not_from:{self.state}"
        if not self._as(move, act):
            return "role"
        self.photos_after += len(act.data.get("photos", []))
        if not machine.guard_holds(move, machine.values(self.flow, self.snapshot)):
            return "guard"
        given = Given(
            words=str(act.data.get("words", "")),
            reason=str(act.data.get("reason", "")),
            outcome=str(act.data.get("outcome", "")),
            handed_to=str(act.data.get("handed_to", "")),
            has_after_photo=self.photos_after > 0,
        )
        outcome = self.flow.outcomes.get(given.outcome)
        if given.outcome and outcome not in rules.outcomes_for(self.flow, self.service):
            return f"no_outcome:{given.outcome}"
        if move.to == "$outcome" and outcome is None:
            return "needs:outcome"
        needs = rules.needs_of(move, self.service, outcome)
        missing = sorted(n for n in needs if not rules.is_given(n, given))
        return f"needs:{','.join(missing)}" if missing else ""

    def _as(self, move: Move, act: Act) -> str:
        """The role in which the person may make the move; somebody who left may do what anybody may."""
        if act.actor == "resident":
            return "resident" if "resident" in move.by else ""
        able = move.by - {"resident", "system"}
        mine = able & act.roles if act.roles else able
        return min(mine, default="")

    def _stand(self, state: str) -> None:
        """Stand where the case really went, so that what follows can be tried too."""
        if state not in self.flow.states or state == self.state:
            return
        self.previous = machine.previous_of(self.flow, self.state, self.previous)
        self.state = state
        self.entered += 1
        self.since, self.fired = self.now, set()
        self._clock()

    def task(self, _number: int, act: Act) -> None:
        """A task came out in some way; one that this set-up does not ask for is passed over."""
        key = str(act.data.get("task", ""))
        step: dict[str, Any] = {
            "task": key,
            "outcome": act.data.get("outcome", "done"),
            "answers": act.data.get("answers", {}),
        }
        try:
            self._skip(key, {}) if act.kind == "task_skipped" else self._task(key, step)
        except Refused:
            return

    def added(self, _number: int, act: Act) -> None:
        """A task that somebody of the staff added by hand."""
        if act.actor == "staff" and act.data.get("label"):
            self._add_task(str(act.data["task"]), {})

    def replies(self, _number: int, _act: Act) -> None:
        """The staff wrote."""
        self.replied = True
        self.found.told.append(Told("resident", "reply"))

    def assigns(self, _number: int, act: Act) -> None:
        """Somebody got it, or nobody."""
        if act.actor == "staff":
            self.assigned = act.data.get("to") is not None

    def urgency(self, _number: int, act: Act) -> None:
        """The staff made it more or less urgent."""
        if act.actor == "staff":
            self._prioritise(PRIORITY_KEYS[int(act.data["to"])])

    def routes(self, _number: int, act: Act) -> None:
        """The staff sent it on."""
        if act.data.get("by_person"):
            self.queue = self.lived.queues.get(act.data.get("queue", 0), self.queue)
            self.assigned = False

    def photo(self, _number: int, act: Act) -> None:
        """A picture was hung onto it."""
        if act.data.get("as") == "after":
            self.photos_after += 1

    def people_came(self, _number: int, act: Act) -> None:
        """More people follow it."""
        self.people = int(act.data.get("people", self.people))

    # What follows from it

    @override
    def _go(self, move: Move, target: str, *, by: str = "system") -> None:
        cause, self.cause = self.cause, "itself"
        if cause == "itself":
            self.found.itself.append(f"{self.state}:{move.key}")
        if move.purpose not in SILENT:
            state = self.flow.states[target]
            what = template_for(TimelineEntry(kind="moved", data={}), state.category)
            self.pending.append((Told("resident", what, texts(state.words)), self.with_words))
        self.with_words = False
        super()._go(move, target, by=by)

    @override
    def _begin(self, effects: tuple[Effect, ...]) -> None:
        if self.entered:
            self._clock()
        before = len(self.tasks)
        super()._begin(effects)
        self.found.tasks += [t.key for t in self.tasks[before:]]

    @override
    def _do(self, effect: Effect) -> None:
        given, before = effect.given, self.priority
        super()._do(effect)
        after, self.priority = self.priority, before
        if effect.name == "escalate" and PRIORITY_KEYS.index(after) < PRIORITY_KEYS.index(before):
            after = before
        self._prioritise(after)
        self._note(effect.name, given)

    def _note(self, name: str, given: Mapping[str, Any]) -> None:
        words = texts(given.get("words", ""))
        told = self.found.told
        match name:
            case "notify":
                told.append(Told("resident", str(given["template"]), words))
            case "remind":
                who = "resident" if given["to"] == "resident" else "staff"
                told.append(Told(who, "reminder", words))
            case "escalate":
                told.append(Told(str(given.get("role", "staff")), "escalation", words))
            case "new_promise":
                self._renew()
                told.append(Told("resident", "promised"))
            case "stop_clock":
                self.promise = clock.pause(self.promise, self.moment)
            case "start_clock":
                self.promise = clock.resume(self.promise, self.moment, self.setup.calendar)

    @override
    def _ring(self, timer: StateTimer) -> None:
        self.found.timers.append(f"{self.state}:{timer.move or timer.do}")
        self.cause = "timer" if timer.move else "itself"
        super()._ring(timer)
        self.cause = "itself"
        self._tell()

    def _tell(self) -> None:
        """One act is one message: of several steps, those that nobody gave words are passed over."""
        for place, (told, with_words) in enumerate(self.pending, 1):
            if with_words or place == len(self.pending):
                self.found.told.append(told)
        self.pending = []

    # The promise

    def _clock(self) -> None:
        if categories.is_paused(self.flow.states[self.state].category):
            self.promise = clock.pause(self.promise, self.moment)
        else:
            self.promise = clock.resume(self.promise, self.moment, self.setup.calendar)

    def _renew(self) -> None:
        promised = self.service.promise_for(self.priority, self.areas)
        due = clock.due(promised, self.moment, self.setup.calendar)
        self.promise = clock.Clock(due, self.promise.paused_at)

    def _prioritise(self, priority: str) -> None:
        before, self.priority = self.priority, priority
        promised = self.service.promise_for(priority, self.areas)
        if promised == self.service.promise_for(before, self.areas):
            return
        self.promise = clock.change(
            self.promise,
            promised,
            sooner=PRIORITY_KEYS.index(priority) > PRIORITY_KEYS.index(before),
            opened_at=self.lived.opened_at,
            now=self.moment,
            calendar=self.setup.calendar,
        )


DOES: Final = {
    "moved": Play.moved,
    "replied": Play.replies,
    "assigned": Play.assigns,
    "priority": Play.urgency,
    "routed": Play.routes,
    "photo": Play.photo,
    "followed": Play.people_came,
    "joined": Play.people_came,
    "task_opened": Play.added,
    "task_done": Play.task,
    "task_skipped": Play.task,
}
"""What each kind of entry does to a case that is played."""
