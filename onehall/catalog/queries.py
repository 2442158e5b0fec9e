"""The catalogue of a city, held in memory per revision."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from onehall.catalog import flows, replies, services, sheets
from onehall.catalog.flows import FlowDefinition
from onehall.catalog.models import FlowVersion, Service, ServiceGroup
from onehall.catalog.pack.rows import latest_versions, reply_templates, sheets_of
from onehall.catalog.replies import ReplyTemplate
from onehall.catalog.search import Index, build_index
from onehall.catalog.services import ServiceDefinition, Words
from onehall.catalog.sheets import AttachmentRules, Stock
from onehall.places.held import Held
from onehall.places.models import City


class UnknownService(LookupError):
    """The city has no such service, or no longer offers it."""


@dataclass(frozen=True, slots=True)
class Group:
    """A heading with the services under it, in order."""

    id: int
    key: str
    name: Words
    icon: str
    services: tuple[ServiceDefinition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything a city offers its residents; `internal` is what it offers its own staff.

    `groups`, `services` and `index` hold what is offered now, in order. Each is found by key and id in both.
    """

    city_id: int
    languages: tuple[str, ...]
    groups: tuple[Group, ...]
    services: tuple[ServiceDefinition, ...]
    index: Index
    replies: tuple[ReplyTemplate, ...]
    stock: Stock
    attachments: AttachmentRules
    _by_key: Mapping[str, ServiceDefinition] = field(repr=False)
    _by_id: Mapping[int, ServiceDefinition] = field(repr=False)
    _current: Mapping[str, tuple[int, FlowDefinition]] = field(repr=False)
    _internal: "Catalogue | None" = field(default=None, repr=False)

    @property
    def internal(self) -> "Catalogue":
        """What the city offers its own staff."""
        return self._internal or self

    @property
    def common(self) -> tuple[ServiceDefinition, ...]:
        """The tiles of the first page."""
        return tuple(s for s in self.services if s.common)

    @property
    def every(self) -> tuple[ServiceDefinition, ...]:
        """All services, the ones no longer offered too: what old cases are about."""
        return tuple(self._by_id.values())

    def service(self, key: str) -> ServiceDefinition:
        """An offered service by key; UnknownService when there is none."""
        found = self._by_key.get(key)
        if found is None:
            raise UnknownService(key)
        return found

    def by_id(self, service_id: int) -> ServiceDefinition:
        """A service by row id, also one that is no longer offered; UnknownService when there is none."""
        found = self._by_id.get(service_id)
        if found is None:
            raise UnknownService(str(service_id))
        return found

    def current_version(self, flow_key: str) -> tuple[int, FlowDefinition]:
        """Row id and definition of a flow's newest version: what a new case starts on. KeyError."""
        return self._current[flow_key]

    def flow_version(self, version_id: int) -> FlowDefinition:
        """A flow as it was when a case started; an old one is read once. FlowVersion.DoesNotExist."""
        return _flow_version(self.city_id, version_id)


_MOST_CITIES: Final = 64
_MOST_VERSIONS: Final = 4_000
_catalogues: Held[Catalogue] = Held(most=_MOST_CITIES)
_versions: dict[tuple[int, int], FlowDefinition] = {}
_versions_lock = threading.Lock()


def catalogue(city: City) -> Catalogue:
    """The catalogue at the city's revision: five queries the first time, then none."""
    return _catalogues.get((city.pk, str(city.revision)), lambda: _load(city))


def forget() -> None:
    """Drop everything held in memory; for tests and for commands that edit rows directly."""
    _catalogues.forget()
    with _versions_lock:
        _versions.clear()


def _keep(city_id: int, version_id: int, flow: FlowDefinition) -> None:
    with _versions_lock:
        if len(_versions) >= _MOST_VERSIONS:
            _versions.pop(next(iter(_versions)))
        _versions[city_id, version_id] = flow


def _flow_version(city_id: int, version_id: int) -> FlowDefinition:
    held = _versions.get((city_id, version_id))
    if held is None:
        held = flows.parse(FlowVersion.objects.get(pk=version_id, flow__city_id=city_id).doc)
        _keep(city_id, version_id, held)
    return held


def _load(city: City) -> Catalogue:
    groups = list(ServiceGroup.objects.filter(city=city).order_by("position", "id"))
    shown = {g.pk for g in groups if g.active}
    rows = list(Service.objects.filter(city=city).order_by("group__position", "position", "id"))
    parsed = [
        (
            row.group_id,
            services.with_row(
                services.parse(row.doc),
                row_id=row.pk,
                position=row.position,
                active=row.active and row.group_id in shown,
            ),
        )
        for row in rows
    ]
    current = {}
    for key, version in latest_versions(city).items():
        definition = flows.parse(version.doc)
        current[key] = (version.pk, definition)
        _keep(city.pk, version.pk, definition)
    single = sheets_of(city)
    offered = [(group_id, s) for group_id, s in parsed if s.active]
    everything = Catalogue(
        city_id=city.pk,
        languages=tuple(city.languages),
        groups=(),
        services=(),
        index=build_index((), tuple(city.languages)),
        replies=tuple(replies.parse(row.doc) for row in reply_templates(city)),
        stock=sheets.stock(single.get(sheets.MATERIALS, {})),
        attachments=sheets.attachment_rules(single.get(sheets.ATTACHMENTS, {})),
        _by_key={s.key: s for _, s in offered},
        _by_id={s.id: s for _, s in parsed},
        _current=current,
    )
    inside = _part(everything, groups, [(g, s) for g, s in offered if s.is_internal])
    outside = _part(everything, groups, [(g, s) for g, s in offered if not s.is_internal])
    return replace(outside, _internal=inside)


def _part(
    whole: Catalogue, groups: list[ServiceGroup], offered: list[tuple[int, ServiceDefinition]]
) -> Catalogue:
    """The catalogue with some of the services on show."""
    services = tuple(s for _, s in offered)
    return replace(
        whole,
        groups=tuple(
            Group(g.pk, g.key, g.name, g.icon, mine)
            for g in groups
            if (mine := tuple(s for group_id, s in offered if group_id == g.pk))
        ),
        services=services,
        index=build_index(services, whole.languages),
    )
