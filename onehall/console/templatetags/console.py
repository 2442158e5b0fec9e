"""Small filters for the desk's pages."""

from typing import Any

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter(name="is")
def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same, for a tag's argument."""
    return bool(one == other)


@register.filter
def delivery(state: str) -> str:
    """How a delivery stands, in words."""
    return {
        "queued": _("on its way"),
        "sent": _("sent"),
        "failed": _("failed"),
        "bounced": _("came back"),
        "skipped": _("not sent"),
    }.get(state, state)


@register.filter
def plain(number: float) -> str:
    """A number as machines read it."""
    return f"{number:.6f}"


@register.filter
def channel(key: str) -> str:
    """How a report came, in words."""
    return {
        "web": _("on the web"),
        "phone": _("by phone"),
        "follow": _("followed this case"),
        "staff": _("by our own staff"),
        "api": _("through another app"),
        "import": _("in the former system"),
    }.get(key, key)
