"""The made-up city's year of money: balanced, the same each time, with something for everybody to look at."""

from datetime import timedelta

import pytest
from django.db.models import Sum

from onehall.billing import closing, planning, posting, proof, queries
from onehall.billing.models import (
    Chargeback,
    DayClose,
    Invoice,
    Payment,
    PaymentException,
    Payout,
    Refund,
)
from onehall.cli import city as city_commands
from onehall.cli.demo_city import PACK
from onehall.cli.demo_history.bills import add_bills
from onehall.kernel import clock

pytestmark = pytest.mark.django_db


def test_a_year_of_money() -> None:
    city, now = city_commands.apply(PACK, with_staff=True), clock.now()
    queries.forget()
    found = add_bills(city, seed=7, now=now)
    assert found is not None
    held = proof.prove(city=city, now=now)
    assert held.faults == ()
    assert held.lines > 8_000
    shown = Invoice.objects.get(number=found.citation)
    assert shown.owed > 0
    assert Invoice.objects.filter(account__number=found.account, owed__gt=0).exists()
    open_bills = Invoice.objects.filter(city=city, owed__gt=0)
    assert 100 < open_bills.count() < 600
    assert open_bills.filter(owed__lt=0).count() == 0
    assert Invoice.objects.filter(penalized__gt=0).count() > 5
    assert sorted(Refund.objects.values_list("status", flat=True)) == ["requested", "succeeded"]
    assert sorted(Chargeback.objects.values_list("outcome", flat=True)) == ["", "lost"]
    assert list(PaymentException.objects.values_list("kind", flat=True)) == ["orphan"]
    assert Payout.objects.count() >= 10
    today = posting.local_day(city, now)
    rows = list(planning.rows_of(city).order_by("pk"))
    assert [p.state for p in planning.read(city, rows, today)] == [
        "done",
        "broken",
        "on_track",
        "on_track",
        "late",
    ]
    assert len(planning.asked(city)) == 1
    assert Payment.objects.aggregate(s=Sum("credit"))["s"] == 0
    # Everything is closed but yesterday and today.
    yesterday = posting.local_day(city, now) - timedelta(days=1)
    assert min(closing.open_days(city, posting.local_day(city, now))) >= yesterday
    assert DayClose.objects.count() > 100
