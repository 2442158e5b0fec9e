"""Acts on many cases: choose them in a list, say what to do, look at what would happen, do it, take it back."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from onehall.casework import lists as casework
from onehall.casework.errors import CaseworkRefused
from onehall.catalog.queries import catalogue
from onehall.console import bulkforms, walk
from onehall.console.desk import Desk, draw, frame, staff_only
from onehall.kernel.localized import pick
from onehall.look.components.small import local
from onehall.look.doorway import CityRequest
from onehall.messaging.live import token as live_token
from onehall.people.queries import members, queues
from onehall.service_requests import batches
from onehall.service_requests.batches import Phase, State
from onehall.service_requests.models import BulkAct, BulkItem

NAMED = 50
"""Cases of one kind that are named one by one; of the others it is said how many there are."""


@staff_only
@require_POST
def choose(request: CityRequest) -> HttpResponse:
    """Cases ticked in a list, or the whole list up to a limit. Leads to the page of the act."""
    desk = frame(request)
    back = request.POST.get("list", "")
    picks = [pick for text in request.POST.getlist("case") if (pick := _pick(text))]
    capped = False
    if request.POST.get("all"):
        found = walk.list_of(request, desk, back)
        if found is None:
            raise Http404
        picks = casework.first_of(
            desk.actor, found[0], now=desk.now, day_end=desk.day_end, at_most=batches.MOST + 1
        )
        capped = len(picks) > batches.MOST
    try:
        act = batches.choose(
            city=desk.city,
            key=_key(request.POST.get("key", "")),
            picks=picks,
            back=back if walk.list_of(request, desk, back) else "",
            capped=capped,
            by=desk.actor,
            now=desk.now,
        )
    except CaseworkRefused as no:
        messages.warning(request, str(no))
        return redirect(back if walk.list_of(request, desk, back) else "console:inbox")
    query = urlencode({"do": request.POST["do"]}) if request.POST.get("do") else ""
    return redirect(f"{reverse('console:bulk', args=[act.key])}{'?' if query else ''}{query}")


@staff_only
@require_http_methods(["GET", "POST"])
def bulk(request: CityRequest, key: uuid.UUID) -> HttpResponse:
    """The page of one act. What is sent is the next step: propose, do, or take back."""
    desk = frame(request)
    act = batches.act_of(desk.actor, key)
    if act is None:
        raise Http404
    trouble = ""
    if request.method == "POST":
        try:
            _step(request, desk, act)
        except CaseworkRefused as no:
            trouble = str(no)
        else:
            return redirect("console:bulk", key=act.key)
    act.refresh_from_db()
    part = request.GET.get("part") == "live"
    context = _context(request, desk, act, trouble)
    template = "console/bulk.html#live" if part else "console/bulk.html"
    return draw(request, template, desk, context, status=422 if trouble else 200)


def _step(request: CityRequest, desk: Desk, act: BulkAct) -> None:
    what, by, now = request.POST.get("step", ""), desk.actor, desk.now
    if what == "propose":
        kind = request.POST.get("kind", "")
        batches.propose(
            act=act, kind=kind, given=bulkforms.given_of(kind, request.POST.dict()), by=by
        )
    elif what == "do":
        batches.start(act=act, by=by, now=now)
    elif what == "undo":
        batches.take_back(act=act, by=by, now=now)
    else:
        raise Http404
    act.refresh_from_db()
    if batches.work(act=act, by=by, now=now, most=batches.AT_ONCE):
        batches.queue_round(act=act, now=now)


def _pick(text: str) -> tuple[int, int] | None:
    """A ticked case with the lock that was shown."""
    pk, _mark, lock = text.partition(".")
    if pk.isdecimal() and lock.isdecimal() and len(pk) < 18 and len(lock) < 10:
        return int(pk), int(lock)
    return None


def _key(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.uuid4()


def _context(request: CityRequest, desk: Desk, act: BulkAct, trouble: str) -> dict[str, Any]:
    counts, phase = batches.counts(act), Phase(act.phase)
    total = sum(counts[state] for state in State.values)
    editing = phase in (Phase.CHOOSING, Phase.TRIED)
    chosen = bulkforms.chosen_of(act) if editing else None
    waiting = counts.get(batches.NEXT[phase].value, 0) if phase in batches.NEXT else 0
    may_undo = phase == Phase.DONE and act.undo_until is not None and desk.now < act.undo_until
    seconds = (
        max(0, int((act.undo_until - desk.now).total_seconds()))
        if may_undo and act.undo_until
        else 0
    )
    return {
        "act": act,
        "phase": phase.value,
        "running": phase in batches.NEXT,
        "editing": editing,
        "counts": counts,
        "total": total,
        "most": batches.MOST,
        "done_share": total - waiting,
        "trouble": trouble,
        "forms": bulkforms.forms_of(desk, act, chosen, request.LANGUAGE_CODE, request.POST.dict())
        if chosen
        else None,
        "what": _what(desk, act, request.LANGUAGE_CODE),
        "unlike": _unlike(act, phase),
        "sample": batches.sample(act=act, by=desk.actor, now=desk.now)
        if phase == Phase.TRIED
        else None,
        "forever": _forever(act.kind),
        "may_undo": may_undo,
        "seconds": seconds,
        "opens": request.POST.get("kind") or act.kind or request.GET.get("do", ""),
        "back": act.back or reverse("console:inbox"),
        "stream": f"/live/{live_token([f'city:{desk.city.id}'])}",
        "live_address": f"{request.path}?part=live",
    }


def _unlike(act: BulkAct, phase: BulkAct.Phase) -> list[dict[str, Any]]:
    """Cases that will not be, were not or could not be taken back, each with its reason; the first of many."""
    states = {
        Phase.TRYING: [State.WONT],
        Phase.TRIED: [State.WONT],
        Phase.DOING: [State.WONT, State.SKIPPED],
        Phase.DONE: [State.WONT, State.SKIPPED],
    }.get(phase, [State.SKIPPED, State.KEPT])
    rows = BulkItem.objects.filter(act=act, state__in=states).select_related("case")
    listed = catalogue(act.city)
    return [
        {
            "number": item.case.number,
            "service": local(listed.by_id(item.case.service_id).name),
            "why": item.why,
        }
        for item in rows.order_by("position")[:NAMED]
    ]


def _what(desk: Desk, act: BulkAct, language: str) -> str:
    """The act in words: "Give to Carl"."""
    given, default = act.given, desk.city.languages[0]
    if act.kind == "assign":
        name = next((m.name for m in members(desk.city) if m.user_id == given.get("user")), "")
        return _("Give to %(name)s") % {"name": name} if name else _("Give back to the queue")
    if act.kind == "queue":
        found = next((q.name for q in queues(desk.city) if q.id == given.get("queue")), {})
        return _("Send to %(queue)s") % {"queue": pick(found, language, default)}
    if act.kind == "join":
        return _("Join with %(number)s") % {"number": given.get("into", "")}
    if act.kind == "move":
        flows = (
            catalogue(desk.city).current_version(s.flow)[1] for s in catalogue(desk.city).every
        )
        label = next((f.moves[given["move"]].label for f in flows if given["move"] in f.moves), {})
        return pick(label, language, default) or str(given["move"])
    words = {
        "priority": _("Change the priority"),
        "reply": _("Write to the residents"),
        "note": _("Add a note for the staff"),
    }
    return words.get(act.kind, "")


def _forever(kind: str) -> str:
    """What can not be taken back, said before it is done."""
    words = {
        "reply": _(
            "Who has their page open reads the message at once. Taken back, it is no longer shown and no mail goes out."
        ),
        "note": _(
            "A note that is taken back stays on the timeline for the staff, marked as taken back."
        ),
        "move": _("Who has their page open sees the new state at once, until it is taken back."),
        "join": _("Taken back, the page of each report says that it was joined and taken apart."),
    }
    return words.get(kind, "")
