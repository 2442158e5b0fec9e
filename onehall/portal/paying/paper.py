"""Bills and receipts as a PDF, drawn from the same parts as the staff's papers."""

from collections.abc import Iterator
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from onehall.billing.bills import Bill
from onehall.billing.planning import Plan
from onehall.kernel import money
from onehall.look.papers import blocks, pdf
from onehall.look.papers.blocks import Block
from onehall.places.models import City
from onehall.portal.paying import wording
from onehall.portal.paying.receipts import Receipt

_TWO: Final = (0.78, 0.22)
_FOUR: Final = (0.2, 0.36, 0.22, 0.22)


_LETTER: Final = frozenset({"USD", "CAD", "MXN"})
"""Currencies of countries that write on Letter; others write on A4."""


def _paper(city: City, sheet: list[Block], *, title: str, language: str, currency: str) -> bytes:
    foot = f"{city.name} · {title}"
    size = "letter" if currency in _LETTER else "a4"
    return pdf.make(city, [sheet], title=title, language=language, paper=size, foot=foot)


def of_bill(
    city: City, full: Bill, *, address: str, language: str, plan: Plan | None = None
) -> bytes:
    """A bill, with the payments of its plan where one runs."""
    return _paper(
        city,
        [*_bill(city, full, address, language), *_plan(plan)],
        title=_("Bill %(number)s") % {"number": full.invoice.number},
        language=language,
        currency=full.invoice.currency,
    )


def _bill(city: City, full: Bill, address: str, language: str) -> Iterator[Block]:
    bill, currency = full.invoice, full.invoice.currency
    yield blocks.Title(
        number=bill.number,
        text=wording.name(bill, full.kind, city, language),
        note=wording.status(full.status),
        url=address,
        square="",
    )
    facts = [
        (_("Due"), date_format(bill.due_on, "DATE_FORMAT")),
        (_("To pay"), money.say(bill.owed, currency)),
        (_("Issued"), date_format(bill.issued_on, "DATE_FORMAT")),
    ]
    if bill.period_from and bill.period_to:
        span = f"{date_format(bill.period_from, 'DATE_FORMAT')} – {date_format(bill.period_to, 'DATE_FORMAT')}"
        facts.append((_("For"), span))
    if bill.account is not None:
        facts.append((_("Account"), bill.account.number))
    if bill.name:
        facts.append((_("Name"), bill.name))
    facts.append((_("Access code"), bill.access_code))
    yield blocks.Facts(rows=facts)
    yield blocks.Heading(_("What it is made of"))
    rows: list[tuple[str, str]] = []
    for line in full.lines:
        words = f"{line.words}\n{line.explained}" if line.explained else line.words
        rows.append((words, money.say(line.amount, currency)))
        rows += [
            (f"{wording.changed(c.kind)}, {date_format(c.on, 'DATE_FORMAT')}", money.say(c.amount, currency))
            for c in line.changed
        ]  # fmt: skip
    rows.append((_("All together"), money.say(bill.billed, currency)))
    yield blocks.Table((_("Line"), _("Amount")), rows, shares=_TWO, ends=frozenset({1}))
    if full.payments:
        yield blocks.Heading(_("What was paid"))
        yield blocks.Table(
            (_("Day"), _("Receipt"), _("How"), _("Amount")),
            [
                (date_format(p.on, "DATE_FORMAT"), p.receipt, wording.method(p.method), money.say(p.amount, currency))
                for p in full.payments
            ],
            shares=_FOUR,
            ends=frozenset({3}),
        )  # fmt: skip


def _plan(plan: Plan | None) -> Iterator[Block]:
    if plan is None:
        return
    currency = plan.row.invoice.currency
    yield blocks.Heading(_("Your payments"))
    rows = [
        (
            f"{date_format(line.due_on, 'DATE_FORMAT')}{'' if line.left else ' · ' + _('paid')}",
            money.say(line.amount, currency),
        )
        for line in plan.standing.lines
        if line.amount
    ]
    yield blocks.Table((_("Day"), _("Amount")), rows, shares=_TWO, ends=frozenset({1}))


def of_receipt(city: City, found: Receipt, *, address: str, language: str) -> bytes:
    """A receipt, with what was given back since."""
    return _paper(
        city,
        list(_receipt(city, found, address)),
        title=_("Receipt %(number)s") % {"number": found.payment.receipt},
        language=language,
        currency=found.payment.currency,
    )


def _receipt(city: City, found: Receipt, address: str) -> Iterator[Block]:
    paid, currency = found.payment, found.payment.currency
    yield blocks.Title(
        number=paid.receipt,
        text=_("Receipt from %(city)s") % {"city": city.name},
        note=money.say(paid.amount, currency),
        url=address,
        square="",
    )
    yield blocks.Facts(
        rows=[(_("Day"), date_format(paid.on, "DATE_FORMAT")), (_("How"), found.how)]
    )
    rows = [
        (f"{line.invoice} · {line.words}", money.say(line.amount, currency)) for line in found.lines
    ]
    if paid.fee:
        rows.append((_("Fee for paying online"), money.say(paid.fee, currency)))
    if found.rest:
        rows.append((_("Credit with the city"), money.say(found.rest, currency)))
    rows.append((_("Paid"), money.say(paid.amount, currency)))
    yield blocks.Table((_("For"), _("Amount")), rows, shares=_TWO, ends=frozenset({1}))
    for number, left in found.left:
        words = _("Still owed on %(number)s: %(amount)s")
        yield blocks.Text(words % {"number": number, "amount": money.say(left, currency)})
    if paid.returned_at is not None:
        yield blocks.Text(
            _("This payment was returned by the bank. It no longer pays these bills.")
        )
    if found.refunds:
        yield blocks.Heading(_("Given back"))
        yield blocks.Table(
            (_("Receipt"), _("Day"), _("Amount")),
            [(r.receipt, date_format(r.on, "DATE_FORMAT"), money.say(r.amount, currency)) for r in found.refunds],
            shares=(0.4, 0.38, 0.22),
            ends=frozenset({2}),
        )  # fmt: skip
