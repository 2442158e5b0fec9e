"""Payment plans as pure functions: how a debt is split over days, what of it is due, and what a plan is on a day."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final, Literal

from onehall.billing.documents import Every, PlanTerms
from onehall.kernel import money
from onehall.kernel.money import Mode

type PlanState = Literal["on_track", "late", "paused", "done", "broken", "ended"]

STATES: Final[tuple[PlanState, ...]] = ("on_track", "late", "paused", "done", "broken", "ended")
SHORTEST: Final = {"week": 7, "two_weeks": 14, "month": 28}
"""Days between two instalments at the least."""
_DAYS: Final = {"week": 7, "two_weeks": 14}


@dataclass(frozen=True, slots=True)
class Part:
    """One instalment as it was agreed."""

    due_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants to pay: so many instalments in all, so often. `first_on` other than one step from the start."""

    count: int
    every: Every
    first_on: date | None = None


class WishRefused(ValueError):
    """The terms do not allow a plan like that; `reason` is a word for it, `bound` the nearest that they do."""

    def __init__(
        self, reason: Literal["every", "few", "many", "small", "long", "first"], bound: int = 0
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.bound = bound


def step(first: date, every: Every, n: int) -> date:
    """The day that is `n` steps after a first one; a month without that day ends sooner."""
    if every != "month":
        return first + timedelta(days=_DAYS[every] * n)
    year, month = divmod(first.year * 12 + first.month - 1 + n, 12)
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


def split(amount: int, count: int) -> list[int]:
    """An amount in equal parts; the last takes what the others leave. They sum to it exactly."""
    part, rest = divmod(amount, count)
    return [part] * (count - 1) + [part + rest]


def down_payment(terms: PlanTerms, amount: int) -> int:
    """What is paid at the start of a plan over an amount, rounded half up; 0 where nothing is."""
    percent = money.round_to(Fraction(amount) * Fraction(terms.down_percent) / 100, Mode.HALF_UP)
    return terms.down or percent


def table(terms: PlanTerms, amount: int, wish: Wish, start: date) -> list[Part]:
    """The instalments of a plan over an amount: exactly its sum. WishRefused for what the terms do not allow.

    A down payment is the first of them and due on the day of the start.
    """
    if wish.every not in terms.every:
        raise WishRefused("every")
    if wish.count < 2:
        raise WishRefused("few", 2)
    if wish.count > terms.most:
        raise WishRefused("many", terms.most)
    down = down_payment(terms, amount)
    later = wish.count - bool(down)
    first = wish.first_on or step(start, wish.every, 1)
    if not start <= first <= step(start, "month", 2):
        raise WishRefused("first")
    if amount - down < max(later, 1) * terms.least:
        raise WishRefused("small", terms.least)
    days = [step(first, wish.every, n) for n in range(later)]
    if (days[-1] - start).days > terms.longest_days:
        raise WishRefused("long", terms.longest_days)
    parts = [Part(day, part) for day, part in zip(days, split(amount - down, later), strict=True)]
    return [Part(start, down), *parts] if down else parts


def most_of(terms: PlanTerms, amount: int, every: Every, start: date) -> int:
    """The most instalments that a plan over an amount may have; 0 where none is possible."""
    for count in range(terms.most, 1, -1):
        try:
            table(terms, amount, Wish(count, every), start)
        except WishRefused:
            continue
        return count
    return 0


@dataclass(frozen=True, slots=True)
class Pause:
    """Days on which a plan stood still because its bill was contested; `until` None while it still is."""

    since: date
    until: date | None


def shifted(days: Sequence[date], pauses: Iterable[Pause], today: date) -> list[date]:
    """The due days after the pauses: what was not due when one began comes due so much later as it lasted."""
    found = list(days)
    for pause in sorted(pauses, key=lambda p: p.since):
        length = max((pause.until or today) - pause.since, timedelta())
        found = [day + length if day >= pause.since else day for day in found]
    return found


def fitted(amounts: Sequence[int], total: int) -> list[int]:
    """Instalments that sum to another total: a lower one shortens them from the end, of a higher one the last takes it."""
    found = list(amounts)
    more = total - sum(found)
    if more > 0:
        found[-1] += more
    for place in range(len(found) - 1, -1, -1):
        cut = min(found[place], max(-more, 0))
        found[place] -= cut
        more += cut
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One instalment as it stands: `amount` after what changed the debt, `left` of it not paid."""

    number: int
    due_on: date
    amount: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a plan is on a day. `due` is what has come due and is not paid, `missed` the oldest day behind."""

    lines: tuple[Line, ...]
    paid: int
    owed: int
    due: int
    missed: date | None

    @property
    def total(self) -> int:
        """All that the plan comes to."""
        return self.paid + self.owed

    @property
    def next(self) -> Line | None:
        """The oldest instalment with something left to pay."""
        return next((line for line in self.lines if line.left), None)

    @property
    def least(self) -> int:
        """What a payment has to come to, where the terms allow no less: the oldest instalment that is not paid."""
        return self.next.left if self.next else 0

    def beyond(self, grace_days: int, today: date) -> bool:
        """Whether an instalment is missed for longer than the days of grace."""
        return self.missed is not None and self.missed + timedelta(days=grace_days) < today


def standing(
    parts: Sequence[Part], *, paid: int, owed: int, today: date, pauses: Iterable[Pause] = ()
) -> Standing:
    """What is paid of each instalment, the oldest first, out of what was paid since the start and what is owed now."""
    days = shifted([part.due_on for part in parts], pauses, today)
    amounts = fitted([part.amount for part in parts], paid + owed)
    lines, left = [], paid
    for number, (day, amount) in enumerate(zip(days, amounts, strict=True), 1):
        covered = min(amount, left)
        left -= covered
        lines.append(Line(number, day, amount, amount - covered))
    behind = [line for line in lines if line.left and line.due_on < today]
    return Standing(
        lines=tuple(lines),
        paid=paid,
        owed=owed,
        due=sum(line.left for line in lines if line.due_on <= today),
        missed=behind[0].due_on if behind else None,
    )


def state(found: Standing, *, ended: str, paused: bool) -> PlanState:
    """What a plan is: `ended` says how it ended, "" while it runs."""
    if ended:
        return "broken" if ended == "broken" else "ended"
    if found.owed == 0:
        return "done"
    if paused:
        return "paused"
    return "late" if found.missed else "on_track"


def days_stood(due_on: date, stood: int, start: date, end: date) -> int:
    """For how many days of a plan the clock of penalties would have run; before the due day it does not."""
    runs_from = max(start, due_on + timedelta(days=stood))
    return max((end - runs_from).days, 0)
