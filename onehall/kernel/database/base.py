"""The database wrapper that `ENGINE` names."""

import select
import time
from typing import Any, ClassVar, Final, override

from django.db import Error
from django.db.backends.postgresql import base

QUIET_SECONDS: Final = 30
"""A line that was silent for longer is asked whether it still works: a network may have dropped it unseen."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Before a request, a connection is looked at instead of asked.

    A server that stops or restarts closes its end, which makes the idle socket readable: one system
    call tells. Only then, or after a long silence, is the server asked as Django does each time.
    """

    health_check_enabled: bool
    health_check_done: bool
    role: ClassVar[str] = ""
    """The role that connections step down to when they are made, where there is one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._looked_at = 0.0
        self._city = 0

    @override
    def close_if_health_check_failed(self) -> None:
        """Close the connection when it does not work any more; at most once a request."""
        if self.connection is None or not self.health_check_enabled or self.health_check_done:
            return
        now = time.monotonic()
        quiet, self._looked_at = now - self._looked_at, now
        if quiet < QUIET_SECONDS and not _has_something_to_say(self.connection):
            self.health_check_done = True
            return
        super().close_if_health_check_failed()

    @override
    def init_connection_state(self) -> None:
        """Step down to the role of the pages; no city is said yet."""
        super().init_connection_state()
        self._city = 0
        if self.role:
            self._step_down()

    def _step_down(self) -> None:
        with self.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('role', rolname, false) FROM pg_roles"
                " WHERE rolname = %s AND pg_has_role(current_user, oid, 'MEMBER')",
                [self.role],
            )

    def see_city(self, city_id: int) -> None:
        """Say whose rows the statements from here on may see and write."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        if self._city != city_id:
            with self.cursor() as cursor:
                cursor.execute("SELECT set_config('onehall.city', %s, false)", [str(city_id)])
            self._city = city_id


def _has_something_to_say(connection: Any) -> bool:
    """Whether the server sent anything unasked, its farewell above all."""
    try:
        line = select.poll()
        line.register(connection.fileno(), select.POLLIN)
        return bool(line.poll(0))
    except (OSError, ValueError, Error):
        return True
