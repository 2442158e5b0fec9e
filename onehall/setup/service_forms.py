"""From the fields of a form to a service: its questions, its rules of routing, how it ends."""

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from onehall.setup.forms import (
    Doc,
    Tree,
    before_of,
    branch,
    condition,
    kept,
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
from onehall.setup.promise_forms import promise


def service(tree: Tree, before: Doc, languages: Sequence[str]) -> Doc:
    """A service as its form says, over the document that was there."""
    doc = deepcopy(before)
    for key in ("key", "group", "icon", "audience", "place", "asset", "flow"):
        if key in tree:
            put(doc, key, text(tree, key))
    put(doc, "name", words(tree, "name", languages, before.get("name")))
    put(doc, "summary", words(tree, "summary", languages, before.get("summary")))
    put(doc, "keywords", _keywords(branch(tree, "keywords"), languages))
    put(doc, "languages", [c for c in texts(tree, "languages") if c in languages])
    if len(mapped(doc).get("languages", [])) == len(languages):
        doc.pop("languages", None)
    _flag(doc, "common", on=bool(texts(tree, "common")))
    put(doc, "position", number(text(tree, "position")))
    _active(doc, hidden=bool(texts(tree, "hidden")))
    photos, privacy = branch(tree, "photos"), branch(tree, "privacy")
    doc["photos"] = mapped(before.get("photos")) | {
        "ask": bool(texts(photos, "ask")), "public": text(photos, "public") or "after_review",
    }  # fmt: skip
    doc["privacy"] = mapped(before.get("privacy")) | {
        "public": bool(texts(privacy, "public")), "place": text(privacy, "place") or "exact",
    }  # fmt: skip
    old = listed(before.get("questions"))
    put(doc, "questions", [question(row, old, languages) for row in rows(tree, "questions")])
    put(doc, "routing", _routing(tree, listed(before.get("routing")), languages))
    put(doc, "promise", promise(branch(tree, "promise"), mapped(before.get("promise"))))
    closing = branch(tree, "closing")
    put(doc, "closing", mapped(before.get("closing")) | {
        "outcomes": ticked(closing, "outcomes", mapped(before.get("closing")).get("outcomes")), "needs": ticked(closing, "needs", mapped(before.get("closing")).get("needs")),
    })  # fmt: skip
    put(doc, "retention", kept(branch(tree, "retention"), mapped(before.get("retention"))))
    similar = branch(tree, "similar")
    if similar:
        found = {k: number(text(similar, k)) for k in ("metres", "days") if text(similar, k)}
        put(doc, "similar", mapped(before.get("similar")) | found)
    return doc


def _flag(doc: Doc, key: str, *, on: bool) -> None:
    """Say yes; say no where something was said before."""
    if on or key in doc:
        doc[key] = on


def _active(doc: Doc, *, hidden: bool) -> None:
    if hidden:
        doc["active"] = False
    else:
        doc.pop("active", None)


def _keywords(tree: Tree, languages: Sequence[str]) -> Doc:
    found = {
        code: list(
            dict.fromkeys(w.strip() for w in re.split(r"[,;\n]", text(tree, code)) if w.strip())
        )
        for code in languages
    }
    return {code: said for code, said in found.items() if said}


def question(row: Tree, before: Sequence[Any], languages: Sequence[str]) -> Doc:
    """One question as its part of a form says, over the one that it was drawn from."""
    was = before_of(row, before)
    doc = deepcopy(was)
    for key in ("key", "type"):
        put(doc, key, text(row, key))
    put(doc, "label", words(row, "label", languages, was.get("label")))
    put(doc, "hint", words(row, "hint", languages, was.get("hint")))
    doc["required"] = bool(texts(row, "required"))
    old = listed(was.get("options"))
    options = [_option(item, old, languages) for item in rows(row, "options")]
    if doc.get("type") in ("choice", "choices"):
        put(doc, "options", options)
    else:
        doc.pop("options", None)
    put(doc, "when", condition(row))
    stop = branch(row, "stop")
    if texts(stop, "on"):
        held = mapped(was.get("stop"))
        kept = {k: v for k, v in held.items() if k not in ("when", "words", "call")}
        doc["stop"] = kept | {
            "when": condition(stop),
            "words": words(stop, "words", languages, held.get("words")),
        }
        put(doc["stop"], "call", text(stop, "call"))
    elif stop:
        doc.pop("stop", None)
    return doc


def _option(row: Tree, before: Sequence[Any], languages: Sequence[str]) -> Doc:
    was = before_of(row, before)
    doc = deepcopy(was)
    put(doc, "key", text(row, "key"))
    put(doc, "label", words(row, "label", languages, was.get("label")))
    return doc


def _routing(tree: Tree, before: Sequence[Any], languages: Sequence[str]) -> list[Doc]:
    found, given = [], rows(tree, "routing")
    for number_, row in enumerate(given, 1):
        was = before_of(row, before)
        doc = deepcopy(was)
        put(doc, "queue", text(row, "queue"))
        for key in ("person", "body"):
            if key in row:
                put(doc, key, text(row, key))
        put(doc, "because", words(row, "because", languages, was.get("because")))
        # The last rule takes everything that is left.
        put(doc, "when", condition(row) if number_ < len(given) else None)
        found.append(doc)
    return found


def blank_service(key: str, name: str, *, language: str, group: str, queue: str, flow: str) -> Doc:
    """A service to begin from."""
    return {
        "key": key,
        "group": group,
        "name": {language: name},
        "icon": "question",
        "place": "required",
        "photos": {"ask": True, "public": "after_review"},
        "privacy": {"public": True, "place": "exact"},
        "routing": [{"queue": queue}],
        "promise": {"days": 5},
        "flow": flow,
        "closing": {"needs": ["words"]},
    }


def copied(doc: Mapping[str, Any], key: str, name: str, *, language: str) -> Doc:
    """Another service to begin from: all of it, under a new key and name."""
    found = {k: deepcopy(v) for k, v in doc.items() if k not in ("common", "position")}
    return found | {"key": key, "name": {language: name}}
