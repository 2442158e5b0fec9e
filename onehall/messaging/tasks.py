"""Background entry points of messaging."""

from datetime import datetime
from typing import Any

from onehall.messaging import actions
from onehall.messaging.carriers import Bounced, NotDelivered, Skipped, carrier_for
from onehall.messaging.handlers import TryAgain
from onehall.messaging.models import Message, MessageState


def deliver(payload: dict[str, Any], *, city_id: int, key: str, now: datetime) -> None:
    """Deliver one message; a failure is written on it in words and raised to be tried again."""
    message = (
        Message.objects.select_related("city")
        .filter(pk=payload["message"], city_id=city_id, key=key)
        .first()
    )
    if message is None or message.state in (
        MessageState.SENT,
        MessageState.BOUNCED,
        MessageState.SKIPPED,
    ):
        return
    try:
        carrier_for(message.channel).deliver(message)
    except Skipped as why:
        actions.record_delivery(message_id=message.pk, state="skipped", error=str(why))
    except Bounced as why:
        actions.record_delivery(message_id=message.pk, state="bounced", error=str(why))
    except NotDelivered as why:
        actions.record_delivery(message_id=message.pk, state="failed", error=str(why))
        raise TryAgain(str(why)) from None
    else:
        actions.record_delivery(message_id=message.pk, state="sent", sent_at=now)
