"""The message log: what was sent to whom and how it went; sending again, a corrected address, dead letters."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from onehall.casework import timers
from onehall.casework.errors import CaseworkRefused
from onehall.console.desk import draw, frame, staff_who_may
from onehall.console.maillog import detail_context, given_up, topic_words, words_of_state
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.messaging import actions as messaging
from onehall.messaging import log as maillog
from onehall.messaging.log import LogQuery, LogRow
from onehall.service_requests import mail
from onehall.service_requests.mail import Again


@staff_who_may("see_messages")
@require_GET
def log(request: CityRequest) -> HttpResponse:
    """Every message the reader may see, newest first; the address of the page holds the whole selection."""
    query = _query(request)
    found = maillog.page(request.city.pk, query)
    kept = _kept(request)
    context = {
        "rows": found.rows,
        "older": f"?{urlencode(kept | {'before': found.older})}" if found.older else "",
        "is_first": query.before is None,
        "query": query,
        "chips": [
            {
                "href": "?" + urlencode({k: v for k, v in (kept | {"state": key}).items() if v}),
                "word": word,
                "current": key == query.state,
            }
            for key, word in [("", _("All")), *((s, words_of_state(s)) for s in maillog.STATES)]
        ],
        "again": "?" + urlencode(kept),
        "may_letters": _sees_letters(request),
        "narrowed": bool(query.state or query.case_number or query.address),
    }
    return draw(request, "console/mail.html", frame(request), context, rail_at="mail")


@staff_who_may("see_messages")
@require_GET
def one(request: CityRequest, pk: int) -> HttpResponse:
    """One message as it went out, and how its delivery came."""
    return _page(request, _row(request, pk))


@staff_who_may("resend")
@require_POST
def again_one(request: CityRequest, pk: int) -> HttpResponse:
    """Send one message once more; with an address, to that one, which is then the reporter's."""
    found = _row(request, pk)
    address = request.POST.get("address", "").strip()
    given: dict[str, Any] = {"city": request.city, "by": request.actor, "now": read_clock()}
    try:
        if "address" in request.POST:
            cleaned = forms.EmailField(max_length=254).clean(address)
            done = mail.correct_address(message=found.message, address=cleaned, **given)
        else:
            done = mail.send_again(messages=[found.message], **given)
    except forms.ValidationError:
        words = _("Type an address like name@example.org.")
        return _page(request, found, refused=words, typed=address)
    except CaseworkRefused as no:
        return _page(request, found, refused=str(no), typed=address)
    _say(request, done)
    return redirect("console:mail-one", pk=pk)


@staff_who_may("resend")
@require_GET
def preview(request: CityRequest) -> HttpResponse:
    """What would go out again of a selection, before it does."""
    found = maillog.to_send_again(request.city.pk, _query(request))
    context = {
        "found": maillog.with_outbox(request.city.pk, found[: maillog.MOST]),
        "more": len(found) > maillog.MOST,
        "most": maillog.MOST,
        "back": "?" + urlencode(_kept(request)),
    }
    return draw(request, "console/mail_again.html", frame(request), context, rail_at="mail")


@staff_who_may("resend")
@require_POST
def again(request: CityRequest) -> HttpResponse:
    """Send those again that stood on the preview."""
    ids = [int(v) for v in request.POST.getlist("message") if v.isdecimal() and len(v) < 18]
    chosen = maillog.chosen(request.city.pk, ids, mail.readable_by(request.actor))
    try:
        done = mail.send_again(
            city=request.city,
            messages=[m for m in chosen if m.state in maillog.AGAIN],
            by=request.actor,
            now=read_clock(),
        )
    except CaseworkRefused as no:
        messages.error(request, str(no))
    else:
        _say(request, done)
    return redirect("console:mail")


@staff_who_may("see_messages")
@require_GET
def letters(request: CityRequest) -> HttpResponse:
    """What was given up after the last attempt, of any kind."""
    _require_letters(request)
    rows, older = maillog.letters(request.city.pk, before=_number(request.GET.get("before", "")))
    context = {
        "rows": [{"row": row, "what": topic_words(row.topic)} for row in rows],
        "older": f"?before={older}" if older else "",
        "timers": given_up(request.city, request.LANGUAGE_CODE),
    }
    return draw(request, "console/mail_letters.html", frame(request), context, rail_at="mail")


@staff_who_may("resend")
@require_POST
def replay(request: CityRequest) -> HttpResponse:
    """Bring dead letters and timers back: those that were chosen."""
    _require_letters(request)
    now = read_clock()
    count = messaging.replay(ids=_chosen(request, "letter"), now=now, city_id=request.city.pk)
    count += timers.retry(city=request.city, ids=_chosen(request, "timer"), now=now)
    words = ngettext("%(n)s is tried again.", "%(n)s are tried again.", count)
    messages.success(request, words % {"n": count})
    return redirect("console:mail-letters")


def _chosen(request: CityRequest, name: str) -> list[int]:
    """The ids that were ticked under a name."""
    given = [int(v) for v in request.POST.getlist(name) if v.isdecimal() and len(v) < 18]
    return given[: maillog.MOST]


def _page(
    request: CityRequest, found: LogRow, *, refused: str = "", typed: str = ""
) -> HttpResponse:
    context = detail_context(found, may_fix=request.actor.may("fix_contacts"))
    context |= {"refused": refused, "typed": typed or found.message.to_address}
    status = 422 if refused else 200
    return draw(
        request, "console/mail_one.html", frame(request), context, status=status, rail_at="mail"
    )


def _row(request: CityRequest, pk: int) -> LogRow:
    found = maillog.one(request.city.pk, pk, mail.readable_by(request.actor))
    if found is None:
        raise Http404
    return found


def _query(request: CityRequest) -> LogQuery:
    asked = request.GET
    return LogQuery(
        state=next((s for s in maillog.STATES if s == asked.get("state")), ""),
        case_number=asked.get("case", "").strip().lstrip("#")[:24],
        address=asked.get("to", "").strip()[:254],
        before=_number(asked.get("before", "")),
        within=mail.readable_by(request.actor),
    )


def _kept(request: CityRequest) -> dict[str, str]:
    return {k: request.GET[k] for k in ("state", "case", "to") if request.GET.get(k)}


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 18 else None


def _sees_letters(request: CityRequest) -> bool:
    """Dead letters are of the whole city, so only for those who see all of it."""
    return mail.readable_by(request.actor) is None


def _require_letters(request: CityRequest) -> None:
    if not _sees_letters(request):
        raise Http404


def _say(request: CityRequest, done: Again) -> None:
    words = ngettext("%(n)s message is on its way.", "%(n)s messages are on their way.", done.sent)
    said = words % {"n": done.sent}
    if done.left:
        left = ngettext(
            "%(n)s was left alone: it is being sent now, or opens a sign-in.",
            "%(n)s were left alone: they are being sent now, or open a sign-in.",
            done.left,
        )
        messages.warning(request, f"{said} {left % {'n': done.left}}")
        return
    messages.success(request, said)
