"""The form that filters, orders and lays out a list: what it offers, and the address that it leads to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from onehall.casework.models import Case
from onehall.catalog import categories
from onehall.catalog.queries import catalogue
from onehall.catalog.registry import PRIORITY_KEYS
from onehall.console import columns, filters, lists
from onehall.console.desk import Desk
from onehall.console.filters import (
    CHANNELS,
    ME,
    NOBODY,
    WORDS,
    area_words,
    group_names,
    thing_words,
)  # fmt: skip
from onehall.console.lists import Asked
from onehall.console.statewords import category_word, channel_word
from onehall.look.components.small import local
from onehall.people.queries import members
from onehall.places import areas, wording

SPANS: Final = ("opened", "due", "closed")
MOST_AREAS: Final = 60


@dataclass(frozen=True, slots=True)
class Option:
    """One value that can be chosen."""

    value: str
    words: str
    on: bool


@dataclass(frozen=True, slots=True)
class Group:
    """What can be chosen of one key: several values, or one where `single`."""

    key: str
    words: str
    options: list[Option]
    single: bool = False

    @property
    def some(self) -> int:
        """How many are on."""
        return sum(1 for o in self.options if o.on and o.value)


@dataclass(frozen=True, slots=True)
class Days:
    """Two days of a key."""

    key: str
    words: str
    first: str
    last: str


@dataclass
class Form:
    """The form of one list."""

    desk: Desk
    asked: Asked
    groups: list[Group] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What is looked for in words."""
        return self.asked.said.get("text", "")

    @property
    def thing(self) -> str:
        """The number of the thing that is looked for."""
        return thing_words(self.desk.city, self.asked.said.get("thing", ""))[1]

    @property
    def kinds(self) -> list[Option]:
        """Kinds of things with a number; none where the city has no such things."""
        city = self.desk.city
        now = thing_words(city, self.asked.said.get("thing", ""))[0]
        found = [Option(k, wording.asset_kind(k), k == now) for k in city.asset_kinds]
        return [Option("", _("Any kind"), not now), *found] if found else []

    @property
    def spans(self) -> list[Days]:
        """The days between which something happened."""
        words = {"opened": _("Came in"), "due": _("Due"), "closed": _("Closed")}
        found = []
        for key in SPANS:
            first, _dots, last = self.asked.said.get(key, "").partition("..")
            found.append(Days(key, words[key], first, last))
        return found

    @property
    def orders(self) -> list[Option]:
        """The orders that this list can have."""
        said, now = lists.order_words(), self.asked.query.sort
        return [Option(o, said[o][1], o == now) for o in self.asked.query.orders]

    @property
    def places(self) -> list[tuple[int, list[Option]]]:
        """The columns by their place, each with all that can stand there."""
        words, chosen = columns.words(), self.asked.columns
        found = []
        for place in range(columns.MOST):
            now = chosen[place] if place < len(chosen) else ""
            options = [Option("", _("Nothing"), not now)]
            options += [Option(c, words[c], c == now) for c in columns.CHOICE]
            found.append((place + 1, options))
        return found


def form_of(desk: Desk, asked: Asked) -> Form:
    """The form as the address of a list fills it."""
    form, query = Form(desk, asked), asked.narrowed.query
    city, listed = desk.city, catalogue(desk.city)

    def several(key: str, words: str, pairs: Iterable[tuple[str, str]]) -> None:
        on = set(query.get(key, "").split(","))
        options = [Option(value, said, value in on) for value, said in pairs]
        if len(options) > 1 or any(o.on for o in options):
            form.groups.append(Group(key, words, options))

    several("queue", _("Queue"), ((q.key, local(q.name)) for q in desk.queues))
    departments = {q.department_key: local(q.department_name) for q in desk.queues}
    several("department", _("Department"), departments.items())
    services = [*listed.services, *listed.internal.services]
    several("service", _("Service"), {s.key: local(s.name) for s in services}.items())
    several("group", _("Group of services"), group_names(city).items())
    several("state", _("State"), ((c, category_word(c)) for c in _used(desk)))
    labels = [(k, str(Case.Priority(n).label)) for n, k in enumerate(PRIORITY_KEYS)]
    several("priority", _("Priority"), labels)
    several("who", _("With"), _people(desk))
    several("area", _("Area"), _areas(desk))
    several("channel", _("How it came"), ((c, channel_word(c)) for c in CHANNELS))
    form.groups += [_single(key, words, query) for key, words in _single_words().items()]
    return form


def _single_words() -> dict[str, str]:
    return {
        "promise": _("Promise"),
        "paused": _("Paused"),
        "waits": _("Waits for"),
        "reopened": _("Reopened"),
        "unread": _("Replies"),
        "place": _("Place"),
        "photo": _("Photo"),
    }


def _single(key: str, words: str, query: Mapping[str, str]) -> Group:
    now = query.get(key, "")
    options = [Option("", _("Either way"), not now)]
    options += [Option(v, str(said), v == now) for (k, v), said in WORDS.items() if k == key]
    return Group(key, words, options, single=True)


def _used(desk: Desk) -> list[str]:
    """Categories in the order of the work, those that no flow of the city has left out."""
    listed, used = catalogue(desk.city), set()
    for service in listed.every:
        used |= {s.category for s in listed.current_version(service.flow)[1].states.values()}
    order = [*filters.ORDERED_CATEGORIES]
    return [c for c in order if c in used & categories.ALL]


def _people(desk: Desk) -> list[tuple[str, str]]:
    team = [m for m in members(desk.city) if set(m.roles) - {"auditor"}]
    mine = [
        m for m in team if m.department_id is None or desk.actor.sees_department(m.department_id)
    ]
    others = [(str(m.user_id), m.name) for m in mine if m.user_id != desk.actor.user_id]
    return [(ME, _("Me")), (NOBODY, _("Nobody")), *others]


def _areas(desk: Desk) -> list[tuple[str, str]]:
    found = []
    for layer in areas.public_layers(desk.city):
        codes = areas.area_codes(desk.city, layer)
        if len(codes) <= MOST_AREAS:
            found += [(f"{layer}:{c}", area_words(desk.city, layer, c)) for c in (*codes, "")]
    return found


def canonical(posted: QueryDict) -> dict[str, str]:
    """The query of the list that the form asks for: short enough to be read and passed on."""
    said = filters.flat(posted)
    found: dict[str, Any] = {k: said[k] for k in ("show", "sort", "view") if said.get(k)}
    named = [c for c in posted.getlist("col") if c in columns.CHOICE]
    cols = tuple(dict.fromkeys(named))
    if cols and cols != columns.USUAL:
        found["cols"] = ",".join(cols)
    found |= {k: said[k] for k in filters.KEYS if k not in SPANS and said.get(k)}
    if kind := said.get("thing_kind", ""):
        found["thing"] = f"{kind}:{said.get('thing', '')}"
    for key in SPANS:
        first, last = said.get(f"{key}_from", ""), said.get(f"{key}_until", "")
        if first or last:
            found[key] = f"{first}..{last}"
    return found
