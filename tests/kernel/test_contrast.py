"""Contrast of two colours."""

import pytest

from onehall.kernel.contrast import contrast, luminance


def test_black_and_white_have_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#000000") == pytest.approx(21)


def test_a_colour_on_itself_has_1() -> None:
    assert contrast("#0b5a70", "#0B5A70") == pytest.approx(1)


def test_a_pair_that_is_known_to_miss_and_one_that_is_known_to_pass() -> None:
    assert contrast("#777777", "#ffffff") < 4.5 < contrast("#767676", "#ffffff")


def test_lightness_goes_from_black_to_white() -> None:
    assert luminance("#000000") == 0 < luminance("#808080") < luminance("#ffffff")
