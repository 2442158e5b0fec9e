"""Reads the scenarios of a flow: named runs with what must come of each step."""

from typing import Any, Final

from onehall.catalog.pack.documents import Doc
from onehall.catalog.pack.read_flow_parts import read_span
from onehall.catalog.registry import PRIORITY_KEYS
from onehall.kernel.yamlfile import Node

ACTS: Final = ("move", "task", "skip", "add_task", "wait")
"""What a step of a scenario does; one of these."""


def read_scenarios(node: Node) -> list[Doc]:
    """Every scenario of a flow, in order."""
    return [_scenario(item) for item in node.listing("scenarios")]


def _scenario(node: Node) -> Doc:
    doc: Doc = {"key": node.key("key")}
    _more(
        doc,
        name=node.text("name"),
        service=node.text("service"),
        priority=node.choice("priority", PRIORITY_KEYS),
        answers=_plain(node, "answers"),
        expect=_expect(node),
    )
    doc["steps"] = [_step(item) for item in node.listing("steps", required=True)]
    node.finish()
    return doc


def _step(node: Node) -> Doc:
    acts = [act for act in ACTS if node.has(act)]
    if len(acts) != 1:
        node.problem("A step does one thing.", f"Write one of {', '.join(ACTS)}.")
    doc: Doc = {}
    _more(
        doc,
        move=node.text("move"),
        task=node.text("task"),
        skip=node.text("skip"),
        add_task=node.text("add_task"),
        wait=read_span(node.mapping("wait")),
        by=node.text("by"),
        outcome=node.text("outcome"),
        answers=_plain(node, "answers"),
        given=node.texts("given"),
        refused=node.flag("refused"),
        expect=_expect(node),
    )
    node.finish()
    return doc


def _expect(node: Node) -> Doc:
    """What must hold afterwards. An empty list of tasks is kept as "none"."""
    found = node.mapping("expect")
    doc: Doc = {}
    if not found.present:
        return doc
    _more(
        doc,
        state=found.text("state"),
        queue=found.text("queue"),
        priority=found.choice("priority", PRIORITY_KEYS),
        effects=found.texts("effects"),
    )
    if (tasks := found.child("tasks")) is not None:
        doc["tasks"] = "none" if tasks.value == "none" else found.texts("tasks")
    if found.has("cycle"):
        doc["cycle"] = found.whole("cycle", minimum=0, maximum=1000)
    if found.has("requires_met"):
        doc["requires_met"] = found.flag("requires_met")
    found.finish()
    return doc


def _plain(node: Node, key: str) -> Any:
    child = node.child(key)
    return child.plain() if child is not None else {}


def _more(doc: Doc, **parts: Any) -> None:
    """Keep what was written, so that a document says only what its file says."""
    for name, value in parts.items():
        if value not in ("", {}, [], None, False):
            doc[name] = value
