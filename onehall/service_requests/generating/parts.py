"""What is made and copied: the rows of one part of a history, and a case while it is lived."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from onehall.casework.bulk import CaseRow, EntryRow
from onehall.casework.linking import JsonText, json_text
from onehall.kernel.chain import moment
from onehall.kernel.copylines import NULL, text
from onehall.service_requests.generating.dates import TargetDates, Terms
from onehall.service_requests.generating.pools import Offered, Worker
from onehall.service_requests.generating.ways import Step
from onehall.service_requests.importing.rows import RequestRow

SYSTEM: Final = Worker()
RESIDENT: Final = Worker("resident")
PRIORITIES: Final = ("normal", "high", "urgent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """The first keys of a run, and its first number of each year: they are reserved before it is made."""

    case: int
    request: int
    person: int
    message: int
    numbers: dict[int, int]


@dataclass(slots=True)
class Part:
    """The rows of one part, as they are copied: most of them are lines already."""

    cases: list[CaseRow] = field(default_factory=list)
    requests: list[RequestRow] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    timers: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    outbox: list[str] = field(default_factory=list)


def line(*values: object) -> str:
    """A row as a line of COPY: numbers, texts, times and nothing."""
    return "\t".join(map(_field, values))


def _field(value: object) -> str:
    if value is None:
        return NULL
    if isinstance(value, datetime):
        return moment(value)
    return text(value) if isinstance(value, str) else str(value)


@dataclass(slots=True)
class Life:
    """A case while it is lived: its row, and what happened to it that other rows tell."""

    row: CaseRow
    offered: Offered
    workers: tuple[Worker, ...]
    seconds: int
    channel: str
    terms: Terms
    targets: TargetDates
    met: dict[str, datetime] = field(default_factory=dict)
    settles_at: datetime | None = None
    said: tuple[bool, datetime] | None = None
    closing: EntryRow | None = None
    first_end: datetime | None = None

    def add(self, at: datetime, kind: str, data: JsonText, by: Worker) -> EntryRow:
        """Append an entry."""
        entry = EntryRow(
            at=at, kind=kind, data=data, actor_kind=by.kind, actor_id=by.id, actor_name=by.name
        )
        self.row.timeline.append(entry)
        self.row.updated_at = at
        return entry

    def move(self, step: Step, at: datetime, by: Worker, words: int = 0) -> EntryRow:
        """Make a move, with its state and its entry; `words` chooses what is said with it."""
        row = self.row
        row.previous_state, row.state, row.category = row.state, step.state, step.category
        row.entered += 1
        return self.add(at, "moved", step.data[words % len(step.data)], by)

    def close(self, step: Step, at: datetime, by: Worker, words: int) -> None:
        """Make the move that ends the case."""
        self.closing = self.move(step, at, by, words)
        self.row.closed_at, self.row.outcome = at, step.outcome
        self.first_end = self.first_end or at

    def verdict(self, at: datetime, *, fixed: bool) -> None:
        """What the resident says to the end."""
        data = JsonText(json_text({"fixed": fixed, "number": self.row.number}))
        self.add(at, "verdict", data, RESIDENT)
        self.said = fixed, at

    def followed(self, at: datetime, number: str, people: int) -> None:
        """Another person tells of the same thing."""
        data = {"number": number, "people": people, "photo_count": 0}
        self.add(at, "followed", JsonText(json_text(data)), RESIDENT)

    def closing_seq(self) -> int:
        """The number of the entry that ended the case; 0 while it is open."""
        if self.row.closed_at is None:
            return 0
        entries = enumerate(self.row.timeline, 1)
        return next((seq for seq, entry in entries if entry is self.closing), 0)
