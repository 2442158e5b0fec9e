"""What money does, as pure functions: statuses, the order of sharing out, fees for paying, penalties, card numbers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final, Literal

from onehall.billing.documents import Convenience, Kind, Penalty
from onehall.billing.errors import BillingRefused
from onehall.kernel import cards, money
from onehall.kernel.cards import card_number_in as card_number_in
from onehall.kernel.money import Mode

MAIL: Final = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]+")
"""The shape of one e-mail address, whole: nothing that would make two of it."""

type InvoiceStatus = Literal["void", "paid", "disputed", "overdue", "partial", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What the status of a bill is worked out from. `billed` and `owed` are what the journal says."""

    billed: int
    owed: int
    due_on: date
    voided: bool = False
    disputed: bool = False


def status(bill: Owed, today: date) -> InvoiceStatus:
    """What a bill is on a day where the city is."""
    if bill.voided:
        return "void"
    if bill.owed == 0:
        return "paid"
    if bill.disputed:
        return "disputed"
    if bill.due_on < today:
        return "overdue"
    return "partial" if bill.owed < bill.billed else "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One line of a bill that something is owed on."""

    charge: int
    kind: str
    owed: int
    due_on: date
    position: int


@dataclass(frozen=True, slots=True)
class Share:
    """What of a payment goes to one line."""

    charge: int
    amount: int


def share_out(amount: int, lines: Iterable[Due], order: Sequence[str]) -> tuple[list[Share], int]:
    """A payment over lines: by the order of kinds, then the oldest first. The rest that no line takes comes second."""
    rank = {kind: number for number, kind in enumerate(order)}
    found: list[Share] = []
    left = amount
    for line in sorted(lines, key=lambda d: (rank[d.kind], d.due_on, d.charge, d.position)):
        part = min(left, line.owed)
        if part > 0:
            found.append(Share(line.charge, part))
            left -= part
    return found, left


def convenience_fee(amount: int, rule: Convenience | None) -> int:
    """What paying `amount` costs on top, rounded half up to the smallest unit and held within the rule's bounds."""
    if rule is None or amount <= 0:
        return 0
    parts = Fraction(amount) * Fraction(rule.percent) / 100
    found = rule.flat + money.round_to(parts, Mode.HALF_UP)
    found = max(found, rule.minimum)
    return found if rule.maximum is None else min(found, rule.maximum)


class AmountRefused(ValueError):
    """So much can not be paid of a bill; `reason` is a word for it, `least` and `most` the bounds."""

    def __init__(self, reason: Literal["nothing", "more", "all", "minimum"], bound: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.bound = bound


def check_amount(amount: int, owed: int, minimum: int, kind: Kind) -> None:
    """Whether so much may be paid at once of what is owed; AmountRefused says why not."""
    if amount <= 0:
        raise AmountRefused("nothing", 1)
    if amount > owed:
        raise AmountRefused("more", owed)
    if amount == owed or kind.partial == "any":
        return
    least = min(minimum, owed) if minimum else owed
    if kind.partial == "none" or least == owed:
        raise AmountRefused("all", owed)
    if amount < least:
        raise AmountRefused("minimum", least)


def penalties_due(kind: Kind, due_on: date, today: date, done: int) -> Sequence[Penalty]:
    """The steps that a bill has come to by a day and that are not on it, in order."""
    return [p for p in kind.penalties[done:] if due_on + timedelta(days=p.after_days) <= today]


def penalty_amount(penalty: Penalty, owed: int) -> int:
    """What a step adds to a bill on which so much is owed, rounded half up."""
    if penalty.flat:
        return penalty.flat
    return money.round_to(Fraction(owed) * Fraction(penalty.percent) / 100, Mode.HALF_UP)


def no_card(*texts: str) -> None:
    """Refuse texts with the number of a payment card, in words."""
    if any(map(card_number_in, texts)):
        raise BillingRefused(cards.refusal())


def plain_number(text: str) -> str:
    """A number of a bill, account or plate as it is compared: capitals and digits only, the letter O as a nought."""
    return re.sub(r"[^0-9A-Z]", "", text.upper()).replace("O", "0")


def sums_by(lines: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """Amounts added up by a key."""
    found: dict[str, int] = {}
    for key, amount in lines:
        found[key] = found.get(key, 0) + amount
    return found
