"""Links that sign somebody of the staff in once: signed, good for a week, spent by the first sign-in."""

import hashlib
from typing import Final

from django.core import signing

from onehall.people.models import User
from onehall.places.models import City

DAYS: Final = 7
_SALT: Final = "onehall.people.invites"


def token(user: User, city: City) -> str:
    """The secret of a link for one person in one city."""
    return signing.dumps([user.pk, city.pk, _stamp(user)], salt=_SALT)


def invited(secret: str, city: City) -> User | None:
    """Whom a link signs in; None once it was used or is too old, and for people who work here no more."""
    try:
        pk, city_id, stamp = signing.loads(secret, salt=_SALT, max_age=DAYS * 86_400)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if city_id != city.pk:
        return None
    user = User.objects.filter(
        pk=pk, is_active=True, memberships__city=city, memberships__active=True
    ).first()
    return user if user is not None and _stamp(user) == stamp else None


def _stamp(user: User) -> str:
    """Changes with every sign-in and every new password."""
    return hashlib.sha256(f"{user.password}{user.last_login}{user.email}".encode()).hexdigest()[:20]
