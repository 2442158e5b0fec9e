"""From one row of the file to a case with its timeline, by the rules of the profile. No writes."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

from onehall.casework.bulk import CaseRow
from onehall.casework.bulk_tasks import OpenTask, opened_by
from onehall.casework.linking import JsonText, json_text
from onehall.casework.queries import calendar_of
from onehall.casework.rules import MAX_WORDS
from onehall.catalog.facts import Snapshot
from onehall.places.models import City
from onehall.service_requests.importing import times
from onehall.service_requests.importing.placing import Areas, Placed, Placing
from onehall.service_requests.importing.profile import Lookup, Profile, folded
from onehall.service_requests.importing.reader import Record
from onehall.service_requests.importing.reasons import RowRejected
from onehall.service_requests.importing.rows import RequestRow
from onehall.service_requests.importing.targets import Target, Targets
from onehall.service_requests.importing.telling import Telling
from onehall.service_requests.importing.templates import cut, fill

MAX_ID: Final = 80
_KEPT: Final = 5_000
_YEAR: Final = timedelta(days=365.25)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(slots=True)
class Draft:
    """A row that can be imported. Case and report have no numbers yet; `year` is the one it was opened in."""

    source_id: str
    year: int
    case: CaseRow
    request: RequestRow
    repairs: list[str]
    tasks: list[OpenTask] = field(default_factory=list)


@dataclass(slots=True)
class _Moments:
    """Of a case; `changed` is the last thing that is known to have happened."""

    opened: datetime
    changed: datetime
    closed: datetime | None
    due: datetime | None


@dataclass(slots=True)
class Row:
    """One row while it is read: its values by column, "" for no column, and what was put right."""

    values: dict[str, str]
    repairs: list[str] = field(default_factory=list)


class Mapper:
    """Maps rows of one file for one city. `now` is the time of the import."""

    def __init__(
        self, *, city: City, profile: Profile, header: Sequence[str], now: datetime
    ) -> None:
        self._city_id = city.pk
        self._profile = profile
        self._now = now
        zone = ZoneInfo(city.time_zone)
        latest = now.astimezone(zone).year
        self._years = [
            datetime(year, 1, 1, tzinfo=zone).astimezone(UTC)
            for year in range(profile.earliest_year, max(profile.earliest_year, latest) + 1)
        ]
        self._end = datetime(latest + 1, 1, 1, tzinfo=zone).astimezone(UTC)
        self._targets = Targets(city, profile)
        self._city = city
        self._placing = Placing(city, profile.place)
        self._telling = Telling(profile, now)
        self._times = {
            name: (moment.column, times.reader(moment, profile.zone or zone))
            for name, moment in profile.moments.items()
        }
        self._columns = sorted(profile.columns())
        places = [header.index(name) for name in self._columns]
        self._pick = itemgetter(*places) if len(places) > 1 else None
        self._only = places[0]
        # A column holds the same few hundred values again and again.
        self._folded = lru_cache(maxsize=_KEPT)(folded)
        # Not a method: the cache would keep this object alive with all that it remembers.
        self._routed = lru_cache(maxsize=_KEPT)(partial(_route, self._targets))

    def row(self, record: Record) -> Row:
        """The values of a row that the profile names. `RowRejected` when it cannot be read."""
        if record.problem:
            raise RowRejected(record.problem, record.detail)
        fields = record.fields
        picked = self._pick(fields) if self._pick else (fields[self._only],)
        values = dict(zip(self._columns, map(str.strip, picked), strict=True))
        values[""] = ""
        row = Row(values)
        if self._profile.blank:
            for name, text in values.items():
                if text in self._profile.blank:
                    values[name] = ""
        whole = "".join(picked)
        if not whole.isascii() or "\x00" in whole:
            _clean(row)
        return row

    def look_around(self, rows: Iterable[Row]) -> None:
        """Find the areas of many rows at once, before they are drafted."""
        self._placing.look_up(row.values for row in rows)

    def draft(self, row: Row) -> Draft:
        """The case and the report of a row. `RowRejected` with the reason."""
        values, repairs = row.values, row.repairs
        source_id = self._id(row)
        state = self._state(row)
        moments = self._moments(row, state)
        target = self._target(row)
        place = self._placing.place(values, repairs)
        channel = self._lookup(row, self._profile.channel, "import")
        queue_id, reason = self._queue(row, target, channel, place.areas)
        ending = target.endings[state]
        moved = ending.state != target.start
        settled = moments.closed or moments.changed
        tasks = []
        if state in target.asks:
            came = settled if moved else moments.opened
            tasks = self._tasks(target, ending.state, queue_id, channel, place, came)
        timeline = [
            self._telling.received(moments.opened, channel),
            *self._telling.steps(values, repairs, target, state, settled),
            *(task.entry() for task in tasks),
            self._telling.imported(values, repairs, queue_id, place.outside),
        ]
        case = CaseRow(
            city_id=self._city_id,
            service_id=target.id,
            flow_version_id=target.version_id,
            queue_id=queue_id,
            number="",
            state=ending.state,
            category=ending.category,
            outcome=ending.outcome,
            entered=int(moved),
            previous_state=target.start if moved else "",
            opened_at=moments.opened,
            updated_at=moments.changed,
            due_at=moments.due,
            promised_at=moments.due,
            closed_at=moments.closed,
            lon=place.lon,
            lat=place.lat,
            cell=place.cell,
            place_words=place.words,
            areas=place.areas.text,
            is_public=target.service.public,
            route_reason=reason,
            timeline=timeline,
        )
        request = RequestRow(
            city_id=self._city_id,
            case_id=0,
            number="",
            created_at=moments.opened,
            channel=channel,
            words=cut(fill(self._profile.words, values), MAX_WORDS, "words_cut", repairs),
            wants_news=False,
            source=self._profile.source,
            source_id=source_id,
        )
        return Draft(source_id, self._year(moments.opened), case, request, repairs, tasks)

    def _tasks(
        self, target: Target, state: str, queue_id: int, channel: str, place: Placed, at: datetime
    ) -> list[OpenTask]:
        """What the state asks of its queues, as if a move had led there on the day that the row says."""
        case = Snapshot(
            state=state,
            entered=int(state != target.start),
            areas=place.areas.codes,
            channel=channel,
            placed=place.areas.placed,
            queue=self._targets.key_of(queue_id),
        )
        return opened_by(
            target.flow,
            case,
            at=at,
            queues=self._targets.queue_id,
            calendar=calendar_of(self._city),
            language=self._city.languages[0],
        )

    def _id(self, row: Row) -> str:
        found = row.values[self._profile.id]
        if not found:
            raise RowRejected("no_id")
        if len(found) > MAX_ID:
            raise RowRejected("long_id", found[:MAX_ID])
        return found

    # State and times

    def _state(self, row: Row) -> str:
        lookup = self._profile.status
        text = row.values[lookup.column]
        state = lookup.map.get(self._folded(text))
        if state is None:
            if lookup.unknown == "reject":
                raise RowRejected("status", text or "—")
            row.repairs.append("status_unknown")
            state = lookup.unknown
        if state == "closed":
            for rule in self._profile.refine:
                if rule.contains in row.values[rule.column].casefold():
                    return rule.to
        return state

    def _moments(self, row: Row, state: str) -> _Moments:
        opened = self._time(row, "opened")
        if opened is None:
            raise RowRejected("no_opened")
        self._bounds("opened", opened)
        updated = self._lenient(row, "updated", "updated_dropped")
        if updated and not opened <= updated <= self._now:
            row.repairs.append("updated_dropped")
            updated = None
        closed = None
        if state in {"closed", "denied"}:
            closed = self._closed(row, opened, updated)
        elif self._has(row, "closed"):
            row.repairs.append("closed_ignored")
        changed = closed or opened
        if updated and updated > changed:
            changed = updated
        return _Moments(opened, changed, closed, self._due(row, opened))

    def _year(self, opened: datetime) -> int:
        """The year in the city's zone."""
        return self._profile.earliest_year - 1 + bisect_right(self._years, opened)

    def _has(self, row: Row, name: str) -> bool:
        return name in self._times and bool(row.values[self._times[name][0]])

    def _time(self, row: Row, name: str) -> datetime | None:
        """A time whose text must be readable; None when there is none."""
        if name not in self._times:
            return None
        column, read = self._times[name]
        text = row.values[column]
        if not text:
            return None
        try:
            return read(text)
        except (ValueError, OverflowError):
            raise RowRejected(f"bad_{name}", text[:60]) from None

    def _lenient(self, row: Row, name: str, repair: str) -> datetime | None:
        try:
            return self._time(row, name)
        except RowRejected:
            row.repairs.append(repair)
            return None

    def _bounds(self, name: str, at: datetime) -> None:
        if not self._years[0] <= at < self._end:
            raise RowRejected(f"{name}_bounds", at.isoformat())

    def _closed(self, row: Row, opened: datetime, updated: datetime | None) -> datetime | None:
        closed = self._time(row, "closed")
        if closed is None:
            return self._closed_missing(row, opened, updated)
        self._bounds("closed", closed)
        if closed >= opened:
            return closed
        if self._profile.closed_before_opened == "reject":
            raise RowRejected("closed_early", f"{opened.isoformat()} / {closed.isoformat()}")
        row.repairs.append("closed_at_opened")
        return opened

    def _closed_missing(
        self, row: Row, opened: datetime, updated: datetime | None
    ) -> datetime | None:
        for rule in self._profile.closed_missing:
            if rule == "updated" and updated:
                row.repairs.append("closed_from_updated")
                return updated
            if rule == "opened":
                row.repairs.append("closed_from_opened")
                return opened
            if rule == "empty":
                row.repairs.append("closed_unknown")
                return None
        raise RowRejected("closed_missing")

    def _due(self, row: Row, opened: datetime) -> datetime | None:
        due = self._lenient(row, "due", "due_unreadable")
        if due is None:
            return None
        if due < opened:
            row.repairs.append("due_early")
            return None
        if due > opened + self._profile.due_within_years * _YEAR:
            row.repairs.append("due_far")
            return None
        return due

    # Service, queue, channel

    def _lookup(self, row: Row, lookup: Lookup, otherwise: str) -> str:
        if not lookup.column:
            return otherwise
        return lookup.map.get(self._folded(row.values[lookup.column]), lookup.unknown)

    def _target(self, row: Row) -> Target:
        text = row.values[self._profile.service.column]
        found = self._targets.service(text)
        if found is not None:
            return found
        if self._targets.fallback is None:
            raise RowRejected("service", text[:120] or "—")
        row.repairs.append("service_kept_as")
        return self._targets.fallback

    def _queue(self, row: Row, target: Target, channel: str, areas: Areas) -> tuple[int, JsonText]:
        """The queue, and why it was chosen."""
        lookup = self._profile.department
        text = row.values[lookup.column]
        if lookup.column and not (text and self._targets.department(text)):
            if text and lookup.unknown == "reject":
                raise RowRejected("department", text[:120])
            row.repairs.append("department_unknown" if text else "department_blank")
        return self._routed(target.service.key, text, channel, areas)


def _route(
    targets: Targets, service: str, department: str, channel: str, areas: Areas
) -> tuple[int, JsonText]:
    facts: dict[str, Any] = {f"area.{layer}": code for layer, code in areas.codes.items()}
    facts |= {"channel": channel, "place.exists": areas.placed}
    among = targets.department(department) if department else []
    queue_id, route = targets.queue(targets.by_key[service], among, facts)
    because = route.because if route else department
    return queue_id, JsonText(json_text({"because": because}))


def _clean(row: Row) -> None:
    """Replace what cannot be stored."""
    found = False
    for name, text in row.values.items():
        stored = _UNSTORABLE.sub("\ufffd", text)
        found = found or "\ufffd" in stored
        row.values[name] = stored
    if found:
        row.repairs.append("characters")
