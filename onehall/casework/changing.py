"""A case is about something else: another service, with its flow, promise and queue; nothing told is lost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from onehall.casework import migrating, promises, queries, steps
from onehall.casework.corrections import Correction
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, Photo, Task, TimelineEntry
from onehall.casework.progress import Progress
from onehall.casework.timeline import NewEntry
from onehall.catalog import categories
from onehall.catalog.flows import FlowDefinition
from onehall.catalog.queries import catalogue
from onehall.catalog.services import PRIVATE, Route, ServiceDefinition
from onehall.people.actor import Actor
from onehall.places.models import City


@transaction.atomic
def change_service(
    *,
    city: City,
    case_id: int,
    service_id: int,
    queue_id: int,
    route: Route,
    reason: str,
    by: Actor,
    now: datetime,
    seen: int | None = None,
    left_out: str = "",
) -> Case:
    """Handle a case as another service from now on. `queue_id` and `route` were decided by its rules.

    A flow of its own begins where it fits the state of the case, else at its start. The promise counts
    from the report, and makes nothing late that was not. `left_out` are answers that the new service
    does not ask for, in words: they stay on the timeline for the staff.
    """
    reason = steps.text_of(reason, need="reason")
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_work(case, by, "change_service")
    listed = catalogue(city)
    old, new = listed.by_id(case.service_id), listed.by_id(service_id)
    _require(case, old, new)
    before, version, state = case.queue_id, case.flow_version_id, case.state
    case.service_id, case.is_public = service_id, case.is_public and new.public
    progress = _take_up(case, new, city=city, by=by, now=now)
    names = {"service_from": old.id, "service": new.id, "from_name": old.name, "name": new.name}
    data: dict[str, Any] = names | {"because": reason}
    if case.flow_version_id != version:
        data |= {"from": state, "to": case.state, "version": case.flow_version_id}
    entries = [NewEntry(kind="changed", data=data)]
    if left_out:
        words = _("Told before, and not asked for here:") + "\n" + left_out
        entries.append(NewEntry(kind="noted", data={"words": words}))
    entries += _send_on(case, queue_id, route)
    progress.entries = [*entries, *progress.entries]
    progress.entries += promises.recount(
        case, new, calendar=queries.calendar_of(city), now=now, why="changed"
    )
    if new.photos_public == PRIVATE:
        Photo.objects.filter(case_id=case.pk).exclude(kind=Photo.Kind.AFTER).update(
            is_public=False, is_private=True
        )
    remember(case, old.id, before, by=by, now=now)
    steps.finish_progress(progress)
    return case


def remember(case: Case, from_service: int, from_queue: int, *, by: Actor, now: datetime) -> None:
    """Keep a correction by the staff as data to learn from. In the caller's transaction."""
    if not by.is_staff:
        return
    received = TimelineEntry.objects.filter(case_id=case.pk, kind="received").order_by("seq")
    data: dict[str, Any] = received.values_list("data", flat=True).first() or {}
    Correction.objects.create(
        city_id=case.city_id,
        case_id=case.pk,
        at=now,
        by_id=by.user_id,
        channel=str(data.get("channel", ""))[:8],
        from_service_id=from_service,
        to_service_id=case.service_id,
        from_queue_id=from_queue,
        to_queue_id=case.queue_id,
    )


def _require(case: Case, old: ServiceDefinition, new: ServiceDefinition) -> None:
    if new.id == old.id:
        raise MoveRefused(_("It is handled as that already."), missing=("service",))
    if not new.active:
        raise MoveRefused(_("Choose one of the listed services."), missing=("service",))
    if new.is_internal != old.is_internal:
        raise MoveRefused(
            _("What residents ask for and what our own staff ask for stay apart."),
            missing=("service",),
        )
    if not case.is_open:
        raise MoveRefused(_("The case has ended. Open it again first."))


def _send_on(case: Case, queue_id: int, route: Route) -> list[NewEntry]:
    case.route_reason = {"because": route.because}
    if queue_id == case.queue_id:
        return []
    data = {"from": case.queue_id, "queue": queue_id, "because": route.because}
    case.queue_id, case.assignee_id = queue_id, None
    return [NewEntry(kind="routed", data=data)]


def _take_up(
    case: Case, new: ServiceDefinition, *, city: City, by: Actor, now: datetime
) -> Progress:
    """The case in the flow of its new service; where it has the same flow it stays on its version."""
    listed = catalogue(city)
    held = listed.flow_version(case.flow_version_id)
    if held.key == new.flow:
        return Progress.of(case, held, city=city, by=by, now=now)
    version, flow = listed.current_version(new.flow)
    came = migrating.since(case)
    progress = Progress.of(case, flow, city=city, by=by, now=now)
    stay: Sequence[Task] = [
        t
        for t in progress.tasks
        if t.joins and t.during == case.state and t.entered == case.entered
    ]
    target, case.previous_state = _fitting(case, flow), ""
    migrating.stand_in(progress, version, target)
    migrating.rework(progress, stay)
    migrating.restart(progress, came)
    return progress


def _fitting(case: Case, flow: FlowDefinition) -> str:
    """The state of another flow that comes nearest: of the same name, of the same meaning, else its start."""
    same = flow.states.get(case.state)
    if same is not None and same.category == case.category:
        return same.key
    alike = [s.key for s in flow.states.values() if s.category == case.category]
    return alike[0] if alike and categories.is_open(case.category) else flow.start
