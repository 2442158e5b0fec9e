"""Exact numbers of a pack file: whole ones as they are, others in quotes, so that no float comes between."""

import re
from decimal import Decimal
from typing import Final

from onehall.kernel import money
from onehall.kernel.yamlfile import Node

_SHAPE: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


def decimal(
    node: Node, key: str, *, required: bool = False, over_zero: bool = False
) -> Decimal | None:
    """A number that is not negative, with at most six digits after the point."""
    child = node.child(key, required=required)
    text = _text(child) if child else ""
    if child is None or not text:
        return None
    if not _SHAPE.fullmatch(text):
        child.problem(f'"{child.where}" is "{text[:40]}".', 'Write a number like "12.50".')
        return None
    if over_zero and not Decimal(text):
        child.problem(f'"{child.where}" is {text}.', "It must be more than nought.")
        return None
    return Decimal(text)


def units(node: Node, key: str, currency: str, *, required: bool = False) -> int | None:
    """An amount of the currency that is not negative, in smallest units."""
    child = node.child(key, required=required)
    return units_of(child, currency) if child else None


def units_of(node: Node, currency: str) -> int | None:
    """The same for a value itself."""
    text = _text(node)
    if not text:
        return None
    try:
        found = money.parse(text, currency)
    except money.MoneyMistake as no:
        node.problem(str(no))
        return None
    if found < 0:
        node.problem(f'"{node.where}" is {text}.', "It must not be negative.")
        return None
    return found


def _text(node: Node) -> str:
    return str(node.value) if type(node.value) is int else node.as_text()
