"""The first page of the set-up: what there is, what the draft changes, what is wrong, publishing and discarding."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from onehall.console.desk import staff_who_may
from onehall.console.setup import area_page, shown
from onehall.console.setup.door import page, setup_only
from onehall.console.views.setup.rehearsal import for_overview
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.places import queries as places
from onehall.setup import actions, checking, packs, queries
from onehall.setup.errors import SetupRefused
from onehall.setup.queries import DraftView

COUNTED: Final = 2.0
"""Seconds that open cases are counted for this page where areas change."""


@require_GET
@setup_only
def overview(request: CityRequest) -> HttpResponse:
    """Everything at a glance."""
    return _overview(request)


def _overview(
    request: CityRequest, *, refused: str = "", note: str = "", status: int = 200
) -> HttpResponse:
    city, language = request.city, request.LANGUAGE_CODE
    view = queries.draft_view(city)
    context: dict[str, Any] = {
        "kinds": _kinds(view),
        "view": view,
        "changed": [shown.file_row(f, language, city.languages[0]) for f in view.changed],
        "refused": refused,
        "note": note,
        "two_people": bool(city.publishing.get("two_people")),
        "publications": queries.publications(city, most=5),
    }
    if view.changed:
        checked = checking.shown(city, view)
        moved = [f for f in view.changed if f.moved]
        context |= {
            "problems": shown.told(checked.problems, view, language, city.languages[0]),
            "warnings": [{"words": w, "people": shown.people_url(w)} for w in checked.warnings],
            "scenarios": checked.scenarios,
            "failed": [s for s in checked.scenarios if s.failed],
            "moved": moved,
            "ready": checked.sound and not moved,
            "touches": [
                shown.change_row(c)
                for c in (checking.plan(city, view, checked) if checked.sound else ())
            ],
        }
        if checked.sound and view.touches_areas:
            context |= area_page.effect_context(request, view, checked, seconds=COUNTED)
        context |= for_overview(request, view)
    return page(request, "console/setup/overview.html", context, tab="overview", status=status)


def _kinds(view: DraftView) -> list[dict[str, Any]]:
    """How many there are of each kind, with the way to them."""
    ways = {
        "service": reverse("console:setup-services"),
        "flow": reverse("console:setup-flows"),
        "reply": reverse("console:setup-answers"),
        "area": reverse("console:setup-areas"),
    }
    found = []
    for kind, word in shown.KINDS.items():
        files = [f for f in view.of_kind(kind) if f.text is not None]
        if kind in ("city", "calendar", "departments", "bodies", "groups", "billing"):
            href, count = (shown.edit_url(files[0]) if files else ""), None
        else:
            href, count = ways.get(kind, f"{reverse('console:setup-files')}#{kind}"), len(files)
        if href:
            changed = sum(1 for f in view.of_kind(kind) if f.in_draft)
            found.append({"word": word, "href": href, "count": count, "changed": changed})
    return found


@require_http_methods(["POST"])
@setup_only
def publish(request: CityRequest) -> HttpResponse:
    """Put the draft in force, with a note."""
    note = request.POST.get("note", "")
    try:
        done = actions.publish(
            city=request.city,
            seen=request.POST.get("seen", ""),
            note=note,
            by=request.actor,
            now=read_clock(),
        )
    except SetupRefused as no:
        return _overview(request, refused=str(no), note=note, status=409)
    # This process need not wait until it reads the city again.
    places.forget(request.city)
    messages.success(request, _("Published. It is in force now."))
    return redirect("console:setup-publication", pk=done.pk)


@require_http_methods(["GET", "POST"])
@staff_who_may("change_setup")
def discard(request: CityRequest) -> HttpResponse:
    """Ask once more, then throw the draft away."""
    city, refused = request.city, ""
    if request.method == "POST":
        try:
            count = actions.discard_draft(
                city=city,
                seen=request.POST.get("seen", ""),
                by=request.actor,
                now=read_clock(),
            )
        except SetupRefused as no:
            refused = str(no)
        else:
            said = ngettext(
                "The draft is discarded: %(count)s file. Its words stay in the history.",
                "The draft is discarded: %(count)s files. Their words stay in the history.",
                count,
            )
            messages.success(request, said % {"count": count})
            return redirect("console:setup")
    view = queries.draft_view(city)
    if not view.changed and not refused:
        return redirect("console:setup")
    rows = [shown.file_row(f, request.LANGUAGE_CODE, city.languages[0]) for f in view.changed]
    return page(
        request,
        "console/setup/discard.html",
        {"view": view, "changed": rows, "refused": refused},
        tab="overview",
        trail=((_("Discard the draft"), ""),),
        status=409 if refused else 200,
    )


@require_GET
@setup_only
def export(request: CityRequest) -> HttpResponse:
    """The city as a folder in a zip file; with `draft`, as it would be after publishing."""
    city = request.city
    draft = queries.draft_view(city) if request.GET.get("of") == "draft" else None
    name = f"{city.slug}-draft.zip" if draft else f"{city.slug}.zip"
    answer = HttpResponse(packs.zipped(city, draft), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
