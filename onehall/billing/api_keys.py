"""Keys by which other systems of a city send bills: made by the operator, shown once, kept as a hash."""

import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.db import IntegrityError, transaction

from onehall.billing.errors import BillingRefused
from onehall.billing.models import ApiCall, ApiKey
from onehall.places.models import City

BEGINS: Final = "ohk_"
"""How a key begins, so that one in a log or a file is known for what it is."""
KEEP: Final = timedelta(days=7)
"""So long an `Idempotency-Key` is remembered; a bill's reference is for ever."""
BY_KEY: Final = "key:"
BY_REF: Final = "ref:"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}")
_SEEN: Final = timedelta(minutes=10)


def make(*, city: City, name: str, now: datetime) -> str:
    """A new key with 256 random bits, which nobody can be told again. BillingRefused for a name that is in use."""
    if not _NAME.fullmatch(name):
        raise BillingRefused(
            "A key's name is up to 60 letters, digits, spaces, dots, hyphens and underscores."
        )
    key = BEGINS + secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            ApiKey.objects.create(city=city, name=name, sha256=_hashed(key), created_at=now)
    except IntegrityError:
        raise BillingRefused(f'There is a key "{name}" already. End it first.') from None
    return key


def end(*, city: City, name: str, now: datetime) -> None:
    """A key that is good for nothing from now on."""
    if not ApiKey.objects.filter(city=city, name=name, ended_at=None).update(ended_at=now):
        raise BillingRefused(f'There is no key "{name}".')


def held(city: City) -> list[ApiKey]:
    """The keys in use."""
    return list(ApiKey.objects.filter(city=city, ended_at=None).order_by("name"))


def found(*, city: City, key: str, now: datetime) -> ApiKey | None:
    """The key of a city that somebody sent, noted as used; None for any other."""
    row = ApiKey.objects.filter(city=city, sha256=_hashed(key), ended_at=None).first()
    if row and (row.used_at is None or now - row.used_at > _SEEN):
        ApiKey.objects.filter(pk=row.pk).update(used_at=now)
    return row


def _hashed(key: str) -> str:
    # A key has 256 random bits, so a fast hash without salt gives nothing away.
    return sha256(key.encode()).hexdigest()


def forget_old(*, now: datetime) -> int:
    """Forget idempotency keys that are older than a week; how many."""
    old = ApiCall.objects.filter(key__startswith=BY_KEY, at__lt=now - KEEP)
    return old.delete()[0]
