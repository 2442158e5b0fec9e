"""Penalties that a kind of bill names by days after it is due: each step once, in order, however late the job comes."""

from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import DateField, ExpressionWrapper, F, Q, QuerySet

from onehall.billing import invoicing, posting, queries, rules
from onehall.billing.documents import Kind
from onehall.billing.errors import BillingRefused
from onehall.billing.invoicing import NewCharge
from onehall.billing.models import ChargeKind, Invoice
from onehall.people.actor import system
from onehall.places.models import City

MOST: Final = 1_000
"""Bills of one round."""
NOT_CONTESTED: Final = Q(disputed=None) | Q(disputed__is_open=False)
"""While the case in which a bill is contested is open, no penalty is added."""


def due(city: City, kind: Kind, today: date) -> QuerySet[Invoice]:
    """Open bills of a kind that have come to a step which is not on them; those that somebody is paying, or pays in parts, are left out."""
    steps = Q(pk__in=[])
    for number, penalty in enumerate(kind.penalties):
        edge = today - timedelta(days=penalty.after_days)
        steps |= Q(penalized=number, due_on__lte=edge, runs_from__lte=edge)
    # Days plus a number of them are days: what ended plans stood for is not counted.
    runs_from = ExpressionWrapper(F("due_on") + F("stood_days"), output_field=DateField())
    mine = Invoice.objects.filter(city=city, kind=kind.key, owed__gt=0, plan=None)
    rows = mine.annotate(runs_from=runs_from).filter(steps, NOT_CONTESTED)
    return rows.filter(voided_at=None).exclude(parts__open=True)


def add_due(*, city: City, now: datetime, most: int = MOST) -> int:
    """Add every penalty that is due where the city is; how many bills got one. What is left the next round does."""
    setup = queries.billing_of(city).setup
    today, done = posting.local_day(city, now), 0
    for kind in setup.kinds.values() if setup else ():
        if kind.penalties and done < most:
            rows = due(city, kind, today).order_by("due_on", "id")
            for pk in list(rows.values_list("pk", flat=True)[: most - done]):
                done += penalize(city=city, kind=kind, invoice_id=pk, now=now)
    return done


@transaction.atomic
def penalize(*, city: City, kind: Kind, invoice_id: int, now: datetime) -> bool:
    """All steps that a bill has come to, looked at again under its lock; False where there is none by now."""
    try:
        invoice = invoicing.locked(city=city, invoice_id=invoice_id)
    except BillingRefused:
        # Taken back, or somebody began to pay: the next round looks again.
        return False
    contested = invoice.disputed is not None and invoice.disputed.is_open
    if invoice.owed == 0 or contested or invoice.plan_id is not None:
        return False
    today = posting.local_day(city, now)
    due_on = invoice.due_on + timedelta(days=invoice.stood_days)
    steps = rules.penalties_due(kind, due_on, today, invoice.penalized)
    for step in steps:
        amount = rules.penalty_amount(step, invoice.owed)
        if amount:
            charge = NewCharge(
                code=step.code,
                words=step.name,
                amount=amount,
                gl=step.gl,
                kind=ChargeKind.PENALTY,
                basis_on=due_on + timedelta(days=step.after_days),
            )
            invoice = invoicing.add_charges(
                city=city, invoice_id=invoice.pk, charges=[charge], by=system(city.pk), now=now
            )
    Invoice.objects.filter(pk=invoice.pk).update(penalized=invoice.penalized + len(steps))
    return bool(steps)
