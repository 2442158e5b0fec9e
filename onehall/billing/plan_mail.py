"""Mail about payment plans: the table when one is made, a payment that comes due or was missed, how one ended, a refusal."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from django.utils import translation
from django.utils.formats import date_format

from onehall.billing import linking, mailing, queries
from onehall.billing.models import Invoice, PaymentPlan, PlanRequest
from onehall.billing.plan_rules import Part
from onehall.kernel import money
from onehall.kernel.localized import pick
from onehall.places.models import City

type Notice = Literal["due", "missed", "broken", "ended", "void"]


def key_of(plan: PaymentPlan, notice: Notice, on: date | None = None) -> str:
    """What makes each mail go once: a payment that a pause moved is written about again."""
    return f"plan-{notice}:{plan.pk}" + (f":{on.isoformat()}" if on else "")


def made(*, city: City, plan: PaymentPlan, parts: Sequence[Part], now: datetime) -> None:
    """The table, in the caller's transaction."""
    bill = plan.invoice
    with translation.override(city.language_for(plan.language)):
        rows = [
            {"day": date_format(p.due_on, "DATE_FORMAT"), "amount": money.say(p.amount, bill.currency)}
            for p in parts
        ]  # fmt: skip
    more = {
        "rows": rows,
        "calendar": f"{linking.address(city, bill)}/plan.ics",
        "changed": plan.follows_id is not None,
        "answer": plan.request.answer if plan.request else "",
    }
    _send(city, bill, "plan", f"plan-made:{plan.pk}", plan.email, plan.language, more, now)


def tell(
    *,
    city: City,
    plan: PaymentPlan,
    notice: Notice,
    now: datetime,
    on: date | None = None,
    amount: int = 0,
) -> None:
    """One of the notices, in the caller's transaction; `on` and `amount` of the payment that it is about."""
    bill = plan.invoice
    with translation.override(city.language_for(plan.language)):
        more = {
            "notice": notice,
            "day": date_format(on, "DATE_FORMAT") if on else "",
            "part": money.say(amount, bill.currency),
            "reason": plan.end_reason,
        }
    key = key_of(plan, notice, on)
    _send(city, bill, "plan_notice", key, plan.email, plan.language, more, now)


def refused(*, city: City, asked: PlanRequest, now: datetime) -> None:
    """No, with the words of staff."""
    bill, more = asked.invoice, {"answer": asked.answer}
    key = f"plan-refused:{asked.pk}"
    _send(city, bill, "plan_refused", key, asked.email, asked.language, more, now)


def _send(
    city: City,
    bill: Invoice,
    template: str,
    key: str,
    to: str,
    language: str,
    more: dict[str, Any],
    now: datetime,
) -> None:
    if not to:
        return
    spoken = city.language_for(language)
    kind = queries.kind_of(queries.setup(city), bill.kind)
    with translation.override(spoken):
        words = {
            "number": bill.number,
            "kind": pick(kind.name, spoken, city.languages[0]),
            "owed": money.say(bill.owed, bill.currency),
            "url": linking.address(city, bill),
            **more,
        }
    mailing.send(
        city=city, template=template, key=key, to=to, language=spoken, words=words, now=now
    )
