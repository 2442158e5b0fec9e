"""From the fields of a form to effects and checklists: entries of the closed registry with their parameters."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from onehall.catalog.registry import EffectKind, Param, PredicateKind
from onehall.setup.forms import (
    WAS,
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
    words,
)

UNITS: Final = ("days", "hours", "working_days", "working_hours")
IN_WORDS: Final = ("words", "label")
"""Kinds of parameters that are said in every language."""

type Kinds = Mapping[str, EffectKind] | Mapping[str, PredicateKind]


def span(tree: Tree, before: Any = None) -> Doc:
    """A length of time. One of days and hours together is shown as text, and stays."""
    amount, unit = text(tree, "amount"), text(tree, "unit")
    if amount:
        return {unit if unit in UNITS else "days": number(amount)}
    return mapped(before) if len(mapped(before)) > 1 else {}


def split(doc: Any, kinds: Kinds) -> tuple[str, Doc]:
    """The name of an entry and its parameters; a lone value stands under the name of the short one."""
    if not isinstance(doc, dict):
        return (doc if isinstance(doc, str) else ""), {}
    name = next((key for key in doc if key != WAS), "")
    given, kind = doc.get(name), kinds.get(name)
    if isinstance(given, str) and kind is not None and kind.short:
        return name, {kind.short: given}
    return name, mapped(given)


def params_of(kind: EffectKind | PredicateKind) -> tuple[Param, ...]:
    """The parameters of an entry; a line of a checklist may have words of the city's own beside them."""
    return kind.params if isinstance(kind, EffectKind) else (*kind.params, Param("label", "label"))


def entries(
    tree: Tree, key: str, kinds: Kinds, before: Any, languages: Sequence[str]
) -> list[Doc | str]:
    """The entries that rows say, in order. A row without a name is none; an unknown name is left for the check."""
    old = listed(before)
    return [doc for row in rows(tree, key) if (doc := _entry(row, kinds, old, languages))]


def _entry(row: Tree, kinds: Kinds, old: Sequence[Any], languages: Sequence[str]) -> Doc | str:
    name = text(row, "name")
    kind = kinds.get(name)
    if kind is None:
        return name
    was = before_of(row, old)
    held_name, held = split(was, kinds)
    same = held if held_name == name else {}
    # Over what was there: its order stays, and what the form does not know.
    given: Doc = dict(same)
    for param in params_of(kind):
        value = _value(branch(row, "given"), param, same.get(param.name), languages)
        put(given, param.name, value)
    if not given:
        return name
    # The short form stays what it was.
    lone = was.get(name) if held_name == name else None
    if isinstance(lone, str) and given == {kind.short: lone}:
        return {name: lone}
    return {name: given}


def _value(tree: Tree, param: Param, before: Any, languages: Sequence[str]) -> Any:
    if param.kind in IN_WORDS:
        return words(tree, param.name, languages, before)
    if param.kind == "span":
        return span(branch(tree, param.name), before)
    return text(tree, param.name)
