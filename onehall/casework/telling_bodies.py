"""Mails to outside bodies about cases they have, from the outbox rows of `handing`."""

from datetime import datetime
from typing import Any

from django.utils import timezone, translation

from onehall.casework.models import HandOver
from onehall.casework.telling import public_address
from onehall.catalog.queries import catalogue
from onehall.kernel.localized import pick
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewMessage
from onehall.messaging.render import render
from onehall.places.models import City


def tell_body(payload: dict[str, Any], *, city_id: int, key: str, now: datetime) -> None:
    """Write one mail about a hand-over, a reminder or its end. Idempotent by message key."""
    given = HandOver.objects.filter(pk=payload["hand_over"], city_id=city_id)
    row = given.select_related("case", "body").first()
    what = str(payload["what"]).partition(":")[0]
    if row is None or (what != "withdrawn" and row.ended_at is not None):
        return
    city = City.objects.get(pk=city_id)
    language = next((c for c in row.body.languages if c in city.languages), city.languages[0])
    with translation.override(language), timezone.override(city.time_zone):
        mail = render(f"casework/mail/body_{what}", _context(city, row, language), language)
    messaging.send_message(
        message=NewMessage(
            city_id=city_id,
            key=f"body:{key}",
            to_address=row.body.email,
            language=language,
            subject=mail.subject,
            body_text=mail.text,
            body_html=mail.html,
            case_number=row.case.number,
            about=f"{row.case_id}:body",
        ),
        now=now,
    )


def _context(city: City, row: HandOver, language: str) -> dict[str, Any]:
    service = catalogue(city).by_id(row.case.service_id)
    return {
        "city": city,
        "number": row.case.number,
        "service": pick(service.name, language, city.languages[0]),
        "place": row.case.place_words,
        "words": row.words,
        "expires": row.expires_at,
        "url": f"{public_address(city)}/outside/{row.token}",
        "phone": (city.contact or {}).get("phone", ""),
    }
