"""Conditions as small JSON trees: checked when a pack is read, evaluated here and, the same, in the browser.

    {"all": [tree, ...]}   {"any": [tree, ...]}   {"not": tree}
    {"eq": [field, value]}   {"ne": [field, value]}   {"gt": [field, value]}   {"lt": [field, value]}
    {"in": [field, [value, ...]]}   {"exists": field}

Nothing is coerced: text never equals a number. A missing value (no such key, null, "" or an empty list) and a value of
another type make every comparison false, `ne` included; `exists` tells a missing value. `gt` and `lt` take numbers and
dates (text like 2026-11-27). For a field with several choices, `in` is true when any chosen one is in the list.

`portal/static/portal/js/expressions.js` is the twin of `evaluate`; `tests/kernel/expression_vectors.json` holds both to
the same answers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from onehall.kernel.spelling import nearest

MAX_DEPTH: Final = 12
MAX_NODES: Final = 200
MAX_NUMBER: Final = 2**53 - 1

type Kind = Literal["text", "number", "flag", "choice", "choices", "date"]
type Schema = Mapping[str, FieldType]

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_GROUPS: Final = ("all", "any")
_COMPARISONS: Final = ("eq", "ne", "gt", "lt")
OPERATORS: Final = (*_GROUPS, "not", *_COMPARISONS, "in", "exists")


class ExpressionMistake(ValueError):
    """A tree that `check` would have refused reached `evaluate`."""


@dataclass(frozen=True)
class FieldType:
    """What a field holds; `options` are the keys that a choice allows, None when they are not known beforehand."""

    kind: Kind
    options: tuple[str, ...] | None = None


TEXT: Final = FieldType("text")
NUMBER: Final = FieldType("number")
FLAG: Final = FieldType("flag")
DATE: Final = FieldType("date")


def choice(options: Sequence[str] | None) -> FieldType:
    """A field that holds one of the options."""
    return FieldType("choice", None if options is None else tuple(options))


def choices(options: Sequence[str] | None) -> FieldType:
    """A field that holds a list of some of the options."""
    return FieldType("choices", None if options is None else tuple(options))


# Checking


def check(tree: object, schema: Schema) -> list[str]:
    """Every mistake in a tree, in words, against the fields it may use; [] when it can be evaluated."""
    checker = _Checker(schema)
    checker.tree(tree, "", 1)
    return checker.mistakes


def fields(tree: object) -> set[str]:
    """The names of the fields that a tree reads; tolerates mistakes."""
    return {name for name, _ in _reads(tree, 1)}


def taken_as_given(tree: object) -> set[str]:
    """The fields that are compared and never asked whether they exist: a missing one would pass for a "no"."""
    reads = set(_reads(tree, 1))
    return {
        name for name, operator in reads if operator != "exists" and (name, "exists") not in reads
    }


def exact(tree: Any) -> Any:
    """The tree with its fractions as decimals, for values that are decimals too: 0.1 is then a tenth."""
    if isinstance(tree, Mapping):
        return {key: exact(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [exact(value) for value in tree]
    return Decimal(repr(tree)) if isinstance(tree, float) else tree


def _reads(tree: object, depth: int) -> Iterator[tuple[str, str]]:
    if depth > MAX_DEPTH or not isinstance(tree, Mapping):
        return
    for operator, operand in tree.items():
        if operator == "not":
            yield from _reads(operand, depth + 1)
        elif operator in _GROUPS and isinstance(operand, list):
            for part in operand:
                yield from _reads(part, depth + 1)
        else:
            name = operand[0] if isinstance(operand, list) and operand else operand
            if isinstance(name, str):
                yield name, operator


class _Checker:
    """Walks one tree and notes the mistakes; stops at the limits on depth and size."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.mistakes: list[str] = []
        self.nodes = 0

    def say(self, where: str, words: str) -> None:
        self.mistakes.append(f"{where}: {words}" if where else words)

    def count(self, number: int, where: str) -> bool:
        """Adds nodes; False (and one mistake) once there are too many."""
        before, self.nodes = self.nodes, self.nodes + number
        if before <= MAX_NODES < self.nodes:
            self.say(where, f"The condition has more than {MAX_NODES} parts.")
        return self.nodes <= MAX_NODES

    def tree(self, tree: object, where: str, depth: int) -> None:
        if not self.count(1, where):
            return
        if depth > MAX_DEPTH:
            self.say(where, f"The condition is nested more than {MAX_DEPTH} deep.")
            return
        if not isinstance(tree, Mapping) or len(tree) != 1:
            self.say(where, f"A condition is one of {', '.join(OPERATORS)} and what it applies to.")
            return
        operator, operand = next(iter(tree.items()))
        here = f"{where}.{operator}" if where else str(operator)
        if operator in _GROUPS:
            self.group(operand, here, depth)
        elif operator == "not":
            self.tree(operand, here, depth + 1)
        elif operator == "exists":
            self.field(operand, here)
        elif operator in (*_COMPARISONS, "in"):
            self.comparison(operator, operand, here)
        else:
            self.say(where, f'"{operator}" is not a condition.{_hint(str(operator), OPERATORS)}')

    def group(self, operand: object, where: str, depth: int) -> None:
        if not isinstance(operand, list) or not operand:
            self.say(where, "It needs a list with at least one condition.")
            return
        for number, part in enumerate(operand, 1):
            self.tree(part, f"{where}[{number}]", depth + 1)

    def field(self, name: object, where: str) -> FieldType | None:
        if not isinstance(name, str) or not name:
            self.say(where, "It needs the name of a field.")
            return None
        found = self.schema.get(name)
        if found is None:
            self.say(where, f'"{name}" is not a field here.{_hint(name, list(self.schema))}')
        return found

    def comparison(self, operator: str, operand: object, where: str) -> None:
        if not isinstance(operand, list) or len(operand) != 2:
            self.say(where, "It needs [field, value].")
            return
        name, value = operand
        field = self.field(name, where)
        if field is None:
            return
        if operator not in _ALLOWED[field.kind]:
            usable = ", ".join((*_ALLOWED[field.kind], "exists"))
            self.say(where, f'"{name}" holds {_NOUNS[field.kind]}; use {usable}.')
        elif operator != "in":
            self.value(value, field, where)
        elif not isinstance(value, list) or not value:
            self.say(where, "It needs [field, [value, value]].")
        elif self.count(len(value), where):
            for item in value:
                self.value(item, field, where)

    def value(self, value: object, field: FieldType, where: str) -> None:
        if not _FITS[field.kind](value):
            self.say(where, f"{_shown(value)} is not {_NOUNS[field.kind]}.")
        elif field.options is not None and value not in field.options:
            hint = _hint(str(value), field.options)
            self.say(where, f"{_shown(value)} is not one of the options.{hint}")


_ALLOWED: Final[dict[Kind, tuple[str, ...]]] = {
    "text": ("eq", "ne", "in"),
    "number": ("eq", "ne", "gt", "lt", "in"),
    "flag": ("eq", "ne"),
    "choice": ("eq", "ne", "in"),
    "choices": ("in",),
    "date": ("eq", "ne", "gt", "lt", "in"),
}
_NOUNS: Final[dict[Kind, str]] = {
    "text": "text", "number": "a number", "flag": "true or false", "choice": "one option",
    "choices": "options", "date": "a day like 2026-11-27",
}  # fmt: skip


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_day(value: object) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _hint(found: str, known: Sequence[str]) -> str:
    guess = nearest(found, known)
    return f' Did you mean "{guess}"?' if guess else ""


def _shown(value: object) -> str:
    return f'"{value[:60]}"' if isinstance(value, str) else str(value)[:60]


# Evaluating


def evaluate(tree: Any, values: Mapping[str, Any]) -> bool:
    """Whether the condition holds for the values (field name to plain JSON value). ExpressionMistake for a bad tree."""
    return _holds(tree, values, 1)


def _holds(tree: Any, values: Mapping[str, Any], depth: int) -> bool:
    if not isinstance(tree, Mapping) or len(tree) != 1 or depth > MAX_DEPTH:
        raise ExpressionMistake("This is not a condition.")
    operator, operand = next(iter(tree.items()))
    if operator == "not":
        return not _holds(operand, values, depth + 1)
    if operator == "exists" and isinstance(operand, str):
        return _value(values, operand) is not None
    if isinstance(operand, list):
        if operator == "all":
            return all(_holds(part, values, depth + 1) for part in operand)
        if operator == "any":
            return any(_holds(part, values, depth + 1) for part in operand)
        if operator in _TESTS and len(operand) == 2 and isinstance(operand[0], str):
            found = _value(values, operand[0])
            return found is not None and _TESTS[operator](found, operand[1])
    raise ExpressionMistake("This is not a condition.")


def _value(values: Mapping[str, Any], name: str) -> Any:
    """The value of a field, None for each way of being missing."""
    value = values.get(name)
    return None if value == "" or value == [] else value


def _is_number(value: Any) -> bool:
    # The bound is what a browser holds exactly; it also keeps out NaN and the infinities.
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value) <= MAX_NUMBER
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER
    )


def _comparable(found: Any, wanted: Any) -> bool:
    if isinstance(found, str):
        return isinstance(wanted, str)
    if isinstance(found, bool):
        return isinstance(wanted, bool)
    return _is_number(found) and _is_number(wanted)


def _ordered(found: Any, wanted: Any) -> bool:
    """Whether both are numbers or both are dates; dates sort as text."""
    if isinstance(found, str) and isinstance(wanted, str):
        return bool(_DATE.fullmatch(found) and _DATE.fullmatch(wanted))
    return _is_number(found) and _is_number(wanted)


def _same(found: Any, wanted: Any) -> bool:
    return _comparable(found, wanted) and bool(found == wanted)


def _among(found: Any, wanted: Any) -> bool:
    if not isinstance(wanted, list):
        raise ExpressionMistake("This is not a condition.")
    chosen = found if isinstance(found, list) else [found]
    return any(_same(item, option) for item in chosen for option in wanted)


_TESTS: Final = {
    "eq": _same,
    "ne": lambda found, wanted: _comparable(found, wanted) and bool(found != wanted),
    "gt": lambda found, wanted: _ordered(found, wanted) and bool(found > wanted),
    "lt": lambda found, wanted: _ordered(found, wanted) and bool(found < wanted),
    "in": _among,
}
_FITS: Final = {
    "text": _is_text,
    "number": _is_number,
    "flag": lambda value: isinstance(value, bool),
    "choice": _is_text,
    "choices": _is_text,
    "date": _is_day,
}
