"""What differs between two plays of one case. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from onehall.insights.rehearsal.played import Played, Told

type Kind = Literal[
    "service_gone", "service_new", "stop", "no_stop", "asked", "must_answer", "not_asked", "queue", "because",
    "holder", "priority", "earlier", "later", "no_promise", "target", "refused", "allowed", "itself", "not_itself", "timer",
    "no_timer", "task", "no_task", "told", "not_told", "reworded", "state", "trouble",
]  # fmt: skip

KINDS: Final[tuple[Kind, ...]] = (
    "service_gone", "service_new", "stop", "no_stop", "queue", "because", "holder", "priority", "earlier",
    "later", "no_promise", "target", "must_answer", "asked", "not_asked", "refused", "allowed", "itself", "not_itself", "timer",
    "no_timer", "task", "no_task", "told", "not_told", "reworded", "state", "trouble",
)  # fmt: skip
"""Every kind of difference, what weighs most first."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise: what it is about, as it is today and as it would be."""

    kind: Kind
    about: str = ""
    was: str = ""
    now: str = ""


def differences(before: Played, after: Played) -> list[Difference]:
    """Everything in which the second play is not like the first; [] when a draft changes nothing for a case."""
    if before.offered != after.offered:
        return [Difference("service_new" if after.offered else "service_gone", before.service)]
    if not before.offered:
        return []
    if before.stop != after.stop:
        if after.stop:
            return [Difference("stop", before.service, before.stop, after.stop)]
        return [Difference("no_stop", before.service, before.stop)]
    if bool(before.trouble) != bool(after.trouble):
        return [Difference("trouble", before.service, before.trouble, after.trouble)]
    return [
        *_opening(before, after),
        *_questions(before, after),
        *_moves(before, after),
        *_more_or_less("itself", "not_itself", before.itself, after.itself),
        *_more_or_less("timer", "no_timer", before.timers, after.timers),
        *_more_or_less("task", "no_task", before.tasks, after.tasks),
        *_told(before.told, after.told),
        *(
            [Difference("state", "", before.state, after.state)]
            if _elsewhere(before, after)
            else []
        ),
    ]


def _elsewhere(before: Played, after: Played) -> bool:
    return before.state != after.state


def _opening(before: Played, after: Played) -> Iterator[Difference]:
    if before.queue != after.queue:
        yield Difference("queue", "", before.queue, after.queue)
    elif before.because != after.because:
        yield Difference("because", before.queue, before.because, after.because)
    if before.holder != after.holder:
        yield Difference("holder", "", before.holder, after.holder)
    if before.priority != after.priority:
        yield Difference("priority", "", before.priority, after.priority)
    yield from _due(before.due, after.due)
    for kind in {**before.targets, **after.targets}:
        was, now = before.targets.get(kind), after.targets.get(kind)
        if was != now:
            yield Difference("target", kind, _iso(was), _iso(now))


def _due(before: datetime | None, after: datetime | None) -> Iterator[Difference]:
    if before == after:
        return
    was, now = _iso(before), _iso(after)
    if after is None:
        yield Difference("no_promise", "", was, now)
    elif before is None or after < before:
        yield Difference("earlier", "", was, now)
    else:
        yield Difference("later", "", was, now)


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _questions(before: Played, after: Played) -> Iterator[Difference]:
    required = [q for q in after.unanswered if q not in before.unanswered]
    for key in required:
        yield Difference("must_answer", key)
    for key in after.asked:
        if key not in before.asked and key not in required:
            yield Difference("asked", key)
    for key in before.asked:
        if key not in after.asked:
            yield Difference("not_asked", key)


def _moves(before: Played, after: Played) -> Iterator[Difference]:
    for number, (move, why) in after.refused.items():
        if number not in before.refused:
            yield Difference("refused", move, "", why)
    for number, (move, why) in before.refused.items():
        if number not in after.refused:
            yield Difference("allowed", move, why, "")


def _more_or_less(
    more: Kind, less: Kind, before: Sequence[str], after: Sequence[str]
) -> Iterator[Difference]:
    was, now = Counter(before), Counter(after)
    for name in (now - was).elements():
        yield Difference(more, name)
    for name in (was - now).elements():
        yield Difference(less, name)


def _told(before: Sequence[Told], after: Sequence[Told]) -> Iterator[Difference]:
    """Messages more or fewer; those that only read otherwise are told as such."""
    more, less = Counter(after) - Counter(before), Counter(before) - Counter(after)
    fewer = list(less.elements())
    for told in more.elements():
        same = next((t for t in fewer if (t.who, t.what) == (told.who, told.what)), None)
        about = f"{told.who}:{told.what}"
        if same is not None:
            fewer.remove(same)
            yield Difference("reworded", about, *_apart(same, told))
        else:
            yield Difference("told", about)
    for told in fewer:
        yield Difference("not_told", f"{told.who}:{told.what}")


def _apart(before: Told, after: Told) -> tuple[str, str]:
    """Both texts in the first language in which they differ."""
    was, now = dict(before.words), dict(after.words)
    for language in {**now, **was}:
        if was.get(language) != now.get(language):
            return was.get(language, ""), now.get(language, "")
    return "", ""
