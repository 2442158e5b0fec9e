"""Role × every address of money, read and written; and what of another city is not there."""

import uuid
from typing import Any

import pytest

from onehall.billing import (
    drawers,
    exceptions,
    invoicing,
    pack,
    plan_rules,
    plans,
    queries,
    refunding,
    taking,
)
from onehall.billing.invoicing import NewCharge, NewInvoice
from onehall.billing.models import Account, JournalEntry, PaymentException, PaymentMethod, Payout
from onehall.billing.plans import NewPlan
from onehall.billing.refunding import Ask, Back
from onehall.billing.taking import Money
from onehall.people.actor import system
from onehall.people.permissions import ROLES, Key, allowed
from onehall.places.models import City
from tests.access.test_roles import client
from tests.access.test_urls import ADDRESSES, MONEY_POSTS, START, World, world  # noqa: F401
from tests.billing.money import FIXTURES

pytestmark = pytest.mark.django_db

READS: dict[str, Key] = {
    "console:money": "see_bills",
    "console:money-bill": "see_bills",
    "console:money-payment": "see_bills",
    "console:money-receipt": "see_bills",
    "console:money-receipt-pdf": "see_bills",
    "console:money-account": "see_bills",
    "console:money-account-pdf": "see_bills",
    "console:money-refunds": "see_bills",
    "console:money-plans": "see_bills",
    "console:money-plan": "see_bills",
    "console:money-plan-make": "run_plans",
    "console:money-write": "write_bills",
    "console:money-counter": "take_money",
    "console:money-drawers": "take_money",
    "console:money-drawer": "take_money",
    "console:money-refund-ask": "ask_refunds",
    "console:money-day": "see_books",
    "console:money-day-of": "see_books",
    "console:money-export": "see_books",
    "console:money-aging": "see_books",
    "console:money-exceptions": "see_books",
    "console:money-payouts": "see_books",
    "console:money-payout": "see_books",
    "console:money-overrides": "see_books",
    "console:money-overrides-csv": "see_books",
}


def there(city: City) -> dict[str, int]:
    """A city that bills, with one of everything: the row that each address is about."""
    read, _problems = pack.read(FIXTURES, city.languages, "")
    pack.apply(read, city)
    queries.forget()
    by = system(city.pk)
    account = Account.objects.create(city=city, kind="utility", number="W-1", name="Otis")
    line = NewCharge(code="water", words={"en": "Water"}, amount=20_000, gl="4100")
    new = NewInvoice(kind="utility", charges=[line], account=account, name="Otis")
    bill = invoicing.issue(city=city, new=new, by=by, now=START)
    drawer = drawers.open_drawer(city=city, name="Front counter", float_=0, by=by, now=START)
    money = Money(key=uuid.uuid4(), method=PaymentMethod.CASH, amount=10_000, drawer=drawer)
    paid = taking.at_counter(city=city, money=money, amounts={bill.pk: 10_000}, by=by, now=START)
    back = Back(amount=9_000, charge_id=bill.charges.get().pk)
    wanted = Ask(key=uuid.uuid4(), payment_id=paid.pk, lines=[back], reason="x", available=10_000)
    refund = refunding.ask(city=city, wanted=wanted, by=by, now=START)
    exceptions.note(city=city, kind="late", ref="1", amount=1, words="x", now=START)
    payout = Payout.objects.create(
        city=city, provider="demo", ref="po", currency="USD", arrives_on=START.date(), gross=1,
        fee=0, net=1, taken_at=START,
    )  # fmt: skip
    of_payment = (
        "payment",
        "receipt",
        "receipt-pdf",
        "apply",
        "bounced",
        "chargeback",
        "refund-ask",
    )
    found = {f"console:money-{name}": paid.pk for name in of_payment}
    found |= {f"console:money-bill{name}": bill.pk for name in ("", "-link", "-adjust", "-void")}
    found |= {f"console:money-refund-{name}": refund.pk for name in ("decide", "carry")}
    in_parts, asked_for = (invoicing.issue(city=city, new=new, by=by, now=START) for _n in "ab")
    wish = plan_rules.Wish(2, "month")
    parts = NewPlan(key=uuid.uuid4(), invoice_id=in_parts.pk, wish=wish)
    plan = plans.start(city=city, new=parts, by=by, now=START)
    more = NewPlan(key=uuid.uuid4(), invoice_id=asked_for.pk, wish=wish, email="o@example.org")
    asked = plans.ask(city=city, new=more, now=START)
    return found | {
        "console:money-plan": plan.pk,
        "console:money-plan-end": plan.pk,
        "console:money-plan-make": bill.pk,
        "console:money-plan-decide": asked.pk,
        "console:money-account": account.pk,
        "console:money-account-pdf": account.pk,
        "console:money-drawer": drawer.pk,
        "console:money-payout": payout.pk,
        "console:money-exception": PaymentException.objects.get(city=city).pk,
    }


def url(name: str, rows: dict[str, int]) -> str:
    from django.urls import reverse

    given: dict[str, Any] = {"pk": rows.get(name, 0), "on": START.date().isoformat()}
    return reverse(name, kwargs={key: given[key] for key in ADDRESSES[name]})


def test_every_address_of_money_says_what_it_asks() -> None:
    assert {n for n in ADDRESSES if n.startswith("console:money")} == {*READS, *MONEY_POSTS}


@pytest.mark.parametrize("role", ROLES)
def test_of_one_role(world: World, role: str) -> None:  # noqa: F811
    rows = there(world.cast.city)
    browser = client(world, role, department="")
    for name, key in READS.items():
        code = browser.get(url(name, rows)).status_code
        fine = {200, 302} if name == "console:money-export" else {200}
        assert code in (fine if allowed([role], key) else {403}), name
    before = JournalEntry.objects.count()
    for name, key in MONEY_POSTS.items():
        code = browser.post(url(name, rows), {}).status_code
        assert (code == 403) != allowed([role], key), (name, code)
        if allowed([role], key):
            assert code in {302, 422, 404}, (name, code)
    if not any(allowed([role], key) for key in MONEY_POSTS.values()):
        assert JournalEntry.objects.count() == before


def test_another_citys_money_is_not_there(world: World) -> None:  # noqa: F811
    there(world.cast.city)
    foreign = there(world.elsewhere)
    browser = client(world, "finance", department="")
    for name in foreign:
        address = url(name, foreign)
        if name in READS:
            assert browser.get(address).status_code == 404, name
        if name in MONEY_POSTS:
            sent = {"what": "approve", "reason": "x", "words": "x", "charge": "1"}
            assert browser.post(address, sent).status_code == 404, name
    page = browser.get("/desk/money?q=Otis").content.decode()
    assert f"/bills/{foreign['console:money-bill']}" not in page
