"""The steps that all writes to a case share: take its lock, ask who may, append and save."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from onehall.casework import rules, timeline
from onehall.casework.errors import CaseChanged, MoveRefused
from onehall.casework.models import Case, TimelineEntry
from onehall.casework.timeline import NewEntry
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewOutbox
from onehall.people.actor import Actor
from onehall.places.models import City


def locked(*, city: City, case_id: int, seen: int | None = None) -> Case:
    """The case, locked until the transaction ends.

    `seen` is the `lock` that the page showed; raises `CaseChanged` when anything else than a mere
    look was added since.
    """
    case = (
        Case.objects.of_city(city.id)
        .select_for_update(of=("self",))
        .select_related("queue")
        .get(pk=case_id)
    )
    if seen is not None and case.lock != seen and _is_news(case, seen):
        words = _("Somebody else changed this case while you were looking at it.")
        raise CaseChanged(words, case=case, seen=seen)
    return case


def _is_news(case: Case, seen: int) -> bool:
    if seen > case.lock:
        return True
    since = TimelineEntry.objects.filter(case_id=case.id, seq__gt=seen)
    return since.exclude(kind__in=timeline.MERE_LOOKS).exists()


def may_change(case: Case, by: Actor) -> None:
    """Refuse staff who only read or are of another department."""
    if not by.writes or not by.sees_department(case.queue.department_id):
        raise MoveRefused(_("Your role can read this case but not change it."))


def may_work(case: Case, by: Actor) -> None:
    """Refuse what `may_change` refuses, and any work on a case that was joined to another."""
    may_change(case, by)
    if case.merged_into_id is not None:
        raise MoveRefused(_("This case was joined to another one. Work on that one."))


def text_of(words: str, *, need: str = "words") -> str:
    """Trimmed words; refused when there are none or too many."""
    words = words.strip()
    if not words:
        raise MoveRefused(rules.need_words(need), missing=(need,))
    if len(words) > rules.MAX_WORDS:
        raise MoveRefused(rules.too_long(), missing=(need,))
    return words


def finish(case: Case, entries: Sequence[NewEntry], *, by: Actor, now: datetime) -> None:
    """Append the entries, save the case, queue the news."""
    rows, outbox = timeline.append(case, entries, by=by, now=now)
    case.save()
    save_news(case=case, entries=rows, outbox=outbox, now=now)


def save_news(
    *, case: Case, entries: list[TimelineEntry], outbox: list[NewOutbox], now: datetime
) -> None:
    """Insert entries and outbox rows of a case, two statements."""
    TimelineEntry.objects.bulk_create(entries)
    messaging.queue(city_id=case.city_id, rows=outbox, now=now)
