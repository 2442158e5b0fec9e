"""What a part of a history is picked from: a city's services, places, queues and staff, made ready once."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import NormalDist
from typing import Any, Final

from onehall.casework.linking import JsonText, json_text
from onehall.casework.queries import calendar_of
from onehall.catalog import routing
from onehall.catalog.flows import FlowDefinition
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.kernel.localized import pick
from onehall.kernel.work_calendar import CalendarMistake, WorkCalendar
from onehall.people.queries import Member, members, queues
from onehall.places.models import City
from onehall.service_requests.generating.plan import table
from onehall.service_requests.generating.profile import Kind, Profile, ProfileError
from onehall.service_requests.generating.sentences import sayings
from onehall.service_requests.generating.spots import Areas, Spots, spots_of
from onehall.service_requests.generating.ways import Ways, ways_of
from onehall.service_requests.importing.targets import names_of, plain

PICKS: Final = 8_192
SPANS: Final = 1_024
_LEFT_OVER: Final = 0.03
"""Share of the services that no kind of the profile falls on."""
_ALIKE: Final = 0.25
"""Least that a kind and a service must have in common."""
_SHORT: Final = 2
_TENTH: Final = NormalDist().inv_cdf(0.9)


@dataclass(frozen=True, slots=True)
class Worker:
    """Whoever makes a move, as entries name them."""

    kind: str = "system"
    id: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """A service with what is needed to write cases of it. `told` are texts of reports by language."""

    service: ServiceDefinition
    version_id: int
    flow: FlowDefinition
    category: str
    ways: Ways
    told: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    answers: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Pick:
    """A service, and the seconds that cases of one kind took, as often as they took them."""

    offered: Offered
    seconds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Routed:
    """A queue with the reason for it, and who triages and works there."""

    queue_id: int
    reason: JsonText
    workers: tuple[Worker, ...]


class Pools:
    """Everything that is picked from, of one city. `ProfileError` when nothing can be made of its catalogue."""

    def __init__(self, city: City, profile: Profile, rng: Random) -> None:
        self.city = city
        try:
            self.calendar: WorkCalendar = calendar_of(city)
        except CalendarMistake as error:
            raise ProfileError(
                f"{city.name} has no working hours. Apply its pack first."
            ) from error
        self.languages = tuple(city.languages) or ("en",)
        offered = {o.service.key: o for o in _offered(city, self.languages)}
        if not offered:
            raise ProfileError(
                f"{city.name} has no service that staff can end by their own moves. Apply its pack first."
            )
        shared = shared_out(profile.kinds, {key: o.service for key, o in offered.items()})
        picks = [(Pick(offered[key], _seconds(kind.hours)), weight) for key, kind, weight in shared]
        self.picks = _weighed(picks)
        # Only what is public can be told of by several people.
        followed = [pair for pair in picks if pair[0].offered.service.public]
        self.followed_picks = _weighed(followed) if followed else self.picks
        self.spots: Spots = spots_of(city, hot_places=profile.hot_places, rng=rng)
        self._queues = {queue.key: queue for queue in queues(city)}
        self._staff = members(city)
        self._routes: dict[tuple[str, str, int], Routed] = {}

    def routed(
        self, service: ServiceDefinition, areas: Areas, channel: str, *, placed: bool
    ) -> Routed:
        """Where a report goes. The same areas are the same object."""
        known = service.key, channel, id(areas)
        found = self._routes.get(known)
        if found is None:
            facts: dict[str, Any] = {f"area.{layer}": code for layer, code in areas.codes.items()}
            facts |= {"channel": channel, "place.exists": placed}
            route = routing.route(service, facts)
            queue = self._queues.get(route.queue)
            if queue is None:
                raise ProfileError(f"No queue for the service {service.key}.")
            reason = JsonText(json_text({"because": route.because}))
            workers = _workers(self._staff, queue.key, queue.department_id)
            found = self._routes[known] = Routed(queue.id, reason, workers)
        return found


def shared_out(
    kinds: Sequence[Kind], services: Mapping[str, ServiceDefinition]
) -> list[tuple[str, Kind, float]]:
    """Which service each kind falls on, with its weight: by name, by words in common, else the next that none has.

    Services that are left over get a small share, with the times of the kinds in turn.
    """
    names, words, found = names_of(services), _words_of(services), []
    unknown = []
    for kind in sorted(kinds, key=lambda kind: (-kind.weight, kind.name)):
        key = names.get(plain(kind.name)) or _alike(kind.name, words)
        if key:
            found.append((key, kind, kind.weight))
        else:
            unknown.append(kind)
    taken = {key for key, _, _ in found}
    free = [key for key in services if key not in taken] or list(services)
    for number, kind in enumerate(unknown):
        found.append((free[number % len(free)], kind, kind.weight))
    taken = {key for key, _, _ in found}
    rest = [key for key in services if key not in taken]
    whole = sum(weight for _, _, weight in found) or 1.0
    for number, key in enumerate(rest):
        found.append((key, kinds[number % len(kinds)], whole * _LEFT_OVER / len(rest)))
    return found


def _stems(text: str) -> set[str]:
    """The words of a name without endings, so that "Items" is "item"."""
    return {word.removesuffix("s") for word in plain(text).split() if len(word) > _SHORT}


def _words_of(services: Mapping[str, ServiceDefinition]) -> dict[str, dict[str, float]]:
    """Each word of names and search words: the services it stands for, the rarer the surer; most in their names."""
    found: dict[str, dict[str, float]] = {}
    for key, service in services.items():
        for text in (t for texts in service.keywords.values() for t in texts):
            for word in _stems(text):
                found.setdefault(word, {})[key] = 1.0
    for key, service in services.items():
        for text in (key, pick(service.name, "en")):
            for word in _stems(text):
                found.setdefault(word, {})[key] = 2.0
    return {
        word: {key: weight / len(by) for key, weight in by.items()} for word, by in found.items()
    }


def _alike(name: str, words: Mapping[str, Mapping[str, float]]) -> str:
    """The service that has most in common with a name; "" when there is too little."""
    scores: dict[str, float] = {}
    for word in sorted(_stems(name)):
        for key, weight in words.get(word, {}).items():
            scores[key] = scores.get(key, 0.0) + weight
    best = max(scores, key=lambda key: scores[key], default="")
    return best if best and scores[best] >= _ALIKE else ""


def _weighed(picks: Sequence[tuple[Pick, float]]) -> list[Pick]:
    values, weights = zip(*picks, strict=True)
    return table(values, weights, PICKS)


def _seconds(hours: tuple[float, float, float]) -> tuple[int, ...]:
    """Durations: two halves of log-normal curves that meet in the middle and go through the outer two."""
    low, middle, high = (math.log(hour * 3600) for hour in hours)
    curve = NormalDist()
    found = []
    for number in range(SPANS):
        off = curve.inv_cdf((number + 0.5) / SPANS) / _TENTH
        found.append(
            max(60, round(math.exp(middle + off * (high - middle if off > 0 else middle - low))))
        )
    return tuple(found)


def _offered(city: City, languages: Sequence[str]) -> Iterable[Offered]:
    listed = catalogue(city)
    staff = sayings(languages[0])
    staff = staff if staff.done else sayings("en")
    for service in listed.services:
        version_id, flow = listed.current_version(service.flow)
        ways = ways_of(service, flow, staff.done, staff.refused, staff.wrong)
        if ways is None:
            continue
        names = {language: pick(service.name, language) for language in languages}
        told = {
            language: tuple(f"{names[language]}. {said}" for said in sayings(language).told)
            for language in languages
        }
        first = service.questions[0] if service.questions else None
        answers: tuple[dict[str, Any], ...] = ({},)
        if first is not None and first.type == "choice" and first.stop is None and first.options:
            answers = tuple({first.key: option.key} for option in first.options)
        category = flow.states[flow.start].category
        yield Offered(service, version_id, flow, category, ways, told, names, answers)


def _workers(staff: Sequence[Member], queue: str, department_id: int) -> tuple[Worker, ...]:
    """Who works in a queue: those named for it, else of its department, else anybody, else staff without a name."""
    able = [m for m in staff if {"crew", "agent", "supervisor"} & set(m.roles)]
    named = [m for m in able if queue in m.queue_keys]
    near = (
        named or [m for m in able if m.department_id == department_id and not m.queue_keys] or able
    )
    return tuple(Worker("staff", m.user_id, m.name) for m in near) or (Worker("staff"),)
