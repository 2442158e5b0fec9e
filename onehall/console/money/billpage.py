"""What the page of one bill shows: its lines and what changed them, what was paid and given back, the entries behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404

from onehall.billing import books, linking, planning, plans, queries
from onehall.billing.books import Entry
from onehall.billing.models import Adjustment, Allocation, Charge, Invoice, Payment, Refund
from onehall.casework.models import Case
from onehall.console.money import saying
from onehall.console.money.room import today_of
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest

MOST_CHANGES = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A line with what changed it."""

    charge: Charge
    words: str
    kind: str
    changes: Sequence[tuple[Adjustment, str]]


def load(request: CityRequest, pk: int) -> Invoice:
    """A bill of this city, or 404."""
    rows = Invoice.objects.filter(city=request.city, pk=pk)
    found = rows.select_related("account", "disputed", "case").first()
    if found is None:
        raise Http404
    return found


def context(request: CityRequest, bill: Invoice) -> dict[str, Any]:
    """Everything of the page. Its queries do not grow with the bill."""
    city, language, default = request.city, request.LANGUAGE_CODE, request.city.languages[0]
    charges = list(Charge.objects.filter(invoice=bill).order_by("position"))
    changes: dict[int, list[tuple[Adjustment, str]]] = {}
    for row in Adjustment.objects.filter(charge__in=charges).order_by("pk")[:MOST_CHANGES]:
        changes.setdefault(row.charge_id, []).append((row, str(saying.ADJUSTMENTS[row.kind])))
    shown = saying.bill_row(city, bill, today_of(request), language)
    paid = _paid(bill)
    return {
        **shown,
        "lines": [
            Line(
                charge,
                pick(charge.words, language, default) or charge.code,
                str(saying.CHARGE_KINDS[charge.kind]),
                changes.get(charge.pk, ()),
            )
            for charge in charges
        ],
        "paid": paid,
        "paid_sum": bill.billed - bill.owed,
        "refunds": [
            (refund, *saying.refund_tag(refund))
            for refund in Refund.objects.filter(payment__in=[p for p, _sum, _how in paid])
            .select_related("payment")
            .order_by("pk")
        ],
        "entries": entries(books.entries_of_bill(bill)),
        "case_seen": bill.case is not None
        and Case.objects.reachable_by(request.actor).filter(pk=bill.case.pk).exists(),
        "address": linking.address(city, bill),
        "kinds": [
            (key, saying.ADJUSTMENTS[key])
            for key in ("waiver", "discount", "correction", "write_off")
        ],
        "plans": [
            (plan, *saying.PLANS[plan.state])
            for plan in planning.of_bill(city, bill, today_of(request))
        ],
        "may_plan": bill.plan_id is None and plans.may_ask(city, bill),
        "held_as": queries.kind_of(queries.setup(city), bill.kind),
    }


def _paid(bill: Invoice) -> list[tuple[Payment, int, str]]:
    rows = Allocation.objects.filter(charge__invoice=bill).select_related("payment")
    sums: dict[int, int] = {}
    payments: dict[int, Payment] = {}
    for row in rows.order_by("pk"):
        sums[row.payment_id] = sums.get(row.payment_id, 0) + row.amount
        payments[row.payment_id] = row.payment
    return [(payments[pk], total, saying.method(payments[pk])) for pk, total in sums.items()]


def entries(found: Sequence[Entry]) -> list[dict[str, Any]]:
    """Entries in plain accounting form: each line with its account, debit and credit."""
    return [
        {
            "row": entry.row,
            "word": saying.ENTRIES[entry.row.kind],
            "lines": [(line, saying.BOOKS.get(line.account, line.account)) for line in entry.lines],
        }
        for entry in found
    ]
