"""A mail with the link to pay one bill: sent by staff, once for each press of the button."""

import re
import uuid
from datetime import datetime
from typing import Final

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from onehall.billing import queries
from onehall.billing.errors import BillingRefused
from onehall.billing.models import Invoice
from onehall.casework.telling import public_address
from onehall.kernel import money
from onehall.kernel.localized import pick
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewMessage
from onehall.messaging.render import render
from onehall.places.models import City

_ADDRESS: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")


def address(city: City, bill: Invoice) -> str:
    """Where anybody who has it pays the bill."""
    return f"{public_address(city)}/bills/{bill.token}"


def send(*, city: City, bill: Invoice, to: str, key: uuid.UUID, now: datetime) -> None:
    """Queue the mail, in the caller's transaction. BillingRefused for no address, or when nothing is owed."""
    whom = to.strip()
    if len(whom) > 254 or not _ADDRESS.fullmatch(whom):
        raise BillingRefused(_("Write an e-mail address like name@example.org."))
    if bill.voided_at is not None or bill.owed == 0:
        raise BillingRefused(_("Nothing is owed on the bill."))
    language = city.language_for(bill.language)
    with translation.override(language):
        kind = queries.kind_of(queries.setup(city), bill.kind)
        words = {
            "city": city,
            "number": bill.number,
            "what": pick(bill.words, language, city.languages[0])
            or pick(kind.name, language, city.languages[0]),
            "amount": money.say(bill.owed, bill.currency),
            "due": date_format(bill.due_on, "DATE_FORMAT"),
            "url": address(city, bill),
        }
        mail = render("billing/mail/paylink", words, language)
    messaging.send_message(
        message=NewMessage(
            city_id=city.pk,
            key=f"paylink:{key}",
            to_address=whom,
            language=language,
            subject=mail.subject,
            body_text=mail.text,
            body_html=mail.html,
        ),
        now=now,
    )
