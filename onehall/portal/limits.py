"""A gentle limit on what one connection may send, counted in this process alone.

It keeps a script from filling the disk; it is not a wall. Counting locally costs no query.
"""

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest

from onehall.look.doorway import connection_of


def too_many(request: HttpRequest, what: str, *, limit: int, seconds: int) -> bool:
    """Whether this connection did `what` more than `limit` times within `seconds`."""
    if not settings.LIMIT_CONNECTIONS:
        return False
    key = f"limit:{what}:{connection_of(request)}"
    store = caches["local"]
    store.add(key, 0, seconds)
    try:
        return store.incr(key) > limit
    except ValueError:
        return False
