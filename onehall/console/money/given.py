"""What somebody typed about money: amounts, keys of forms, words without card numbers. BillingRefused says what is wrong."""

import re
import uuid
from collections.abc import Collection
from datetime import date
from typing import Final

from django.utils.translation import gettext as _

from onehall.billing import rules
from onehall.billing.errors import BillingRefused
from onehall.billing.invoicing import MOST
from onehall.kernel import money

_GROUPED: Final = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")


class Typed(dict[str, str]):
    """What stands in the fields of a form, as templates read it: "" in each that was not sent."""

    def __missing__(self, key: str) -> str:
        return ""


def amount(text: str, currency: str) -> int:
    """Units of an amount as people write it: "1,234.50", "$5", "-3.00"."""
    sign = money.SIGNS.get(currency, "")
    typed = text.strip().replace("−", "-").replace(" ", "")
    if sign:
        typed = typed.replace(sign, "")
    if _GROUPED.fullmatch(typed):
        typed = typed.replace(",", "")
    try:
        found = money.parse(typed, currency)
    except money.MoneyMistake as no:
        facts = {"typed": text.strip()[:40], "like": money.plain(123_450, currency)}
        raise BillingRefused(
            _("“%(typed)s” is not an amount. Write it like %(like)s.") % facts
        ) from no
    if abs(found) > MOST:
        raise BillingRefused(_("That is more than one bill can hold."))
    return found


def positive(text: str, currency: str) -> int:
    """The same, more than nothing."""
    found = amount(text, currency) if text.strip() else 0
    if found <= 0:
        raise BillingRefused(_("Write an amount."))
    return found


def key(text: str) -> uuid.UUID:
    """The key that a form was made with."""
    try:
        return uuid.UUID(text)
    except ValueError as no:
        raise BillingRefused(_("The form is incomplete. Open the page once more.")) from no


def words(text: str, most: int = 500) -> str:
    """Words for the record, refused when they hold what looks like the number of a card."""
    said = " ".join(text.split())[:most]
    if rules.card_number_in(said):
        raise BillingRefused(
            _("This looks like the number of a card. Leave it out: it may be kept nowhere here.")
        )
    return said


def reason(text: str) -> str:
    """Words that have to be there."""
    said = words(text)
    if not said:
        raise BillingRefused(_("Say why."))
    return said


def one_of(text: str, known: Collection[str], refusal: str) -> str:
    """One of the known words, else the refusal."""
    if text not in known:
        raise BillingRefused(refusal)
    return text


def day(text: str, otherwise: date | None = None) -> date:
    """A day as 2026-11-27; `otherwise` when nothing was written."""
    if not text.strip() and otherwise is not None:
        return otherwise
    try:
        return date.fromisoformat(text.strip())
    except ValueError as no:
        raise BillingRefused(_("Write the day as 2026-11-27.")) from no


def number(text: str, most: int = 18) -> int | None:
    """A row's number, or None."""
    return int(text) if text.isdecimal() and len(text) <= most else None
