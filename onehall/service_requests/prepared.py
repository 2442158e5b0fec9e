"""What the variables of a case say in written words (`catalog.replies.OF_CASE`)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import dateformat, translation
from django.utils.translation import pgettext

from onehall.casework.models import Case
from onehall.catalog.queries import catalogue
from onehall.kernel.localized import pick
from onehall.people.queries import queues
from onehall.places.models import City


def values_for(
    city: City, case: Case, language: str, *, staff: str, now: datetime
) -> dict[str, str]:
    """The variables of a case in one language; `staff` is who writes. What has no value is ""."""
    default = city.languages[0]
    service = catalogue(city).by_id(case.service_id)
    queue = next((q.name for q in queues(city) if q.id == case.queue_id), {})
    return {
        "service": pick(service.name, language, default),
        "place": case.place_words,
        "date": _date(city, case, language, now),
        "queue": pick(queue, language, default),
        "city": city.name,
        "phone": (city.contact or {}).get("phone", ""),
        "staff": staff,
    }


def _date(city: City, case: Case, language: str, now: datetime) -> str:
    """A date that is over or that stands still is nothing to promise."""
    due = case.due_at if case.is_open and case.paused_at is None else None
    if due is None or due <= now:
        return ""
    zone = ZoneInfo(city.time_zone)
    day = due.astimezone(zone).date()
    with translation.override(language):
        if day.year == now.astimezone(zone).year:
            return dateformat.format(day, pgettext("date with weekday", "D, M j"))
        return dateformat.format(day, pgettext("date with weekday and year", "D, M j, Y"))
