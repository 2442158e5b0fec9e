"""Makes one part of a history in memory: cases with their timelines, reports, people, mails. No database."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

from onehall.casework.bulk import CaseRow
from onehall.casework.linking import JsonText, json_text
from onehall.casework.numbers import written
from onehall.kernel.chain import moment
from onehall.kernel.copylines import NULL
from onehall.service_requests.generating.dates import Dates, Terms, terms_of
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
        # Read once: a model answers for its key by a call.
        self._city_id = pools.city.pk
        profile = plan.profile
        weights = profile.channels
        self._channels = table(list(weights), list(weights.values()), _TABLE)
        self._hot = profile.hot_share if pools.spots.hot else 0.0
        self._known_terms: dict[tuple[int, int, int], Terms] = {}
        self._dates = Dates(pools.calendar)
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
            if life.settles_at is not None or life.targets:
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
        terms = self._terms(offered, priority, areas)
        due, targets = self._dates.of(terms, day, at)
        row = CaseRow(
            id=self._bases.case + case,
            city_id=self._city_id,
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
        life = Life(row, offered, routed.workers, seconds, channel, terms, targets)
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

    def _terms(self, offered: Offered, priority: int, areas: Areas) -> Terms:
        """What is promised for a case, known for all cases like it."""
        known = offered.service.id, priority, id(areas)
        found = self._known_terms.get(known)
        if found is None:
            found = terms_of(offered.service, PRIORITIES[priority], areas.codes)
            self._known_terms[known] = found
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
        row = life.row
        if life.settles_at is not None:
            timers = life.offered.flow.states[row.state].timers
            timer = next(t for t in timers if t.move and t.do == "fire")
            when = row.entered, timer.move, timer.position, life.settles_at
            part.timers.append(line(row.city_id, row.id, *when))
        ended = NULL if row.closed_at is None else moment(row.closed_at)
        for kind, due, risk in life.targets:
            met = life.met.get(kind)
            at = NULL if met is None else ended if met is row.closed_at else moment(met)
            part.targets.append(
                f"{row.city_id}\t{row.id}\t{kind}\t{moment(due)}\t{moment(risk)}\t{at}\t"
                f"{ended if met is None else at}"
            )
