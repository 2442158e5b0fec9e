"""What narrows a list of cases, in its address and in words. Figures link with it, lists show it.

A key of the address may have several values, parted by commas; each is one chip over the list.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from onehall.casework.models import Case
from onehall.casework.selection import Box, Selection, Span
from onehall.catalog import categories
from onehall.catalog.queries import catalogue
from onehall.catalog.registry import PRIORITY_KEYS
from onehall.catalog.services import ServiceDefinition
from onehall.catalog.targets import FIRST_RESPONSE, ON_SITE
from onehall.console.desk import Desk
from onehall.console.statewords import category_word, channel_word
from onehall.insights.periods import Days, midnight
from onehall.insights.rollups import photo_wanted
from onehall.look import dates
from onehall.look.components.small import local
from onehall.people.queries import members, queues
from onehall.places import areas, wording
from onehall.places.in_view import numbered
from onehall.places.models import City
from onehall.service_requests.finding import worded

KEYS: Final = (
    "queue", "department", "service", "group", "state", "priority", "who", "area", "channel",
    "opened", "closed", "due", "promise", "response", "onsite", "waits", "paused", "reopened", "unread", "place", "photo",
    "thing", "box", "text",
)  # fmt: skip
SINGLE: Final = frozenset(
    {"opened", "closed", "due", "promise", "response", "onsite", "waits", "paused", "reopened", "unread", "place", "photo", "thing", "box", "text"}
)  # fmt: skip
"""Keys with one value: a second one would contradict the first."""

MOST_VALUES: Final = 60
LONGEST_TEXT: Final = 120
ME: Final = "me"
NOBODY: Final = "nobody"
WAITS: Final = {"resident": "waiting_applicant", "payment": "waiting_payment", "other": "on_hold"}
WORDS: Final = {
    ("promise", "risk"): gettext_lazy("At risk"),
    ("promise", "late"): gettext_lazy("Late"),
    ("promise", "kept"): gettext_lazy("Closed in time"),
    ("promise", "missed"): gettext_lazy("Closed late"),
    ("response", "kept"): gettext_lazy("First response in time"),
    ("response", "missed"): gettext_lazy("First response late"),
    ("onsite", "kept"): gettext_lazy("On site in time"),
    ("onsite", "missed"): gettext_lazy("On site late"),
    ("waits", "resident"): gettext_lazy("Waiting for the resident"),
    ("waits", "payment"): gettext_lazy("Waiting for a payment"),
    ("waits", "other"): gettext_lazy("Waiting for something else"),
    ("paused", "yes"): gettext_lazy("Paused"),
    ("paused", "no"): gettext_lazy("Not paused"),
    ("reopened", "yes"): gettext_lazy("Reopened"),
    ("unread", "yes"): gettext_lazy("With a reply to read"),
    ("place", "yes"): gettext_lazy("With a place on the map"),
    ("place", "no"): gettext_lazy("Without a place on the map"),
    ("photo", "missing"): gettext_lazy("Closed without a photo"),
}
ORDERED_CATEGORIES: Final = (
    "draft", "submitted", "intake", "review", "decision", "working", "inspection", "waiting_applicant",
    "waiting_payment", "on_hold", "appeal", "approved", "issued", "resolved", "closed", "denied",
    "withdrawn", "expired", "revoked",
)  # fmt: skip
"""Categories in the order of the work."""
CHANNELS: Final = ("web", "phone", "staff", "api", "import")


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
        return _joined(self.filters)

    def without(self, gone: Filter) -> dict[str, str]:
        """The address's part without one of them."""
        return _joined(tuple(f for f in self.filters if f != gone))


def _joined(filters: tuple[Filter, ...]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for one in filters:
        found.setdefault(one.key, []).append(one.value)
    return {key: ",".join(values) for key, values in found.items()}


def flat(asked: QueryDict) -> dict[str, str]:
    """A query with one text per key; what a form repeats is joined, as an address has it."""
    return {key: ",".join(v for v in asked.getlist(key) if v) for key in asked}


def narrowing(desk: Desk, asked: Mapping[str, str]) -> Narrowing:
    """Read the query of an address. A value that means nothing here is not found: a list must not show more than it says."""
    found = _Reading(desk)
    for key in KEYS:
        text = asked.get(key, "").strip()
        if text:
            values = [text] if key in SINGLE else list(dict.fromkeys(text.split(",")))
            if len(values) > MOST_VALUES:
                raise Http404
            getattr(found, f"read_{key}", found.read_flag)(key, [v for v in values if v])
    return Narrowing(found.selection, tuple(found.filters))


@dataclass
class _Reading:
    """Reads one key after the other; each method narrows and says so."""

    desk: Desk
    selection: Selection = field(default_factory=Selection)
    filters: list[Filter] = field(default_factory=list)

    @property
    def city(self) -> City:
        return self.desk.city

    def narrow(self, **more: Any) -> None:
        self.selection = replace(self.selection, **more)

    def say(self, key: str, value: str, words: str) -> None:
        self.filters.append(Filter(key, value, words))

    def read_queue(self, key: str, values: list[str]) -> None:
        by_key = {q.key: q for q in queues(self.city)}
        mine = self._seen(values, {k: q.department_id for k, q in by_key.items()})
        for value in mine:
            self.say(key, value, local(by_key[value].name))
        self._within_queues({by_key[v].id for v in mine})

    def read_department(self, key: str, values: list[str]) -> None:
        every = queues(self.city)
        names = {q.department_key: q.department_name for q in every}
        mine = self._seen(values, {q.department_key: q.department_id for q in every})
        for value in mine:
            self.say(key, value, local(names[value]))
        self._within_queues({q.id for q in every if q.department_key in mine})

    def _seen(self, values: list[str], departments: Mapping[str, int]) -> list[str]:
        """Those whose work the person may see; the others of a shared list are passed over."""
        sees = self.desk.actor.sees_department
        seen = [value for value in values if sees(known(departments, value))]
        if not seen:
            raise Http404
        return seen

    def _within_queues(self, ids: set[int]) -> None:
        before = self.selection.queue_ids
        both = ids if before is None else ids & set(before)
        self.narrow(queue_ids=tuple(sorted(both)))

    def read_service(self, key: str, values: list[str]) -> None:
        services = [service_named(self.city, value) for value in values]
        for service in services:
            self.say(key, service.key, local(service.name))
        self._of_services({s.id for s in services})

    def read_group(self, key: str, values: list[str]) -> None:
        names = group_names(self.city)
        for value in values:
            self.say(key, value, known(names, value))
        self._of_services({s.id for s in catalogue(self.city).every if s.group in values})

    def _of_services(self, ids: set[int]) -> None:
        before = self.selection.service_ids
        both = ids if before is None else ids & set(before)
        self.narrow(service_ids=tuple(sorted(both)))

    def read_state(self, key: str, values: list[str]) -> None:
        for value in values:
            if value not in categories.ALL:
                raise Http404
            self.say(key, value, category_word(value))
        self.narrow(categories=tuple(values))

    def read_priority(self, key: str, values: list[str]) -> None:
        levels = {name: level for level, name in enumerate(PRIORITY_KEYS)}
        for value in values:
            label = str(Case.Priority(known(levels, value)).label)
            self.say(key, value, _("Priority: %(name)s") % {"name": label})
        self.narrow(priorities=tuple(levels[v] for v in values))

    def read_who(self, key: str, values: list[str]) -> None:
        """A person by number, "me" for whoever looks, "nobody"."""
        names: dict[str, str] = {}
        if set(values) - {ME, NOBODY}:
            names = {str(m.user_id): m.name for m in members(self.city)}
        holders: list[int | None] = []
        for value in values:
            words = {ME: _("With me"), NOBODY: _("With nobody")}.get(value)
            said = words or _("With %(name)s") % {"name": known(names, value)}
            self.say(key, value, said)
            nobody = None if value == NOBODY else self.desk.actor.user_id
            holders.append(nobody if value in (ME, NOBODY) else int(value))
        self.narrow(holders=tuple(holders))

    def read_area(self, key: str, values: list[str]) -> None:
        found = []
        for value in values:
            layer, _mark, code = value.partition(":")
            self.say(key, value, area_words(self.city, layer, code))
            found.append((layer, code))
        self.narrow(areas=tuple(found))

    def read_channel(self, key: str, values: list[str]) -> None:
        for value in values:
            if value not in CHANNELS:
                raise Http404
            self.say(key, value, _("Came %(how)s") % {"how": channel_word(value)})
        self.narrow(channels=tuple(values))

    def read_opened(self, key: str, values: list[str]) -> None:
        days = _days(values[0])
        self.narrow(**{key: span(days, ZoneInfo(self.city.time_zone))})
        self.say(key, values[0], days_words(key, days, now=self.desk.now, city=self.city))

    read_closed = read_opened
    read_due = read_opened

    def read_box(self, key: str, values: list[str]) -> None:
        box = Box.of(values[0])
        if box is None:
            raise Http404
        self.narrow(box=box)
        self.say(key, values[0], _("On the part of the map"))

    def read_thing(self, key: str, values: list[str]) -> None:
        """`kind:number`, `kind:` for all of a kind, or a number in any writing of whatever kind has it."""
        kind, code, words = thing_words(self.city, values[0][:LONGEST_TEXT])
        if code:
            language = translation.get_language() or "en"
            found = numbered(self.city, code, kind=kind, language=language)
            words = ", ".join(thing.words for _pk, thing in found) or words
            self.narrow(asset_ids=tuple(pk for pk, _thing in found))
        else:
            self.narrow(asset_kinds=(kind,))
        self.say(key, values[0][:LONGEST_TEXT], words)

    def read_text(self, key: str, values: list[str]) -> None:
        text = values[0][:LONGEST_TEXT]
        self.narrow(worded=worded(self.city, text))
        self.say(key, text, f"“{text}”")

    def read_flag(self, key: str, values: list[str]) -> None:
        value = values[0]
        words = WORDS.get((key, value))
        if words is None:
            raise Http404
        flags: dict[str, Callable[[], dict[str, Any]]] = {
            "promise": lambda: self._promise(value),
            "response": lambda: self._target(FIRST_RESPONSE, value),
            "onsite": lambda: self._target(ON_SITE, value),
            "waits": lambda: {"waits": WAITS[value]},
            "paused": lambda: {"paused": value == "yes"},
            "reopened": lambda: {"reopened": True},
            "unread": lambda: {"unread": True},
            "place": lambda: {"placed": value == "yes"},
            "photo": lambda: {"bare": photo_wanted(self.city)},
        }
        self.narrow(**flags[key]())
        self.say(key, value, str(words))

    def _promise(self, value: str) -> dict[str, Any]:
        if value == "risk":
            return {"risk": True}
        return {"late": True} if value == "late" else {"kept": value == "kept"}

    def _target(self, kind: str, value: str) -> dict[str, Any]:
        return {"targets": (*self.selection.targets, (kind, value == "kept"))}


def known[V](table: Mapping[str, V], key: str) -> V:
    """The value of a key; not found when there is none."""
    if key not in table:
        raise Http404
    return table[key]


def group_names(city: City) -> dict[str, str]:
    """Headings of the catalogue by key, those of internal services too."""
    listed = catalogue(city)
    return {g.key: local(g.name) for c in (listed, listed.internal) for g in c.groups}


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


def thing_words(city: City, text: str) -> tuple[str, str, str]:
    """Kind and number of a thing out of an address, and what to say where nothing has that number."""
    kind, mark, code = text.partition(":")
    if not mark or kind not in city.asset_kinds:
        return "", text, _("With the number %(code)s") % {"code": text}
    name = wording.asset_kind(kind)
    return kind, code.strip(), f"{name} {code.strip()}" if code.strip() else name


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
    """Between which days a case came in, was closed or is due."""
    said = {"days": span_words(days, now=now, city=city)}
    words = {
        "opened": _("Came in: %(days)s"),
        "closed": _("Closed: %(days)s"),
        "due": _("Due: %(days)s"),
    }
    return words[key] % said


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


@dataclass(frozen=True, slots=True)
class Opened:
    """Days typed into a search; what is no day counts as none."""

    first: str
    last: str
    span: Span


def opened_of(desk: Desk, asked: Mapping[str, str]) -> Opened:
    """Between which local days a search looks."""
    first, last = (_day_text(asked.get(name, "")) for name in ("from", "until"))
    days = Days(
        date.fromisoformat(first) if first else None, date.fromisoformat(last) if last else None
    )
    return Opened(first, last, span(days, desk.zone))


def _day_text(text: str) -> str:
    try:
        return text if 1 < date.fromisoformat(text).year < 9000 else ""
    except ValueError:
        return ""
