"""Writes of messaging: queue outbox rows, send messages, bring dead letters back."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from onehall.kernel.rows import Together
from onehall.messaging.models import LIVE, Message, Outbox, Tick

SEND_MESSAGE: Final = "message"
"""Topic of the outbox rows that deliver one Message; the payload is {"message": id}."""
ACCOUNT: Final = "account:"
"""How the keys of messages begin that open somebody's sign-in: nobody else may read or redirect them."""
KEEP_LIVE: Final = timedelta(minutes=10)
KEEP_DONE: Final = timedelta(days=30)
KEEP_TICKS: Final = timedelta(days=7)
PURGE_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOutbox:
    """A row to queue. `due_at` None means at once; the same (topic, key) is queued only once."""

    topic: str
    key: str
    payload: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to send. `key` makes it unique in its city: the same key is sent once."""

    city_id: int
    key: str
    to_address: str
    language: str
    subject: str
    body_text: str
    body_html: str = ""
    case_number: str = ""
    request_id: int | None = None
    about: str = ""
    channel: str = "email"
    due_at: datetime | None = None
    stop_url: str = ""


QUEUE_SQL: Final = """
INSERT INTO messaging_outbox (city_id, topic, key, payload, created_at, due_at)
SELECT %s, n.topic, n.key, n.payload::jsonb, %s, coalesce(n.due_at, %s)
FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) AS n(topic, key, payload, due_at)
ON CONFLICT (city_id, topic, key) DO NOTHING
"""


def queue(
    *, city_id: int, rows: Sequence[NewOutbox], now: datetime, along: Together | None = None
) -> None:
    """Queue rows in the caller's transaction: one INSERT, whatever their number; known keys stay.

    With `along` the rows travel with the caller's other writes, when it sends them.
    """
    if not rows:
        return
    together = along or Together()
    together.add(
        QUEUE_SQL,
        [
            city_id,
            now,
            now,
            [row.topic for row in rows],
            [row.key for row in rows],
            [json.dumps(row.payload) for row in rows],
            [row.due_at for row in rows],
        ],
    )
    if along is None:
        together.send()


def hold(*, city_id: int, topics: Sequence[str], keys: Sequence[str], until: datetime) -> int:
    """Let rows that nobody has taken yet wait until a time; returns how many wait."""
    waiting = Outbox.objects.filter(city_id=city_id, topic__in=topics, key__in=keys)
    return waiting.filter(done_at=None, lease_until=None).update(due_at=until)


@transaction.atomic
def withdraw(*, city_id: int, topics: Sequence[str], keys: Sequence[str], now: datetime) -> bool:
    """Take back rows before they are handled, all or none: False when one is done or being done."""
    rows = Outbox.objects.filter(city_id=city_id, topic__in=topics, key__in=keys)
    rows = rows.select_for_update().order_by("id")
    if any(r.done_at is not None or r.lease_until is not None for r in rows):
        return False
    rows.update(done_at=now, error="Taken back before it was sent.")
    return True


def send_message(*, message: NewMessage, now: datetime) -> None:
    """Store a message and queue its delivery in the caller's transaction: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH stored AS (
                INSERT INTO messaging_message (city_id, key, case_number, request_id, about,
                    channel, to_address, language, subject, body_text, body_html, stop_url, state, created_at)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'queued', %s)
                ON CONFLICT (city_id, key) DO NOTHING
                RETURNING id, city_id, key
            )
            INSERT INTO messaging_outbox (city_id, topic, key, payload, created_at, due_at)
            SELECT city_id, %s, key, jsonb_build_object('message', id), %s, %s FROM stored
            ON CONFLICT (city_id, topic, key) DO NOTHING
            """,
            [
                message.city_id,
                message.key,
                message.case_number,
                message.request_id,
                message.about,
                message.channel,
                message.to_address,
                message.language,
                message.subject,
                message.body_text,
                message.body_html,
                message.stop_url,
                now,
                SEND_MESSAGE,
                now,
                message.due_at or now,
            ],
        )


FORGET_SQL: Final = """
WITH gone AS (
    DELETE FROM messaging_message WHERE city_id = %(city)s AND case_number = ANY(%(numbers)s) RETURNING key
)
DELETE FROM messaging_outbox o USING gone
WHERE o.city_id = %(city)s AND o.topic = %(topic)s AND o.key = gone.key
"""


def forget_about(*, city_id: int, numbers: Sequence[str]) -> None:
    """Delete every message about some cases, with what was queued to deliver it."""
    given: dict[str, Any] = {"city": city_id, "numbers": list(numbers), "topic": SEND_MESSAGE}
    with connection.cursor() as cursor:
        cursor.execute(FORGET_SQL, given)


def record_delivery(
    *, message_id: int, state: str, error: str = "", sent_at: datetime | None = None
) -> None:
    """Write how a delivery ended. `error` is words without any address."""
    Message.objects.filter(pk=message_id).exclude(state="sent").update(
        state=state, error=error, sent_at=sent_at
    )


AGAIN_SQL: Final = """
INSERT INTO messaging_outbox (city_id, topic, key, payload, created_at, due_at)
SELECT city_id, %(topic)s, key, jsonb_build_object('message', id), %(now)s, %(now)s
FROM messaging_message WHERE id = %(id)s AND city_id = %(city)s
ON CONFLICT (city_id, topic, key) DO UPDATE
SET done_at = NULL, dead = false, attempts = 0, due_at = %(now)s, lease_until = NULL, error = ''
WHERE messaging_outbox.lease_until IS NULL OR messaging_outbox.lease_until <= %(now)s
"""


@transaction.atomic
def send_again(*, city_id: int, message_id: int, now: datetime, to_address: str = "") -> bool:
    """Deliver a message once more, to another address where one is given; whether it is on its way.

    What was sent is not sent twice under one name: it goes out as a copy. What opens a sign-in is never
    sent again, and what a worker has in its hands now is left to it.
    """
    held = Message.objects.select_for_update(of=("self",)).filter(city_id=city_id, pk=message_id)
    message = held.first()
    if message is None or message.key.startswith(ACCOUNT):
        return False
    address = to_address or message.to_address
    if message.state == "sent":
        copy = f"{message.key}:again:{now.timestamp():.6f}"
        fields = ("case_number", "request_id", "about", "channel", "language", "subject",
                  "body_text", "body_html", "stop_url")  # fmt: skip
        given = {name: getattr(message, name) for name in fields}
        new = NewMessage(city_id=city_id, key=copy, to_address=address, **given)
        send_message(message=new, now=now)
        return True
    with connection.cursor() as cursor:
        given = {"topic": SEND_MESSAGE, "now": now, "id": message.pk, "city": city_id}
        cursor.execute(AGAIN_SQL, given)
        if not cursor.rowcount:
            return False
    held.update(state="queued", error="", to_address=address)
    return True


def replay(*, ids: Sequence[int], now: datetime, city_id: int | None = None) -> int:
    """Bring dead letters back with a fresh count of attempts, those of one city; how many came back."""
    rows = Outbox.objects.filter(pk__in=ids, dead=True)
    if city_id is not None:
        rows = rows.filter(city_id=city_id)
    return rows.update(dead=False, attempts=0, due_at=now, lease_until=None, error="")


def bury(*, attempts: int, now: datetime) -> int:
    """Make rows dead whose last attempt ended with the death of its worker."""
    return (
        Outbox.objects.filter(
            done_at=None, dead=False, attempts__gte=attempts, lease_until__lte=now
        )
        .exclude(topic=LIVE)
        .update(dead=True, lease_until=None, error="The worker died during the last attempt.")
    )


@transaction.atomic
def purge(*, now: datetime) -> int:
    """Delete live news after 10 minutes, done rows after 30 days, ticks after 7; returns how many.

    At most 5,000 rows of each at a time, so that no run holds locks for long.
    """
    live = Outbox.objects.filter(topic=LIVE, created_at__lt=now - KEEP_LIVE)
    done = Outbox.objects.filter(done_at__lt=now - KEEP_DONE)
    gone = 0
    for old in (live.order_by("id"), done.order_by("done_at")):
        gone += Outbox.objects.filter(pk__in=old.values("pk")[:PURGE_AT_ONCE]).delete()[0]
    return gone + Tick.objects.filter(started_at__lt=now - KEEP_TICKS).delete()[0]
