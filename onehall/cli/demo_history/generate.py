"""Decides what happened when and where, lives each case, and stores all of it at once."""

import math
import random
from bisect import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from onehall.casework import bulk, clock
from onehall.casework.bulk import CaseRow
from onehall.casework.queries import calendar_of
from onehall.catalog import routing
from onehall.catalog.queries import Catalogue, catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.cli.demo_history import words
from onehall.cli.demo_history.life import Life, Worker
from onehall.cli.demo_history.pictures import Album
from onehall.kernel import ids
from onehall.people.queries import members, queues
from onehall.places import queries as places
from onehall.places.models import Address, Asset, City
from onehall.service_requests.importing.rows import RequestRow, copy_requests

DAYS: Final = 548
BATCH: Final = 3000
SHARES: Final = {
    "pothole": 9, "street-light-out": 10, "graffiti": 8, "illegal-dumping": 9, "missed-collection": 9,
    "bulky-pickup": 12, "fallen-tree": 4, "blocked-drain": 5, "full-bin": 4, "abandoned-vehicle": 5,
    "noise": 4, "sidewalk-damage": 3, "parked-in-the-way": 4, "general-question": 5,
}  # fmt: skip
"""How often each service is asked for; services not here count 1."""
WINTER: Final = frozenset({"blocked-drain", "fallen-tree", "street-light-out", "pothole"})
HOURS: Final = (1, 1, 1, 1, 1, 2, 4, 8, 12, 13, 12, 11, 10, 10, 10, 10, 10, 9, 8, 6, 5, 4, 3, 2)
WEEKDAYS: Final = (13, 12, 11, 11, 10, 5, 4)


@dataclass(frozen=True, slots=True)
class Spot:
    """Somewhere a report can be about."""

    lon: float
    lat: float
    words: str
    areas: dict[str, str]
    asset_id: int | None = None


class History:
    """Makes the past of one city. The same seed and end give the same past."""

    def __init__(self, city: City, *, until: datetime, seed: int, album: Album | None) -> None:
        self.city, self.until, self.album = city, until, album
        self.rng = random.Random(seed)  # noqa: S311  (made-up data)
        self.zone = ZoneInfo(city.time_zone)
        self.listed: Catalogue = catalogue(city)
        self.calendar = calendar_of(city)
        self.spots = self._spots()
        self.assets = self._assets()
        self.staff = members(city)
        self.queues = {q.key: q for q in queues(city)}

    def run(self, count: int, told: Callable[[int], None]) -> int:
        """Store `count` reports (a few are second reports of a case), all or none; returns the cases."""
        moments = sorted(self._moment() for _ in range(count))
        done = 0
        stream = iter(moments)
        with transaction.atomic(), connection.cursor() as cursor:
            while batch := list(islice(stream, BATCH)):
                done += self._store(cursor, batch)
                told(len(batch))
        bulk.refresh_statistics()
        return done

    def _store(self, cursor: Any, moments: list[datetime]) -> int:
        numbers = self._numbers(moments)
        case_ids = bulk.allocate_ids(cursor, bulk.CASES, len(moments))
        lives: list[Life] = []
        requests: list[RequestRow] = []
        for at, case_id in zip(moments, case_ids, strict=True):
            number = next(numbers[self._year(at)])
            recent = lives[-60:]
            twin = (
                next((o for o in recent if self._is_twin(o)), None)
                if self.rng.random() < 0.08
                else None
            )
            if twin is not None:
                requests.append(self._second(twin, at, number))
                continue
            life = self._life(case_id, number, at)
            lives.append(life)
            requests.append(self._first(life))
        self._finish(lives)
        bulk.copy_cases(cursor, [o.row for o in lives])
        self._people(cursor, requests)
        request_ids = copy_requests(cursor, requests)
        by_case = {r.case_id: i for r, i in reversed(list(zip(requests, request_ids, strict=True)))}
        if self.album is not None:
            self.album.store(cursor, self.city, by_case)
        self._timers(cursor, lives)
        return len(lives)

    def _is_twin(self, other: Life) -> bool:
        return other.row.is_public and bool(other.row.place_words) and other.row.people_count < 6

    def _life(self, case_id: int, number: str, at: datetime) -> Life:
        service = self._service(at)
        spot = self._spot(service)
        answers = self._answers(service)
        facts = routing.facts_of(
            answers=answers,
            areas=spot.areas if spot else {},
            channel="web",
            placed=spot is not None,
            at=at,
            calendar=self.calendar,
        )
        route = routing.route(service, facts)
        queue = self.queues[route.queue]
        version, flow = self.listed.current_version(service.flow)
        priority = self.rng.choices((0, 1, 2), (92, 7, 1))[0]
        promise = service.promise_for(("normal", "high", "urgent")[priority])
        due = clock.due(promise, at, self.calendar)
        row = CaseRow(
            id=case_id,
            city_id=self.city.id,
            service_id=service.id,
            flow_version_id=version,
            queue_id=queue.id,
            number=number,
            state=flow.start,
            category=flow.states[flow.start].category,
            opened_at=at,
            updated_at=at,
            timeline=[],
            due_at=due,
            promised_at=due,
            lon=spot.lon if spot else None,
            lat=spot.lat if spot else None,
            place_words=spot.words if spot else "",
            areas=spot.areas if spot else {},
            asset_id=spot.asset_id if spot else None,
            is_public=service.public,
            priority=priority,
            route_reason={"because": route.because},
        )
        agent, worker = self._people_for(queue.key, queue.department_id)
        life = Life(row, service, flow, self.calendar, self.rng, self.until, agent, worker)
        channel = self.rng.choices(("web", "phone", "staff"), (70, 24, 6))[0]
        life.channel = channel
        life.add(at, "received", "resident", channel=channel)
        life.add(
            at,
            "routed",
            "system",
            queue=queue.id,
            because=route.because,
            due=due.isoformat() if due else None,
        )
        if self.album is not None:
            life.after_photo = self.album.plan(service, case_id, at, self.until, self.rng)
        return life

    def _finish(self, lives: list[Life]) -> None:
        """Live each case; most promises are kept, and some backlog stands open today."""
        for life in lives:
            row = life.row
            promised = (row.due_at or row.opened_at + timedelta(days=10)) - row.opened_at
            factor = math.exp(self.rng.gauss(math.log(0.45), 0.75))
            done_at = row.opened_at + promised * min(factor, 9)
            if done_at > self.until and row.opened_at < self.until - timedelta(days=75):
                done_at = self.until - timedelta(days=self.rng.uniform(8, 60))
            life.live(done_at)

    def _first(self, life: Life) -> RequestRow:
        row, rng = life.row, self.rng
        said = words.RESIDENTS.get(life.service.key, words.RESIDENTS[""])
        rated = rng.random() < 0.18
        text = rng.choice(said)
        return RequestRow(
            city_id=self.city.id,
            case_id=row.id,
            number=row.number,
            created_at=row.opened_at,
            channel=life.channel,
            words=text,
            language="es"
            if _is_spanish(text) and "es" in self.city.languages
            else self.city.languages[0],
            answers=self._answers(life.service),
            rating=rng.choices((1, 2, 3, 4, 5), (6, 6, 12, 30, 46))[0] if rated else None,
            token=ids.secret_token() if row.opened_at > self.until - timedelta(days=90) else None,
        )

    def _second(self, twin: Life, at: datetime, number: str) -> RequestRow:
        """Somebody else tells the city about the same thing."""
        twin.row.people_count += 1
        twin.add(
            at, "followed", "resident", number=number, people=twin.row.people_count, photo_count=0
        )
        said = words.RESIDENTS.get(twin.service.key, words.RESIDENTS[""])
        return RequestRow(
            city_id=self.city.id,
            case_id=twin.row.id,
            number=number,
            created_at=at,
            channel="follow",
            words=self.rng.choice(said),
            language=self.city.languages[0],
        )

    def _people(self, cursor: Any, requests: list[RequestRow]) -> None:
        """Half of the reporters left a name and an address that belongs to nobody."""
        chosen = [r for r in requests if self.rng.random() < 0.5]
        person_ids = bulk.allocate_ids(cursor, "people_person", len(chosen))
        rows = []
        for request, person_id in zip(chosen, person_ids, strict=True):
            name = self.rng.choice(words.NAMES)
            mail = f"{name.split()[0].lower()}{person_id % 900}@resident.example"
            phone = f"555-01{self.rng.randrange(100):02d}" if self.rng.random() < 0.4 else ""
            request.person_id = person_id
            rows.append(
                (person_id, self.city.id, name, mail, phone, request.language, request.created_at)
            )
        columns = ("id", "city_id", "name", "email", "phone", "language", "created_at")
        bulk.copy_rows(cursor, "people_person", columns, rows)

    def _timers(self, cursor: Any, lives: list[Life]) -> None:
        rows = [
            (self.city.id, life.row.id, entered, move, at)
            for life in lives
            for entered, move, at in life.timers
            if at >= self.until and entered == life.row.entered
        ]
        bulk.copy_rows(
            cursor, "casework_timer", ("city_id", "case_id", "entered", "move", "at"), rows
        )

    def _numbers(self, moments: list[datetime]) -> dict[int, Iterator[str]]:
        years = sorted({self._year(m) for m in moments})
        return {
            y: iter(bulk.allocate_numbers(self.city, y, sum(self._year(m) == y for m in moments)))
            for y in years
        }

    def _year(self, at: datetime) -> int:
        return at.astimezone(self.zone).year

    def _moment(self) -> datetime:
        """A time in the past 18 months: more on weekdays, by day, and lately."""
        while True:
            back = DAYS * (1 - self.rng.random() ** 0.8)
            day = (self.until - timedelta(days=back)).astimezone(self.zone)
            if self.rng.random() * 13 > WEEKDAYS[day.weekday()]:
                continue
            hour = self.rng.choices(range(24), HOURS)[0]
            at = day.replace(
                hour=hour,
                minute=self.rng.randrange(60),
                second=self.rng.randrange(60),
                microsecond=0,
            )
            if at < self.until - timedelta(minutes=5):
                return at.astimezone(self.until.tzinfo)

    def _service(self, at: datetime) -> ServiceDefinition:
        cold = at.month in (11, 12, 1, 2, 3)
        # A made-up life makes moves; it does not finish tasks, on which these flows wait.
        offered = [
            s
            for s in self.listed.services
            if not self.listed.current_version(s.flow)[1].acts_by_itself
        ]
        weights = [
            SHARES.get(s.key, 1) * (1.7 if cold and s.key in WINTER else 1.0)
            * (0.1 if s.key == "snow-ice" and not cold else 1.0)
            for s in offered
        ]  # fmt: skip
        return self.rng.choices(offered, weights)[0]

    def _answers(self, service: ServiceDefinition) -> dict[str, Any]:
        """The first question's answer, where it is a choice."""
        first = service.questions[0] if service.questions else None
        if first is None or first.type != "choice" or first.stop is not None:
            return {}
        return {first.key: self.rng.choice(first.options).key}

    def _spot(self, service: ServiceDefinition) -> Spot | None:
        if service.place == "none" or (service.place == "optional" and self.rng.random() < 0.5):
            return None
        own = self.assets.get(service.asset, [])
        if own and self.rng.random() < 0.7:
            return self.rng.choice(own)
        edges, spots = self.spots
        return spots[min(bisect(edges, self.rng.random() * edges[-1]), len(spots) - 1)]

    def _spots(self) -> tuple[list[float], list[Spot]]:
        """Addresses; some streets are told about far more often than others."""
        rows = list(
            Address.objects.filter(city=self.city)
            .order_by("id")
            .values_list("lon", "lat", "text", "street")
        )
        weight = {street: self.rng.paretovariate(1.3) for street in sorted({r[3] for r in rows})}
        spots = [
            Spot(lon, lat, text, places.areas_at(self.city, lon, lat))
            for lon, lat, text, _s in rows
        ]
        return list(accumulate(min(weight[r[3]], 30) for r in rows)), spots

    def _assets(self) -> dict[str, list[Spot]]:
        found: dict[str, list[Spot]] = {}
        rows = (
            Asset.objects.filter(city=self.city)
            .order_by("id")
            .values_list("id", "kind", "lon", "lat", "code")
        )
        wanted = {s.asset for s in self.listed.services if s.asset}
        for asset_id, kind, lon, lat, code in rows:
            if kind not in wanted or asset_id % 4:
                continue
            near = places.reverse(self.city, lon, lat, language=self.city.languages[0])
            text = f"{near.words} ({code})" if near else code
            found.setdefault(kind, []).append(
                Spot(lon, lat, text, places.areas_at(self.city, lon, lat), asset_id)
            )
        return found

    def _people_for(self, queue_key: str, department_id: int) -> tuple[Worker, Worker]:
        """Who triages and who does the work of a queue."""
        mine = [
            m for m in self.staff if queue_key in m.queue_keys or m.department_id == department_id
        ]
        desk = next((m for m in self.staff if "agent" in m.roles), self.staff[0])
        crews = [
            m for m in mine if "crew" in m.roles and (queue_key in m.queue_keys or not m.queue_keys)
        ]
        lead = next((m for m in mine if "supervisor" in m.roles), desk)
        who = self.rng.choice(crews) if crews else lead
        triage = self.rng.choice([desk, lead])
        return Worker(triage.user_id, triage.name), Worker(who.user_id, who.name)


def _is_spanish(text: str) -> bool:
    return any(c in text for c in "áéíóúñ¿") or text.startswith(("Por ", "No pas", "Rayaron"))
