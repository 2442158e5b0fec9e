"""Attempts at a provider: begun, sent off, called off. What became of one is `settling`'s to say."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from onehall.billing import planning, posting, queries, rules
from onehall.billing.documents import Setup
from onehall.billing.errors import BillingRefused
from onehall.billing.gateways.protocol import (
    CheckoutLine,
    CheckoutRequest,
    Gateway,
    GatewayRefused,
    Method,
)
from onehall.billing.models import Attempt, AttemptPart, AttemptStatus, Invoice, PaymentMethod
from onehall.kernel import money
from onehall.places.models import City

MOST_BILLS: Final = 20
OPEN: Final = (AttemptStatus.CREATED, AttemptStatus.REDIRECTED, AttemptStatus.PROCESSING)


_CLOSE: Final = """
UPDATE billing_attempt SET status = %s, changed_at = %s, failure = %s WHERE id = %s;
UPDATE billing_attemptpart SET open = false WHERE attempt_id = %s AND open
"""


class AlreadyPaying(BillingRefused):
    """Somebody is at the provider with one of the bills; `attempt` is theirs."""

    def __init__(self, words: str, attempt: Attempt) -> None:
        super().__init__(words)
        self.attempt = attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to pay: amounts by bill, and how. `key` is the form's, `fee` what it showed them."""

    key: uuid.UUID
    amounts: Mapping[int, int]
    method: Method
    fee: int
    email: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Ways:
    """Where the provider sends the payer afterwards."""

    back: str
    cancelled: str


def fee_for(
    setup: Setup, invoices: Sequence[Invoice], amounts: Mapping[int, int], method: Method
) -> int:
    """The convenience fee of a payment: each kind of bill by its own rule, on the sum of that kind."""
    sums = rules.sums_by((bill.kind, amounts[bill.pk]) for bill in invoices)
    return sum(
        rules.convenience_fee(amount, queries.kind_of(setup, kind).convenience.get(method))
        for kind, amount in sums.items()
    )


@transaction.atomic
def begin(*, city: City, wanted: Wanted, now: datetime) -> Attempt:
    """Freeze what is to be paid. The same key again is the same attempt.

    BillingRefused in words for an amount that can not be paid, `AlreadyPaying` while another attempt is open.
    """
    setup = queries.setup(city)
    if held := Attempt.objects.filter(city=city, key=wanted.key).first():
        return held
    if not 1 <= len(wanted.amounts) <= MOST_BILLS:
        raise BillingRefused(_("Choose from one to %(most)s bills.") % {"most": MOST_BILLS})
    invoices = _locked(city, wanted)
    _check(city, setup, invoices, wanted, now)
    fee = fee_for(setup, invoices, wanted.amounts, wanted.method)
    if fee != wanted.fee:
        raise BillingRefused(_("The fee for paying has changed. Look at the sum once more."))
    attempt = Attempt.objects.create(
        city=city,
        key=wanted.key,
        method=PaymentMethod(wanted.method),
        amount=sum(wanted.amounts.values()) + fee,
        fee=fee,
        currency=setup.currency,
        provider=setup.provider,
        email=wanted.email,
        language=wanted.language,
        created_at=now,
        changed_at=now,
        expires_at=now + timedelta(minutes=setup.attempt_minutes),
    )
    AttemptPart.objects.bulk_create(
        AttemptPart(city=city, attempt=attempt, invoice=bill, amount=wanted.amounts[bill.pk])
        for bill in invoices
    )
    return attempt


def _locked(city: City, wanted: Wanted) -> list[Invoice]:
    """The bills in the order of their keys, so that two carts never wait for each other."""
    rows = Invoice.objects.select_for_update(of=("self",)).filter(
        city=city, pk__in=list(wanted.amounts)
    )
    invoices = list(rows.order_by("pk"))
    if len(invoices) != len(wanted.amounts):
        raise BillingRefused(_("One of the bills is not there any more."))
    paying = AttemptPart.objects.filter(invoice__in=invoices, open=True).select_related("attempt")
    if held := paying.order_by("pk").first():
        raise AlreadyPaying(_("A payment of this bill is under way."), held.attempt)
    return invoices


def _check(
    city: City, setup: Setup, invoices: Sequence[Invoice], wanted: Wanted, now: datetime
) -> None:
    plans = planning.running(city, invoices, posting.local_day(city, now))
    for bill in invoices:
        kind = queries.kind_of(setup, bill.kind)
        facts = {"number": bill.number}
        if bill.voided_at is not None:
            raise BillingRefused(_("The bill %(number)s was taken back.") % facts)
        if wanted.method not in kind.methods:
            raise BillingRefused(_("The bill %(number)s can not be paid this way.") % facts)
        try:
            if plan := plans.get(bill.pk):
                rules.check_part(wanted.amounts[bill.pk], bill.owed, plan.least)
            else:
                rules.check_amount(wanted.amounts[bill.pk], bill.owed, bill.minimum, kind)
        except rules.AmountRefused as no:
            facts["amount"] = money.say(no.bound, setup.currency)
            raise BillingRefused(_refusals()[no.reason] % facts) from None


def _refusals() -> dict[str, str]:
    return {
        "nothing": _("Write what you want to pay of %(number)s."),
        "more": _("No more than %(amount)s is owed on %(number)s."),
        "all": _("The bill %(number)s is paid as a whole: %(amount)s."),
        "minimum": _("Pay at least %(amount)s of %(number)s."),
    }


def send_off(*, attempt: Attempt, gateway: Gateway, ways: Ways, now: datetime) -> Attempt:
    """Make the page at the provider and note where it is. Not inside a transaction.

    GatewayDown leaves the attempt as it is: trying again is the same request, by its key. A refusal ends it.
    """
    if attempt.status != AttemptStatus.CREATED:
        return attempt
    try:
        made = gateway.create_checkout(_request(attempt, ways))
    except GatewayRefused as no:
        close(attempt=attempt, status=AttemptStatus.FAILED, now=now, failure=str(no)[:200])
        raise
    Attempt.objects.filter(pk=attempt.pk, status=AttemptStatus.CREATED).update(
        status=AttemptStatus.REDIRECTED, provider_ref=made.ref, url=made.url, changed_at=now
    )
    attempt.refresh_from_db()
    return attempt


def _request(attempt: Attempt, ways: Ways) -> CheckoutRequest:
    parts = attempt.parts.select_related("invoice").order_by("invoice_id")
    lines = [CheckoutLine(part.invoice.number, part.amount) for part in parts]
    if attempt.fee:
        lines.append(CheckoutLine(_("Fee for paying online"), attempt.fee))
    method: Method = "ach" if attempt.method == PaymentMethod.ACH else "card"
    return CheckoutRequest(
        key=str(attempt.key),
        reference=str(attempt.key),
        amount=attempt.amount,
        currency=attempt.currency,
        lines=tuple(lines),
        methods=(method,),
        return_url=ways.back,
        cancel_url=ways.cancelled,
        expires_at=attempt.expires_at,
        email=attempt.email,
        language=attempt.language,
    )


@transaction.atomic(savepoint=False)
def close(*, attempt: Attempt, status: AttemptStatus, now: datetime, failure: str = "") -> None:
    """Note that an attempt is over, and let its bills be paid otherwise."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, [status, now, failure[:200], attempt.pk, attempt.pk])
    attempt.status, attempt.changed_at, attempt.failure = status, now, failure[:200]
