"""Reads `flows/*.yaml`: one flow per file, checked and linted."""

from pathlib import Path
from typing import Any

from onehall.catalog import flows
from onehall.catalog.lint import STAFF, Finding, lint_flow
from onehall.catalog.pack.documents import Doc, Known
from onehall.catalog.pack.read_flow_parts import (
    read_effects,
    read_guard,
    read_join,
    read_requires,
    read_rerun,
    read_tasks,
    read_timer,
    read_tree,
)
from onehall.catalog.pack.read_scenarios import read_scenarios
from onehall.kernel import yamlfile
from onehall.kernel.yamlfile import Node, Problems


def read_flows(
    folder: Path, known: Known, problems: Problems
) -> tuple[dict[str, Doc], dict[str, Node]]:
    """Checked flow documents by key, in the order of their file names, and where each was read."""
    found: dict[str, Doc] = {}
    nodes: dict[str, Node] = {}
    for path in sorted((folder / "flows").glob("*.yaml")):
        node = yamlfile.load(path, folder, problems)
        if not node.present:
            continue
        before = len(problems)
        doc = _flow(node, known)
        if doc["key"] in found:
            node.problem(
                f'The flow "{doc["key"]}" is defined twice.', "Give it another key.", key="key"
            )
        elif doc["key"]:
            found[doc["key"]], nodes[doc["key"]] = doc, node
        if len(problems) == before:
            for finding in lint_flow(flows.parse(doc)):
                if not finding.warning:
                    report(node, finding)
    return found, nodes


def report(node: Node, finding: Finding) -> None:
    """Say a finding at the line of the deepest part of its path that is written."""
    here = node
    for key, following in zip(finding.where, finding.where[1:], strict=False):
        below = here.child(key)
        if below is not None and below.kind == "list":
            here = _item(below, following) or here
            continue
        if below is None or not below.has(following):
            break
        here = below
    last = next((k for k in reversed(finding.where) if here.has(k)), None)
    here.problem(finding.message, finding.advice, key=last)


def _item(node: Node, key: str) -> Node | None:
    """The item of a list that has this key."""
    return next(
        (i for i in node.as_listing() if i.kind == "mapping" and i.text("key") == key), None
    )


def _flow(node: Node, known: Known) -> Doc:
    languages = known.languages
    doc: Doc = {
        "key": node.key("key"),
        "name": node.localized("name", languages, required=True),
        "stages": [_stage(item, known) for item in node.listing("stages", required=True)],
        "start": node.text("start"),
        "states": [
            _state(key, item, known) for key, item in node.mapping("states", required=True).items()
        ],
        "outcomes": [_outcome(key, item, known) for key, item in node.mapping("outcomes").items()],
        "moves": [
            _move(key, item, known) for key, item in node.mapping("moves", required=True).items()
        ],
    }
    groups = [_group(key, item) for key, item in node.mapping("groups").items()]
    _more(doc, groups=groups, scenarios=read_scenarios(node))
    node.finish()
    return doc


def _more(doc: Doc, **parts: Any) -> None:
    """Keep the parts that are written: what a file does not say is not in its document either.

    So a document, and with it its hash, stays the same when the language grows.
    """
    doc.update({name: value for name, value in parts.items() if value})


def _group(key: str, node: Node) -> Doc:
    doc: Doc = {"key": key, "states": node.texts("states", required=True)}
    node.finish()
    return doc


def _stage(node: Node, known: Known) -> Doc:
    doc = {
        "key": node.key("key"),
        "label": node.localized("label", known.languages, required=True, complete=True),
    }
    node.finish()
    return doc


def _state(key: str, node: Node, known: Known) -> Doc:
    doc: Doc = {
        "key": key,
        "category": node.text("category", required=True),
        "stage": node.text("stage"),
        "label": node.localized("label", known.languages, required=True, complete=True),
        "words": node.localized("words", known.languages),
        "timers": [read_timer(item, known) for item in node.listing("timers")],
    }
    _more(
        doc,
        queue=node.choice("queue", known.queues),
        enter=read_effects(node, "enter", known),
        tasks=read_tasks(node, known),
        join=read_join(node, known),
        rerun=read_rerun(node),
        requires=read_requires(node, known),
    )
    node.finish()
    return doc


def _span(node: Node) -> Doc:
    """Days, hours or both, of wall time."""
    span: Doc = {
        unit: value
        for unit in ("days", "hours")
        if (value := node.number(unit, minimum=0, maximum=36_500)) is not None
    }
    node.finish()
    return span


def _outcome(key: str, node: Node, known: Known) -> Doc:
    doc: Doc = {
        "key": key,
        "label": node.localized("label", known.languages, required=True, complete=True),
        "to": node.text("to", required=True),
        "needs": node.texts("needs"),
    }
    node.finish()
    return doc


def _move(key: str, node: Node, known: Known) -> Doc:
    doc: Doc = {
        "key": key,
        "from": node.texts("from", required=True),
        "to": node.text("to", required=True),
        "by": node.texts("by", required=True),
        "label": node.localized("label", known.languages, complete=True),
        "hint": node.localized("hint", known.languages),
        "purpose": node.text("purpose"),
        "needs": node.texts("needs"),
        "icon": node.text("icon"),
    }
    if node.has("within"):
        doc["within"] = _span(node.mapping("within"))
    _more(
        doc,
        guard=read_guard(node, known),
        auto_when=read_tree(node, "auto_when"),
        effects=read_effects(node, "effects", known),
    )
    node.finish()
    if not doc["label"] and not doc["purpose"] and STAFF & set(doc["by"]):
        node.problem(f'The move "{key}" has no label.', "Write the words of its button.")
    return doc
