"""The bills that somebody chose to pay, in a signed cookie: no account, and no row until a payment begins.

The cookie names bills by id, which opens nothing: the secret of a bill's page is never in it, so who knows only the
number of a citation does not come to read the whole of it. It ends with the browser's session.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpResponse

from onehall.billing.attempts import MOST_BILLS
from onehall.look.doorway import CityRequest
from onehall.places.models import City

COOKIE: Final = "paying"
PATH: Final = "/pay"
_SALT: Final = "paying"
_FOUND: Final = "found-bills"
_DAY: Final = 24 * 3600
_HOUR: Final = 3600
_OWN: Final = 6
"""Payments begun in this browser that it may go on with."""


@dataclass(frozen=True, slots=True)
class Item:
    """A chosen bill. `proven` when its page may be opened: two facts were known, or its secret."""

    bill: int
    proven: bool


@dataclass(frozen=True, slots=True)
class Cart:
    """Bills in the order they were chosen, and the keys of the payments that this browser began, newest last."""

    items: tuple[Item, ...] = ()
    own: tuple[str, ...] = ()

    def with_items(self, more: Iterable[Item]) -> "Cart":
        """With more bills, each once; what was proven stays proven. No more than one payment takes."""
        found = {item.bill: item for item in self.items}
        for item in more:
            held = found.get(item.bill)
            found[item.bill] = Item(item.bill, item.proven or (held is not None and held.proven))
        return Cart(tuple(found.values())[:MOST_BILLS], self.own)

    def without(self, bills: Iterable[int]) -> "Cart":
        """Without some bills."""
        gone = set(bills)
        return Cart(tuple(item for item in self.items if item.bill not in gone), self.own)

    def began(self, key: uuid.UUID) -> "Cart":
        """With a payment that this browser began."""
        kept = [k for k in self.own if k != key.hex]
        return Cart(self.items, (*kept, key.hex)[-_OWN:])

    @property
    def is_full(self) -> bool:
        """Whether no further bill fits."""
        return len(self.items) >= MOST_BILLS


def read(request: CityRequest) -> Cart:
    """What this browser chose in this city; nothing where the cookie is forged, old or of another city."""
    try:
        said: dict[str, Any] = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_DAY
        )
        if said["city"] != request.city.pk:
            return Cart()
        items = tuple(Item(int(pk), bool(proven)) for pk, proven in said["bills"])
        return Cart(items[:MOST_BILLS], tuple(map(str, said["own"])))
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        # Forged, too old, or made by an earlier version.
        return Cart()


def keep(response: HttpResponse, city: City, cart: Cart) -> HttpResponse:
    """Let an answer carry what is chosen now."""
    if not cart.items and not cart.own:
        response.delete_cookie(COOKIE, path=PATH, samesite="Lax")
        return response
    said = {
        "city": city.pk,
        "bills": [[item.bill, item.proven] for item in cart.items],
        "own": list(cart.own),
    }
    response.set_cookie(
        COOKIE,
        signing.dumps(said, salt=_SALT, compress=True),
        path=PATH,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


def sign(city: City, items: Sequence[Item]) -> str:
    """Bills that a look-up found, or whose page is open, as text that only this server can make."""
    said = [city.pk, [[item.bill, item.proven] for item in items]]
    return signing.dumps(said, salt=_FOUND, compress=True)


def unsign(city: City, text: str) -> list[Item] | None:
    """The bills behind such a text; None when it is forged, an hour old, or of another city."""
    try:
        of, items = signing.loads(text, salt=_FOUND, max_age=_HOUR)
        if of != city.pk:
            return None
        return [Item(int(pk), bool(proven)) for pk, proven in items][:MOST_BILLS]
    except (signing.BadSignature, TypeError, ValueError):
        return None
