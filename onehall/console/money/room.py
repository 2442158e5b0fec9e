"""What every page of money shares: the city's billing or 404, the ways between its pages, the forms' keys."""

import uuid
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from onehall.billing import posting, queries
from onehall.billing.documents import Setup
from onehall.console.desk import draw, frame
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.people.permissions import Key


def setup_of(request: CityRequest) -> Setup:
    """How the city bills; 404 where it takes no payments."""
    found = queries.billing_of(request.city).setup
    if found is None:
        raise Http404
    return found


def today_of(request: CityRequest) -> date:
    """The day where the city is."""
    return posting.local_day(request.city, read_clock())


def show(
    request: CityRequest, template: str, at: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of money; `at` names the current one of the ways."""
    shared = {
        "ways": _ways(request, at),
        "currency": setup_of(request).currency,
        "key": uuid.uuid4(),
    }
    return draw(
        request,
        f"console/money/{template}.html",
        frame(request),
        shared | context,
        status=status,
        rail_at="money",
    )


def _ways(request: CityRequest, at: str) -> list[tuple[str, str, bool]]:
    """(address, words, whether it is this page) of the pages that the person may open."""
    pages: tuple[tuple[str, str, Key], ...] = (
        ("money", _("Bills"), "see_bills"),
        ("money-counter", _("Counter"), "take_money"),
        ("money-drawers", _("Drawers"), "take_money"),
        ("money-refunds", _("Refunds"), "see_bills"),
        ("money-plans", _("Payment plans"), "see_bills"),
        ("money-day", _("Day"), "see_books"),
        ("money-aging", _("Receivables"), "see_books"),
        ("money-exceptions", _("To look at"), "see_books"),
        ("money-payouts", _("Payouts"), "see_books"),
        ("money-overrides", _("Overrides"), "see_books"),
    )
    may = request.actor.may
    return [
        (reverse(f"console:{name}"), words, name == at) for name, words, key in pages if may(key)
    ]
