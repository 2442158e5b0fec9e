"""Finding bills and payments, and the lists of bills."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.billing import finding
from onehall.console.desk import staff_who_may
from onehall.console.money import saying
from onehall.console.money.room import setup_of, show, today_of
from onehall.look.doorway import CityRequest


@require_GET
@staff_who_may("see_bills")
def bills(request: CityRequest) -> HttpResponse:
    """One box finds bills and payments; without words, a list of bills."""
    setup, today, language = setup_of(request), today_of(request), request.LANGUAGE_CODE
    text, after = request.GET.get("q", "").strip()[:120], request.GET.get("after", "")[:40]
    chosen = next((s for s in finding.LISTS if s == request.GET.get("show")), "open")
    if text:
        found = finding.bills(request.city, text, after=after)
        paid = [] if after else finding.payments(request.city, text, setup.currency)
    else:
        found, paid = finding.listed(request.city, chosen, today, after=after), []
    here = reverse("console:money")
    kept = {"q": text} if text else {"show": chosen}
    context = {
        "text": text,
        "rows": [saying.bill_row(request.city, bill, today, language) for bill in found.rows],
        "payments": [(payment, saying.method(payment)) for payment in paid],
        "lists": [
            (f"{here}?show={key}", words, not text and key == chosen) for key, words in _lists()
        ],
        "first": f"{here}?{urlencode(kept)}" if after else "",
        "older": f"{here}?{urlencode({**kept, 'after': found.after})}" if found.after else "",
    }
    return show(request, "bills", "money", context)


def _lists() -> list[tuple[str, str]]:
    return [
        ("open", _("Open bills")),
        ("overdue", _("Overdue bills")),
        ("disputed", _("Contested bills")),
        ("void", _("Void bills")),
        ("all", _("Newest bills")),
    ]
