"""What the page of a report shows, made from the case's record for one reader."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from onehall.casework import rules, wording
from onehall.casework.models import Case, Photo, TimelineEntry
from onehall.casework.photos import stays_private
from onehall.casework.rules import good_end
from onehall.casework.wording import Line
from onehall.catalog.flows import FlowDefinition
from onehall.catalog.queries import catalogue
from onehall.catalog.services import Question, ServiceDefinition
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.look.parts import Picture, Station
from onehall.messaging.live import token as live_token
from onehall.people.actor import Actor
from onehall.people.queries import queues
from onehall.places import areas
from onehall.portal import things, verdicts
from onehall.service_requests import actions, news
from onehall.service_requests.models import ServiceRequest
from onehall.service_requests.queries import Told

NOTHING_TYPED = dict.fromkeys(
    (
        "write_error", "words", "verdict_error", "reason", "ask_reason", "rate_error", "comment",
        "news_error", "typed_email", "sent",
    ),
    "",
)  # fmt: skip
"""What the page names when nothing was sent to it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A report with what its page needs from the catalogue."""

    told: Told
    case: Case
    flow: FlowDefinition
    service: ServiceDefinition
    by: Actor

    @property
    def request(self) -> ServiceRequest:
        """The report itself."""
        return self.told.request


def with_whom(entries: Sequence[TimelineEntry], reader: wording.Reader) -> str:
    """The outside bodies that have the case now, by name; `entries` come newest first."""
    had: dict[str, str] = {}
    for entry in reversed(entries):
        data = entry.data
        if entry.kind == "handed":
            had[str(data.get("body"))] = reader.text(data.get("name", ""))
        elif entry.kind == "outside" and data.get("what") in ("done", "not_ours", "withdrawn"):
            had.pop(str(data.get("body")), None)
    return ", ".join(had.values())


def is_late(case: Case, now: datetime) -> bool:
    """Whether the promised time is over and somebody still has to work."""
    return case.is_open and case.paused_at is None and case.due_at is not None and case.due_at < now


def etag_of(request: CityRequest, loaded: Loaded) -> str:
    """What the parts of a status page that change depend on."""
    case = loaded.case
    now = read_clock()
    late = is_late(case, now)
    over = verdicts.is_over(loaded.flow, case, loaded.by.roles, now)
    return f'"{case.id}-{case.lock}-{int(late)}{int(over)}-{request.LANGUAGE_CODE}"'


def context(request: CityRequest, loaded: Loaded) -> dict[str, Any]:
    """Everything that portal/status.html names."""
    city, case, flow, report = request.city, loaded.case, loaded.flow, loaded.request
    language, default = request.LANGUAGE_CODE, city.languages[0]
    names = {q.id: pick(q.name, language, default) for q in queues(city)}
    own = news.own_of(city, report)
    reader = wording.Reader(
        flow, language, default, names, staff=False, own_number=report.number, own=own
    )
    entries = loaded.told.entries
    lines = own_words_only(wording.lines(entries, case, reader), entries, report)
    pictures = seen_by(loaded)
    before, after = pair_of(pictures)
    lines = each_photo_once(lines, {p.id for p in (before, after) if p})
    shown = {pid for line in lines for pid in line.photo_ids}
    now = read_clock()
    where = district(request, case)
    over = verdicts.is_over(flow, case, loaded.by.roles, now)
    gone = rules.is_closed_for_good(case.erased)
    judging = verdicts.NONE if gone else verdicts.parts(flow, case, loaded.by.roles, now)
    return (
        NOTHING_TYPED
        | judging
        | {
            "live_etag": etag_of(request, loaded),
            "report": report,
            "case": case,
            "service": loaded.service,
            "state": flow.states[case.state],
            "lines": lines,
            "stations": stations(flow, case, lines, reader),
            "queue": names.get(case.queue_id, ""),
            "outside": with_whom(entries, reader) if case.is_open else "",
            "before": picture(before, report, _("Before") if after else _("Photo"))
            if before
            else None,
            "after": picture(after, report, _("After")) if after else None,
            "photos": {p.id: p for p in pictures},
            "more_photos": [p for p in pictures if p not in (before, after) and p.id not in shown],
            "again": verdicts.again(loaded.service, case, where) if over or gone else "",
            "gone": gone,
            "settles_at": settles_at(flow, case, entries),
            "needs_reason": report.disputes >= actions.FREE_DISPUTES,
            "late": is_late(case, now),
            "early_days": early_days(case),
            "now": now,
            "told": told(loaded, reader),
            "files": loaded.told.files,
            "parts": parts_of(request, loaded, reader),
            "district": where,
            "has_map": case.lon is not None and city.bounds is not None,
            "thing": things.of_case(city, case, loaded.service),
            "stream": f"/live/{live_token([f'case:{case.id}'])}",
            "person": report.person if report.person_id else None,
            "page_url": request.build_absolute_uri(reverse("portal:status", args=[report.token])),
        }
    )


def parts_of(request: CityRequest, loaded: Loaded, reader: wording.Reader) -> list[tuple[str, str]]:
    """The parts that other departments work on, each in a plain sentence, with its category."""
    listed = catalogue(request.city)
    names = {q.id: reader.text(q.department_name) for q in queues(request.city)}
    found = []
    for part in loaded.told.parts:
        if part.merged_into_id is not None:
            continue
        said = {"who": names.get(part.queue_id, ""), "part": part.part_words}
        if part.is_open:
            words = _("%(who)s still has: %(part)s")
        elif part.outcome == good_end(listed.by_id(part.service_id)):
            words = _("%(who)s finished: %(part)s")
        else:
            words = _("%(who)s closed: %(part)s")
        found.append((words % said, part.category))
    return found


def seen_by(loaded: Loaded) -> list[Photo]:
    """Photos of the case that this person may see: their own, and what is shown to all who follow."""
    return [
        p
        for p in loaded.told.photos
        if p.request_id == loaded.request.id
        or (p.is_public and not stays_private(p, loaded.service))
    ]


def own_words_only(
    lines: list[Line], entries: Sequence[TimelineEntry], report: ServiceRequest
) -> list[Line]:
    """The lines without what other residents wrote: that is between them and the city."""
    mine = {e.seq for e in entries if e.data.get("number") == report.number}
    resident = {e.seq for e in entries if e.actor_kind == "resident"}
    # A verdict's reason stands in the move; whose it is stands in the entry after it.
    return [
        line
        if line.seq not in resident or line.seq in mine or line.seq + 1 in mine
        else replace(line, words="", photo_ids=())
        for line in lines
    ]


def each_photo_once(lines: list[Line], elsewhere: set[int]) -> list[Line]:
    """The lines with every photo at its newest mention only, those shown elsewhere left out."""
    seen = set(elsewhere)
    found: list[Line] = []
    for line in lines:
        fresh = tuple(pid for pid in line.photo_ids if pid not in seen)
        seen.update(fresh)
        found.append(replace(line, photo_ids=fresh))
    return found


def pair_of(pictures: Sequence[Photo]) -> tuple[Photo | None, Photo | None]:
    """The first picture of the problem and the last one of the work."""
    before = next((p for p in pictures if p.kind == Photo.Kind.BEFORE), None)
    after = next((p for p in reversed(pictures) if p.kind == Photo.Kind.AFTER), None)
    return before, after


def picture(photo: Photo, report: ServiceRequest, title: str) -> Picture:
    """A photo of the pair, with whose it is where that is known."""
    is_after = photo.kind == Photo.Kind.AFTER
    plain = _("Photo after the work") if is_after else _("Photo from the report")
    own = photo.request_id is not None and photo.request_id == report.id
    return Picture(
        src=f"/r/{report.token}/photos/{photo.key}/small.jpg",
        href=f"/r/{report.token}/photos/{photo.key}/large.jpg",
        alt=photo.words or plain,
        title=_("%(what)s, by you") % {"what": title} if own else title,
        at=photo.created_at,
        width=photo.width,
        height=photo.height,
    )


def settles_at(
    flow: FlowDefinition, case: Case, entries: Sequence[TimelineEntry]
) -> datetime | None:
    """When silence counts as an answer, from the move that led to the present state."""
    state = flow.states[case.state]
    moved = (e.at for e in entries if e.kind == "moved" and e.data.get("to") == case.state)
    since = next(moved, None)
    settle = [t for t in state.timers if (m := flow.moves.get(t.move)) and m.purpose == "settle"]
    return since + settle[0].after if settle and since else None


def early_days(case: Case) -> int:
    """How many days before the promised one it was finished; 0 when on the day or later."""
    if case.closed_at is None or case.promised_at is None:
        return 0
    promised, closed = timezone.localdate(case.promised_at), timezone.localdate(case.closed_at)
    return max(0, (promised - closed).days)


def told(loaded: Loaded, reader: wording.Reader) -> list[tuple[str, str]]:
    """What this person answered, question by question, for their own page."""
    answers = loaded.request.answers or {}
    rows = [
        (reader.text(q.label), said(q, answers[q.key], reader))
        for q in loaded.service.questions
        if q.key in answers
    ]
    if loaded.request.words:
        rows.append((_("In your words"), loaded.request.words))
    return rows


def said(question: Question, answer: Any, reader: wording.Reader) -> str:
    """An answer in words."""
    if isinstance(answer, bool):
        return _("Yes") if answer else _("No")
    labels = {o.key: reader.text(o.label) for o in question.options}
    values = answer if isinstance(answer, list) else [answer]
    return ", ".join(labels.get(str(v), str(v)) for v in values)


def district(request: CityRequest, case: Case) -> str:
    """The name of the part of the city that the place is in."""
    return areas.named(request.city, case.areas, request.LANGUAGE_CODE)


def stations(
    flow: FlowDefinition, case: Case, lines: list[Line], reader: wording.Reader
) -> list[Station]:
    """The flow's stages as stations of the line, with the day each was first reached."""
    reached = {flow.states[flow.start].stage: case.opened_at}
    for line in reversed(lines):
        state = flow.states.get(str(line.data.get("to", "")))
        if state is not None:
            reached.setdefault(state.stage, line.at)
    present = flow.states[case.state].stage
    now_at = next((i for i, s in enumerate(flow.stages) if s.key == present), 0)
    found: list[Station] = []
    for index, stage in enumerate(flow.stages):
        status: Any = "past" if index < now_at else "now" if index == now_at else "next"
        at = reached.get(stage.key) if index <= now_at else None
        found.append(Station(label=reader.text(stage.label), at=at, status=status))
    return found
