"""Named reads of tasks: those of a case, and what somebody has to do in all of them."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.translation import gettext as _

from onehall.casework.models import Case, Task
from onehall.casework.progress import Progress
from onehall.casework.task_actions import kept_for
from onehall.casework.wording import Reader
from onehall.catalog import machine
from onehall.catalog.flowparts import Requirement
from onehall.catalog.flows import FlowDefinition
from onehall.catalog.queries import catalogue
from onehall.kernel.localized import pick
from onehall.people import permissions
from onehall.people.actor import Actor, system
from onehall.places.models import City


def tasks_of(case: Case) -> list[Task]:
    """Every task of a case, the ones of the newest cycle last."""
    rows = Task.objects.filter(case_id=case.pk).select_related("queue", "assignee")
    return list(rows.order_by("cycle", "position", "id"))


def work_for(city: City, actor: Actor, *, limit: int) -> list[Task]:
    """Open tasks for somebody: their own first, then those of their queues that nobody has, by due date.

    One that its flow keeps for other roles is not among the free ones.
    """
    if not actor.is_staff or not actor.may("do_tasks"):
        return []
    rows = Task.objects.filter(
        city_id=actor.city_id, state="open", case__is_open=True, case__merged_into=None
    ).select_related("case", "queue")
    if actor.areas:
        rows = rows.filter(case__in=Case.objects.of_city(actor.city_id).in_areas(actor))
    order = (models.F("due_at").asc(nulls_last=True), "id")
    mine = list(rows.filter(assignee_id=actor.user_id).order_by(*order)[:limit])
    free = rows.filter(assignee=None, queue_id__in=sorted(actor.queue_ids)).order_by(*order)
    return mine + _decidable(city, actor, free, most=max(0, limit - len(mine)))


def _decidable(city: City, actor: Actor, free: models.QuerySet[Task], *, most: int) -> list[Task]:
    """The first of the free tasks that somebody's roles may decide; one query where all of them are."""
    listed, found, seen = catalogue(city), list[Task](), 0
    while len(found) < most:
        some = list(free[seen : seen + most])
        found += [
            t
            for t in some
            if permissions.decides(
                actor.roles, kept_for(listed.flow_version(t.case.flow_version_id), t)
            )
        ]
        seen += len(some)
        if len(some) < most:
            break
    return found[:most]


def label_of(task: Task, flow: FlowDefinition, reader: Reader) -> str:
    """The name of a task."""
    found = flow.task(task.key)
    return reader.text(found[1].label if found else task.label) or _("Task")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a checklist."""

    words: str
    met: bool


def checklist(
    case: Case,
    flow: FlowDefinition,
    tasks: list[Task],
    *,
    city: City,
    reader: Reader,
    now: datetime,
) -> list[Check]:
    """What the state of a case requires, each with whether it is there."""
    state = flow.states[case.state]
    if not state.requires:
        return []
    seen = Progress(
        case=case, flow=flow, city=city, by=system(city.id), now=now, tasks=tasks
    ).snapshot()
    return [
        Check(reader.text(r.label) or _usual(r, flow, reader), met)
        for r, met in machine.checklist(state, seen)
    ]


def _usual(requirement: Requirement, flow: FlowDefinition, reader: Reader) -> str:
    """What a predicate says where the city gave it no words."""
    given = requirement.given
    found = flow.task(str(given.get("task", "")))
    task = pick(found[1].label, reader.language, reader.default_language) if found else ""
    photo = _("Photo of the work") if given.get("kind") == "after" else _("Photo")
    words = {
        "answered": _("The resident has answered the question"),
        "photo": photo,
        "placed": _("The place is on the map"),
        "assigned": _("Somebody has it"),
        "replied": _("The resident has heard from us"),
        "children_done": _("Every part has ended"),
        "tasks_closed": _("Every task is closed"),
        "task_done": _("Done: %(what)s.") % {"what": task},
    }
    return words[requirement.name]
