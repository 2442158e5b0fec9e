"""What people do with the tasks of a case: take one, finish it, skip it, add one by hand."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from onehall.casework import queries, rules, steps
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, Task
from onehall.casework.progress import Progress, named
from onehall.casework.timeline import NewEntry
from onehall.catalog.flowparts import PLAIN_DONE, Span, TaskOutcome
from onehall.catalog.flows import FlowDefinition
from onehall.catalog.queries import catalogue
from onehall.catalog.rules import missing_in
from onehall.catalog.services import Question
from onehall.people.actor import Actor
from onehall.people.permissions import decides, roles_in_words, skips
from onehall.places.models import City


@transaction.atomic
def take_task(
    *, city: City, case_id: int, task_id: int, by: Actor, now: datetime, seen: int | None = None
) -> Case:
    """Make a task one's own; taking what one has already gives it back to its queue."""
    progress, task = _held(city, case_id, task_id, by, now, seen)
    _decides(progress, task, by)
    mine = task.assignee_id == by.user_id
    task.assignee_id = None if mine else by.user_id
    progress.touch(task)
    data = named(task) | {"to": task.assignee_id, "name": "" if mine else by.name}
    progress.entries.append(NewEntry(kind="task_taken", data=data))
    steps.finish_progress(progress)
    return progress.case


@transaction.atomic
def complete_task(
    *,
    city: City,
    case_id: int,
    task_id: int,
    outcome: str,
    words: str = "",
    answers: Mapping[str, Any] | None = None,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> Case:
    """Say how a task came out. `answers` are clean answers to its questions; others are dropped."""
    progress, task = _held(city, case_id, task_id, by, now, seen)
    _decides(progress, task, by)
    if outcome not in {o.key for o in outcomes_of(progress.flow, task)}:
        raise MoveRefused(_("Choose how it came out."), missing=("outcome",))
    asked = questions_of(progress.flow, task)
    given = {q.key: answers[q.key] for q in asked if answers and q.key in answers}
    if missing := missing_in(asked, given):
        raise MoveRefused(_("Answer every question."), missing=tuple(q.key for q in missing))
    words = _words(words)
    task.outcome, task.words, task.answers = outcome, words, given
    more: dict[str, Any] = {"outcome": outcome, "words": words, "answers": given}
    progress.close_task(task, Task.State.DONE, **{k: v for k, v in more.items() if v})
    steps.finish_progress(progress)
    return progress.case


@transaction.atomic
def skip_task(
    *,
    city: City,
    case_id: int,
    task_id: int,
    reason: str,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> Case:
    """Decide that a task is not needed this time, and why. It then objects to nothing."""
    progress, task = _held(city, case_id, task_id, by, now, seen)
    if not by.may("skip_tasks"):
        raise MoveRefused(_("A supervisor or an agent may skip it."))
    if not skips(by.roles, kept_for(progress.flow, task)):
        raise MoveRefused(not_yours(progress.flow, task))
    task.words = steps.text_of(reason, need="reason")
    progress.close_task(task, Task.State.SKIPPED, reason=task.words)
    steps.finish_progress(progress)
    return progress.case


@transaction.atomic
def add_task(
    *,
    city: City,
    case_id: int,
    queue_id: int,
    title: str,
    working_days: int = 0,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> Case:
    """Add a task by hand. Where the state joins the outcomes of tasks, this one counts too."""
    title = steps.text_of(title)
    if len(title) > MAX_TITLE:
        raise MoveRefused(rules.too_long(), missing=("words",))
    progress = _progress(city, case_id, by, now, seen)
    steps.may_work(progress.case, by, "add_tasks")
    if not progress.case.is_open:
        raise MoveRefused(_("The case has ended."))
    if queries.queue_of(city, queue_id) is None:
        raise MoveRefused(_("Choose one of the listed queues."))
    state = progress.flow.states[progress.case.state]
    joins = state.join is not None
    extra = sum(1 for t in progress.tasks if t.key.startswith(EXTRA))
    cycles = [t.cycle for t in progress.tasks if t.during == state.key] if joins else []
    task = Task(
        key=f"{EXTRA}{extra + 1}",
        during=state.key,
        joins=joins,
        cycle=max(cycles, default=1),
        queue_id=queue_id,
        label={city.languages[0]: title},
        due_at=progress.due(Span(working_days=working_days)),
    )
    progress.open_task(task)
    steps.finish_progress(progress)
    return progress.case


EXTRA: Final = "extra-"
"""How the keys of tasks begin that were added by hand."""

MAX_TITLE: Final = 120
"""Longest name of a task that was added by hand."""


def outcomes_of(flow: FlowDefinition, task: Task) -> Iterable[TaskOutcome]:
    """How a task may come out, the best way first."""
    state = flow.states.get(task.during)
    if state is None or state.join is None or not task.joins:
        return (TaskOutcome(PLAIN_DONE, "", ""),)
    return state.join.outcomes[::-1]


def questions_of(flow: FlowDefinition, task: Task) -> tuple[Question, ...]:
    """What whoever does a task is asked."""
    found = flow.task(task.key)
    return found[1].questions if found else ()


def _progress(city: City, case_id: int, by: Actor, now: datetime, seen: int | None) -> Progress:
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    flow = catalogue(city).flow_version(case.flow_version_id)
    return Progress.of(case, flow, city=city, by=by, now=now)


def _held(
    city: City, case_id: int, task_id: int, by: Actor, now: datetime, seen: int | None
) -> tuple[Progress, Task]:
    """A case on its way with one of its open tasks, for somebody whose team's it is."""
    progress = _progress(city, case_id, by, now, seen)
    task = next((t for t in progress.tasks if t.pk == task_id), None)
    if task is None or task.state != Task.State.OPEN:
        raise MoveRefused(_("That task is not open any more. Look at what happened since."))
    may_do(progress.case, task, by)
    return progress, task


def may_do(case: Case, task: Task, by: Actor) -> None:
    """Refuse people who only read, and those of another department than the task's queue."""
    if not is_theirs(case, task, by):
        raise MoveRefused(_("This task is for another team."))
    if case.merged_into_id is not None:
        raise MoveRefused(_("This case was joined to another one. Work on that one."))


def is_theirs(case: Case, task: Task, by: Actor) -> bool:
    """Whether a task is the work of somebody's team: of the department of its queue, and in their areas."""
    mine = by.city_id == case.city_id and by.sees_work(task.queue.department_id, case.areas)
    return by.is_staff and by.may("do_tasks") and mine


def kept_for(flow: FlowDefinition, task: Task) -> frozenset[str]:
    """The roles that alone may decide a task; empty where everybody of its team may."""
    found = flow.task(task.key)
    return found[1].by if found else frozenset()


def not_yours(flow: FlowDefinition, task: Task) -> str:
    """Who decides a task that is kept for some roles, in a sentence."""
    return _("Decided by: %(roles)s.") % {"roles": roles_in_words(kept_for(flow, task))}


def _decides(progress: Progress, task: Task, by: Actor) -> None:
    if not decides(by.roles, kept_for(progress.flow, task)):
        raise MoveRefused(not_yours(progress.flow, task))


def _words(words: str) -> str:
    words = words.strip()
    rules.require_fit(words)
    return words
