"""Money: read and written exactly, rounded as said, shared out without losing a unit."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehall.kernel import money
from onehall.kernel.money import Mode

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "CLP", "KWD", "TND", "CHF"])
UNITS = st.integers(min_value=-(10**14), max_value=10**14)
MODES = st.sampled_from(list(Mode))
FRACTIONS = st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**7)


@given(UNITS, CURRENCIES)
def test_what_is_written_is_read_back(units: int, currency: str) -> None:
    assert money.parse(money.plain(units, currency), currency) == units


@pytest.mark.parametrize(
    ("text", "currency", "units"),
    [
        ("1234.50", "USD", 123450), ("1234.5", "USD", 123450), ("1234", "USD", 123400),
        ("19.99", "USD", 1999), ("-0.05", "USD", -5), ("1500", "JPY", 1500), ("1.005", "KWD", 1005),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(text: str, currency: str, units: int) -> None:
    assert money.parse(text, currency) == units


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.005", "USD"), ("1.5", "JPY"), ("1,50", "USD"), ("1e3", "USD"), ("", "USD"), (".5", "USD"),
        ("NaN", "USD"), ("$5", "USD"), ("٣", "USD"), ("5 ", "USD"), ("9" * 16, "USD"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(text: str, currency: str) -> None:
    with pytest.raises(money.MoneyMistake):
        money.parse(text, currency)


@pytest.mark.parametrize(
    ("amount", "half_up", "half_even", "up", "down"),
    [
        ("2.5", 3, 2, 3, 2), ("3.5", 4, 4, 4, 3), ("2.4", 2, 2, 3, 2), ("-2.5", -3, -2, -3, -2),
        ("2", 2, 2, 2, 2), ("0", 0, 0, 0, 0), ("0.001", 0, 0, 1, 0),
    ],
)  # fmt: skip
def test_each_way_of_rounding(
    amount: str, half_up: int, half_even: int, up: int, down: int
) -> None:
    wanted = {Mode.HALF_UP: half_up, Mode.HALF_EVEN: half_even, Mode.UP: up, Mode.DOWN: down}
    assert {mode: money.round_to(Fraction(amount), mode) for mode in Mode} == wanted


@given(FRACTIONS, CURRENCIES, MODES, st.sampled_from([1, 5, 10, 25, 100]))
def test_rounding_goes_to_a_neighbor_on_the_step(
    amount: Fraction, currency: str, mode: Mode, step: int
) -> None:
    units = money.to_units(amount, currency, mode, step=step)
    exact = amount * 10 ** money.places(currency)
    assert units % step == 0
    assert abs(units - exact) < step
    if mode in (Mode.HALF_UP, Mode.HALF_EVEN):
        assert abs(units - exact) * 2 <= step
    if mode is Mode.DOWN:
        assert abs(units) <= abs(exact)
    if mode is Mode.UP:
        assert abs(units) >= abs(exact)


@given(FRACTIONS, MODES)
def test_a_debt_is_rounded_as_a_claim(amount: Fraction, mode: Mode) -> None:
    assert money.round_to(-amount, mode) == -money.round_to(amount, mode)


@given(UNITS, MODES)
def test_a_whole_amount_is_never_changed(units: int, mode: Mode) -> None:
    assert money.to_units(Decimal(units).scaleb(-2), "USD", mode) == units


def test_to_nickels_and_to_dollars() -> None:
    assert money.to_units(Decimal("10.02"), "CAD", Mode.HALF_UP, step=5) == 1000
    assert money.to_units(Decimal("10.025"), "CAD", Mode.HALF_UP, step=5) == 1005
    assert money.to_units(Decimal("10.50"), "USD", Mode.HALF_EVEN, step=100) == 1000
    with pytest.raises(ValueError, match="step"):
        money.to_units(1, "USD", Mode.UP, step=0)


@given(UNITS, st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=30))
def test_no_unit_is_lost_in_sharing_out(amount: int, weights: list[int]) -> None:
    if not any(weights):
        weights = [*weights, 1]
    parts = money.allocate(amount, weights)
    assert sum(parts) == amount
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, whole)) < 1
        assert weight or part == 0
    assert money.allocate(-amount, weights) == [-part for part in parts]


def test_what_is_left_goes_to_the_largest_remainder_first() -> None:
    assert money.allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert money.allocate(5, [1, 3]) == [1, 4]
    assert money.allocate(0, [1, 2]) == [0, 0]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_there_must_be_something_to_share_over(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="share"):
        money.allocate(100, weights)


def test_rates_finer_than_the_smallest_unit_are_said_in_full() -> None:
    assert money.say_rate(Decimal("0.085"), "USD") == "$0.085"
    assert money.say_rate(Decimal(14), "USD") == "$14.00"
    assert money.say_rate(Decimal("1200.5"), "KWD") == "1,200.500 KWD"
