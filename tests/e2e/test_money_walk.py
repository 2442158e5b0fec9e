"""The demo's money, with its own payment company: from a guest's phone to the close of a day."""

from typing import Any

import pytest

from tests.e2e import paying

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real_clock,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("demo"),
]


def test_a_guest_pays_and_finance_gives_back_by_two_and_closes_the_day(
    demo: str, browser: Any
) -> None:
    receipt = paying.walk(browser, demo)
    assert receipt.startswith("R-")
