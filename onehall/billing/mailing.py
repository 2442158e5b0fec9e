"""Mail about money: one of the templates of `billing/mail`, in the language of whom it is for, sent once for each key."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewMessage
from onehall.messaging.render import render
from onehall.places.models import City


def send(
    *,
    city: City,
    template: str,
    key: str,
    to: str,
    language: str,
    words: Mapping[str, Any],
    now: datetime,
) -> None:
    """Queue a mail in the caller's transaction. `language` is one of the city's."""
    mail = render(f"billing/mail/{template}", {"city": city, **words}, language)
    messaging.send_message(
        message=NewMessage(
            city_id=city.pk,
            key=key,
            to_address=to,
            language=language,
            subject=mail.subject,
            body_text=mail.text,
            body_html=mail.html,
        ),
        now=now,
    )
