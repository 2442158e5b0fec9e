"""What all residents are told at once, and which services are paused: written, looked at, switched on, taken back."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from onehall.casework.errors import CaseworkRefused
from onehall.console.desk import draw, frame, staff_who_may
from onehall.kernel.clock import now as read_clock
from onehall.look.components.small import local
from onehall.look.context import own_name
from onehall.look.doorway import CityRequest
from onehall.service_requests import notices
from onehall.service_requests.notices import NoticeRefused, Told, Words

SHOWN = 10
"""Earlier notices on the page."""


@staff_who_may("tell_all")
@require_http_methods(["GET", "POST"])
def notice(request: CityRequest) -> HttpResponse:
    """The form, with what residents see beside it. Only the button that says so tells them."""
    city, now = request.city, read_clock()
    last = notices.latest(city)
    current = notices.told(city, now)
    if request.method == "GET":
        return _show(request, _fields(current, city.time_zone), seen=last.pk if last else 0)
    given = request.POST.dict()
    seen = int(given["seen"]) if given.get("seen", "").isdecimal() else 0
    if given.get("do") == "off":
        return _end(request, given, seen)
    new, wrong = _read(request, given)
    if given.get("do") != "on":
        wrong = wrong or notices.wrong_with(city, new, now=now)
        status = 422 if wrong else 200
        return _show(request, given, seen=seen, wrong=wrong, preview=new, status=status)
    if wrong:
        return _show(request, given, seen=seen, wrong=wrong, preview=new, status=422)
    try:
        notices.tell(city=city, new=new, seen=seen, by=request.actor, now=now)
    except NoticeRefused as no:
        return _show(request, given, seen=seen, wrong=no.wrong, preview=new, status=422)
    except CaseworkRefused as no:
        again = notices.latest(city)
        return _show(
            request, given, seen=again.pk if again else 0, refused=str(no), preview=new, status=409
        )
    messages.success(request, _("Residents see it now."))
    return redirect("console:notice")


def _end(request: CityRequest, given: dict[str, str], seen: int) -> HttpResponse:
    try:
        notices.tell(city=request.city, new=None, seen=seen, by=request.actor, now=read_clock())
    except CaseworkRefused as no:
        last = notices.latest(request.city)
        return _show(request, given, seen=last.pk if last else 0, refused=str(no), status=409)
    messages.success(request, _("The notice is taken back. Everything can be reported again."))
    return redirect("console:notice")


def _fields(current: Told | None, zone: str) -> dict[str, str]:
    """The fields of the form as what is told now fills them."""
    if current is None:
        return {}
    found = {"link": current.link, "urgent": "yes" if current.urgent else ""}
    found |= {f"title.{code}": words for code, words in current.title.items()}
    found |= {f"words.{code}": words for code, words in current.words.items()}
    for key, instead in current.paused.items():
        found[f"pause.{key}"] = "yes"
        found |= {f"instead.{key}.{code}": words for code, words in instead.items()}
    if current.until is not None:
        found["until"] = current.until.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
    return found


def _read(request: CityRequest, given: dict[str, str]) -> tuple[Told, dict[str, str]]:
    """What the form says, and what of it can not be read."""
    city = request.city

    def tongues(name: str) -> Words:
        said = {code: given.get(f"{name}.{code}", "").strip() for code in city.languages}
        return {code: words.replace("\r\n", "\n") for code, words in said.items() if words}

    wrong = {}
    until = None
    if text := given.get("until", "").strip():
        try:
            until = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(city.time_zone))
        except ValueError:
            wrong["until"] = _("This is no time. Write it like 2026-03-04T18:00.")
    paused = {
        s.key: tongues(f"instead.{s.key}")
        for s in notices.may_pause(city)
        if given.get(f"pause.{s.key}")
    }
    told = Told(
        title=tongues("title"),
        words=tongues("words"),
        link=given.get("link", "").strip(),
        urgent=bool(given.get("urgent")),
        until=until,
        paused=paused,
    )
    return told, wrong


def _show(
    request: CityRequest,
    fields: dict[str, str],
    *,
    seen: int,
    wrong: dict[str, str] | None = None,
    refused: str = "",
    preview: Told | None = None,
    status: int = 200,
) -> HttpResponse:
    city, wrong = request.city, wrong or {}
    services = [
        _service(s.key, local(s.name), fields, wrong, city.languages)
        for s in notices.may_pause(city)
    ]
    names = {s.key: local(s.name) for s in notices.may_pause(city)}
    context: dict[str, Any] = {
        "seen": seen,
        "current": notices.told(city, read_clock()),
        "preview": preview if not wrong else None,
        "preview_paused": [names[key] for key in preview.paused if key in names] if preview else [],
        "refused": refused,
        "wrong": wrong,
        "urgent": bool(fields.get("urgent")),
        "link": fields.get("link", ""),
        "until": fields.get("until", ""),
        "tongues": [
            {
                "code": code,
                "name": own_name(code),
                "title": fields.get(f"title.{code}", ""),
                "words": fields.get(f"words.{code}", ""),
            }
            for code in city.languages
        ],
        "services": services,
        "paused_open": any(s["on"] for s in services) or any(k.startswith("paused") for k in wrong),
        "earlier": [
            {
                "at": row.at,
                "by": row.by_name,
                "title": row.doc.get("title", {}),
                "paused": [names.get(k, k) for k in row.doc.get("paused", {})],
            }
            for row in notices.history(city, SHOWN)
        ],
    }
    return draw(
        request, "console/notice.html", frame(request), context, rail_at="notice", status=status
    )


def _service(
    key: str, name: str, fields: dict[str, str], wrong: dict[str, str], languages: list[str]
) -> dict[str, Any]:
    return {
        "key": key,
        "name": name,
        "on": bool(fields.get(f"pause.{key}")),
        "wrong": wrong.get(f"paused.{key}", ""),
        "instead": [(code, fields.get(f"instead.{key}.{code}", "")) for code in languages],
    }
