"""The bills of a case on its page."""

from typing import Any

from onehall.billing import finding
from onehall.billing.queries import billing_of
from onehall.casework.models import Case
from onehall.console.desk import Desk
from onehall.console.money import saying


def context(desk: Desk, case: Case, language: str) -> dict[str, Any]:
    """Its bills with their status, and whether one may be written: nothing where the city takes no payments."""
    if billing_of(desk.city).setup is None or not desk.actor.may("see_bills"):
        return {"case_bills": [], "may_bill": False}
    today = desk.now.astimezone(desk.zone).date()
    bills = finding.of_case(desk.city, case.pk)
    return {
        "case_bills": [saying.bill_row(desk.city, bill, today, language) for bill in bills],
        "may_bill": desk.actor.may("write_bills"),
    }
