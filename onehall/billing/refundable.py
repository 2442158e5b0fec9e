"""What of a payment can be given back: in all, and line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Sum
from django.utils.translation import gettext as _

from onehall.billing.errors import BillingRefused
from onehall.billing.models import Allocation, Charge, Payment, RefundLine, RefundStatus
from onehall.billing.rules import sums_by

GONE: Final = (RefundStatus.REJECTED, RefundStatus.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """One line to give back: of a line of a bill, of the convenience fee, or (neither) of the credit."""

    amount: int
    charge_id: int | None = None
    of_fee: bool = False
    owed_again: bool = False


def available(payment: Payment) -> int:
    """What of a payment can still be given back: not refunded, not asked for, not taken back by a bank."""
    if payment.returned_at is not None or taken_by_bank(payment):
        return 0
    asked = payment.refunds.exclude(status__in=GONE).aggregate(sum=Sum("amount"))["sum"] or 0
    return payment.amount - int(asked)


def taken_by_bank(payment: Payment) -> bool:
    """Whether the payer's bank has the money, or may keep it."""
    return payment.chargebacks.exclude(outcome="won").exists()


def check_lines(payment: Payment, lines: Sequence[Back]) -> None:
    """No line gives more back than it got, with what is asked for already."""
    rows = Allocation.objects.filter(payment=payment).values_list("charge_id", "amount")
    got = dict(sums_by((f"{charge}", amount) for charge, amount in rows))
    got["fee"], got["credit"] = payment.fee, payment.credit
    open_lines = RefundLine.objects.filter(refund__payment=payment).exclude(
        refund__status__in=[*GONE, RefundStatus.SUCCEEDED]
    )
    done_fees = RefundLine.objects.filter(
        refund__payment=payment, refund__status=RefundStatus.SUCCEEDED, of_fee=True
    )
    for held in [*open_lines.order_by("pk"), *done_fees.order_by("pk")]:
        got[_place(held.charge_id, of_fee=held.of_fee)] -= held.amount
    for line in lines:
        place = _place(line.charge_id, of_fee=line.of_fee)
        got[place] = got.get(place, 0) - line.amount
        if got[place] < 0:
            raise BillingRefused(_("A line can not give back more than was paid for it."))
    charges = [line.charge_id for line in lines if line.charge_id is not None]
    if Charge.objects.filter(pk__in=charges, refundable=False).exists():
        raise BillingRefused(_("One of the lines is not given back, by the fee schedule."))


def _place(charge_id: int | None, *, of_fee: bool) -> str:
    if of_fee:
        return "fee"
    return "credit" if charge_id is None else str(charge_id)
