"""What is known of money: how a city bills, its bills and payments, what is owed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from onehall.billing import reading
from onehall.billing.documents import EVERY, Every, Kind, Setup
from onehall.billing.errors import NoBilling
from onehall.billing.fees import reading as fees
from onehall.billing.fees.documents import Schedule
from onehall.billing.models import BillingSetup, Charge, Invoice
from onehall.billing.rules import Due
from onehall.places.held import Held
from onehall.places.models import City


@dataclass(frozen=True, slots=True)
class Billing:
    """How a city bills, and its fee schedules by key. `setup` is None where nothing can be paid."""

    setup: Setup | None
    fees: Mapping[str, Schedule]


_held: Final[Held[Billing]] = Held(most=64)


def billing_of(city: City) -> Billing:
    """How a city bills. Held per revision of the city."""
    return _held.get((city.pk, str(city.revision)), lambda: _read(city))


def _read(city: City) -> Billing:
    row = BillingSetup.objects.filter(city=city).first()
    texts = row.files if row else {}
    setup = reading.kept(texts[reading.FILE], city.languages) if reading.FILE in texts else None
    currency = setup.currency if setup else ""
    return Billing(setup, fees.kept(texts, fees.Shared(city.languages, currency)))


def forget() -> None:
    """Drop what is held in memory; for tests and for commands that edit rows directly."""
    _held.forget()


def setup(city: City) -> Setup:
    """The same, or `NoBilling`."""
    found = billing_of(city).setup
    if found is None:
        raise NoBilling("This city takes no payments here.")
    return found


def kind_of(found: Setup, key: str) -> Kind:
    """A kind of bill, also one that the set-up no longer lists: then with what is safe for any bill."""
    return found.kinds.get(key) or Kind(
        key=key, name={"en": key}, look_up=("code",), partial="none", gl="", due_days=0, methods=()
    )


def every(text: str) -> Every:
    """How often, out of a row or a form; ValueError for anything else."""
    if text not in EVERY:
        raise ValueError(text)
    return text


def owed_lines(invoices: Iterable[int]) -> list[Charge]:
    """The lines of bills that something is owed on. One query."""
    rows = Charge.objects.filter(invoice__in=list(invoices), owed__gt=0)
    return list(rows.order_by("position"))


def dues(invoices: Mapping[int, Invoice], lines: Iterable[Charge]) -> dict[int, list[Due]]:
    """What is owed on lines of bills, by bill."""
    found: dict[int, list[Due]] = {pk: [] for pk in invoices}
    for line in lines:
        found[line.invoice_id].append(
            Due(
                charge=line.pk,
                kind=line.kind,
                owed=line.owed,
                due_on=invoices[line.invoice_id].due_on,
                position=line.position,
            )
        )
    return found
