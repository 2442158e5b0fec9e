"""A finance officer's day in a browser: counts, closes, gives back by two; every page of money at every size."""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Page, expect

from onehall.billing import drawers, exceptions, invoicing, pack, queries, refunding, taking
from onehall.billing.invoicing import Change, NewCharge, NewInvoice
from onehall.billing.models import (
    Account,
    AdjustmentKind,
    DayClose,
    Drawer,
    Invoice,
    Payment,
    PaymentMethod,
    Payout,
    PayoutItem,
    Refund,
)
from onehall.billing.refunding import Ask, Back
from onehall.billing.taking import Money
from onehall.kernel.clock import now
from onehall.people.models import User
from onehall.people.queries import staff_actor
from onehall.places.models import City
from tests.billing.money import FIXTURES
from tests.console.people import BACKEND, hire, report
from tests.pages import good_at_every_size, shoot

pytestmark = pytest.mark.browser

DESKTOP: dict[str, Any] = {
    "viewport": {"width": 1280, "height": 900},
    "has_touch": False,
    "is_mobile": False,
}


@pytest.fixture
def paying(site: str) -> Iterator[City]:
    """Testford, which bills, with one of everything."""
    city = City.objects.get(slug="testford")
    read, problems = pack.read(FIXTURES, city.languages, "")
    assert not problems
    pack.apply(read, city)
    queries.forget()
    hire(city, "fay@testford.example", "finance", None)
    hire(city, "gus@testford.example", "finance", None)
    yield city
    queries.forget()


def actor(city: City, name: str) -> Any:
    return staff_actor(User.objects.get(email=f"{name}@testford.example"), city)


def everything(city: City) -> dict[str, str]:
    """One of everything, and the addresses of the pages about it."""
    fay, at = actor(city, "fay"), now()
    case = report(city)
    account = Account.objects.create(
        city=city, kind="utility", number="W-10042", name="Rosa Diaz", address="5 Main Street"
    )
    bills = []
    for n in range(7):
        line = NewCharge(
            code="water", words={"en": "Water"}, amount=12_050 + n * 731, gl="4100",
            explained="11 units at $10.95",
        )  # fmt: skip
        fee = NewCharge(code="late", words={"en": "Late charge"}, amount=500, gl="4150")
        new = NewInvoice(
            kind="utility" if n % 2 else "citation", charges=[line, fee], account=account if n % 2 else None,
            name="Rosa Diaz", plate="" if n % 2 else "CA 7ABC123", case_id=case.case_id if n == 1 else None,
            due_on=at.date() + dt.timedelta(days=20 - 25 * n),
        )  # fmt: skip
        bills.append(invoicing.issue(city=city, new=new, by=fay, now=at))
    waived = Change(
        charge_id=bills[1].charges.order_by("pk")[1].pk, amount=-500, kind=AdjustmentKind.WAIVER,
        reason="A leak that was ours",
    )  # fmt: skip
    invoicing.adjust(city=city, change=waived, by=fay, now=at)
    drawer = drawers.open_drawer(city=city, name="Front counter", float_=10_000, by=fay, now=at)
    cash = Money(
        key=uuid.uuid4(), method=PaymentMethod.CASH, amount=6_000, drawer=drawer, name="Rosa Diaz"
    )
    taking.at_counter(city=city, money=cash, amounts={bills[1].pk: 6_000}, by=fay, now=at)
    over = Money(
        key=uuid.uuid4(), method=PaymentMethod.CHECK, amount=30_000, drawer=drawer,
        reference="1017", name="Rosa Diaz",
    )  # fmt: skip
    paid = taking.at_counter(
        city=city, money=over, amounts={bills[2].pk: bills[2].owed}, by=fay, now=at
    )
    line = bills[2].charges.order_by("pk")[0]
    wanted = Ask(
        key=uuid.uuid4(), payment_id=paid.pk, lines=[Back(amount=7_000, charge_id=line.pk)],
        reason="The citation was not theirs", available=30_000,
    )  # fmt: skip
    refunding.ask(city=city, wanted=wanted, by=fay, now=at)
    exceptions.note(
        city=city, kind="refund_failed", ref="demo-1", amount=2_500, payment=paid,
        words="The card is closed.", now=at,
    )  # fmt: skip
    payout = Payout.objects.create(
        city=city, provider="demo", ref="po_1", currency="USD", arrives_on=at.date(), gross=9_000,
        fee=261, net=8_739, taken_at=at,
    )  # fmt: skip
    PayoutItem.objects.create(
        city=city, payout=payout, kind="payment", ref="pi_1", gross=9_000, fee=261, net=8_739
    )
    return {
        "bills": "/desk/money",
        "found": "/desk/money?q=rosa",
        "bill": f"/desk/money/bills/{bills[1].pk}",
        "write": "/desk/money/bills/new",
        "counter": f"/desk/money/counter?bill={bills[3].pk}&bill={bills[4].pk}&q=rosa",
        "drawers": "/desk/money/drawers",
        "drawer": f"/desk/money/drawers/{drawer.pk}",
        "payment": f"/desk/money/payments/{paid.pk}",
        "receipt": f"/desk/money/payments/{paid.pk}/receipt",
        "refund": f"/desk/money/payments/{paid.pk}/refund",
        "refunds": "/desk/money/refunds",
        "day": "/desk/money/day",
        "aging": "/desk/money/receivables",
        "exceptions": "/desk/money/exceptions",
        "payouts": "/desk/money/payouts",
        "payout": f"/desk/money/payouts/{payout.pk}",
        "overrides": "/desk/money/overrides",
        "account": f"/desk/money/accounts/{account.pk}",
        "case": f"/desk/cases/{case.number}",
    }


def enter(page: Page, site: str, name: str) -> None:
    """Sign somebody in by the cookie."""
    user = User.objects.get(email=f"{name}@testford.example")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": site}
    page.context.clear_cookies()
    page.context.add_cookies([cookie])  # type: ignore[list-item]


def test_every_page_at_every_size(visit: Any, site: str, paying: City) -> None:
    addresses = everything(paying)
    page = visit(**DESKTOP)
    enter(page, site, "fay")
    wrong = []
    for name, address in addresses.items():
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        shoot(page, name)
        try:
            good_at_every_size(page)
        except AssertionError as no:
            wrong.append((name, str(no)[:600]))
    assert wrong == []


def test_the_day_of_a_finance_officer(visit: Any, site: str, paying: City) -> None:
    """Money is taken, given back by two, the drawer counted and the day closed, by buttons and keys alone."""
    line = NewCharge(code="water", words={"en": "Water"}, amount=9_550, gl="4100")
    new = NewInvoice(kind="utility", charges=[line], name="Rosa Diaz")
    bill = invoicing.issue(city=paying, new=new, by=actor(paying, "fay"), now=now())
    page = visit(**DESKTOP)
    enter(page, site, "fay")
    page.goto("/desk")
    page.get_by_role("link", name="Money").click()
    page.get_by_role("link", name="Drawers").click()
    page.get_by_label("What lies in it").fill("50")
    page.get_by_role("button", name="Open it").press("Enter")
    page.get_by_role("link", name="Bills", exact=True).click()
    page.get_by_label("Find a bill or a payment").fill("rosa")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=bill.number).click()
    page.get_by_role("link", name="Take money").click()
    page.get_by_label("What was handed over").fill("100")
    page.get_by_role("button", name="Take the money").press("Enter")
    expect(page.get_by_text("Give back $4.50 change.")).to_be_visible()
    page.get_by_role("link", name="Give back").click()
    page.get_by_label("Amount, at most $95.50").fill("60")
    page.get_by_label("Why").fill("Billed twice")
    page.get_by_role("button", name="Ask for the refund").click()
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()
    expect(page.get_by_text("You asked for it, so somebody else decides.")).to_be_visible()

    enter(page, site, "gus")
    page.goto("/desk/money/refunds")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="It was handed out").click()
    expect(page.get_by_text("The money is given back.")).to_be_visible()
    assert Refund.objects.get().status == "succeeded"

    page.goto("/desk/money/day")
    expect(page.get_by_role("button", name="Close the day")).to_be_disabled()
    page.get_by_role("link", name="Front counter").click()
    page.get_by_label("Or notes and coins as one sum").fill("85.50")
    page.get_by_role("button", name="Close the drawer").click()
    assert Drawer.objects.get().difference == 0
    page.get_by_role("link", name="Day", exact=True).click()
    page.get_by_role("button", name="Close the day").click()
    expect(page.get_by_text("A closed day is not opened again.")).to_be_visible()
    with page.expect_download() as file:
        page.get_by_role("link", name="For the general ledger").click()
    assert file.value.suggested_filename.startswith("gl-testford-")
    closed = DayClose.objects.get()
    assert closed.entries == 4
    assert Payment.objects.get().on == closed.on
    assert Invoice.objects.get().owed == 0
