"""Open cases on other versions of a flow: what moving each to this version would do, then moving those that are ticked."""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from onehall.casework import migrating
from onehall.casework.errors import MoveRefused
from onehall.catalog import flows
from onehall.catalog.models import FlowVersion
from onehall.console.setup.door import page, setup_only, trail_of
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.setup import actions
from onehall.setup.errors import SetupRefused

MOST: Final = 50
"""Cases of one page: each is tried, and the trial rolled back."""


@require_http_methods(["GET", "POST"])
@setup_only
def cases(request: CityRequest, flow_key: str, version: int) -> HttpResponse:
    """The trial as a table; a POST moves the ticked ones, or puts one back."""
    try:
        found = migrating.version_of(request.city, flow_key, version)
    except MoveRefused as no:
        raise Http404 from no
    refused = ""
    if request.method == "POST":
        try:
            _act(request, found)
        except SetupRefused as no:
            refused = str(no)
        else:
            return redirect("console:setup-flow-cases", flow_key=flow_key, version=version)
    return _show(request, flow_key, found, refused)


def _states(request: CityRequest) -> dict[str, str]:
    """Which state each old one becomes, as chosen."""
    given = request.GET if request.method == "GET" else request.POST
    names = [name for name in given if name.startswith("state.")][:100]
    return {name.removeprefix("state."): given[name] for name in names if given[name]}


def _act(request: CityRequest, version: FlowVersion) -> None:
    city, by, now = request.city, request.actor, read_clock()
    if undo := request.POST.get("undo", ""):
        if undo.isdecimal() and len(undo) < 19:
            actions.undo_migration(city=city, case_id=int(undo), by=by, now=now)
            messages.success(request, _("Put back."))
        return
    wanted = [
        int(pk) for pk in request.POST.getlist("case")[:MOST] if pk.isdecimal() and len(pk) < 19
    ]
    mine = [pk for pk in migrating.candidates(city, version) if pk in set(wanted)]
    done = actions.migrate_cases(
        city=city, case_ids=mine, version=version, states=_states(request), by=by, now=now
    )
    moved = [one for one in done if not one.refused]
    words = ngettext("%(count)s case moved.", "%(count)s cases moved.", len(moved))
    messages.success(request, words % {"count": len(moved)})
    for one in done:
        if one.refused:
            messages.warning(request, one.refused)


def _show(request: CityRequest, flow_key: str, version: FlowVersion, refused: str) -> HttpResponse:
    city, default = request.city, request.city.languages[0]
    definition = flows.parse(version.doc)
    waiting = migrating.candidates(city, version)
    states = _states(request)
    tried = migrating.rehearse(
        city=city, case_ids=waiting[:MOST], version=version, states=states,
        by=request.actor, now=read_clock(),
    )  # fmt: skip
    rows: list[dict[str, Any]] = [
        {"pk": pk, "look": look} for pk, look in zip(waiting[:MOST], tried, strict=True)
    ]
    missing = sorted({r["look"].before for r in rows if r["look"].before not in definition.states})
    context = {
        "flow_key": flow_key,
        "version": version,
        "rows": rows,
        "ready": [r for r in rows if not r["look"].refused],
        "waiting": len(waiting),
        "more": max(0, len(waiting) - MOST),
        "missing": [{"key": key, "to": states.get(key, "")} for key in missing],
        "states": [
            (key, pick(s.label, request.LANGUAGE_CODE, default))
            for key, s in definition.states.items()
        ],
        "refused": refused,
        "moved": migrating.migrated_to(city, version.pk, most=20),
    }
    words = _("Cases on version %(number)s") % {"number": version.number}
    trail = (
        *trail_of("flows", flow_key)[:1],
        (
            pick(version.doc["name"], request.LANGUAGE_CODE, default),
            f"/desk/set-up/flows/{flow_key}",
        ),
        (words, ""),
    )
    return page(
        request, "console/setup/flow_cases.html", context, tab="flows", trail=trail,
        status=422 if refused else 200,
    )  # fmt: skip
