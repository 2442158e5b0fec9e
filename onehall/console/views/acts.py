"""What the staff do to a case: move, write, assign, send on, join. Every act is one action."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from onehall.casework import actions, handing, holds, photos
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case
from onehall.casework.rules import Given
from onehall.console import moves, writer
from onehall.console.casepage import Loaded, load, load_to_write, may_be_given, reader_of
from onehall.console.desk import frame, staff_only
from onehall.console.forms import draft_of
from onehall.console.trouble import Trouble, of
from onehall.console.views.case import done, page
from onehall.console.writer import OTHER
from onehall.kernel.clock import now as read_clock
from onehall.kernel.photos import MAX_BYTES, PhotoRefused
from onehall.look.doorway import CityRequest
from onehall.people.bodies import body_of_key
from onehall.people.queries import members
from onehall.service_requests import changing, joining

KEPT = ("words", "reason", "outcome", "handed_to", "into")
"""Fields whose text comes back when an act is refused."""


def acting(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """An act on a case: 404 for cases one may not see, 403 for those who only read, then the act.

    The view gets the request, the loaded case and what else its address names.
    """

    @wraps(view)
    def guarded(request: CityRequest, /, number: str, **named: Any) -> HttpResponse:
        return view(request, load_to_write(request, number), **named)

    return staff_only(require_POST(guarded))


@acting
def move(request: CityRequest, loaded: Loaded) -> HttpResponse:
    """One step of the flow, with what it needs. Photos are kept first, so that no refusal loses them."""
    wanted = request.POST.get("move") or "none"
    step = loaded.flow.moves.get(wanted)
    if step is not None and moves.asks(step) and "asked" not in request.POST:
        return again(request, loaded, Trouble(where=wanted))
    draft = draft_of(request.POST.get("draft", ""))
    try:
        if draft is not None:
            _keep_photos(request, draft)
        if request.POST.get("as") == "insert":
            return _insert(request, loaded, wanted, draft)
        actions.make_move(
            **common(request, loaded), move=wanted, given=_given(request), draft_key=draft
        )
    except PhotoRefused as no:
        trouble = Trouble(
            where=wanted, typed=typed(request), photo_words=str(no), draft=draft, status=422
        )
        return again(request, loaded, trouble)
    except CaseworkRefused as no:
        return again(request, loaded, of(no, where=wanted, typed=typed(request), draft=draft))
    label = reader_of(request, loaded.flow).text(loaded.flow.moves[wanted].label)
    return done(request, loaded.case.number, _("Done: %(what)s.") % {"what": label})


def _insert(
    request: CityRequest, loaded: Loaded, wanted: str, draft: uuid.UUID | None
) -> HttpResponse:
    """The form of a move again with a prepared answer below what was written; without a script."""
    desk = frame(request)
    key = request.POST.get("template", "")
    offered = writer.fitting(request, desk, loaded.case)
    template = next((t for t in offered if t.key == key), None)
    boxes = [request.LANGUAGE_CODE]
    found = writer.texts(desk, loaded.case, template, boxes) if template else {}
    written = writer.add_to(typed(request), found)
    return again(request, loaded, Trouble(where=wanted, typed=written, draft=draft, fresh=True))


@acting
def change(request: CityRequest, loaded: Loaded) -> HttpResponse:
    """Take, assign, priority, queue, join and its undoing: the small forms at the side."""
    what = request.POST.get("what", "")
    change_it = CHANGES.get(what)
    if change_it is None:
        raise Http404
    try:
        words = change_it(request, loaded)
    except CaseworkRefused as no:
        return again(request, loaded, of(no, where=what, typed=typed(request)))
    return done(request, loaded.case.number, words)


@acting
def keep(request: CityRequest, loaded: Loaded) -> HttpResponse:
    """Hang photos onto the case that came with a form which did not go through."""
    draft = draft_of(request.POST.get("draft", ""))
    if draft is None:
        raise Http404
    try:
        photos.keep_drafts(**common(request, loaded), draft_key=draft)
    except CaseworkRefused as no:
        return again(request, loaded, of(no, where="photo", typed={}, draft=draft))
    return done(request, loaded.case.number, _("The photos are on the case."))


def common(request: CityRequest, loaded: Loaded) -> dict[str, Any]:
    """What every action takes. A form without the lock it was drawn with counts as outdated."""
    text = request.POST.get("seen", "")
    return {
        "city": request.city,
        "case_id": loaded.case.id,
        "by": request.actor,
        "now": read_clock(),
        "seen": int(text) if text.isdecimal() and len(text) < 10 else 0,
    }


def typed(request: CityRequest) -> dict[str, str]:
    """What was typed, to be shown again; words in other languages too."""
    others = [OTHER + code for code in request.city.languages]
    return {name: request.POST[name] for name in [*KEPT, *others] if name in request.POST}


def again(request: CityRequest, loaded: Loaded, trouble: Trouble) -> HttpResponse:
    """The page once more, fresh, with the refusal in its place."""
    if not Case.objects.reachable_by(request.actor).filter(pk=loaded.case.pk).exists():
        # Sent to another department in the meantime.
        messages.warning(request, _("This case went to another department in the meantime."))
        return redirect("console:inbox")
    fresh = load(request, loaded.case.number)
    return page(request, fresh, trouble, at_stop=request.POST.get("from") == "work")


def _given(request: CityRequest) -> Given:
    post = request.POST
    return Given(
        words=post.get("words", ""),
        reason=post.get("reason", ""),
        outcome=post.get("outcome", ""),
        handed_to=post.get("handed_to", ""),
    )


def _keep_photos(request: CityRequest, draft: Any) -> None:
    """Store what was uploaded, apart from the case: the step itself takes it along or leaves it."""
    for upload in request.FILES.getlist("photos")[: photos.MAX_PHOTOS]:
        photos.add_draft(
            city=request.city,
            draft_key=draft,
            upload=upload.read(MAX_BYTES + 1),
            by=request.actor,
            now=read_clock(),
        )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 18 else -1


def _take(request: CityRequest, loaded: Loaded) -> str:
    me = request.actor
    actions.assign(**common(request, loaded), user_id=me.user_id, user_name=me.name)
    return _("%(number)s is yours now.") % {"number": loaded.case.number}


def _assign(request: CityRequest, loaded: Loaded) -> str:
    wanted = request.POST.get("user", "")
    team = {str(m.user_id): m for m in members(request.city) if may_be_given(m, loaded.case)}
    chosen = team.get(wanted)
    if wanted and chosen is None:
        raise CaseworkRefused(_("Choose somebody of the list."))
    actions.assign(
        **common(request, loaded),
        user_id=chosen.user_id if chosen else None,
        user_name=chosen.name if chosen else "",
    )
    if chosen is None:
        return _("Given back to the queue.")
    return _("Given to %(name)s.") % {"name": chosen.name}


def _priority(request: CityRequest, loaded: Loaded) -> str:
    wanted = _number(request.POST.get("priority"))
    actions.set_priority(**common(request, loaded), priority=wanted)
    return _("The priority is set.")


def _queue(request: CityRequest, loaded: Loaded) -> str:
    actions.route(
        **common(request, loaded),
        queue_id=_number(request.POST.get("queue")),
        reason=request.POST.get("reason", ""),
    )
    return _("Sent on.")


def _service(request: CityRequest, loaded: Loaded) -> str:
    changing.change_service(
        **common(request, loaded),
        service_key=request.POST.get("service", ""),
        reason=request.POST.get("reason", ""),
        language=request.LANGUAGE_CODE,
    )
    return _("Changed. Whoever follows the case is told.")


def _hand_over(request: CityRequest, loaded: Loaded) -> str:
    body = body_of_key(request.city, request.POST.get("body", ""))
    if body is None:
        raise CaseworkRefused(_("Choose one of the listed bodies."))
    handing.hand_over(**common(request, loaded), body=body, words=request.POST.get("words", ""))
    return _("Handed over. They get a mail with a link.")


def _take_back(request: CityRequest, loaded: Loaded) -> str:
    given = _number(request.POST.get("given"))
    handing.take_back(**common(request, loaded), hand_over_id=given)
    return _("Taken back. Their link opens nothing any more.")


def _join(request: CityRequest, loaded: Loaded) -> str:
    joining.join(**common(request, loaded), into_number=request.POST.get("into", ""))
    return _("Joined. Everybody keeps their number and hears from the other case.")


def _unjoin(request: CityRequest, loaded: Loaded) -> str:
    """From the page of the joined case itself, or from that of the case it was joined into."""
    given = common(request, loaded)
    part = _number(request.POST.get("case")) if "case" in request.POST else loaded.case.id
    mine = Case.objects.filter(pk=part, city_id=request.city.id)
    if part != loaded.case.id and not mine.filter(merged_into_id=loaded.case.id).exists():
        raise CaseworkRefused(_("This case is not joined to another one."))
    joining.unjoin(**given | {"case_id": part}, seen_on=loaded.case.id)
    return _("The join is undone. Both cases live on.")


def _hold(request: CityRequest, loaded: Loaded) -> str:
    holds.put(**common(request, loaded), reason=request.POST.get("reason", ""))
    return _("Held. Nothing of it is erased until the hold is lifted.")


def _release(request: CityRequest, loaded: Loaded) -> str:
    holds.lift(**common(request, loaded))
    return _("The hold is lifted.")


CHANGES: dict[str, Callable[[CityRequest, Loaded], str]] = {
    "take": _take,
    "assign": _assign,
    "priority": _priority,
    "queue": _queue,
    "service": _service,
    "hand_over": _hand_over,
    "take_back": _take_back,
    "join": _join,
    "unjoin": _unjoin,
    "hold": _hold,
    "release": _release,
}
"""The small forms by the name of their button."""
