"""What becomes of a made-up case, from its report to where it stands at the end of the history."""

from datetime import datetime, timedelta
from random import Random
from typing import Final

from onehall.casework import clock
from onehall.catalog.targets import FIRST_RESPONSE, Target
from onehall.kernel.work_calendar import WorkCalendar
from onehall.service_requests.generating.parts import RESIDENT, SYSTEM, Life
from onehall.service_requests.generating.pools import Worker
from onehall.service_requests.generating.profile import Profile
from onehall.service_requests.generating.ways import End, Step

_WORDS: Final = 64
"""Choices of words are drawn from so many, and counted round where there are fewer."""
_BEGUN: Final = 0.3
"""Share of the open cases on which work was started."""


class Living:
    """Lives the cases of one history. `until` is its end: what would come later has not happened."""

    def __init__(self, profile: Profile, calendar: WorkCalendar, until: datetime) -> None:
        self._until, self._calendar = until, calendar
        self._shares = profile.shares
        self._still_open = [(timedelta(days=days), share) for days, share in profile.still_open]

    def live(self, life: Life, rng: Random) -> None:
        """All moves of a case that were made before the end."""
        random = rng.random
        row, ways = life.row, life.offered.ways
        at = row.opened_at
        worker = life.workers[int(random() * len(life.workers))]
        done = at + timedelta(seconds=life.seconds)
        ended = done < self._until and not self._forgotten(at, rng)
        moment = at
        for step in ways.before:
            moment += (done - moment) / 8
            if moment >= self._until:
                return
            life.move(step, moment, worker)
        begun = moment + (done - moment) / 3
        works = random() < (self._shares["worked"] if ended else _BEGUN)
        end = ways.good
        if works and ways.start and ways.good_worked and begun < self._until:
            life.move(ways.start, begun, worker)
            self._meets(life, ways.start, begun)
            row.assignee_id = worker.id
            end = ways.good_worked
        elif ways.refused and random() < self._shares["refused"]:
            end = ways.refused[int(random() * len(ways.refused))]
        if ended:
            row.assignee_id = worker.id
            self._close(life, end.close, done, worker, rng)
            self._after(life, end, done, worker, rng)

    def _forgotten(self, at: datetime, rng: Random) -> bool:
        """Whether it is one of the old ones that nobody has closed."""
        age = self._until - at
        share = next((share for oldest, share in self._still_open if age >= oldest), 0.0)
        return rng.random() < share

    def _close(self, life: Life, step: Step, at: datetime, by: Worker, rng: Random) -> None:
        life.close(step, at, by, int(rng.random() * _WORDS))
        self._meets(life, step, at)

    def _after(self, life: Life, end: End, done: datetime, worker: Worker, rng: Random) -> None:
        """Silence, a yes, or a no and another try."""
        shares, heard = self._shares, rng.random()
        at = done + timedelta(seconds=3600 + int(rng.random() * 200_000))
        if at < self._until and not self._is_settled(end, done, at):
            if heard < shares["reopened"] and end.dispute and end.again:
                self._again(life, end, at, worker, rng)
                return
            if end.accept and shares["reopened"] <= heard < shares["reopened"] + shares["accepted"]:
                life.verdict(at, fixed=True)
                life.move(end.accept, at, RESIDENT)
                return
        self._settle(life, end.settle, end, done)

    def _is_settled(self, end: End, done: datetime, at: datetime) -> bool:
        """Whether the silence was over before, or nothing can be said any more."""
        if end.settle and at >= clock.later(end.settle_after, done, self._calendar):
            return True
        return end.dispute_within is not None and at > done + end.dispute_within

    def _settle(self, life: Life, step: Step | None, end: End, done: datetime) -> None:
        if step is None:
            return
        silent = clock.later(end.settle_after, done, self._calendar)
        if silent < self._until:
            life.move(step, silent, SYSTEM)
        else:
            life.settles_at = silent

    def _again(self, life: Life, end: End, at: datetime, worker: Worker, rng: Random) -> None:
        """Not fixed: open again with a new date, and closed again some days later."""
        row = life.row
        if end.dispute is None or end.again is None:
            return
        life.verdict(at, fixed=False)
        life.move(end.dispute, at, RESIDENT, int(rng.random() * _WORDS))
        row.reopened, row.closed_at, row.outcome = 1, None, ""
        row.due_at, row.counted_from = clock.due(life.terms.promise, at, self._calendar), at
        done = at + timedelta(seconds=7200 + int(rng.random() * 500_000))
        if done < self._until:
            self._close(life, end.again, done, worker, rng)
            if end.settle and end.settle.before == row.state:
                self._settle(life, end.settle, end, done)

    def _meets(self, life: Life, step: Step, at: datetime) -> None:
        """Note the targets that a move of the staff meets."""
        for target in life.offered.service.targets:
            if _is_met(target, life, step):
                life.met.setdefault(target.kind, at)


def _is_met(target: Target, life: Life, step: Step) -> bool:
    flow = life.offered.flow
    if flow.states[step.state].stage in target.stages or step.move in target.moves:
        return True
    if target.kind == FIRST_RESPONSE:
        return '"words":' in step.data[0]
    if flow.moves[step.move].purpose == "start" and not (target.stages or target.moves):
        return True
    # Whoever fixed it was there.
    return step.outcome == life.offered.ways.good.close.outcome != ""
