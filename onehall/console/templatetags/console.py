"""Small filters for the desk's pages."""

from typing import Any

from django import template
from django.utils.translation import gettext as _

from onehall.look.tones import tone_of

register = template.Library()


@register.filter(name="is")
def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same, for a tag's argument."""
    return bool(one == other)


@register.filter
def simple(move: dict[str, Any], _flow: Any) -> bool:
    """Whether a move needs nothing, so that one press makes it."""
    return not move["needs"] and move["purpose"] != "close"


@register.filter
def about(messages: list[Any], seq: int) -> list[Any]:
    """Messages that told about one entry of the timeline."""
    return [m for m in messages if m.about.endswith(f":{seq}")]


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


@register.simple_tag
def category_tone(category: str) -> str:
    """The tone of a category."""
    return tone_of(category)
