"""Payment plans as pure functions: no unit is lost, no day is doubled, and what is paid is never asked for again."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehall.billing import plan_rules
from onehall.billing.documents import EVERY, Every, PlanTerms
from onehall.billing.plan_rules import Part, Pause, Wish, WishRefused, standing

DAY = dt.timedelta(days=1)
START = dt.date(2026, 3, 4)


def terms(**more: Any) -> PlanTerms:
    facts: dict[str, Any] = {"most": 12, "least": 1_000, "longest_days": 400, "every": EVERY}
    return PlanTerms(**(facts | more))


def parts(*amounts: int) -> list[Part]:
    """One each month from April 4 on."""
    return [Part(plan_rules.step(START, "month", n), a) for n, a in enumerate(amounts, 1)]


class TestTable:
    def test_the_last_takes_what_the_others_leave(self) -> None:
        found = plan_rules.table(terms(), 10_000, Wish(3, "month"), START)
        assert [p.amount for p in found] == [3_333, 3_333, 3_334]
        assert [p.due_on.isoformat() for p in found] == ["2026-04-04", "2026-05-04", "2026-06-04"]

    def test_a_month_without_that_day_ends_sooner(self) -> None:
        days = [plan_rules.step(dt.date(2026, 1, 31), "month", n) for n in range(4)]
        assert [f"{d:%m-%d}" for d in days] == ["01-31", "02-28", "03-31", "04-30"]

    def test_a_down_payment_is_due_at_the_start(self) -> None:
        found = plan_rules.table(terms(down_percent=10), 10_005, Wish(4, "two_weeks"), START)
        assert found[0] == Part(START, 1_001)
        assert [p.amount for p in found[1:]] == [3_001, 3_001, 3_002]
        assert found[1].due_on == START + 14 * DAY

    def test_a_first_day_that_was_chosen(self) -> None:
        wish = Wish(2, "week", START + 3 * DAY)
        found = plan_rules.table(terms(), 5_000, wish, START)
        assert [p.due_on for p in found] == [START + 3 * DAY, START + 10 * DAY]

    @pytest.mark.parametrize(
        ("amount", "wish", "more", "reason"),
        [
            (10_000, Wish(1, "month"), {}, "few"),
            (10_000, Wish(13, "month"), {}, "many"),
            (10_000, Wish(11, "month"), {}, "small"),
            (10_000, Wish(5, "month"), {"longest_days": 100}, "long"),
            (10_000, Wish(4, "week"), {"every": ("month",)}, "every"),
            (10_000, Wish(2, "week", START - DAY), {}, "first"),
            (10_000, Wish(2, "week", START + 90 * DAY), {}, "first"),
            (10_000, Wish(2, "month"), {"down": 10_000}, "small"),
            (10_000, Wish(2, "month"), {"down": 9_500}, "small"),
        ],
    )
    def test_what_the_terms_do_not_allow(
        self, amount: int, wish: Wish, more: dict[str, Any], reason: str
    ) -> None:
        with pytest.raises(WishRefused) as no:
            plan_rules.table(terms(**more), amount, wish, START)
        assert no.value.reason == reason

    def test_the_most_that_is_possible(self) -> None:
        assert plan_rules.most_of(terms(), 10_000, "month", START) == 10
        assert plan_rules.most_of(terms(longest_days=100), 10_000, "month", START) == 3
        assert plan_rules.most_of(terms(), 1_500, "month", START) == 0

    @given(
        amount=st.integers(1, 10**12),
        count=st.integers(2, 60),
        every=st.sampled_from(EVERY),
        start=st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1)),
        down=st.integers(0, 10**6),
        percent=st.integers(0, 99),
        least=st.integers(1, 10**5),
    )
    def test_it_sums_to_what_is_owed(
        self,
        amount: int,
        count: int,
        every: Every,
        start: dt.date,
        down: int,
        percent: int,
        least: int,
    ) -> None:
        some = terms(
            most=60, least=least, longest_days=1_830, down=down, down_percent=0 if down else percent
        )
        try:
            found = plan_rules.table(some, amount, Wish(count, every), start)
        except WishRefused:
            return
        assert sum(p.amount for p in found) == amount
        assert min(p.amount for p in found) > 0
        later = found[1:] if plan_rules.down_payment(some, amount) else found
        assert min(p.amount for p in later) >= least
        assert max(p.amount for p in later) - min(p.amount for p in later) < len(later)
        assert len(found) == count
        days = [p.due_on for p in found]
        assert days == sorted(set(days))
        assert (days[-1] - start).days <= 1_830


class TestStanding:
    def test_what_is_paid_covers_the_oldest_first(self) -> None:
        found = standing(parts(2_500, 2_500, 5_000), paid=3_000, owed=7_000, today=START + 40 * DAY)
        assert [line.left for line in found.lines] == [0, 2_000, 5_000]
        assert (found.due, found.least, found.missed) == (0, 2_000, None)

    def test_what_has_come_due_and_since_when(self) -> None:
        found = standing(parts(2_500, 2_500, 5_000), paid=1_000, owed=9_000, today=START + 70 * DAY)
        assert (found.due, found.least) == (4_000, 1_500)
        assert found.missed == dt.date(2026, 4, 4)
        assert found.beyond(30, START + 70 * DAY)
        assert not found.beyond(60, START + 70 * DAY)

    def test_the_day_it_is_due_is_in_time(self) -> None:
        due = dt.date(2026, 4, 4)
        assert standing(parts(100, 100), paid=0, owed=200, today=due).missed is None
        assert standing(parts(100, 100), paid=0, owed=200, today=due + DAY).missed == due

    def test_a_lower_debt_shortens_it_from_the_end(self) -> None:
        found = standing(parts(2_500, 2_500, 2_500), paid=0, owed=4_000, today=START)
        assert [line.amount for line in found.lines] == [2_500, 1_500, 0]

    def test_of_a_higher_one_the_last_takes_it(self) -> None:
        found = standing(parts(2_500, 2_500), paid=2_500, owed=3_700, today=START)
        assert [line.amount for line in found.lines] == [2_500, 3_700]

    def test_a_pause_moves_what_was_not_due_before_it(self) -> None:
        days = [dt.date(2026, 4, 4), dt.date(2026, 5, 4)]
        pause = Pause(dt.date(2026, 4, 10), dt.date(2026, 4, 30))
        assert plan_rules.shifted(days, [pause], START) == [days[0], days[1] + 20 * DAY]
        still = Pause(dt.date(2026, 4, 1), None)
        assert plan_rules.shifted(days, [still], dt.date(2026, 6, 1))[0] == days[0] + 61 * DAY
        found = standing(
            parts(100, 100), paid=0, owed=200, today=dt.date(2026, 6, 1), pauses=[still]
        )
        assert found.missed is None

    def test_what_it_is_called(self) -> None:
        late = standing(parts(100, 100), paid=0, owed=200, today=START + 40 * DAY)
        done = standing(parts(100, 100), paid=200, owed=0, today=START + 400 * DAY)
        kept = standing(parts(100, 100), paid=0, owed=200, today=START)
        assert plan_rules.state(kept, ended="", paused=False) == "on_track"
        assert plan_rules.state(late, ended="", paused=False) == "late"
        assert plan_rules.state(late, ended="", paused=True) == "paused"
        assert plan_rules.state(done, ended="", paused=False) == "done"
        assert plan_rules.state(late, ended="broken", paused=False) == "broken"
        assert plan_rules.state(done, ended="ended", paused=False) == "ended"

    @given(
        amounts=st.lists(st.integers(1, 10**6), min_size=2, max_size=24),
        paid=st.integers(0, 10**7),
        owed=st.integers(0, 10**7),
        days=st.integers(0, 900),
    )
    def test_no_unit_is_lost_or_asked_for_twice(
        self, amounts: list[int], paid: int, owed: int, days: int
    ) -> None:
        found = standing(parts(*amounts), paid=paid, owed=owed, today=START + days * DAY)
        assert sum(line.amount for line in found.lines) == paid + owed
        assert sum(line.left for line in found.lines) == owed
        assert min(line.left for line in found.lines) >= 0
        assert 0 <= found.due <= owed
        # Covered in order: behind an open instalment nothing is paid.
        lefts = [line.amount - line.left for line in found.lines]
        first = next((n for n, line in enumerate(found.lines) if line.left), len(lefts))
        assert not any(lefts[first + 1 :])
        assert (owed == 0) == (found.next is None)
        # Paying what is due leaves nothing due.
        after = standing(
            parts(*amounts), paid=paid + found.due, owed=owed - found.due, today=START + days * DAY
        )
        assert after.due == 0
        assert after.missed is None


class TestClock:
    @pytest.mark.parametrize(
        ("due", "stood", "start", "end", "days"),
        [
            ("2026-03-01", 0, "2026-03-11", "2026-04-10", 30),
            ("2026-03-31", 0, "2026-03-11", "2026-04-10", 10),
            ("2026-05-01", 0, "2026-03-11", "2026-04-10", 0),
            ("2026-03-01", 20, "2026-03-11", "2026-04-10", 20),
        ],
    )
    def test_stands_while_a_plan_is_kept(
        self, due: str, stood: int, start: str, end: str, days: int
    ) -> None:
        as_day = dt.date.fromisoformat
        assert plan_rules.days_stood(as_day(due), stood, as_day(start), as_day(end)) == days
