"""Reads `templates/*.yaml`: one reply template per file, checked against everything else in the pack."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from onehall.catalog import categories, replies
from onehall.catalog.pack.documents import Doc, Known
from onehall.kernel import yamlfile
from onehall.kernel.spelling import nearest
from onehall.kernel.yamlfile import Node, Problems

FOLDER: Final = "templates"
MAX_TEXT: Final = 3_000
LAST: Final = 1_000
"""Where a template without a position stands."""


def read_replies(
    folder: Path,
    known: Known,
    problems: Problems,
    *,
    services: Collection[str],
    flows: Mapping[str, Doc],
) -> list[Doc]:
    """Checked templates, by `position`, then by key."""
    states = sorted({state["key"] for flow in flows.values() for state in flow["states"]})
    options: dict[str, Collection[str]] = {
        "states": states,
        "categories": sorted(categories.ALL),
        "services": services,
        "queues": known.queues,
    }
    found: dict[str, Doc] = {}
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        node = yamlfile.load(path, folder, problems)
        if not node.present:
            continue
        doc = _template(node, known, options)
        if doc["key"] in found:
            node.problem(
                f'The template "{doc["key"]}" is defined twice.', "Give it another key.", key="key"
            )
        elif doc["key"]:
            found[doc["key"]] = doc
    return sorted(found.values(), key=lambda d: (d.get("position", LAST), d["key"]))


def _template(node: Node, known: Known, options: Mapping[str, Collection[str]]) -> Doc:
    key = node.key("key")
    only = node.texts("languages", options=known.languages)
    languages = [code for code in known.languages if not only or code in only]
    doc: Doc = {
        "key": key,
        "name": node.localized("name", known.languages, required=True),
        "text": node.localized("text", languages, required=True, complete=True),
        "where": _where(node.mapping("where"), options),
    }
    if only:
        doc["languages"] = only
    if (position := node.whole("position", minimum=0, maximum=9999)) is not None:
        doc["position"] = position
    _check_variables(node, doc["text"])
    node.finish()
    return doc


def _where(node: Node, options: Mapping[str, Collection[str]]) -> Doc:
    """What cases it is offered for; every part is a list, and all parts must hold."""
    found = {}
    for part in replies.WHERE:
        if wanted := node.texts(part, options=options[part]):
            found[part] = wanted
    node.finish()
    return found


def _check_variables(node: Node, text: Mapping[str, str]) -> None:
    """Report unknown variables at their line, and texts that are too long to send."""
    words = node.child("text")
    for language, written in text.items():
        here = words if words is not None and words.kind == "mapping" else node
        key = language if here is words else "text"
        if len(written) > MAX_TEXT:
            here.problem(
                f'The text in "{language}" has {len(written)} characters.',
                f"Keep it to {MAX_TEXT}.",
                key=key,
            )
        for name in replies.names_in(written):
            if name not in replies.VARIABLES:
                here.problem(f'There is no variable "{{{name}}}".', _advice(name), key=key)


def _advice(name: str) -> str:
    close = nearest(name, replies.VARIABLES)
    if close:
        return f'Did you mean "{{{close}}}"?'
    return f"There are: {', '.join(f'{{{v}}}' for v in replies.VARIABLES)}."
