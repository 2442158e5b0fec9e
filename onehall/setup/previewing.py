"""A half-written service as residents would meet it: what can not be shown yet is left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from onehall.catalog import services
from onehall.catalog.pack.documents import PHOTOS, PLACES, QUESTION_TYPES, WITH_OPTIONS
from onehall.catalog.pack.read_questions import schema_of
from onehall.catalog.services import ServiceDefinition
from onehall.kernel import expressions
from onehall.setup.forms import listed, mapped

type Doc = dict[str, Any]


def definition(doc: Mapping[str, Any], languages: Sequence[str]) -> ServiceDefinition:
    """The service of a document that need not be whole."""
    name = doc.get("name") or doc.get("key") or "…"
    place, photos = doc.get("place"), mapped(doc.get("photos"))
    shown = photos.get("public")
    return services.parse(
        {
            "key": str(doc.get("key") or "preview"),
            "group": "",
            "name": _words(name),
            "summary": _words(doc.get("summary") or ""),
            "place": place if place in PLACES else "required",
            "photos": {
                "ask": photos.get("ask", True) is True,
                "public": shown if shown in PHOTOS else "after_review",
            },
            "questions": _questions(listed(doc.get("questions"))),
            "routing": [],
            "promise": _span(mapped(doc.get("promise"))),
            "flow": "",
            "languages": [c for c in listed(doc.get("languages")) if c in languages],
            "audience": "staff" if doc.get("audience") == "staff" else "residents",
        }
    )


def _words(given: Any) -> Any:
    if isinstance(given, Mapping):
        return {str(code): str(said) for code, said in given.items()}
    return str(given)


def _span(given: Mapping[str, Any]) -> Doc:
    for unit, most in (("days", 2_000), ("hours", 10_000)):
        value = given.get(unit)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= most:
            return {unit: int(value) if unit == "days" else value}
    return {}


def _questions(given: Sequence[Any]) -> list[Doc]:
    found: list[Doc] = []
    for number, raw in enumerate(given, 1):
        if not isinstance(raw, Mapping) or raw.get("type") not in QUESTION_TYPES:
            continue
        key = str(raw.get("key") or f"question-{number}")
        if any(q["key"] == key for q in found):
            continue
        doc: Doc = {
            "key": key,
            "type": raw["type"],
            "label": _words(raw.get("label") or "…"),
            "hint": _words(raw.get("hint") or ""),
            "required": raw.get("required") is True,
        }
        if doc["type"] in WITH_OPTIONS:
            doc["options"] = _options(listed(raw.get("options")))
        if _holds(raw.get("when"), found):
            doc["when"] = raw["when"]
        stop = mapped(raw.get("stop"))
        if stop and _holds(stop.get("when"), [*found, doc]):
            doc["stop"] = {
                "when": stop["when"],
                "words": _words(stop.get("words") or "…"),
                "call": str(stop.get("call") or ""),
            }
        found.append(doc)
    return found


def _options(given: Sequence[Any]) -> list[Doc]:
    return [
        {
            "key": str(o.get("key") or f"option-{number}"),
            "label": _words(o.get("label") or "…"),
            "hint": _words(o.get("hint") or ""),
            "icon": str(o.get("icon") or ""),
        }
        for number, o in enumerate(given, 1)
        if isinstance(o, Mapping)
    ]


def _holds(when: Any, above: Sequence[Doc]) -> bool:
    """Whether a condition is there and makes sense over the questions above it."""
    return when is not None and not expressions.check(when, schema_of(above))
