"""The page of one report: where it is, who has it, by when; messages, and the resident's verdict."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from onehall.casework import queries as casework
from onehall.casework import photos, wording
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case, Photo
from onehall.casework.wording import Line
from onehall.catalog.flows import FlowDefinition, Move
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.kernel.photos import PhotoRefused
from onehall.look.doorway import CityRequest
from onehall.look.parts import Picture, Station
from onehall.messaging.live import token as live_token
from onehall.people.actor import Actor, resident
from onehall.people.queries import queues
from onehall.portal.limits import too_many
from onehall.service_requests import actions, queries
from onehall.service_requests.actions import Contact
from onehall.service_requests.models import ServiceRequest

DEFAULT_ANSWER_DAYS = 7


@dataclass(frozen=True, slots=True)
class Loaded:
    """A report with what its page needs from the catalogue."""

    request: ServiceRequest
    case: Case
    flow: FlowDefinition
    service: ServiceDefinition
    by: Actor


@login_not_required
@never_cache
@require_GET
def status(request: CityRequest, token: str) -> HttpResponse:
    """The whole page; `?part=live` answers only the part that changes, for open pages."""
    loaded = _load(request, token)
    etag = f'"{loaded.case.id}-{loaded.case.lock}-{request.LANGUAGE_CODE}"'
    part = request.GET.get("part") == "live"
    if part and request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    context = _context(request, loaded)
    context["sent"] = request.GET.get("sent") == "1"
    template = "portal/status.html#live" if part else "portal/status.html"
    response = render(request, template, context)
    if part:
        response.headers["ETag"] = etag
    return response


@login_not_required
@require_GET
def status_json(request: CityRequest, token: str) -> HttpResponse:
    """State and dates of a report for programs and for pages that poll. One query."""
    city = request.city
    found = queries.standing(city, token)
    if found is None:
        raise Http404
    etag = f'"{found.case_id}-{found.lock}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    listed = catalogue(city)
    state = listed.flow_version(found.flow_version_id).states[found.state]
    language, default = request.LANGUAGE_CODE, city.languages[0]
    body = {
        "number": found.number,
        "service": pick(listed.by_id(found.service_id).name, language, default),
        "state": pick(state.label, language, default),
        "category": state.category,
        "open": found.is_open,
        "due": found.due_at,
        "updated": found.updated_at,
        "v": found.lock,
    }
    response = JsonResponse(body)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@login_not_required
@require_POST
def write(request: CityRequest, token: str) -> HttpResponse:
    """A message to the city, with photos if wanted."""
    loaded = _load(request, token)
    words = request.POST.get("words", "")
    if too_many(request, "write", limit=60, seconds=600):
        return _again(request, loaded, write_error=_("Many messages came at once. Wait some minutes."), words=words, status=429)
    refused = _photos(request, loaded)
    try:
        if words.strip() or not request.FILES:
            actions.write(
                city=request.city, request=loaded.request, words=words, by=loaded.by, now=read_clock()
            )
    except CaseworkRefused as no:
        return _again(request, loaded, write_error=str(no), words=words, status=422)
    if refused:
        return _again(request, loaded, write_error=" ".join(refused), words="", status=422)
    messages.success(request, _("Sent. You find it in the list below."))
    return redirect("portal:status", token=token)


@login_not_required
@require_POST
def verdict(request: CityRequest, token: str) -> HttpResponse:
    """Fixed, or not fixed."""
    loaded = _load(request, token)
    fixed = request.POST.get("answer") == "yes"
    reason = request.POST.get("reason", "")
    try:
        actions.judge(
            city=request.city,
            request=loaded.request,
            fixed=fixed,
            reason=reason,
            by=loaded.by,
            now=read_clock(),
        )
    except CaseworkRefused as no:
        return _again(request, loaded, verdict_error=str(no), reason=reason, ask_reason=True, status=422)
    if fixed:
        messages.success(request, _("Thank you. Good that it is fixed."))
    else:
        messages.success(request, _("Thank you for telling us. The case is open again."))
    return redirect("portal:status", token=token)


@login_not_required
@require_POST
def rate(request: CityRequest, token: str) -> HttpResponse:
    """One to five, and a comment."""
    loaded = _load(request, token)
    comment = request.POST.get("comment", "")
    try:
        rating = int(request.POST.get("rating", "0"))
        actions.rate(
            city=request.city,
            request=loaded.request,
            rating=rating,
            comment=comment,
            by=loaded.by,
            now=read_clock(),
        )
    except ValueError:
        return _again(request, loaded, rate_error=_("Choose between one and five."), comment=comment, status=422)
    except CaseworkRefused as no:
        return _again(request, loaded, rate_error=str(no), comment=comment, status=422)
    messages.success(request, _("Thank you. The people who did the work read this."))
    return redirect("portal:status", token=token)


@login_not_required
@never_cache
def news(request: CityRequest, token: str) -> HttpResponse:
    """Stop or start messages, or leave an address to get them. The link in a mail only asks."""
    loaded = _load(request, token)
    if request.method == "POST":
        return _set_news(request, loaded)
    context = {"report": loaded.request, "wanted": request.GET.get("wanted", "")}
    return render(request, "portal/news.html", context)


def _set_news(request: CityRequest, loaded: Loaded) -> HttpResponse:
    email = request.POST.get("email", "").strip()[:254]
    if email:
        if "@" not in email or " " in email:
            return _again(request, loaded, news_error=_("Type an address like name@example.com."), status=422)
        actions.set_contact(
            city=request.city,
            request=loaded.request,
            contact=Contact(email=email),
            now=read_clock(),
        )
        messages.success(request, _("We will write to you when something happens."))
    else:
        wanted = request.POST.get("wanted") == "yes"
        actions.set_news(city=request.city, request=loaded.request, wanted=wanted)
        done = _("You get messages again.") if wanted else _("You get no more messages about this report.")
        messages.success(request, done)
    return redirect("portal:status", token=loaded.request.token)


def _load(request: CityRequest, token: str) -> Loaded:
    found = queries.by_token(request.city, token)
    if found is None:
        raise Http404
    listed = catalogue(request.city)
    case = found.case
    return Loaded(
        found,
        case,
        listed.flow_version(case.flow_version_id),
        listed.by_id(case.service_id),
        resident(request.city.id, request_id=found.id),
    )


def _photos(request: CityRequest, loaded: Loaded) -> list[str]:
    refused: list[str] = []
    for upload in request.FILES.getlist("photos")[: photos.MAX_PHOTOS]:
        try:
            photos.add_to_case(
                city=request.city,
                case_id=loaded.case.id,
                upload=upload.read(),
                kind=Photo.Kind.MESSAGE,
                words="",
                by=loaded.by,
                now=read_clock(),
            )
        except (PhotoRefused, CaseworkRefused) as no:
            refused.append(f"{upload.name}: {no}")
    return refused


def _again(request: CityRequest, loaded: Loaded, *, status: int, **extra: Any) -> HttpResponse:
    """The page once more with an error at its field and nothing lost."""
    loaded.case.refresh_from_db()
    return render(request, "portal/status.html", _context(request, loaded) | extra, status=status)


def _context(request: CityRequest, loaded: Loaded) -> dict[str, Any]:
    city, case, flow = request.city, loaded.case, loaded.flow
    language, default = request.LANGUAGE_CODE, city.languages[0]
    entries = casework.timeline_of(case, public_only=True)
    names = {q.id: pick(q.name, language, default) for q in queues(city)}
    reader = wording.Reader(flow, language, default, names, staff=False, own_number=loaded.request.number)
    lines = wording.lines(entries, case, reader)
    pictures = [
        p
        for p in casework.photos_of([case.id])
        if p.request_id == loaded.request.id or p.is_public
    ]
    state = flow.states[case.state]
    return {
        "report": loaded.request,
        "case": case,
        "service": loaded.service,
        "state": state,
        "lines": lines,
        "stations": stations(flow, case, lines, reader),
        "queue": names.get(case.queue_id, ""),
        "before": _picture(pictures, Photo.Kind.BEFORE),
        "after": _picture(pictures, Photo.Kind.AFTER),
        "photos": {p.id: p for p in pictures},
        "more_photos": pictures,
        "can_judge": bool(_verdicts(loaded)),
        "settles_at": _settles_at(loaded),
        "needs_reason": loaded.request.disputes >= actions.FREE_DISPUTES,
        "late": case.is_open and case.paused_at is None and case.due_at is not None and case.due_at < read_clock(),
        "stream": f"/live/{live_token([f'case:{case.id}'])}",
        "person": loaded.request.person if loaded.request.person_id else None,
    }


def _verdicts(loaded: Loaded) -> list[Move]:
    moves = loaded.flow.leaving(loaded.case.state, loaded.by.roles)
    return [m for m in moves if m.purpose == "accept"]


def _settles_at(loaded: Loaded) -> Any:
    state = loaded.flow.states[loaded.case.state]
    if not state.timers or loaded.case.closed_at is None:
        return None
    return loaded.case.updated_at + state.timers[0].after


def _picture(pictures: list[Photo], kind: str) -> Picture | None:
    mine = [p for p in pictures if p.kind == kind]
    if not mine:
        return None
    photo = mine[-1] if kind == Photo.Kind.AFTER else mine[0]
    title = _("After") if kind == Photo.Kind.AFTER else _("Before")
    plain = _("Photo after the work") if kind == Photo.Kind.AFTER else _("Photo from the report")
    return Picture(
        src=f"/photos/{photo.key}/small.jpg",
        href=f"/photos/{photo.key}/large.jpg",
        alt=photo.words or plain,
        title=title,
        at=photo.created_at,
        width=photo.width,
        height=photo.height,
    )


def stations(
    flow: FlowDefinition, case: Case, lines: list[Line], reader: wording.Reader
) -> list[Station]:
    """The flow's stages as stations of the line, with the day each was first reached."""
    reached = {flow.states[flow.start].stage: case.opened_at}
    for line in reversed(lines):
        state = flow.states.get(str(line.data.get("to", "")))
        if state is not None:
            reached.setdefault(state.stage, line.at)
    now_at = next((i for i, s in enumerate(flow.stages) if s.key == flow.states[case.state].stage), 0)
    found: list[Station] = []
    for index, stage in enumerate(flow.stages):
        status = "past" if index < now_at else "now" if index == now_at else "next"
        at = reached.get(stage.key) if index <= now_at else None
        found.append(Station(label=reader.text(stage.label), at=at, status=status))
    return found
