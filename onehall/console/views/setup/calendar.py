"""The working calendar: hours, seasons, holidays, half days; the year it makes, and when a promise would be due."""

import calendar as months
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils import formats
from django.utils.dates import MONTHS, WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from onehall.console.setup.door import setup_only
from onehall.console.setup.editing import Editor, edit
from onehall.kernel import work_calendar
from onehall.kernel.clock import now as read_clock
from onehall.kernel.work_calendar import CalendarMistake, NoWorkingTime, WorkCalendar
from onehall.look.doorway import CityRequest
from onehall.setup import city_forms, forms
from onehall.setup.checking import Checked
from onehall.setup.forms import Doc

PROMISES: Final = (1, 3, 10)
"""Working days of the promises that are tried."""


@require_http_methods(["GET", "POST"])
@setup_only
def calendar(request: CityRequest) -> HttpResponse:
    """The form of `calendar.yaml` with the year beside it."""
    editor = Editor(
        path="calendar.yaml",
        template="console/setup/calendar.html",
        tab="calendar",
        address="console:setup-calendar",
        marked=city_forms.marked_calendar,
        read=city_forms.calendar,
        context=_context,
    )
    return edit(request, editor)


def _context(request: CityRequest, doc: Doc, _checked: Checked) -> dict[str, Any]:
    now = read_clock()
    zone = ZoneInfo(request.city.time_zone)
    today = now.astimezone(zone).date()
    year = _year(request.GET.get("year", ""), today.year)
    built = _built(doc, zone)
    return {
        "doc": {"holidays": {}} | doc,
        "week": [
            (f"hours.{key}", WEEKDAYS[n], city_forms.said(forms.mapped(doc.get("hours")).get(key)))
            for n, key in enumerate(city_forms.DAYS)
        ],
        "seasons": [_season(n, s) for n, s in enumerate(forms.listed(doc.get("seasons")))],
        "extra": list(enumerate(city_forms.dated(forms.listed(doc.get("extra_holidays"))))),
        "half": [
            (n, item, city_forms.said(item.get("hours")))
            for n, item in enumerate(city_forms.dated(forms.listed(doc.get("half_days"))))
        ],
        "year": year,
        "years": [(y, y == year) for y in range(today.year - 1, today.year + 3)],
        "months": _months(built, year, today) if built else [],
        "days_off": _days_off(built, year) if built else [],
        "promises": _promises(built, now, zone) if built else [],
        "heads": [WEEKDAYS_ABBR[n] for n in range(7)],
    }


def _year(given: str, usual: int) -> int:
    return int(given) if given.isdecimal() and usual - 2 < int(given) < usual + 3 else usual


def _built(doc: Mapping[str, Any], zone: ZoneInfo) -> WorkCalendar | None:
    """The calendar that the document makes; None where it is not one yet."""
    try:
        return WorkCalendar.from_doc(forms.bare(doc), zone)
    except (CalendarMistake, ValueError, TypeError):
        return None


def _season(n: int, season: Mapping[str, Any]) -> dict[str, Any]:
    hours = forms.mapped(season.get("hours"))
    return {
        "name": f"seasons.{n}",
        "n": n,
        "doc": {"name": "", "from": "", "to": ""} | dict(season),
        "week": [
            (
                f"seasons.{n}.hours.{key}",
                WEEKDAYS_ABBR[d],
                (city_forms.said(hours[key]) or "-") if key in hours else "",
            )
            for d, key in enumerate(city_forms.DAYS)
        ],
    }


def _months(built: WorkCalendar, year: int, today: date) -> list[dict[str, Any]]:
    """Twelve sheets: each day is open, shorter than usual, a holiday, or closed."""
    found = []
    for month in range(1, 13):
        weeks = [
            [_day(built, day, today) if day.month == month else None for day in week]
            for week in months.Calendar().monthdatescalendar(year, month)
        ]
        open_days = sum(1 for week in weeks for day in week if day and day["open"])
        words = ngettext("%(n)s working day", "%(n)s working days", open_days) % {"n": open_days}
        found.append({"name": MONTHS[month], "weeks": weeks, "words": words})
    return found


def _day(built: WorkCalendar, day: date, today: date) -> dict[str, Any]:
    holiday, special = built.holiday(day), day in built.special
    is_open = built.is_working_day(day)
    word = _("working day") if is_open else _("closed")
    if special:
        word = _("half day")
    elif holiday is not None:
        word = holiday or _("holiday")
    return {
        "n": day.day,
        "open": is_open,
        "kind": "half"
        if special
        else "holiday"
        if holiday is not None
        else "open"
        if is_open
        else "",
        "word": word,
        "today": day == today,
    }


def _days_off(built: WorkCalendar, year: int) -> list[tuple[str, str]]:
    """The holidays and half days of a year, as a list to read."""
    found = []
    day = date(year, 1, 1)
    while day.year == year:
        name = built.holiday(day)
        if name is not None or day in built.special:
            words = _("half day") if day in built.special else name or _("holiday")
            found.append((formats.date_format(day, "DATE_FORMAT"), words))
        day += timedelta(days=1)
    return found


def _promises(built: WorkCalendar, now: Any, zone: ZoneInfo) -> list[tuple[str, Any]]:
    """When a promise made now would be due; nothing where nobody ever works."""
    found: list[tuple[str, Any]] = []
    for days in PROMISES:
        words = ngettext("%(n)s working day", "%(n)s working days", days) % {"n": days}
        try:
            found.append((words, built.add_days(now, days).astimezone(zone)))
        except (NoWorkingTime, work_calendar.CalendarMistake):
            found.append((words, None))
    return found
