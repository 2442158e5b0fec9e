"""A profile: how one system's export is read. YAML data; every rule it knows is in docs/operate/import.md."""

import hashlib
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from onehall.kernel.yamlfile import Node
from onehall.service_requests import profile_files
from onehall.service_requests.profile_files import ProfileError as ProfileError

FOLDER: Final = Path(__file__).resolve().parent / "profiles"
STATES: Final = ("start", "working", "closed", "denied")
MOMENTS: Final = ("opened", "updated", "closed", "due")
CHANNELS: Final = ("web", "phone", "staff", "api", "import")


@dataclass(frozen=True, slots=True)
class Template:
    """Text from columns, such as "{Street}, {City}"; used only when all its columns are filled."""

    text: str
    columns: tuple[str, ...]
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One time column. `at` is the city's wall time that a bare date stands for."""

    column: str
    formats: tuple[str, ...]
    at: time
    midnight_is_bare: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A column whose values are translated; keys without case. `unknown` says what to do with others."""

    column: str
    map: Mapping[str, str]
    unknown: str


@dataclass(frozen=True, slots=True)
class Refinement:
    """A closed row whose column contains the text ends in another state."""

    column: str
    contains: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the place stands in the row. `ignore` are points the source uses for "unknown"."""

    lon: str
    lat: str
    words: tuple[Template, ...]
    ignore: frozenset[tuple[float, float]]
    outside: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """All rules of one source. Column names are those of the header, spaces around them dropped."""

    key: str
    name: str
    source: str
    digest: str
    encoding: str
    delimiter: str
    blank: frozenset[str]
    zone: ZoneInfo | None
    id: str
    moments: Mapping[str, Moment]
    earliest_year: int
    due_within_years: int
    closed_before_opened: str
    closed_missing: tuple[str, ...]
    status: Lookup
    refine: tuple[Refinement, ...]
    service: Lookup
    keep_as: tuple[str, ...]
    department: Lookup
    place: Place
    channel: Lookup
    words: tuple[Template, ...]
    answer: str
    answer_public: bool
    keep: tuple[str, ...]
    keep_as_must_exist: bool = False

    def columns(self) -> set[str]:
        """Every column the profile names; the header must have all of them."""
        found = {self.id, self.place.lon, self.place.lat, self.answer, *self.keep}
        found |= {m.column for m in self.moments.values()}
        lookups = (self.status, self.service, self.department, self.channel)
        found |= {lookup.column for lookup in lookups} | {r.column for r in self.refine}
        for template in (*self.place.words, *self.words):
            found |= set(template.columns)
        return found - {""}


def names() -> list[str]:
    """The profiles that come with Onehall."""
    return profile_files.names(FOLDER)


def load(name: str) -> Profile:
    """A profile by its name, or from a .yaml file of the operator's own. Raises `ProfileError`."""
    return profile_files.load(FOLDER, name, _profile)


def with_fallback(profile: Profile, key: str) -> Profile:
    """The same profile, with unknown services kept under the service `key`."""
    return replace(
        profile,
        digest=hashlib.sha256(f"{profile.digest} {key}".encode()).hexdigest(),
        service=replace(profile.service, unknown="keep_as"),
        keep_as=(key,),
        keep_as_must_exist=True,
    )


def _profile(node: Node, digest: str) -> Profile:
    file = node.mapping("file")
    times = node.mapping("times", required=True)
    status = node.mapping("status", required=True)
    service = node.mapping("service", required=True)
    answer = node.mapping("answer")
    key = node.key("key")
    profile = Profile(
        key=key,
        name=node.text("name", required=True),
        source=node.text("source", default=key, max_length=40),
        digest=digest,
        encoding=file.choice("encoding", ("utf-8", "latin-1", "cp1252", "utf-16"), default="utf-8"),
        delimiter=file.choice("delimiter", (",", ";", "\t", "|"), default=","),
        blank=frozenset(file.texts("blank")),
        zone=_zone(node),
        id=node.text("id", required=True),
        moments=_moments(times),
        earliest_year=times.whole("earliest_year", default=1990, minimum=1) or 1990,
        due_within_years=times.whole("due_within_years", default=5, minimum=1) or 5,
        closed_before_opened=times.choice(
            "closed_before_opened", ("reject", "use_opened"), default="reject"
        ),
        closed_missing=tuple(
            times.texts("closed_missing", options=("updated", "opened", "empty", "reject"))
        )
        or ("reject",),
        status=_lookup(status, STATES, (*STATES, "reject"), "reject"),
        refine=tuple(_refinement(item) for item in status.listing("refine")),
        service=_lookup(service, None, ("reject", "keep_as"), "reject"),
        keep_as=tuple(service.texts("keep_as")),
        department=_lookup(node.mapping("department"), None, ("service", "reject"), "service"),
        place=_place(node.mapping("place")),
        channel=_lookup(node.mapping("channel"), CHANNELS, CHANNELS, "import"),
        words=_templates(node, "words"),
        answer=answer.text("column"),
        answer_public=answer.flag("public"),
        keep=tuple(node.texts("keep")),
    )
    if profile.service.unknown == "keep_as" and not profile.keep_as:
        service.problem('"service.keep_as" is missing.', "Name the service for unknown ones.")
    for part in (file, times, status, service, answer, node):
        part.finish()
    return profile


def _zone(node: Node) -> ZoneInfo | None:
    name = node.text("time_zone")
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError):
        node.problem(f'There is no time zone "{name}".', "Write one such as America/Los_Angeles.")
        return None


def _moments(times: Node) -> dict[str, Moment]:
    common = times.texts("formats")
    found: dict[str, Moment] = {}
    for name in MOMENTS:
        node = times.mapping(name, required=name == "opened")
        column = node.text("column", required=name == "opened")
        formats = tuple(node.texts("formats") or common or ["iso"])
        moment = Moment(
            column=column,
            formats=formats,
            at=_clock(node, "08:00" if name in {"opened", "updated"} else "17:00"),
            midnight_is_bare=node.flag("midnight_is_bare"),
        )
        node.finish()
        if column:
            found[name] = moment
    return found


def _clock(node: Node, usual: str) -> time:
    text = node.text("at", pattern=r"([01]\d|2[0-3]):[0-5]\d", shape="an hour such as 08:00")
    return time.fromisoformat(text or usual)


def _lookup(
    node: Node, values: Iterable[str] | None, unknown: Iterable[str], default: str
) -> Lookup:
    options = sorted(values) if values is not None else None
    table: dict[str, str] = {}
    entries = node.mapping("map")
    for key in entries.keys():  # noqa: SIM118  (a node is not a mapping)
        value = entries.choice(key, options) if options else entries.text(key)
        table[folded(key)] = value
    entries.finish()
    found = Lookup(
        column=node.text("column"),
        map=table,
        unknown=node.choice("unknown", unknown, default=default),
    )
    if node.where in {"department", "channel"}:
        node.finish()
    return found


def _refinement(node: Node) -> Refinement:
    found = Refinement(
        node.text("column", required=True),
        node.text("contains", required=True).casefold(),
        node.choice("to", STATES, required=True),
    )
    node.finish()
    return found


def _place(node: Node) -> Place:
    ignore: set[tuple[float, float]] = set()
    for point in node.listing("ignore"):
        lon, lat = point.number("lon", required=True), point.number("lat", required=True)
        point.finish()
        ignore.add((lon or 0.0, lat or 0.0))
    found = Place(
        lon=node.text("lon"),
        lat=node.text("lat"),
        words=_templates(node, "words"),
        ignore=frozenset(ignore),
        outside=node.choice("outside", ("keep", "drop_pin", "reject"), default="drop_pin"),
    )
    node.finish()
    return found


def _templates(node: Node, key: str) -> tuple[Template, ...]:
    found = []
    for text in node.texts(key):
        try:
            parts = list(string.Formatter().parse(text))
        except ValueError:
            node.problem(f'"{text}" has a stray brace.', "Write columns as {Column}.", key=key)
            continue
        pieces = tuple(part[0] for part in parts)
        columns = tuple(part[1] for part in parts if part[1])
        found.append(Template(text, columns, pieces))
    return tuple(found)


def folded(text: str) -> str:
    """The form in which values of the file are compared with a map: trimmed, without case."""
    return " ".join(text.split()).casefold()
