"""Amounts of money in templates."""

from django import template

from onehall.kernel import money

register = template.Library()


@register.filter
def cash(amount: int | None, currency: str) -> str:
    """An amount in the reader's language: "$1,234.50"; nothing for None."""
    return "" if amount is None else money.say(int(amount), currency)


@register.filter
def typed(amount: int | None, currency: str) -> str:
    """An amount as a field takes it: "1234.50"."""
    return "" if amount is None else money.plain(int(amount), currency)


@register.filter
def debit(amount: int, currency: str) -> str:
    """The debit side of a line of the journal."""
    return money.say(amount, currency) if amount > 0 else ""


@register.filter
def credit(amount: int, currency: str) -> str:
    """The credit side."""
    return money.say(-amount, currency) if amount < 0 else ""
