"""How a stranger finds a bill by two facts. Whatever is typed, the same questions are asked of the database.

Who proved two facts sees the bill; who knows the number of a citation, or a plate, sees what anybody may: an amount, a
due day and a masked name.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

from django.db.models import Sum

from onehall.billing import rules
from onehall.billing.documents import Kind
from onehall.billing.models import Account, Charge, ChargeKind, Invoice
from onehall.kernel import money
from onehall.places.models import City

MOST: Final = 20
"""Bills that one look-up gives."""
_ALIKE: Final = 5
"""Numbers that are the same once spaces and dashes are left out."""
_NONE: Final = (0,)
"""No row has it: so that the next question is asked although the one before gave nothing."""

_WAYS_OF: Final = {
    "account": ("account",),
    "last_amount": ("last_amount",),
    "code": ("code",),
    "plate": ("number", "plate"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """Bills by id, those to pay first; `proven` when two facts were known that only the customer has.

    `right` is whether the facts fit anything: with no bills, nothing is owed there.
    """

    bills: tuple[int, ...] = ()
    proven: bool = False
    right: bool = False


def ways(kind: Kind) -> list[str]:
    """The ways in which a kind of bill is looked up, in the order of the set-up."""
    return [way for said in kind.look_up for way in _WAYS_OF[said]]


def find(*, city: City, kind: Kind, way: str, first: str, second: str, currency: str) -> Found:
    """Look up by two facts as they were typed: for a plate the state comes first."""
    match way:
        case "account":
            return _by_account(city, kind, first, second)
        case "last_amount":
            return _by_last_amount(city, kind, first, second, currency)
        case "code":
            return _by_code(city, first, second)
        case "number":
            return _by_number(city, kind, first)
        case "plate":
            return _by_plate(city, kind, first, second)
    raise ValueError(way)


def same(typed: str, kept: str) -> bool:
    """Whether two facts are one, in a time that does not tell how much of them is; nothing is never the same."""
    mine, theirs = rules.plain_number(typed), rules.plain_number(kept)
    return bool(theirs) and compare_digest(mine.encode(), theirs.encode())


def postcode(text: str) -> str:
    """A postcode as it is compared: the first five digits of one with nine."""
    plain = rules.plain_number(text)
    return plain[:5] if len(plain) == 9 and plain.isdecimal() else plain


def amount(text: str, currency: str) -> int | None:
    """An amount as somebody types it: "$1,234.50", "1234.5", "84,20"; None where that is none."""
    bare = re.sub(r"[^0-9.,]", "", text)
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?", bare):
        bare = bare.replace(",", "")
    elif re.fullmatch(r"([0-9]{1,3}(\.[0-9]{3})+|[0-9]+),[0-9]{1,2}", bare):
        bare = bare.replace(".", "").replace(",", ".")
    try:
        return money.parse(bare.rstrip("."), currency)
    except money.MoneyMistake:
        return None


def masked(name: str) -> str:
    """A name that its owner recognises and nobody else learns: "R… A…"."""
    return " ".join(f"{word[0]}…" for word in name.split()[:3])


def _accounts(city: City, kind: Kind, number: str) -> list[Account]:
    plain = rules.plain_number(number)
    rows = Account.objects.filter(city=city, kind=kind.key, plain=plain).exclude(plain="")
    return list(rows.order_by("pk")[:_ALIKE])


def _to_pay(city: City, accounts: Iterable[int]) -> tuple[int, ...]:
    rows = Invoice.objects.filter(city=city, account__in=[*accounts] or _NONE, owed__gt=0)
    return tuple(rows.order_by("due_on", "pk").values_list("pk", flat=True)[:MOST])


def _by_account(city: City, kind: Kind, number: str, code: str) -> Found:
    rows = _accounts(city, kind, number)
    fit = [row.pk for row in rows if same(postcode(code), postcode(row.postcode))]
    return Found(_to_pay(city, fit), proven=bool(fit), right=bool(fit))


def _by_last_amount(city: City, kind: Kind, number: str, typed: str, currency: str) -> Found:
    rows = _accounts(city, kind, number)
    asked = amount(typed, currency)
    bills = Invoice.objects.filter(
        city=city, account__in=[row.pk for row in rows] or _NONE, voided_at=None
    )
    last = list(bills.order_by("account", "-issued_on", "-pk").distinct("account"))
    # What is printed on it: penalties came later.
    lines = Charge.objects.filter(invoice__in=[bill.pk for bill in last] or _NONE).exclude(
        kind=ChargeKind.PENALTY
    )
    sums = lines.order_by().values_list("invoice").annotate(Sum("amount"))
    printed = dict(sums)
    fit = [
        bill.account_id
        for bill in last
        if asked and asked in (bill.billed, printed.get(bill.pk)) and bill.account_id
    ]
    return Found(_to_pay(city, fit), proven=bool(fit), right=bool(fit))


def _numbered(city: City, number: str) -> list[Invoice]:
    rows = Invoice.objects.filter(city=city, plain=rules.plain_number(number)).exclude(plain="")
    return list(rows.order_by("pk")[:_ALIKE])


def _by_code(city: City, number: str, code: str) -> Found:
    fit = tuple(bill.pk for bill in _numbered(city, number) if same(code, bill.access_code))
    return Found(fit, proven=bool(fit), right=bool(fit))


def _by_number(city: City, kind: Kind, number: str) -> Found:
    fit = tuple(bill.pk for bill in _numbered(city, number) if bill.kind == kind.key)
    return Found(fit, right=bool(fit))


def _by_plate(city: City, kind: Kind, state: str, plate: str) -> Found:
    """A plate has letters and noughts that look alike, so each reading of it is asked for."""
    region = re.sub(r"[^A-Z]", "", state.upper())[:3]
    bare = re.sub(r"[^0-9A-Z]", "", plate.upper())
    spelled = {
        f"{region} {text}" for text in (bare, bare.replace("O", "0"), bare.replace("0", "O"))
    }
    rows = Invoice.objects.filter(city=city, plate__in=sorted(spelled), voided_at=None)
    found = list(rows.order_by("due_on", "pk").values_list("pk", "kind", "owed")[: 5 * MOST])
    mine = [(pk, owed) for pk, of, owed in found if of == kind.key and region and bare]
    return Found(tuple(pk for pk, owed in mine if owed)[:MOST], right=bool(mine))
