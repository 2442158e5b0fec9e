"""The map of a list, with the list beside it."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.casework import lists as casework
from onehall.console import lists
from onehall.console import maps as marked
from onehall.console.desk import draw, frame, staff_only
from onehall.console.filters import flat, with_query
from onehall.console.rows import lines_of
from onehall.look import maps
from onehall.look.doorway import CityRequest

SHOWN = 25
"""Cases named beside the map."""


@staff_only
@require_GET
def cases_map(request: CityRequest) -> HttpResponse:
    """Cases of a list as marks. With `follow` the list beside it has only what the map shows."""
    desk = frame(request)
    said = flat(request.GET)
    seen, follow = maps.window(desk.city, said), said.get("follow") == "1"
    asked = lists.read(desk, {k: v for k, v in said.items() if k not in ("after", "before")}, None)
    kept = asked.whole | ({"follow": "1"} if follow else {})
    found, total, more = marked.marks(desk, asked.query, seen, kept)
    boxed = {**asked.whole, "box": seen.box.text}
    beside = lists.read(desk, boxed, None) if follow else asked
    rows = casework.inbox(desk.actor, beside.query, now=desk.now, day_end=desk.day_end)
    here = reverse("console:cases-map")

    def to(window: maps.Window, **other: str) -> str:
        return with_query(here, {**kept, **window.query, **other})

    context: dict[str, Any] = {
        "title": _("Cases on the map"),
        "filters": [
            {
                "words": f.words,
                "off": with_query(here, asked.arranged | asked.narrowed.without(f) | seen.query),
            }
            for f in asked.narrowed.filters
        ],
        "seen": seen,
        "wide": maps.WIDE,
        "high": maps.HIGH,
        "tiles": maps.tiles(seen, desk.city),
        "marks": found,
        "total": total,
        "more": more,
        "ways": seen.ways(to),
        "all_address": with_query(here, kept),
        "follow": follow,
        "follow_address": to(seen, follow="" if follow else "1"),
        "list_address": with_query(
            reverse("console:inbox"), {"show": "open"} | (boxed if follow else asked.whole)
        ),
        "arrange": with_query(reverse("console:arrange"), asked.whole),
        "beyond": len(rows) > SHOWN,
        "shown": SHOWN,
        "here": request.get_full_path(),
        "may_choose": False,
    } | lines_of(request, desk, rows[:SHOWN], ("due",))
    return draw(request, "console/cases_map.html", desk, context, rail_at="map")
