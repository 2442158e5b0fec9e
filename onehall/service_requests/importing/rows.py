"""Many service requests at once through COPY, beside `casework.bulk`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from onehall.casework.bulk import allocate_ids, copy_rows, json_text

REQUESTS: Final = "service_requests_servicerequest"


@dataclass(slots=True, kw_only=True)
class RequestRow:
    """One person's report as it ends up. `id` 0 means a new one."""

    city_id: int
    case_id: int
    number: str
    created_at: datetime
    channel: str
    id: int = 0
    home_case_id: int | None = None
    person_id: int | None = None
    verdict_at: datetime | None = None
    key: UUID | None = None
    rating: int | None = None
    disputes: int = 0
    accepted: bool | None = None
    wants_news: bool = True
    token: str | None = None
    language: str = ""
    words: str = ""
    comment: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    source_id: str = ""


_COLUMNS: Final = (
    "id", "city_id", "case_id", "home_case_id", "person_id", "created_at", "verdict_at", "key",
    "rating", "disputes", "accepted", "wants_news", "channel", "number", "token", "language",
    "words", "comment", "answers", "source", "source_id",
)  # fmt: skip


def copy_requests(cursor: CursorWrapper, rows: Sequence[RequestRow]) -> list[int]:
    """Insert requests, in the caller's transaction; sets and returns their ids, in order."""
    fresh = [row for row in rows if not row.id]
    for row, new in zip(fresh, allocate_ids(cursor, REQUESTS, len(fresh)), strict=True):
        row.id = new
    copy_rows(cursor, REQUESTS, _COLUMNS, (_values(row) for row in rows))
    return [row.id for row in rows]


def _values(row: RequestRow) -> tuple[Any, ...]:
    return (
        row.id, row.city_id, row.case_id, row.home_case_id, row.person_id, row.created_at,
        row.verdict_at, row.key, row.rating, row.disputes, row.accepted, row.wants_news,
        row.channel, row.number, row.token, row.language, row.words, row.comment,
        json_text(row.answers), row.source, row.source_id,
    )  # fmt: skip
