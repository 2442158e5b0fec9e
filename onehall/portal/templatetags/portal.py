"""Small filters for the resident's pages."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.conf import settings
from django.template.defaultfilters import linebreaksbr
from django.utils import formats, translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from onehall.casework.models import Photo
from onehall.casework.wording import Line
from onehall.catalog.services import ServiceDefinition
from onehall.look.components.blocks import entry
from onehall.look.context import own_name
from onehall.look.markup import markup, where
from onehall.look.tones import tone_of
from onehall.people import permissions
from onehall.portal.demo_modes import DEMO_MODES

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    """A value as JSON for a data attribute; the template escapes it."""
    return json.dumps(value, separators=(",", ":"))


@register.filter
def item(values: Mapping[Any, Any], key: Any) -> Any:
    """The value under a key, or None."""
    return values.get(key)


@register.filter
def whole_days(days: float) -> int:
    """Days rounded up, at least one."""
    return max(1, math.ceil(days))


@register.filter
def thousands(number: int) -> str:
    """A number with the reader's separators."""
    return str(formats.number_format(number, use_l10n=True, force_grouping=True))


@register.filter
def masked(address: str) -> str:
    """An address that its owner recognises and nobody else can use."""
    name, _at, host = address.partition("@")
    return f"{name[:1]}…@{host}"


@register.filter
def role_words(roles: Sequence[str]) -> str:
    """Roles as people say them."""
    return ", ".join(permissions.words_of(role) for role in roles)


@register.filter
def mail_state(state: str) -> str:
    """Where a message is, in words."""
    words = {
        "queued": _("on its way"),
        "sent": _("sent"),
        "failed": _("tried, and will be tried again"),
        "bounced": _("came back"),
        "skipped": _("not sent"),
    }
    return words.get(state, state)


@register.filter
def only_in(service: ServiceDefinition) -> str:
    """Names of the languages a service is offered in, where the reader's is not one of them."""
    if service.is_offered_in(translation.get_language() or ""):
        return ""
    return ", ".join(own_name(code) for code in service.languages)


@register.simple_tag
def category_tone(category: str) -> str:
    """The tone of a category."""
    return tone_of(category)


@register.simple_tag(takes_context=True)
def timeline(
    context: template.Context, lines: Sequence[Line], photos: Mapping[int, Photo], token: str
) -> SafeString:
    """What happened, entry by entry. In Python, because a page has many and residents wait for it."""
    found = "".join(
        entry(
            context,
            _said(line, photos, token),
            tone=tone_of(line.category),
            title=line.title,
            at=line.at,
            by=line.who,
            note=line.detail,
        )
        for line in lines
    )
    return SafeString(f'<ol class="time">{found}</ol>')


def _said(line: Line, photos: Mapping[int, Photo], token: str) -> SafeString:
    words = where(linebreaksbr(line.words), '<div class="bubble" dir="auto">{}</div>')
    return SafeString(
        words + "".join(_shown(photos[pid], token) for pid in line.photo_ids if pid in photos)
    )


def _shown(photo: Photo, token: str) -> SafeString:
    address = f"/r/{token}/photos/{photo.key}"
    return markup(
        '<a class="shown" href="{}/large.jpg"><img src="{}/small.jpg" width="{}" height="{}" loading="lazy" alt="{}"></a>',
        address,
        address,
        photo.width,
        photo.height,
        photo.words or _("Photo"),
    )


@register.simple_tag
def is_demo() -> bool:
    """Whether the pages that only a demo has are there."""
    return settings.MODE in DEMO_MODES
