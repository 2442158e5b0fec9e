"""How a payment plan ends: the days on which it kept penalties from going on are noted on its bill. Written once."""

from datetime import datetime

from django.db.models import F, Max

from onehall.billing import plan_rules, posting
from onehall.billing.models import Allocation, Invoice, PaymentPlan
from onehall.people.actor import Actor
from onehall.places.models import City


def last_allocation(bill: Invoice) -> int:
    """The newest allocation to a bill that the caller's transaction holds; 0 without one."""
    rows = Allocation.objects.filter(charge__invoice=bill)
    return int(rows.aggregate(last=Max("pk"))["last"] or 0)


def finish(
    *, city: City, bill: Invoice, how: str, reason: str, by: Actor, now: datetime
) -> PaymentPlan | None:
    """End the plan of a bill that the caller's transaction holds: `how` is "broken" or "ended". None where none runs."""
    plan = PaymentPlan.objects.filter(city=city, invoice=bill, ended_at=None).first()
    if plan is None:
        return None
    today = posting.local_day(city, now)
    PaymentPlan.objects.filter(pk=plan.pk, ended_at=None).update(
        ended=how,
        ended_at=now,
        ended_on=today,
        end_mark=last_allocation(bill),
        end_by_id=by.user_id,
        end_by_name=by.name,
        end_reason=reason[:500],
    )
    stood = plan_rules.days_stood(bill.due_on, bill.stood_days, plan.started_on, today)
    Invoice.objects.filter(pk=bill.pk).update(plan=None, stood_days=F("stood_days") + stood)
    plan.refresh_from_db()
    return plan
