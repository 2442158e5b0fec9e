"""Whether an error says that the database is away, and not that what was asked of it was wrong."""

from typing import Final

from django.db import InterfaceError, InternalError, OperationalError

_AWAY: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "53300", "25006"})
"""Shut down, crashed, starting, idle too long; too many connections; a standby that takes no writes (SQLSTATE)."""


def is_lost(error: BaseException | None) -> bool:
    """Whether the database was not reached, was lost on the way, or can not take anything at the moment."""
    if not isinstance(error, (OperationalError, InterfaceError, InternalError)):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    if state is None:
        # What the library itself says of a line that it could not open or that broke has no state.
        return not isinstance(error, InternalError)
    return state.startswith("08") or state in _AWAY
