"""Answers of reports in words."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from onehall.catalog.services import Question, ServiceDefinition
from onehall.kernel.localized import pick
from onehall.service_requests.models import ServiceRequest


def answers_in_words(
    service: ServiceDefinition, reports: Iterable[ServiceRequest], language: str, default: str
) -> list[tuple[str, str]]:
    """The first answer to each question as (question, answer), in the order of the service."""
    told = [r.answers for r in reports]
    found: list[tuple[str, str]] = []
    for question in service.questions:
        value = next((a[question.key] for a in told if is_told(a, question.key)), None)
        if value is not None:
            said = answer_in_words(question, value, language, default)
            found.append((pick(question.label, language, default), said))
    return found


def is_told(answers: Mapping[str, Any], key: str) -> bool:
    """Whether there is an answer."""
    return answers.get(key) not in (None, "", [])


def answer_in_words(question: Question, value: Any, language: str, default: str) -> str:
    """One answer as people read it."""
    labels = {o.key: pick(o.label, language, default) for o in question.options}
    values = value if isinstance(value, list) else [value]
    return ", ".join(_plain(v, labels) for v in values)


def _plain(value: Any, labels: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return labels.get(str(value), str(value))
