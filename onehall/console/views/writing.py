"""Writing on a case: a reply, a note, a prepared answer to start from, and a look before it goes out."""

from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.casework import actions, following, steps
from onehall.casework.errors import CaseworkRefused
from onehall.console import walk, writer
from onehall.console.casepage import Loaded, load, reader_of
from onehall.console.desk import Desk, draw, frame, staff_only
from onehall.console.trouble import Trouble, of
from onehall.console.views.acts import acting, again, common, typed
from onehall.console.views.case import done
from onehall.look.doorway import CityRequest
from onehall.service_requests import preview


@acting
def say(request: CityRequest, loaded: Loaded) -> HttpResponse:
    """The buttons of the writing box: send, keep as a note, insert, look first, go on writing."""
    # Without a button, as a press of Enter may send it, nothing goes out.
    wanted = request.POST.get("as", "note")
    if wanted == "insert":
        return _insert(request, loaded)
    if wanted == "write":
        return again(request, loaded, Trouble(where="say", typed=typed(request)))
    try:
        if wanted == "preview":
            steps.may_work(loaded.case, request.actor, "reply")
            return _preview(request, loaded)
        if wanted == "reply":
            others = writer.words_in(request.city, request.POST)
            given = common(request, loaded) | {"words_in": others}
            actions.reply(**given, words=request.POST.get("words", ""))
            words = _("Sent to everybody who follows.")
        else:
            chosen = request.POST.getlist("mention")[: following.MOST_NAMED]
            naming = [int(pk) for pk in chosen if pk.isdecimal() and len(pk) < 18]
            actions.note(
                **common(request, loaded), words=request.POST.get("words", ""), naming=naming
            )
            words = _("Note kept for staff.")
    except CaseworkRefused as no:
        return again(request, loaded, of(no, where="say", typed=typed(request)))
    return done(request, loaded.case.number, words)


@staff_only
@require_GET
def prepared(request: CityRequest, number: str, template_key: str) -> HttpResponse:
    """A prepared answer for this case as JSON: words by the name of their field."""
    loaded = load(request, number)
    found = _texts(request, frame(request), loaded, template_key, _boxes(request, request.GET))
    if found is None:
        raise Http404
    return JsonResponse(found)


def _insert(request: CityRequest, loaded: Loaded) -> HttpResponse:
    """The page again with a prepared answer below what was written."""
    written = typed(request)
    boxes = _boxes(request, request.POST)
    key = request.POST.get("template", "")
    found = _texts(request, frame(request), loaded, key, boxes) if key else {}
    if found is None:
        words = _("This prepared answer does not fit the case any more.")
        return again(request, loaded, Trouble(words=words, where="say", typed=written, status=422))
    return again(request, loaded, Trouble(where="say", typed=writer.add_to(written, found)))


def _boxes(request: CityRequest, sent: QueryDict) -> list[str]:
    """The languages of the boxes that the page had, the first one first."""
    others = [c for c in request.city.languages if writer.OTHER + c in sent]
    return [request.LANGUAGE_CODE, *others]


def _texts(
    request: CityRequest, desk: Desk, loaded: Loaded, key: str, boxes: list[str]
) -> dict[str, str] | None:
    """The words of a prepared answer; None when it does not fit this case."""
    offered = writer.fitting(request, desk, loaded.case)
    template = next((t for t in offered if t.key == key), None)
    return writer.texts(desk, loaded.case, template, boxes) if template else None


def _preview(request: CityRequest, loaded: Loaded) -> HttpResponse:
    """A page with every mail as it would go out, and who gets none."""
    desk = frame(request)
    shown = preview.of_reply(
        city=request.city,
        case=loaded.case,
        words=request.POST.get("words", ""),
        words_in=writer.words_in(request.city, request.POST),
        by=request.actor,
        now=desk.now,
    )
    names = reader_of(request, loaded.flow).queue_names
    context = {
        "case": loaded.case,
        "service": loaded.service,
        "queue_name": names.get(loaded.case.queue_id, ""),
        "seen": request.POST.get("seen", ""),
        "typed": typed(request),
        "letters": [(m, writer.name_of(m.language)) for m in shown.letters],
        "more": shown.count - len(shown.letters),
        "preview": shown,
    }
    response = draw(request, "console/preview.html", desk, context, queue_id=loaded.case.queue_id)
    walk.remember(request, response, loaded.case.number)
    return response
