"""A charge of a saved card, with every fault and killed between any two steps: made once, booked once, or not at all."""

import os
import uuid
from itertools import product
from typing import Any, Final

import pytest

from onehall.billing import attempts, charging, queries, sweeping
from onehall.billing.charging import SavedWith
from onehall.billing.gateways.protocol import saving
from onehall.billing.models import Attempt, Invoice, Payment
from tests.billing.gateways.conftest import Shop
from tests.billing.gateways.test_fault_matrix import (
    CALM,
    OWED,
    Case,
    Kill,
    Mortal,
    World,
    judged,
)
from tests.billing.money import bill, billing_city, pays_through

pytestmark = [pytest.mark.django_db, pytest.mark.any_order]

FAULTS: Final[dict[str, dict[str, Any]]] = {
    "none": {},
    "duplicate": {"duplicate": True},
    "drop": {"drop": True},
    "declined": {"saved_declines": True},
    "slow": {"saved_slow": True},
    "too much": {"wrong_amount": 700},
    "too little": {"wrong_amount": -700},
    "charge is cut": {"trouble": "charge", "cut": True, "trouble_times": 2},
    "charge is always cut": {"trouble": "charge", "cut": True},
    "fetch is cut": {"trouble": "fetch", "cut": True, "trouble_times": 2},
    "down": {"down": True},
}
KILLS: Final[tuple[Kill, ...]] = (None, ("before", 1), ("after", 1), ("booking", 1))
EVERY: Final = 1 if "FAULTS" in os.environ else 4
"""`FAULTS=1` runs every case."""
BACK: Final = (True, False)
"""Whether the job runs again before the attempt's time is over."""


@pytest.fixture
def world(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> World:
    mortal, city = Mortal(shop.gateway), billing_city()
    pays_through(city, mortal, monkeypatch)  # type: ignore[arg-type]
    return World(city, shop, mortal, monkeypatch)


def begin(world: World, invoice: Invoice, key: uuid.UUID) -> Attempt:
    fee = attempts.fee_for(queries.setup(world.city), [invoice], {invoice.pk: OWED}, "card")
    wanted = attempts.Wanted(key=key, amounts={invoice.pk: OWED}, method="card", fee=fee)
    return attempts.begin(city=world.city, wanted=wanted, now=world.shop.clock())


def run(world: World, attempt: Attempt, saved: SavedWith) -> None:
    """The job, which reads the attempt anew."""
    able = saving(world.mortal)  # type: ignore[arg-type]
    assert able is not None
    charging.charge(
        city=world.city, attempt=Attempt.objects.get(pk=attempt.pk), gateway=able, saved=saved,
        now=world.shop.clock(),
    )  # fmt: skip


@pytest.mark.parametrize("fault", list(FAULTS))
def test_charging(world: World, fault: str) -> None:
    shop = world.shop
    card = shop.saved()
    saved = SavedWith(card.customer, card.token)
    first = sum(map(ord, fault)) % EVERY
    for kill, again in list(product(KILLS, BACK))[first::EVERY]:
        invoice, key = bill(world.city, OWED), uuid.uuid4()
        attempt = begin(world, invoice, key)
        shop.turn(**FAULTS[fault])
        world.mortal.dies(kill)
        world._booking_dies(kill)
        world._alive(lambda attempt=attempt: run(world, attempt, saved))  # type: ignore[misc]
        world.patch.undo()
        world.mortal.dies(None)
        pays_through(world.city, world.mortal, world.patch)  # type: ignore[arg-type]
        for _time in range(2 if again else 0):
            world._alive(lambda attempt=attempt: run(world, attempt, saved))  # type: ignore[misc]
        world._letters()
        shop.clock.goes_on(minutes=20)
        world._alive(world._sweep)
        shop.turn(**CALM, saved_declines=False, saved_slow=False)
        for _round in range(3):
            shop.clock.goes_on(hours=1)
            world._alive(lambda attempt=attempt: run(world, attempt, saved))  # type: ignore[misc]
            world._letters(again=True)
            world._alive(world._sweep)
        shop.clock.goes_on(hours=24)
        sweeping.look_again(city=world.city, gateway=world.mortal, now=shop.clock())  # type: ignore[arg-type]
        invoice.refresh_from_db()
        judged(world, Case(fault, "pay", str(again), "first", kill), invoice)
        paid = Payment.objects.filter(attempt=attempt).exists()
        if fault == "declined":
            assert not paid
        elif fault != "down" and kill != ("before", 1):
            assert paid


def test_what_is_over_is_not_charged(world: World) -> None:
    """After its time an attempt is looked for in the list alone: the key may be forgotten."""
    card = world.shop.saved()
    attempt = begin(world, bill(world.city, OWED), uuid.uuid4())
    world.shop.clock.goes_on(hours=2)
    run(world, attempt, SavedWith(card.customer, card.token))
    assert Attempt.objects.get(pk=attempt.pk).status == "created"
    world._sweep()
    assert Attempt.objects.get(pk=attempt.pk).status == "expired"
    assert not Payment.objects.exists()
