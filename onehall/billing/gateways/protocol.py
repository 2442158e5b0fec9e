"""What every payment provider can be asked, in plain values. Card numbers never come through here.

Amounts are integers of the currency's smallest unit, times are aware and in UTC. A gateway talks to the provider's
servers, so it is never called inside a transaction.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal, Protocol, cast

type Method = Literal["card", "ach"]
"""How a resident pays at a provider: a card, or a transfer from a bank account."""

type CheckoutStatus = Literal["open", "processing", "paid", "failed", "cancelled", "expired"]
"""`processing` is a bank transfer on its way; the last four are final at the provider."""

type RefundStatus = Literal["pending", "succeeded", "failed"]

type PayoutItemKind = Literal["payment", "refund", "dispute", "fee", "other"]


class GatewayError(Exception):
    """A provider did not do what was asked; the words hold no personal data."""


class GatewayDown(GatewayError):
    """Nothing is known of what became of the request: ask again with the same key, within a day."""


class GatewayRefused(GatewayError):
    """The provider said no, and will say it again."""


class KeyConflict(GatewayRefused):
    """The idempotency key was used before with another request."""


class NotFound(GatewayRefused):
    """The provider knows no such checkout, payment or refund."""


class Forged(GatewayError):
    """A webhook that the provider did not sign, or signed too long ago."""


@dataclass(frozen=True, slots=True)
class CheckoutLine:
    """One line that the payer sees at the provider."""

    words: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A page at the provider, to pay on or to save a card or account on for later charges.

    `reference` is ours (the attempt's UUID) and comes back in every `Snapshot`; `key` makes a repeated request the
    same one, so everything else has to be the same too. Providers take an `expires_at` between 31 minutes and a day
    ahead. `language` is a code like "es", `currency` one like "USD".
    """

    key: str
    reference: str
    currency: str
    methods: tuple[Method, ...]
    return_url: str
    cancel_url: str
    expires_at: datetime
    email: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest(PageRequest):
    """A page that somebody can pay on. The lines are not negative and add up to `amount`."""

    amount: int
    lines: tuple[CheckoutLine, ...]


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the payer is sent to. `ref` is the provider's name for it."""

    ref: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the provider says of a checkout at this moment. `amount` is what the payer paid, 0 before.

    `payment_ref` names the payment at the provider, "" before there is one. `refunded` and `disputed` are amounts
    taken back so far; `failure` says in the provider's words why nothing was paid, or why the last try failed on a
    page that is still open. `brand` is a card's ("visa") or the name of a bank.
    """

    ref: str
    reference: str
    status: CheckoutStatus
    amount: int
    currency: str
    payment_ref: str = ""
    method: Method = "card"
    brand: str = ""
    last4: str = ""
    email: str = ""
    paid_at: datetime | None = None
    refunded: int = 0
    disputed: int = 0
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """Money back to the payer. `refundable` is what we think is left before it: refunds that are pending are gone.

    A provider that thinks otherwise refuses, whichever of the two is right: the books have to be put in order first.
    The key stands for everything but `refundable`, which may have changed when a request is repeated.
    """

    key: str
    reference: str
    payment_ref: str
    amount: int
    currency: str
    refundable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSnapshot:
    """What the provider says of a refund."""

    ref: str
    reference: str
    payment_ref: str
    status: RefundStatus
    amount: int
    currency: str
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A signed webhook: only a hint that something is to be read again. `id` is unique at the provider.

    `checkout_ref` and `reference` are "" where the event is about none.
    """

    id: str
    kind: str
    checkout_ref: str = ""
    reference: str = ""
    payment_ref: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutItem:
    """One movement inside a payout. `net` is `gross` less `fee`; refunds and disputes are negative."""

    kind: PayoutItemKind
    ref: str
    payment_ref: str
    gross: int
    fee: int
    net: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutReport:
    """What the provider sends to the city's bank, with what it is made of. The items, oldest first, add up to `net`."""

    ref: str
    currency: str
    arrives_on: date
    net: int
    items: tuple[PayoutItem, ...] = field(default=())


type SetupStatus = Literal["open", "ready", "failed", "cancelled", "expired"]
"""Whether a card or account was saved; all but `open` are final at the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateSnapshot:
    """What became of such a page. `customer` and `token` are the provider's names of the payer and of what was saved.

    Both are "" until it is `ready`; so are `brand` (a card's, or the name of a bank) and `last4`. A card's last month is
    1 to 12 with its year; both are 0 for an account.
    """

    ref: str
    reference: str
    status: SetupStatus
    customer: str = ""
    token: str = ""
    method: Method = "card"
    brand: str = ""
    last4: str = ""
    exp_month: int = 0
    exp_year: int = 0
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """Money of a saved card or account, without the payer. `reference` and `key` as for a checkout; `words` for its statement."""

    key: str
    reference: str
    amount: int
    currency: str
    customer: str
    token: str
    method: Method
    words: str


class Gateway(Protocol):
    """One provider, with the keys of one city. Raises `GatewayError`s only, and every call ends in bounded time.

    `key` is the provider's name in addresses and settings. `origins` are where its pages are: a form of ours that
    leads there needs them in the `form-action` of its page's content security policy.
    """

    key: str
    origins: tuple[str, ...]

    def create_checkout(self, wanted: CheckoutRequest) -> Checkout:
        """A page to pay on; the same one for the same key within a day. `KeyConflict` for another request."""
        ...

    def fetch(self, ref: str) -> Snapshot:
        """What is true now, read from the provider. `NotFound` when it knows none."""
        ...

    def expire(self, ref: str) -> Snapshot:
        """Close a page that nobody has paid on. One that was paid stays paid, and says so."""
        ...

    def refund(self, wanted: RefundRequest) -> RefundSnapshot:
        """Money back; the same refund for the same key. `GatewayRefused` when less is left than asked for."""
        ...

    def fetch_refund(self, ref: str) -> RefundSnapshot:
        """What became of a refund."""
        ...

    def read_event(self, headers: Mapping[str, str], raw: bytes, *, now: datetime) -> Event:
        """A webhook's content once its signature is proven. `Forged` when it is not, or is older than five minutes."""
        ...

    def list_recent(self, since: datetime) -> Iterator[Snapshot]:
        """Every checkout that was made or changed since, the oldest made first: what a lost webhook told nobody."""
        ...

    def payouts(self, since: date) -> Iterator[PayoutReport]:
        """Payouts that arrive on that day or later, oldest first; those whose items are not all known yet come later."""
        ...


class Saving(Protocol):
    """What a provider can do besides that can keep a card or account for later charges. Not every one can."""

    def setup_mandate(self, wanted: PageRequest) -> Checkout:
        """A page to save a card or account on; the same one for the same key within a day."""
        ...

    def fetch_mandate(self, ref: str) -> MandateSnapshot:
        """What became of that page, and the saved card as it is known today. `NotFound` when there is none."""
        ...

    def charge_mandate(self, wanted: ChargeRequest) -> Snapshot:
        """Charge what was saved; the same charge for the same key within a day. A declined one is a `failed` snapshot.

        Its `ref` is one for `fetch`, and the charge is in `list_recent` like any checkout. Whatever is raised, it may
        have been made all the same: ask again with the key, or look into the list.
        """
        ...


_SAVES: Final = ("setup_mandate", "fetch_mandate", "charge_mandate")


def saving(gateway: Gateway | None) -> Saving | None:
    """A gateway as one that saves; None where it can not."""
    able = gateway is not None and all(callable(getattr(gateway, name, None)) for name in _SAVES)
    return cast("Saving", gateway) if able else None
