"""From the fields of a form to a promise: its span by priority and area, the targets beside it, risk and ladder."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final

from onehall.catalog.targets import KINDS
from onehall.setup.forms import (
    Doc,
    Tree,
    before_of,
    branch,
    listed,
    mapped,
    number,
    put,
    rows,
    text,
    ticked,
)

PRIORITIES: Final = ("high", "urgent")


def promise(tree: Tree, before: Doc) -> Doc:
    """A promise as its form says, over the one that was there. A target without a time is none."""
    doc = _term(tree, before)
    for kind in KINDS:
        if kind in tree:
            put(doc, kind, _target(branch(tree, kind), mapped(before.get(kind))))
    if "risk" in tree:
        put(doc, "risk", _risk(branch(tree, "risk")))
    if "ladder" in tree:
        old = listed(before.get("ladder"))
        put(doc, "ladder", [_step(row, old) for row in rows(tree, "ladder")])
    return doc


def _term(tree: Tree, before: Doc) -> Doc:
    doc = _span(tree, before)
    put(doc, "priorities", _priorities(branch(tree, "priorities"), before.get("priorities")))
    if "areas" in tree:
        old = listed(before.get("areas"))
        put(doc, "areas", [_area(row, old) for row in rows(tree, "areas")])
    return doc


def _priorities(tree: Tree, before: Any) -> Doc:
    old = mapped(before)
    found = dict(old)
    for key in PRIORITIES:
        put(found, key, _span(branch(tree, key), mapped(old.get(key))))
    return found


def _span(tree: Tree, before: Doc) -> Doc:
    doc = {k: deepcopy(v) for k, v in before.items() if k not in ("hours", "days")}
    if amount := text(tree, "amount"):
        doc["hours" if text(tree, "unit") == "hours" else "days"] = number(amount)
    return doc


def _area(row: Tree, before: Sequence[Any]) -> Doc:
    was = before_of(row, before)
    doc = _span(row, was)
    put(doc, "layer", text(row, "layer"))
    # The codes of another layer mean nothing in this one.
    same = doc.get("layer") == was.get("layer", doc.get("layer"))
    put(doc, "in", ticked(row, "in", was.get("in")) if same else [])
    put(doc, "priorities", _priorities(branch(row, "priorities"), was.get("priorities")))
    return doc


def _target(tree: Tree, before: Doc) -> Doc:
    if not text(tree, "amount"):
        return {}
    doc = _term(tree, before)
    for key in ("stages", "moves"):
        put(doc, key, ticked(tree, key, before.get(key)))
    return doc


def _risk(tree: Tree) -> Doc:
    amount = text(tree, "amount")
    if not amount:
        return {}
    return {"hours" if text(tree, "unit") == "hours" else "share": number(amount)}


def _step(row: Tree, before: Sequence[Any]) -> Doc:
    doc = before_of(row, before)
    for key in ("after", "remind"):
        put(doc, key, text(row, key))
    hours = text(row, "hours")
    put(doc, "hours", number(hours) if hours not in ("", "0") else None)
    return doc
