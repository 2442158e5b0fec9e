"""The live news of pages that are open: who may listen (a signed token) and what is told."""

from collections.abc import Sequence
from typing import Any, Final

from django.core import signing

from onehall.messaging.actions import NewOutbox
from onehall.messaging.models import LIVE

SALT: Final = "live"
TOKEN_HOURS: Final = 12


class BadToken(ValueError):
    """The token is forged, too old, or not one of ours."""


def token(channels: Sequence[str]) -> str:
    """A URL-safe signed text that lets its bearer listen to `channels` ("case:12") for 12 hours."""
    return signing.dumps(list(channels), salt=SALT)


def channels_of(signed: str) -> list[str]:
    """The channels of a token; raises BadToken."""
    try:
        channels = signing.loads(signed, salt=SALT, max_age=TOKEN_HOURS * 3600)
    except signing.BadSignature as problem:
        raise BadToken(type(problem).__name__) from None
    return [str(channel) for channel in channels]


def news(*, key: str, channels: Sequence[str], v: int, **facts: Any) -> NewOutbox:
    """An outbox row for open pages; `facts` reach every listener, so they are public facts only.

    `key` is unique per change, for example "case:12:7"; `v` is the lock after the change.
    """
    return NewOutbox(topic=LIVE, key=key, payload={"channels": list(channels), "v": v, **facts})
