"""Who is acting: passed into every action as `by`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from onehall.people import permissions
from onehall.people.permissions import ROLES as ROLES
from onehall.people.permissions import Key

type ActorKind = Literal["resident", "staff", "system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One acting person or the system itself, as plain values.

    `roles` holds role keys for staff, `{"resident"}` for residents and `{"system"}` for the system,
    so that a flow's `by` list can be compared with it directly. `visible_queue_ids` are all queues of
    the department of somebody who sees no other; None means not known, or all. `areas` are the
    (layer, code) pairs that their work is limited to; none of them means the whole city.
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
    areas: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    @property
    def is_staff(self) -> bool:
        """Whether this actor works for the city."""
        return self.kind == "staff"

    def may(self, key: Key) -> bool:
        """Whether the table of permissions lets them. The system may do everything, a resident nothing of it."""
        if self.kind != "staff":
            return self.kind == "system"
        return permissions.allowed(self.roles, key)

    @property
    def writes(self) -> bool:
        """Whether they may change anything on a case at all; auditors and set-up only read."""
        return self.kind != "staff" or permissions.works(self.roles)

    @property
    def sets_up(self) -> bool:
        """Whether this actor may change services, flows, calendars and the rest of the pack."""
        return self.is_staff and self.may("change_setup")

    def sees_department(self, department_id: int | None) -> bool:
        """Whether the work of a department is theirs to see and to move."""
        if self.kind != "staff":
            return self.kind == "system"
        if self.department_id is None or self.may("see_everywhere"):
            return True
        return department_id == self.department_id

    def sees_area(self, areas: Mapping[str, Any]) -> bool:
        """Whether a place in these areas, code by layer, is within what their work is limited to."""
        return not self.areas or any((k, str(v)) in self.areas for k, v in areas.items())

    def sees_work(self, department_id: int | None, areas: Mapping[str, Any]) -> bool:
        """Whether a case of a department, in these areas, is theirs to see."""
        return self.sees_department(department_id) and self.sees_area(areas)

    @property
    def codes_by_layer(self) -> dict[str, list[str]]:
        """The areas their work is limited to, by layer."""
        found: dict[str, list[str]] = {}
        for layer, code in sorted(self.areas):
            found.setdefault(layer, []).append(code)
        return found


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
