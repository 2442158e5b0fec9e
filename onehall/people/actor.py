"""Who is acting: passed into every action as `by`."""

from dataclasses import dataclass, field
from typing import Literal

type ActorKind = Literal["resident", "staff", "system"]

ROLES = ("agent", "crew", "supervisor", "auditor", "set-up", "admin")
"""The fixed role keys. A pack says who has them; flows say which may make a move."""

NO_CASEWORK = frozenset({"auditor", "set-up"})
"""Roles that change no case."""

MAY_SET_UP = frozenset({"set-up", "admin"})
"""Roles that change how the city is set up."""

CITY_WIDE = frozenset({"agent", "auditor", "admin"})
"""Roles that see every department of their city."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One acting person or the system itself, as plain values.

    `roles` holds role keys for staff, `{"resident"}` for residents and `{"system"}` for the system,
    so that a flow's `by` list can be compared with it directly. `visible_queue_ids` are all queues of
    the department of somebody who sees no other; None means not known, or all.
    """

    kind: ActorKind
    city_id: int
    name: str = ""
    user_id: int | None = None
    request_id: int | None = None
    roles: frozenset[str] = field(default_factory=frozenset)
    department_id: int | None = None
    queue_ids: frozenset[int] = field(default_factory=frozenset)
    visible_queue_ids: frozenset[int] | None = None

    @property
    def is_staff(self) -> bool:
        """Whether this actor works for the city."""
        return self.kind == "staff"

    @property
    def writes(self) -> bool:
        """Whether this actor may change cases: auditors and those who only set up may not."""
        return self.kind != "staff" or bool(self.roles - NO_CASEWORK)

    @property
    def sets_up(self) -> bool:
        """Whether this actor may change services, flows, calendars and the rest of the pack."""
        return self.kind == "staff" and bool(self.roles & MAY_SET_UP)

    def sees_department(self, department_id: int | None) -> bool:
        """Whether the work of a department is theirs to see and to move."""
        if self.kind != "staff":
            return self.kind == "system"
        if self.roles & CITY_WIDE or self.department_id is None:
            return True
        return department_id == self.department_id


def system(city_id: int) -> Actor:
    """The city's own system: timers, imports, the command line."""
    return Actor(kind="system", city_id=city_id, roles=frozenset({"system"}))


def resident(city_id: int, *, name: str = "", request_id: int | None = None) -> Actor:
    """A resident, known by the secret link or the proven address they came with."""
    return Actor(
        kind="resident",
        city_id=city_id,
        name=name,
        request_id=request_id,
        roles=frozenset({"resident"}),
    )
