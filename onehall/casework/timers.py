"""The writes about timers: fire one that is due, let go of one, begin again after a join was undone."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, models, transaction
from django.db.models import QuerySet

from onehall.casework import actions, effects, ladder, queries, steps
from onehall.casework.models import Case, CaseTarget, Timer
from onehall.casework.progress import Progress, timers_of
from onehall.casework.rules import Given
from onehall.catalog.queries import catalogue
from onehall.people.actor import system
from onehall.places.models import City

MOST_ATTEMPTS: Final = 10
"""How often a timer that fails is tried, over some four hours, before it is given up."""

LONGEST_BACK_OFF: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A timer that this transaction has taken: it counts as fired when the transaction ends well."""

    id: int
    city_id: int
    case_id: int
    entered: int
    kind: str
    move: str
    position: int
    attempts: int


CLAIM: Final = """
UPDATE casework_timer SET fired_at = %(now)s
WHERE id = (
    SELECT id FROM casework_timer
    WHERE fired_at IS NULL AND at <= %(now)s
    ORDER BY at, id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING id, city_id, case_id, entered, kind, move, position, attempts
"""


def claim(*, now: datetime) -> Claimed | None:
    """Take the timer that is due longest and that nobody else has; in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now})
        row = cursor.fetchone()
    return Claimed(*row) if row else None


def fire(timer: Claimed, *, city: City, now: datetime) -> bool:
    """Do what a claimed timer is for, in the transaction of the claim; False when it was stale.

    Raises `MoveRefused` when the flow does not let the system make the move.
    """
    case = steps.locked(city=city, case_id=timer.case_id)
    if case.entered != timer.entered or case.merged_into_id is not None:
        return False
    if timer.kind != Timer.Kind.FIRE:
        return _tell(city, case, timer, now)
    actions.move_locked(
        city=city, case=case, move=timer.move, by=system(city.id), now=now, given=Given()
    )
    return True


@transaction.atomic
def climb(*, city: City, case_id: int, now: datetime) -> bool:
    """Take the next step of a case's ladder if it is due; False when another worker took it or it is not due any more."""
    held = Case.objects.select_for_update(skip_locked=True, of=("self",))
    case = held.filter(pk=case_id, city_id=city.id, is_open=True, ladder_at__lte=now).first()
    if case is None or case.paused_at is not None or case.merged_into_id is not None:
        return False
    case.city = city
    service = catalogue(city).by_id(case.service_id)
    step = ladder.next_step(case, service)
    if step is None:
        Case.objects.filter(pk=case.pk).update(ladder_at=None)
        return False
    entry = ladder.entry_of(step, case.ladder_step)
    case.ladder_step += 1
    steps.finish(case, [entry], by=system(city.id), now=now)
    return True


@transaction.atomic
def climb_target(*, city: City, target_id: int, case_id: int, now: datetime) -> bool:
    """The same for the ladder of a further target."""
    held = Case.objects.select_for_update(skip_locked=True, of=("self",))
    case = held.filter(pk=case_id, city_id=city.id, is_open=True, paused_at=None).first()
    due = CaseTarget.objects.filter(pk=target_id, case_id=case_id, ended_at=None)
    row = due.filter(ladder_at__lte=now).first()
    if case is None or row is None or case.merged_into_id is not None:
        return False
    case.city = city
    service = catalogue(city).by_id(case.service_id)
    target = next((t for t in service.targets if t.kind == row.kind), None)
    step = ladder.next_step_of(row, target)
    if step is not None:
        entry = ladder.entry_of(step, row.ladder_step, target=row.kind)
        row.ladder_step += 1
        steps.finish(case, [entry], by=system(city.id), now=now)
    ladder.set_next_of(row, target, calendar=queries.calendar_of(city))
    row.save(update_fields=["ladder_at", "ladder_step"])
    return step is not None


def _tell(city: City, case: Case, timer: Claimed, now: datetime) -> bool:
    """Remind or escalate, as the state of the case says at the timer's place."""
    flow = catalogue(city).flow_version(case.flow_version_id)
    effect = next(
        (t.effect for t in flow.states[case.state].timers if t.position == timer.position), None
    )
    if effect is None:
        return False
    progress = Progress.of(case, flow, city=city, by=system(city.id), now=now)
    effects.apply(progress, effect)
    steps.finish_progress(progress)
    return True


@transaction.atomic
def let_go(*, timer_id: int, now: datetime) -> None:
    """Do without a due timer whose move is refused: it would be refused for ever."""
    Timer.objects.filter(pk=timer_id, fired_at=None).update(fired_at=now)


@transaction.atomic
def put_off(*, timer: Claimed, error: str, now: datetime) -> bool:
    """Try a timer that failed again later, or give it up after the last attempt; whether it was given up.

    So it holds up nobody else. `error` is stored, so it holds no personal data.
    """
    attempts = timer.attempts + 1
    mine = Timer.objects.filter(pk=timer.id, fired_at=None, attempts=timer.attempts)
    if attempts < MOST_ATTEMPTS:
        mine.update(at=now + back_off(attempts), attempts=attempts, error=error[:200])
        return False
    return bool(mine.update(fired_at=now, parked_at=now, attempts=attempts, error=error[:200]))


def back_off(attempts: int) -> timedelta:
    """How long a timer waits after so many failures: 1, 2, 4 minutes and so on, at most an hour."""
    return min(timedelta(minutes=2 ** (attempts - 1)), LONGEST_BACK_OFF)


def parked() -> QuerySet[Timer]:
    """Timers of every city that were given up and whose case still waits for them."""
    given_up = Timer.objects.filter(parked_at__isnull=False, case__merged_into=None)
    return given_up.filter(entered=models.F("case__entered"))


@transaction.atomic
def retry(*, city: City, ids: Collection[int], now: datetime) -> int:
    """Let timers of a city that were given up fire after all, as soon as a worker comes; how many."""
    mine = Timer.objects.filter(city_id=city.pk, pk__in=ids, parked_at__isnull=False)
    return mine.update(fired_at=None, parked_at=None, attempts=0, error="", at=now)


@transaction.atomic
def rest_ladder(*, case_id: int, until: datetime) -> None:
    """Try the ladder of a case again later, so that one that fails does not hold up the others."""
    Case.objects.filter(pk=case_id).update(ladder_at=until)


@transaction.atomic
def rest_target(*, target_id: int, until: datetime) -> None:
    """The same for the ladder of a further target."""
    CaseTarget.objects.filter(pk=target_id).update(ladder_at=until)


def begin_again(*, city: City, case: Case, now: datetime) -> None:
    """Count the waiting times of the case's state from now. In the caller's transaction.

    Nothing fires while a case is joined; fired at once afterwards, nobody could still answer.
    """
    flow = catalogue(city).flow_version(case.flow_version_id)
    for timer in timers_of(case, flow, city=city, since=now):
        mine = Timer.objects.filter(case_id=case.pk, entered=case.entered, kind=timer.kind)
        mine.filter(move=timer.move, position=timer.position).update(
            at=timer.at, fired_at=None, parked_at=None, attempts=0, error=""
        )
