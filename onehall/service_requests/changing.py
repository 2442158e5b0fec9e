"""Another service for a case: which answers carry over, where its rules send it, what is left out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from onehall.casework import changing
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, TimelineEntry
from onehall.casework.queries import calendar_of
from onehall.catalog import routing, rules
from onehall.catalog.queries import catalogue
from onehall.catalog.services import Question, ServiceDefinition
from onehall.kernel.localized import pick
from onehall.people.actor import Actor
from onehall.people.queries import queues
from onehall.places.models import City
from onehall.service_requests import deciding
from onehall.service_requests.models import ServiceRequest
from onehall.service_requests.saying import answer_in_words


def change_service(
    *,
    city: City,
    case_id: int,
    service_key: str,
    reason: str,
    by: Actor,
    now: datetime,
    seen: int | None = None,
    language: str = "",
) -> Case:
    """Handle a case as another service, where its rules send it; the resident is told.

    Answers to questions that both services ask count on; the others stay on the timeline in words.
    """
    listed = catalogue(city)
    new = next((s for s in listed.every if s.key == service_key), None)
    case = Case.objects.of_city(city.pk).filter(pk=case_id).first()
    if new is None or case is None:
        raise MoveRefused(_("Choose one of the listed services."), missing=("service",))
    old = listed.by_id(case.service_id)
    told = _answers(case)
    carried, left = carry_over(old, new, told)
    route = routing.route(new, _facts(city, case, carried, now))
    queue = next(q.id for q in queues(city) if q.key == route.queue)
    return changing.change_service(
        city=city,
        case_id=case_id,
        service_id=new.id,
        queue_id=queue,
        route=route,
        reason=reason,
        by=by,
        now=now,
        seen=seen,
        left_out="\n".join(_said(old, key, told[key], city, language) for key in left),
    )


def carry_over(
    old: ServiceDefinition, new: ServiceDefinition, told: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Answers that the new service asks for too, and the keys of those that it does not.

    A question is the same when its key and type are, and the answer is one that the new one allows.
    """
    carried: dict[str, Any] = {}
    for key, value in told.items():
        before, after = old.question(key), new.question(key)
        same = before is not None and after is not None and before.type == after.type
        if same and after is not None and _allowed(after, value):
            carried[key] = value
    shown = {q.key for q in rules.visible_questions(new, carried)}
    carried = {key: value for key, value in carried.items() if key in shown}
    return carried, [key for key in told if key not in carried and old.question(key)]


def _allowed(question: Question, value: Any) -> bool:
    if not question.options:
        return True
    options = {o.key for o in question.options}
    return set(value if isinstance(value, list) else [value]) <= options


def _answers(case: Case) -> dict[str, Any]:
    """The first answer that any report of the case gave to each question."""
    found: dict[str, Any] = {}
    for request in ServiceRequest.objects.filter(case_id=case.pk).order_by("id"):
        for key, value in request.answers.items():
            if value not in (None, "", []):
                found.setdefault(key, value)
    return found


def _facts(city: City, case: Case, answers: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    received = TimelineEntry.objects.filter(case_id=case.pk, kind="received").order_by("seq")
    data: dict[str, Any] = received.values_list("data", flat=True).first() or {}
    return routing.facts_of(
        answers=answers,
        areas=case.areas,
        channel=case.archived_channel or str(data.get("channel", "")),
        placed=case.lon is not None,
        at=now,
        calendar=calendar_of(city),
        owner=deciding.owner_of(city, case.asset_id),
    )


def _said(old: ServiceDefinition, key: str, value: Any, city: City, language: str) -> str:
    question = old.question(key)
    if question is None:
        return ""
    words = answer_in_words(question, value, language, city.languages[0])
    return f"{pick(question.label, language, city.languages[0])} {words}"
