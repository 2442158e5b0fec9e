"""Every write to a case. One transaction: the row, its timeline, timers and outbox."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from onehall.casework import (
    after,
    changing,
    following,
    ladder,
    parts,
    promises,
    queries,
    rules,
    steps,
    targets,
    timeline,
)
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case
from onehall.casework.opening import CasePlace as CasePlace
from onehall.casework.opening import NewCase as NewCase
from onehall.casework.progress import Progress
from onehall.casework.rules import Given
from onehall.casework.timeline import NewEntry
from onehall.catalog import categories
from onehall.catalog.flows import FlowDefinition, Move, Outcome
from onehall.catalog.queries import catalogue
from onehall.catalog.services import Route, ServiceDefinition
from onehall.kernel import cells
from onehall.kernel.rows import Together
from onehall.people.actor import Actor
from onehall.places.models import City


def open_case(*, city: City, new: NewCase, by: Actor, now: datetime, along: Together) -> Case:
    """A case in its flow's first state, with its promise, timeline, timers and news.

    Runs inside the caller's transaction; the rows are written when the caller sends `along`.
    """
    listed = catalogue(city)
    service = listed.by_id(new.service_id)
    version_id, flow = listed.current_version(service.flow)
    state = flow.states[flow.start]
    place = new.place
    case = Case(
        id=new.id,
        city_id=city.id,
        service_id=new.service_id,
        flow_version_id=version_id,
        queue_id=new.queue_id,
        assignee_id=new.assignee_id,
        asset_id=place.asset_id,
        number=new.number,
        state=state.key,
        category=state.category,
        is_open=categories.is_open(state.category),
        is_public=service.public,
        priority=new.priority,
        opened_at=now,
        updated_at=now,
        lon=place.lon,
        lat=place.lat,
        cell=_cell(place),
        place_words=place.words,
        areas=place.areas,
        route_reason=_reason(new.route),
    )
    promises.begin(case, service, city=city, now=now)
    entries = [
        NewEntry(kind="received", data=_received(new)),
        NewEntry(kind="routed", data=_routed(case), by=_system(by), public=False),
    ]
    if new.assignee_id is not None:
        given = {"to": new.assignee_id, "name": new.assignee_name}
        entries.append(NewEntry(kind="assigned", data=given, by=_system(by)))
    started = Progress(
        case=case, flow=flow, city=city, by=by, now=now, answers=new.answers, entries=entries
    )
    started.start()
    rows, outbox = timeline.append(case, started.entries, by=by, now=now)
    ladder.set_next(case, service, calendar=queries.calendar_of(city))
    running = targets.begin(case, service, calendar=queries.calendar_of(city), since=now)
    targets.judge(running, case, flow, service, started.entries, by=by, now=now)
    along.insert([case], with_pk=True)
    along.insert(running)
    started.save(along)
    steps.save_news(case=case, entries=rows, outbox=outbox, now=now, along=along)
    return case


@transaction.atomic
def make_move(
    *,
    city: City,
    case_id: int,
    move: str,
    by: Actor,
    now: datetime,
    given: Given | None = None,
    seen: int | None = None,
    draft_key: uuid.UUID | None = None,
    notes: Sequence[NewEntry] = (),
) -> Case:
    """Take a case one step further, as its flow allows.

    `seen` is the `lock` the person saw; news since then raises `CaseChanged`. A close takes along
    the photos that `by` kept under `draft_key`; a refused one leaves them there. `notes` are
    entries appended in the same step. Raises `MoveRefused` in words.
    """
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    return move_locked(
        city=city,
        case=case,
        move=move,
        by=by,
        now=now,
        given=given or Given(),
        draft_key=draft_key,
        notes=notes,
    )


def move_locked(
    *,
    city: City,
    case: Case,
    move: str,
    by: Actor,
    now: datetime,
    given: Given,
    draft_key: uuid.UUID | None = None,
    notes: Sequence[NewEntry] = (),
) -> Case:
    """The same for a case that the caller's transaction holds from `steps.locked`."""
    listed = catalogue(city)
    flow = listed.flow_version(case.flow_version_id)
    service = listed.by_id(case.service_id)
    step = _allowed(case, flow, move, by)
    rules.require_in_time(step, case.closed_at, now)
    progress = Progress.of(case, flow, city=city, by=by, now=now)
    progress.require_guard(step)
    if step.purpose == "close":
        given = after.given_with_photos(case, given, draft_key=draft_key, by=by)
    outcome = _outcome(step, flow, service, given)
    rules.require(step, service, outcome, given)
    forced = parts.require_done(case, step, service, outcome, given)
    if step.purpose == "close":
        after.show(case, given.photo_ids)
    target = rules.target_of(step, flow, previous=case.previous_state, outcome=outcome)
    if outcome is not None:
        case.outcome = outcome.key
    progress.enter(target, _moved(case, step, target, given, outcome, forced))
    progress.entries += notes
    if step.purpose in ("dispute", "reopen"):
        case.reopened += 1
        case.outcome = ""
        promises.renew(case, city=city, now=now)
    progress.begin(step.effects)
    steps.finish_progress(progress)
    return case


@transaction.atomic
def reply(
    *,
    city: City,
    case_id: int,
    words: str,
    by: Actor,
    now: datetime,
    seen: int | None = None,
    words_in: Mapping[str, str] | None = None,
) -> Case:
    """Staff write to everybody who follows the case.

    `words_in` is the same in other languages, for those who read these.
    """
    data = steps.said(city, words, words_in)
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_work(case, by, "reply")
    case.unread_reply = False
    steps.finish(case, [NewEntry(kind="replied", data=data)], by=by, now=now)
    return case


@transaction.atomic
def note(
    *,
    city: City,
    case_id: int,
    words: str,
    by: Actor,
    now: datetime,
    seen: int | None = None,
    naming: Collection[int] = (),
) -> Case:
    """Staff write for staff alone. Colleagues named with @, or by id in `naming`, find it on their page."""
    words = steps.text_of(words)
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_work(case, by, "note")
    people = following.colleagues(city, case, by) if naming or "@" in words else []
    words = following.with_names(words, [m for m in people if m.user_id in naming], people)
    data: dict[str, Any] = {"words": steps.text_of(words)}
    if named := following.named_in(words, people):
        data["mentions"] = [m.user_id for m in named]
    steps.finish(case, [NewEntry(kind="noted", data=data)], by=by, now=now)
    return case


@transaction.atomic
def hear(
    *,
    city: City,
    case_id: int,
    entry: NewEntry,
    by: Actor,
    now: datetime,
    unread: bool = True,
    seen: int | None = None,
) -> Case:
    """Append what somebody said or did, without a change of state."""
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    case.unread_reply = case.unread_reply or unread
    steps.finish(case, [entry], by=by, now=now)
    return case


@transaction.atomic
def assign(
    *,
    city: City,
    case_id: int,
    user_id: int | None,
    user_name: str,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> Case:
    """Give the case to one person, or to nobody."""
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    taken = user_id is not None and user_id == by.user_id
    steps.may_work(case, by, "take" if taken else "assign")
    if case.assignee_id == user_id:
        return case
    if user_id is not None and not queries.works_here(city, user_id):
        raise MoveRefused(_("Choose somebody who works here."))
    case.assignee_id = user_id
    entry = NewEntry(kind="assigned", data={"to": user_id, "name": user_name})
    steps.finish(case, [entry], by=by, now=now)
    return case


@transaction.atomic
def set_priority(
    *, city: City, case_id: int, priority: int, by: Actor, now: datetime, seen: int | None = None
) -> Case:
    """Change how urgent it is; a service with its own promise for that priority gets a new date."""
    if priority not in Case.Priority.values:
        raise MoveRefused(_("Choose one of the listed priorities."))
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_work(case, by, "set_priority")
    if case.priority == priority:
        return case
    entries = promises.set_priority(case, priority, city=city, now=now)
    steps.finish(case, entries, by=by, now=now)
    return case


@transaction.atomic
def route(
    *,
    city: City,
    case_id: int,
    queue_id: int,
    reason: str,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> Case:
    """Send the case to another queue, with the reason kept and shown."""
    reason = steps.text_of(reason, need="reason")
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_work(case, by, "send_on")
    queue = queries.queue_of(city, queue_id)
    if queue is None:
        raise MoveRefused(_("Choose one of the listed queues."))
    if case.queue_id == queue_id:
        raise MoveRefused(_("It is in this queue already."))
    before, case.queue_id, case.assignee_id = case.queue_id, queue_id, None
    case.route_reason = {"because": reason, "by": by.name}
    changing.remember(case, case.service_id, before, by=by, now=now)
    entry = NewEntry(
        kind="routed",
        data={"from": before, "queue": queue_id, "because": reason, "by_person": True},
        news=True,
    )
    steps.finish(case, [entry], by=by, now=now)
    return case


@transaction.atomic
def place(*, city: City, case_id: int, new: CasePlace, by: Actor, now: datetime) -> Case:
    """Correct where the work is."""
    case = steps.locked(city=city, case_id=case_id)
    steps.may_work(case, by, "change_place")
    before = case.place_words
    case.lon, case.lat, case.cell = new.lon, new.lat, _cell(new)
    case.place_words, case.areas, case.asset_id = new.words, new.areas, new.asset_id
    entries = [NewEntry(kind="rerouted", data={"place_from": before, "place_to": new.words})]
    if case.is_open:
        entries += promises.recount(
            case,
            catalogue(city).by_id(case.service_id),
            calendar=queries.calendar_of(city),
            now=now,
            why="place",
        )
    steps.finish(case, entries, by=by, now=now)
    return case


@transaction.atomic
def read_replies(*, city: City, case_id: int, by: Actor) -> None:
    """Somebody of the staff has read what the resident wrote. No entry: nothing happened."""
    if by.writes:
        Case.objects.of_city(city.id).filter(pk=case_id, unread_reply=True).update(
            unread_reply=False
        )


# The steps that the actions above share.


def _allowed(case: Case, flow: FlowDefinition, move: str, by: Actor) -> Move:
    step = flow.moves.get(move)
    if step is None or case.state not in step.sources:
        raise MoveRefused(_("That step is not possible any more. The case has moved on."))
    if not step.by & by.roles:
        raise MoveRefused(_("Your role may not make this step."))
    if by.is_staff or by.city_id != case.city_id:
        steps.may_change(case, by, "move")
    if case.merged_into_id is not None:
        raise MoveRefused(_("This case was joined to another one. Work on that one."))
    return step


def _cell(place: CasePlace) -> int | None:
    if place.lon is None or place.lat is None:
        return None
    return cells.cell_of(place.lon, place.lat)


def _received(new: NewCase) -> dict[str, Any]:
    data: dict[str, Any] = {"channel": new.channel}
    return data | {"side": new.side} if new.side else data


def _reason(route: Route) -> dict[str, Any]:
    return {"because": route.because}


def _routed(case: Case) -> dict[str, Any]:
    due = case.due_at.isoformat() if case.due_at else None
    return {
        "queue": case.queue_id,
        "because": (case.route_reason or {}).get("because", ""),
        "due": due,
    }


def _outcome(
    step: Move, flow: FlowDefinition, service: ServiceDefinition, given: Given
) -> Outcome | None:
    """How it ends, where the step ends it; refused when the service knows no such end."""
    if not given.outcome or (step.purpose != "close" and step.to != "$outcome"):
        return None
    outcome = flow.outcomes.get(given.outcome)
    if outcome is None or outcome not in rules.outcomes_for(flow, service):
        raise MoveRefused(rules.need_words("outcome"), missing=("outcome",))
    return outcome


def _moved(
    case: Case, step: Move, target: str, given: Given, outcome: Outcome | None, forced: str
) -> dict[str, Any]:
    data: dict[str, Any] = {"move": step.key, "from": case.state, "to": target}
    if step.purpose:
        data["purpose"] = step.purpose
    optional = {
        "words": given.words.strip(),
        # Why it ends before a part of it is for the staff; the resident reads the words.
        "reason": "" if forced else given.reason.strip(),
        "forced": forced,
        "outcome": outcome.key if outcome else "",
        "handed_to": given.handed_to.strip(),
        "number": given.number,
        "photos": list(given.photo_ids),
    }
    return data | {k: v for k, v in optional.items() if v}


def _system(by: Actor) -> Actor:
    return Actor(kind="system", city_id=by.city_id, roles=frozenset({"system"}))
