"""Who changed what and when: every save, discard and publication, with the difference of each."""

from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.console.setup import shown
from onehall.console.setup.door import page, setup_only, trail_of
from onehall.look.doorway import CityRequest
from onehall.setup import queries

ROWS = 50


@require_GET
@setup_only
def history(request: CityRequest) -> HttpResponse:
    """The changes, the newest first; only one person's, only one file's."""
    city = request.city
    who, path = request.GET.get("who", "")[:200], request.GET.get("file", "")[:120]
    before = request.GET.get("before", "")
    found = queries.entries(
        city,
        by_name=who,
        path=path,
        before=int(before) if before.isdecimal() and len(before) < 18 else None,
        most=ROWS + 1,
    )
    more = ""
    if len(found) > ROWS:
        asked = {"who": who, "file": path, "before": str(found[ROWS - 1].pk)}
        more = f"?{urlencode({k: v for k, v in asked.items() if v})}"
    context = {
        "rows": [shown.entry_row(entry) for entry in found[:ROWS]],
        "who": who,
        "file": path,
        "authors": queries.authors(city),
        "paths": list(queries.draft_view(city).files),
        "older": more,
        "newer": reverse("console:setup-history") if before else "",
    }
    return page(request, "console/setup/history.html", context, tab="history")


@require_GET
@setup_only
def entry(request: CityRequest, pk: int) -> HttpResponse:
    """One change with its difference."""
    found = queries.entry(request.city, pk)
    if found is None:
        raise Http404
    context = shown.entry_row(found)
    return page(
        request,
        "console/setup/entry.html",
        context,
        tab="history",
        trail=trail_of("history", found.path),
    )


@require_GET
@setup_only
def publication(request: CityRequest, pk: int) -> HttpResponse:
    """One publication: the note, what it touched, and the difference of every file."""
    found = queries.publication(request.city, pk)
    if found is None:
        raise Http404
    context = {
        "found": found,
        "touches": [shown.change_row(change) for change in found.touches],
        "entries": queries.entries_of(found),
    }
    words = _("Revision %(number)s") % {"number": found.revision}
    return page(
        request,
        "console/setup/publication.html",
        context,
        tab="history",
        trail=trail_of("history", words),
    )
