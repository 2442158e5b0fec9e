"""Everything the pages of one case name, gathered in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.casework import following, photos, rules, wording, worklist
from onehall.casework import queries as casework
from onehall.casework.beside import beside
from onehall.casework.models import Case, Photo
from onehall.casework.presence import channel
from onehall.casework.to_erase import BITS
from onehall.casework.wording import Line
from onehall.catalog.flows import FlowDefinition
from onehall.catalog.learned import Evidence
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.console import effortlines, mentions, moves, partlines, promises, tasks, thinglines
from onehall.console.clockface import face
from onehall.console.desk import Desk
from onehall.console.trouble import Trouble
from onehall.console.walk import query_text
from onehall.console.writer import name_of, writer
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.look.tones import tone_of
from onehall.messaging import queries as messaging
from onehall.messaging.live import token as live_token
from onehall.messaging.models import Message
from onehall.people.queries import Member, QueueInfo, members, queues
from onehall.places import areas
from onehall.places.models import LIMIT_LAYER
from onehall.service_requests import learning, queries
from onehall.service_requests.models import ServiceRequest
from onehall.service_requests.saying import answers_in_words

SEES: Final = ("all", "public", "staff")
"""Parts of the timeline that one can look at alone."""

NEAR_METRES: Final = 200

SUGGESTED: Final = 0.5
"""Of the earlier reports with a word, how many must have been moved before that is suggested."""

KNOWN: Final = frozenset(
    {
        "",
        "say",
        "queue",
        "service",
        "hand_over",
        "take_back",
        "join",
        "assign",
        "priority",
        "photo",
        "task",
        "files",
        "split",
        "hold",
        "release",
        "relate",
        "effort",
    }
)
"""Places of a page that a refusal may belong to, besides the moves."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A case with its flow and service."""

    case: Case
    flow: FlowDefinition
    service: ServiceDefinition


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline with what the desk adds to it."""

    line: Line
    tone: str
    note: str
    failed: list[Message]
    pictures: list[Photo]
    undo: int | None
    words: str

    @property
    def also(self) -> list[tuple[str, str, str]]:
        """The same in other languages: code, name, words."""
        return [(code, name_of(code), words) for code, words in self.line.also]

    @property
    def by(self) -> str:
        """Who did it, where the title does not say so."""
        return "" if self.line.who in self.line.title else self.line.who


def load(request: CityRequest, number: str) -> Loaded:
    """The case of that number, if this person may see it; else 404."""
    found = (
        Case.objects.reachable_by(request.actor)
        .select_related("queue", "assignee", "merged_into", "parent", "asset")
        .filter(number=number)
        .first()
    )
    if found is None:
        raise Http404
    listed = catalogue(request.city)
    return Loaded(found, listed.flow_version(found.flow_version_id), listed.by_id(found.service_id))


def load_to_write(request: CityRequest, number: str) -> Loaded:
    """Like `load`, for people who may change it; 403 for those who only read."""
    loaded = load(request, number)
    if not request.actor.writes:
        raise PermissionDenied(_("Your role can read this case but not change it."))
    return loaded


def reader_of(request: CityRequest, flow: FlowDefinition) -> wording.Reader:
    """The member of staff who reads: knows every queue of the city by name."""
    language, default = request.LANGUAGE_CODE, request.city.languages[0]
    names = {q.id: pick(q.name, language, default) for q in queues(request.city)}
    return wording.Reader(flow, language, default, names, staff=True)


def seen_part(request: CityRequest) -> str:
    """The part of the timeline that was asked for; all of it when none was."""
    see = request.GET.get("see", "")
    return see if see in SEES else "all"


def etag_of(request: CityRequest, loaded: Loaded) -> str:
    """What the parts of a case page that change depend on."""
    see = seen_part(request)
    return f'"{loaded.case.id}-{loaded.case.lock}-{request.LANGUAGE_CODE}-{see}"'


def context(request: CityRequest, desk: Desk, loaded: Loaded, trouble: Trouble) -> dict[str, Any]:
    """What the case page and the stop page name."""
    city, found, flow = request.city, loaded.case, loaded.flow
    reader = reader_of(request, flow)
    see = seen_part(request)
    reports = queries.reports_of(found)
    joined = queries.joined_cases(found)
    pictures = casework.photos_of([found.id])
    history = casework.timeline_of(found)
    lines = wording.lines(history, found, reader)
    takes = partlines.takes_of(history) if found.parent else frozenset()
    # A part has no reports of its own: who reads of it are those of its parent.
    heard = queries.reports_of(found.parent) if found.parent else reports
    reports = heard if "words" in takes else reports
    asked_of = found.parent if found.parent and "answers" in takes else found
    sent = messaging.deliveries(city.id, [found.number, *(c.number for c in joined)])
    kept = photos.kept_by(city, trouble.draft, desk.actor) if trouble.draft else []
    works = desk.actor.writes and found.merged_into_id is None
    works = works and desk.actor.sees_work(found.queue.department_id, found.areas)
    steps = [
        m
        for m in flow.leaving(found.state, desk.actor.roles)
        if works and desk.actor.may("move") and not rules.is_over(m, found.closed_at, desk.now)
    ]
    around = beside(found, desk.actor)
    parts = partlines.lines(desk, around.parts, reader)
    offered = moves.buttons(
        steps,
        flow=flow,
        service=loaded.service,
        reader=reader,
        trouble=trouble,
        waiting=any(p.is_open for p in parts),
    )
    rows = worklist.tasks_of(found)
    task_lines = tasks.lines(desk, found, flow, rows, reader=reader, trouble=trouble)
    staff = members(city) if works else []
    seen_by = {found.queue.department_id, *(t.queue.department_id for t in rows)}
    watching = [(u.pk, u.name) for u in around.watchers]
    return {
        "watching": watching,
        "i_watch": any(pk == desk.actor.user_id for pk, _name in watching),
        "tasks": task_lines,
        "parts": parts,
        "parent": found.parent,
        "parent_seen": bool(found.parent and found.parent.queue_id in desk.queue_ids),
        "split_services": partlines.services(desk, found, reader) if works else [],
        "split_typed": {
            n: trouble.typed.get(n, "") for n in ("part", "service", "to_queue", "note")
        },
        "files": around.files,
        "efforts": effortlines.context(
            around.efforts, catalogue(city).stock, request.LANGUAGE_CODE, city.languages[0]
        ),
        "effort_typed": effortlines.typed(trouble),
        "at_stop": False,
        "related": [
            (c, catalogue(city).by_id(c.service_id))
            for c in around.related
            if c.queue_id in desk.queue_ids and desk.actor.sees_area(c.areas)
        ],
        "has_news_for_me": bool(around.unread),
        "office": catalogue(city).attachments.office,
        "targets": promises.target_lines(found, around.targets, desk),
        "pauses": promises.pause_lines(around.pauses, desk),
        "given": promises.hand_overs(around.hand_overs),
        "bodies": [b for b in around.bodies if b.active] if works else [],
        "checklist": worklist.checklist(found, flow, rows, city=city, reader=reader, now=desk.now),
        "new_task": trouble.typed.get("title", ""),
        "live_etag": etag_of(request, loaded),
        "case": found,
        "service": loaded.service,
        "queue_name": reader.queue_names.get(found.queue_id, ""),
        "state_word": state_word(found.category, reader.text(flow.states[found.state].label)),
        "clock": face(found, now=desk.now, calendar=casework.calendar_of(city), zone=desk.zone),
        "entries": [
            e for e in _entries(desk, found, lines, sent, pictures, joined) if _shown(e, see)
        ],
        "see": see,
        "flow_key": flow.key,
        "warnings": [n for n in lines if n.staff_only and n.words][:3],
        "news": [n for n in lines if n.seq > (trouble.changed_since or found.lock)],
        "first_reports": reports[:3],
        "more_reports": reports[3:],
        "report_count": len(reports),
        "callers": [
            r
            for r in reports
            if r.person and r.person.phone and not found.parent and desk.actor.may("see_contacts")
        ],
        "followers": sum(1 for r in heard if r.wants_news and r.person_id),
        "answers": answers(
            catalogue(city).by_id(asked_of.service_id),
            reports if asked_of == found else heard,
            reader,
        ),
        "joined": [
            (c, c.queue_id in desk.queue_ids and desk.actor.sees_area(c.areas)) for c in joined
        ],
        "photos_before": [p for p in pictures if p.kind != Photo.Kind.AFTER],
        "private_photos": {p.pk for p in pictures if photos.stays_private(p, loaded.service)},
        "photos_after": [p for p in pictures if p.kind == Photo.Kind.AFTER],
        "sees_originals": desk.actor.may("see_originals"),
        "moves": offered,
        "closing": moves.closing_words(loaded.service) if found.is_open else "",
        "close": next((m for m in offered if m.purpose == "close"), None),
        "works": works,
        "hold": next(iter(around.holds), None),
        "history_lost": found.archive_id is not None and not history,
        "erased": [kind for kind, bit in BITS.items() if found.erased & bit],
        "writer": writer(
            request,
            desk,
            found,
            heard,
            trouble.typed,
            colleagues=following.of_these(staff, seen_by, found.areas, desk.actor),
        )
        if works and (desk.actor.may("note") or desk.actor.may("reply"))
        else None,
        "kept_photos": kept,
        "lost_form": trouble.changed_since is not None
        and (not (works or task_lines) or _is_gone(trouble, offered, task_lines)),
        "team": _team(staff, found),
        "departments": _departments(request),
        "other_services": _services(request, loaded) if works and found.is_open else [],
        "hint": _hint(desk, loaded, reports) if works and found.is_open else None,
        "near": _near(request, desk, found),
        **thinglines.context(desk, found, reader),
        "area_words": _areas(request, found),
        "stream": f"/live/{live_token([f'case:{found.id}', channel(found)])}",
        "live_address": f"?part=live&see={see}{query_text(request)}",
        "walk_query": query_text(request),
        "priorities": Case.Priority.choices,
        "lost_move": trouble.where not in KNOWN | {t.where for t in task_lines}
        and all(m.key != trouble.where or m.form is None for m in offered),
        "trouble": trouble,
        "trouble_at": {
            w: trouble.at(w)
            for w in (
                "say",
                "queue",
                "service",
                "hand_over",
                "take_back",
                "join",
                "hold",
                "release",
                "assign",
                "priority",
                "photo",
            )
        },
        "typed": {n: trouble.typed.get(n, "") for n in ("words", "reason", "into")},
    }


def state_word(category: str, label: str) -> str:
    """The city's word for a state; where that speaks to the resident, ours for the staff."""
    return _("Waiting for resident") if category == "waiting_applicant" else label


def _is_gone(
    trouble: Trouble, offered: Sequence[moves.MoveButton], task_lines: Sequence[tasks.TaskLine]
) -> bool:
    """Whether the form that was sent has no place on the page any more."""
    forms = {m.key for m in offered} | {t.where for t in task_lines if t.form is not None}
    return trouble.where not in KNOWN | forms


def _shown(entry: Entry, see: str) -> bool:
    return see == "all" or (see == "staff") == entry.line.staff_only


def _entries(
    desk: Desk,
    case: Case,
    lines: list[Line],
    sent: list[Message],
    pictures: list[Photo],
    joined: list[Case],
) -> list[Entry]:
    by_about: dict[str, list[Message]] = {}
    for message in sent:
        by_about.setdefault(message.about, []).append(message)
    by_id = {p.id: p for p in pictures}
    parts = {c.id for c in joined}
    named = mentions.people_of(lines)
    found = []
    for line in lines:
        about = by_about.get(f"{case.id}:{line.seq}", [])
        part = line.data.get("case")
        undo = part if line.can_undo_join and part in parts and desk.actor.may("join") else None
        found.append(
            Entry(
                line,
                "hold" if line.staff_only else tone_of(line.category),
                _note(line, about),
                [m for m in about if m.state in ("failed", "bounced")],
                [by_id[pk] for pk in line.photo_ids if pk in by_id],
                undo,
                mentions.linked(line, named),
            )
        )
        if undo is not None:
            # Joined twice after an undo: only the last one can be taken apart.
            parts.discard(undo)
    return found


def _note(line: Line, about: list[Message]) -> str:
    words = [_("staff only") if line.staff_only else _("residents see this")]
    if about:
        done = sum(1 for m in about if m.state == "sent")
        said = ngettext(
            "%(done)s of %(n)s message sent", "%(done)s of %(n)s messages sent", len(about)
        )
        words.append(said % {"done": done, "n": len(about)})
    return " · ".join(words)


def answers(
    service: ServiceDefinition, reports: list[ServiceRequest], reader: wording.Reader
) -> list[tuple[str, str]]:
    """The first answer to each question as (question, answer), in the order of the service."""
    return answers_in_words(service, reports, reader.language, reader.default_language)


def _team(team: list[Member], case: Case) -> list[Member]:
    """Who may be given the case: people of its department and those of the whole city, no auditors."""
    return [m for m in team if may_be_given(m, case)]


def may_be_given(member: Member, case: Case) -> bool:
    """Whether a case can be this person's work."""
    return member.may("take") and member.works_in(case.queue.department_id, case.areas)


def _departments(request: CityRequest) -> list[tuple[str, list[QueueInfo]]]:
    """Every queue in use by department, for sending a case on."""
    language, default = request.LANGUAGE_CODE, request.city.languages[0]
    found: dict[str, list[QueueInfo]] = {}
    for queue in queues(request.city):
        if queue.active:
            found.setdefault(pick(queue.department_name, language, default), []).append(queue)
    return list(found.items())


def _services(request: CityRequest, loaded: Loaded) -> list[tuple[str, list[ServiceDefinition]]]:
    """Services that the case could be about instead, by group."""
    listed = catalogue(request.city)
    side = listed.internal if loaded.service.is_internal else listed
    language, default = request.LANGUAGE_CODE, request.city.languages[0]
    return [
        (
            pick(group.name, language, default),
            [s for s in group.services if s.id != loaded.service.id],
        )
        for group in side.groups
    ]


def _hint(
    desk: Desk, loaded: Loaded, reports: list[ServiceRequest]
) -> tuple[ServiceDefinition, Evidence] | None:
    """The service that corrections of earlier reports with these words speak for, with the count."""
    words = next((r.words for r in reports if r.words), "")
    found = learning.learned(desk.city, now=desk.now).about(words) if words else {}
    best = max(found.values(), key=lambda e: (e.share, e.moved), default=None)
    if best is None or best.service == loaded.service.key or best.share < SUGGESTED:
        return None
    service = next((s for s in catalogue(desk.city).every if s.key == best.service), None)
    return (service, best) if service is not None and service.active else None


def _near(request: CityRequest, desk: Desk, case: Case) -> list[dict[str, Any]]:
    """Open cases around it that this person may see, numbered as on the map."""
    if case.lon is None or case.lat is None:
        return []
    listed = catalogue(request.city)
    found = casework.open_near(
        request.city, case.lon, case.lat, metres=NEAR_METRES, public_only=False, limit=12
    )
    queues_seen, inside = desk.queue_ids, None
    if desk.actor.areas:
        ids = [n.case.pk for n in found]
        rows = Case.objects.visible_to(desk.actor).filter(pk__in=ids)
        inside = set(rows.values_list("pk", flat=True))
    return [
        {"case": n.case, "metres": n.metres, "service": listed.by_id(n.case.service_id)}
        for n in found
        if n.case.id != case.id
        and n.case.queue_id in queues_seen
        and (inside is None or n.case.id in inside)
    ][:6]


def _areas(request: CityRequest, case: Case) -> str:
    """The names of the areas the place lies in."""
    layers = sorted((k, str(v)) for k, v in case.areas.items() if k != LIMIT_LAYER)
    return ", ".join(areas.label(request.city, k, v, request.LANGUAGE_CODE) for k, v in layers)
