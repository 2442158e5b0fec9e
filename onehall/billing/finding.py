"""Bills and payments found by what somebody says of them, and the lists of bills; each by an index, page by page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Q, QuerySet

from onehall.billing import rules
from onehall.billing.models import Account, Invoice, Payment
from onehall.kernel import money
from onehall.places.models import City

PAGE: Final = 50
MOST_ACCOUNTS: Final = 50
"""Accounts of one name whose bills are looked at."""
LISTS: Final = ("open", "overdue", "disputed", "void", "all")
_LAST: Final = "\U0010ffff"
"""Sorts behind whatever a name goes on with."""
"""As the index of the beginnings of names holds them."""
_CARD: Final = re.compile(r"([0-9]{4})[ ,/]+\$?([0-9]+(?:\.[0-9]{1,3})?)")
_PLATE: Final = re.compile(r"([A-Za-z]{2})[ -]+([A-Za-z0-9 -]{2,12})")
_RECEIPT: Final = re.compile(r"[RF]-[0-9]{4}-[0-9]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found[T]:
    """Rows of a page, and where the next one begins: "" after the last."""

    rows: Sequence[T]
    after: str


def bills(city: City, text: str, *, after: str = "") -> Found[Invoice]:
    """Bills whose number, account, plate or name fits, the newest first. `after` is where the last page ended."""
    asked = text.strip()[:120]
    if not asked:
        return Found([], "")
    held: set[int] = set()
    for rows in _bill_ways(city, asked):
        narrowed = rows.filter(pk__lt=int(after)) if after.isdecimal() else rows
        held |= set(narrowed.order_by("-pk").values_list("pk", flat=True)[: PAGE + 1])
    ids = sorted(held, reverse=True)
    found = Invoice.objects.filter(city=city, pk__in=ids[:PAGE]).select_related(
        "account", "disputed"
    )
    more = str(ids[PAGE - 1]) if len(ids) > PAGE else ""
    return Found(list(found.order_by("-pk")), more)


def _bill_ways(city: City, text: str) -> list[QuerySet[Invoice]]:
    """One question for each index: together they would read the whole table."""
    mine = Invoice.objects.filter(city=city)
    capitals, plain = text.upper(), rules.plain_number(text)
    ways: list[QuerySet[Invoice]] = [mine.filter(plain=plain).exclude(plain="")]
    accounts = Account.objects.filter(city=city)
    by_number = accounts.filter(plain=plain).exclude(plain="")
    by_name = accounts.filter(**_begins(capitals))
    if len(text) > 1:
        ways.append(mine.filter(**_begins(capitals)))
        ids = [*by_number.order_by().values_list("pk", flat=True)[:MOST_ACCOUNTS]]
        ids += by_name.order_by().values_list("pk", flat=True)[:MOST_ACCOUNTS]
        if ids:
            ways.append(mine.filter(account__in=ids))
    if plate := _PLATE.fullmatch(text):
        said = f"{plate[1].upper()} {re.sub(r'[^0-9A-Z]', '', plate[2].upper())}"
        ways.append(mine.filter(plate=said))
    return ways


def _begins(capitals: str) -> dict[str, str]:
    """Names that begin so, as bounds: row-level security lets an index be used for those, and not for LIKE."""
    return {"sought__gte": capitals, "sought__lt": capitals + _LAST}


def payments(city: City, text: str, currency: str) -> list[Payment]:
    """Payments by receipt, the last four digits with the amount, a reference of the provider, or the payer's name."""
    asked = text.strip()[:120]
    if not asked:
        return []
    mine = Payment.objects.filter(city=city)
    ways: list[QuerySet[Payment]] = [mine.filter(receipt=asked.upper())]
    if card := _CARD.fullmatch(asked):
        try:
            amount = money.parse(card[2], currency)
        except money.MoneyMistake:
            amount = -1
        ways.append(mine.filter(last4=card[1], amount=amount))
    elif len(asked) > 1 and not _RECEIPT.fullmatch(asked):
        ways.append(mine.filter(**_begins(asked.upper())))
    held: set[int] = set()
    for rows in ways:
        held |= set(rows.order_by("-pk").values_list("pk", flat=True)[:PAGE])
    return list(mine.filter(pk__in=sorted(held, reverse=True)[:PAGE]).order_by("-pk"))


def listed(city: City, show: str, today: date, *, after: str = "") -> Found[Invoice]:
    """A list of bills: what is owed by its due day, the rest the newest first."""
    rows = Invoice.objects.filter(city=city).select_related("account", "disputed")
    if show in ("open", "overdue"):
        return _by_due(rows, today if show == "overdue" else None, after)
    if show == "disputed":
        rows = rows.filter(disputed__isnull=False, disputed__is_open=True, owed__gt=0)
    elif show == "void":
        rows = rows.filter(voided_at__isnull=False)
    if after.isdecimal():
        rows = rows.filter(pk__lt=int(after))
    found = list(rows.order_by("-pk")[: PAGE + 1])
    return Found(found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else "")


def _by_due(rows: QuerySet[Invoice], before: date | None, after: str) -> Found[Invoice]:
    rows = rows.filter(owed__gt=0)
    if before is not None:
        rows = rows.filter(due_on__lt=before, plan=None)
    if place := _place(after):
        on, pk = place
        rows = rows.filter(due_on__gte=on).filter(Q(due_on__gt=on) | Q(pk__gt=pk))
    found = list(rows.order_by("due_on", "pk")[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return Found(found[:PAGE], f"{last.due_on.isoformat()}.{last.pk}" if last else "")


def _place(after: str) -> tuple[date, int] | None:
    day, _dot, pk = after.partition(".")
    try:
        return (date.fromisoformat(day), int(pk)) if pk.isdecimal() else None
    except ValueError:
        return None


def of_case(city: City, case_id: int) -> list[Invoice]:
    """The bills of a case, the newest first."""
    rows = Invoice.objects.filter(city=city, case_id=case_id).select_related("account", "disputed")
    return list(rows.order_by("-pk")[:PAGE])


def of_account(account: Account, *, since: date) -> list[Invoice]:
    """The bills of an account since a day, the oldest first; at most 500."""
    rows = Invoice.objects.filter(account=account, issued_on__gte=since)
    return list(rows.select_related("disputed").order_by("issued_on", "pk")[:500])
