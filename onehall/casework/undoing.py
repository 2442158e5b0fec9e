"""An act taken back: the case stands as it stood before, and its timeline says that and by whom.

Nothing is erased. What was said to residents is no longer shown to them, and mails that are still
held back never leave.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from onehall.casework import steps
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, CasePause, CaseTarget, Task, TimelineEntry, Timer
from onehall.casework.progress import Progress, named, timers_of
from onehall.casework.timeline import NewEntry
from onehall.catalog.queries import catalogue
from onehall.messaging import actions as messaging
from onehall.people.actor import Actor
from onehall.places.models import City

PLAIN: Final = (
    "queue_id", "assignee_id", "priority", "reopened", "is_open", "unread_reply", "state",
    "previous_state", "category", "outcome", "route_reason", "ladder_step",
)  # fmt: skip
TIMES: Final = (
    "due_at", "due_order", "promised_at", "paused_at", "closed_at", "counted_from", "risk_at", "ladder_at",
)  # fmt: skip
TARGET_TIMES: Final = ("due_at", "risk_at", "met_at", "ended_at", "ladder_at")
NEWS_TOPICS: Final = ("case.news", "case.staff")


def standing(case: Case) -> dict[str, Any]:
    """How a case stands, as JSON: what `undo` puts back."""
    pauses = CasePause.objects.filter(case_id=case.pk).order_by("id")
    rows = CaseTarget.objects.filter(case_id=case.pk).order_by("id")
    return {
        **{name: getattr(case, name) for name in PLAIN},
        **{name: _said(getattr(case, name)) for name in TIMES},
        "pauses": list(pauses.values_list("id", flat=True)),
        "standing": list(pauses.filter(ended_at=None).values_list("id", flat=True)),
        "targets": {r.kind: {n: _said(getattr(r, n)) for n in TARGET_TIMES} for r in rows},
    }


def _said(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _read(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None


def news_keys(case_id: int, after: int, until: int) -> list[str]:
    """Keys of the outbox rows that tell of a case's entries after one and up to another."""
    return [f"{case_id}:{seq}" for seq in range(after + 1, until + 1)]


@transaction.atomic
def undo(
    *,
    city: City,
    case_id: int,
    before: Mapping[str, Any],
    after_seq: int,
    seen: int,
    what: str,
    by: Actor,
    now: datetime,
) -> Case:
    """Take back the act that added the entries after `after_seq` up to `seen`, which must be the last ones.

    Raises `CaseChanged` when something was added since, `MoveRefused` when its mail has gone out.
    """
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_work(case, by)
    keys = news_keys(case_id, after_seq, case.lock)
    if not messaging.withdraw(city_id=city.id, topics=NEWS_TOPICS, keys=keys, now=now):
        raise MoveRefused(_("The mail about it has gone out. Write to the residents instead."))
    entries = list(TimelineEntry.objects.filter(case_id=case_id, seq__gt=after_seq).order_by("seq"))
    if case.parent_id is not None and any(e.public for e in entries):
        raise MoveRefused(
            _("It is a part of another case, which says so to the residents already.")
        )
    flow = catalogue(city).flow_version(case.flow_version_id)
    progress = Progress.of(case, flow, city=city, by=by, now=now)
    data: dict[str, Any] = {"what": what, "first": after_seq + 1, "last": case.lock}
    if any(e.kind == "moved" for e in entries):
        data |= {"from": case.state, "to": before["state"]}
    public = any(e.public for e in entries)
    progress.entries.append(NewEntry(kind="undone", data=data, public=public, news=False))
    _put_back(case, before)
    _put_tasks_back(progress, entries)
    if "to" in data:
        case.entered += 1
        _timers_again(progress, after_seq)
    steps.finish_progress(progress)
    return case


def _put_back(case: Case, before: Mapping[str, Any]) -> None:
    for name in PLAIN:
        setattr(case, name, before[name])
    for name in TIMES:
        setattr(case, name, _read(before[name]))
    _put_clocks_back(case, before)


def _put_clocks_back(case: Case, before: Mapping[str, Any]) -> None:
    """Pauses and further targets as they were: the act's own pause never was, one that it ended goes on."""
    pauses = CasePause.objects.filter(case_id=case.pk)
    pauses.exclude(pk__in=before["pauses"]).delete()
    pauses.filter(pk__in=before["standing"]).update(ended_at=None, cost_seconds=0)
    targets = CaseTarget.objects.filter(case_id=case.pk)
    targets.exclude(kind__in=list(before["targets"])).delete()
    for kind, times in before["targets"].items():
        targets.filter(kind=kind).update(**{name: _read(text) for name, text in times.items()})


def _put_tasks_back(progress: Progress, entries: list[TimelineEntry]) -> None:
    """Tasks that the act opened are cancelled, those that it cancelled are open again."""
    changed = {(e.data.get("task"), e.data.get("cycle")): e.kind for e in entries}
    for task in list(progress.tasks):
        kind = changed.get((task.key, task.cycle))
        if kind == "task_opened" and task.state == Task.State.OPEN:
            progress.close_task(task, Task.State.CANCELLED)
        elif kind == "task_cancelled" and task.state == Task.State.CANCELLED:
            task.state, task.closed_at = Task.State.OPEN, None
            progress.touch(task)
            again = named(task) | {"queue": task.queue_id, "again": True}
            progress.entries.append(NewEntry(kind="task_opened", data=again))
    for task in progress.tasks:
        # The stay goes on under a new number.
        if task.during == progress.case.state and task.entered == _stay_before(entries, progress):
            task.entered = progress.case.entered + 1
            progress.touch(task)


def _stay_before(entries: list[TimelineEntry], progress: Progress) -> int:
    """The number of the stay that the act ended, by how many moves it made; -1 when it made none."""
    moves = sum(1 for e in entries if e.kind == "moved")
    return progress.case.entered - moves if moves else -1


def _timers_again(progress: Progress, after_seq: int) -> None:
    """The timers of the state it is in again, counted from when it came there; past reminders are let go."""
    case = progress.case
    came = TimelineEntry.objects.filter(case_id=case.pk, kind="moved", seq__lte=after_seq)
    last = came.order_by("-seq").first()
    since = last.at if last else case.opened_at
    found = timers_of(case, progress.flow, city=progress.city, since=since)
    Timer.objects.bulk_create(t for t in found if t.kind == Timer.Kind.FIRE or t.at > progress.now)
