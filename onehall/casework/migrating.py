"""Moves live cases to another version of their flow: tried first, then case by case, undone until the next move."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from onehall.casework import promises, steps
from onehall.casework.errors import CaseworkRefused, MoveRefused
from onehall.casework.models import Case, Task, TimelineEntry, Timer
from onehall.casework.progress import Progress, named, timers_of
from onehall.casework.timeline import NewEntry
from onehall.catalog import categories, machine
from onehall.catalog.flows import FlowDefinition
from onehall.catalog.models import FlowVersion
from onehall.catalog.queries import catalogue
from onehall.people.actor import Actor
from onehall.places.models import City

type States = Mapping[str, str]
"""Which state of the new version each state of the old one becomes; the same where it is not named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a migration does to one case: its states, its tasks by key, and when they and its timers are due."""

    number: str
    before: str
    after: str
    kept: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    due: tuple[tuple[str, datetime], ...] = ()
    refused: str = ""


def live_by_version(city: City) -> dict[str, list[tuple[int, int]]]:
    """Open cases by flow key: the number of each version and how many are on it, the newest first."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    rows = (
        Case.objects.of_city(city.id)
        .filter(closed_at=None)
        .values_list("flow_version__flow__key", "flow_version__number")
        .annotate(n=models.Count("pk"))
        .order_by("flow_version__flow__key", "-flow_version__number")
    )
    for key, number, count in rows:
        found[key].append((number, count))
    return dict(found)


def candidates(city: City, version: FlowVersion) -> list[int]:
    """Open cases on other versions of the same flow, by number."""
    rows = Case.objects.of_city(city.id).filter(is_open=True, flow_version__flow_id=version.flow_id)
    return list(rows.exclude(flow_version=version).order_by("number").values_list("pk", flat=True))


def migrated_to(city: City, version_id: int, *, most: int) -> list[Case]:
    """Open cases that were moved to a version of their flow and have not moved since, the last first."""
    steps_of = TimelineEntry.objects.filter(
        case=models.OuterRef("pk"), kind__in=["moved", "migrated"]
    ).order_by("-seq")
    rows = Case.objects.of_city(city.pk).filter(is_open=True, flow_version_id=version_id)
    rows = rows.alias(
        last_kind=models.Subquery(steps_of.values("kind")[:1]),
        last_undone=models.Subquery(steps_of.values("data__undone")[:1]),
    )
    asked = models.Q(("last_kind", "migrated"), ("last_undone__isnull", True))
    return list(rows.filter(asked).order_by("-updated_at", "-pk")[:most])


def version_of(city: City, flow_key: str, number: int | None) -> FlowVersion:
    """A version of a flow by number, the newest without one."""
    rows = FlowVersion.objects.filter(flow__city=city, flow__key=flow_key).select_related("flow")
    rows = rows.filter(number=number) if number is not None else rows
    found = rows.order_by("-number").first()
    if found is None:
        raise MoveRefused(_("That flow has no such version."))
    return found


def rehearse(
    *,
    city: City,
    case_ids: Sequence[int],
    version: FlowVersion,
    states: States,
    by: Actor,
    now: datetime,
) -> Iterator[Outlook]:
    """What migrating would do, case by case: the migration itself, rolled back each time."""
    for case_id in case_ids:
        try:
            with transaction.atomic():
                found = _migrate(
                    city=city, case_id=case_id, version=version, states=states, by=by, now=now
                )
                transaction.set_rollback(True)
            yield found
        except CaseworkRefused as no:
            case = Case.objects.get(pk=case_id)
            yield Outlook(number=case.number, before=case.state, after="", refused=str(no))


@transaction.atomic
def migrate_case(
    *, city: City, case_id: int, version: FlowVersion, states: States, by: Actor, now: datetime
) -> Outlook:
    """Move one case to another version of its flow. Effects of the state are not done again."""
    return _migrate(city=city, case_id=case_id, version=version, states=states, by=by, now=now)


def _migrate(
    *, city: City, case_id: int, version: FlowVersion, states: States, by: Actor, now: datetime
) -> Outlook:
    case = steps.locked(city=city, case_id=case_id)
    if not case.is_open:
        raise MoveRefused(_("The case has ended or is joined. It stays on its version."))
    if case.flow_version_id == version.pk:
        raise MoveRefused(_("The case is on that version already."))
    old = FlowVersion.objects.get(pk=case.flow_version_id, flow_id=version.flow_id)
    flow = catalogue(city).flow_version(version.pk)
    target = _target(case, flow, states)
    before = {"version": old.pk, "number": old.number, "state": case.state}
    before["previous"] = case.previous_state
    came = since(case)
    progress = Progress.of(case, flow, city=city, by=by, now=now)
    was_open = {(t.key, t.cycle) for t in progress.tasks if t.state == Task.State.OPEN}
    entry = NewEntry(kind="migrated", data={})
    progress.entries.append(entry)
    stay = [
        t
        for t in progress.tasks
        if t.joins and t.during == case.state and t.entered == case.entered
    ]
    case.previous_state = _named_now(case.previous_state, flow, states)
    stand_in(progress, version.pk, target)
    cancelled, added = rework(progress, stay)
    data = {
        "from": before["state"], "to": target, "number": version.number, "version": version.pk,
        "before": before | {"cancelled": cancelled, "added": added},
    }  # fmt: skip
    progress.entries[0] = replace(entry, data=data)
    timers = restart(progress, came)
    steps.finish_progress(progress)
    is_open = {(t.key, t.cycle) for t in progress.tasks if t.state == Task.State.OPEN}
    due = [(t.key, t.due_at) for t in progress.tasks if t.state == Task.State.OPEN and t.due_at]
    return Outlook(
        number=case.number,
        before=str(before["state"]),
        after=case.state,
        kept=_keys(was_open & is_open),
        added=_keys(is_open - was_open),
        cancelled=_keys(was_open - is_open),
        due=(*due, *((t.move or t.kind, t.at) for t in timers)),
    )


def _keys(tasks: set[tuple[str, int]]) -> tuple[str, ...]:
    return tuple(sorted(key for key, _cycle in tasks))


def _target(case: Case, flow: FlowDefinition, states: States) -> str:
    target = states.get(case.state, case.state)
    found = flow.states.get(target)
    if found is None or not categories.is_open(found.category):
        words = _("The new version has no state “%(state)s”. Say which one it becomes.")
        raise MoveRefused(words % {"state": target})
    return target


def _named_now(state: str, flow: FlowDefinition, states: States) -> str:
    found = states.get(state, state)
    return found if found in flow.states else ""


def since(case: Case) -> datetime:
    """When the case came into its state. A migration is no coming."""
    moved = TimelineEntry.objects.filter(case_id=case.pk, kind="moved").order_by("-seq").first()
    return moved.at if moved else case.opened_at


def stand_in(progress: Progress, version_id: int, state: str) -> None:
    """Put the case on a version and into a state, as a new stay there."""
    case = progress.case
    case.flow_version_id = version_id
    category = progress.flow.states[state].category
    if categories.is_paused(category) != categories.is_paused(case.category):
        running = not categories.is_paused(category)
        label = progress.flow.states[state].label
        promises.run(case, running=running, city=progress.city, now=progress.now, label=label)
    case.state, case.category = state, category
    case.entered += 1


def rework(progress: Progress, stay: Sequence[Task]) -> tuple[list[list[Any]], list[list[Any]]]:
    """Keep, cancel and add tasks so that they are what the new version asks in this state."""
    case, state = progress.case, progress.flow.states[progress.case.state]
    ends = {o.key for o in state.join.outcomes} if state.join else set()
    given = machine.values(progress.flow, progress.snapshot())
    # Without what came of earlier rounds: a rerun is for coming back, and nobody came back.
    wanted = {t.key: t for t in machine.to_open(state, (), given)}
    cancelled: list[list[Any]] = []
    for task in stay:
        by_hand = progress.flow.task(task.key) is None and bool(task.label)
        if task.state == Task.State.OPEN and not by_hand and task.key not in wanted:
            progress.close_task(task, Task.State.CANCELLED)
            cancelled.append([task.key, task.cycle])
            continue
        if task.state == Task.State.DONE and task.outcome not in ends:
            continue
        task.during, task.entered = state.key, case.entered
        progress.touch(task)
        wanted.pop(task.key, None)
    cycle = max((t.cycle for t in stay), default=1)
    added: list[list[Any]] = []
    for spec in wanted.values():
        if _stands_from_before(progress, spec.key, stay):
            continue
        mine = [t.cycle for t in progress.tasks if t.key == spec.key]
        number = max(mine) + 1 if mine and max(mine) >= cycle else cycle
        progress.open_step(spec, number)
        added.append([spec.key, number])
    return cancelled, added


def _stands_from_before(progress: Progress, key: str, stay: Sequence[Task]) -> bool:
    """Whether a task was left out of this round because it came out well in an earlier one."""
    state = progress.flow.states[progress.case.state]
    if state.rerun == "all" or state.join is None or not stay:
        return False
    earlier = [t for t in progress.tasks if t.key == key and t.entered < stay[0].entered]
    return any(t.state == Task.State.DONE and t.outcome == state.join.best.key for t in earlier)


def restart(progress: Progress, since: datetime) -> list[Timer]:
    """The timers of the new version, counted from when the case came; past reminders are let go."""
    found = timers_of(progress.case, progress.flow, city=progress.city, since=since)
    found = [t for t in found if t.kind == Timer.Kind.FIRE or t.at > progress.now]
    Timer.objects.bulk_create(found)
    return found


@transaction.atomic
def undo_migration(*, city: City, case_id: int, by: Actor, now: datetime) -> Case:
    """Put a case back to the version it came from, as long as nothing has moved it since."""
    case = steps.locked(city=city, case_id=case_id)
    last = (
        TimelineEntry.objects.filter(case_id=case.pk, kind__in=["moved", "migrated", "changed"])
        .order_by("-seq")
        .first()
    )
    if last is None or last.kind != "migrated" or last.data.get("undone") or not case.is_open:
        raise MoveRefused(_("The case has moved on since, so this cannot be undone."))
    before = last.data["before"]
    flow = catalogue(city).flow_version(before["version"])
    came = since(case)
    progress = Progress.of(case, flow, city=city, by=by, now=now)
    stay = [t for t in progress.tasks if t.joins and t.entered == case.entered]
    data = {"from": case.state, "to": before["state"], "version": before["version"]}
    data |= {"number": before["number"], "undone": True}
    progress.entries.append(NewEntry(kind="migrated", data=data))
    case.previous_state = before["previous"]
    stand_in(progress, before["version"], before["state"])
    _put_back(progress, stay, before)
    restart(progress, came)
    steps.finish_progress(progress)
    return case


def _put_back(progress: Progress, stay: Sequence[Task], before: Mapping[str, Any]) -> None:
    case = progress.case
    for task in stay:
        if [task.key, task.cycle] not in before["added"]:
            task.during, task.entered = case.state, case.entered
            progress.touch(task)
        elif task.state == Task.State.OPEN:
            progress.close_task(task, Task.State.CANCELLED)
        else:
            task.joins = False
            progress.touch(task)
    for task in progress.tasks:
        if [task.key, task.cycle] in before["cancelled"] and task.state == Task.State.CANCELLED:
            task.state, task.closed_at = Task.State.OPEN, None
            task.during, task.entered = case.state, case.entered
            progress.touch(task)
            again = named(task) | {"queue": task.queue_id, "again": True}
            progress.entries.append(NewEntry(kind="task_opened", data=again))
