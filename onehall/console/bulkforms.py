"""What can be done to the chosen cases: the forms of each kind, and what a sent one means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from onehall.casework import rules
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case
from onehall.catalog.flows import FlowDefinition, Move
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.console.desk import Desk
from onehall.kernel.localized import pick
from onehall.people.queries import members, queues
from onehall.service_requests.batches import ActRefused
from onehall.service_requests.models import BulkAct

TEXTS: Final = ("words", "reason", "outcome", "handed_to", "template", "into", "move")


NUMBERS: Final = ("user", "queue", "priority")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the chosen cases are, as far as the forms ask: one row for each kind of case."""

    kinds: list[tuple[int, str, int]]
    queue_ids: frozenset[int]
    oldest: str
    numbers: list[str]


@dataclass(frozen=True, slots=True)
class MoveChoice:
    """A step that is open to all chosen cases, with everything that any of them needs for it."""

    key: str
    label: str
    needs: frozenset[str]
    outcomes: list[tuple[str, str]]


@dataclass
class Forms:
    """The forms of one act. `typed` is what was sent before."""

    typed: Mapping[str, Any]
    people: list[tuple[int, str]] = field(default_factory=list)
    queues: list[tuple[int, str]] = field(default_factory=list)
    priorities: list[tuple[int, str]] = field(default_factory=list)
    templates: list[tuple[str, str]] = field(default_factory=list)
    moves: list[MoveChoice] = field(default_factory=list)
    into: str = ""


def chosen_of(act: BulkAct) -> Chosen:
    """The chosen cases in two questions."""
    cases = Case.objects.filter(bulkitem__act=act)
    kinds = cases.order_by().values_list("service_id", "state", "flow_version_id").distinct()
    rows = cases.order_by("opened_at", "id").values_list("number", "is_open", "queue_id")
    found = list(rows)
    oldest = next((number for number, is_open, _queue in found if is_open), "")
    return Chosen(
        sorted((s, state, v) for s, state, v in kinds),
        frozenset(q for _n, _o, q in found),
        oldest,
        [n for n, _o, _q in found],
    )


def forms_of(
    desk: Desk, act: BulkAct, chosen: Chosen, language: str, sent: Mapping[str, str]
) -> Forms:
    """Everything that can be chosen for these cases. `sent` is what was typed and refused."""
    city, default = desk.city, desk.city.languages[0]
    departments = {q.department_id for q in queues(city) if q.id in chosen.queue_ids}
    team = [
        m
        for m in members(city)
        if m.may("take") and (m.department_id is None or m.department_id in departments)
    ]
    typed = dict.fromkeys((*TEXTS, *NUMBERS), "") | act.given
    forms = Forms(typed | {name: sent[name] for name in TEXTS if name in sent})
    forms.people = [(m.user_id, m.name) for m in team]
    forms.queues = [
        (q.id, f"{pick(q.department_name, language, default)}: {pick(q.name, language, default)}")
        for q in queues(city)
        if q.active
    ]
    forms.priorities = [(value, str(label)) for value, label in Case.Priority.choices]
    forms.templates = [(t.key, pick(t.name, language, default)) for t in catalogue(city).replies]
    forms.moves = common_moves(desk, chosen, language)
    forms.into = str(act.given.get("into", "")) or chosen.oldest
    return forms


def common_moves(desk: Desk, chosen: Chosen, language: str) -> list[MoveChoice]:
    """The steps that this person may make from the state of every chosen case, by key."""
    listed, default = catalogue(desk.city), desk.city.languages[0]
    open_to: list[dict[str, tuple[Move, FlowDefinition, ServiceDefinition]]] = []
    for service_id, state, version_id in chosen.kinds:
        flow, service = listed.flow_version(version_id), listed.by_id(service_id)
        leaving = flow.leaving(state, desk.actor.roles)
        open_to.append({m.key: (m, flow, service) for m in leaving})
    if not open_to:
        return []
    common = [key for key in open_to[0] if all(key in other for other in open_to)]
    found = []
    for key in common:
        ways = [other[key] for other in open_to]
        ends = [[o.key for o in rules.outcomes_for(flow, service)] for _m, flow, service in ways]
        shared = [end for end in ends[0] if all(end in other for other in ends)]
        first, flow, _service = ways[0]
        needs = frozenset(n for move, _f, _s in ways for n in move.needs)
        closes = first.purpose == "close"
        outcomes = [(e, pick(flow.outcomes[e].label, language, default)) for e in shared]
        wanted = needs | {"words", "outcome", "handed_to"} if closes else needs
        label = pick(first.label, language, default)
        found.append(MoveChoice(key, label, wanted, outcomes if closes else []))
    return found


def given_of(kind: str, posted: Mapping[str, str]) -> dict[str, Any]:
    """What a sent form says; refused in words where it says too little or too much."""
    texts = {name: posted[name].strip() for name in TEXTS if posted.get(name, "").strip()}
    if any(len(text) > rules.MAX_WORDS for text in texts.values()):
        raise MoveRefused(rules.too_long())
    if kind == "assign":
        return {"user": _number(posted.get("user")) if posted.get("user") else None}
    if kind == "queue":
        if "reason" not in texts:
            raise MoveRefused(rules.need_words("reason"))
        return {"queue": _number(posted.get("queue")), "reason": texts["reason"]}
    if kind == "priority":
        return {"priority": _number(posted.get("priority"))}
    if kind in ("reply", "note") and not (texts.get("words") or texts.get("template")):
        raise ActRefused(_("Write something, or choose a prepared answer."))
    return dict(texts)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 18 else -1
