"""Who serves the queues of a pack: said by its own staff, or for a draft by those who work in the city now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from onehall.kernel.yamlfile import Node
from onehall.people.permissions import implied, serves, works_queues

type Doc = dict[str, Any]

UNSERVED: Final = "Nobody serves the queue "
"""How the sentence about a queue without anybody begins."""


NOBODY_MAY: Final = "Nobody who serves the queue "
"""How the sentence about a task begins that nobody at its queue may decide."""


def is_about_people(message: str) -> bool:
    """Whether a mistake is mended where people are added and given their queues."""
    return message.startswith((UNSERVED, NOBODY_MAY))


@dataclass(frozen=True, slots=True)
class Working:
    """The people of a city that a draft changes, and the queues and departments that are in force.

    Without any people nothing is said: nobody works there yet.
    """

    people: Sequence[Doc] = ()
    queues: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()


def serving(departments: Iterable[Doc], staff: Sequence[Doc]) -> dict[str, frozenset[str]] | None:
    """The roles of those who serve each queue, with the roles that come along; None without staff."""
    if not staff:
        return None
    found = {}
    for queue, department in homes(departments):
        held = [m["roles"] for m in staff if serves(m, queue, department)]
        roles = frozenset(role for roles in held for role in roles)
        found[queue] = roles.union(implied(roles))
    return found


def homes(departments: Iterable[Doc]) -> list[tuple[str, str]]:
    """Every queue with its department, by key."""
    return [(q["key"], d["key"]) for d in departments for q in d["queues"]]


def check_staff(nodes: Sequence[Node], departments: Iterable[Doc], staff: Sequence[Doc]) -> None:
    """Report each queue that nobody of its department serves, nor a city-wide agent who lists it."""
    for node, (queue, department) in zip(nodes, homes(departments), strict=True):
        if queue and not any(serves(member, queue, department) for member in staff):
            node.problem(
                f'{UNSERVED}"{queue}".',
                f'Add someone of "{department}" as crew, supervisor or agent to "staff", '
                "or list the queue for a city-wide agent.",
                key="key",
            )


def check_working(
    nodes: Sequence[Node], departments: Iterable[Doc], working: Working
) -> tuple[str, ...]:
    """Report each queue of a draft that nobody serves; gives a sentence for each whose people come later.

    Those can be named only once it is published: the queue is new, and so is its department, or
    everybody of it has queues of their own.
    """
    later = []
    for node, (queue, department) in zip(nodes, homes(departments), strict=True):
        if not (queue and working.people) or _served(queue, department, working.people):
            continue
        if queue not in working.queues and _can_come(department, working):
            later.append(
                f'{UNSERVED}"{queue}" yet. Once it is published, give it to somebody under People.'
            )
            continue
        node.problem(
            f'{UNSERVED}"{queue}".',
            f'Give somebody of "{department}" the queue under People, or add them there as crew, '
            "supervisor or agent. It holds at once.",
            key="key",
        )
    return tuple(later)


def _served(queue: str, department: str, people: Iterable[Mapping[str, Any]]) -> bool:
    return any(serves(member, queue, department) for member in people)


def _can_come(department: str, working: Working) -> bool:
    """Whether a new queue of a department gets its people only after it is published."""
    return department not in working.departments or any(
        m["department"] == department and works_queues(m["roles"]) for m in working.people
    )
