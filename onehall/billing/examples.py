"""Bills that a visitor of a demo can look up, whichever are open by now."""

from dataclasses import dataclass

from onehall.billing.models import Invoice
from onehall.places.models import City


@dataclass(frozen=True, slots=True)
class Examples:
    """An account with its postcode, and a citation; "" where none is open."""

    account: str
    postcode: str
    citation: str


def examples(city: City) -> Examples:
    """The account with the bill that is due last, and the citation that is."""
    rows = Invoice.objects.filter(city=city, owed__gt=0, voided_at=None).order_by("-due_on", "id")
    bill = rows.filter(kind="utility").exclude(account=None).select_related("account").first()
    citation = rows.filter(kind="citation").first()
    account = bill.account if bill else None
    return Examples(
        account.number if account else "",
        account.postcode if account else "",
        citation.number if citation else "",
    )
