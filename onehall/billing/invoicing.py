"""Bills written and changed: issued, added to, adjusted, voided. A line that stands is never edited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from secrets import choice
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from onehall.billing import ending_plans, numbering, plan_mail, posting, queries, rules
from onehall.billing.documents import Kind, Setup
from onehall.billing.errors import BillingRefused
from onehall.billing.fees.documents import Quote
from onehall.billing.models import (
    Account,
    Adjustment,
    AdjustmentKind,
    AttemptPart,
    Charge,
    ChargeKind,
    EntryKind,
    Invoice,
    JournalEntry,
)
from onehall.billing.posting import NewEntry, NewLine
from onehall.kernel import ids
from onehall.people.actor import Actor
from onehall.places.models import City

_CODE_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without letters and digits that are read for each other."""
_CODE_LENGTH: Final = 8
_MOST_LINES: Final = 500
MOST: Final = 10**13
"""Smallest units that one bill may come to: beyond any city's, and far within what the columns hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCharge:
    """One line of a bill about to be written."""

    code: str
    words: Mapping[str, str]
    amount: int
    gl: str
    kind: ChargeKind = ChargeKind.PRINCIPAL
    explained: str = ""
    quantity: Decimal | None = None
    unit_amount: Decimal | None = None
    schedule: str = ""
    version: date | None = None
    basis_on: date | None = None
    refundable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvoice:
    """A bill about to be written. Without `number` it gets the next one of its kind, without `due_on` the kind's term.

    `source` and `source_ref` make what is sent twice one bill. `id` of an account or a case, where it belongs to one.
    """

    kind: str
    charges: Sequence[NewCharge]
    number: str = ""
    account: Account | None = None
    case_id: int | None = None
    source: str = "own"
    source_ref: str = ""
    name: str = ""
    email: str = ""
    language: str = "en"
    plate: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    issued_on: date | None = None
    due_on: date | None = None
    period: tuple[date, date] | None = None
    minimum: int = 0
    access_code: str = ""


def charges_of(quote: Quote, *, basis_on: date) -> list[NewCharge]:
    """The lines of a quote as lines of a bill, with the account and the version they were worked out by."""
    return [
        NewCharge(
            code=line.code,
            words=line.name,
            amount=line.amount,
            gl=line.gl,
            kind=ChargeKind.FEE,
            explained=line.words[:500],
            quantity=line.quantity,
            unit_amount=line.unit_amount,
            schedule=quote.schedule,
            version=quote.version,
            basis_on=basis_on,
        )
        for line in quote.lines
        if line.charged and line.amount
    ]


def new_access_code() -> str:
    """Eight letters and digits that can be read out: 40 random bits."""
    return "".join(choice(_CODE_LETTERS) for _i in range(_CODE_LENGTH))


@transaction.atomic
def issue(*, city: City, new: NewInvoice, by: Actor, now: datetime) -> Invoice:
    """Write a bill and what it says is owed. The same `source_ref` again gives the bill that is there."""
    setup = queries.setup(city)
    if new.source_ref:
        held = Invoice.objects.filter(city=city, source=new.source, source_ref=new.source_ref)
        if found := held.first():
            return found
    kind = _known_kind(setup, new)
    on = posting.business_day(city, now)
    issued_on = new.issued_on or on
    total = sum(c.amount for c in new.charges)
    _check(new, total)
    number = new.number or numbering.invoice(city, kind.prefix, on.year)
    if Invoice.objects.filter(city=city, number=number).exists():
        raise BillingRefused(_("There is a bill %(number)s already.") % {"number": number})
    start, end = new.period or (None, None)
    invoice = Invoice.objects.create(
        city=city,
        kind=new.kind,
        number=number,
        token=ids.secret_token(),
        access_code=new.access_code or new_access_code(),
        account=new.account,
        case_id=new.case_id,
        source=new.source,
        source_ref=new.source_ref,
        name=new.name,
        email=new.email,
        language=new.language,
        plate=new.plate,
        words=dict(new.words),
        issued_on=issued_on,
        due_on=new.due_on or issued_on + timedelta(days=kind.due_days),
        period_from=start,
        period_to=end,
        currency=setup.currency,
        minimum=new.minimum,
        created_at=now,
    )
    _add(city=city, setup=setup, invoice=invoice, new=new.charges, by=by, now=now, on=on)
    return invoice


def _known_kind(setup: Setup, new: NewInvoice) -> Kind:
    kind = setup.kinds.get(new.kind)
    if kind is None:
        raise BillingRefused(_("There is no kind of bill “%(kind)s”.") % {"kind": new.kind[:60]})
    return kind


def _check(new: NewInvoice, total: int) -> None:
    if not new.charges or total <= 0:
        raise BillingRefused(_("A bill needs a line with an amount."))
    if len(new.charges) > _MOST_LINES or total > MOST:
        raise BillingRefused(_("That is more than one bill can hold."))
    if any(c.amount < 0 for c in new.charges):
        raise BillingRefused(_("A line of a bill is not less than nothing; adjust it afterwards."))


def _add(
    *,
    city: City,
    setup: Setup,
    invoice: Invoice,
    new: Sequence[NewCharge],
    by: Actor,
    now: datetime,
    on: date,
) -> list[Charge]:
    first = Charge.objects.filter(invoice=invoice).count()
    rows = Charge.objects.bulk_create(
        Charge(
            city=city,
            invoice=invoice,
            position=first + place,
            kind=c.kind,
            code=c.code,
            words=dict(c.words),
            explained=c.explained,
            quantity=c.quantity,
            unit_amount=c.unit_amount,
            amount=c.amount,
            gl=c.gl or queries.kind_of(setup, invoice.kind).gl,
            schedule=c.schedule,
            version=c.version,
            basis_on=c.basis_on,
            refundable=c.refundable,
        )
        for place, c in enumerate(new)
    )
    Invoice.objects.filter(pk=invoice.pk).update(billed=F("billed") + sum(c.amount for c in new))
    lines = []
    for row in rows:
        lines.append(NewLine(posting.RECEIVABLE, row.amount, charge=row.pk))
        lines.append(NewLine(posting.REVENUE, -row.amount, gl=row.gl, charge=row.pk))
    entry = NewEntry(
        kind=EntryKind.BILLED,
        key=f"billed:{invoice.pk}:{first}",
        lines=lines,
        memo=invoice.number,
    )
    posting.post(city=city, setup=setup, entry=entry, on=on, by=by, now=now)
    invoice.refresh_from_db(fields=["billed", "owed"])
    return rows


@transaction.atomic
def add_charges(
    *, city: City, invoice_id: int, charges: Sequence[NewCharge], by: Actor, now: datetime
) -> Invoice:
    """More lines on a bill, like a penalty; refused while somebody is paying it."""
    setup = queries.setup(city)
    invoice = locked(city=city, invoice_id=invoice_id)
    on = posting.business_day(city, now)
    _add(city=city, setup=setup, invoice=invoice, new=charges, by=by, now=now, on=on)
    return invoice


def locked(*, city: City, invoice_id: int) -> Invoice:
    """A bill that the caller's transaction may change; refused when it is void or being paid at this moment."""
    invoice = Invoice.objects.select_for_update(of=("self",)).get(city=city, pk=invoice_id)
    if invoice.voided_at is not None:
        raise BillingRefused(_("The bill %(number)s is void.") % {"number": invoice.number})
    if AttemptPart.objects.filter(invoice=invoice, open=True).exists():
        raise BillingRefused(
            _("Somebody is paying the bill %(number)s at this moment; try again when that is over.")
            % {"number": invoice.number}
        )
    return invoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a line becomes by: a negative amount lowers what is owed.

    A `key` makes what is sent twice one change; `seen` is what the page said was owed on the line.
    """

    charge_id: int
    amount: int
    kind: AdjustmentKind
    reason: str
    key: str = ""
    seen: int | None = None


@transaction.atomic
def adjust(*, city: City, change: Change, by: Actor, now: datetime) -> Adjustment:
    """Waive, discount, correct or write off a line, with the reason and who did it.

    What is paid already is given back by a refund, so no more can be taken off than is still owed.
    """
    setup = queries.setup(city)
    reason = change.reason.strip()
    if not reason:
        raise BillingRefused(_("Say why."))
    rules.no_card(reason)
    if change.amount == 0:
        raise BillingRefused(_("Write an amount."))
    held = Charge.objects.filter(city=city, pk=change.charge_id).values_list(
        "invoice_id", flat=True
    )
    invoice = locked(city=city, invoice_id=held.get())
    charge = Charge.objects.get(pk=change.charge_id)
    key = f"adjusted:{charge.pk}:{change.key or Adjustment.objects.filter(charge=charge).count()}"
    if held_one := Adjustment.objects.filter(entry__city=city, entry__key=key).first():
        return held_one
    if change.seen is not None and change.seen != charge.owed:
        raise BillingRefused(_("The bill has changed meanwhile. Look at it once more."))
    if change.amount < 0 and -change.amount > charge.owed:
        raise BillingRefused(_("No more can be taken off than is still owed on the line."))
    if change.amount > 0 and change.kind != AdjustmentKind.CORRECTION:
        raise BillingRefused(_("Only a correction makes a line more."))
    book = "write_off" if change.kind == AdjustmentKind.WRITE_OFF else posting.REVENUE
    gl = "" if book == "write_off" else charge.gl
    # No moment may see a bill that owes more than it bills: what makes it more comes before the entry.
    _bill(invoice, max(change.amount, 0))
    entry = posting.post(
        city=city,
        setup=setup,
        entry=NewEntry(
            kind=EntryKind.ADJUSTED,
            key=key,
            lines=[
                NewLine(posting.RECEIVABLE, change.amount, charge=charge.pk),
                NewLine(book, -change.amount, gl=gl, charge=charge.pk),
            ],
            memo=invoice.number,
        ),
        on=posting.business_day(city, now),
        by=by,
        now=now,
    )
    _bill(invoice, min(change.amount, 0))
    return _adjusted(city, charge, change, entry, by=by, now=now)


def _bill(invoice: Invoice, amount: int) -> None:
    if amount:
        Invoice.objects.filter(pk=invoice.pk).update(billed=F("billed") + amount)


def _adjusted(
    city: City, charge: Charge, change: Change, entry: JournalEntry, *, by: Actor, now: datetime
) -> Adjustment:
    facts: dict[str, Any] = {"kind": change.kind, "amount": change.amount}
    return Adjustment.objects.create(
        city=city,
        charge=charge,
        entry=entry,
        reason=change.reason.strip()[:500],
        by_id=by.user_id,
        by_name=by.name,
        by_roles=" ".join(sorted(by.roles)),
        at=now,
        **facts,
    )


@transaction.atomic
def void(*, city: City, invoice_id: int, reason: str, by: Actor, now: datetime) -> Invoice:
    """Take a bill back on which nothing was paid; what was paid is refunded first."""
    invoice = locked(city=city, invoice_id=invoice_id)
    charges = list(Charge.objects.filter(invoice=invoice).order_by("position"))
    if invoice.owed < invoice.billed:
        raise BillingRefused(_("Something was paid on the bill; give it back first."))
    for charge in charges:
        if charge.owed:
            change = Change(
                charge_id=charge.pk,
                amount=-charge.owed,
                kind=AdjustmentKind.VOID,
                reason=reason,
            )
            adjust(city=city, change=change, by=by, now=now)
    Invoice.objects.filter(pk=invoice.pk).update(voided_at=now)
    if invoice.plan_id is not None:
        _end_plan(city, invoice, by=by, now=now)
    invoice.refresh_from_db()
    return invoice


def _end_plan(city: City, invoice: Invoice, *, by: Actor, now: datetime) -> None:
    words = _("The bill was taken back.")
    plan = ending_plans.finish(city=city, bill=invoice, how="ended", reason=words, by=by, now=now)
    if plan is not None:
        plan_mail.tell(city=city, plan=plan, notice="void", now=now)
