"""From the fields of a form to the parts of a flow: a state with its timers and tasks, a move, an outcome."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final

from onehall.catalog.flowparts import tree_of
from onehall.catalog.registry import EFFECTS, PREDICATES
from onehall.setup.forms import (
    WAS,
    Doc,
    Tree,
    before_of,
    branch,
    condition,
    listed,
    mapped,
    number,
    put,
    rows,
    text,
    texts,
    ticked,
    words,
)
from onehall.setup.registry_forms import UNITS as UNITS
from onehall.setup.registry_forms import entries, span
from onehall.setup.service_forms import question

PARTS: Final = ("states", "moves", "outcomes")
"""Parts of a flow that are edited one by one."""


def state(tree: Tree, before: Doc, languages: Sequence[str]) -> Doc:
    """A state as its form says, over the one that was there."""
    doc = deepcopy(before)
    for key in ("category", "stage", "queue", "rerun"):
        put(doc, key, text(tree, key))
    put(doc, "label", words(tree, "label", languages, before.get("label")))
    put(doc, "words", words(tree, "words", languages, before.get("words")))
    old = listed(before.get("timers"))
    put(doc, "timers", [_timer(row, old) for row in rows(tree, "timers")])
    old = listed(before.get("tasks"))
    put(doc, "tasks", [_task(row, old, languages) for row in rows(tree, "tasks")])
    put(doc, "join", _join(branch(tree, "join"), mapped(before.get("join")), languages))
    for key, kinds in (("enter", EFFECTS), ("requires", PREDICATES)):
        if key in tree:
            put(doc, key, entries(tree, key, kinds, before.get(key), languages))
    return doc


def _timer(row: Tree, before: Sequence[Any]) -> Doc:
    was = before_of(row, before)
    doc = {k: v for k, v in was.items() if k not in ("after", "fire", "remind", "escalate")}
    doc["after"] = span(row, was.get("after"))
    act = text(row, "act")
    if act == "fire":
        doc["fire"] = text(row, "move")
    elif act == "remind":
        held = was.get("remind")
        to = text(row, "to") or "team"
        doc["remind"] = {**held, "to": to} if isinstance(held, dict) else to
    else:
        doc["escalate"] = _escalation(row, mapped(was.get("escalate")))
    return doc


def _escalation(row: Tree, before: Doc) -> Doc:
    doc = dict(before)
    for key in ("role", "queue", "priority"):
        put(doc, key, text(row, key))
    return doc


def _task(row: Tree, before: Sequence[Any], languages: Sequence[str]) -> Doc:
    was = before_of(row, before)
    doc = deepcopy(was)
    for key in ("key", "queue"):
        put(doc, key, text(row, key))
    put(doc, "label", words(row, "label", languages, was.get("label")))
    put(doc, "words", words(row, "words", languages, was.get("words")))
    for key in ("due", "due_next_cycle"):
        if key in row:
            put(doc, key, span(branch(row, key), was.get(key)))
    if "by" in row:
        put(doc, "by", ticked(row, "by", was.get("by")))
    if "when" in row:
        put(doc, "when", condition(row))
    if "questions" in row:
        old = listed(was.get("questions"))
        put(doc, "questions", [question(item, old, languages) for item in rows(row, "questions")])
    return doc


def _join(tree: Tree, before: Doc, languages: Sequence[str]) -> Doc:
    rule = text(tree, "rule")
    if not rule:
        return {}
    doc = deepcopy(before)
    doc["rule"] = rule
    put(doc, "of", number(text(tree, "of")) if rule == "quorum" else None)
    old = mapped(before.get("outcomes"))
    found: Doc = {}
    for row in rows(tree, "outcomes"):
        if key := text(row, "key"):
            was = mapped(old.get(text(row, WAS)))
            end = deepcopy(was)
            put(end, "label", words(row, "label", languages, was.get("label")))
            put(end, "fire", text(row, "fire"))
            found[key] = end
    put(doc, "outcomes", found)
    return doc


def move(tree: Tree, before: Doc, languages: Sequence[str]) -> Doc:
    """A move as its form says, over the one that was there."""
    doc = deepcopy(before)
    for key in ("to", "purpose", "icon"):
        put(doc, key, text(tree, key))
    for key in ("from", "by", "needs"):
        put(doc, key, ticked(tree, key, before.get(key)))
    put(doc, "label", words(tree, "label", languages, before.get("label")))
    put(doc, "hint", words(tree, "hint", languages, before.get("hint")))
    put(doc, "within", span(branch(tree, "within"), before.get("within")))
    if "auto" in tree:
        put(doc, "auto_when", _condition(tree, "auto", before.get("auto_when")))
    if "guard" in tree:
        put(doc, "guard", _guard(branch(tree, "guard"), before.get("guard"), languages))
    if "effects" in tree:
        put(doc, "effects", entries(tree, "effects", EFFECTS, before.get("effects"), languages))
    return doc


def _condition(tree: Tree, key: str, before: Any) -> Any:
    """A condition; the short word for a complete checklist stays where it was written."""
    found = condition(tree, key)
    return before if isinstance(before, str) and found == tree_of(before) else found


def _guard(tree: Tree, before: Any, languages: Sequence[str]) -> Any:
    held = {"when": before} if isinstance(before, str) else mapped(before)
    when = _condition(tree, "when", held.get("when"))
    if when is None:
        return None
    doc = held | {"when": when}
    put(doc, "words", words(tree, "words", languages, held.get("words")))
    return before if isinstance(before, str) and doc == {"when": before} else doc


def outcome(tree: Tree, before: Doc, languages: Sequence[str]) -> Doc:
    """A way to end, as its form says."""
    doc = deepcopy(before)
    put(doc, "to", text(tree, "to"))
    put(doc, "needs", ticked(tree, "needs", before.get("needs")))
    put(doc, "label", words(tree, "label", languages, before.get("label")))
    return doc


def top(tree: Tree, before: Doc, languages: Sequence[str]) -> Doc:
    """The name of a flow, where it starts, and its stages."""
    doc = deepcopy(before)
    put(doc, "name", words(tree, "name", languages, before.get("name")))
    put(doc, "start", text(tree, "start"))
    old = listed(before.get("stages"))
    stages = []
    for row in rows(tree, "stages"):
        was = before_of(row, old)
        stage = {k: v for k, v in was.items() if k != WAS}
        put(stage, "key", text(row, "key"))
        put(stage, "label", words(row, "label", languages, was.get("label")))
        if stage.get("key"):
            stages.append(stage)
    put(doc, "stages", stages)
    return doc


def begun(part: str, languages: Sequence[str], label: str, doc: Doc) -> Doc:
    """A new state, move or outcome to go on from."""
    names = {languages[0]: label}
    states = list(mapped(doc.get("states")))
    if part == "states":
        stage = next(
            (s.get("key", "") for s in listed(doc.get("stages")) if isinstance(s, dict)), ""
        )
        return {"category": "working", "stage": stage, "label": names}
    if part == "outcomes":
        return {"label": names, "to": states[-1] if states else "", "needs": ["words"]}
    start = doc.get("start") or (states[0] if states else "")
    return {"from": [start], "to": start, "by": ["agent", "supervisor"], "label": names}


def scenario(tree: Tree) -> Doc:
    """A scenario of one line per step: "move by" or "task outcome", with what must come of it."""
    doc: Doc = {"key": text(tree, "key")}
    put(doc, "name", text(tree, "name"))
    answers = {key: _answer(row) for row in rows(tree, "answers") if (key := _answered(row))}
    put(doc, "answers", answers)
    steps = []
    for row in rows(tree, "steps"):
        step = _step(row)
        if step:
            put(step, "expect", {"state": state_} if (state_ := text(row, "state")) else None)
            steps.append(step)
    put(doc, "steps", steps)
    return doc


def _answered(row: Tree) -> str:
    return text(row, "key") if text(row, "value") else ""


def _answer(row: Tree) -> Any:
    """What was chosen or typed, as an answer to a question of that type."""
    value, kind = text(row, "value"), text(row, "type")
    if kind == "yes_no":
        return value == "yes"
    if kind == "number":
        return number(value)
    return [value] if kind == "choices" else value


def _step(row: Tree) -> Doc:
    act, _colon, name = text(row, "what").partition(":")
    doc: Doc = {}
    if act == "move":
        doc = {"move": name, "by": text(row, "by") or "agent"}
        put(doc, "outcome", text(row, "outcome"))
        put(doc, "given", texts(row, "given"))
    elif act == "task":
        doc = {"task": name}
        for key in ("by", "outcome"):
            put(doc, key, text(row, key))
    elif act == "wait":
        doc = {"wait": {"days": number(name)}}
    return doc
