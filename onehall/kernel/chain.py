"""A hash chain over append-only entries: each hash covers the entry and the hash before it.

The hash is SHA-256 over canonical JSON, `{"fields": {...}, "previous": hex or null}`, so anyone can recompute it. The
canonical form survives a round trip through jsonb: keys sorted, whole floats written as integers, times in UTC with
microseconds. What a privacy request may erase goes into the fields as its `digest`, never in the clear: the data can then
be removed and the chain still holds.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

HASH_BYTES: Final = 32


@dataclass(frozen=True)
class Link:
    """One stored entry: how to name it in a report, the fields its hash covers, and the hash that was stored."""

    name: str
    fields: Mapping[str, object]
    hash: bytes


@dataclass(frozen=True)
class Break:
    """An entry whose stored hash does not follow from its fields and the entry before it."""

    name: str
    position: int
    expected: bytes
    found: bytes


def entry_hash(previous: bytes | None, fields: Mapping[str, object]) -> bytes:
    """32 bytes for an entry after `previous` (None for the first). TypeError/ValueError for what JSON cannot hold."""
    if previous is not None and len(previous) != HASH_BYTES:
        raise ValueError("The previous hash must have 32 bytes.")
    document = {"fields": fields, "previous": None if previous is None else bytes(previous).hex()}
    return hashlib.sha256(canonical(document)).digest()


def digest(value: object) -> str:
    """64 hex digits that stand for a value inside the hashed fields, so that the value itself may be erased later."""
    return hashlib.sha256(canonical(value)).hexdigest()


def verify(links: Iterable[Link], *, head: bytes | None = None) -> list[Break]:
    """Every break in a chain given from its first entry on; [] when it holds.

    A changed entry is reported once, and so is the entry after a missing or moved one. `head` is the last hash kept
    elsewhere: it also shows entries cut off at the end (reported as "end").
    """
    breaks: list[Break] = []
    previous: bytes | None = None
    position = 0
    for position, link in enumerate(links, 1):
        expected = entry_hash(previous, link.fields)
        if expected != bytes(link.hash):
            breaks.append(Break(link.name, position, expected, bytes(link.hash)))
        previous = bytes(link.hash)
        if len(previous) != HASH_BYTES:
            previous = expected
    if head is not None and previous != head:
        breaks.append(Break("end", position + 1, head, previous or b""))
    return breaks


def canonical(value: object) -> bytes:
    """One byte string per value: JSON with sorted keys, no spaces, UTF-8."""
    plain = _plain(value)
    return json.dumps(
        plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def moment(value: datetime) -> str:
    """A time as the chain writes it: UTC, microseconds. ValueError for one without a zone."""
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError("A chained entry needs aware times.")
        value = value.astimezone(UTC)
    # Python is several times as quick to write a time without its zone.
    text = value.replace(tzinfo=None).isoformat()
    return f"{text}Z" if value.microsecond else f"{text}.000000Z"


def _plain(value: object) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, Mapping):
        return _members(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    raise TypeError(f"A chained entry cannot hold {type(value).__name__}.")


def _members(value: Mapping[Any, object]) -> dict[str, Any]:
    if not all(isinstance(key, str) for key in value):
        raise TypeError("A chained entry needs text keys.")
    return {key: _plain(item) for key, item in value.items()}


def _number(value: float) -> int | float:
    if not math.isfinite(value):
        raise ValueError("A chained entry cannot hold an infinite number.")
    # Through the shortest decimal form, which is what jsonb stores.
    exact = Decimal(repr(value))
    return int(exact) if exact == exact.to_integral_value() else value


# A datetime is a date, so it comes first.
_WRITERS: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = (
    (float, _number),
    (datetime, moment),
    (date, date.isoformat),
    (UUID, str),
    (Decimal, str),
    (bytes, lambda value: value.hex()),
)
