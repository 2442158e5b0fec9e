"""The writes of this room: sums by day out of the cases, kept current, proved, and rebuilt at any time."""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from onehall.casework.models import Case
from onehall.casework.rules import good_end
from onehall.catalog.queries import catalogue
from onehall.insights import periods, statements
from onehall.insights.models import DayFigure, RollUp
from onehall.places.areas import public_layers
from onehall.places.models import City

log = logging.getLogger(__name__)

AT_ONCE: Final = 31
"""Days summed up in one transaction."""

VERSION: Final = 2
"""Grows when the sums are reckoned otherwise, so that older ones are not read any more."""

LOCK: Final = 0x6F6E6568
"""First half of the advisory lock that lets one worker at a time sum up a city."""

type Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What the sums of a city depend on besides its cases."""

    city_id: int
    zone: str
    layer: str
    wanted: tuple[tuple[str, int], ...]

    @property
    def basis(self) -> str:
        """The same for the same reckoning."""
        text = json.dumps([VERSION, self.zone, self.layer, self.wanted])
        return hashlib.sha256(text.encode()).hexdigest()

    def given(self, first: date, last: date) -> dict[str, Any]:
        """The parameters that sum up some days."""
        zone = ZoneInfo(self.zone)
        return {
            "city": self.city_id,
            "zone": self.zone,
            "layer": self.layer,
            "start": periods.midnight(first, zone),
            "end": periods.midnight(last + timedelta(days=1), zone),
            "first": first,
            "last": last,
            "most": statements.MOST_DAYS,
            "outcomes": [outcome for outcome, _ in self.wanted],
            "services": [service for _, service in self.wanted],
        }


def reckoning(city: City) -> Reckoning:
    """How a city's days are summed up today."""
    wanted = [(o, s) for o, services in photo_wanted(city).items() for s in services]
    return Reckoning(city.pk, city.time_zone, area_layer(city), tuple(wanted))


def area_layer(city: City) -> str:
    """The layer that figures are told by: the first one that residents may see; "" without any."""
    return next(iter(public_layers(city)), "")


def photo_wanted(city: City) -> dict[str, tuple[int, ...]]:
    """Good ends for which services want a photo of the finished work: outcome to services."""
    wanted: dict[str, list[int]] = {}
    for service in catalogue(city).every:
        if "after_photo" in service.closing_needs and good_end(service):
            wanted.setdefault(good_end(service), []).append(service.id)
    return {outcome: tuple(sorted(ids)) for outcome, ids in sorted(wanted.items())}


def keep_current(*, now: datetime) -> None:
    """Sum up the days that changed, in every city; all days of one whose reckoning changed."""
    for city in City.objects.order_by("id"):
        by = reckoning(city)
        known = RollUp.objects.filter(pk=city.pk).values_list("basis", flat=True).first()
        if known != by.basis:
            rebuild(city, now=now)
        else:
            refresh(city, by, now=now)


def refresh(city: City, by: Reckoning, *, now: datetime) -> int:
    """Sum up the past days that are marked as stale; returns how many."""
    today = now.astimezone(ZoneInfo(city.time_zone)).date()
    done = 0
    with connection.cursor() as cursor:
        cursor.execute(statements.STALE, {"city": city.pk, "zone": by.zone, "today": today})
        days = [row[0] for row in cursor.fetchall()]
    for day in days:
        with transaction.atomic():
            if not _alone(city):
                return done
            _sum_up(by, day, day)
        done += 1
    return done


def rebuild(city: City, *, now: datetime, seen: Callable[[int], None] = lambda _days: None) -> int:
    """Sum up every past day anew; returns how many. Until the end the figures are counted from the cases."""
    by, zone = reckoning(city), ZoneInfo(city.time_zone)
    with transaction.atomic():
        if not _alone(city):
            return 0
        RollUp.objects.filter(pk=city.pk).update(basis="")
        DayFigure.objects.filter(city_id=city.pk).delete()
    oldest = Case.objects.of_city(city.pk).order_by("opened_at", "id")
    first = oldest.values_list("opened_at", flat=True).first()
    last = now.astimezone(zone).date() - timedelta(days=1)
    day = _first_day(city, first, zone) if first is not None else last + timedelta(days=1)
    done = 0
    while day <= last:
        end = min(last, day + timedelta(days=AT_ONCE - 1))
        with transaction.atomic():
            if not _alone(city):
                return done
            _sum_up(by, day, end)
        done += (end - day).days + 1
        seen(done)
        day = end + timedelta(days=1)
    facts = {"basis": by.basis, "built_at": now}
    RollUp.objects.update_or_create(city_id=city.pk, defaults=facts)
    return done


def _first_day(city: City, opened: datetime, zone: ZoneInfo) -> date:
    """The day on which the oldest case came in; one taken over may have been closed even before."""
    closed = (
        Case.objects.of_city(city.pk)
        .filter(closed_at__isnull=False)
        .order_by("closed_at", "id")
        .values_list("closed_at", flat=True)
        .first()
    )
    return min(opened, closed or opened).astimezone(zone).date()


def _alone(city: City) -> bool:
    """Whether no other worker sums up this city until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, city.pk % 2**31])
        return bool(cursor.fetchone()[0])


def _sum_up(by: Reckoning, first: date, last: date) -> None:
    """Replace the sums of some days. What changes from here on marks them as stale again."""
    given = by.given(first, last)
    with connection.cursor() as cursor:
        # First the marks that are seen, in a statement of its own: what made them is seen below.
        cursor.execute(statements.UNMARK, given)
        cursor.execute(statements.FORGET, given)
        cursor.execute(statements.SUM_UP, given)


def prove(*, now: datetime) -> None:
    """Compare one summed day of every city, picked at random, with its cases."""
    for city in City.objects.order_by("id"):
        day = _any_day(city, Random(f"{city.pk}:{now.isoformat()}"))  # noqa: S311  (a sample)
        if day is not None:
            prove_day(city, day, now=now)


def prove_day(city: City, day: date, *, now: datetime) -> bool | None:
    """Whether the sums of a day are those of its cases; None while they are not claimed to be.

    A day that is wrong is said so, and summed up anew.
    """
    by = reckoning(city)
    given = by.given(day, day)
    with transaction.atomic():
        state = RollUp.objects.filter(pk=city.pk, basis=by.basis)
        if not _alone(city) or not state.exists():
            return None
        with connection.cursor() as cursor:
            # In one statement, so that nothing can change in between.
            cursor.execute(statements.PROVE, given)
            stale, wrong = cursor.fetchone()
        if stale:
            return None
        state.update(proved_at=now, proved_day=day)
        if wrong:
            log.error("event=figures.wrong city=%d day=%s", city.pk, day.isoformat())
            state.update(wrong_at=now, wrong_day=day)
            _sum_up(by, day, day)
    return not wrong


def _any_day(city: City, chance: Random) -> date | None:
    """A day between the first that was summed up and the last, the empty ones too."""
    days = DayFigure.objects.filter(city_id=city.pk, kind=DayFigure.Kind.SERVICE)
    first, last = days.order_by("day").first(), days.order_by("-day").first()
    if first is None or last is None:
        return None
    return first.day + timedelta(days=chance.randint(0, (last.day - first.day).days))
