"""A few payment plans of the made-up city: on track, late, broken, done, and one that waits for an answer."""

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from onehall.billing import keeping_plans, plans, queries
from onehall.billing.models import Instalment, Invoice, PaymentPlan
from onehall.billing.plan_rules import Wish
from onehall.billing.plans import NewPlan
from onehall.cli.demo_history.payments import Paid, pay_all
from onehall.people.actor import resident
from onehall.places.models import City


@dataclass(frozen=True, slots=True)
class _Story:
    """A plan that began so many days ago, of so many payments, of which some came in; `broken` so many days ago."""

    began: int
    count: int
    paid: int
    broken: int = 0


_STORIES: Final = (
    _Story(began=130, count=3, paid=3),
    _Story(began=110, count=4, paid=1, broken=35),
    _Story(began=70, count=4, paid=2),
    _Story(began=45, count=5, paid=1),
    _Story(began=35, count=3, paid=0),
)
"""The longest ago first: they are told of the oldest bills."""


def add_plans(city: City, now: datetime, *, seed: int) -> None:
    """Plans over citations that nobody paid, begun in the past, and what was paid of them since. Nobody is mailed."""
    rng = random.Random(seed)  # noqa: S311  (made-up data)
    terms = queries.kind_of(queries.setup(city), "citation").plan
    if terms is None:
        return
    rows = Invoice.objects.filter(
        city=city, kind="citation", owed__gte=5 * terms.least, voided_at=None
    )
    bills = list(rows.order_by("issued_on", "pk")[: len(_STORIES)])
    paid: list[Paid] = []
    made: list[tuple[PaymentPlan, _Story]] = []
    for bill, story in zip(bills, _STORIES, strict=False):
        new = NewPlan(
            key=uuid.UUID(int=rng.getrandbits(128), version=4),
            invoice_id=bill.pk,
            wish=Wish(story.count, "month"),
            consent=plans.CONSENT,
        )
        began = now - timedelta(days=story.began)
        if bill.issued_on >= began.date():
            continue
        plan = plans.start(city=city, new=new, by=resident(city.pk), now=began)
        made.append((plan, story))
        parts = Instalment.objects.filter(plan=plan).order_by("number")
        for part in parts[: story.paid]:
            at = began + timedelta(days=(part.due_on - plan.started_on).days, hours=-3)
            paid.append(Paid(bill, part.amount, "card", at))
    _pay(city, paid, rng)
    for plan, story in made:
        if story.broken:
            at = now - timedelta(days=story.broken)
            keeping_plans.breach(city=city, plan_id=plan.pk, now=at)
    _ask(city, rng, now)


def _pay(city: City, paid: list[Paid], rng: random.Random) -> None:
    """One after the other for each bill: what is owed on its lines is read anew each time."""
    left = sorted(paid, key=lambda p: p.at)
    while left:
        first: dict[int, Paid] = {}
        for one in left:
            first.setdefault(one.bill.pk, one)
        pay_all(city, first.values(), seed=rng.getrandbits(64))
        left = [one for one in left if one not in first.values()]


def _ask(city: City, rng: random.Random, now: datetime) -> None:
    rows = Invoice.objects.filter(city=city, kind="utility", owed__gt=10_000, plan=None)
    bill = rows.order_by("due_on", "pk").first()
    if bill is None or not plans.may_ask(city, bill):
        return
    new = NewPlan(
        key=uuid.UUID(int=rng.getrandbits(128), version=4),
        invoice_id=bill.pk,
        wish=Wish(4, "month"),
        email="rosa@mail.example",
        language="en",
        consent=plans.CONSENT,
        reason="My hours at the cannery were cut. I can pay a part each month.",
    )
    plans.ask(city=city, new=new, now=now - timedelta(days=1))
