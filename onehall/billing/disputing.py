"""Bills that are contested: while the case about one is open, no penalty is added to it, and a plan of it stands still."""

from django.db import transaction

from onehall.billing import posting, queries
from onehall.billing.models import Invoice, PlanPause
from onehall.casework.models import Case
from onehall.places.models import City


@transaction.atomic
def contest(*, city: City, invoice_id: int, service_key: str, case: Case) -> bool:
    """Note the case in which a bill is contested, in the caller's transaction; whether it was noted.

    Only a report of the service by which the bill's kind is contested does so, and none while an earlier one is open.
    """
    found = Invoice.objects.select_for_update(of=("self",)).filter(city=city, pk=invoice_id)
    bill = found.select_related("disputed").first()
    setup = queries.billing_of(city).setup
    if bill is None or setup is None:
        return False
    by = queries.kind_of(setup, bill.kind).dispute
    if not by or by != service_key or bill.voided_at is not None:
        return False
    if bill.disputed is not None and bill.disputed.is_open:
        return False
    Invoice.objects.filter(pk=bill.pk).update(disputed=case)
    if bill.plan_id is not None:
        since = posting.local_day(city, case.opened_at)
        PlanPause.objects.get_or_create(
            plan_id=bill.plan_id, case=case, defaults={"city": city, "since": since}
        )
    return True
