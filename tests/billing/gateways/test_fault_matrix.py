"""Whatever goes wrong, at whatever moment: in the end the books are the provider's truth, once.

Each case is one bill, one payer and one fault, over the real servers of both gateways: what the payer does, how the city
hears of it, and where its process is killed. After it the machine is started again and the worker does its rounds.
`FAULTS=1` runs every case, `FAULTS=5` every fifth; without it every twenty-ninth runs.
"""

import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count, product
from typing import Any, Final

import pytest

from onehall.billing import attempts, events, queries, refunding, settling, sweeping
from onehall.billing.errors import BillingRefused
from onehall.billing.gateways.demo.provider.records import Payment as Taken
from onehall.billing.gateways.demo.provider.records import Told
from onehall.billing.gateways.protocol import Forged, GatewayError, Snapshot
from onehall.billing.models import (
    Attempt,
    AttemptPart,
    Invoice,
    JournalLine,
    Payment,
    PaymentException,
    ProviderEvent,
    Refund,
)
from onehall.billing.refunding import Ask, Back
from onehall.messaging.handlers import TryAgain
from onehall.places.models import City
from tests.billing.gateways.conftest import Shop, post
from tests.billing.money import WAYS, bill, billing_city, finance, pays_through, proven

pytestmark = [pytest.mark.django_db, pytest.mark.any_order, pytest.mark.timeout(7_200)]

EVERY: Final = int(os.environ.get("FAULTS", "29"))
OWED: Final = 10_000
CALLS: Final = (1, 2, 3)
FAULTS: Final[dict[str, dict[str, Any]]] = {
    "none": {},
    "duplicate": {"duplicate": True},
    "reorder": {"reorder": True},
    "drop": {"drop": True},
    "forge": {"forge": True},
    "delay": {"delay_seconds": 3600.0},
    "too much": {"wrong_amount": 700},
    "too little": {"wrong_amount": -700},
    "create is cut": {"trouble": "create", "cut": True, "trouble_times": 2},
    "fetch is cut": {"trouble": "fetch", "cut": True, "trouble_times": 2},
    "expire is cut": {"trouble": "expire", "cut": True, "trouble_times": 2},
    "list is cut": {"trouble": "list", "cut": True, "trouble_times": 2},
    "down": {"down": True},
    "bank fails": {"bank_fails": True},
    "chargeback": {},
}
ACTS: Final = ("pay", "bank", "decline", "back", "nothing")
ROUTES: Final = ("returns", "webhook", "both", "neither")
MOMENTS: Final = ("first", "on the page", "paid")
KILLS: Final = (None, *((when, n) for n in CALLS for when in ("before", "after")), ("booking", 1))

type Kill = tuple[str, int] | None


class Killed(BaseException):
    """The process is gone. Nothing of ours catches it."""


class Mortal:
    """A gateway in a process that is killed before or after one of its calls."""

    key = "demo"

    def __init__(self, gateway: Any) -> None:
        self.gateway, self.kill, self.calls = gateway, None, 0
        self.origins = gateway.origins

    def dies(self, kill: Kill) -> None:
        """Be killed there, once."""
        self.kill, self.calls = kill, 0

    def _asked(self, name: str, *given: Any) -> Any:
        self.calls += 1
        if self.kill == ("before", self.calls):
            self.kill = None
            raise Killed
        answer = getattr(self.gateway, name)(*given)
        if isinstance(answer, Iterator):
            answer = list(answer)
        if self.kill == ("after", self.calls):
            self.kill = None
            raise Killed
        return answer

    def __getattr__(self, name: str) -> Any:
        if name == "read_event":
            return self.gateway.read_event
        return lambda *given: self._asked(name, *given)


@dataclass(frozen=True)
class Case:
    """One way for things to go."""

    fault: str
    act: str
    route: str
    moment: str
    kill: Kill


def cases(fault: str) -> Iterator[Case]:
    """Every case of a fault, or every few of them; those that only repeat others are left out."""
    number = count(sum(map(ord, fault)))
    for act, route, moment, kill in product(ACTS, ROUTES, MOMENTS, KILLS):
        if fault == "none" and moment != "first":
            continue
        if fault == "chargeback" and act not in ("pay", "bank"):
            continue
        if next(number) % EVERY == 0:
            yield Case(fault, act, route, moment, kill)


@dataclass
class World:
    """The city's side, the provider's and the payer's, for one case after the other."""

    city: City
    shop: Shop
    mortal: Mortal
    patch: pytest.MonkeyPatch
    told: set[str] = field(default_factory=set)

    def play(self, case: Case) -> Invoice:
        """One case, from a bill to the day after."""
        shop, invoice = self.shop, bill(self.city, OWED)
        self.mortal.dies(case.kill)
        self._booking_dies(case.kill)
        method = "ach" if case.act == "bank" else "card"
        self._turn(case, "first")
        key = uuid.uuid4()
        for _tap in range(2):
            self._alive(lambda: self._begin(invoice, key, method))
        attempt = Attempt.objects.filter(key=key).first()
        self._turn(case, "on the page")
        if attempt is not None and attempt.url:
            self._payer(case.act, attempt)
        self._turn(case, "paid")
        if case.fault == "chargeback":
            self._charge_back(attempt)
        if attempt is not None:
            self._heard(case.route, attempt)
        self.mortal.dies(None)
        self.patch.undo()
        pays_through(self.city, self.mortal, self.patch)  # type: ignore[arg-type]
        shop.clock.goes_on(minutes=20)
        self._alive(self._sweep)
        shop.turn(**CALM)
        for _round in range(3):
            shop.clock.goes_on(hours=1)
            self._letters(again=True)
            self._alive(self._sweep)
        shop.clock.goes_on(hours=24)
        sweeping.look_again(city=self.city, gateway=self.mortal, now=shop.clock())  # type: ignore[arg-type]
        invoice.refresh_from_db()
        return invoice

    def _turn(self, case: Case, moment: str) -> None:
        if case.moment == moment:
            self.shop.turn(**FAULTS[case.fault])

    def _alive(self, act: Any) -> None:
        """Do something in a process that may be killed, or refused."""
        try:
            act()
        except (Killed, GatewayError, BillingRefused, TryAgain):
            return

    def _booking_dies(self, kill: Kill) -> None:
        """Killed while money is being booked, before the commit."""
        if kill is None or kill[0] != "booking":
            return
        times = iter([True])

        def send(**given: Any) -> None:
            if next(times, False):
                raise Killed

        self.patch.setattr("onehall.billing.taking.receipts.send", send)

    def _begin(self, invoice: Invoice, key: uuid.UUID, method: Any) -> None:
        setup, amounts = queries.setup(self.city), {invoice.pk: OWED}
        fee = attempts.fee_for(setup, [invoice], amounts, method)
        wanted = attempts.Wanted(key=key, amounts=amounts, method=method, fee=fee)
        now = self.shop.clock()
        attempt = attempts.begin(city=self.city, wanted=wanted, now=now)
        attempts.send_off(attempt=attempt, gateway=self.mortal, ways=WAYS, now=now)  # type: ignore[arg-type]

    def _payer(self, act: str, attempt: Attempt) -> None:
        given = {
            "pay": {"act": "pay", "source": "visa"},
            "bank": {"act": "pay", "source": "bank"},
            "decline": {"act": "decline", "source": "visa"},
            "back": {"act": "back"},
        }.get(act)
        if given:
            post(attempt.url, given)

    def _charge_back(self, attempt: Attempt | None) -> None:
        engine = self.shop.provider.engine
        with engine.lock:
            for taken in engine.book.all(Taken):
                if attempt and taken.reference == str(attempt.key) and engine.left_of(taken) > 0:
                    engine.charge_back(taken)

    def _heard(self, route: str, attempt: Attempt) -> None:
        now = self.shop.clock() + timedelta(minutes=1)
        if route in ("webhook", "both"):
            self._letters()
        if route in ("returns", "both"):
            for _reload in range(2):
                self._alive(
                    lambda: settling.settle(
                        city=self.city,
                        attempt=Attempt.objects.get(pk=attempt.pk),
                        gateway=self.mortal,  # type: ignore[arg-type]
                        now=now,
                    )
                )

    def _letters(self, *, again: bool = False) -> None:
        """What the provider says, as its knobs have it say it; `again`: all of it once more, as it would after a failure."""
        provider, knobs = self.shop.provider, self.shop.provider.knobs
        with provider.engine.lock:
            every = [t for t in provider.engine.book.all(Told) if again or t.ref not in self.told]
        fresh: Sequence[Told] = [t for t in every if t.ref not in self.told]
        self.told |= {t.ref for t in every}
        if knobs.drop or knobs.down or knobs.delay_seconds:
            return
        order = list(reversed(fresh)) if knobs.reorder else list(fresh)
        for told in order:
            if knobs.forge:
                self._door(told, forged=True)
            for _time in range(3 if knobs.duplicate or again else 1):
                self._alive(lambda told=told: self._door(told, forged=False))  # type: ignore[misc]
        for row in ProviderEvent.objects.filter(city=self.city, done_at=None):
            self._alive(lambda row=row: self._work(row))  # type: ignore[misc]

    def _door(self, told: Told, *, forged: bool) -> None:
        letter = self.shop.provider._letter(told, forged)
        if letter is None:
            return
        now = self.shop.clock()
        try:
            event = self.mortal.read_event(dict(letter.headers), letter.body, now=now)
        except Forged:
            assert forged or now - timedelta(minutes=5) > _moment(told)
            return
        assert not forged
        events.keep(city=self.city, provider="demo", event=event, now=now)
        row = ProviderEvent.objects.get(city=self.city, event_id=event.id)
        self._work(row)

    def _work(self, row: ProviderEvent) -> None:
        payload = {"provider": row.provider, "event": row.event_id}
        now = self.shop.clock()
        events.work(payload, city_id=self.city.pk, key=row.event_id, now=now)

    def _sweep(self) -> None:
        sweeping.sweep(city=self.city, gateway=self.mortal, now=self.shop.clock())  # type: ignore[arg-type]

    def truth(self, invoice: Invoice) -> tuple[list[Snapshot], list[Attempt]]:
        """What the provider has of a bill, and our attempts at it."""
        tries = list(Attempt.objects.filter(parts__invoice=invoice).order_by("pk"))
        keys = {str(attempt.key) for attempt in tries}
        listed = self.mortal.gateway.list_recent(self.shop.clock() - timedelta(days=400))
        return [s for s in listed if s.reference in keys], tries


CALM: Final = {
    "duplicate": False, "reorder": False, "drop": False, "forge": False, "delay_seconds": 0.0,
    "wrong_amount": 0, "trouble": "", "cut": False, "trouble_times": 0, "bank_fails": False,
    "refund_fails": False, "down": False,
}  # fmt: skip


def _moment(told: Told) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(told.created, UTC)


def judged(world: World, case: Case, invoice: Invoice) -> None:
    """The books say what the provider has, once; nobody is charged twice, nothing is lost, nothing stays open."""
    snapshots, tries = world.truth(invoice)
    taken = [s for s in snapshots if s.status == "paid"]
    booked = list(Payment.objects.filter(attempt__in=tries).order_by("pk"))
    assert len(taken) <= 1, f"{case}: charged twice"
    assert sorted(p.amount for p in booked) == sorted(s.amount for s in taken), f"{case}: lost"
    assert not AttemptPart.objects.filter(invoice=invoice, open=True).exists(), f"{case}: open"
    assert all(a.status not in attempts.OPEN for a in tries), f"{case}: not over"
    paid = sum(p.amount - p.fee - p.credit for p in booked)
    assert invoice.owed == OWED - paid, f"{case}: owed"
    for attempt, snapshot in ((a, s) for a in tries for s in taken if s.reference == str(a.key)):
        exact = snapshot.amount == attempt.amount
        noted = PaymentException.objects.filter(attempt=attempt).exists()
        assert attempt.status == ("succeeded" if exact and not noted else "needs_review"), case
        assert exact or noted, f"{case}: another amount, and nobody is told"
        disputed = bool(snapshot.disputed)
        assert attempt.payment.chargebacks.exists() == disputed, f"{case}: chargeback"
    proven(world.city)
    assert _clearing(world.city) == world_clearing(world), f"{case}: what lies with the provider"


def _clearing(city: City) -> int:
    rows = JournalLine.objects.filter(city=city, account="clearing")
    return sum(rows.values_list("amount", flat=True))


def world_clearing(world: World) -> int:
    """What the provider has of all cases so far, less what went back."""
    listed = world.mortal.gateway.list_recent(world.shop.clock() - timedelta(days=400))
    return sum(s.amount - s.refunded - s.disputed for s in listed if s.status == "paid")


@pytest.fixture
def world(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> World:
    mortal = Mortal(shop.gateway)
    city = billing_city()
    pays_through(city, mortal, monkeypatch)  # type: ignore[arg-type]
    return World(city, shop, mortal, monkeypatch)


@pytest.mark.parametrize("fault", list(FAULTS))
def test_paying(world: World, fault: str) -> None:
    done = 0
    for case in cases(fault):
        pays_through(world.city, world.mortal, world.patch)  # type: ignore[arg-type]
        judged(world, case, world.play(case))
        done += 1
    assert done


REFUND_FAULTS: Final[dict[str, dict[str, Any]]] = {
    "none": {},
    "refund is cut": {"trouble": "refund", "cut": True, "trouble_times": 1},
    "refund fails": {"refund_fails": True},
    "down": {"down": True},
}


@pytest.mark.parametrize("fault", list(REFUND_FAULTS))
def test_giving_back(world: World, fault: str) -> None:
    """Asked for, killed anywhere, carried out by the sweeper: gone once, or not at all and noted."""
    shop, city = world.shop, world.city
    by, other = finance(city), finance(city, 902, "Lou Lead")
    for kill, owed_again in product(KILLS[:-1], (False, True)):
        invoice = world.play(Case("none", "pay", "returns", "first", None))
        payment = Payment.objects.get(attempt__parts__invoice=invoice)
        line = Back(charge_id=invoice.charges.get().pk, amount=6_000, owed_again=owed_again)
        asked = Ask(
            key=uuid.uuid4(), payment_id=payment.pk, lines=(line,), reason="Wrong bill",
            available=payment.amount,
        )  # fmt: skip
        refund = refunding.ask(city=city, wanted=asked, by=by, now=shop.clock())
        refunding.decide(city=city, refund_id=refund.pk, approve=True, by=other, now=shop.clock())
        shop.turn(**REFUND_FAULTS[fault])
        world.mortal.dies(kill)
        for _try in range(2):
            world._alive(
                lambda refund=refund: refunding.carry_out(  # type: ignore[misc]
                    city=city,
                    refund=Refund.objects.select_related("payment").get(pk=refund.pk),
                    gateway=world.mortal,  # type: ignore[arg-type]
                    by=other,
                    now=shop.clock(),
                )
            )
        world.mortal.dies(None)
        shop.turn(**replace_down(fault))
        for _round in range(2):
            shop.clock.goes_on(minutes=20)
            world._sweep()
        shop.turn(**CALM)
        refund.refresh_from_db()
        invoice.refresh_from_db()
        snapshot = shop.gateway.fetch(payment.attempt.provider_ref)  # type: ignore[union-attr]
        gone = 6_000 if refund.status == "succeeded" else 0
        assert refund.status == ("failed" if fault == "refund fails" else "succeeded"), (
            fault,
            kill,
        )
        assert snapshot.refunded == gone, (fault, kill)
        assert invoice.owed == (gone if owed_again else 0), (fault, kill)
        assert _clearing(city) == world_clearing(world)
        proven(city)


def replace_down(fault: str) -> dict[str, Any]:
    """The provider is there again; what it does with refunds stays as it is."""
    return {} if fault == "refund fails" else dict(CALM)
