"""The steps that all writes to a case share: take its lock, ask who may, append and save."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from onehall.casework import (
    following,
    ladder,
    parts,
    queries,
    restoring,
    rules,
    targets,
    timeline,
)
from onehall.casework.errors import CaseChanged, MoveRefused
from onehall.casework.models import Case, Task, TimelineEntry
from onehall.casework.progress import Progress
from onehall.casework.timeline import NewEntry
from onehall.catalog.queries import catalogue
from onehall.kernel.rows import Together, select_together
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewOutbox
from onehall.people.actor import Actor
from onehall.people.models import Queue
from onehall.people.permissions import Key
from onehall.places.models import City

QUEUE_OF: Final = "WHERE id = (SELECT queue_id FROM casework_case WHERE id = %s)"
TASKS_OF: Final = "WHERE case_id = %s ORDER BY cycle, position, id"


def locked(*, city: City, case_id: int, seen: int | None = None) -> Case:
    """The case, locked until the transaction ends; an archived one with its history brought back.

    `seen` is the `lock` that the page showed; raises `CaseChanged` when anything else than a mere
    look was added since.
    """
    cases, found, tasks = select_together(
        (Case, "WHERE id = %s AND city_id = %s FOR UPDATE", [case_id, city.id]),
        (Queue, QUEUE_OF, [case_id]),
        (Task, TASKS_OF, [case_id]),
    )
    if not cases:
        raise Case.DoesNotExist
    case: Case = cases[0]
    # The same rows: what follows need not read them again.
    case.city, case.queue, case.held_tasks = city, found[0], tasks
    restoring.bring_back([case])
    if seen is not None and case.lock != seen and _is_news(case, seen):
        words = _("Somebody else changed this case while you were looking at it.")
        raise CaseChanged(words, case=case, seen=seen)
    return case


def _is_news(case: Case, seen: int) -> bool:
    if seen > case.lock:
        return True
    since = TimelineEntry.objects.filter(case_id=case.id, seq__gt=seen)
    return since.exclude(kind__in=timeline.MERE_LOOKS).exists()


def may_change(case: Case, by: Actor, key: Key | None = None) -> None:
    """Refuse staff who only read, or whose department, areas or city are others, or whose roles lack `key`."""
    mine = by.city_id == case.city_id and by.sees_work(case.queue.department_id, case.areas)
    if not by.writes or not mine:
        raise MoveRefused(_("Your role can read this case but not change it."))
    if key is not None and not by.may(key):
        raise MoveRefused(_("Your role may not do this. The table of roles says who may."))


def may_work(case: Case, by: Actor, key: Key | None = None) -> None:
    """Refuse what `may_change` refuses, and any work on a case that was joined to another."""
    may_change(case, by, key)
    if case.merged_into_id is not None:
        raise MoveRefused(_("This case was joined to another one. Work on that one."))


def text_of(words: str, *, need: str = "words") -> str:
    """Trimmed words; refused when there are none or too many."""
    words = words.strip()
    if not words:
        raise MoveRefused(rules.need_words(need), missing=(need,))
    rules.require_fit(words, missing=(need,))
    return words


def said(city: City, words: str, words_in: Mapping[str, str] | None) -> dict[str, Any]:
    """What an entry keeps of words to residents: `words`, and the same in other languages."""
    data: dict[str, Any] = {"words": text_of(words)}
    others = {code: text.strip() for code, text in (words_in or {}).items() if text.strip()}
    kept = {code: text_of(others[code]) for code in city.languages if code in others}
    return data | {"words_in": kept} if kept else data


def finish(case: Case, entries: Sequence[NewEntry], *, by: Actor, now: datetime) -> None:
    """Append the entries, let the case move on by itself where its flow says so, save it, queue the news."""
    flow = catalogue(case.city).flow_version(case.flow_version_id)
    if flow.acts_by_itself and case.merged_into_id is None:
        progress = Progress.of(case, flow, city=case.city, by=by, now=now)
    else:
        progress = Progress(case=case, flow=flow, city=case.city, by=by, now=now)
    progress.entries += entries
    finish_progress(progress)


def finish_progress(progress: Progress) -> None:
    """The same for an act that already gathered what it does."""
    if progress.case.merged_into_id is None:
        progress.follow()
    case, now = progress.case, progress.now
    service, flow = catalogue(case.city).by_id(case.service_id), progress.flow
    targets.follow(case, flow, service, progress.entries, by=progress.by, now=now)
    ladder.set_next(case, service, calendar=queries.calendar_of(case.city))
    rows, outbox = timeline.append(case, progress.entries, by=progress.by, now=now)
    together = Together()
    together.update(case)
    progress.save(together)
    save_news(case=case, entries=rows, outbox=outbox, now=now, along=together)
    together.send()
    if case.parent_id is not None:
        _tell_parent(progress)


def _tell_parent(progress: Progress) -> None:
    """What a part says to residents stands on its parent, which may move on because the part ended."""
    case = progress.case
    said = parts.said_by(case, progress.entries, progress.flow)
    if said and case.parent_id is not None:
        parent = locked(city=progress.city, case_id=case.parent_id)
        finish(parent, said, by=progress.by, now=progress.now)


def save_news(
    *,
    case: Case,
    entries: list[TimelineEntry],
    outbox: list[NewOutbox],
    now: datetime,
    along: Together,
) -> None:
    """Insert entries and outbox rows of a case, when the caller sends `along`."""
    along.insert(entries, with_pk=True)
    messaging.queue(city_id=case.city_id, rows=outbox, now=now, along=along)
    following.follow_up(case, entries, now=now, along=along)
