"""What of the city's own catalogue a row of the file goes to: service, flow state, queue."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from onehall.casework.bulk_tasks import asks_for_work
from onehall.casework.linking import JsonText, json_text
from onehall.catalog import categories, routing
from onehall.catalog.flows import FlowDefinition, Move
from onehall.catalog.models import Service
from onehall.catalog.queries import catalogue
from onehall.catalog.services import Route, ServiceDefinition, Words
from onehall.people.models import Queue
from onehall.places.models import City
from onehall.service_requests.importing.profile import Profile, ProfileError, folded

_KEPT: Final = 5_000
_WANTED: Final[Mapping[str, tuple[str, ...]]] = {
    "start": (),
    "working": ("working",),
    "closed": ("closed", "resolved"),
    "denied": ("denied", "closed", "resolved"),
}
"""Categories that fit, best first; the flow's own start where none does."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The state a row ends in, and the move that is named in its timeline."""

    state: str
    category: str
    move: str = ""
    purpose: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A service with what is needed to write cases of it."""

    id: int
    version_id: int
    service: ServiceDefinition
    start: str
    endings: Mapping[str, Ending]
    moved: Mapping[str, JsonText]
    """What the timeline says of the move to each ending."""
    flow: FlowDefinition
    asks: frozenset[str]
    """The endings whose state asks for work."""


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """A queue and the key of its department."""

    id: int
    key: str
    department: str


class Targets:
    """The city's catalogue as an import sees it. `ProfileError` when the profile does not fit it."""

    def __init__(self, city: City, profile: Profile) -> None:
        self._profile = profile
        self.by_key = dict(_targets(city))
        if not self.by_key:
            raise ProfileError(f"{city.name} has no services yet. Apply its pack first.")
        self._names = names_of({key: target.service for key, target in self.by_key.items()})
        self.fallback = self._fallback(city)
        rows = Queue.objects.filter(city_id=city.pk, active=True).select_related("department")
        self._queues: dict[str, QueueFacts] = {}
        self._departments: dict[str, list[QueueFacts]] = {}
        for queue in rows.order_by("department__position", "position", "id"):
            facts = QueueFacts(queue.pk, queue.key, queue.department.key)
            self._queues[queue.key] = facts
            for name in _variants(queue.department.key, queue.department.name):
                self._departments.setdefault(name, []).append(facts)
        self._keys = {queue.id: queue.key for queue in self._queues.values()}
        if not self._queues:
            raise ProfileError(f"{city.name} has no queues yet. Apply its pack first.")
        # A column holds the same few hundred values again and again.
        self.service = lru_cache(maxsize=_KEPT)(self._service)
        """The service a value means: by the profile's map, else by name, key or a search word."""
        self.department = lru_cache(maxsize=_KEPT)(self._department)
        """The queues a department's name means: by the profile's map, else by name; [] if unknown."""

    def _service(self, text: str) -> Target | None:
        key = self._profile.service.map.get(folded(text)) or self._names.get(plain(text), "")
        return self.by_key.get(key)

    def _department(self, text: str) -> list[QueueFacts]:
        key = self._profile.department.map.get(folded(text), text)
        if key in self._queues:
            return [self._queues[key]]
        return self._departments.get(plain(key), [])

    def queue_id(self, key: str) -> int:
        """The id of a queue in use. `ProfileError` for one that the city no longer has."""
        if key not in self._queues:
            raise ProfileError(f'A task goes to the queue "{key}", which the city does not use.')
        return self._queues[key].id

    def key_of(self, queue_id: int) -> str:
        """The key of a queue in use, "" for another."""
        return self._keys.get(queue_id, "")

    def queue(
        self, target: Target, among: list[QueueFacts], facts: Mapping[str, Any]
    ) -> tuple[int, Route | None]:
        """The queue, and the routing rule that chose it (None when the file's department did).

        The file's department decides; the service's routing decides inside it, or alone.
        """
        route = routing.route(target.service, facts)
        routed = self._queues.get(route.queue)
        if among and routed not in among:
            return among[0].id, None
        if routed is None:
            raise ProfileError(f"No queue for the service {target.service.key}.")
        return routed.id, route

    def _fallback(self, city: City) -> Target | None:
        if self._profile.service.unknown != "keep_as":
            return None
        for key in self._profile.keep_as:
            if key in self.by_key:
                return self.by_key[key]
        if self._profile.keep_as_must_exist:
            known = ", ".join(sorted(self.by_key))
            raise ProfileError(
                f"{city.name} has no service {', '.join(self._profile.keep_as)}. It has: {known}."
            )
        return None


def _targets(city: City) -> Iterator[tuple[str, Target]]:
    listed = catalogue(city)
    # Also services that are offered no more: old requests keep them. Offered ones come first.
    rows = Service.objects.filter(city_id=city.pk).order_by("-active", "position", "id")
    for service_id in rows.values_list("id", flat=True):
        service = listed.by_id(service_id)
        version_id, flow = listed.current_version(service.flow)
        endings = {wanted: _ending(flow, wanted) for wanted in _WANTED}
        moved = {wanted: _moved(flow.start, ending) for wanted, ending in endings.items()}
        asks = frozenset(k for k, ending in endings.items() if asks_for_work(flow, ending.state))
        yield (
            service.key,
            Target(service.id, version_id, service, flow.start, endings, moved, flow, asks),
        )


def _ending(flow: FlowDefinition, wanted: str) -> Ending:
    for category in _WANTED[wanted]:
        states = [s for s in flow.states.values() if s.category == category]
        if not states:
            continue
        settled = {m.to for m in flow.moves.values() if m.purpose in {"accept", "settle"}}
        state = next((s for s in states if s.key in settled), states[0])
        move = _move_to(flow, state.key, open_=categories.is_open(category))
        outcomes = [o.key for o in flow.outcomes.values() if o.to == state.key]
        outcome = outcomes[0] if len(outcomes) == 1 and wanted == "denied" else ""
        return Ending(
            state.key, category, move.key if move else "", move.purpose if move else "", outcome
        )
    start = flow.states[flow.start]
    return Ending(start.key, start.category)


def _moved(start: str, ending: Ending) -> JsonText:
    data = {"move": ending.move, "from": start, "to": ending.state}
    more = {"purpose": ending.purpose, "outcome": ending.outcome}
    return JsonText(json_text(data | {key: value for key, value in more.items() if value}))


def _move_to(flow: FlowDefinition, state: str, *, open_: bool) -> Move | None:
    purpose = "start" if open_ else "close"
    moves = list(flow.moves.values())
    return next(
        (m for m in moves if m.purpose == purpose), next((m for m in moves if m.to == state), None)
    )


def names_of(services: Mapping[str, ServiceDefinition]) -> dict[str, str]:
    """Every `plain` name by which a service of a catalogue can be meant, with its key."""
    found: dict[str, str] = {}
    words: dict[str, set[str]] = {}
    for key, service in services.items():
        for name in _variants(key, service.name):
            found.setdefault(name, key)
        for text in (t for texts in service.keywords.values() for t in texts):
            words.setdefault(plain(text), set()).add(key)
    # A search word counts only where it means one service.
    for word, keys in words.items():
        if len(keys) == 1:
            found.setdefault(word, *keys)
    return found


def _variants(key: str, name: Words) -> set[str]:
    texts = [name] if isinstance(name, str) else list(name.values())
    return {plain(text) for text in (key, *texts)} - {""}


def plain(text: str) -> str:
    """A name without case and punctuation."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()
