"""A connection is looked at before a request, and asked only when there is a reason to."""

import socket
from typing import Any

import pytest
from django.db import connection

from onehall.kernel.database.base import QUIET_SECONDS, DatabaseWrapper


class Line:
    """A connection whose other end the test holds."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()

    def fileno(self) -> int:
        return self.ours.fileno()

    def close(self) -> None:
        self.ours.close()
        self.theirs.close()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A wrapper around such a line, just used, which counts how often it asks the server."""
    wrapper: Any = DatabaseWrapper(connection.settings_dict, alias="other")
    wrapper.connection, wrapper.health_check_enabled = Line(), True
    wrapper.asked, wrapper.works, wrapper.time = 0, True, 1000.0

    def is_usable() -> bool:
        wrapper.asked += 1
        return bool(wrapper.works)

    def close() -> None:
        wrapper.connection = None

    monkeypatch.setattr(wrapper, "is_usable", is_usable)
    monkeypatch.setattr(wrapper, "close", close)
    monkeypatch.setattr("onehall.kernel.database.base.time.monotonic", lambda: wrapper.time)
    wrapper.line = wrapper.connection
    check(wrapper)
    wrapper.asked = 0
    yield wrapper
    wrapper.connection = None
    wrapper.line.close()


def check(wrapper: Any) -> None:
    """What Django does at the first statement of a request."""
    wrapper.health_check_done = False
    wrapper.close_if_health_check_failed()


def test_the_settings_name_this_wrapper() -> None:
    assert connection.settings_dict["ENGINE"] == "onehall.kernel.database"


def test_a_quiet_line_that_was_just_used_is_not_asked(held: Any) -> None:
    check(held)
    assert held.asked == 0
    assert held.connection is held.line


def test_a_server_that_closed_its_end_is_noticed_at_once(held: Any) -> None:
    held.works = False
    held.line.theirs.close()
    check(held)
    assert held.asked == 1
    assert held.connection is None


def test_a_notice_that_came_in_between_does_not_cost_the_connection(held: Any) -> None:
    held.line.theirs.send(b"N")
    check(held)
    assert held.asked == 1
    assert held.connection is held.line


def test_a_line_that_was_silent_for_long_is_asked(held: Any) -> None:
    held.time += QUIET_SECONDS + 1
    check(held)
    assert held.asked == 1
    held.works = False
    held.time += QUIET_SECONDS + 1
    check(held)
    assert held.connection is None
