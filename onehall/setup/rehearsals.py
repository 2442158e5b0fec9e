"""Rehearsals of the open draft: asked for by a person, played by the worker, kept beside the draft."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from onehall.insights import rehearsal
from onehall.insights.rehearsal import Report, stored
from onehall.insights.rehearsal.stored import Lived
from onehall.kernel import clock
from onehall.messaging import actions as messaging
from onehall.messaging import live
from onehall.messaging.actions import NewOutbox
from onehall.people.actor import Actor
from onehall.places.models import City
from onehall.setup import checking, queries
from onehall.setup.errors import MayNotSetUp, NoRehearsal, SetupRefused
from onehall.setup.models import Rehearsal

log = logging.getLogger(__name__)

TOPIC: Final = "setup.rehearsal"
DAYS: Final = (7, 30, 90)
MOST_CASES: Final = 50_000
"""Cases that one rehearsal plays, from the oldest on; it says so when there were more."""

SILENT: Final = timedelta(minutes=3)
"""After so long without a sign a rehearsal counts as broken off, and another one may begin."""

TELL_EVERY: Final = timedelta(seconds=1)
"""Open pages are told of the progress no more often than that."""


class _Stopped(Exception):
    """Somebody stopped the rehearsal while it was played."""


def channel(row: Rehearsal) -> str:
    """The channel on which open pages hear how far a rehearsal is."""
    return f"rehearsal:{row.pk}"


def latest(city: City, draft_id: int | None) -> Rehearsal | None:
    """The newest rehearsal of a draft."""
    if draft_id is None:
        return None
    return Rehearsal.objects.filter(city=city, draft_id=draft_id).order_by("-id").first()


def one(city: City, pk: int) -> Rehearsal | None:
    """A rehearsal of this city."""
    return Rehearsal.objects.filter(city=city, pk=pk).first()


def is_running(row: Rehearsal, now: datetime) -> bool:
    """Whether somebody still works on it."""
    waits = row.state in (Rehearsal.State.WAITING, Rehearsal.State.RUNNING)
    return waits and now - row.beat_at < SILENT


@transaction.atomic
def ask(*, city: City, seen: str, days: int, by: Actor, now: datetime) -> Rehearsal:
    """Have the open draft rehearsed on the cases of the last days. `seen` is its fingerprint."""
    if not by.sets_up or by.city_id != city.pk:
        raise MayNotSetUp(_("Only those who set up this city can do that."))
    held = City.objects.select_for_update().get(pk=city.pk)
    view = queries.draft_view(held)
    if view.id is None or not view.changed:
        raise SetupRefused(_("The draft changes nothing."))
    if view.fingerprint != seen:
        raise SetupRefused(_("Somebody changed the draft since you looked. Look at it again."))
    if days not in DAYS:
        raise SetupRefused(_("Choose one of the listed numbers of days."))
    before = latest(held, view.id)
    if before is not None and is_running(before, now):
        raise SetupRefused(_("A rehearsal is running already. Wait for its end."))
    row = Rehearsal.objects.create(
        city=held,
        draft_id=view.id,
        fingerprint=seen,
        days=days,
        asked_at=now,
        beat_at=now,
        asked_by_name=by.name[:200],
    )
    wanted = NewOutbox(topic=TOPIC, key=str(row.pk), payload={"rehearsal": row.pk})
    messaging.queue(city_id=held.pk, rows=[wanted], now=now)
    return row


@transaction.atomic
def stop(*, city: City, pk: int, by: Actor, now: datetime) -> None:
    """End a rehearsal that waits or is played. The worker leaves it at the next hundred of cases."""
    if not by.sets_up or by.city_id != city.pk:
        raise MayNotSetUp(_("Only those who set up this city can do that."))
    row = Rehearsal.objects.select_for_update().filter(city=city, pk=pk).first()
    if row is None:
        raise NoRehearsal(_("There is no such rehearsal."))
    if row.state not in (Rehearsal.State.WAITING, Rehearsal.State.RUNNING):
        raise SetupRefused(_("The rehearsal has ended already."))
    row.state, row.ended_at, row.stopped_by_name = Rehearsal.State.STOPPED, now, by.name[:200]
    row.save(update_fields=["state", "ended_at", "stopped_by_name"])
    _tell(row, "stopped", now)


def _tell(row: Rehearsal, what: str, now: datetime) -> None:
    """Wake the pages that show this rehearsal. `what` is different each time."""
    news = live.news(key=f"rehearsal:{row.pk}:{what}", channels=[channel(row)], v=row.played)
    messaging.queue(city_id=row.city_id, rows=[news], now=now)


def play(payload: dict[str, Any], *, city_id: int, key: str, now: datetime) -> None:
    """The worker's part. A second call for the same row leaves it to the first."""
    mine = Rehearsal.objects.filter(pk=payload["rehearsal"], city_id=city_id)
    if not mine.filter(state=Rehearsal.State.WAITING).update(
        state=Rehearsal.State.RUNNING, beat_at=now
    ):
        return
    row = mine.get()
    mine = mine.filter(state=Rehearsal.State.RUNNING)
    try:
        report = _play(row, now)
    except _Stopped:
        return
    except Exception as problem:
        log.exception("event=rehearsal.failed rehearsal=%s", key)
        mine.update(
            state=Rehearsal.State.FAILED, ended_at=clock.now(), error=type(problem).__name__
        )
        _tell(row, "ended", clock.now())
        return
    state = Rehearsal.State.OUTDATED if report is None else Rehearsal.State.DONE
    mine.update(
        state=state, ended_at=clock.now(), report=report.as_doc() if report is not None else None
    )
    _tell(row, "ended", clock.now())


def _play(row: Rehearsal, now: datetime) -> Report | None:
    """None when the draft is no longer the one that was asked about, or has mistakes."""
    city = City.objects.get(pk=row.city_id)
    view = queries.draft_view(city)
    if view.id != row.draft_id or view.fingerprint != row.fingerprint:
        return None
    checked = checking.check(city, view)
    if not checked.sound:
        return None
    pack = checked.pack
    after = rehearsal.of_pack(
        pack.catalog, calendar=pack.places.calendar, zone=pack.places.city.time_zone
    )
    since = now - timedelta(days=row.days)
    mine = Rehearsal.objects.filter(pk=row.pk, state=Rehearsal.State.RUNNING)
    total = stored.how_many(city, since=since, until=now)
    mine.update(total=min(total, MOST_CASES))

    told = now

    def seen(count: int) -> None:
        nonlocal told
        at = clock.now()
        if not mine.update(played=count, beat_at=at):
            raise _Stopped
        if at - told >= TELL_EVERY:
            told, row.played = at, count
            _tell(row, str(count), at)

    report = rehearsal.rehearse(
        rehearsal.of_city(city),
        after,
        islice(_in_batches(city, since, now), MOST_CASES),
        since=since,
        until=now,
        seen=seen,
    )
    mine.update(played=min(total, MOST_CASES), left_out=max(0, total - MOST_CASES))
    return report


def _in_batches(city: City, since: datetime, until: datetime) -> Iterator[Lived]:
    """The cases, each batch read in a transaction that can not write; between them progress is noted."""
    return chain.from_iterable(stored.batches(city, since=since, until=until))


def report_of(row: Rehearsal) -> Report | None:
    """What a rehearsal found."""
    return rehearsal.from_doc(row.report) if row.report else None
