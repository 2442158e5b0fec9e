"""Payment plans as they stand: what is paid of them is asked of the allocations, what they are is worked out for a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from onehall.billing import plan_rules
from onehall.billing.finding import PAGE, Found
from onehall.billing.models import (
    Allocation,
    Instalment,
    Invoice,
    PaymentPlan,
    PlanPause,
    PlanRequest,
)
from onehall.billing.plan_rules import Line, Part, Pause, PlanState, Standing
from onehall.places.models import City

LISTS: Final = ("running", "late", "broken", "ended")
MOST_ASKED: Final = 200
_BATCH: Final = 200

_PAID: Final = """
SELECT plan_id, sum(greatest(amount, 0)) FROM (
  SELECT p.id AS plan_id, a.payment_id, sum(a.amount) AS amount FROM billing_paymentplan p
  JOIN billing_charge c ON c.invoice_id = p.invoice_id
  JOIN billing_allocation a ON a.charge_id = c.id AND a.id > p.mark AND (p.end_mark IS NULL OR a.id <= p.end_mark)
  WHERE p.id = ANY(%s) AND NOT EXISTS (SELECT FROM billing_adjustment j
    WHERE j.entry_id = a.entry_id AND j.charge_id = a.charge_id AND j.kind = 'refund')
  GROUP BY 1, 2) by_payment GROUP BY 1
"""
"""By payment, so that money from before the start that goes back does not undo an instalment; what is given back and
forgiven is as if it had stayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan, where it stands on a day, and what that is called."""

    row: PaymentPlan
    standing: Standing
    state: PlanState

    @property
    def runs(self) -> bool:
        """Whether it has not ended, and something is owed."""
        return self.state in ("on_track", "late", "paused")

    @property
    def least(self) -> int:
        """The least that may be paid at once."""
        return min(1, self.standing.owed) if self.row.less else self.standing.least

    @property
    def next(self) -> Line | None:
        """The oldest instalment with something left to pay."""
        return self.standing.next


def read(city: City, rows: Sequence[PaymentPlan], today: date) -> list[Plan]:
    """Plans whose bills, with `disputed`, were read with them. Three queries, however many."""
    ids = [row.pk for row in rows]
    if not ids:
        return []
    parts: dict[int, list[Part]] = {pk: [] for pk in ids}
    for one in Instalment.objects.filter(plan__in=ids).order_by("plan", "number"):
        parts[one.plan_id].append(Part(one.due_on, one.amount))
    with connection.cursor() as cursor:
        cursor.execute(_PAID, [ids])
        paid = {pk: int(amount) for pk, amount in cursor.fetchall()}
    pauses = _pauses(city, ids)
    return [
        _plan(row, parts[row.pk], paid.get(row.pk, 0), pauses.get(row.pk, ()), today)
        for row in rows
    ]


def _plan(
    row: PaymentPlan, parts: Sequence[Part], paid: int, pauses: Sequence[Pause], today: date
) -> Plan:
    bill, on = row.invoice, min(row.ended_on or today, today)
    owed = bill.owed if row.ended_at is None else max(row.amount - paid, 0)
    found = plan_rules.standing(parts, paid=paid, owed=owed, today=on, pauses=pauses)
    paused = bill.disputed is not None and bill.disputed.is_open
    return Plan(
        row=row,
        standing=found,
        state=plan_rules.state(found, ended=row.ended, paused=paused),
    )


def _pauses(city: City, ids: Sequence[int]) -> dict[int, list[Pause]]:
    zone = ZoneInfo(city.time_zone)
    found: dict[int, list[Pause]] = {}
    for row in PlanPause.objects.filter(plan__in=ids).select_related("case").order_by("pk"):
        closed = row.case.closed_at
        until = closed.astimezone(zone).date() if closed and not row.case.is_open else None
        if until is None and not row.case.is_open:
            until = row.since
        found.setdefault(row.plan_id, []).append(Pause(row.since, until))
    return found


def rows_of(city: City) -> QuerySet[PaymentPlan]:
    """Plans of a city with what `read` wants of them."""
    rows = PaymentPlan.objects.filter(city=city)
    return rows.select_related("invoice__disputed", "invoice__account")


def running(city: City, bills: Iterable[Invoice], today: date) -> dict[int, Plan]:
    """Plans by which bills are paid today, by bill. No query where there is none."""
    ids = [bill.plan_id for bill in bills if bill.plan_id is not None]
    rows = list(rows_of(city).filter(pk__in=ids).order_by("pk")) if ids else []
    return {plan.row.invoice_id: plan for plan in read(city, rows, today)}


def by_id(city: City, pk: int, today: date) -> Plan | None:
    """One plan."""
    rows = list(rows_of(city).filter(pk=pk))
    return next(iter(read(city, rows, today)), None)


def of_bill(city: City, bill: Invoice, today: date) -> list[Plan]:
    """All plans that a bill ever had, the newest first; at most twenty."""
    return read(city, list(rows_of(city).filter(invoice=bill).order_by("-pk")[:20]), today)


def listed(city: City, show: str, today: date, *, after: str = "") -> Found[Plan]:
    """A list of plans, the newest first, page by page: those that run, that are late, that broke, that ended."""
    rows = rows_of(city)
    if show == "broken":
        rows = rows.filter(ended="broken", ended_at__isnull=False)
    elif show == "ended":
        rows = rows.filter(ended="ended", ended_at__isnull=False)
    else:
        rows = rows.filter(ended_at=None)
        rows = _maybe_late(rows, today) if show == "late" else rows
    found: list[Plan] = []
    last = int(after) if after.isdecimal() and len(after) < 19 else None
    while len(found) <= PAGE:
        some = rows if last is None else rows.filter(pk__lt=last)
        batch = list(some.order_by("-pk")[: PAGE + 1 if show != "late" else _BATCH])
        if not batch:
            break
        last = batch[-1].pk
        read_now = read(city, batch, today)
        found += [p for p in read_now if show != "late" or p.state == "late"]
        if len(batch) <= PAGE:
            break
    more = str(found[PAGE - 1].row.pk) if len(found) > PAGE else ""
    return Found(found[:PAGE], more)


def _maybe_late(rows: QuerySet[PaymentPlan], today: date) -> QuerySet[PaymentPlan]:
    """Plans that may be late: less was paid than had come due. What pauses moved is looked at afterwards."""
    since = Allocation.objects.filter(charge__invoice=OuterRef("invoice"), pk__gt=OuterRef("mark"))
    past = Instalment.objects.filter(plan=OuterRef("pk"), due_on__lt=today)
    return rows.filter(invoice__owed__gt=0).annotate(came=_sum(since, "charge__invoice"), past=_sum(past, "plan")).filter(
        came__lt=F("past")
    )  # fmt: skip


def _sum(rows: QuerySet[Allocation] | QuerySet[Instalment], by: str) -> Coalesce:
    total = rows.order_by().values(by).annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(total), 0, output_field=BigIntegerField())


def asked(city: City) -> list[PlanRequest]:
    """What waits for an answer, the oldest first; at most two hundred."""
    rows = PlanRequest.objects.filter(city=city, decided_at=None)
    return list(rows.select_related("invoice__account").order_by("asked_at", "pk")[:MOST_ASKED])


def asked_for(bill: Invoice) -> PlanRequest | None:
    """The request for a bill that waits for an answer."""
    return PlanRequest.objects.filter(invoice=bill, decided_at=None).first()
