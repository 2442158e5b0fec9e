"""What the page of a receipt shows: the payment for ever, and below it what was given back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from onehall.billing import receipts
from onehall.billing.models import Payment, Refund, RefundStatus
from onehall.billing.receipts import ReceiptLine
from onehall.places.models import City
from onehall.portal.paying import wording


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Money that went back, with the number of its own receipt."""

    receipt: str
    on: date
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A payment. `left` is what is owed today on bills that it did not pay in full, `rest` what no bill took."""

    payment: Payment
    how: str
    lines: Sequence[ReceiptLine]
    left: Sequence[tuple[str, int]]
    rest: int
    refunds: Sequence[GivenBack]


def by_token(city: City, token: str, language: str) -> Receipt | None:
    """A receipt by the secret of its page. Three queries."""
    payment = Payment.objects.filter(city=city, token=token).first()
    if payment is None:
        return None
    lines = receipts.lines(payment, language, city.languages[0])
    zone = ZoneInfo(city.time_zone)
    done = Refund.objects.filter(payment=payment, status=RefundStatus.SUCCEEDED).order_by("pk")
    return Receipt(
        payment=payment,
        how=_how(payment),
        lines=lines,
        left=sorted({(line.invoice, line.left) for line in lines if line.left}),
        rest=max(0, payment.amount - payment.fee - sum(line.amount for line in lines)),
        refunds=[
            GivenBack(r.receipt, r.done_at.astimezone(zone).date(), r.amount)
            for r in done
            if r.done_at is not None
        ],
    )


def _how(payment: Payment) -> str:
    """What was paid with: "Card, Visa ending 4242"."""
    brand = payment.brand.replace("_", " ").title()
    end = f"···· {payment.last4}" if payment.last4 else ""
    return ", ".join(
        filter(None, [wording.method(payment.method), " ".join(filter(None, [brand, end]))])
    )
