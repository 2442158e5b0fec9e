"""What opens a case, as plain values."""

from dataclasses import dataclass, field
from typing import Any

from onehall.catalog.services import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePlace:
    """Where the work is: a point with its areas, words alone, or both."""

    words: str = ""
    lon: float | None = None
    lat: float | None = None
    areas: dict[str, str] = field(default_factory=dict)
    asset_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """What opens a case. `route` was decided by the catalogue's rules; `answers` are what conditions may ask.

    `assignee_id` is the person that the route names; `side` what the resident said of a place between two areas.
    """

    id: int
    service_id: int
    queue_id: int
    route: Route
    number: str
    channel: str
    place: CasePlace = field(default_factory=CasePlace)
    priority: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    side: dict[str, Any] = field(default_factory=dict)
    assignee_id: int | None = None
    assignee_name: str = ""
