"""What happens to payment plans by itself: a word before a payment is due, another when it was missed, and their end.

Each mail has a key, and a plan ends under the lock of its bill: killed at any moment and run again, it comes to the same.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from onehall.billing import ending_plans, plan_mail, planning, posting, queries
from onehall.billing.models import AttemptPart, Invoice
from onehall.billing.plan_mail import Notice
from onehall.billing.planning import Plan
from onehall.messaging.models import Message
from onehall.people.actor import system
from onehall.places.models import City

AHEAD: Final = 3
"""So many days before a payment is due its payer is told."""
_BATCH: Final = 500
BROKEN: Final = "A payment was missed for longer than the days of grace."


def keep(*, city: City, now: datetime) -> int:
    """Write what is due to be written, and end what is broken; how many of both."""
    if queries.billing_of(city).setup is None:
        return 0
    today, done = posting.local_day(city, now), 0
    for batch in _batches(city, today):
        done += _tell(city, batch, today, now)
        for plan in batch:
            done += _is_broken(plan, today) and breach(city=city, plan_id=plan.row.pk, now=now)
    return done


def _batches(city: City, today: date) -> Iterator[list[Plan]]:
    rows = planning.rows_of(city).filter(ended_at=None, invoice__owed__gt=0)
    # Whoever is paying, and be it by a transfer that takes days, needs no word, and no end.
    rows, last = rows.exclude(invoice__parts__open=True), 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:_BATCH]):
        last = batch[-1].pk
        yield planning.read(city, batch, today)


def _is_broken(plan: Plan, today: date) -> bool:
    behind = plan.standing.beyond(plan.row.grace_days, today)
    return plan.row.missed == "end" and plan.state == "late" and behind


@transaction.atomic
def breach(*, city: City, plan_id: int, now: datetime) -> bool:
    """End a plan that is broken, looked at again under the lock of its bill; False where it is not by now.

    One that somebody is paying at this moment waits for the next round.
    """
    bills = planning.rows_of(city).filter(pk=plan_id).values("invoice_id")
    bill = Invoice.objects.select_for_update(of=("self",)).get(city=city, pk__in=bills)
    today = posting.local_day(city, now)
    plan = planning.by_id(city, plan_id, today)
    paying = AttemptPart.objects.filter(invoice=bill, open=True).exists()
    if plan is None or paying or not _is_broken(plan, today):
        return False
    on = plan.standing.missed
    ended = ending_plans.finish(
        city=city, bill=bill, how="broken", reason=BROKEN, by=system(city.pk), now=now
    )
    if ended is None:
        return False
    plan_mail.tell(city=city, plan=ended, notice="broken", now=now, on=on)
    return True


def _tell(city: City, batch: list[Plan], today: date, now: datetime) -> int:
    wanted = {}
    for plan in batch:
        if plan.row.email and (said := _notice(plan, today)):
            notice, on, amount = said
            key = plan_mail.key_of(plan.row, notice, on)
            wanted[key] = (plan, notice, on, amount)
    sent = Message.objects.filter(city=city, key__in=list(wanted)).values_list("key", flat=True)
    for key in sent:
        del wanted[key]
    for plan, notice, on, amount in wanted.values():
        plan_mail.tell(city=city, plan=plan.row, notice=notice, now=now, on=on, amount=amount)
    return len(wanted)


def _notice(plan: Plan, today: date) -> tuple[Notice, date, int] | None:
    """What a payer should know today: a payment behind, else one that comes due soon."""
    line = plan.next
    if line is None or plan.state == "paused":
        return None
    if line.due_on < today:
        return None if _is_broken(plan, today) else ("missed", line.due_on, line.left)
    if line.due_on <= today + timedelta(days=AHEAD) and plan.row.started_on < today:
        return ("due", line.due_on, line.left)
    return None
