"""Open cases put into areas that were drawn anew: begun when a change of them is in force, done by the worker in
rounds, stopped and resumed by those who set up.
"""

import time
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from onehall.casework import redistricting
from onehall.casework.redistricting import Batch
from onehall.kernel import clock
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewOutbox
from onehall.people.actor import Actor, system
from onehall.places import areas
from onehall.places.models import Area, City
from onehall.setup.area_models import AreaMove
from onehall.setup.errors import MayNotSetUp, SetupRefused

TOPIC: Final = "setup.areas"
ROUND: Final = 15.0
"""Seconds of one round: well inside the lease of the worker, and other work gets its turn between."""
SILENT: Final = timedelta(minutes=3)
"""After so long without a sign it counts as broken off, and can be resumed."""

_SETTLES: Final = timedelta(seconds=3)
"""After so long every process of the pages places new cases by the new areas."""

type Names = dict[str, dict[str, dict[str, str]]]
State = AreaMove.State
_UNDER_WAY: Final = (State.WAITING, State.RUNNING)


def names_of(city: City) -> Names:
    """What the areas are called now, by layer and code; read it before a change of them."""
    found: Names = {}
    rows = Area.objects.filter(city=city).order_by("layer", "code")
    for layer, code, name in rows.values_list("layer", "code", "name"):
        found.setdefault(layer, {})[code] = name
    return found


def begin(*, city: City, names: Names, by_name: str, now: datetime) -> AreaMove:
    """Have the open cases put where they lie now, in the caller's transaction. What was under way is overtaken."""
    before = latest(city)
    if before is not None and before.state in (*_UNDER_WAY, State.STOPPED):
        for layer, known in before.names.items():
            names[layer] = known | names.get(layer, {})
        AreaMove.objects.filter(pk=before.pk).update(state=State.OVERTAKEN, ended_at=now)
    row = AreaMove.objects.create(
        city=city,
        revision=city.revision,
        asked_at=now,
        beat_at=now,
        by_name=by_name[:200],
        total=redistricting.how_many(city),
        names=names,
    )
    _queue(row, now, due_at=now + _SETTLES)
    return row


def latest(city: City) -> AreaMove | None:
    """The newest of a city."""
    return AreaMove.objects.filter(city=city).order_by("-id").first()


def is_running(row: AreaMove, now: datetime) -> bool:
    """Whether the worker has it, or will soon."""
    return row.state in _UNDER_WAY and now - row.beat_at < SILENT


def _queue(row: AreaMove, now: datetime, *, due_at: datetime | None = None) -> None:
    key = f"{row.pk}:{row.round}"
    wanted = NewOutbox(topic=TOPIC, key=key, payload={"move": row.pk}, due_at=due_at)
    messaging.queue(city_id=row.city_id, rows=[wanted], now=now)


@transaction.atomic
def stop(*, city: City, pk: int, by: Actor, now: datetime) -> AreaMove:
    """Leave the rest of the cases as they are until it is resumed."""
    row = _mine(city, pk, by)
    if row.state in _UNDER_WAY:
        row.state, row.beat_at = State.STOPPED, now
        row.save(update_fields=["state", "beat_at"])
    return row


@transaction.atomic
def resume(*, city: City, pk: int, by: Actor, now: datetime) -> AreaMove:
    """Go on where it was stopped, or where it was broken off."""
    row = _mine(city, pk, by)
    if is_running(row, now):
        return row
    if row.state in (State.DONE, State.OVERTAKEN):
        raise SetupRefused(_("There is nothing left of it to do."))
    row.state, row.beat_at, row.round = State.WAITING, now, row.round + 1
    row.save(update_fields=["state", "beat_at", "round"])
    _queue(row, now)
    return row


def _mine(city: City, pk: int, by: Actor) -> AreaMove:
    """The row, held; `AreaMove.DoesNotExist` for one of another city."""
    if not by.sets_up or by.city_id != city.pk:
        raise MayNotSetUp(_("Only those who set up this city can do that."))
    return AreaMove.objects.select_for_update().get(pk=pk, city=city)


def work(payload: dict[str, Any], *, city_id: int, key: str, now: datetime) -> None:
    """One round of the worker. A row of an earlier round, or of a stopped one, does nothing."""
    number = int(key.rpartition(":")[2])
    mine = AreaMove.objects.filter(pk=payload["move"], city_id=city_id, round=number)
    if not mine.filter(state__in=_UNDER_WAY).update(state=State.RUNNING, beat_at=now):
        return
    city = City.objects.get(pk=city_id)
    index = areas.index_of(city)
    until = time.monotonic() + ROUND
    while time.monotonic() < until:
        if not _step(city, index, payload["move"], number):
            return
    with transaction.atomic():
        row = mine.select_for_update().filter(state=State.RUNNING).first()
        if row is not None:
            row.round += 1
            row.save(update_fields=["round"])
            _queue(row, clock.now())


@transaction.atomic
def _step(city: City, index: areas.AreaIndex, pk: int, number: int) -> bool:
    """One batch with its count, written together; False when there is nothing more to do here."""
    held = AreaMove.objects.select_for_update().filter(pk=pk, round=number, state=State.RUNNING)
    row = held.first()
    if row is None:
        return False
    now = clock.now()
    done = redistricting.put_batch(
        city=city, index=index, after=row.last_case, names=row.names, by=system(city.pk), now=now
    )
    _note(row, done, now)
    return done.last is not None


def _note(row: AreaMove, done: Batch, now: datetime) -> None:
    row.beat_at = now
    if done.last is None:
        row.state, row.ended_at = State.DONE, now
    else:
        row.last_case = done.last
        row.looked_at += done.looked_at
        row.moved += done.moved
        row.dates += done.dates
    row.save(update_fields=["beat_at", "state", "ended_at", "last_case", "looked_at", "moved", "dates"])  # fmt: skip
