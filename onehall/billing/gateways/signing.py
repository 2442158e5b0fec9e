"""Signed webhooks: a moment and an HMAC-SHA256 over it and the body, as "t=1767225600,v1=5257a8…"."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from onehall.billing.gateways.protocol import Forged

TOLERANCE: Final = timedelta(minutes=5)
"""How old a webhook may be, and how far its clock may be ahead of ours."""


def sign(secret: str, raw: bytes, *, at: int) -> str:
    """The header's value for a body sent at a moment in seconds since 1970."""
    return f"t={at},v1={_mac(secret, raw, at)}"


def header(headers: Mapping[str, str], name: str) -> str:
    """A header by its name, however it is spelt; "" where there is none."""
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")


def prove(secret: str, raw: bytes, signed: str, *, now: datetime) -> datetime:
    """The moment a body was signed at. `Forged` when the secret did not sign it, or not within the tolerance."""
    if not secret:
        raise Forged("There is no secret to prove webhooks with.")
    at, macs = _parts(signed)
    wanted = _mac(secret, raw, at)
    if not any(hmac.compare_digest(wanted.encode(), mac.encode()) for mac in macs):
        raise Forged("The signature of a webhook does not fit its content.")
    return fresh(at, now=now)


def fresh(at: int, *, now: datetime) -> datetime:
    """A signed moment as a time. `Forged` when it lies too far from `now`."""
    try:
        signed = datetime.fromtimestamp(at, UTC)
    except (OverflowError, ValueError, OSError):
        raise Forged("The signature of a webhook bears no time.") from None
    if abs(now - signed) > TOLERANCE:
        raise Forged("A webhook was signed too long ago, or a clock is wrong.")
    return signed


def _parts(signed: str) -> tuple[int, list[str]]:
    pairs = [part.strip().partition("=") for part in signed.split(",")]
    moments = [value for name, _, value in pairs if name == "t"]
    macs = [value for name, _, value in pairs if name == "v1"]
    if len(moments) != 1 or not moments[0].isascii() or not moments[0].isdigit() or not macs:
        raise Forged("A webhook came without a signature.")
    return int(moments[0][:20]), macs


def moment_of(signed: str) -> int:
    """The moment that a signature names, in seconds since 1970, before anything is proven."""
    return _parts(signed)[0]


def _mac(secret: str, raw: bytes, at: int) -> str:
    return hmac.new(secret.encode(), str(at).encode() + b"." + raw, sha256).hexdigest()
