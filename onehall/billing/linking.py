"""A mail with the link to pay one bill: sent by staff, once for each press of the button."""

import uuid
from datetime import datetime

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from onehall.billing import mailing, queries, rules
from onehall.billing.errors import BillingRefused
from onehall.billing.models import Invoice
from onehall.casework.telling import public_address
from onehall.kernel import money
from onehall.kernel.localized import pick
from onehall.places.models import City


def address(city: City, bill: Invoice) -> str:
    """Where anybody who has it pays the bill."""
    return f"{public_address(city)}/bills/{bill.token}"


def send(*, city: City, bill: Invoice, to: str, key: uuid.UUID, now: datetime) -> None:
    """Queue the mail, in the caller's transaction. BillingRefused for no address, or when nothing is owed."""
    whom = to.strip()
    if len(whom) > 254 or not rules.MAIL.fullmatch(whom):
        raise BillingRefused(_("Write an e-mail address like name@example.org."))
    if bill.voided_at is not None or bill.owed == 0:
        raise BillingRefused(_("Nothing is owed on the bill."))
    language = city.language_for(bill.language)
    with translation.override(language):
        kind = queries.kind_of(queries.setup(city), bill.kind)
        words = {
            "number": bill.number,
            "what": pick(bill.words, language, city.languages[0])
            or pick(kind.name, language, city.languages[0]),
            "amount": money.say(bill.owed, bill.currency),
            "due": date_format(bill.due_on, "DATE_FORMAT"),
            "url": address(city, bill),
        }
    mailing.send(
        city=city,
        template="paylink",
        key=f"paylink:{key}",
        to=whom,
        language=language,
        words=words,
        now=now,
    )
