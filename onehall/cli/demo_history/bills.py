"""The made-up city's money of a year: statements, citations and permit fees, paid, overdue and in part; payouts, refunds."""

import csv
import random
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from onehall.billing import (
    closing,
    exceptions,
    exporting,
    invoicing,
    penalties,
    queries,
    reconciling,
    refunding,
)
from onehall.billing.examples import Examples, examples
from onehall.billing.fees import quoting
from onehall.billing.gateways.protocol import PayoutItem, PayoutReport
from onehall.billing.importing import profile as profiles
from onehall.billing.importing import statements
from onehall.billing.invoicing import NewInvoice
from onehall.billing.models import Invoice, Payment, Refund
from onehall.billing.refunding import Ask, Back
from onehall.cli.demo_history.payments import Paid, pay_all
from onehall.cli.demo_history.plans import add_plans
from onehall.people.actor import Actor, system
from onehall.people.models import Membership
from onehall.people.queries import staff_actor
from onehall.places.models import Address, City

ACCOUNTS: Final = 240
PERIODS: Final = 6
CITATIONS: Final = 90
PERMITS: Final = 12
WEEKS_OF_PENALTIES: Final = 26
POSTCODES: Final = ("97391", "97394", "97376")
FIRST: Final = (
    "Rosa",
    "Ben",
    "Ines",
    "Walt",
    "Mei",
    "Tomás",
    "Ruth",
    "Jonah",
    "Aiyana",
    "Pavel",
    "Lou",
    "Nadia",
)
LAST: Final = (
    "Alvarez",
    "Nakamura",
    "Olsen",
    "Whitfield",
    "Okafor",
    "Reyes",
    "Lindqvist",
    "Marsh",
    "Tran",
    "Bauer",
)
_UTILITY: Final = """
key: demo-utility
name: Statements of the made-up city
kind: utility
ref: ref
account: {number: account, name: name, postcode: postcode, address: address}
columns: {number: ref, issued: issued, due: due, period_from: start, period_to: end, minimum: minimum}
lines:
  - {code: water, column: water, name: {en: Water, es: Agua}}
  - {code: sewer, column: sewer, name: {en: Sewer, es: Alcantarillado}}
  - {code: refuse, column: refuse, name: {en: Refuse and recycling, es: Basura y reciclaje}}
  - {code: utility-tax, column: tax, line: tax, name: {en: Utility users tax, es: Impuesto de servicios}}
"""
_CITATIONS: Final = """
key: demo-citations
name: Citations of the made-up city
kind: citation
ref: ref
columns: {number: ref, issued: issued, due: due, plate: plate, state: state}
lines:
  - {code: fine, column: fine, name: {en: Fine, es: Multa}}
  - {code: state-surcharge, column: surcharge, line: fee, name: {en: State surcharge, es: Recargo estatal}}
"""


def add_bills(city: City, *, seed: int, now: datetime) -> Examples | None:
    """A year of bills and payments; None where the city does not bill. The same seed and moment give the same."""
    setup = queries.billing_of(city).setup
    if setup is None or not {"utility", "citation", "permit"} <= set(setup.kinds):
        return None
    return _Year(city, random.Random(seed), now).make()  # noqa: S311  (made-up data)


class _Year:
    """Makes the year, the oldest first."""

    def __init__(self, city: City, rng: random.Random, now: datetime) -> None:
        self.city, self.rng, self.now = city, rng, now
        self.zone = ZoneInfo(city.time_zone)
        self.today = now.astimezone(self.zone).date()
        self.by = system(city.pk)

    def make(self) -> Examples:
        people = list(self._people())
        for period in range(PERIODS, 0, -1):
            issued = self.today - timedelta(days=61 * period - 50)
            self._take_in(_UTILITY, list(self._statements(people, issued)), issued)
        for month in range(6, 0, -1):
            issued = self.today - timedelta(days=30 * month - 24)
            self._take_in(_CITATIONS, list(self._citations(issued, month)), issued)
        self._permits()
        pay_all(self.city, self._payments(), seed=self.rng.getrandbits(64))
        add_plans(self.city, self.now, seed=self.rng.getrandbits(64))
        for week in range(WEEKS_OF_PENALTIES, 0, -1):
            penalties.add_due(
                city=self.city, now=self.moment(self.today - timedelta(days=7 * week), 5)
            )
        penalties.add_due(city=self.city, now=self.now)
        self._payouts()
        self._close()
        self._back()
        return examples(self.city)

    def _close(self) -> None:
        """Every day up to the last but one, each on its next morning: yesterday waits for somebody to close it."""
        by = self._staff("finance")
        setup = queries.setup(self.city)
        last = self.today - timedelta(days=1)
        while by is not None:
            open_days = [d for d in closing.open_days(self.city, self.today) if d < last]
            if not open_days:
                return
            for day in open_days:
                batch = exporting.made(self.city, day, day, setup.export)
                closing.close_day(
                    city=self.city,
                    on=day,
                    seen=batch.sha256,
                    by=by,
                    now=self.moment(day + timedelta(days=1), 8),
                )

    def moment(self, day: date, hour: int = 10) -> datetime:
        """A moment of a day where the city is, not after now."""
        at = datetime.combine(day, time(hour, self.rng.randrange(60)), self.zone)
        return min(at, self.now)

    def _people(self) -> Iterator[dict[str, str]]:
        rows = Address.objects.filter(city=self.city).order_by("pk")
        places = [f"{a}" for a in rows[: ACCOUNTS * 3 : 3]] or ["1 Harbor Street"]
        for n in range(ACCOUNTS):
            yield {
                "account": f"10-{4_000 + n * 7:06d}",
                "name": f"{self.rng.choice(FIRST)} {self.rng.choice(LAST)}",
                "postcode": POSTCODES[n % len(POSTCODES)],
                "address": places[n % len(places)][:200],
            }

    def _statements(
        self, people: Sequence[dict[str, str]], issued: date
    ) -> Iterator[dict[str, str]]:
        for n, person in enumerate(people):
            water, sewer = self.rng.randrange(2_400, 14_000), self.rng.randrange(1_900, 5_200)
            refuse = self.rng.choice((3_180, 3_980, 5_560))
            tax = (water + sewer) * 4 // 100
            yield {
                "ref": f"WR-{issued:%y%m}-{4_000 + n * 7:06d}",
                **person,
                "issued": issued.isoformat(),
                "due": (issued + timedelta(days=25)).isoformat(),
                "start": (issued - timedelta(days=63)).isoformat(),
                "end": (issued - timedelta(days=3)).isoformat(),
                "minimum": "",
                **{k: f"{v / 100:.2f}" for k, v in (("water", water), ("sewer", sewer))},
                "refuse": f"{refuse / 100:.2f}",
                "tax": f"{tax / 100:.2f}",
            }

    def _citations(self, issued: date, month: int) -> Iterator[dict[str, str]]:
        for n in range(CITATIONS // 6):
            day = issued - timedelta(days=self.rng.randrange(0, 20))
            yield {
                "ref": f"PC-{26_000 + month * 100 + n}",
                "issued": f"{day:%m/%d/%Y}",
                "due": f"{day + timedelta(days=21):%m/%d/%Y}",
                "plate": f"{self.rng.randrange(100, 1000)} {self.rng.choice('KLMNP')}{self.rng.choice('BCDFG')}{self.rng.choice('RSTVW')}",
                "state": "OR",
                "fine": f"{self.rng.choice((38, 63, 95))}.00",
                "surcharge": "12.50",
            }

    def _take_in(self, text: str, rows: list[dict[str, str]], day: date) -> None:
        text = text.replace("ref: ref", 'dates: [iso, "%m/%d/%Y"]\nref: ref', 1)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows.csv"
            with file.open("w", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, fieldnames=list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
            statements.take_in(
                city=self.city,
                profile=profiles.read(text.encode(), file="demo.yaml"),
                path=file,
                rejects=Path(folder) / "rejects.csv",
                by=self.by,
                now=self.moment(day, 7),
            )

    def _permits(self) -> None:
        schedule = queries.billing_of(self.city).fees.get("building")
        if schedule is None:
            return
        for n in range(PERMITS):
            day = self.today - timedelta(days=12 * n + 3)
            given = {"valuation": str(self.rng.randrange(20, 900) * 100)}
            charges = invoicing.charges_of(quoting.quote(schedule, day, given), basis_on=day)
            new = NewInvoice(
                kind="permit",
                charges=charges,
                name=f"{self.rng.choice(FIRST)} {self.rng.choice(LAST)}",
                words={"en": "Building permit", "es": "Permiso de construcción"},
                issued_on=day,
            )
            invoicing.issue(city=self.city, new=new, by=self.by, now=self.moment(day))

    def _payments(self) -> Iterator[Paid]:
        """Most are paid in time, some late, some in part; what is new is open, and a little of it overdue."""
        rows = Invoice.objects.filter(city=self.city, owed__gt=0).order_by("issued_on", "id")
        for bill in rows:
            fate, old = self.rng.random(), bill.issued_on < self.today - timedelta(days=75)
            wait = (
                self.rng.randrange(2, 25) if fate < 0.86 or not old else self.rng.randrange(26, 34)
            )
            day, amount = bill.issued_on + timedelta(days=wait), bill.owed
            if not old and fate > 0.8:
                if fate < 0.92 or bill.kind != "utility":
                    continue
                amount = bill.owed // 200 * 100 + 100
            if bill.kind == "citation" and fate > 0.7:
                continue
            if day >= self.today:
                continue
            how = self.rng.random()
            method = "card" if how < 0.6 else "ach" if how < 0.75 else "transfer"
            yield Paid(
                bill, min(amount, bill.owed), method, self.moment(day, self.rng.randrange(7, 22))
            )

    def _payouts(self) -> None:
        """The provider pays out once a month; the last weeks are still with it."""
        rows = Payment.objects.filter(city=self.city, provider="demo").order_by("received_at", "id")
        months: dict[tuple[int, int], list[Payment]] = {}
        for payment in rows.filter(on__lt=self.today - timedelta(days=10)):
            months.setdefault((payment.on.year, payment.on.month), []).append(payment)
        for (year, month), payments in months.items():
            items = tuple(_item(payment) for payment in payments)
            arrives = payments[-1].on + timedelta(days=3)
            report = PayoutReport(
                ref=f"po_{year}{month:02d}",
                currency=payments[0].currency,
                arrives_on=arrives,
                net=sum(item.net for item in items),
                items=items,
            )
            reconciling.take_in(
                city=self.city,
                provider="demo",
                reports=[report],
                by=self.by,
                now=self.moment(arrives),
            )

    def _back(self) -> None:
        """A refund that waits for somebody else, one that is done, a chargeback that was lost, money nobody knows."""
        agent, finance = self._staff("agent"), self._staff("finance")
        if agent is None or finance is None:
            return
        of_bank = Payment.objects.filter(city=self.city, provider="").order_by("-received_at", "id")
        waiting, done = list(of_bank[:2])
        self._ask(waiting, "Moved out; the account was closed before the period began.", agent)
        refund = self._ask(done, "Paid twice, by the bank and by the landlord.", agent)
        if refund.status == "requested":
            refund = refunding.decide(
                city=self.city, refund_id=refund.pk, approve=True, by=finance, now=self.now
            )
        refunding.carry_out(city=self.city, refund=refund, gateway=None, by=finance, now=self.now)
        card = Payment.objects.filter(city=self.city, provider="demo", method="card")
        for payment in list(card.order_by("-received_at", "id")[20:22]):
            refunding.dispute(
                city=self.city,
                payment_id=payment.pk,
                amount=payment.amount,
                by=self.by,
                now=self.now,
            )
        refunding.end_dispute(
            city=self.city, payment_id=payment.pk, won=False, by=finance, now=self.now
        )
        exceptions.note(
            city=self.city,
            kind="orphan",
            ref="co_demo_unknown",
            amount=4_275,
            words="Somebody paid at the provider, and no attempt here is of that reference.",
            now=self.now - timedelta(days=1),
        )

    def _ask(self, payment: Payment, reason: str, by: Actor) -> Refund:
        lines = [
            Back(amount=row.amount, charge_id=row.charge_id)
            for row in payment.allocations.order_by("id")
        ]
        wanted = Ask(
            key=uuid.UUID(int=self.rng.getrandbits(128), version=4),
            payment_id=payment.pk,
            lines=lines,
            reason=reason,
            available=refunding.available(payment),
        )
        return refunding.ask(city=self.city, wanted=wanted, by=by, now=self.now)

    def _staff(self, role: str) -> Actor | None:
        rows = Membership.objects.filter(city=self.city, active=True).select_related("user")
        user = next((m.user for m in rows.order_by("id") if role in m.roles), None)
        return staff_actor(user, self.city) if user else None


def _item(payment: Payment) -> PayoutItem:
    fee = payment.amount * 29 // 1000 + 30 if payment.method == "card" else 80
    return PayoutItem(
        kind="payment",
        ref=f"txn_{payment.key.hex[:16]}",
        payment_ref=payment.provider_ref,
        gross=payment.amount,
        fee=fee,
        net=payment.amount - fee,
    )
