"""Nested fields of a form, as the Stripe-shaped interface takes them: `line_items[0][price_data][currency]=usd`."""

import re
from typing import Final
from urllib.parse import parse_qsl

from onehall.billing.gateways.demo.provider.engine import Refused

type Tree = dict[str, Tree | str]

_NAME: Final = re.compile(r"([A-Za-z0-9_]+)((?:\[[A-Za-z0-9_]*\])*)")
MOST_FIELDS: Final = 1000


def nested(text: str) -> Tree:
    """The fields of a form; lists are trees with the keys "0", "1" and so on."""
    tree: Tree = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS):
        found = _NAME.fullmatch(name)
        if found is None:
            raise Refused("parameter_unknown", f"Received unknown parameter: {name[:80]}")
        _set(tree, [found[1], *re.findall(r"\[([^\]]*)\]", found[2])], value)
    return tree


def _set(tree: Tree, path: list[str], value: str) -> None:
    for step in path[:-1]:
        below = tree.setdefault(step or str(len(tree)), {})
        if not isinstance(below, dict):
            raise Refused("parameter_invalid", f"Invalid object: {step}")
        tree = below
    tree[path[-1] or str(len(tree))] = value


def text(tree: Tree, name: str, otherwise: str | None = None) -> str:
    """A field's text; refused when it is missing and nothing stands in for it."""
    value = tree.get(name, otherwise)
    if not isinstance(value, str):
        raise Refused("parameter_missing", f"Missing required param: {name}.")
    return value


def whole(tree: Tree, name: str) -> int:
    """A field that is a whole number."""
    value = text(tree, name)
    if not re.fullmatch(r"-?[0-9]{1,15}", value):
        raise Refused("parameter_invalid_integer", f"Invalid integer: {value[:40]}")
    return int(value)


def below(tree: Tree, name: str) -> Tree:
    """A field that has fields; empty where there is none."""
    value = tree.get(name, {})
    if not isinstance(value, dict):
        raise Refused("parameter_invalid", f"Invalid object: {name}")
    return value


def items(tree: Tree, name: str) -> list[Tree | str]:
    """A field that is a list."""
    return list(below(tree, name).values())


def texts(tree: Tree, name: str) -> list[str]:
    """A list of texts."""
    return [value for value in items(tree, name) if isinstance(value, str)]
