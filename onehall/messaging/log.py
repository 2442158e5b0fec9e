"""The log of messages as the staff read it: what was sent to whom, how it went, and what is left to do about it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from onehall.messaging.actions import ACCOUNT, SEND_MESSAGE
from onehall.messaging.models import Message, Outbox

PAGE: Final = 50
MOST: Final = 200
"""Messages that one press sends again."""

STATES: Final = ("failed", "bounced", "queued", "skipped", "sent")
AGAIN: Final = ("failed", "bounced")
"""States that are sent again by the selection: the others only one by one."""

_SECRET: Final = re.compile(r"/(r|invited)/[A-Za-z0-9_:-]{8,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """What a page of the log shows. `within` are the numbers of the cases a reader may see; None is all."""

    state: str = ""
    case_number: str = ""
    address: str = ""
    before: int | None = None
    within: QuerySet[Any] | None = None


@dataclass(frozen=True, slots=True)
class LogRow:
    """One message, with what its delivery has come to."""

    message: Message
    attempts: int | None
    next_at: datetime | None
    given_up: bool

    @property
    def is_secret(self) -> bool:
        """Whether it opens somebody's sign-in: only whom it went to may read it."""
        return self.message.key.startswith(ACCOUNT)


@dataclass(frozen=True, slots=True)
class LogPage:
    """Messages newest first; `older` is the `before` of the next page, None on the last."""

    rows: list[LogRow]
    older: int | None


def page(city_id: int, query: LogQuery) -> LogPage:
    """A page of the log: two queries."""
    found = _found(city_id, query).defer("body_text", "body_html").order_by("-pk")
    rows = list(found[: PAGE + 1])
    older = rows[PAGE - 1].pk if len(rows) > PAGE else None
    return LogPage(with_outbox(city_id, rows[:PAGE]), older)


def one(city_id: int, pk: int, within: QuerySet[Any] | None) -> LogRow | None:
    """One message, where the reader may see it."""
    rows = list(_found(city_id, LogQuery(within=within)).filter(pk=pk))
    return with_outbox(city_id, rows)[0] if rows else None


def to_send_again(city_id: int, query: LogQuery) -> list[Message]:
    """The messages of a selection that did not arrive, newest first, one more than a press sends."""
    rows = _found(city_id, query).filter(state__in=AGAIN).exclude(key__startswith=ACCOUNT)
    return list(rows.defer("body_text", "body_html").order_by("-pk")[: MOST + 1])


def chosen(city_id: int, ids: Sequence[int], within: QuerySet[Any] | None) -> list[Message]:
    """Some messages by id, without those the reader may not see."""
    rows = _found(city_id, LogQuery(within=within)).filter(pk__in=ids[:MOST])
    return list(rows.defer("body_text", "body_html").order_by("-pk"))


def with_outbox(city_id: int, messages: Sequence[Message]) -> list[LogRow]:
    """Messages with their row of the outbox; it is forgotten a month after the delivery."""
    keys = [m.key for m in messages]
    held = {
        row.key: row
        for row in Outbox.objects.filter(city_id=city_id, topic=SEND_MESSAGE, key__in=keys)
    }
    found = []
    for message in messages:
        row = held.get(message.key)
        waits = row is not None and row.done_at is None and not row.dead
        found.append(
            LogRow(
                message,
                attempts=row.attempts if row else None,
                next_at=row.due_at if row and waits else None,
                given_up=bool(row and row.dead),
            )
        )
    return found


def readable(text: str) -> str:
    """The words of a message without the secret of a link: it is the reader's own key."""
    return _SECRET.sub(r"/\1/…", text)


def letters(city_id: int, *, before: int | None = None) -> tuple[list[Outbox], int | None]:
    """Dead letters of a city, newest first, and where the next page begins."""
    found = Outbox.objects.filter(city_id=city_id, dead=True)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.defer("payload").order_by("-pk")[: PAGE + 1])
    return rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None


def _found(city_id: int, query: LogQuery) -> QuerySet[Message]:
    found = Message.objects.filter(city_id=city_id)
    if query.within is not None:
        found = found.filter(case_number__in=query.within).exclude(case_number="")
    if query.before is not None:
        found = found.filter(pk__lt=query.before)
    if query.case_number:
        found = found.filter(case_number=query.case_number)
    if query.address:
        found = found.filter(to_address__iexact=query.address)
    if query.state:
        found = found.filter(state=query.state)
    return found
