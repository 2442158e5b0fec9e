"""The whole demo as a newcomer meets it: one request from a phone to the desk, the crew, and back, live."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e import loop

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real_clock,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("demo"),
]


def test_one_request_goes_all_the_way_and_the_first_window_changes_by_itself(
    demo: str, browser: Any, tmp_path: Path
) -> None:
    number = loop.walk(browser, demo, loop.port_alder(tmp_path))
    assert number.startswith("20")
