"""The promise clock of a case in words and as a share, for lists and pages."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.casework.models import Case
from onehall.kernel.work_calendar import WorkCalendar


@dataclass(frozen=True, slots=True)
class ClockFace:
    """What the clock shows: words, the share of the promise that is used, a tone."""

    words: str
    share: float
    tone: str
    note: str = ""


def face(case: Case, *, now: datetime, calendar: WorkCalendar, zone: ZoneInfo) -> ClockFace:
    """The clock of one case. Tones: late, soon, rest (paused or none), fine (ended), plain."""
    if not case.is_open:
        return ClockFace(_ended(case), 1, "fine")
    if case.due_at is None:
        return ClockFace(_("No date promised"), 0, "rest")
    if case.paused_at is not None:
        return ClockFace(_("Clock paused"), _share(case, case.paused_at), "rest")
    days = (case.due_at.astimezone(zone).date() - now.astimezone(zone).date()).days
    if case.due_at < now:
        return ClockFace(_late(case.due_at, now, -days), 1, "late")
    left = calendar.working_time(now, case.due_at) if days <= 1 else None
    note = _left(left.total_seconds()) if left is not None else ""
    if days == 0:
        at = formats.time_format(case.due_at.astimezone(zone), "TIME_FORMAT")
        return ClockFace(_("Due today, %(time)s") % {"time": at}, _share(case, now), "soon", note)
    if days == 1:
        return ClockFace(_("Due tomorrow"), _share(case, now), "soon", note)
    words = ngettext("%(n)s day left", "%(n)s days left", days) % {"n": formats.number_format(days)}
    return ClockFace(words, _share(case, now), "")


def _ended(case: Case) -> str:
    promised = case.promised_at
    if promised is None or case.closed_at is None:
        return _("Ended")
    return _("Ended on time") if case.closed_at <= promised else _("Ended late")


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


def _share(case: Case, now: datetime) -> float:
    if case.due_at is None:
        return 0
    whole = (case.due_at - case.opened_at).total_seconds()
    used = (now - case.opened_at).total_seconds()
    return min(1.0, max(0.02, used / whole)) if whole > 0 else 1.0
