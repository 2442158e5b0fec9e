"""Makes one part of a history in memory: cases with their timelines, reports, people, mails. No database."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

from onehall.casework import clock
from onehall.casework.bulk import CaseRow
from onehall.casework.linking import JsonText, json_text
from onehall.casework.numbers import written
from onehall.catalog.services import Promise
from onehall.catalog.targets import Risk
from onehall.service_requests.generating.living import Living
from onehall.service_requests.generating.parts import PRIORITIES, RESIDENT, Bases, Life, Part, line
from onehall.service_requests.generating.plan import Plan, chance, table
from onehall.service_requests.generating.pools import PICKS, SPANS, Offered, Pools
from onehall.service_requests.generating.profile import CHANNELS
from onehall.service_requests.generating.reports import Reports
from onehall.service_requests.generating.spots import NOWHERE, Areas, Spot

_RECEIVED: Final = {name: JsonText(json_text({"channel": name})) for name in CHANNELS}
_MOST_DAYS: Final = timedelta(days=5)
"""Within so many days others tell of the same thing."""
_TABLE: Final = 4_096


class Maker:
    """Makes the parts of one history. The same plan, pools and bases give the same rows."""

    def __init__(self, plan: Plan, pools: Pools, bases: Bases) -> None:
        self._plan, self._pools, self._bases = plan, pools, bases
        self._until, self._city = plan.until, pools.city
        profile = plan.profile
        weights = profile.channels
        self._channels = table(list(weights), list(weights.values()), _TABLE)
        self._hot = profile.hot_share if pools.spots.hot else 0.0
        self._promises: dict[tuple[int, int, int], Promise] = {}
        self._due: dict[tuple[int, date], datetime] = {}
        self._before = {year: plan.requests_before(case) for year, case in plan.years()}
        self._living = Living(profile, pools.calendar, plan.until)
        self._reports = Reports(pools.languages, profile.shares, bases, plan.until)

    def part(self, first: int, last: int) -> Part:
        """The cases from `first` to before `last`, with all that belongs to them."""
        part = Part()
        plan = self._plan
        rng = chance(plan.seed, plan.profile.key, self._city.slug, first)
        for case, (day, at) in enumerate(plan.moments(first, last), first):
            life = self._life(case, day, at, rng)
            part.cases.append(life.row)
            self._living.live(life, rng)
            index = plan.requests_before(case)
            others = self._others(life, index, day, rng) if life.row.people_count > 1 else ()
            self._reports.first(part, life, index, rng)
            for number, (at_other, name) in enumerate(others, index + 1):
                self._reports.further(part, life, number, name, at_other, rng)
            if life.settles_at is not None or life.offered.service.targets:
                self._beside(part, life)
        return part

    def _life(self, case: int, day: date, at: datetime, rng: Random) -> Life:
        """A case that has just been reported."""
        random, people = rng.random, self._plan.people_of(case)
        picks = self._pools.picks if people == 1 else self._pools.followed_picks
        picked = picks[int(random() * PICKS)]
        offered = picked.offered
        service = offered.service
        spot = self._spot(service.place, random)
        areas = spot.areas if spot else NOWHERE
        channel = self._channels[int(random() * _TABLE)]
        routed = self._pools.routed(service, areas, channel, placed=spot is not None)
        chosen = random()
        priority = 0 if chosen < 0.92 else 1 if chosen < 0.99 else 2
        due = self._due_at(self._promise(offered, priority, areas), day, at)
        row = CaseRow(
            id=self._bases.case + case,
            city_id=self._city.pk,
            service_id=service.id,
            flow_version_id=offered.version_id,
            queue_id=routed.queue_id,
            number=self._number(self._plan.requests_before(case), day.year),
            state=offered.flow.start,
            category=offered.category,
            opened_at=at,
            updated_at=at,
            timeline=[],
            due_at=due,
            promised_at=due,
            areas=areas.text,
            priority=priority,
            people_count=people if service.public else 1,
            is_public=service.public,
            route_reason=routed.reason,
        )
        if spot:
            row.lon, row.lat, row.cell, row.place_words = spot.lon, spot.lat, spot.cell, spot.words
        seconds = picked.seconds[int(random() * SPANS)]
        life = Life(row, offered, routed.workers, seconds, channel, areas.codes)
        life.add(at, "received", _RECEIVED[channel], RESIDENT)
        return life

    def _number(self, index: int, year: int) -> str:
        """The number of a report; that of the first is its case's too."""
        return written(self._city, year, self._bases.numbers[year] + index - self._before[year])

    def _spot(self, place: str, random: Callable[[], float]) -> Spot | None:
        spots = self._pools.spots
        if place == "none" or not spots.every or (place == "optional" and random() < 0.5):
            return None
        some = spots.hot if random() < self._hot else spots.every
        return some[int(random() * len(some))]

    def _promise(self, offered: Offered, priority: int, areas: Areas) -> Promise:
        known = offered.service.id, priority, id(areas)
        found = self._promises.get(known)
        if found is None:
            found = offered.service.promise_for(PRIORITIES[priority], areas.codes)
            self._promises[known] = found
        return found

    def _due_at(self, promise: Promise, day: date, at: datetime) -> datetime | None:
        """By the city's calendar; a promise of days is the same for all reports of a day."""
        if not promise.days:
            return clock.due(promise, at, self._pools.calendar)
        found = self._due.get((promise.days, day))
        if found is None:
            found = self._pools.calendar.add_days(at, promise.days)
            self._due[promise.days, day] = found
        return found

    def _others(self, life: Life, index: int, day: date, rng: Random) -> list[tuple[datetime, str]]:
        """When others told of the same thing, while it was open, and their numbers."""
        row = life.row
        end = min(life.first_end or self._until, self._until, self._year_end(day.year))
        spell = max(1.0, min(end - row.opened_at, _MOST_DAYS).total_seconds())
        found = []
        for people, share in enumerate(
            sorted(rng.random() ** 2 for _ in range(row.people_count - 1)), 2
        ):
            number = self._number(index + people - 1, day.year)
            at = row.opened_at + timedelta(seconds=int(spell * share))
            life.followed(at, number, people)
            found.append((at, number))
        row.timeline.sort(key=lambda entry: entry.at)
        row.updated_at = row.timeline[-1].at
        return found

    def _year_end(self, year: int) -> datetime:
        return datetime.combine(date(year + 1, 1, 1), time(), self._plan.zone).astimezone(UTC)

    def _beside(self, part: Part, life: Life) -> None:
        """The timer that waits for the silence to be over, and the further targets."""
        row, service = life.row, life.offered.service
        if life.settles_at is not None:
            timers = life.offered.flow.states[row.state].timers
            timer = next(t for t in timers if t.move and t.do == "fire")
            when = row.entered, timer.move, timer.position, life.settles_at
            part.timers.append(line(row.city_id, row.id, *when))
        calendar = self._pools.calendar
        for target in service.targets:
            promise = target.term.of(PRIORITIES[row.priority], life.codes)
            due = clock.due(promise, row.opened_at, calendar)
            if due is not None:
                risk = self._risk(service.risk, promise, row.opened_at, due)
                met = life.met.get(target.kind)
                dates = due, risk, met, met or row.closed_at
                part.targets.append(line(row.city_id, row.id, target.kind, *dates))

    def _risk(self, risk: Risk, promise: Promise, at: datetime, due: datetime) -> datetime:
        """As `clock.risk`; of a promise in hours, the working time is known without counting it."""
        if promise.hours is None or risk.hours is not None:
            return clock.risk(risk, at, due, self._pools.calendar)
        return min(due, self._pools.calendar.add_hours(at, promise.hours * risk.share / 100))
