"""Payment plans made, asked for, answered, changed and ended: each with who and why. A plan is of one bill."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from onehall.billing import ending_plans, invoicing, plan_mail, plan_rules, posting, queries, rules
from onehall.billing.documents import Kind, PlanTerms
from onehall.billing.errors import BillingRefused
from onehall.billing.invoicing import NewCharge
from onehall.billing.models import ChargeKind, Instalment, Invoice, PaymentPlan, PlanRequest
from onehall.billing.plan_rules import Part, Wish, WishRefused
from onehall.kernel import money
from onehall.people.actor import Actor
from onehall.places.models import City

CONSENT: Final = "2026-11"
"""The version of the sentence that residents agree to, `portal/pay/plan_consent.html`; another text is another version."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What somebody would agree to: the instalments, the fee within them, and what they come to."""

    parts: Sequence[Part]
    fee: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """A plan about to be made. `seen` is the sum that the page showed; `consent` what a resident agreed to."""

    key: uuid.UUID
    invoice_id: int
    wish: Wish
    email: str = ""
    language: str = ""
    consent: str = ""
    reason: str = ""
    seen: int | None = None
    request: PlanRequest | None = field(default=None, compare=False)


def terms_of(city: City, bill: Invoice) -> PlanTerms | None:
    """How a bill may be paid in parts; None where its kind is not."""
    return queries.kind_of(queries.setup(city), bill.kind).plan


def may_ask(city: City, bill: Invoice) -> bool:
    """Whether a plan for a bill is possible at all: its kind has them, something is owed, nothing stands against it."""
    contested = bill.disputed is not None and bill.disputed.is_open
    there = bill.owed > 0 and bill.voided_at is None and bill.plan_id is None
    return there and not contested and terms_of(city, bill) is not None


def alone(city: City, bill: Invoice) -> bool:
    """Whether a resident starts a plan without being asked: a small debt, and no plan of the bill has failed."""
    terms = terms_of(city, bill)
    if terms is None or bill.owed > terms.alone_up_to:
        return False
    return not PaymentPlan.objects.filter(invoice=bill, ended="broken").exists()


def preview(city: City, bill: Invoice, wish: Wish, *, today: date, fee: bool = True) -> Preview:
    """The table of a plan as it would be today. BillingRefused in words where the terms do not allow it."""
    terms = terms_of(city, bill)
    if terms is None:
        raise BillingRefused(_("Bills of this kind are not paid in parts."))
    costs = terms.fee.amount if terms.fee and fee else 0
    total = bill.owed + costs
    try:
        parts = plan_rules.table(terms, total, wish, today)
    except WishRefused as no:
        raise BillingRefused(_refused(no, city, terms, total, wish, today)) from None
    return Preview(parts, costs, total)


def _refused(
    no: WishRefused, city: City, terms: PlanTerms, total: int, wish: Wish, today: date
) -> str:
    least = money.say(terms.least, queries.setup(city).currency)
    most = plan_rules.most_of(terms, total, wish.every, today) if no.reason != "every" else 0
    words = {
        "every": _("Choose how often you pay."),
        "few": _("Choose at least %(bound)s payments."),
        "many": _("Choose at most %(most)s payments."),
        "small": _("A payment would be below %(least)s. Choose at most %(most)s payments."),
        "long": _("That would last longer than %(bound)s days. Choose at most %(most)s payments."),
        "first": _("The first day is today, or within two months."),
    }
    if no.reason in ("small", "long", "many") and most == 0:
        return _("This is too little for a plan like that. Choose another, or pay it as a whole.")
    return words[no.reason] % {"bound": no.bound, "least": least, "most": most}


@transaction.atomic
def start(*, city: City, new: NewPlan, by: Actor, now: datetime) -> PaymentPlan:
    """Make a plan over all that is owed on a bill. The same key again is the same plan.

    A fee of the plan becomes a line of the bill first. The payer is mailed the table.
    """
    held = PaymentPlan.objects.filter(city=city, key=new.key)
    if found := held.first():
        return found
    bill = invoicing.locked(city=city, invoice_id=new.invoice_id)
    # The other tap was quicker to the lock.
    if found := held.first():
        return found
    _free(city, bill)
    return _make(city, bill, new, follows=None, by=by, now=now)


def _free(city: City, bill: Invoice) -> None:
    """Refused where a plan runs, or none may be made now."""
    if bill.plan_id is not None:
        raise BillingRefused(_("This bill is paid in parts already."))
    _ready(city, bill)


def _ready(city: City, bill: Invoice) -> None:
    if terms_of(city, bill) is None:
        raise BillingRefused(_("Bills of this kind are not paid in parts."))
    if bill.owed == 0:
        raise BillingRefused(_("Nothing is owed on the bill."))
    if bill.disputed is not None and bill.disputed.is_open:
        raise BillingRefused(_("The bill is contested: a plan can be made when that is decided."))


def _make(
    city: City,
    bill: Invoice,
    new: NewPlan,
    *,
    follows: PaymentPlan | None,
    by: Actor,
    now: datetime,
) -> PaymentPlan:
    kind = queries.kind_of(queries.setup(city), bill.kind)
    today = posting.local_day(city, now)
    found = preview(city, bill, new.wish, today=today, fee=follows is None)
    if new.seen is not None and new.seen != found.total:
        raise BillingRefused(_("The bill has changed meanwhile. Look at it once more."))
    if found.fee:
        bill = _charge_fee(city, bill, kind, by=by, now=now)
    terms = kind.plan
    assert terms is not None  # noqa: S101  (`preview` refuses a kind without)
    plan = PaymentPlan.objects.create(
        city=city,
        key=new.key,
        invoice=bill,
        request=new.request or _answered(bill, new, by=by, now=now),
        follows=follows,
        amount=found.total,
        every=new.wish.every,
        grace_days=terms.grace_days,
        missed=terms.missed,
        less=terms.less,
        mark=ending_plans.last_allocation(bill),
        email=new.email or bill.address,
        language=new.language or bill.language,
        consent=new.consent,
        consented_at=now if new.consent else None,
        started_at=now,
        started_on=today,
        by_id=by.user_id,
        by_name=by.name,
        by_roles=" ".join(sorted(by.roles)),
        reason=new.reason[:500],
    )
    Instalment.objects.bulk_create(
        Instalment(city=city, plan=plan, number=number, due_on=part.due_on, amount=part.amount)
        for number, part in enumerate(found.parts, 1)
    )
    Invoice.objects.filter(pk=bill.pk).update(plan=plan)
    plan_mail.made(city=city, plan=plan, parts=found.parts, now=now)
    return plan


def _answered(bill: Invoice, new: NewPlan, *, by: Actor, now: datetime) -> PlanRequest | None:
    """A request that waits is answered by the plan that staff make of themselves."""
    asked = PlanRequest.objects.filter(invoice=bill, decided_at=None).first()
    if asked is not None:
        asked.decided_at, asked.approved, asked.answer = now, True, new.reason
        asked.by_id, asked.by_name = by.user_id, by.name
        asked.save(update_fields=["decided_at", "approved", "answer", "by_id", "by_name"])
    return asked


def _charge_fee(city: City, bill: Invoice, kind: Kind, *, by: Actor, now: datetime) -> Invoice:
    fee = kind.plan.fee if kind.plan else None
    if fee is None:
        return bill
    charge = NewCharge(
        code=fee.code, words=fee.name, amount=fee.amount, gl=fee.gl, kind=ChargeKind.FEE
    )
    return invoicing.add_charges(city=city, invoice_id=bill.pk, charges=[charge], by=by, now=now)


@transaction.atomic
def ask(*, city: City, new: NewPlan, now: datetime) -> PlanRequest:
    """Ask staff for a plan. The same key again, or another while one waits, is the one that waits."""
    held = PlanRequest.objects.filter(city=city, key=new.key)
    if found := held.first():
        return found
    bill = invoicing.locked(city=city, invoice_id=new.invoice_id)
    if found := held.first():
        return found
    _free(city, bill)
    if waiting := PlanRequest.objects.filter(invoice=bill, decided_at=None).first():
        return waiting
    preview(city, bill, new.wish, today=posting.local_day(city, now))
    rules.no_card(new.reason)
    if not new.email:
        raise BillingRefused(_("Write an e-mail address: the answer comes there."))
    return PlanRequest.objects.create(
        city=city,
        key=new.key,
        invoice=bill,
        count=new.wish.count,
        every=new.wish.every,
        words=new.reason[:1000],
        email=new.email,
        language=new.language,
        consent=new.consent,
        asked_at=now,
    )


@transaction.atomic
def decide(
    *, city: City, request_id: int, approve: bool, answer: str, by: Actor, now: datetime
) -> PlanRequest:
    """Approve what was asked for, which makes the plan as of today, or refuse it in words. Whoever asked is mailed."""
    words = answer.strip()[:1000]
    rules.no_card(words)
    if not approve and not words:
        raise BillingRefused(_("Say why: the payer reads it."))
    bill_id = PlanRequest.objects.filter(city=city, pk=request_id).values_list(
        "invoice_id", flat=True
    )
    list(Invoice.objects.select_for_update(of=("self",)).filter(pk__in=list(bill_id)))
    asked = PlanRequest.objects.select_for_update(of=("self",)).get(city=city, pk=request_id)
    if asked.decided_at is not None:
        raise BillingRefused(_("Somebody has answered this already."))
    PlanRequest.objects.filter(pk=asked.pk).update(
        decided_at=now, approved=approve, answer=words, by_id=by.user_id, by_name=by.name
    )
    asked.refresh_from_db()
    if approve:
        new = NewPlan(
            key=asked.key,
            invoice_id=asked.invoice_id,
            wish=Wish(asked.count, queries.every(asked.every)),
            email=asked.email,
            language=asked.language,
            consent=asked.consent,
            reason=words,
            request=asked,
        )
        start(city=city, new=new, by=by, now=now)
    else:
        plan_mail.refused(city=city, asked=asked, now=now)
    return asked


@transaction.atomic
def end(*, city: City, plan_id: int, reason: str, by: Actor, now: datetime) -> PaymentPlan:
    """End a plan with a reason; the payer is told. What is owed is due again, and penalties go on from where they stood."""
    why = _why(reason)
    bill = _held(city, plan_id)
    plan = ending_plans.finish(city=city, bill=bill, how="ended", reason=why, by=by, now=now)
    if plan is None or plan.pk != plan_id:
        raise BillingRefused(_("This plan has ended already."))
    plan_mail.tell(city=city, plan=plan, notice="ended", now=now)
    return plan


@transaction.atomic
def change(*, city: City, plan_id: int, new: NewPlan, by: Actor, now: datetime) -> PaymentPlan:
    """End a plan and make another over what is owed now; both are kept. It costs no second fee."""
    if held := PaymentPlan.objects.filter(city=city, key=new.key).first():
        return held
    why = _why(new.reason)
    bill = invoicing.locked(city=city, invoice_id=_held(city, plan_id).pk)
    _ready(city, bill)
    old = ending_plans.finish(city=city, bill=bill, how="ended", reason=why, by=by, now=now)
    if old is None or old.pk != plan_id:
        raise BillingRefused(_("This plan has ended already."))
    bill.refresh_from_db(fields=["plan", "stood_days"])
    new = replace(new, email=new.email or old.email, language=new.language or old.language)
    return _make(city, bill, new, follows=old, by=by, now=now)


def _why(reason: str) -> str:
    why = reason.strip()
    if not why:
        raise BillingRefused(_("Say why."))
    rules.no_card(why)
    return why


def _held(city: City, plan_id: int) -> Invoice:
    """The bill of a plan under its lock, also while somebody is paying it: an end changes no amount."""
    bills = PaymentPlan.objects.filter(city=city, pk=plan_id).values("invoice_id")
    return (
        Invoice.objects.select_for_update(of=("self",))
        .select_related("disputed")
        .get(city=city, pk__in=bills)
    )
