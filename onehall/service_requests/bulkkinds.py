"""What can be done to many cases at once: each kind is the action of a single case, with its own checks.

Everything here runs inside the caller's transaction and raises `CaseworkRefused` in words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from onehall.casework import actions
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case
from onehall.casework.rules import Given
from onehall.catalog import replies
from onehall.catalog.queries import catalogue
from onehall.catalog.replies import Fits
from onehall.people.actor import Actor
from onehall.people.queries import Member, members, queues
from onehall.places.models import City
from onehall.service_requests import joining
from onehall.service_requests.prepared import values_for


@dataclass(frozen=True, slots=True)
class Job:
    """One act on one case. `team` is the staff of the city, read once for all cases."""

    city: City
    case: Case
    seen: int
    given: Mapping[str, Any]
    by: Actor
    now: datetime
    team: list[Member]

    @property
    def common(self) -> dict[str, Any]:
        """What every action of a case takes."""
        return {
            "city": self.city,
            "case_id": self.case.pk,
            "by": self.by,
            "now": self.now,
            "seen": self.seen,
        }


def do(kind: str, job: Job) -> None:
    """The act itself; refused where the single act would be, and where there is nothing to change."""
    KINDS[kind](job)


def _assign(job: Job) -> None:
    user_id = job.given.get("user")
    member = next((m for m in job.team if m.user_id == user_id), None)
    if job.case.assignee_id == user_id:
        raise CaseworkRefused(
            _("%(name)s has it already.") % {"name": member.name} if member else _("Nobody has it.")
        )
    if user_id is not None and member is None:
        raise CaseworkRefused(_("Choose somebody who works here."))
    if member and not (
        member.may("take") and member.works_in(job.case.queue.department_id, job.case.areas)
    ):
        words = _("It can not be the work of %(name)s: another department, area or role.")
        raise CaseworkRefused(words % {"name": member.name})
    name = member.name if member else ""
    actions.assign(**job.common, user_id=user_id, user_name=name)


def _queue(job: Job) -> None:
    actions.route(**job.common, queue_id=job.given["queue"], reason=job.given.get("reason", ""))


def _priority(job: Job) -> None:
    if job.case.priority == job.given["priority"]:
        raise CaseworkRefused(_("It has this priority already."))
    actions.set_priority(**job.common, priority=job.given["priority"])


def _reply(job: Job) -> None:
    words, others = reply_words(job)
    actions.reply(**job.common, words=words, words_in=others)


def reply_words(job: Job) -> tuple[str, dict[str, str]]:
    """The words for one case: those of a prepared answer that fits it, or one's own; variables filled in."""
    languages, first = job.city.languages, job.city.languages[0]
    key = job.given.get("template", "")
    written: Mapping[str, str] = {first: job.given.get("words", "")}
    if key:
        found = next((t for t in catalogue(job.city).replies if t.key == key), None)
        if found is None:
            raise CaseworkRefused(_("That prepared answer is not there any more."))
        if not found.fits(_fits(job)):
            raise CaseworkRefused(_("The prepared answer does not fit this case."))
        written = found.text
    texts = {
        code: replies.insert(
            written[code], values_for(job.city, job.case, code, staff=job.by.name, now=job.now)
        )
        for code in languages
        if written.get(code)
    }
    main = texts.pop(first, "") or next(iter(texts.values()), "")
    return main, texts


def _fits(job: Job) -> Fits:
    case, first = job.case, job.city.languages[0]
    values = values_for(job.city, case, first, staff=job.by.name, now=job.now)
    return Fits(
        state=case.state,
        category=case.category,
        service=catalogue(job.city).by_id(case.service_id).key,
        queue=next((q.key for q in queues(job.city) if q.id == case.queue_id), ""),
        known=frozenset(name for name, value in values.items() if value),
    )


def _note(job: Job) -> None:
    actions.note(**job.common, words=job.given.get("words", ""))


def _move(job: Job) -> None:
    said = {n: str(job.given.get(n, "")) for n in ("words", "reason", "outcome", "handed_to")}
    given = Given(
        words=said["words"],
        reason=said["reason"],
        outcome=said["outcome"],
        handed_to=said["handed_to"],
    )
    actions.make_move(**job.common, move=job.given["move"], given=given)


def _join(job: Job) -> None:
    if job.case.number == job.given["into"]:
        raise CaseworkRefused(_("This is the case that the others are joined to."))
    joining.join(**job.common, into_number=job.given["into"])


KINDS: Final[Mapping[str, Callable[[Job], None]]] = {
    "assign": _assign,
    "queue": _queue,
    "priority": _priority,
    "reply": _reply,
    "note": _note,
    "move": _move,
    "join": _join,
}
"""Every kind of act on many cases, and no other."""


def team_of(city: City, kind: str) -> list[Member]:
    """The staff, where the kind asks who may be given a case."""
    return members(city) if kind == "assign" else []
