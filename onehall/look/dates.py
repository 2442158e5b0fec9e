"""Times as people say them: in the city's zone, in the reader's language and order."""

from datetime import date, datetime, timedelta, tzinfo
from typing import Literal

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

type Style = Literal["moment", "day", "short", "ago", "clock"]

MINUTE, HOUR = 60, 3600


def say(at: datetime | date, *, now: datetime, zone: tzinfo, style: Style = "moment") -> str:
    """`at` in words: "today, 10:31 am", "Wed, Nov 25", "9 minutes ago" or "10:31 am". Both times are aware."""
    today = now.astimezone(zone)
    if not isinstance(at, datetime):
        return (short_day if style == "short" else day)(at, today=today.date())
    local = at.astimezone(zone)
    match style:
        case "moment":
            return moment(local, today=today)
        case "day":
            return day(local.date(), today=today.date())
        case "short":
            return short_day(local.date(), today=today.date())
        case "ago":
            return ago(local, today=today)
        case "clock":
            return clock(local)


def day(on: date, *, today: date) -> str:
    """A date with its weekday: "Wed, Nov 25", and the year when it is not this one."""
    if on.year == today.year:
        return dateformat.format(on, pgettext("date with weekday", "D, M j"))
    return dateformat.format(on, pgettext("date with weekday and year", "D, M j, Y"))


def short_day(on: date, *, today: date) -> str:
    """A date where room is short: "Nov 25", and the year when it is not this one."""
    if on.year == today.year:
        return dateformat.format(on, pgettext("short date", "M j"))
    return dateformat.format(on, pgettext("short date with year", "M j, Y"))


def clock(local: datetime) -> str:
    """A time of day: "10:31 am", "4 pm", "noon"; 24 hours where the language counts so."""
    if pgettext("hours on the clock, 12 or 24", "12") == "24":
        return f"{local:%H:%M}"
    if local.minute == 0 and local.hour in {0, 12}:
        return _("noon") if local.hour else _("midnight")
    hour = str((local.hour - 1) % 12 + 1)
    time = f"{hour}:{local:%M}" if local.minute else hour
    if local.hour < 12:
        return pgettext("time before noon", "%(time)s am") % {"time": time}
    return pgettext("time after noon", "%(time)s pm") % {"time": time}


def moment(local: datetime, *, today: datetime) -> str:
    """A day and a time: "today, 10:31 am", "tomorrow, 4 pm", "Nov 20, 4:05 pm"."""
    words = {"time": clock(local), "day": short_day(local.date(), today=today.date())}
    match (local.date() - today.date()).days:
        case 0:
            return _("today, %(time)s") % words
        case 1:
            return _("tomorrow, %(time)s") % words
        case -1:
            return _("yesterday, %(time)s") % words
        case _far:
            return pgettext("day and time", "%(day)s, %(time)s") % words


def ago(local: datetime, *, today: datetime) -> str:
    """How long ago, under 24 hours; the day after that, and for what is still to come."""
    seconds = (today - local).total_seconds()
    if not 0 <= seconds < timedelta(days=1).total_seconds():
        return moment(local, today=today)
    if seconds < MINUTE:
        return _("just now")
    if seconds < HOUR:
        count = int(seconds // MINUTE)
        return ngettext("%(count)d minute ago", "%(count)d minutes ago", count) % {"count": count}
    count = int(seconds // HOUR)
    return ngettext("%(count)d hour ago", "%(count)d hours ago", count) % {"count": count}
