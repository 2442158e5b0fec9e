"""A gentle limit on what one connection may send, counted in this process alone.

It keeps a script from filling the disk; it is not a wall. Counting locally costs no query.
"""

import hashlib

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest

from onehall.look.doorway import connection_of


def too_many(request: HttpRequest, what: str, *, limit: int, seconds: int) -> bool:
    """Whether this connection did `what` more than `limit` times within `seconds`."""
    if not settings.LIMIT_CONNECTIONS:
        return False
    return _over(f"limit:{what}:{connection_of(request)}", limit=limit, seconds=seconds)


def too_often(what: str, about: str, *, limit: int, seconds: int) -> bool:
    """Whether anybody did `what` about the same thing more than `limit` times within `seconds`, from wherever."""
    named = hashlib.sha256(about.encode()).hexdigest()[:32]
    return _over(f"limit:{what}:about:{named}", limit=limit, seconds=seconds)


def _over(key: str, *, limit: int, seconds: int) -> bool:
    store = caches["local"]
    store.add(key, 0, seconds)
    try:
        return store.incr(key) > limit
    except ValueError:
        return False
