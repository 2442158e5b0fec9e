"""The steps that all writes to a case share: take its lock, ask who may, append and save."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from onehall.casework import clock, queries, rules, timeline
from onehall.casework.errors import CaseChanged, MoveRefused
from onehall.casework.models import Case, TimelineEntry, Timer
from onehall.casework.timeline import NewEntry
from onehall.catalog import categories
from onehall.catalog.flows import FlowDefinition
from onehall.kernel.rows import Together, insert
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
    """Refuse staff who only read, or who are of another department or another city."""
    mine = by.city_id == case.city_id and by.sees_department(case.queue.department_id)
    if not by.writes or not mine:
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


def said(city: City, words: str, words_in: Mapping[str, str] | None) -> dict[str, Any]:
    """What an entry keeps of words to residents: `words`, and the same in other languages."""
    data: dict[str, Any] = {"words": text_of(words)}
    others = {code: text.strip() for code, text in (words_in or {}).items() if text.strip()}
    kept = {code: text_of(others[code]) for code in city.languages if code in others}
    return data | {"words_in": kept} if kept else data


def finish(case: Case, entries: Sequence[NewEntry], *, by: Actor, now: datetime) -> None:
    """Append the entries, save the case, queue the news."""
    rows, outbox = timeline.append(case, entries, by=by, now=now)
    case.save()
    save_news(case=case, entries=rows, outbox=outbox, now=now)


def save_news(
    *,
    case: Case,
    entries: list[TimelineEntry],
    outbox: list[NewOutbox],
    now: datetime,
    along: Together | None = None,
) -> None:
    """Insert entries and outbox rows of a case, sent as one; with `along`, when the caller sends."""
    together = along or Together()
    together.insert(entries, with_pk=True)
    messaging.queue(city_id=case.city_id, rows=outbox, now=now, along=together)
    if along is None:
        together.send()


def enter(case: Case, flow: FlowDefinition, target: str, *, city: City, now: datetime) -> None:
    """Change state, category, open flag, promise clock and timers."""
    state = flow.states[target]
    was_paused = categories.is_paused(case.category)
    case.previous_state = case.previous_state if was_paused else case.state
    case.state, case.category = target, state.category
    case.is_open = categories.is_open(state.category)
    case.closed_at = None if case.is_open else (case.closed_at or now)
    case.entered += 1
    held = clock.Clock(case.due_at, case.paused_at)
    if categories.is_paused(state.category):
        held = clock.pause(held, now)
    elif was_paused:
        held = clock.resume(held, now, queries.calendar_of(city))
    case.due_at, case.paused_at = held.due_at, held.paused_at
    case.due_order = clock.order(case.due_at)
    insert(timers_of(case, flow, now))


def timers_of(case: Case, flow: FlowDefinition, now: datetime) -> list[Timer]:
    """The timers of the state that the case is in now, not saved yet."""
    return [
        Timer(city_id=case.city_id, case=case, entered=case.entered, move=t.move, at=now + t.after)
        for t in flow.states[case.state].timers
    ]
