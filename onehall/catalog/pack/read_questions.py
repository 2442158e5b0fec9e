"""Reads the questions of a service, and checks the conditions that refer to them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onehall.catalog.pack.documents import QUESTION_TYPES, WITH_OPTIONS, Doc
from onehall.kernel import expressions
from onehall.kernel.expressions import FieldType
from onehall.kernel.yamlfile import Node

_KINDS: Mapping[str, FieldType] = {
    "text": expressions.TEXT,
    "number": expressions.NUMBER,
    "yes_no": expressions.FLAG,
    "date": expressions.DATE,
}


def schema_of(questions: Iterable[Doc]) -> dict[str, FieldType]:
    """What conditions may say about the answers to these questions."""
    schema: dict[str, FieldType] = {}
    for question in questions:
        options = [o["key"] for o in question.get("options", [])]
        if question["type"] == "choice":
            schema[question["key"]] = expressions.choice(options)
        elif question["type"] == "choices":
            schema[question["key"]] = expressions.choices(options)
        elif question["type"] in _KINDS:
            schema[question["key"]] = _KINDS[question["type"]]
    return schema


def check_when(node: Node, schema: Mapping[str, FieldType]) -> Any:
    """The condition at a node, with its mistakes reported at its line."""
    tree = node.plain()
    for mistake in expressions.check(tree, schema):
        node.problem(
            mistake, "Conditions can use: " + (", ".join(sorted(schema)) or "nothing") + "."
        )
    return tree


@dataclass(frozen=True, slots=True)
class _Tongues:
    """All languages of the city, those of the service first; and those that need words."""

    known: tuple[str, ...]
    needed: tuple[str, ...]


def read_questions(
    service: Node, languages: Sequence[str], spoken: Sequence[str] = ()
) -> list[Doc]:
    """Checked questions in order; a condition may use the questions above it.

    `spoken` are the languages the service is offered in, all of the city's when there are none.
    """
    needed = tuple(code for code in languages if not spoken or code in spoken)
    tongues = _Tongues((*needed, *(code for code in languages if code not in needed)), needed)
    found: list[Doc] = []
    for node in service.listing("questions"):
        doc = _question(node, tongues, found)
        if doc["key"] and any(q["key"] == doc["key"] for q in found):
            message = f'There are two questions with the key "{doc["key"]}".'
            node.problem(message, "Give one another key.", key="key")
        found.append(doc)
    return found


def _question(node: Node, tongues: _Tongues, above: list[Doc]) -> Doc:
    doc: Doc = {
        "key": node.key("key"),
        "type": node.choice("type", QUESTION_TYPES, required=True),
        "label": node.localized("label", tongues.known, required=True, complete=tongues.needed),
        "required": node.flag("required"),
    }
    if hint := node.localized("hint", tongues.known):
        doc["hint"] = hint
    if doc["type"] in WITH_OPTIONS or node.has("options"):
        doc["options"] = _options(node, doc["type"], tongues)
    if when := node.child("when"):
        doc["when"] = check_when(when, schema_of(above))
    if node.has("stop"):
        doc["stop"] = _stop(node.mapping("stop"), tongues, [*above, doc])
    node.finish()
    return doc


def _options(node: Node, kind: str, tongues: _Tongues) -> list[Doc]:
    if kind and kind not in WITH_OPTIONS:
        message = f'A question of the type "{kind}" has no options.'
        node.problem(message, "Use the type choice or choices, or delete them.", key="options")
    found: list[Doc] = []
    for item in node.listing("options", required=True):
        doc: Doc = {
            "key": item.key("key"),
            "label": item.localized("label", tongues.known, required=True, complete=tongues.needed),
        }
        if hint := item.localized("hint", tongues.known):
            doc["hint"] = hint
        if icon := item.text("icon"):
            doc["icon"] = icon
        item.finish()
        if doc["key"] and any(o["key"] == doc["key"] for o in found):
            item.problem(f'The option "{doc["key"]}" is there twice.', "Keep one.", key="key")
        found.append(doc)
    return found


def _stop(node: Node, tongues: _Tongues, questions: list[Doc]) -> Doc:
    doc: Doc = {
        "when": None,
        "words": node.localized("words", tongues.known, complete=tongues.needed),
    }
    if when := node.child("when", required=True):
        doc["when"] = check_when(when, schema_of(questions))
    if not doc["words"]:
        message = "The form stops here, but there are no words for the resident."
        node.problem(message, "Say what to do instead.", key="words")
    if call := node.text("call"):
        doc["call"] = call
    node.finish()
    return doc
