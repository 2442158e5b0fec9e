"""What the demo provider remembers. Amounts are integers of the smallest unit, moments seconds since 1970."""

from dataclasses import dataclass, field
from typing import Final, Literal

type Face = Literal["demo", "stripe"]
"""Through which interface something came: what declined and abandoned pages become depends on it."""


@dataclass(slots=True, kw_only=True)
class Record:
    """Anything with a name. `seq` grows with every new one; `changed` is when it was last written."""

    ref: str
    seq: int = 0
    created: int = 0
    changed: int = 0


type Mode = Literal["pay", "setup", "charge"]
"""A page to pay on, a page to save a card on, or a charge of a saved card, which has no page."""


@dataclass(slots=True, kw_only=True)
class Session(Record):
    """A page to pay on. `due_at` is when a payment on its way arrives, 0 when only by hand."""

    face: Face
    reference: str
    amount: int
    currency: str
    lines: list[tuple[str, int]]
    methods: list[str]
    return_url: str
    cancel_url: str
    expires_at: int
    email: str = ""
    language: str = "en"
    status: str = "open"
    payment_ref: str = ""
    failure: str = ""
    due_at: int = 0
    bounces: bool = False
    metadata: dict[str, str] = field(default_factory=dict)
    payment_metadata: dict[str, str] = field(default_factory=dict)
    mode: Mode = "pay"
    saved_ref: str = ""


@dataclass(slots=True, kw_only=True)
class Saved(Record):
    """A card or account that somebody saved. `source` is the key of what was chosen, `setup_ref` a name for Stripe's sake."""

    customer_ref: str
    setup_ref: str
    session_ref: str
    source: str
    email: str = ""
    exp_month: int = 0
    exp_year: int = 0
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Payment(Record):
    """One payer's money: processing, paid or failed. `amount` is what was really taken."""

    charge_ref: str
    session_ref: str
    face: Face
    reference: str
    amount: int
    currency: str
    method: str
    brand: str
    last4: str
    status: str
    paid_at: int = 0
    failure: str = ""


@dataclass(slots=True, kw_only=True)
class Refund(Record):
    """Money on its way back: pending, succeeded or failed."""

    payment_ref: str
    reference: str
    amount: int
    currency: str
    status: str
    failure: str = ""
    due_at: int = 0
    fails: bool = False
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Dispute(Record):
    """A chargeback: the payer's bank took the money back."""

    payment_ref: str
    amount: int
    currency: str


@dataclass(slots=True, kw_only=True)
class Movement(Record):
    """Money that came in or went out of the city's account here. `net` is `gross` less `fee`."""

    kind: str
    source_ref: str
    payment_ref: str
    currency: str
    gross: int
    fee: int
    payout_ref: str = ""

    @property
    def net(self) -> int:
        """What it changed the balance by."""
        return self.gross - self.fee


@dataclass(slots=True, kw_only=True)
class Payout(Record):
    """What is sent to the city's bank. `arrives_on` is a date like "2026-03-06"."""

    currency: str
    arrives_on: str
    net: int


@dataclass(slots=True, kw_only=True)
class Told(Record):
    """Something that happened, as webhooks tell it. `object_ref` is what it is about."""

    face: Face
    topic: str
    object_ref: str
    session_ref: str = ""
    payment_ref: str = ""


@dataclass(slots=True, kw_only=True)
class Kept(Record):
    """The answer to a request with an idempotency key, and what the request was. `ref` is the face and the key."""

    digest: str
    status: int
    body: str


KINDS: Final[dict[str, type[Record]]] = {
    kind.__name__.lower(): kind
    for kind in (Session, Saved, Payment, Refund, Dispute, Movement, Payout, Told, Kept)
}
