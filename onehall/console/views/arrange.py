"""The page that filters, orders and lays out a list. Works without a script: it leads to an address."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.console import arranging, lists
from onehall.console.desk import draw, frame, staff_only
from onehall.console.filters import flat, list_address, with_query
from onehall.console.views.inbox import queue_of
from onehall.look.doorway import CityRequest


@staff_only
@require_GET
def arrange(request: CityRequest) -> HttpResponse:
    """The form as a list's address fills it; with `go` the address that the filled form means."""
    key = request.GET.get("at", "")
    queue = queue_of(request, key) if key else None
    desk = frame(request, queue_id=queue.id if queue else None)
    trouble = ""
    if "go" in request.GET:
        query = arranging.canonical(request.GET)
        try:
            lists.read(desk, query, queue)
        except Http404:
            trouble = _(
                "The days are not right. Write them as year-month-day, the earlier one first."
            )
            query = {k: v for k, v in query.items() if k not in arranging.SPANS}
        else:
            return redirect(with_query(list_address(key), query))
    else:
        query = flat(request.GET)
    asked = lists.read(desk, query, queue)
    context = {
        "form": arranging.form_of(desk, asked),
        "at": key,
        "trouble": trouble,
        "show": asked.query.show,
        "view": asked.said.get("view", ""),
        "back": with_query(list_address(key), asked.whole),
    }
    status = 422 if trouble else 200
    return draw(
        request,
        "console/arrange.html",
        desk,
        context,
        status=status,
        queue_id=queue.id if queue else None,
    )
