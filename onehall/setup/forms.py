"""From the fields of a form to a document of the pack, over the one that was there: what a form does not know stays."""

import json
import re
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any, Final

from onehall.kernel import expressions
from onehall.places.retention import FIELDS

type Doc = dict[str, Any]
type Tree = dict[str, Any]

MAX_DEPTH: Final = 9
_GROUPS: Final = ("all", "any")
_PLAIN_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,6})?")


def tree_of(pairs: Iterable[tuple[str, Sequence[str]]]) -> Tree:
    """Fields with dotted names as a tree; every leaf is the list of what was sent under that name."""
    top: Tree = {}
    for name, values in pairs:
        parts = name.split(".")
        here: Any = top
        for part in parts[:-1][:MAX_DEPTH]:
            here = here.setdefault(part, {})
            if not isinstance(here, dict):
                break
        if isinstance(here, dict):
            here[parts[-1]] = list(values)
    return top


def text(tree: Tree, key: str) -> str:
    """The text of a field, "" when it was not sent."""
    found = tree.get(key)
    return found[-1].strip() if isinstance(found, list) and found else ""


def texts(tree: Tree, key: str) -> list[str]:
    """Everything that was ticked under a name."""
    found = tree.get(key)
    return [value for value in found if value] if isinstance(found, list) else []


def ticked(tree: Tree, key: str, before: Any) -> list[str]:
    """What was ticked: first what was there, in its order, then what is new."""
    chosen = texts(tree, key)
    kept = [value for value in listed(before) if value in chosen]
    return [*kept, *(value for value in chosen if value not in kept)]


def branch(tree: Tree, key: str) -> Tree:
    """The fields below a name."""
    found = tree.get(key)
    return found if isinstance(found, dict) else {}


def rows(tree: Tree, key: str) -> list[Tree]:
    """The numbered rows below a name, in the order of their numbers."""
    found = branch(tree, key)
    numbers = sorted((k for k in found if k.isdecimal() and len(k) < 6), key=int)
    return [found[k] for k in numbers if isinstance(found[k], dict)]


def number(given: str) -> Any:
    """A number where it is one; the text itself where it is not, for the check to say so."""
    if not _PLAIN_NUMBER.fullmatch(given):
        return given
    value = float(given)
    return int(value) if value == int(value) else value


def put(doc: Doc, key: str, value: Any) -> None:
    """Set a field, or leave it out when there is nothing in it."""
    if value in ("", None, [], {}):
        doc.pop(key, None)
    else:
        doc[key] = value


def words(tree: Tree, key: str, languages: Sequence[str], before: Any = None) -> Any:
    """Words per language; those in languages that the form does not show stay."""
    given = branch(tree, key)
    kept = (
        {k: v for k, v in before.items() if k not in languages} if isinstance(before, dict) else {}
    )
    found = {code: said for code in languages if (said := _lines(given, code))}
    return found | kept


def kept(tree: Tree, before: Doc) -> Doc:
    """How long what residents told is kept: nothing where a field is empty."""
    found = dict(before)
    for kind in FIELDS:
        if kind in tree:
            put(found, kind, " ".join(text(tree, kind).lower().split()))
    return found


def _lines(tree: Tree, key: str) -> str:
    return text(tree, key).replace("\r\n", "\n").replace("\r", "\n")


def before_of(row: Tree, before: Sequence[Any]) -> Doc:
    """The item that a row was drawn from, copied; empty for a row that is new."""
    was = text(row, WAS)
    if not was.isdecimal() or len(was) > 6 or int(was) >= len(before):
        return {}
    found = before[int(was)]
    return {**deepcopy(found), WAS: was} if isinstance(found, dict) else {}


WAS: Final = "_was"
"""Beside the fields of a row while it is in a form: which item of the saved document it was drawn from."""

_LISTS: Final = (
    "questions",
    "options",
    "routing",
    "tasks",
    "timers",
    "stages",
    "steps",
    "scenarios",
    "areas",
    "ladder",
    "effects",
    "enter",
    "requires",
)


_WORDS: Final = ("name", "summary", "label", "hint", "because", "words", "text")


def marked(doc: Any, language: str) -> Any:
    """A document whose rows say which item they are, for a form to send along.

    Words that are a plain text are in the city's first language, as when the file is read.
    """
    if isinstance(doc, list):
        return [marked(item, language) for item in doc]
    if not isinstance(doc, dict):
        return doc
    found = {
        key: {language: value}
        if key in _WORDS and isinstance(value, str)
        else marked(value, language)
        for key, value in doc.items()
    }
    for key in _LISTS:
        for at, item in enumerate(listed(found.get(key))):
            if isinstance(item, dict):
                item[WAS] = str(at)
    return found


def bare(doc: Any) -> Any:
    """The document without those marks, as it is saved."""
    if isinstance(doc, list):
        return [bare(item) for item in doc]
    if isinstance(doc, dict):
        return {key: bare(value) for key, value in doc.items() if key != WAS}
    return doc


def listed(value: Any) -> list[Any]:
    """A list, or an empty one for anything else that a half-written document holds."""
    return value if isinstance(value, list) else []


def mapped(value: Any) -> Doc:
    """A mapping, or an empty one."""
    return value if isinstance(value, dict) else {}


# --- conditions --------------------------------------------------------------------------------------


def terms_of(when: Any) -> tuple[str, list[Any]] | None:
    """How a condition is joined ("all" or "any") and its parts; None for one that is nested deeper."""
    if when is None:
        return "all", []
    if not isinstance(when, dict) or len(when) != 1:
        return None
    operator, operand = next(iter(when.items()))
    if operator in _GROUPS:
        parts = listed(operand)
        return (operator, parts) if parts and all(map(_is_term, parts)) else None
    return ("all", [when]) if _is_term(when) else None


def _is_term(tree: Any) -> bool:
    if not isinstance(tree, dict) or len(tree) != 1:
        return False
    operator, operand = next(iter(tree.items()))
    if operator == "not":
        return isinstance(operand, dict) and "not" not in operand and _is_term(operand)
    return operator not in _GROUPS and operator in expressions.OPERATORS


def condition(tree: Tree, key: str = "when") -> Any:
    """The condition that rows of terms say; None without any. A deeper one comes along unchanged."""
    given = branch(tree, key)
    if kept := text(given, "_keep"):
        return _read(kept)
    found = [term for row in rows(given, "terms") if (term := _term(row)) is not None]
    if len(found) < 2:
        return found[0] if found else None
    return {"any" if text(given, "join") == "any" else "all": found}


def _read(given: str) -> Any:
    try:
        found = json.loads(given[:20_000])
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _term(row: Tree) -> Any:
    found = _read(text(row, "what"))
    if not isinstance(found, dict) or len(found) != 1:
        return None
    operator, operand = next(iter(found.items()))
    if isinstance(operand, list) and len(operand) == 2 and operand[1] is None:
        return {operator: [operand[0], number(text(row, "value"))]}
    return found


# --- buttons that change rows ------------------------------------------------------------------------


def press(doc: Doc, button: str) -> Doc:
    """The document after a button such as "add:questions", "up:questions.2" or "remove:routing.0"."""
    act, _colon, where = button.partition(":")
    parts = where.split(".")
    if act == "add":
        into = _at(doc, parts[:-1])
        if isinstance(into, dict) and re.fullmatch(r"[a-z_]{1,30}", parts[-1]):
            _add(into, parts[-1])
        return doc
    found = _at(doc, parts[:-1])
    if not isinstance(found, list) or not parts[-1].isdecimal() or int(parts[-1]) >= len(found):
        return doc
    at = int(parts[-1])
    if act == "remove":
        del found[at]
    elif act in ("up", "down"):
        to = at + (1 if act == "down" else -1)
        if 0 <= to < len(found):
            found[at], found[to] = found[to], found[at]
    return doc


def _add(into: Doc, key: str) -> None:
    found = listed(into.get(key))
    # Before the last rule, which takes everything that is left.
    into[key] = [*found[:-1], {}, *found[-1:]] if key == "routing" else [*found, {}]


def _at(doc: Any, parts: Sequence[str]) -> Any:
    for part in parts:
        if isinstance(doc, dict):
            doc = doc.get(part)
        elif isinstance(doc, list) and part.isdecimal() and int(part) < len(doc):
            doc = doc[int(part)]
        else:
            return None
    return doc


def named(where: str) -> str:
    """The name of a form's field for the path of a document's: "questions[2].label" is "questions.1.label"."""
    return re.sub(r"\[(\d+)\]", lambda m: f".{int(m[1]) - 1}", where)


# --- prepared answers --------------------------------------------------------------------------------


def reply(tree: Tree, before: Doc, languages: Sequence[str]) -> Doc:
    """A prepared answer as its form says, over the document that was there."""
    doc = deepcopy(before)
    put(doc, "name", words(tree, "name", languages, before.get("name")))
    put(doc, "text", words(tree, "text", languages, before.get("text")))
    put(doc, "position", number(text(tree, "position")))
    where, given = dict(mapped(before.get("where"))), branch(tree, "where")
    for part in ("states", "categories", "services", "queues"):
        put(where, part, ticked(given, part, where.get(part)))
    put(doc, "where", where)
    only = [code for code in texts(tree, "languages") if code in languages]
    put(doc, "languages", only if len(only) < len(languages) else None)
    return doc
