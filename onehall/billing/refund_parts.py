"""What a refund is made of: which lines may give how much back, and the sides of its entry."""

from collections.abc import Sequence
from typing import Final, Protocol

from django.utils.translation import gettext as _

from onehall.billing import posting, taking
from onehall.billing.errors import BillingRefused
from onehall.billing.models import (
    Allocation,
    Charge,
    Drawer,
    Payment,
    Refund,
    RefundLine,
    RefundStatus,
)
from onehall.billing.posting import NewLine
from onehall.billing.rules import sums_by

GONE: Final = (RefundStatus.REJECTED, RefundStatus.FAILED)


class Wanted(Protocol):
    """One line that somebody wants back: of a charge, of the convenience fee, or (neither) of the credit."""

    @property
    def amount(self) -> int:
        """In the smallest unit."""
        ...

    @property
    def charge_id(self) -> int | None:
        """The line of a bill."""
        ...

    @property
    def of_fee(self) -> bool:
        """Whether it is of the convenience fee."""
        ...


def check(payment: Payment, lines: Sequence[Wanted]) -> None:
    """BillingRefused where a line would give more back than it got, with what is asked for already."""
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


def _book(payment: Payment, drawer: Drawer | None) -> str:
    """Where the money comes from: what lay in a drawer once is at the bank, unless a drawer hands it out."""
    book = taking.BOOK_OF[payment.method]
    return "bank" if book == "drawer" and drawer is None else book


def entry_lines(payment: Payment, refund: Refund, lines: Sequence[RefundLine]) -> list[NewLine]:
    """The sides of the entry that says that a refund is gone."""
    found = [NewLine(_book(payment, refund.drawer), -refund.amount, payment=payment.pk)]
    for line in lines:
        if line.of_fee:
            found.append(NewLine("convenience", line.amount, payment=payment.pk))
        elif line.charge is None:
            found.append(NewLine(posting.CREDIT, line.amount, payment=payment.pk))
        elif line.owed_again:
            found.append(
                NewLine(posting.RECEIVABLE, line.amount, charge=line.charge_id, payment=payment.pk)
            )
        else:
            found.append(
                NewLine(
                    posting.REVENUE,
                    line.amount,
                    gl=line.charge.gl,
                    charge=line.charge_id,
                    payment=payment.pk,
                )
            )
    return found
