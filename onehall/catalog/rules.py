"""Pure rules over a service and its answers: which questions show, what is missing, where it goes."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _

from onehall.catalog.services import Question, ServiceDefinition, Stop
from onehall.kernel import cards
from onehall.kernel.expressions import MAX_NUMBER, evaluate

type Answer = str | bool | int | float | list[str]
type Answers = dict[str, Answer]

MAX_TEXT: Final = 2000
"""Longest written answer, in characters."""

_YES: Final = frozenset({"yes", "true", "on", "1"})
_NO: Final = frozenset({"no", "false", "off", "0"})


class _Wrong(Exception):
    """An answer that cannot be taken; the text is what to tell the resident."""


def visible_questions(service: ServiceDefinition, answers: Mapping[str, Any]) -> list[Question]:
    """The questions to show, in order. An answer to a hidden question does not count."""
    return _visible(service.questions, answers)


def _visible(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[Question]:
    shown: list[Question] = []
    counted: dict[str, Any] = {}
    for question in questions:
        if question.when is None or evaluate(question.when, counted):
            shown.append(question)
            if question.key in answers:
                counted[question.key] = answers[question.key]
    return shown


def missing_answers(service: ServiceDefinition, answers: Mapping[str, Any]) -> list[Question]:
    """The shown questions that must be answered and are not."""
    return missing_in(service.questions, answers)


def missing_in(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[Question]:
    """The same for any questions in order, such as those of a task."""
    return [
        q
        for q in _visible(questions, answers)
        if q.required and answers.get(q.key) in (None, "", [])
    ]


def clean_answers(
    service: ServiceDefinition, raw: Mapping[str, Sequence[str]]
) -> tuple[Answers, dict[str, str], Stop | None]:
    """What a form sent, as answers; words per wrong or missing one; and the stop that an answer calls for.

    Answers: choice and text are text, choices a list, number a number, yes_no true or false, date text as 2026-11-27.
    What hidden questions were sent is dropped; questions after a stop are not asked for.
    """
    return clean_form(service.questions, raw)


def clean_form(
    questions: Sequence[Question], raw: Mapping[str, Sequence[str]]
) -> tuple[Answers, dict[str, str], Stop | None]:
    """The same for any questions in order, such as those of a task."""
    answers: Answers = {}
    errors: dict[str, str] = {}
    for question in questions:
        if question.when is not None and not evaluate(question.when, answers):
            continue
        given = [text for text in (v.strip() for v in raw.get(question.key, ())) if text]
        if not given:
            if question.required:
                errors[question.key] = _("Please answer this.")
            continue
        try:
            answers[question.key] = _clean(question, given)
        except _Wrong as wrong:
            errors[question.key] = str(wrong)
            continue
        if question.stop and evaluate(question.stop.when, answers):
            return answers, errors, question.stop
    return answers, errors, None


def _clean(question: Question, given: list[str]) -> Answer:
    match question.type:
        case "choice":
            return _option(question, given[0])
        case "choices":
            chosen = {_option(question, text) for text in given}
            return [o.key for o in question.options if o.key in chosen]
        case "yes_no":
            return _yes_no(given[0])
        case "number":
            return _number(given[0])
        case "date":
            return _date(given[0])
        case _:
            if cards.card_number_in(given[0]):
                raise _Wrong(cards.refusal())
            return _text(given[0])


def _option(question: Question, text: str) -> str:
    if any(o.key == text for o in question.options):
        return text
    raise _Wrong(_("Choose one of the answers."))


def _yes_no(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise _Wrong(_("Choose yes or no."))


def _number(text: str) -> int | float:
    try:
        value = float(text.replace(" ", "").replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > MAX_NUMBER:
        raise _Wrong(_("Write a number, such as 12."))
    return int(value) if value == int(value) else value


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _Wrong(_("Write a day, such as 2026-11-27.")) from None


def _text(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise _Wrong(_("That is too long. Keep it under %(n)s characters.") % {"n": MAX_TEXT})
    return text.replace("\x00", "")
