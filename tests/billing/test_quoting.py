"""What schedules ask for: each kind of fee, its edges, its words; what gives no answer is refused."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from onehall.billing.fees import quoting
from onehall.billing.fees.documents import FeeRefused, Line, Schedule
from tests.billing.schedules import read, sound, written

DAY = date(2026, 11, 27)

TIERS = """
- code: permit
  name: Permit
  type: tiered
  of: valuation
  method: {method}
  edge: {edge}
  parts: {parts}
  tiers:
    - {{from: 0, to: 1000, amount: 10, each: "1.00", per: 100}}
    - {{from: 1000, to: 2000, amount: 20, each: "2.00", per: 100}}
    - {{from: 2000, amount: 50, each: "3.00", per: 100}}
"""


def lines(schedule: Schedule, **given: object) -> dict[str, Line]:
    found = quoting.quote(schedule, DAY, given)
    return {line.code: line for line in found.lines if line.code != "uses"}


def one(schedule: Schedule, **given: object) -> Line:
    (line,) = lines(schedule, **given).values()
    return line


def tiered(method: str, edge: str = "below", parts: str = "started") -> Schedule:
    return sound(TIERS.format(method=method, edge=edge, parts=parts))


@pytest.mark.parametrize(
    ("method", "value", "amount", "words"),
    [
        ("stepped", "500", 1500, "$10.00 and 5 × $1.00"),
        ("stepped", "1500.01", 3200, "$20.00 for the first $1,000.00, then 6 × $2.00"),
        ("slab", "1500", 5000, "$20.00 and 15 × $2.00"),
        ("marginal", "2500", 12500, "$10.00 and 10 × $1.00 + $20.00 and 10 × $2.00 + $50.00 and 5 × $3.00"),
    ],
)  # fmt: skip
def test_the_three_ways_of_tiers(method: str, value: str, amount: int, words: str) -> None:
    line = one(tiered(method), valuation=value)
    assert (line.amount, line.words) == (amount, words)


@pytest.mark.parametrize(("edge", "amount"), [("below", 2000), ("above", 2000)])
def test_an_amount_on_an_edge_of_continuous_tiers(edge: str, amount: int) -> None:
    assert one(tiered("stepped", edge), valuation=1000).amount == amount


def test_an_amount_on_an_edge_goes_where_the_schedule_says() -> None:
    assert one(tiered("stepped", "below"), valuation=2000).amount == 4000
    assert one(tiered("stepped", "above"), valuation=2000).amount == 5000


@pytest.mark.parametrize(
    ("edge", "value", "refused"),
    [("below", "0", True), ("above", "0", False), ("below", "0.01", False)],
)
def test_the_bottom_belongs_to_the_first_tier_only_where_it_says_so(
    edge: str, value: str, *, refused: bool
) -> None:
    schedule = tiered("stepped", edge)
    if refused:
        with pytest.raises(FeeRefused, match=r"no tier for \$0.00"):
            one(schedule, valuation=value)
    else:
        one(schedule, valuation=value)


@pytest.mark.parametrize(
    ("parts", "amount"), [("started", 1300), ("completed", 1200), ("exact", 1250)]
)
def test_a_part_of_a_unit_counts_as_the_schedule_says(parts: str, amount: int) -> None:
    assert one(tiered("stepped", parts=parts), valuation=250).amount == amount


@over(st.integers(min_value=1, max_value=10**9))
def test_marginal_tiers_never_fall(cents: int) -> None:
    schedule = tiered("marginal")
    low, high = (str(Decimal(c).scaleb(-2)) for c in (cents, cents + 1))
    assert one(schedule, valuation=low).amount <= one(schedule, valuation=high).amount


def test_per_unit_after_what_is_free() -> None:
    schedule = sound(
        '- {code: f, name: F, type: per_unit, of: area, amount: "0.085", parts: exact, free: 500}'
    )
    line = one(schedule, area="1800.5")
    assert line.amount == 11054
    assert line.words == "the first 500 sq ft free, then 1,300.5 × $0.085; rounded to $110.54"
    assert one(schedule, area=100).amount == 0
    whole = one(schedule, area=1500)
    assert (whole.quantity, whole.unit_amount) == (Decimal(1000), Decimal("0.085"))


def test_a_third_is_not_lost() -> None:
    schedule = sound(
        '- {code: f, name: F, type: per_unit, of: area, amount: "1.00", per: 3, parts: exact}'
    )
    assert one(schedule, area=1).amount == 33
    assert one(schedule, area=3).amount == 100
    assert one(schedule, area="299999999999").amount == 9999999999967


def test_a_valuation_is_worked_out_and_taken_further() -> None:
    schedule = sound("""
        - code: worth
          name: Worth
          type: valuation_table
          of: area
          by: [group, build]
          multiplier: "0.95"
          charged: false
          rows:
            - {is: [R-3, VB], amount: "122.46"}
            - {is: [B, VB], amount: "150.10"}
        - {code: permit, name: Permit, type: percent, of: [worth], percent: "1.5"}
    """)
    found = quoting.quote(schedule, DAY, {"area": 1000, "group": "R-3", "build": "VB"})
    worth, permit = (line for line in found.lines if line.code != "uses")
    assert (worth.amount, worth.charged) == (11633700, False)
    assert worth.words == "1,000 sq ft × $122.46 × 0.95"
    assert (permit.amount, permit.words) == (
        174506,
        "1.5% of $116,337.00 (Worth); rounded to $1,745.06",
    )
    assert found.total == 174506
    with pytest.raises(FeeRefused, match="no row for B, IA"):
        lines(schedule, area=1000, group="B", build="IA")


def test_a_percentage_of_several_and_of_one_that_is_not_due() -> None:
    schedule = sound("""
        - {code: a, name: A, type: flat, amount: "33.33"}
        - {code: b, name: B, type: flat, amount: 10, when: {eq: [corner, true]}}
        - {code: c, name: C, type: percent, percent: 50, of: [a, b, extra], rounding: {mode: down, to: "0.05"}}
    """)
    assert lines(schedule, extra=0)["c"].amount == 1665
    assert lines(schedule, extra="0.10", corner=True)["c"].amount == 2170
    assert set(lines(schedule, extra=0)) == {"a", "c"}


def test_counts() -> None:
    schedule = sound("""
        - code: fixtures
          name: Fixtures
          type: per_count
          items: [{of: sinks, amount: "11.50"}, {of: toilets, amount: 14}]
    """)
    line = one(schedule, sinks=2, toilets="1")
    assert (line.amount, line.words) == (3700, "2 × $11.50 (Sinks) + 1 × $14.00 (Toilets)")
    assert one(schedule).words == "none"


@pytest.mark.parametrize(("hours", "amount"), [("0.1", 9400), ("2", 9400), ("2.01", 10575)])
def test_hours_have_a_least_and_count_by_increments(hours: str, amount: int) -> None:
    schedule = sound(
        '- {code: t, name: T, type: time, of: hours, amount: 47, minimum_hours: 2, increment: "0.25"}'
    )
    assert one(schedule, hours=hours).amount == amount


def test_a_surcharge_is_handed_on() -> None:
    schedule = sound("""
        - {code: a, name: A, type: flat, amount: "100.10"}
        - {code: s, name: S, type: surcharge, agency: State, percent: 4, of: [a], rounding: {mode: up}}
        - {code: t, name: T, type: surcharge, agency: State, amount: "1.50"}
    """)
    found = lines(schedule)
    assert found["s"].amount == 401
    assert found["s"].words == "4% of $100.10 (A), handed on to State; rounded to $4.01"
    assert found["t"].words == "$1.50, handed on to State"


def test_an_amount_set_by_hand_stays_within_bounds() -> None:
    schedule = sound('- {code: m, name: M, type: manual, of: extra, lowest: 10, highest: "99.50"}')
    assert one(schedule, extra="99.50").amount == 9950
    for wrong in ("9.99", "99.51"):
        with pytest.raises(FeeRefused, match=r"\$10.00 to \$99.50"):
            one(schedule, extra=wrong)


@pytest.mark.parametrize(
    ("value", "amount", "words"),
    [
        ("100", 2350, "1% of $100.00 (Valuation); at least $23.50"),
        ("5000", 5000, "1% of $5,000.00 (Valuation)"),
        ("999999", 10000, "1% of $999,999.00 (Valuation); at most $100.00"),
    ],
)
def test_the_least_and_the_most(value: str, amount: int, words: str) -> None:
    schedule = sound(
        '- {code: p, name: P, type: percent, percent: 1, of: [valuation], minimum: "23.50", maximum: 100}'
    )
    line = one(schedule, valuation=value)
    assert (line.amount, line.words) == (amount, words)


def test_a_condition_compares_exactly() -> None:
    schedule = sound("- {code: p, name: P, type: flat, amount: 1, when: {gt: [valuation, 0.1]}}")
    assert not lines(schedule, valuation="0.10")
    assert lines(schedule, valuation="0.11")


def test_a_condition_on_what_is_not_given_is_no_no() -> None:
    schedule = sound("""
        - {code: p, name: P, type: flat, amount: 1, when: {gt: [area, 200]}}
    """)
    with pytest.raises(FeeRefused, match=r"“P” needs “Area” \(area\)"):
        lines(schedule)
    asked = sound("""
        - {code: p, name: P, type: flat, amount: 1, when: {all: [{exists: area}, {gt: [area, 200]}]}}
    """)
    assert not lines(asked)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"valuatoin": "1"}, "Did you mean “valuation”"),
        ({"valuation": "1.005"}, "finer than USD"),
        ({"valuation": "-1"}, "write a number"),
        ({"valuation": "1e3"}, "write a number"),
        ({"valuation": 1.5}, "write a number"),
        ({"valuation": True}, "write a number"),
        ({"sinks": "1.5"}, "whole number"),
        ({"group": "X"}, "one of: R-3, B"),
        ({"corner": "maybe"}, "yes or no"),
    ],
)
def test_what_is_given_is_checked(given: dict[str, object], words: str) -> None:
    schedule = sound("- {code: p, name: P, type: flat, amount: 1}")
    with pytest.raises(FeeRefused, match=words):
        quoting.quote(schedule, DAY, given)


def test_the_day_decides_the_version() -> None:
    one_version = written("- {code: p, name: P, type: flat, amount: 1}", "- {given: {}, total: 1}")
    second = one_version.partition("  - from: 2026-01-01")[2].replace("amount: 1}", "amount: 2}")
    second = second.replace("total: 1", "total: 2")
    text = f"{one_version}  - from: 2026-07-01\n    until: 2026-12-31{second}"
    schedule, problems = read(text)
    assert problems == []

    def total(day: str) -> int:
        return quoting.quote(schedule, date.fromisoformat(day), {}).total

    assert [total(day) for day in ("2026-01-01", "2026-06-30", "2026-07-01", "2026-12-31")] == [
        100, 100, 200, 200,
    ]  # fmt: skip
    for day in ("2025-12-31", "2027-01-01"):
        with pytest.raises(FeeRefused, match="no version in force"):
            total(day)


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 15), ("KWD", 15000)])
def test_currencies_without_and_with_three_digits(currency: str, amount: int) -> None:
    schedule = sound(
        "- {code: p, name: P, type: percent, percent: 1, of: [valuation]}", currency=currency
    )
    assert one(schedule, valuation=1450 if currency == "JPY" else 1500).amount == amount
