"""Recurring work of the room: old acts on many cases."""

from datetime import datetime

from onehall.service_requests import batches


def purge_bulk(now: datetime) -> int:
    """Forget acts on many cases after a month."""
    return batches.purge(now=now)
