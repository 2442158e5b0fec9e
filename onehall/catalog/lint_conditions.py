"""Checks the conditions of a flow against what the services that use it know."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onehall.catalog import facts
from onehall.catalog.findings import Finding
from onehall.catalog.flows import FlowDefinition
from onehall.catalog.services import Question
from onehall.kernel import expressions

type Asked = Mapping[str, Sequence[Question]]
"""The questions of each service that uses the flow, by the service's key."""


def conditions_of(flow: FlowDefinition) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every condition of a flow, with where it stands."""
    for state in flow.states.values():
        for task in state.tasks:
            if task.when is not None:
                yield ("states", state.key, "tasks", task.key, "when"), task.when
    for move in flow.moves.values():
        if move.guard is not None:
            yield ("moves", move.key, "guard"), move.guard.when
        if move.auto_when is not None:
            yield ("moves", move.key, "auto_when"), move.auto_when


def lint_conditions(flow: FlowDefinition, asked: Asked, layers: Sequence[str]) -> Iterator[Finding]:
    """Unknown fields and values of the wrong kind; a condition must make sense for every service."""
    for service, questions in (asked or {"": ()}).items():
        schema = facts.schema(flow, questions, layers)
        whose = f' (in the service "{service}")' if service else ""
        for where, tree in conditions_of(flow):
            for mistake in expressions.check(tree, schema):
                yield Finding(where, mistake + whose, _usable(schema))
        known = {q.key for q in questions}
        for state in flow.states.values():
            for requirement in state.requires:
                key = requirement.given.get("question")
                if key is not None and key not in known:
                    where = ("states", state.key, "requires")
                    yield Finding(where, f'There is no question "{key}"{whose}.', _usable(schema))


def _usable(schema: Mapping[str, expressions.FieldType]) -> str:
    return "Conditions can use: " + ", ".join(sorted(schema)) + "."
