"""CSV files: any list of cases with its selection, and the tables of figures."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.http import Http404, HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.casework import lists as casework
from onehall.casework.lists import InboxQuery
from onehall.casework.models import Case
from onehall.catalog.queries import catalogue
from onehall.console import lists
from onehall.console.desk import Desk, frame, staff_who_may
from onehall.console.figures import Pages, Share
from onehall.console.filters import flat
from onehall.console.sheets import download, lines
from onehall.console.views.figures import chosen_period
from onehall.console.views.inbox import queue_of
from onehall.insights import queries
from onehall.insights.rollups import area_layer
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.people.queries import queues as all_queues
from onehall.places import areas

MOST: Final = 100_000
"""Cases in one file: more is more than spreadsheets handle well, and nobody waits for it."""
CHUNK: Final = 1000

COLUMNS: Final = (
    "number", "service_id", "flow_version_id", "state", "queue_id", "assignee__name", "priority",
    "people_count", "opened_at", "promised_at", "due_at", "paused_at", "closed_at", "outcome",
    "reopened", "areas", "place_words", "lon", "lat",
)  # fmt: skip


@staff_who_may("export")
@require_GET
def cases_csv(request: CityRequest) -> HttpResponseBase:
    """The list that the same address would show as a page, all of it, up to `MOST` cases."""
    desk = frame(request)
    key = request.GET.get("at", "")
    query = lists.read(desk, flat(request.GET), queue_of(request, key) if key else None).query
    text = lines(_heads(), _rows(request, desk, query), desk.zone)
    name = "-".join(
        ["cases", *([key] if key else []), f"{desk.now.astimezone(desk.zone):%Y-%m-%d}"]
    )
    return download(name, text)


@staff_who_may("export")
@require_GET
def figures_csv(request: CityRequest) -> HttpResponseBase:
    """One table of the page of figures."""
    desk = frame(request)
    period = chosen_period(request, desk)
    pages = Pages(request, desk, queries.figures(desk.city, desk.actor, period, now=desk.now))
    table = next((t for t in pages.tables() if t.key == request.GET.get("by")), None)
    if table is None:
        raise Http404
    heads = [table.title, *table.heads, *_share_heads(table.shares)]
    rows = [
        [one.name, *(cell.value for cell in one.cells), *_share_cells(one.shares)]
        for one in (*table.first, *table.more)
    ]
    name = f"figures-{table.key}-{period.first}-{period.last}"
    return download(name, lines(heads, rows, desk.zone))


def _share_heads(targets: tuple[str, ...]) -> list[str]:
    """The heads of the promise alone, or with those of several targets, each with its counts."""
    if len(targets) == 1:
        return [_("In time, %"), _("In time before, %")]
    return [
        words % {"target": target}
        for target in targets
        for words in (
            _("%(target)s: with a time"), _("%(target)s: in time"), _("%(target)s: in time, percent"),
            _("%(target)s: in time before, percent"),
        )
    ]  # fmt: skip


def _share_cells(shares: tuple[Share, ...]) -> list[Any]:
    if len(shares) == 1:
        return [shares[0].percent, shares[0].before]
    return [
        cell
        for share in shares
        for cell in (share.counts.due, share.counts.kept, share.percent, share.before)
    ]


def _heads() -> list[str]:
    return [
        _("Number"), _("Service"), _("State"), _("Queue"), _("Department"), _("With"), _("Priority"),
        _("People"), _("Came in"), _("First promised"), _("Due"), _("Paused since"), _("Closed"),
        _("Outcome"), _("Times reopened"), _("Area"), _("Place"), _("Longitude"), _("Latitude"),
    ]  # fmt: skip


def _rows(request: CityRequest, desk: Desk, query: InboxQuery) -> Iterator[list[Any]]:
    """The cells of every case. Made while the answer is being sent, when the page's language is over."""
    language = request.LANGUAGE_CODE
    said = _sayer(desk, language)
    sent = 0
    asked = casework.chunks(
        desk.actor, query, columns=COLUMNS, size=CHUNK, now=desk.now, day_end=desk.day_end
    )
    for chunk in asked:
        with translation.override(language):
            cells = [said(*row) for row in chunk[: MOST - sent]]
        yield from cells
        sent += len(cells)
        if sent >= MOST:
            with translation.override(language):
                end = _("The file ends here, after %(n)s cases. Narrow the list.") % {"n": MOST}
            yield [end]
            return


def _sayer(desk: Desk, language: str) -> Callable[..., list[Any]]:
    """Puts names in the place of keys."""
    city, default = desk.city, desk.city.languages[0]
    listed, layer = catalogue(city), area_layer(city)
    queues = {q.id: q for q in all_queues(city)}

    def words(text: Any) -> str:
        return pick(text, language, default)

    def said(
        number: str, service_id: int, version_id: int, state: str, queue_id: int,
        holder: str | None, priority: int, people: int, *more: Any,
    ) -> list[Any]:  # fmt: skip
        *times, outcome, reopened, within, place, lon, lat = more
        service, flow, queue = (
            listed.by_id(service_id),
            listed.flow_version(version_id),
            queues[queue_id],
        )
        # What the city does not show of a place on its pages does not leave the house in a file.
        hidden = not service.public or service.place_privacy != "exact"
        area = within.get(layer, "")
        ended = flow.outcomes.get(outcome)
        return [
            number, words(service.name), words(flow.states[state].label), words(queue.name),
            words(queue.department_name), holder, Case.Priority(priority).label, people, *times,
            words(ended.label) if ended else outcome, reopened,
            areas.label(city, layer, area, language) if area else "",
            *(("", "", "") if hidden else (place, lon, lat)),
        ]  # fmt: skip

    return said
