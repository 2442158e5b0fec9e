"""What the hosted page offers to pay with: cards and accounts that exist nowhere, chosen by name and never typed."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Source:
    """A card ("card") or bank account ("ach"). `declines` is why it is never accepted; `bounces` comes back later.

    `months` is for how many months after it is saved a card is good.
    """

    key: str
    method: str
    brand: str
    name: str
    chip: str
    last4: str
    declines: str = ""
    bounces: bool = False
    months: int = 40


SOURCES: Final = (
    Source("visa", "card", "visa", "Visa", "VISA", "4242"),
    Source("mastercard", "card", "mastercard", "Mastercard", "MC", "4444"),
    Source("amex", "card", "amex", "American Express", "AMEX", "8431"),
    Source("empty", "card", "visa", "Visa", "VISA", "9995", declines="insufficient_funds"),
    Source("bank", "ach", "First Test Bank", "First Test Bank", "ACH", "6789"),
    Source("closed", "ach", "Second Test Bank", "Second Test Bank", "ACH", "1116", bounces=True),
)

TO_SAVE: Final = (
    *SOURCES,
    Source("expiring", "card", "visa", "Visa", "VISA", "0069", months=1),
    Source("asking", "card", "visa", "Visa", "VISA", "3184", declines="authentication_required"),
)
"""What a page for saving offers. What declines is saved all the same, as at a real company: the charges fail."""

FAILURES: Final = {
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "bank_account_closed": "The bank account was closed.",
    "expired_card": "Your card has expired.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "lost_or_stolen_card": "The card is no longer in use.",
}
"""Why something failed, by the code that the Stripe-shaped interface gives it."""


def source_of(key: str, methods: list[str]) -> Source | None:
    """What was chosen, if the page offered it."""
    return next((one for one in TO_SAVE if one.key == key and one.method in methods), None)


def fee_of(method: str, amount: int) -> int:
    """What the provider keeps: 2.9 % and 30 for cards, 0.8 % and at most 500 for bank transfers; whole units."""
    if method == "ach":
        return min(500, (amount * 8 + 500) // 1000)
    return (amount * 29 + 500) // 1000 + 30
