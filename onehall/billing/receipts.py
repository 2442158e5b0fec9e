"""What a receipt says, and its mail. A receipt is of its payment for ever: what was given back stands below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import translation
from django.utils.formats import date_format

from onehall.billing import mailing
from onehall.billing.models import Allocation, Charge, Invoice, Payment
from onehall.casework.telling import public_address
from onehall.kernel import money
from onehall.kernel.localized import pick
from onehall.places.models import City


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """What went to one line of a bill. `left` is what is still owed on the bill as a whole."""

    invoice: str
    kind: str
    words: str
    amount: int
    left: int
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What of a payment goes to one line of a bill, and what is still owed on the bill after it."""

    line: Charge
    bill: Invoice
    amount: int
    left: int


def lines(payment: Payment, language: str, default: str) -> list[ReceiptLine]:
    """What a payment went to when it was taken or applied, by bill and line. Money taken back is not in it. One query."""
    rows = Allocation.objects.filter(payment=payment, amount__gt=0).select_related(
        "charge__invoice"
    )
    parts = [
        Part(
            line=row.charge,
            bill=row.charge.invoice,
            amount=row.amount,
            left=row.charge.invoice.owed,
        )
        for row in rows.order_by("charge__invoice_id", "charge__position", "pk")
    ]
    return _in_words(parts, language, default)


def _in_words(parts: Sequence[Part], language: str, default: str) -> list[ReceiptLine]:
    return [
        ReceiptLine(
            invoice=part.bill.number,
            kind=part.bill.kind,
            words=pick(part.line.words, language, default),
            amount=part.amount,
            left=part.left,
            token=part.bill.token,
        )
        for part in parts
    ]


def send(*, city: City, payment: Payment, parts: Sequence[Part], now: datetime) -> None:
    """Mail the receipt, in the caller's transaction, where an address was given."""
    if not payment.email:
        return
    language = city.language_for(payment.language)
    with translation.override(language):
        found = _in_words(parts, language, city.languages[0])
        say = _Say(payment.currency)
        words = {
            "amount": say(payment.amount),
            "day": date_format(payment.on, "DATE_FORMAT"),
            "lines": [
                {
                    "number": n.invoice,
                    "words": n.words,
                    "amount": say(n.amount),
                    "left": say(n.left) if n.left else "",
                }
                for n in found
            ],
            "fee": say(payment.fee) if payment.fee else "",
            "credit": say(payment.credit) if payment.credit else "",
            "receipt": payment.receipt,
            "url": f"{public_address(city)}/receipts/{payment.token}",
        }
    mailing.send(
        city=city,
        template="receipt",
        key=f"receipt:{payment.key}",
        to=payment.email,
        language=language,
        words=words,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class _Say:
    """Amounts in words of the active language."""

    currency: str

    def __call__(self, amount: int) -> str:
        return money.say(amount, self.currency)
