"""Which bill a report is about, carried by the form as signed text: from the bill's page to the case."""

from typing import Final

from django.core import signing

from onehall.billing.models import Invoice
from onehall.places.models import City

QUESTION: Final = "bill"
"""The key of the question that the bill's number goes into, where a service has it."""
_SALT: Final = "about-bill"
_DAY: Final = 24 * 3600


def sign(city: City, bill: Invoice) -> str:
    """Text that only this server can make."""
    return signing.dumps([city.pk, bill.pk, bill.number], salt=_SALT, compress=True)


def read(city: City, text: str) -> tuple[int, str] | None:
    """The bill's id and number; None when the text is forged, a day old, or of another city. Asks no database."""
    if not text:
        return None
    try:
        of, pk, number = signing.loads(text, salt=_SALT, max_age=_DAY)
        return (int(pk), str(number)) if of == city.pk else None
    except (signing.BadSignature, TypeError, ValueError):
        return None
