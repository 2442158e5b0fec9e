"""What the pages of a payment plan show, and what was chosen there: how many payments, how often, where mail goes."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.billing import plan_rules, plans, queries
from onehall.billing.documents import EVERY, EVERY_WORDS, Every, PlanTerms
from onehall.billing.errors import BillingRefused
from onehall.billing.models import Invoice
from onehall.billing.plan_rules import Wish
from onehall.billing.planning import Plan
from onehall.billing.plans import NewPlan, Preview
from onehall.kernel import money
from onehall.look.doorway import CityRequest
from onehall.portal.typed import form_key, optional_address, typed_address

MOST_WORDS: Final = 1_000
REMINDED: Final = timedelta(hours=-15)
"""Before the day begins: at nine in the morning of the day before."""


def _tone(left: int, due_on: date, today: date) -> str:
    if not left:
        return "paid"
    return "missed" if due_on < today else "due" if due_on == today else "later"


def shown(plan: Plan, today: date) -> dict[str, Any]:
    """A plan on the page of its bill."""
    state: Mapping[str, str] = {
        "on_track": _("On track"),
        "late": _("A payment is missing"),
        "paused": _("On hold while the bill is contested"),
        "done": _("Paid"),
    }
    lines = [
        {
            "on": line.due_on,
            "amount": line.amount,
            "left": line.left,
            "part": 0 < line.left < line.amount,
            "state": _tone(line.left, line.due_on, today),
        }
        for line in plan.standing.lines
        if line.amount
    ]
    return {
        "plan": plan,
        "lines": lines,
        "word": state.get(plan.state, ""),
        "next": plan.next,
        "due": plan.standing.due,
        "several": plan.next is not None and plan.standing.due > plan.next.left,
    }


@dataclass(slots=True)
class Choice:
    """The form of a plan as far as it was filled in, and the table that it comes to."""

    bill: Invoice
    terms: PlanTerms
    today: date
    alone: bool
    key: uuid.UUID
    every: str
    count: str
    email: str
    words: str
    language: str
    found: Preview | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def down(self) -> int:
        """What is paid at the start."""
        return min(plan_rules.down_payment(self.terms, self.total), self.total)

    @property
    def total(self) -> int:
        """What the plan is over: what is owed, and its fee."""
        return self.bill.owed + self.fee

    @property
    def fee(self) -> int:
        """What a plan costs."""
        return self.terms.fee.amount if self.terms.fee else 0

    @property
    def ways(self) -> list[tuple[str, str]]:
        """How often one may pay: those by which at least two payments are possible."""
        return [(key, str(EVERY_WORDS[key])) for key in self.terms.every if self._most(key)]

    @property
    def counts(self) -> list[tuple[str, str]]:
        """How many payments there may be, each with what one of them is at the most."""
        most = max((self._most(key) for key in self.terms.every), default=0)
        return [(str(n), self._count(n)) for n in range(2, most + 1)]

    def _most(self, every: Every) -> int:
        return plan_rules.most_of(self.terms, self.total, every, self.today)

    def _count(self, n: int) -> str:
        parts = plan_rules.split(self.total - self.down, n - bool(self.down))
        words = ngettext("%(n)s payment of %(amount)s", "%(n)s payments of up to %(amount)s", n)
        return words % {"n": n, "amount": money.say(max(*parts, self.down), self.bill.currency)}

    def wish(self) -> Wish | None:
        """What was chosen; None before both were."""
        if self.every not in EVERY or not (self.count.isdecimal() and len(self.count) < 4):
            return None
        return Wish(int(self.count), queries.every(self.every))

    def new(self, wish: Wish) -> NewPlan:
        """The plan to make or to ask for, with what the page showed."""
        return NewPlan(
            key=self.key,
            invoice_id=self.bill.pk,
            wish=wish,
            email=self.email,
            language=self.language,
            consent=plans.CONSENT,
            reason=self.words,
            seen=self.found.total if self.found and self.alone else None,
        )


def read(request: CityRequest, bill: Invoice, terms: PlanTerms, today: date) -> Choice:
    """The form as it was sent, else as it begins: with the fewest words needed."""
    post = request.POST
    made = Choice(
        bill=bill,
        terms=terms,
        today=today,
        alone=plans.alone(request.city, bill),
        key=form_key(request),
        every=post.get("every", ""),
        count=post.get("count", ""),
        email=typed_address(request),
        words=" ".join(post.get("words", "").split())[:MOST_WORDS].replace("\x00", ""),
        language=request.LANGUAGE_CODE,
    )
    if len(made.ways) == 1:
        made.every = made.ways[0][0]
    return made


def check(request: CityRequest, made: Choice) -> Wish | None:
    """What was chosen, with its table in `found`; None where something is missing, said in `errors` by field."""
    if made.every not in dict(made.ways):
        made.errors["every"] = _("Choose how often you pay.")
    if made.count not in dict(made.counts):
        made.errors["count"] = _("Choose in how many payments.")
    made.email, wrong = optional_address(made.email)
    if wrong or not made.email:
        made.errors["email"] = wrong or _(
            "Write an e-mail address: the table of payments comes there."
        )
    wish = made.wish()
    if wish is not None and not made.errors:
        try:
            made.found = plans.preview(request.city, made.bill, wish, today=made.today)
        except BillingRefused as no:
            made.errors["count"] = str(no)
    return wish if not made.errors else None


def calendar(plan: Plan, *, city: str, title: str, address: str) -> bytes:
    """The days of a plan that are not paid as a calendar file (RFC 5545): whole days, with a word the day before."""
    # Few ask for one, and reading the library takes longer than a page.
    from icalendar import Alarm, Calendar, Event

    made = Calendar()
    made.add("prodid", f"-//{city}//Payments//EN")
    made.add("version", "2.0")
    for line in plan.standing.lines:
        if line.left:
            said = f"{title}: {money.say(line.left, plan.row.invoice.currency)}"
            event, alarm = Event(), Alarm()
            event.add("uid", f"plan-{plan.row.key}-{line.number}")
            event.add("dtstamp", plan.row.started_at)
            event.add("dtstart", line.due_on)
            event.add("summary", said)
            event.add("url", address)
            event.add("transp", "TRANSPARENT")
            alarm.add("action", "DISPLAY")
            alarm.add("description", said)
            alarm.add("trigger", REMINDED)
            event.add_component(alarm)
            made.add_component(event)
    return bytes(made.to_ical())


def options(plan: Plan, currency: str) -> Sequence[tuple[str, str, int]]:
    """What somebody may pay of a bill with a plan: (key, words, amount). Another amount is typed."""
    found: list[tuple[str, str, int]] = []
    line, standing = plan.next, plan.standing
    if line is not None and line.left < standing.owed:
        found.append(("part", _("This payment"), line.left))
    if line is not None and line.left < standing.due < standing.owed:
        found.append(("due", _("All that is due today"), standing.due))
    found.append(("all", _("Everything that is left"), standing.owed))
    return [
        (key, f"{words}: {money.say(amount, currency)}", amount) for key, words, amount in found
    ]
