"""The promise clock of a case in words and as a share, for lists and pages."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.casework.models import Case
from onehall.casework.queries import CaseLine
from onehall.kernel.work_calendar import WorkCalendar
from onehall.look import dates


@dataclass(frozen=True, slots=True)
class ClockFace:
    """What the clock shows: words, the share of the promise that is used, a tone."""

    words: str
    share: float
    tone: str
    note: str = ""


def face(
    case: Case | CaseLine, *, now: datetime, calendar: WorkCalendar, zone: ZoneInfo
) -> ClockFace:
    """The clock of one case. Tones: late, risk, soon, rest (paused or none), fine (ended in time), plain."""
    if case.merged_into_id is not None:
        return ClockFace(_("Counts for the other case"), 0, "rest")
    if not case.is_open:
        return _ended(case, now, zone)
    if case.due_at is None:
        return ClockFace(_("No date promised"), 0, "rest")
    if case.paused_at is not None:
        return ClockFace(
            _paused(case.due_at, case.paused_at, zone), _share(case, case.paused_at), "rest"
        )
    return _running(case, case.due_at, now, calendar, zone)


def _running(
    case: Case | CaseLine, due: datetime, now: datetime, calendar: WorkCalendar, zone: ZoneInfo
) -> ClockFace:
    days = _days(now, due, zone)
    if due < now:
        return ClockFace(_late(due, now, -days), 1, "late")
    note = _left(calendar.working_time(now, due).total_seconds()) if days <= 1 else ""
    risks = case.risk_at, getattr(case, "target_risk_at", None)
    if any(at is not None and at <= now for at in risks):
        return ClockFace(_at_risk(due, days, zone), _share(case, now), "risk", note)
    if days == 0:
        words = _("Due today, %(time)s") % {"time": dates.clock(due.astimezone(zone))}
        return ClockFace(words, _share(case, now), "soon", note)
    if days == 1:
        return ClockFace(_("Due tomorrow"), _share(case, now), "soon", note)
    return ClockFace(_days_left(days), _share(case, now), "")


def _at_risk(due: datetime, days: int, zone: ZoneInfo) -> str:
    if days == 0:
        return _("At risk: due today, %(time)s") % {"time": dates.clock(due.astimezone(zone))}
    if days == 1:
        return _("At risk: due tomorrow")
    return _("At risk: %(left)s") % {"left": _days_left(days)}


def _days(start: datetime, end: datetime, zone: ZoneInfo) -> int:
    return (end.astimezone(zone).date() - start.astimezone(zone).date()).days


def _days_left(days: int) -> str:
    return ngettext("%(n)s day left", "%(n)s days left", days) % {"n": formats.number_format(days)}


def _ended(case: Case | CaseLine, now: datetime, zone: ZoneInfo) -> ClockFace:
    promised, closed = case.promised_at, case.closed_at
    if closed is None:
        return ClockFace(_("Ended"), 1, "rest")
    if promised is None:
        day = dates.say(closed, now=now, zone=zone, style="short")
        return ClockFace(_("Ended %(day)s") % {"day": day}, 0, "rest")
    days = _days(closed, promised, zone)
    said = {"n": formats.number_format(abs(days))}
    if closed <= promised:
        early = ngettext("Done %(n)s day early", "Done %(n)s days early", days) % said
        return ClockFace(early if days else _("Done in time"), 1, "fine")
    late = ngettext("Done %(n)s day late", "Done %(n)s days late", -days) % said
    return ClockFace(late if days else _("Done some hours late"), 1, "late")


def _paused(due: datetime, paused: datetime, zone: ZoneInfo) -> str:
    if due <= paused:
        return _("Paused when it was late")
    days = _days(paused, due, zone)
    if days < 1:
        return _("Paused on its last day")
    return _("Paused, %(left)s") % {"left": _days_left(days)}


def _late(due: datetime, now: datetime, days: int) -> str:
    if days < 1:
        hours = max(1, int((now - due).total_seconds() // 3600))
        return ngettext("Late by %(n)s hour", "Late by %(n)s hours", hours) % {"n": hours}
    return ngettext("Late by %(n)s day", "Late by %(n)s days", days) % {
        "n": formats.number_format(days)
    }


def _left(seconds: float) -> str:
    hours, minutes = divmod(int(seconds // 60), 60)
    return _("%(hours)s h %(minutes)s min of working time left") % {
        "hours": hours,
        "minutes": minutes,
    }


def _share(case: Case | CaseLine, now: datetime) -> float:
    if case.due_at is None:
        return 0
    whole = (case.due_at - case.opened_at).total_seconds()
    used = (now - case.opened_at).total_seconds()
    return min(1.0, max(0.02, used / whole)) if whole > 0 else 1.0
