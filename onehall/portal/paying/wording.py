"""Bills and payments in words: names, states, ways to pay."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from onehall.billing import bills, looking_up
from onehall.billing.documents import Kind
from onehall.billing.models import Invoice
from onehall.kernel.localized import pick
from onehall.places.models import City
from onehall.portal.paying.cart import Item, sign

TONES: Mapping[str, str] = {
    "open": "new", "partial": "work", "overdue": "late", "disputed": "hold", "plan": "work", "paid": "done", "void": "no",
}  # fmt: skip


def status(of: str) -> str:
    """What a bill is."""
    words = {
        "open": _("To pay"),
        "partial": _("Partly paid"),
        "overdue": _("Overdue"),
        "plan": _("Paid in parts"),
        "disputed": _("Contested"),
        "paid": _("Paid"),
        "void": _("Taken back"),
    }
    return words[of]


def changed(kind: str) -> str:
    """What changed a line of a bill."""
    words = {
        "waiver": _("Waived"),
        "discount": _("Discount"),
        "correction": _("Corrected"),
        "write_off": _("Written off"),
        "refund": _("Given back"),
        "void": _("Taken back"),
    }
    return words[kind]


def method(of: str) -> str:
    """What somebody paid with."""
    words = {
        "card": _("Card"),
        "ach": _("Bank transfer"),
        "cash": _("Cash"),
        "check": _("Check"),
        "transfer": _("Transfer"),
    }
    return words[of]


def name(bill: Invoice, kind: Kind, city: City, language: str) -> str:
    """What a bill is called: by its own words, else by its kind."""
    own = pick(bill.words, language, city.languages[0]) if bill.words else ""
    return own or pick(kind.name, language, city.languages[0])


def shown_number(number: str, *, proven: bool) -> str:
    """The number of a bill, or its end for whoever did not prove to be the city's customer."""
    return number if proven else _("ending %(end)s") % {"end": number[-4:]}


def row(
    bill: Invoice, kind: Kind, *, city: City, language: str, today: date, proven: bool
) -> dict[str, Any]:
    """A bill in a list. Without proof: its kind, the end of its number, an amount, a due day, a masked name."""
    state = bills.status_of(bill, today)
    whose = bill.payer
    return {
        "bill": bill,
        "title": name(bill, kind, city, language)
        if proven
        else pick(kind.name, language, city.languages[0]),
        "number": shown_number(bill.number, proven=proven),
        "whose": looking_up.masked(whose),
        "state": state,
        "word": status(state),
        "tone": TONES[state],
        "proven": proven,
        "signed": sign(city, [Item(bill.pk, proven)]),
    }
