"""Who of the staff has a case open now, and who is writing: rows that live a minute, never an entry.

Kept in the database and not in a process, so that it holds over several of them. Pages report every
`BEAT`; whoever reported nothing for `LIFE` is gone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from onehall.casework.models import Case, Presence
from onehall.messaging import actions as messaging
from onehall.messaging import live
from onehall.people.actor import Actor

BEAT: Final = timedelta(seconds=25)
LIFE: Final = timedelta(seconds=75)
"""Longer than the minute that browsers make of every timer in a tab that is not looked at."""

KEPT: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Looker:
    """Another person who has the case open."""

    name: str
    writing: bool


def channel(case: Case) -> str:
    """What open pages of the desk listen to; residents never get a token for it."""
    return f"looking:{case.id}"


def others(case: Case, by: Actor, *, now: datetime) -> list[Looker]:
    """Who else has the case open, those who write first; one query."""
    rows = Presence.objects.filter(case_id=case.id, seen_at__gt=now - LIFE)
    found = rows.exclude(user_id=by.user_id or 0).order_by("-writing", "name", "user_id")
    return [Looker(name, writing) for name, writing in found.values_list("name", "writing")[:20]]


@transaction.atomic
def look(*, case: Case, by: Actor, writing: bool, now: datetime) -> None:
    """Say that a member of staff has the case open. Other open pages are told of what is new."""
    if not by.is_staff or by.city_id != case.city_id or by.user_id is None:
        return
    before = Presence.objects.filter(case_id=case.id, user_id=by.user_id, seen_at__gt=now - LIFE)
    known = before.values_list("writing", flat=True).first()
    Presence.objects.bulk_create(
        [
            Presence(
                case_id=case.id,
                user_id=by.user_id,
                city_id=case.city_id,
                name=by.name,
                writing=writing,
                seen_at=now,
            )
        ],
        update_conflicts=True,
        unique_fields=["case_id", "user_id"],
        update_fields=["name", "writing", "seen_at"],
    )
    if known is None or known != writing:
        _tell(case, by, now)


@transaction.atomic
def leave(*, case: Case, by: Actor, now: datetime) -> None:
    """The last page of the case was closed."""
    gone, _rows = Presence.objects.filter(case_id=case.id, user_id=by.user_id or 0).delete()
    if gone:
        _tell(case, by, now)


def purge(now: datetime) -> int:
    """Forget who was here; returns how many rows went."""
    return Presence.objects.filter(seen_at__lt=now - KEPT).delete()[0]


def _tell(case: Case, by: Actor, now: datetime) -> None:
    """Wake the open pages: without any name, they ask for what they may see."""
    key = f"looking:{case.id}:{by.user_id}:{now.timestamp():.6f}"
    news = live.news(key=key, channels=[channel(case)], v=case.lock)
    messaging.queue(city_id=case.city_id, rows=[news], now=now)
