"""The sides of the entry that says that a refund is gone."""

from collections.abc import Sequence

from onehall.billing import posting, taking
from onehall.billing.models import (
    Drawer,
    Payment,
    Refund,
    RefundLine,
)
from onehall.billing.posting import NewLine


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
