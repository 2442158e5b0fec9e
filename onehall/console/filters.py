"""What narrows a list of cases, in its address and in words. Figures link with it, lists show it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from onehall.casework.selection import Selection, Span
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.insights.periods import Days, midnight
from onehall.insights.rollups import photo_wanted
from onehall.look import dates
from onehall.look.components.small import local
from onehall.places import areas
from onehall.places.models import City

KEYS: Final = ("service", "area", "opened", "closed", "promise", "waits", "reopened", "photo")
WAITS: Final = {"resident": "waiting_applicant", "payment": "waiting_payment", "other": "on_hold"}
WORDS: Final = {
    ("promise", "risk"): gettext_lazy("At risk"),
    ("promise", "kept"): gettext_lazy("Closed in time"),
    ("promise", "missed"): gettext_lazy("Closed late"),
    ("waits", "resident"): gettext_lazy("Waiting for the resident"),
    ("waits", "payment"): gettext_lazy("Waiting for a payment"),
    ("waits", "other"): gettext_lazy("Waiting for something else"),
    ("reopened", "yes"): gettext_lazy("Reopened"),
    ("photo", "missing"): gettext_lazy("Closed without a photo"),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """One thing that narrows a list: its key and value in the address, and what it says."""

    key: str
    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Everything that narrows a list, as its address says."""

    selection: Selection
    filters: tuple[Filter, ...]

    @property
    def query(self) -> dict[str, str]:
        """The same for an address."""
        return {f.key: f.value for f in self.filters}

    def without(self, key: str) -> dict[str, str]:
        """The address's part without one of them."""
        return {f.key: f.value for f in self.filters if f.key != key}


def narrowing(city: City, asked: Mapping[str, str], *, now: datetime) -> Narrowing:
    """Read the query of an address. A value that means nothing here is not found: a list must not show more than it says."""
    selection, filters = Selection(), []
    for key in KEYS:
        value = asked.get(key, "")
        if value:
            found, words = _read(city, key, value, now=now)
            selection = replace(selection, **found)
            filters.append(Filter(key, value, words))
    return Narrowing(selection, tuple(filters))


def _read(city: City, key: str, value: str, *, now: datetime) -> tuple[dict[str, Any], str]:
    if key == "service":
        service = service_named(city, value)
        return {"service_id": service.id}, local(service.name)
    if key == "area":
        layer, _mark, code = value.partition(":")
        return {"area": (layer, code)}, area_words(city, layer, code)
    if key in ("opened", "closed"):
        days = _days(value)
        return {key: span(days, ZoneInfo(city.time_zone))}, days_words(
            key, days, now=now, city=city
        )
    words = WORDS.get((key, value))
    if words is None:
        raise Http404
    found: dict[str, dict[str, Any]] = {
        "promise": {"risk": True} if value == "risk" else {"kept": value == "kept"},
        "waits": {"waits": WAITS.get(value, "")},
        "reopened": {"reopened": True},
        "photo": {"bare": photo_wanted(city)},
    }
    return found[key], str(words)


def service_named(city: City, key: str) -> ServiceDefinition:
    """A service by its key, also one that is no longer offered."""
    found = next((s for s in catalogue(city).every if s.key == key), None)
    if found is None:
        raise Http404
    return found


def area_words(city: City, layer: str, code: str) -> str:
    """An area by name, or that a case lies in none of its layer."""
    if layer not in areas.public_layers(city):
        raise Http404
    language = translation.get_language() or "en"
    if not code:
        label = areas.layer_label(city, layer, language) or layer
        return _("Outside of every area: %(layer)s") % {"layer": label}
    return areas.label(city, layer, code, language)


def _days(text: str) -> Days:
    first, dots, last = text.partition("..")
    try:
        days = Days(
            date.fromisoformat(first) if first else None, date.fromisoformat(last) if last else None
        )
        if not dots or not (first or last) or (days.last and days.last.year > 9000):
            raise Http404
        return days if not days.first or days.first.year > 1 else Days(None, days.last)
    except ValueError as wrong:
        raise Http404 from wrong


def days_value(days: Days) -> str:
    """Days as they stand in an address."""
    return f"{days.first or ''}..{days.last or ''}"


def span(days: Days, zone: ZoneInfo) -> Span:
    """The moments of local days."""
    return Span(
        midnight(days.first, zone) if days.first else None,
        midnight(days.last + timedelta(days=1), zone) if days.last else None,
    )


def days_words(key: str, days: Days, *, now: datetime, city: City) -> str:
    """Between which days a case came in or was closed."""
    said = {"days": span_words(days, now=now, city=city)}
    return _("Came in: %(days)s") % said if key == "opened" else _("Closed: %(days)s") % said


def span_words(days: Days, *, now: datetime, city: City) -> str:
    """Local days in words: "Nov 3 to Nov 9", "Nov 3", "until Nov 9", "from Nov 3"."""
    today = now.astimezone(ZoneInfo(city.time_zone)).date()
    said = {
        "first": dates.short_day(days.first, today=today) if days.first else "",
        "last": dates.short_day(days.last, today=today) if days.last else "",
    }
    if days.first == days.last:
        return said["first"]
    if days.first is None:
        return _("until %(last)s") % said
    return (_("%(first)s to %(last)s") if days.last else _("from %(first)s")) % said


def list_address(queue_key: str = "", /, **query: str) -> str:
    """The address of a list of cases."""
    path = reverse("console:queue", args=[queue_key]) if queue_key else reverse("console:inbox")
    return with_query(path, query)


def with_query(path: str, query: Mapping[str, str]) -> str:
    """An address with what is not empty in its query."""
    kept = {k: v for k, v in query.items() if v}
    return f"{path}?{urlencode(kept)}" if kept else path
