"""A draft rehearsed on real cases: ask for it, watch it, read what would be otherwise."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from onehall.console.setup.door import page, setup_only
from onehall.insights.rehearsal import Report, wording
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.messaging.live import token as live_token
from onehall.people.queries import queues
from onehall.setup import queries, rehearsals
from onehall.setup.errors import NoRehearsal, SetupRefused
from onehall.setup.queries import DraftView

SHOWN = 8
"""Different things of one kind that are named."""


@require_POST
@setup_only
def start(request: CityRequest) -> HttpResponse:
    """Have the draft rehearsed."""
    days = request.POST.get("days", "")
    try:
        row = rehearsals.ask(
            city=request.city,
            seen=request.POST.get("seen", ""),
            days=int(days) if days.isdecimal() and len(days) < 4 else 0,
            by=request.actor,
            now=read_clock(),
        )
    except SetupRefused as no:
        messages.warning(request, str(no))
        return redirect("console:setup")
    return redirect("console:setup-rehearsal", pk=row.pk)


@require_POST
@setup_only
def stop(request: CityRequest, pk: int) -> HttpResponse:
    """End a rehearsal that is being played."""
    try:
        rehearsals.stop(city=request.city, pk=pk, by=request.actor, now=read_clock())
    except NoRehearsal as no:
        raise Http404 from no
    except SetupRefused as no:
        messages.warning(request, str(no))
    return redirect("console:setup-rehearsal", pk=pk)


@require_GET
@setup_only
def rehearsal(request: CityRequest, pk: int) -> HttpResponse:
    """How far a rehearsal is, and what it found; `?part=live` answers the part that changes."""
    row = rehearsals.one(request.city, pk)
    if row is None:
        raise Http404
    now = read_clock()
    report = rehearsals.report_of(row)
    context: dict[str, Any] = {
        "row": row,
        "running": rehearsals.is_running(row, now),
        "stream": f"/live/{live_token([rehearsals.channel(row)])}",
        "live_address": f"{request.path}?part=live",
        "fits": queries.draft_view(request.city).fingerprint == row.fingerprint,
    }
    if report is not None:
        context |= _found(request, report)
    part = request.GET.get("part") == "live"
    return page(
        request,
        f"console/setup/rehearsal.html{'#live' if part else ''}",
        context,
        tab="overview",
        trail=((_("Rehearsal"), ""),),
    )


def for_overview(request: CityRequest, view: DraftView) -> dict[str, Any]:
    """What the first page says of the newest rehearsal of the draft."""
    row = rehearsals.latest(request.city, view.id)
    return {
        "rehearsal": row,
        "rehearsal_runs": row is not None and rehearsals.is_running(row, read_clock()),
        "rehearsal_fits": row is not None and row.fingerprint == view.fingerprint,
        "rehearsal_days": rehearsals.DAYS,
        "rehearsal_report": rehearsals.report_of(row) if row is not None else None,
    }


def _found(request: CityRequest, report: Report) -> dict[str, Any]:
    city, language = request.city, request.LANGUAGE_CODE
    zone, default = ZoneInfo(city.time_zone), city.languages[0]
    names = {q.key: pick(q.name, language, default) for q in queues(city)}
    return {
        "report": report,
        "groups": [
            {
                "words": wording.kind_words(kind),
                "cases": group.cases,
                "things": [t for t in group.by_about.most_common(SHOWN) if t[0]],
                "examples": [
                    {
                        "number": example.number,
                        "href": reverse("console:case", args=[example.number]),
                        "service": example.service,
                        "words": wording.example_words(kind, example, zone),
                    }
                    for example in group.examples
                ],
            }
            for kind, group in report.kinds
        ],
        "queues": [
            {
                "name": names.get(key, key),
                "was": report.a_week(share.was),
                "now": report.a_week(share.now),
            }
            for key, share in sorted(report.queues.items())
            if share.changed
        ],
    }
