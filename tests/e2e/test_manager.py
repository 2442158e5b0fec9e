"""A city manager without a programmer: from a blank form to a resident's gift that a supervisor approved."""

from typing import Any

import pytest

from tests.e2e import manager

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real_clock,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("demo"),
]


def test_a_manager_adds_a_service_and_a_flow_and_a_resident_uses_them(
    demo: str, browser: Any
) -> None:
    number = manager.walk(browser, demo)
    assert number.startswith("20")
