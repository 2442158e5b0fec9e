"""The record of a case on paper: whole for the staff, or as somebody may read it who is not of the city."""

from django.urls import reverse
from django.utils.translation import gettext as _

from onehall.casework import photos, wording
from onehall.casework import queries as casework
from onehall.casework.models import Case
from onehall.casework.telling import public_address
from onehall.casework.wording import Line, Reader
from onehall.catalog.queries import catalogue
from onehall.console.casepage import answers
from onehall.console.desk import Desk
from onehall.console.paper.orders import shot_of, square
from onehall.kernel.localized import pick
from onehall.look.dates import say
from onehall.look.papers import blocks
from onehall.look.papers.blocks import Block, Sheet
from onehall.people.queries import queues
from onehall.service_requests import queries


def record(desk: Desk, case: Case, language: str, *, public: bool) -> Sheet:
    """The timeline with everything around it. `public` leaves out people, their words and staff's notes."""
    listed, default = catalogue(desk.city), desk.city.languages[0]
    flow, service = listed.flow_version(case.flow_version_id), listed.by_id(case.service_id)
    names = {q.id: pick(q.name, language, default) for q in queues(desk.city)}
    reader = Reader(flow, language, default, names, staff=not public)
    url = f"{public_address(desk.city)}{reverse('console:case', args=[case.number])}"
    where = case.place_words if not public or service.place_privacy == "exact" else ""
    found: list[Block] = [
        blocks.Title(case.number, reader.text(service.name), where, url, square(url)),
        blocks.Facts(_facts(desk, case, reader)),
    ]
    if not public:
        found += _told(desk, case, reader)
    found.append(blocks.Heading(_("Timeline")))
    entries = casework.timeline_of(case, public_only=public)
    for line in reversed(wording.lines(entries, case, reader)):
        found += _line(desk, line, public=public)
    shown = [
        p for p in casework.photos_of([case.pk]) if not public or photos.is_open_to_all(p, service)
    ]
    if shown:
        found += [blocks.Heading(_("Photos")), blocks.Pictures([shot_of(p) for p in shown])]
    return found


def _facts(desk: Desk, case: Case, reader: Reader) -> list[tuple[str, str]]:
    def when(at: object) -> str:
        return say(at, now=desk.now, zone=desk.zone) if at else ""  # type: ignore[arg-type]

    rows = [
        (_("State"), reader.text(reader.flow.states[case.state].label)),
        (_("Queue"), reader.queue_names.get(case.queue_id, "")),
        (_("Received"), when(case.opened_at)),
        (_("Promised"), when(case.promised_at)),
        (_("Closed"), when(case.closed_at)),
        (_("Printed"), when(desk.now)),
    ]
    return [(name, value) for name, value in rows if value]


def _told(desk: Desk, case: Case, reader: Reader) -> list[Block]:
    """Everybody who told of it, with how to reach them: for the staff alone."""
    reports = queries.reports_of(case)
    if not reports:
        return []
    found: list[Block] = [blocks.Heading(_("What residents told us"))]
    for report in reports:
        person = report.person
        shown = person is not None and desk.actor.may("see_contacts")
        reach = [person.name, person.email, person.phone] if person and shown else []
        at = say(report.created_at, now=desk.now, zone=desk.zone)
        note = " · ".join(x for x in (report.number, at, *reach) if x)
        found.append(blocks.Text(report.words or "–", note, quoted=bool(report.words)))
    service = catalogue(desk.city).by_id(case.service_id)
    if given := answers(service, reports, reader):
        found.append(blocks.Facts(given))
    return found


def _line(desk: Desk, line: Line, *, public: bool) -> list[Block]:
    at = say(line.at, now=desk.now, zone=desk.zone)
    who = line.who if not public or line.by_staff else ""
    note = " · ".join(x for x in (at, who, _("staff only") if line.staff_only else "") if x)
    # What residents wrote is between them and the city: on paper for others it is not.
    words = line.words if line.by_staff or not public else ""
    title = f"{line.title}. {line.detail}" if line.detail else line.title
    found: list[Block] = [blocks.Text(title, note)]
    if words:
        found.append(blocks.Text(words, quoted=True))
    return found
