"""Identifiers: time-ordered UUIDs for rows, and secret tokens for links."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from onehall.kernel import clock

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLI: Final = 1_000_000


def uuid7(at: datetime | None = None) -> UUID:
    """A version 7 UUID (RFC 9562) for `at` or this moment; sorts by time to a quarter of a microsecond.

    The 12 bits after the milliseconds hold the fraction of the millisecond (the RFC's method 3) and 62 bits are random,
    so no state is shared between threads or processes. ValueError for a naive time or one before 1970.
    """
    if at is None:
        moment = clock.now_ns()
    elif at.tzinfo is None:
        raise ValueError("An identifier needs an aware time.")
    else:
        moment = (at - _EPOCH) // timedelta(microseconds=1) * 1000
    millis, rest = divmod(moment, _MILLI)
    if not 0 <= millis < 1 << 48:
        raise ValueError("An identifier needs a time after 1970.")
    fraction = (rest << 12) // _MILLI
    return UUID(int=millis << 80 | 7 << 76 | fraction << 64 | 2 << 62 | secrets.randbits(62))


def time_of(value: UUID) -> datetime:
    """When a version 7 UUID was made, UTC, to the millisecond. ValueError for other versions."""
    if value.version != 7:
        raise ValueError("Only a version 7 identifier carries its time.")
    return _EPOCH + timedelta(milliseconds=value.int >> 80)


def secret_token() -> str:
    """22 URL-safe characters with 128 random bits: cannot be guessed, so it may stand in a link."""
    return secrets.token_urlsafe(16)
