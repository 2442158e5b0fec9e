"""A city that bills, somebody of finance, bills to pay, and a provider in memory that says what a test tells it to."""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.db.models import Sum

from onehall.billing import attempts, invoicing, pack, queries
from onehall.billing.attempts import Wanted, Ways
from onehall.billing.gateways.protocol import (
    Checkout,
    CheckoutRequest,
    Event,
    Forged,
    GatewayDown,
    GatewayRefused,
    NotFound,
    PayoutReport,
    RefundRequest,
    RefundSnapshot,
    Snapshot,
)
from onehall.billing.invoicing import NewCharge, NewInvoice
from onehall.billing.models import Attempt, Charge, Invoice, JournalEntry, JournalLine, Payment
from onehall.people.actor import Actor, system
from onehall.places.models import City
from tests.conftest import NOW
from tests.packs import testford

FIXTURES = Path(__file__).resolve().parent / "fixtures"
START = NOW.astimezone(dt.UTC)
WAYS = Ways("https://testford.example/back", "https://testford.example/cancelled")


def billing_city() -> City:
    """Testford, which bills as `fixtures/billing.yaml` says."""
    city = testford()
    read, problems = pack.read(FIXTURES, city.languages, "")
    assert not problems, [str(p) for p in problems]
    pack.apply(read, city)
    queries.forget()
    return city


def finance(city: City, number: int = 901, name: str = "Fay Finance") -> Actor:
    """Somebody of finance; another number is another person."""
    return Actor(
        kind="staff", city_id=city.pk, name=name, user_id=number, roles=frozenset({"finance"})
    )


def bill(city: City, amount: int = 10_000, *, kind: str = "utility", **more: Any) -> Invoice:
    """A bill with one line, or with `amounts` one for each."""
    amounts = more.pop("amounts", (amount,))
    charges = [
        NewCharge(code=f"line-{n}", words={"en": f"Line {n}"}, amount=value, gl=f"41{n:02d}")
        for n, value in enumerate(amounts)
    ]
    new = NewInvoice(kind=kind, charges=more.pop("charges", charges), **more)
    return invoicing.issue(city=city, new=new, by=system(city.pk), now=START)


@dataclass
class Provider:
    """A gateway in memory. `says` is what `fetch` answers by checkout; `down` lets everything fail."""

    key: str = "demo"
    origins: tuple[str, ...] = ("https://pay.example",)
    down: bool = False
    refuses: str = ""
    asked: dict[str, CheckoutRequest] = field(default_factory=dict)
    says: dict[str, Snapshot] = field(default_factory=dict)
    refunds: dict[str, RefundSnapshot] = field(default_factory=dict)
    refund_status: Any = "succeeded"

    def _there(self) -> None:
        if self.down:
            raise GatewayDown("No answer.")
        if self.refuses:
            raise GatewayRefused(self.refuses)

    def create_checkout(self, wanted: CheckoutRequest) -> Checkout:
        self._there()
        ref = f"co_{wanted.key}"
        self.asked[ref] = wanted
        self.says.setdefault(
            ref,
            Snapshot(
                ref=ref,
                reference=wanted.reference,
                status="open",
                amount=0,
                currency=wanted.currency,
                method=wanted.methods[0],
            ),
        )
        return Checkout(ref, f"https://pay.example/{ref}")

    def fetch(self, ref: str) -> Snapshot:
        self._there()
        if ref not in self.says:
            raise NotFound(ref)
        return self.says[ref]

    def expire(self, ref: str) -> Snapshot:
        self._there()
        if self.says[ref].status == "open":
            self.says[ref] = replace(self.says[ref], status="expired")
        return self.says[ref]

    def refund(self, wanted: RefundRequest) -> RefundSnapshot:
        self._there()
        made = RefundSnapshot(
            ref=f"re_{wanted.key}",
            reference=wanted.reference,
            payment_ref=wanted.payment_ref,
            status=self.refund_status,
            amount=wanted.amount,
            currency=wanted.currency,
        )
        return self.refunds.setdefault(made.ref, made)

    def fetch_refund(self, ref: str) -> RefundSnapshot:
        self._there()
        return self.refunds[ref]

    def read_event(self, headers: Mapping[str, str], raw: bytes, *, now: dt.datetime) -> Event:
        if headers.get("Signature") != "good":
            raise Forged("Not signed.")
        return Event(id=raw.decode(), kind="checkout.changed")

    def list_recent(self, since: dt.datetime) -> Iterator[Snapshot]:
        self._there()
        yield from self.says.values()

    def payouts(self, since: dt.date) -> Iterator[PayoutReport]:
        self._there()
        yield from ()

    def pays(self, attempt: Attempt, **more: Any) -> None:
        """Somebody paid on the provider's page."""
        held = self.says[attempt.provider_ref]
        facts: dict[str, Any] = {
            "status": "paid",
            "amount": attempt.amount,
            "payment_ref": f"pay_{attempt.key}",
            "brand": "visa",
            "last4": "4242",
            "paid_at": START,
        }
        self.says[attempt.provider_ref] = replace(held, **{**facts, **more})


def start(
    city: City, provider: Provider, *bills: Invoice, now: dt.datetime = START, **more: Any
) -> Attempt:
    """An attempt at bills, sent off to the provider; `amounts` other than all that is owed."""
    method = more.pop("method", "card")
    amounts = more.pop("amounts", None) or {b.pk: b.owed for b in bills}
    setup = queries.setup(city)
    fee = attempts.fee_for(setup, bills, amounts, method)
    wanted = Wanted(
        key=more.pop("key", uuid.uuid4()), amounts=amounts, method=method, fee=fee, **more
    )
    attempt = attempts.begin(city=city, wanted=wanted, now=now)
    return attempts.send_off(attempt=attempt, gateway=provider, ways=WAYS, now=now)


def books(city: City) -> dict[str, int]:
    """The balance of each book that is not nought; debits are positive."""
    rows = JournalLine.objects.filter(city=city).order_by().values_list("account")
    return {book: total for book, total in rows.annotate(total=Sum("amount")) if total}


def proven(city: City) -> None:
    """Every entry sums to nought, and what is kept beside the journal is what the journal says."""
    entries = (
        JournalEntry.objects.filter(city=city).order_by("pk").annotate(off=Sum("lines__amount"))
    )
    assert [e.key for e in entries if e.off] == []
    owed = JournalLine.objects.filter(city=city, account="receivable").order_by()
    said = dict(owed.values_list("charge").annotate(total=Sum("amount")))
    charges = Charge.objects.filter(city=city).order_by("pk")
    assert {c.pk: c.owed for c in charges} == {c.pk: said.get(c.pk, 0) for c in charges}
    for row in Invoice.objects.filter(city=city).order_by("pk"):
        parts = row.charges.aggregate(owed=Sum("owed"), amount=Sum("amount"))
        changed = row.charges.aggregate(sum=Sum("adjustments__amount"))["sum"] or 0
        assert row.owed == (parts["owed"] or 0), row.number
        assert row.billed == (parts["amount"] or 0) + changed, row.number
    credit = JournalLine.objects.filter(city=city, account="credit").order_by()
    kept = dict(credit.values_list("payment").annotate(total=Sum("amount")))
    for payment in Payment.objects.filter(city=city).order_by("pk"):
        assert payment.credit == -kept.get(payment.pk, 0), payment.receipt


def pays_through(city: City, provider: Provider, monkeypatch: Any) -> None:
    """Let the pages and the worker find this provider, as if the machine had keys for it."""
    found = {"demo": provider}

    def gateway_of(_city: City, name: str = "") -> Any:
        return found.get(name or "demo")

    monkeypatch.setattr("onehall.billing.online.gateway_of", gateway_of)
