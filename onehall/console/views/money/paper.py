"""Money on paper: the receipt of a payment, and the statement of an account."""

from datetime import date, timedelta
from typing import Final

from django.http import Http404, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.billing import finding, receipts
from onehall.billing.models import Account, Allocation, Payment
from onehall.casework.telling import public_address
from onehall.console.desk import draw, frame, staff_who_may
from onehall.console.money import saying
from onehall.console.money.room import setup_of, today_of
from onehall.console.paper.orders import square
from onehall.console.views.money.payment import load
from onehall.kernel import money
from onehall.look.doorway import CityRequest
from onehall.look.downloads import download
from onehall.look.papers import blocks, pdf
from onehall.look.papers.blocks import Block, Sheet

BACK: Final = timedelta(days=366)
"""How far a statement goes back."""


@require_GET
@staff_who_may("see_bills")
def receipt(request: CityRequest, pk: int, form: str) -> HttpResponse:
    """The receipt to print or as a PDF."""
    setup_of(request)
    found = load(request, pk)
    return _answer(
        request, _receipt(request, found), form, _("Receipt"), f"receipt-{found.receipt}"
    )


def _receipt(request: CityRequest, found: Payment) -> Sheet:
    language, default = request.LANGUAGE_CODE, request.city.languages[0]
    url = f"{public_address(request.city)}/receipts/{found.token}"

    def say(amount: int) -> str:
        return money.say(amount, found.currency)

    facts = [
        (_("Received"), say(found.amount)),
        (_("How"), saying.method(found)),
        (_("Day"), date_format(found.on, "DATE_FORMAT")),
        (_("From"), found.name),
        (_("Taken by"), found.by_name),
        (_("Convenience fee"), say(found.fee) if found.fee else ""),
        (_("Kept as credit"), say(found.credit) if found.credit else ""),
    ]
    lines = [
        (line.invoice, line.words, say(line.amount), say(line.left))
        for line in receipts.lines(found, language, default)
    ]
    sheet: list[Block] = [
        blocks.Title(found.receipt, _("Receipt"), request.city.name, url, square(url)),
        blocks.Facts([(name, value) for name, value in facts if value]),
    ]
    if lines:
        head = (_("Bill"), _("For"), _("Paid"), _("Left on the bill"))
        sheet.append(blocks.Table(head, lines))
    return sheet


@require_GET
@staff_who_may("see_bills")
def statement(request: CityRequest, pk: int, form: str) -> HttpResponse:
    """The statement of an account: its bills and payments of a year, with what is owed."""
    setup_of(request)
    account = Account.objects.filter(city=request.city, pk=pk).first()
    if account is None:
        raise Http404
    sheet = _statement(request, account)
    return _answer(request, sheet, form, _("Statement"), f"statement-{account.number}")


def _statement(request: CityRequest, account: Account) -> Sheet:
    today, currency = today_of(request), setup_of(request).currency
    bills = finding.of_account(account, since=today - BACK)
    url = public_address(request.city)
    owed = sum(bill.owed for bill in bills)
    moves = _moves(account, [bill.pk for bill in bills])
    moves += [(bill.issued_on, _("Bill %(n)s") % {"n": bill.number}, bill.billed) for bill in bills]
    rows, balance = [], 0
    for on, words, amount in sorted(moves, key=lambda move: (move[0], -move[2])):
        balance += amount
        rows.append(
            (
                date_format(on, "SHORT_DATE_FORMAT"),
                words,
                money.say(amount, currency),
                money.say(balance, currency),
            )
        )
    facts = [
        (_("Account"), account.number),
        (_("Name"), account.name),
        (_("Address"), account.address),
        (_("Since"), date_format(today - BACK, "DATE_FORMAT")),
        (_("Owed today"), money.say(owed, currency)),
    ]
    return [
        blocks.Title(account.number, _("Statement"), request.city.name, url, square(url)),
        blocks.Facts([(name, value) for name, value in facts if value]),
        blocks.Table((_("Day"), _("What"), _("Amount"), _("Owed")), rows),
    ]


def _moves(account: Account, bills: list[int]) -> list[tuple[date, str, int]]:
    """What was paid on these bills and taken back, by payment and day of the entry."""
    rows = Allocation.objects.filter(charge__invoice__in=bills, charge__invoice__account=account)
    sums: dict[tuple[date, str, bool], int] = {}
    for row in rows.select_related("payment", "entry").order_by("pk"):
        key = (row.entry.on, row.payment.receipt, row.amount > 0)
        sums[key] = sums.get(key, 0) + row.amount
    paid, back = _("Payment %(n)s"), _("Payment %(n)s taken back")
    return [
        (on, (paid if came else back) % {"n": number}, -amount)
        for (on, number, came), amount in sums.items()
    ]


def _answer(request: CityRequest, sheet: Sheet, form: str, title: str, name: str) -> HttpResponse:
    desk = frame(request)
    if form == "pdf":
        data = pdf.make(
            request.city,
            [sheet],
            title=title,
            language=request.LANGUAGE_CODE,
            paper=request.GET.get("paper", "letter"),
            foot=f"{request.city.name} · {title}",
        )
        return download(data, title=f"{name}.pdf", kind="pdf")
    context = {"sheets": [sheet], "title": title, "case": None, "query": "", "most": 1}
    return draw(request, "console/paper.html", desk, context, rail_at="money")
