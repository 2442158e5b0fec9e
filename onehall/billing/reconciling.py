"""Payouts of a provider taken in: matched to payments, booked once, and what does not fit put into the queue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db import transaction

from onehall.billing import exceptions, posting, queries
from onehall.billing.documents import Setup
from onehall.billing.gateways.protocol import PayoutItem as Item
from onehall.billing.gateways.protocol import PayoutReport
from onehall.billing.models import BillingSetup, EntryKind, Payment, Payout, PayoutItem
from onehall.billing.posting import NewEntry, NewLine
from onehall.people.actor import Actor
from onehall.places.models import City

DIFFERENCE: Final = "difference"
"""The item that stands for what a payout's items do not add up to."""


@dataclass(slots=True)
class Taken:
    """What became of payouts: new ones, ones that were there, items matched, things put into the queue."""

    new: int = 0
    known: int = 0
    matched: int = 0
    noted: int = 0


def take_in(
    *, city: City, provider: str, reports: Iterable[PayoutReport], by: Actor, now: datetime
) -> Taken:
    """Take payouts in, each in a transaction of its own; one that is there already changes nothing."""
    setup, done = queries.setup(city), Taken()
    for report in reports:
        _take(city, setup, provider, report, done, by=by, now=now)
    return done


@transaction.atomic
def _take(
    city: City,
    setup: Setup,
    provider: str,
    report: PayoutReport,
    done: Taken,
    *,
    by: Actor,
    now: datetime,
) -> None:
    teller = _Teller(city, report, now, done)
    # Two workers with the same payout: the second one waits here, and finds it.
    _alone(city)
    on = posting.business_day(city, now)
    if held := Payout.objects.filter(city=city, provider=provider, ref=report.ref).first():
        done.known += 1
        if held.net != report.net:
            words = "The provider tells another amount of a payout than when it was taken in."
            teller.note("payout_changed", report.ref, report.net - held.net, words)
        return
    if report.currency != setup.currency:
        words = f"A payout in {report.currency}: the city counts in {setup.currency}."
        teller.note("payout_currency", report.ref, report.net, words)
        return
    items = _complete(report, teller)
    fees = sum(_fee(item) for item in items)
    payout = Payout.objects.create(
        city=city,
        provider=provider,
        ref=report.ref,
        currency=report.currency,
        arrives_on=report.arrives_on,
        gross=report.net + fees,
        fee=fees,
        net=report.net,
        taken_at=now,
    )
    refs = [item.payment_ref for item in items if item.payment_ref]
    rows = Payment.objects.filter(city=city, provider=provider, provider_ref__in=refs)
    payments = {payment.provider_ref: payment for payment in rows}
    PayoutItem.objects.bulk_create(
        PayoutItem(
            city=city,
            payout=payout,
            kind=item.kind,
            ref=item.ref,
            payment_ref=item.payment_ref,
            payment=payments.get(item.payment_ref),
            gross=item.gross,
            fee=item.fee,
            net=item.net,
        )
        for item in items
    )
    for item in items:
        _compare(item, payments, teller)
    if report.net or fees:
        lines = [
            NewLine("bank", report.net),
            NewLine("processor_fees", fees),
            NewLine("clearing", -report.net - fees),
        ]
        key = f"payout:{provider}:{payout.pk}"
        entry = NewEntry(kind=EntryKind.PAYOUT, key=key, lines=lines, memo=report.ref)
        posting.post(city=city, setup=setup, entry=entry, on=on, by=by, now=now)
    done.new += 1


def _alone(city: City) -> None:
    """One payout at a time in a city: its set-up stays locked until the transaction ends."""
    BillingSetup.objects.select_for_update(of=("self",)).get(city=city)


def _fee(item: Item) -> int:
    """What an item costs: a fee may be told as an amount of its own, or beside one."""
    return item.fee - item.gross if item.kind == "fee" else item.fee


def _complete(report: PayoutReport, teller: "_Teller") -> list[Item]:
    """The items, each adding up, with one more for what they do not add up to; each name once."""
    found: dict[str, Item] = {}
    for number, item in enumerate(report.items):
        ref = item.ref if item.ref and item.ref not in found else f"{item.ref or 'item'}#{number}"
        if item.net != item.gross - item.fee:
            words = "An item of a payout does not add up: its amount less its fee is not its net."
            teller.note("payout_item_wrong", f"{report.ref}:{ref}", item.net, words)
        found[ref] = replace(item, ref=ref, net=item.gross - item.fee)
    if off := report.net - sum(item.net for item in found.values()):
        words = "The items of a payout do not add up to it."
        teller.note("payout_differs", report.ref, off, words)
        found[DIFFERENCE] = Item(
            kind="other", ref=DIFFERENCE, payment_ref="", gross=off, fee=0, net=off
        )
    return list(found.values())


def _compare(item: Item, payments: Mapping[str, Payment], teller: "_Teller") -> None:
    if item.kind == "fee" or item.ref == DIFFERENCE:
        return
    payment = payments.get(item.payment_ref)
    ref = f"{teller.report.ref}:{item.ref}"
    if payment is None:
        teller.note("payout_unknown", ref, item.gross, _UNKNOWN[item.kind])
        return
    teller.done.matched += 1
    if item.kind == "payment" and item.gross != payment.amount:
        words = f"The payout holds another amount for {payment.receipt} than was booked."
        teller.note("payout_amount", ref, item.gross - payment.amount, words, payment)


_UNKNOWN: Final[Mapping[str, str]] = {
    "payment": "A payout holds a payment that is not known here.",
    "refund": "A payout holds a refund of a payment that is not known here.",
    "dispute": "A payout holds a dispute of a payment that is not known here.",
    "other": "A payout holds a movement of a kind that is not known here.",
}


@dataclass(frozen=True, slots=True)
class _Teller:
    """Puts what does not fit into the queue."""

    city: City
    report: PayoutReport
    now: datetime
    done: Taken

    def note(
        self, kind: str, ref: str, amount: int, words: str, payment: Payment | None = None
    ) -> None:
        exceptions.note(
            city=self.city,
            kind=kind,
            ref=ref[:120],
            amount=amount,
            words=words,
            payment=payment,
            now=self.now,
        )
        self.done.noted += 1
