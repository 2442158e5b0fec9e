"""One case: what residents told us, the timeline, the next moves; every act is one action."""

import json
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from onehall.casework import actions, photos, rules, wording
from onehall.casework import queries as casework
from onehall.casework.errors import CaseChanged, CaseworkRefused
from onehall.casework.models import Case, Photo
from onehall.casework.photos import Box
from onehall.casework.rules import Given
from onehall.catalog.flows import FlowDefinition, Move
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.console.clockface import face
from onehall.console.desk import Desk, draw, frame, staff_only
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.kernel.photos import PhotoRefused
from onehall.look.doorway import CityRequest
from onehall.messaging import queries as messaging
from onehall.messaging.live import token as live_token
from onehall.people.queries import Member, members
from onehall.places import tiles
from onehall.service_requests import actions as requests
from onehall.service_requests import queries

LETTERS = {"close": "c", "ask": "a", "start": "s", "reopen": "r"}
"""Letter keys of moves by purpose."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A case with its flow and service."""

    case: Case
    flow: FlowDefinition
    service: ServiceDefinition


@staff_only
@require_GET
def case(request: CityRequest, number: str) -> HttpResponse:
    """The whole page; `?part=live` answers the parts that change."""
    loaded = load(request, number)
    etag = f'"{loaded.case.id}-{loaded.case.lock}-{request.LANGUAGE_CODE}"'
    part = request.GET.get("part") == "live"
    if part and request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    if loaded.case.unread_reply:
        actions.read_replies(city=request.city, case_id=loaded.case.id, by=request.actor)
    response = page(request, loaded, move=request.GET.get("move", ""), part=part)
    if part:
        response.headers["ETag"] = etag
    return response


@staff_only
@require_POST
def move(request: CityRequest, number: str) -> HttpResponse:
    """One step of the flow, with what it needs."""
    loaded = load(request, number)
    post = request.POST
    wanted = post.get("move", "")
    given = Given(
        words=post.get("words", ""),
        reason=post.get("reason", ""),
        outcome=post.get("outcome", ""),
        handed_to=post.get("handed_to", ""),
    )
    try:
        added = _after_photos(request, loaded.case)
        given = Given(
            words=given.words,
            reason=given.reason,
            outcome=given.outcome,
            handed_to=given.handed_to,
            photo_ids=added,
        )
        step = loaded.flow.moves.get(wanted)
        if step is not None and set(rules.needs_of(step, loaded.service, None)) - {"words"} and "asked" not in post:
            return page(request, loaded, move=wanted)
        actions.make_move(
            city=request.city,
            case_id=loaded.case.id,
            move=wanted,
            by=request.actor,
            now=read_clock(),
            given=given,
            seen=None if added else seen(request),
        )
    except PhotoRefused as no:
        return page(request, loaded, move=wanted, given=given, error=str(no), status=422)
    except CaseChanged as changed:
        return _changed(request, loaded, changed, move=wanted, given=given)
    except CaseworkRefused as no:
        return page(request, loaded, move=wanted, given=given, error=str(no), status=422)
    return _back(request, number)


@staff_only
@require_POST
def say(request: CityRequest, number: str) -> HttpResponse:
    """A public reply or a note for staff alone: two buttons of the same box."""
    loaded = load(request, number)
    words = request.POST.get("words", "")
    act = actions.note if request.POST.get("as") == "note" else actions.reply
    try:
        act(city=request.city, case_id=loaded.case.id, words=words, by=request.actor, now=read_clock())
    except CaseworkRefused as no:
        return page(request, loaded, said=words, say_error=str(no), status=422)
    return _back(request, number)


@staff_only
@require_POST
def change(request: CityRequest, number: str) -> HttpResponse:
    """Assign, priority or queue: the small forms at the side."""
    loaded = load(request, number)
    try:
        _change(request, loaded)
    except CaseChanged as changed:
        return _changed(request, loaded, changed, reason=request.POST.get("reason", ""))
    except CaseworkRefused as no:
        what = request.POST.get("what", "")
        return page(request, loaded, change_error=str(no), changing=what, reason=request.POST.get("reason", ""), status=422)
    return _back(request, number)


def _change(request: CityRequest, loaded: Loaded) -> None:
    post, city, now = request.POST, request.city, read_clock()
    common: dict[str, Any] = {
        "city": city,
        "case_id": loaded.case.id,
        "by": request.actor,
        "now": now,
        "seen": seen(request),
    }
    what = post.get("what", "")
    if what == "take":
        actions.assign(**common, user_id=request.actor.user_id, user_name=request.actor.name)
    elif what == "assign":
        chosen = next((m for m in members(city) if str(m.user_id) == post.get("user")), None)
        actions.assign(
            **common,
            user_id=chosen.user_id if chosen else None,
            user_name=chosen.name if chosen else "",
        )
    elif what == "priority":
        actions.set_priority(**common, priority=_number(post.get("priority")))
    elif what == "queue":
        actions.route(**common, queue_id=_number(post.get("queue")), reason=post.get("reason", ""))
    elif what == "join":
        requests.join(city=city, case_id=loaded.case.id, into_number=post.get("into", ""), by=request.actor, now=now)
    elif what == "unjoin":
        requests.unjoin(city=city, case_id=_number(post.get("case")), by=request.actor, now=now)
    else:
        raise Http404


@staff_only
@require_POST
def photo(request: CityRequest, number: str, pk: int) -> HttpResponse:
    """Make places of a photo unreadable, show it to followers, or hide it."""
    loaded = load(request, number)
    found = Photo.objects.filter(pk=pk, case_id=loaded.case.id, removed_at=None).first()
    if found is None:
        raise Http404
    if not request.actor.writes:
        return page(request, loaded, error=_("Your role can read this case but not change it."), status=403)
    try:
        if request.POST.get("boxes"):
            boxes = [Box(*(float(v) for v in b)) for b in json.loads(request.POST["boxes"])]
            photos.redact(city=request.city, photo_id=pk, boxes=boxes, by=request.actor, now=read_clock())
        else:
            shown = request.POST.get("public") == "yes"
            photos.set_public(city=request.city, photo_id=pk, is_public=shown, by=request.actor, now=read_clock())
    except (ValueError, TypeError):
        return page(request, loaded, error=_("Mark one to twenty places in the photo."), status=422)
    except CaseworkRefused as no:
        return page(request, loaded, error=str(no), status=422)
    return _back(request, number)


@staff_only
@require_GET
def case_map(request: CityRequest, number: str, scheme: str) -> HttpResponse:
    """A still map of the case and the open ones around it."""
    found = load(request, number).case
    if found.lon is None or found.lat is None or scheme not in ("light", "dark"):
        raise Http404
    near = casework.open_near(
        request.city, found.lon, found.lat, metres=200, public_only=False, limit=6
    )
    pins = [
        tiles.Pin(n.case.lon, n.case.lat, str(i))
        for i, n in enumerate((n for n in near if n.case.id != found.id), start=1)
        if n.case.lon is not None and n.case.lat is not None
    ]
    data = tiles.draw_still(
        request.city,
        found.lon,
        found.lat,
        width=640,
        height=280,
        zoom=17,
        dark=scheme == "dark",
        pins=[*pins, tiles.Pin(found.lon, found.lat)],
    )
    return HttpResponse(data, content_type="image/webp")


def load(request: CityRequest, number: str) -> Loaded:
    """The case of that number, if this person may see it; a joined report's number leads there too."""
    found = (
        Case.objects.visible_to(request.actor)
        .select_related("queue", "assignee", "merged_into")
        .filter(number=number)
        .first()
    )
    if found is None:
        raise Http404
    listed = catalogue(request.city)
    return Loaded(found, listed.flow_version(found.flow_version_id), listed.by_id(found.service_id))


def seen(request: CityRequest) -> int | None:
    """The `lock` the page was drawn with."""
    text = request.POST.get("seen", "")
    return int(text) if text.isdigit() else None


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else -1


def _after_photos(request: CityRequest, case: Case) -> tuple[int, ...]:
    added: list[int] = []
    for upload in request.FILES.getlist("photos")[: photos.MAX_PHOTOS]:
        made = photos.add_to_case(
            city=request.city,
            case_id=case.id,
            upload=upload.read(),
            kind=Photo.Kind.AFTER,
            words="",
            by=request.actor,
            now=read_clock(),
        )
        added.append(made.id)
    return tuple(added)


def _back(request: CityRequest, number: str) -> HttpResponse:
    messages.success(request, _("Saved."))
    if request.POST.get("from") == "work":
        return redirect("console:work")
    return redirect("console:case", number=number)


def _changed(request: CityRequest, loaded: Loaded, changed: CaseChanged, **kept: Any) -> HttpResponse:
    """409: what changed meanwhile, with everything typed still there."""
    fresh = load(request, loaded.case.number)
    return page(request, fresh, changed_since=changed.seen, error=str(changed), status=409, **kept)


def page(
    request: CityRequest, loaded: Loaded, *, status: int = 200, part: bool = False, **extra: Any
) -> HttpResponse:
    """The case page with whatever a refused act brings along."""
    desk = frame(request)
    template = "console/case.html#live" if part else "console/case.html"
    return draw(request, template, desk, context(request, desk, loaded) | extra, status=status)


def context(request: CityRequest, desk: Desk, loaded: Loaded) -> dict[str, Any]:
    """Everything the case page names."""
    city, found, flow = request.city, loaded.case, loaded.flow
    language, default = request.LANGUAGE_CODE, city.languages[0]
    names = {q.id: pick(q.name, language, default) for q in desk.queues}
    reader = wording.Reader(flow, language, default, names, staff=True)
    entries = casework.timeline_of(found)
    reports = queries.reports_of(found)
    joined = queries.joined_cases(found)
    pictures = casework.photos_of([found.id, *(c.id for c in joined)])
    moves = [m for m in flow.leaving(found.state, desk.actor.roles)] if _may_move(desk, found) else []
    team = members(city)
    zone = ZoneInfo(city.time_zone)
    near = (
        casework.open_near(city, found.lon, found.lat, metres=200, public_only=False, limit=6)
        if found.lon is not None and found.lat is not None
        else []
    )
    return {
        "case": found,
        "service": loaded.service,
        "flow": flow,
        "state": flow.states[found.state],
        "clock": face(found, now=desk.now, calendar=casework.calendar_of(city), zone=zone),
        "lines": wording.lines(entries, found, reader),
        "reports": reports,
        "followers": sum(1 for r in reports if r.wants_news and r.person_id),
        "joined": joined,
        "photos_before": [p for p in pictures if p.kind != Photo.Kind.AFTER],
        "photos_after": [p for p in pictures if p.kind == Photo.Kind.AFTER],
        "answers": _answers(loaded.service, reports, reader),
        "moves": [move_button(m, reader) for m in moves],
        "closing": _closing(loaded),
        "outcomes": rules.outcomes_for(flow, loaded.service),
        "team": _team(team, found, desk),
        "queues": desk.queues,
        "queue_name": names.get(found.queue_id, ""),
        "near": [n for n in near if n.case.id != found.id],
        "deliveries": messaging.deliveries(city.id, [found.number]),
        "stream": f"/live/{live_token([f'case:{found.id}'])}",
        "area_words": _areas(request, found),
    }


def _may_move(desk: Desk, case: Case) -> bool:
    return desk.actor.writes and case.merged_into_id is None and desk.actor.sees_department(case.queue.department_id)


def move_button(step: Move, reader: wording.Reader) -> dict[str, Any]:
    """A move as a button: its words, its letter, what it asks for."""
    return {
        "key": step.key,
        "label": reader.text(step.label),
        "hint": reader.text(step.hint),
        "purpose": step.purpose,
        "letter": LETTERS.get(step.purpose, ""),
        "needs": step.needs,
        "icon": step.icon,
    }


def _closing(loaded: Loaded) -> str:
    asks = {
        "after_photo": _("a photo of the finished work"),
        "words": _("a line for the resident"),
    }
    needs = [words for need, words in asks.items() if need in loaded.service.closing_needs]
    return _("To close, this service needs %(needs)s.") % {"needs": _(" and ").join(needs)}


def _team(team: list[Member], case: Case, desk: Desk) -> list[Member]:
    department = case.queue.department_id
    return [m for m in team if m.department_id in (None, department) and set(m.roles) - {"auditor"}]


def _answers(
    service: ServiceDefinition, reports: list[Any], reader: wording.Reader
) -> list[tuple[str, str]]:
    """The first reporter's answers as (question, answer)."""
    if not reports:
        return []
    found: list[tuple[str, str]] = []
    for question in service.questions:
        value = reports[0].answers.get(question.key)
        if value in (None, "", []):
            continue
        labels = {o.key: reader.text(o.label) for o in question.options}
        values = value if isinstance(value, list) else [value]
        said = [_yes_no(v) if isinstance(v, bool) else labels.get(str(v), str(v)) for v in values]
        found.append((reader.text(question.label), ", ".join(said)))
    return found


def _yes_no(value: bool) -> str:  # noqa: FBT001  (a value to print, not an option)
    return _("Yes") if value else _("No")


def _areas(request: CityRequest, case: Case) -> str:
    return ", ".join(str(code) for layer, code in sorted(case.areas.items()) if layer != "city_limit")
