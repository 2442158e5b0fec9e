"""One person's open work given to somebody else, or back to its queues: before they leave, or while they are away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from onehall.casework import actions, steps
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, CaseQuerySet, Task
from onehall.casework.progress import Progress, named
from onehall.casework.queries import CaseLine, as_lines
from onehall.casework.task_actions import kept_for
from onehall.casework.timeline import NewEntry
from onehall.catalog.queries import catalogue
from onehall.people.actor import Actor
from onehall.people.permissions import decides
from onehall.people.queries import Member, queues
from onehall.places.models import City

MOST: Final = 300
"""Cases, and as many tasks, that one press hands over: each is an act of its own with its entry."""

SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What somebody holds: how many, and the most urgent of it."""

    cases: int
    tasks: int
    first: list[CaseLine]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to hand over."""
        return not (self.cases or self.tasks)


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of it. `back` of them went to their queues, because the other person cannot have them."""

    cases: int
    tasks: int
    back: int
    left: int


def open_work(city: City, user_id: int) -> OpenWork:
    """The open cases and tasks that somebody has."""
    cases = _cases(city, user_id)
    return OpenWork(
        cases=cases.count(),
        tasks=_tasks(city, user_id).count(),
        first=as_lines(cases.order_by("due_order", "id")[:SHOWN]),
    )


def held_by(city: City, user_ids: Sequence[int]) -> dict[int, int]:
    """How many open cases each of some people has; one query, of one index."""
    rows = Case.objects.of_city(city.id).filter(is_open=True, assignee_id__in=list(user_ids))
    counted = rows.order_by().values_list("assignee_id").annotate(n=Count("id"))
    return {pk: n for pk, n in counted if pk is not None}


@transaction.atomic
def hand_over(*, city: City, user_id: int, to: Member | None, by: Actor, now: datetime) -> Handed:
    """Give up to `MOST` cases and tasks of somebody to `to`, or back to their queues without one.

    What the other person may not have, because of its department, its areas or their role, goes to its queue.
    """
    back = cases = tasks = 0
    ids = (
        _cases(city, user_id)
        .order_by("due_order", "id")
        .values_list("pk", "queue__department_id", "areas")
    )
    for pk, department, areas in list(ids[:MOST]):
        fits = to is not None and to.may("take") and to.works_in(department, areas)
        chosen = to if fits else None
        actions.assign(
            city=city,
            case_id=pk,
            user_id=chosen.user_id if chosen else None,
            user_name=chosen.name if chosen else "",
            by=by,
            now=now,
        )
        cases, back = cases + 1, back + (to is not None and chosen is None)
    held = _tasks(city, user_id).order_by("id").values_list("pk", "case_id")
    for pk, case_id in list(held[:MOST]):
        given = _hand_task(city, case_id, pk, to, by, now)
        tasks, back = tasks + 1, back + (to is not None and not given)
    left = _cases(city, user_id).count() + _tasks(city, user_id).count()
    return Handed(cases, tasks, back, left)


def _hand_task(
    city: City, case_id: int, task_id: int, to: Member | None, by: Actor, now: datetime
) -> bool:
    case = steps.locked(city=city, case_id=case_id)
    steps.may_change(case, by, "assign")
    flow = catalogue(city).flow_version(case.flow_version_id)
    progress = Progress.of(case, flow, city=city, by=by, now=now)
    task = next(t for t in progress.tasks if t.pk == task_id)
    fits = (
        to is not None
        and to.may("do_tasks")
        and decides(to.roles, kept_for(flow, task))
        and to.works_in(task.queue.department_id, case.areas)
    )
    task.assignee_id = to.user_id if to is not None and fits else None
    progress.touch(task)
    data = named(task) | {
        "to": task.assignee_id,
        "name": to.name if to is not None and fits else "",
    }
    progress.entries.append(NewEntry(kind="task_taken", data=data))
    steps.finish_progress(progress)
    return fits


def _cases(city: City, user_id: int) -> CaseQuerySet:
    return Case.objects.of_city(city.pk).filter(assignee_id=user_id, is_open=True)


def _tasks(city: City, user_id: int) -> QuerySet[Task]:
    return Task.objects.filter(
        city_id=city.pk, assignee_id=user_id, state=Task.State.OPEN, case__is_open=True
    )


def open_by_queue(city: City) -> dict[str, int]:
    """How many open cases wait in each queue, by its key; one query."""
    rows = Case.objects.of_city(city.pk).filter(is_open=True).order_by()
    return dict(rows.values_list("queue__key").annotate(n=Count("id")))


@transaction.atomic
def empty_queue(
    *, city: City, queue_key: str, to_key: str, reason: str, by: Actor, now: datetime
) -> Handed:
    """Send up to `MOST` open cases of a queue that is going to another one; each keeps the reason."""
    found = {q.key: q.id for q in queues(city) if q.active}
    if to_key not in found or to_key == queue_key:
        raise MoveRefused(_("Choose one of the listed queues."))
    mine = Case.objects.of_city(city.pk).filter(is_open=True, queue__key=queue_key)
    ids = list(mine.order_by("due_order", "id").values_list("pk", flat=True)[:MOST])
    for pk in ids:
        actions.route(city=city, case_id=pk, queue_id=found[to_key], reason=reason, by=by, now=now)
    return Handed(len(ids), 0, 0, mine.count())
