"""Conditions as sentences: what a list of choices can not hold is still read as words."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Protocol

from django.utils.translation import gettext as _


class Known(Protocol):
    """What can be said about one thing, as `terms.Group` holds it."""

    @property
    def label(self) -> str:
        """What it is."""

    @property
    def name(self) -> str:
        """The field of conditions."""

    @property
    def values(self) -> Mapping[Any, str]:
        """Words of its fixed values."""


def sentence(tree: Any, groups: Sequence[Known]) -> str:
    """A condition in words. What is no condition is said to be none."""
    return _Saying({group.name: group for group in groups if group.name}).of(tree)


class _Saying:
    def __init__(self, known: Mapping[str, Known]) -> None:
        self.known = known

    def of(self, tree: Any, *, inside: bool = False) -> str:
        if tree == "requires_met":
            tree = {"eq": ["requires.met", True]}
        if not isinstance(tree, dict) or len(tree) != 1:
            return _("(not a condition)")
        operator, operand = next(iter(tree.items()))
        if operator in ("all", "any") and isinstance(operand, list):
            joined = _("%(one)s and %(other)s") if operator == "all" else _("%(one)s or %(other)s")
            parts = [self.of(part, inside=True) for part in operand] or [_("(not a condition)")]
            said = reduce(lambda one, other: joined % {"one": one, "other": other}, parts)
            return f"({said})" if inside and len(parts) > 1 else said
        if operator == "not":
            return self._denied(operand)
        if operator == "exists":
            return _("%(what)s was answered") % {"what": self._name(operand)}
        if isinstance(operand, list) and len(operand) == 2:
            return self._compared(operator, *operand)
        return _("(not a condition)")

    def _denied(self, tree: Any) -> str:
        if isinstance(tree, dict) and set(tree) == {"exists"}:
            return _("%(what)s was not answered") % {"what": self._name(tree["exists"])}
        return _("it is not so that %(what)s") % {"what": self.of(tree, inside=True)}

    def _compared(self, operator: str, name: Any, value: Any) -> str:
        given = {"what": self._name(name), "value": self._value(name, value)}
        if value is True or value is False:
            yes = value is (operator == "eq")
            return (_("%(what)s: yes") if yes else _("%(what)s: no")) % given
        words = {
            "eq": _("%(what)s is: %(value)s"),
            "ne": _("%(what)s is not: %(value)s"),
            "gt": _("%(what)s is more than %(value)s"),
            "lt": _("%(what)s is less than %(value)s"),
            "in": _("%(what)s is one of: %(value)s"),
        }
        return words.get(operator, _("(not a condition)")) % given

    def _name(self, name: Any) -> str:
        found = self.known.get(name) if isinstance(name, str) else None
        return found.label if found else f"“{name}”"

    def _value(self, name: Any, value: Any) -> str:
        if isinstance(value, list):
            return ", ".join(self._value(name, one) for one in value)
        found = self.known.get(name) if isinstance(name, str) else None
        hashable = isinstance(value, (str, int, float))
        return (found.values.get(value) if found and hashable else None) or str(value)
