"""Work orders: everything a crew needs on paper for a case, or for a day of cases."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import segno
from django.urls import reverse
from django.utils.translation import gettext as _

from onehall.casework import archived, worklist
from onehall.casework.models import Case, Effort, Photo, Task, TimelineEntry
from onehall.casework.queries import photos_of
from onehall.casework.telling import public_address
from onehall.casework.wording import Reader
from onehall.catalog.queries import catalogue
from onehall.console.casepage import answers, state_word
from onehall.console.desk import Desk
from onehall.kernel.localized import pick
from onehall.look.dates import say
from onehall.look.papers import blocks
from onehall.look.papers.blocks import Block, Sheet
from onehall.people.queries import queues
from onehall.places import areas
from onehall.places.models import LIMIT_LAYER
from onehall.service_requests.models import ServiceRequest

MOST: Final = 25
"""Cases on one print."""

NOTES: Final = ("noted", "part_of")
SHOTS: Final = 4
WORDS: Final = 3
"""Photos and residents' words that one order shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the orders of several cases name, in a fixed number of queries."""

    reports: dict[int, list[ServiceRequest]]
    photos: dict[int, list[Photo]]
    tasks: dict[int, list[Task]]
    efforts: dict[int, list[Effort]]
    notes: dict[int, list[TimelineEntry]]


def gather(cases: Sequence[Case]) -> Gathered:
    """Reports, photos, tasks, materials and notes of all these cases."""
    ids = [c.pk for c in cases]
    reports = ServiceRequest.objects.filter(case_id__in=ids).order_by("created_at", "id")
    tasks = Task.objects.filter(case_id__in=ids).exclude(state=Task.State.CANCELLED)
    efforts = Effort.objects.filter(case_id__in=ids).order_by("day", "id")
    notes = TimelineEntry.objects.filter(case_id__in=ids, kind__in=NOTES)
    found = _by_case(notes.order_by("case_id", "-seq")[:500])
    for old in cases:
        if old.archive_id is not None:
            told = archived.timeline(old)
            found[old.pk] = [entry for entry in reversed(told) if entry.kind in NOTES]
    return Gathered(
        reports=_by_case(reports[:500]),
        photos=_by_case(photos_of(ids)),
        tasks=_by_case(tasks.order_by("cycle", "position", "id")[:500]),
        efforts=_by_case(efforts[:500]),
        notes=found,
    )


def _by_case(rows: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(row)
    return found


def orders(desk: Desk, cases: Sequence[Case], language: str) -> list[Sheet]:
    """One sheet per case, in the order given."""
    rows = gather(cases)
    return [_order(desk, case, rows, language) for case in cases]


def _order(desk: Desk, case: Case, rows: Gathered, language: str) -> Sheet:
    listed, default = catalogue(desk.city), desk.city.languages[0]
    flow, service = listed.flow_version(case.flow_version_id), listed.by_id(case.service_id)
    names = {q.id: pick(q.name, language, default) for q in queues(desk.city)}
    reader = Reader(flow, language, default, names, staff=True)
    reports = rows.reports.get(case.pk, [])
    url = f"{public_address(desk.city)}{reverse('console:case', args=[case.number])}"
    found: list[Block] = [
        blocks.Title(
            case.number,
            reader.text(service.name),
            ": ".join(p for p in (case.part_words, case.place_words) if p),
            url,
            square(url),
        ),
        blocks.Facts(_facts(desk, case, reader, language)),
    ]
    notes = [n for n in rows.notes.get(case.pk, []) if n.data.get("words")][:WORDS]
    found += [blocks.Text(str(n.data["words"]), n.actor_name) for n in notes]
    said = [r for r in reports if r.words][:WORDS]
    if said:
        found.append(blocks.Heading(_("What residents told us")))
        found += [blocks.Text(r.words, quoted=True) for r in said]
    if given := answers(service, reports, reader):
        found.append(blocks.Facts(given))
    if case.lon is not None and case.lat is not None:
        found.append(blocks.Map(case.number, case.lon, case.lat, case.place_words))
    if shots := rows.photos.get(case.pk, [])[:SHOTS]:
        found.append(blocks.Pictures([shot_of(p) for p in shots]))
    found += _to_do(case, rows.tasks.get(case.pk, []), reader, desk)
    found += _used(rows.efforts.get(case.pk, []))
    found.append(blocks.Sign([_("Name"), _("Day and time"), _("Signature")]))
    return found


def square(url: str) -> str:
    """The square code of an address as a picture for the page."""
    return str(segno.make(url, error="m").svg_data_uri(scale=4, border=1))


def shot_of(photo: Photo) -> blocks.Shot:
    """A photo on paper."""
    after = photo.kind == Photo.Kind.AFTER
    words = photo.words or (_("Photo of the work") if after else _("Photo"))
    return blocks.Shot(photo.small_name, reverse("portal:photo", args=[photo.key, "small"]), words)


def _facts(desk: Desk, case: Case, reader: Reader, language: str) -> list[tuple[str, str]]:
    layers = sorted((k, str(v)) for k, v in case.areas.items() if k != LIMIT_LAYER)
    where = ", ".join(areas.label(desk.city, k, v, language) for k, v in layers)
    label = reader.text(reader.flow.states[case.state].label)
    due = say(case.due_at, now=desk.now, zone=desk.zone, style="day") if case.due_at else ""
    rows = [
        (_("State"), state_word(case.category, label)),
        (_("Priority"), str(case.get_priority_display()) if case.priority else ""),
        (_("Due now"), due),
        (_("Queue"), reader.queue_names.get(case.queue_id, "")),
        (_("With"), case.assignee.name if case.assignee else ""),
        (_("Where"), where),
    ]
    return [(name, value) for name, value in rows if value]


def _to_do(case: Case, tasks: list[Task], reader: Reader, desk: Desk) -> list[Block]:
    lines = worklist.checklist(
        case, reader.flow, tasks, city=desk.city, reader=reader, now=desk.now
    )
    items = [(c.words, c.met) for c in lines]
    items += [
        (worklist.label_of(t, reader.flow, reader), t.state != Task.State.OPEN) for t in tasks
    ]
    return [blocks.Heading(_("Checklist")), blocks.Checks(items)] if items else []


def _used(efforts: list[Effort]) -> list[Block]:
    rows = [
        (e.label, f"{e.quantity.normalize():f} {e.unit}")
        for e in efforts
        if e.kind == Effort.Kind.MATERIAL
    ]
    head = (_("Material"), _("Quantity"))
    return [blocks.Heading(_("Time and materials")), blocks.Table(head, rows, blank=3)]
