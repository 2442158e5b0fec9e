"""From one row of the file to a case with its timeline, by the rules of the profile. No writes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

from onehall.casework.bulk import CaseRow, EntryRow
from onehall.casework.rules import MAX_WORDS
from onehall.places.models import City
from onehall.service_requests.importing import times
from onehall.service_requests.importing.placing import Placing
from onehall.service_requests.importing.profile import Lookup, Profile, folded
from onehall.service_requests.importing.reader import Record
from onehall.service_requests.importing.reasons import RowRejected
from onehall.service_requests.importing.targets import Target, Targets
from onehall.service_requests.importing.templates import fill

MAX_ID: Final = 80
_YEAR: Final = timedelta(days=365.25)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(slots=True)
class Draft:
    """A row that can be imported. The case has no number yet; `year` is the one it was opened in."""

    source_id: str
    year: int
    case: CaseRow
    channel: str
    words: str
    repairs: list[str]


@dataclass(slots=True)
class _Moments:
    opened: datetime
    updated: datetime | None
    closed: datetime | None
    due: datetime | None


@dataclass(slots=True)
class _Row:
    """One row while it is read."""

    values: dict[str, str]
    repairs: list[str] = field(default_factory=list)

    def get(self, column: str) -> str:
        return self.values[column] if column else ""


class Mapper:
    """Maps rows of one file for one city. `now` is the time of the import."""

    def __init__(
        self, *, city: City, profile: Profile, header: Sequence[str], now: datetime
    ) -> None:
        self._city = city
        self._profile = profile
        self._now = now
        self._zone = profile.zone or ZoneInfo(city.time_zone)
        self._city_zone = ZoneInfo(city.time_zone)
        latest = now.astimezone(self._city_zone).year
        self._first = datetime(profile.earliest_year, 1, 1, tzinfo=self._city_zone).astimezone(UTC)
        self._end = datetime(latest + 1, 1, 1, tzinfo=self._city_zone).astimezone(UTC)
        self._targets = Targets(city, profile)
        self._placing = Placing(city, profile.place)
        self._read = {name: times.reader(m, self._zone) for name, m in profile.moments.items()}
        wanted = sorted(profile.columns())
        self._columns = wanted
        places = [header.index(name) for name in wanted]
        self._pick = itemgetter(*places) if len(places) > 1 else None
        self._only = places[0]

    def source_id(self, record: Record) -> str:
        """The id of a row in its own system. `RowRejected` when it has none."""
        return self._id(self._row(record))

    def draft(self, record: Record) -> Draft:
        """The case and the report of a row. `RowRejected` with the reason."""
        row = self._row(record)
        source_id = self._id(row)
        state = self._state(row)
        moments = self._moments(row, state)
        target = self._target(row)
        place = self._placing.place(row.values, row.repairs)
        channel = self._lookup(row, self._profile.channel, "import")
        facts: dict[str, Any] = {f"area.{layer}": code for layer, code in place.areas.items()}
        facts |= {"channel": channel, "place.exists": place.lon is not None}
        queue_id, because = self._queue(row, target, facts)
        ending = target.endings[state]
        case = CaseRow(
            city_id=self._city.pk,
            service_id=target.id,
            flow_version_id=target.version_id,
            queue_id=queue_id,
            number="",
            state=ending.state,
            category=ending.category,
            outcome=ending.outcome,
            entered=int(ending.state != target.start),
            previous_state=target.start if ending.state != target.start else "",
            opened_at=moments.opened,
            updated_at=max(t for t in (moments.opened, moments.updated, moments.closed) if t),
            due_at=moments.due,
            promised_at=moments.due,
            closed_at=moments.closed,
            lon=place.lon,
            lat=place.lat,
            place_words=place.words,
            areas=place.areas,
            is_public=target.service.public,
            route_reason={"because": because},
            timeline=[],
        )
        case.timeline = [
            EntryRow(at=moments.opened, kind="received", data={"channel": channel}),
            *self._steps(row, case, target, state),
            EntryRow(at=self._now, kind="imported", data=self._facts(row, case, place.outside)),
        ]
        return Draft(
            source_id=source_id,
            year=moments.opened.astimezone(self._city_zone).year,
            case=case,
            channel=channel,
            words=_cut(fill(self._profile.words, row.values), MAX_WORDS, "words_cut", row.repairs),
            repairs=row.repairs,
        )

    def _row(self, record: Record) -> _Row:
        if record.problem:
            raise RowRejected(record.problem, record.detail)
        fields = record.fields
        picked = self._pick(fields) if self._pick else (fields[self._only],)
        blank = self._profile.blank
        row = _Row({})
        values = row.values
        for name, value in zip(self._columns, picked, strict=True):
            text = value.strip()
            values[name] = "" if text in blank else text
        whole = "".join(picked)
        if not whole.isascii() or "\x00" in whole:
            self._clean(row)
        return row

    def _clean(self, row: _Row) -> None:
        found = False
        for name, text in row.values.items():
            stored = _UNSTORABLE.sub("\ufffd", text)
            found = found or "\ufffd" in stored
            row.values[name] = stored
        if found:
            row.repairs.append("characters")

    def _id(self, row: _Row) -> str:
        found = row.get(self._profile.id)
        if not found:
            raise RowRejected("no_id")
        if len(found) > MAX_ID:
            raise RowRejected("long_id", found[:MAX_ID])
        return found

    # State and times

    def _state(self, row: _Row) -> str:
        lookup = self._profile.status
        text = row.get(lookup.column)
        state = lookup.map.get(folded(text))
        if state is None:
            if lookup.unknown == "reject":
                raise RowRejected("status", text or "—")
            row.repairs.append("status_unknown")
            state = lookup.unknown
        if state == "closed":
            for rule in self._profile.refine:
                if rule.contains in row.get(rule.column).casefold():
                    return rule.to
        return state

    def _moments(self, row: _Row, state: str) -> _Moments:
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
        return _Moments(opened, updated, closed, self._due(row, opened))

    def _has(self, row: _Row, name: str) -> bool:
        moment = self._profile.moments.get(name)
        return moment is not None and bool(row.get(moment.column))

    def _time(self, row: _Row, name: str) -> datetime | None:
        """A time whose text must be readable; None when there is none."""
        moment = self._profile.moments.get(name)
        text = row.get(moment.column) if moment else ""
        if not text:
            return None
        try:
            return self._read[name](text)
        except (ValueError, OverflowError):
            raise RowRejected(f"bad_{name}", text[:60]) from None

    def _lenient(self, row: _Row, name: str, repair: str) -> datetime | None:
        try:
            return self._time(row, name)
        except RowRejected:
            row.repairs.append(repair)
            return None

    def _bounds(self, name: str, at: datetime) -> None:
        if not self._first <= at < self._end:
            raise RowRejected(f"{name}_bounds", at.isoformat())

    def _closed(self, row: _Row, opened: datetime, updated: datetime | None) -> datetime | None:
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
        self, row: _Row, opened: datetime, updated: datetime | None
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

    def _due(self, row: _Row, opened: datetime) -> datetime | None:
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

    def _lookup(self, row: _Row, lookup: Lookup, otherwise: str) -> str:
        if not lookup.column:
            return otherwise
        return lookup.map.get(folded(row.get(lookup.column)), lookup.unknown)

    def _target(self, row: _Row) -> Target:
        text = row.get(self._profile.service.column)
        found = self._targets.service(text)
        if found is not None:
            return found
        if self._targets.fallback is None:
            raise RowRejected("service", text[:120] or "—")
        row.repairs.append("service_kept_as")
        return self._targets.fallback

    def _queue(self, row: _Row, target: Target, facts: dict[str, Any]) -> tuple[int, Any]:
        lookup = self._profile.department
        text = row.get(lookup.column)
        among = self._targets.department(text) if text else []
        if lookup.column and not among:
            if text and lookup.unknown == "reject":
                raise RowRejected("department", text[:120])
            row.repairs.append("department_unknown" if text else "department_blank")
        queue_id, route = self._targets.queue(target, among, facts)
        return queue_id, route.because if route else text

    # Timeline

    def _steps(self, row: _Row, case: CaseRow, target: Target, state: str) -> list[EntryRow]:
        answer = _cut(row.get(self._profile.answer), MAX_WORDS, "words_cut", row.repairs)
        at = case.closed_at or case.updated_at
        steps: list[EntryRow] = []
        if case.state != target.start:
            ending = target.endings[state]
            data: dict[str, Any] = {"move": ending.move, "from": target.start, "to": case.state}
            if ending.purpose:
                data["purpose"] = ending.purpose
            if ending.outcome:
                data["outcome"] = ending.outcome
            if answer and self._profile.answer_public:
                data["words"], answer = answer, ""
            steps.append(EntryRow(at=at, kind="moved", data=data))
        if answer:
            kind = "replied" if self._profile.answer_public else "noted"
            steps.append(EntryRow(at=at, kind=kind, data={"words": answer}))
        return steps

    def _facts(
        self, row: _Row, case: CaseRow, outside: tuple[float, float] | None
    ) -> dict[str, Any]:
        profile = self._profile
        # Source and id stand on the report, the reason for the queue on the case.
        facts: dict[str, Any] = {"queue": case.queue_id}
        for name, lookup in (
            ("service", profile.service),
            ("status", profile.status),
            ("department", profile.department),
        ):
            if text := row.get(lookup.column):
                facts[name] = text[:300]
        if outside:
            facts["outside"] = {"lon": outside[0], "lat": outside[1]}
        if kept := {name: row.values[name][:300] for name in profile.keep if row.values[name]}:
            facts["columns"] = kept
        if row.repairs:
            facts["repairs"] = list(dict.fromkeys(row.repairs))
        return facts


def _cut(text: str, most: int, repair: str, repairs: list[str]) -> str:
    if len(text) <= most:
        return text
    repairs.append(repair)
    return text[:most]
