"""Many service requests at once through COPY, beside `casework.bulk`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from onehall.casework.bulk import allocate_ids, copy_lines
from onehall.casework.linking import json_text
from onehall.kernel.chain import moment
from onehall.kernel.copylines import FLAG, NULL, json, known, text

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
    copy_lines(cursor, REQUESTS, _COLUMNS, map(_line, rows))
    return [row.id for row in rows]


def _line(row: RequestRow) -> str:
    verdict, home, person, rating = row.verdict_at, row.home_case_id, row.person_id, row.rating
    return (
        f"{row.id}\t{row.city_id}\t{row.case_id}\t{NULL if home is None else home}\t"
        f"{NULL if person is None else person}\t"
        f"{moment(row.created_at)}\t{NULL if verdict is None else moment(verdict)}\t"
        f"{known(row.key)}\t{NULL if rating is None else rating}\t{row.disputes}\t"
        f"{NULL if row.accepted is None else FLAG[row.accepted]}\t"
        f"{FLAG[row.wants_news]}\t{row.channel}\t{text(row.number)}\t"
        f"{NULL if row.token is None else text(row.token)}\t{row.language and text(row.language)}\t"
        f"{text(row.words)}\t{row.comment and text(row.comment)}\t{json(json_text(row.answers))}\t"
        f"{row.source and text(row.source)}\t{row.source_id and text(row.source_id)}"
    )
