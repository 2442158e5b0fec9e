"""Amounts on the pages of bills."""

from django import template
from django.utils.safestring import SafeString

from onehall.kernel import money
from onehall.look.markup import markup

register = template.Library()


@register.simple_tag
def amount(value: int, currency: str) -> SafeString:
    """An amount in the reader's words, never broken: "$1,234.50"."""
    return markup('<span class="nowrap">{}</span>', money.say(value, currency))
