"""The targets and pauses of a case as its page shows them: each with words, a shape and its dates."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from onehall.casework import queries as casework
from onehall.casework.models import Case, CasePause, HandOver
from onehall.catalog.targets import FIRST_RESPONSE
from onehall.console.desk import Desk


@dataclass(frozen=True, slots=True)
class TargetLine:
    """One target: what, how it stands (`tone` gives its shape), and when."""

    name: str
    word: str
    tone: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PauseLine:
    """A time in which the clock stood still, why, and the working time it cost."""

    began_at: datetime
    ended_at: datetime | None
    why: dict[str, str] | str
    cost: str


def target_lines(case: Case, desk: Desk) -> list[TargetLine]:
    """Further targets of the case, the next one first."""
    return [
        TargetLine(
            _("First response") if row.kind == FIRST_RESPONSE else _("On site"),
            *_standing(row.due_at, row.risk_at, row.met_at, row.ended_at, case, desk.now),
        )
        for row in casework.targets_of(case)
    ]


def _standing(
    due: datetime,
    risk: datetime,
    met: datetime | None,
    ended: datetime | None,
    case: Case,
    now: datetime,
) -> tuple[str, str, datetime]:
    if met is not None:
        return (_("done late"), "late", met) if met > due else (_("done in time"), "done", met)
    if ended is not None:
        return _("not needed any more"), "no", ended
    if case.paused_at is not None:
        return _("paused, was due"), "hold", due
    if due < now:
        return _("late, was due"), "late", due
    if risk <= now:
        return _("at risk, due"), "you", due
    return _("due"), "work", due


def pause_lines(case: Case, desk: Desk) -> list[PauseLine]:
    """Times in which the clock stood still, newest first; the working time of a running one up to now."""
    calendar = casework.calendar_of(desk.city)
    found = []
    for row in casework.pauses_of(case):
        seconds = row.cost_seconds
        if row.ended_at is None:
            passed = calendar.working_time(row.began_at, desk.now).total_seconds()
            seconds = max(0, int(passed))
        found.append(PauseLine(row.began_at, row.ended_at, _why(row), _working(seconds)))
    return found


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A hand-over with what the body said last, in words."""

    row: HandOver
    word: str


def hand_overs(case: Case) -> list[GivenLine]:
    """Outside bodies that have or had the case, newest first."""
    rows = HandOver.objects.filter(case_id=case.pk).select_related("body")
    return [GivenLine(row, row.get_state_display()) for row in rows.order_by("-id")[:10]]


def _why(row: CasePause) -> dict[str, str] | str:
    words: dict[str, str] = {
        "waiting_applicant": _("Waiting for resident"),
        "waiting_payment": _("Waiting for a payment"),
    }
    return words.get(row.category) or row.label or _("Paused")


def _working(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return _("%(hours)s h %(minutes)s min of working time") % {"hours": hours, "minutes": minutes}
