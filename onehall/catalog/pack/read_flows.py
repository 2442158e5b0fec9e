"""Reads `flows/*.yaml`: one flow per file, checked and linted."""

from pathlib import Path

from onehall.catalog import flows
from onehall.catalog.lint import STAFF, Finding, lint_flow
from onehall.catalog.pack.documents import Doc, Known
from onehall.kernel import yamlfile
from onehall.kernel.yamlfile import Node, Problems


def read_flows(folder: Path, known: Known, problems: Problems) -> dict[str, Doc]:
    """Checked flow documents by key, in the order of their file names."""
    found: dict[str, Doc] = {}
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
            found[doc["key"]] = doc
        if len(problems) == before:
            for finding in lint_flow(flows.parse(doc)):
                _report(node, finding)
    return found


def _report(node: Node, finding: Finding) -> None:
    """Say a finding at the line of the deepest part of its path that is written."""
    here = node
    for key in finding.where[:-1]:
        below = here.child(key)
        if below is None or not below.has(finding.where[finding.where.index(key) + 1]):
            break
        here = below
    last = next((k for k in reversed(finding.where) if here.has(k)), None)
    here.problem(finding.message, finding.advice, key=last)


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
        "timers": [_timer(item) for item in node.listing("timers")],
    }
    node.finish()
    return doc


def _timer(node: Node) -> Doc:
    doc = {
        "after": _span(node.mapping("after", required=True)),
        "fire": node.text("fire", required=True),
    }
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
    node.finish()
    if not doc["label"] and not doc["purpose"] and STAFF & set(doc["by"]):
        node.problem(f'The move "{key}" has no label.', "Write the words of its button.")
    return doc
