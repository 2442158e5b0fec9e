"""Money in the words of the desk: statuses with their tones, methods, books, what an entry or an exception is."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from onehall.billing import bills, queries
from onehall.billing.models import Invoice, Payment, Refund
from onehall.billing.plan_rules import PlanState
from onehall.billing.rules import InvoiceStatus
from onehall.kernel.localized import pick
from onehall.look.tones import Tone
from onehall.places.models import City

STATUSES: Final[Mapping[InvoiceStatus, tuple[Tone, Promise]]] = {
    "open": ("new", pgettext_lazy("a bill", "Open")),
    "partial": ("work", pgettext_lazy("a bill", "Partly paid")),
    "overdue": ("late", pgettext_lazy("a bill", "Overdue")),
    "plan": ("work", pgettext_lazy("a bill", "Paid in parts")),
    "paid": ("done", pgettext_lazy("a bill", "Paid")),
    "disputed": ("hold", pgettext_lazy("a bill", "Contested")),
    "void": ("no", pgettext_lazy("a bill", "Void")),
}
REFUNDS: Final[Mapping[str, tuple[Tone, Promise]]] = {
    "requested": ("look", pgettext_lazy("a refund", "To be approved")),
    "approved": ("work", pgettext_lazy("a refund", "Approved")),
    "submitted": ("work", pgettext_lazy("a refund", "On its way")),
    "succeeded": ("done", pgettext_lazy("a refund", "Given back")),
    "failed": ("late", pgettext_lazy("a refund", "Failed")),
    "rejected": ("no", pgettext_lazy("a refund", "Rejected")),
}
PLANS: Final[Mapping[PlanState, tuple[Tone, Promise]]] = {
    "on_track": ("work", pgettext_lazy("a payment plan", "On track")),
    "late": ("late", pgettext_lazy("a payment plan", "Late")),
    "paused": ("hold", pgettext_lazy("a payment plan", "On hold: contested")),
    "done": ("done", pgettext_lazy("a payment plan", "Paid")),
    "broken": ("no", pgettext_lazy("a payment plan", "Broken")),
    "ended": ("no", pgettext_lazy("a payment plan", "Ended")),
}
METHODS: Final[Mapping[str, Promise]] = {
    "card": _("Card"),
    "ach": _("Bank debit"),
    "cash": _("Cash"),
    "check": _("Check"),
    "transfer": _("Bank transfer"),
}
ADJUSTMENTS: Final[Mapping[str, Promise]] = {
    "waiver": _("Waiver"),
    "discount": _("Discount"),
    "correction": _("Correction"),
    "write_off": _("Write-off"),
    "refund": _("Refund"),
    "void": pgettext_lazy("an adjustment", "Void"),
}
BOOKS: Final[Mapping[str, Promise]] = {
    "receivable": _("Receivable"),
    "revenue": _("Revenue"),
    "clearing": _("With the provider"),
    "drawer": _("Cash drawer"),
    "bank": _("Bank"),
    "credit": _("Credit of payers"),
    "convenience": _("Convenience fees"),
    "processor_fees": _("Fees of the provider"),
    "disputes": _("Chargebacks under way"),
    "over_short": _("Over and short"),
    "write_off": _("Written off"),
}
ENTRIES: Final[Mapping[str, Promise]] = {
    "billed": _("Billed"),
    "adjusted": _("Adjusted"),
    "paid": pgettext_lazy("an entry", "Paid"),
    "applied": _("Credit used"),
    "refunded": _("Given back"),
    "returned": _("Came back unpaid"),
    "disputed": _("Chargeback opened"),
    "dispute_ended": _("Chargeback ended"),
    "deposited": _("Counted and deposited"),
    "payout": _("Payout"),
}
EXCEPTIONS: Final[Mapping[str, Promise]] = {
    "chargeback": _("Chargeback"),
    "refunded_elsewhere": _("Given back at the provider"),
    "refund_failed": _("A refund failed"),
}
CHARGE_KINDS: Final[Mapping[str, Promise]] = {
    "principal": _("Principal"),
    "fee": _("Fee"),
    "tax": _("Tax"),
    "penalty": _("Penalty"),
}


def bill_row(city: City, bill: Invoice, today: date, language: str) -> dict[str, Any]:
    """A bill in a list."""
    kind = queries.kind_of(queries.setup(city), bill.kind)
    tone, word = STATUSES[bills.status_of(bill, today)]
    return {
        "bill": bill,
        "kind": pick(kind.name, language, city.languages[0]),
        "tone": tone,
        "word": word,
        "who": bill.payer,
        "account": bill.account,
        "what": pick(bill.words, language, city.languages[0]),
    }


def method(payment: Payment) -> str:
    """What somebody paid with: "Card · visa 4242", "Check · 1017"."""
    parts = [str(METHODS[payment.method])]
    card = " ".join(x for x in (payment.brand.title(), payment.last4) if x)
    return " · ".join(x for x in (*parts, card, payment.reference) if x)


def refund_tag(refund: Refund) -> tuple[Tone, Promise]:
    """The tone and word of a refund."""
    return REFUNDS[refund.status]


def exception(kind: str) -> str:
    """What an exception is about; its own key where it is none of the known."""
    return str(EXCEPTIONS.get(kind, kind.replace("_", " ").capitalize()))
