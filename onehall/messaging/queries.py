"""Named reads of messaging."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet

from onehall.messaging.models import LIVE, Message, Outbox


@dataclass(frozen=True, slots=True)
class MailboxPage:
    """Messages newest first; `older` is the `before` of the next page, None on the last."""

    messages: list[Message]
    older: int | None


@dataclass(frozen=True, slots=True)
class OutboxHealth:
    """How the outbox is: rows waiting and due, the oldest due time, dead letters."""

    due: int
    oldest_due: datetime | None
    dead: int


def mailbox(
    city_id: int,
    *,
    before: int | None = None,
    limit: int = 50,
    case_number: str = "",
    to_address: str = "",
    state: str = "",
) -> MailboxPage:
    """A page of a city's messages, newest first, keyset by id; narrowed by what is given."""
    found: QuerySet[Message] = Message.objects.filter(city_id=city_id)
    if before is not None:
        found = found.filter(pk__lt=before)
    if case_number:
        found = found.filter(case_number=case_number)
    if to_address:
        found = found.filter(to_address__iexact=to_address)
    if state:
        found = found.filter(state=state)
    rows = list(found.order_by("-pk")[: limit + 1])
    return MailboxPage(rows[:limit], rows[limit - 1].pk if len(rows) > limit else None)


def mailbox_message(city_id: int, pk: int) -> Message | None:
    """One message of a city."""
    return Message.objects.filter(city_id=city_id, pk=pk).first()


def deliveries(city_id: int, case_numbers: list[str]) -> list[Message]:
    """Messages about cases, newest first, the last 200: whether each one arrived is on the case."""
    found = Message.objects.filter(city_id=city_id, case_number__in=case_numbers)
    return list(found.defer("body_text", "body_html").order_by("-pk")[:200])


def outbox_health(*, now: datetime) -> OutboxHealth:
    """Figures for the health page and the metrics, over all cities."""
    waiting = Q(dead=False, due_at__lte=now)
    row = (
        Outbox.objects.filter(done_at=None)
        .exclude(topic=LIVE)
        .aggregate(
            due=Count("pk", filter=waiting),
            oldest=Min("due_at", filter=waiting),
            dead=Count("pk", filter=Q(dead=True)),
        )
    )
    return OutboxHealth(due=row["due"], oldest_due=row["oldest"], dead=row["dead"])


def outbox_lag(*, now: datetime) -> timedelta:
    """How long the oldest due row has waited: zero when nothing waits."""
    oldest = outbox_health(now=now).oldest_due
    return max(now - oldest, timedelta()) if oldest else timedelta()


def dead_letters(city_id: int | None = None, *, limit: int = 100) -> list[Outbox]:
    """Rows that were given up, newest first."""
    found = Outbox.objects.filter(dead=True)
    if city_id is not None:
        found = found.filter(city_id=city_id)
    return list(found.order_by("-pk")[:limit])
