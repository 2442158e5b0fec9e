"""The difference of two texts, and what is wrong with a field."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from onehall.look.components.small import glyph
from onehall.look.markup import markup
from onehall.setup import rules

register = template.Library()

_SIGNS: Final = {"same": " ", "gone": "\N{MINUS SIGN}", "new": "+"}


@register.simple_tag
def difference(before: str, after: str) -> SafeString:
    """The lines that differ, with a few around them. Put together here: a difference has hundreds."""
    lines = rules.difference(before or "", after or "")
    if not lines:
        return markup('<p class="quiet">{}</p>', _("The words are the same."))
    words = {"same": "", "gone": _("removed"), "new": _("added")}
    rows = [
        markup('<li class="skip"><span class="sr">{}</span>⋯</li>', _("lines left out"))
        if line.mark == "skip"
        else markup(
            '<li class="{}"><span class="nr">{}</span><span class="plus" aria-hidden="true">{}</span>'
            '<code><span class="sr">{} </span>{}</code></li>',
            line.mark,
            line.after or line.before or "",
            _SIGNS[line.mark],
            words[line.mark],
            line.text,
        )
        for line in lines
    ]
    return markup(
        '<div class="scroll" tabindex="0" role="group" aria-label="{}"><ol class="diff">{}</ol></div>',
        _("Difference"),
        SafeString("".join(rows)),
    )


@register.simple_tag
def wrong(errors: Mapping[str, Sequence[Any]], *names: Any) -> SafeString:
    """The mistakes of one field, by its name, as sentences above it."""
    found = errors.get("".join(str(name) for name in names), ())
    return SafeString(
        "".join(
            markup('<p class="err">{}<span>{}</span></p>', glyph("late", plain=True), words)
            for words in found
        )
    )


@register.filter
def at(given: Any, key: Any) -> Any:
    """What a mapping or a list holds at a key, or nothing."""
    if isinstance(given, Mapping):
        return given.get(key, "")
    try:
        return given[key]
    except (IndexError, KeyError, TypeError):
        return ""


@register.filter
def tongue(words: Any, code: str) -> Any:
    """The words of one language; a plain text is in the first one."""
    if isinstance(words, Mapping):
        return words.get(code, "")
    return ""


@register.filter
def joined(first: str, more: Any) -> str:
    """Two parts of a name as one."""
    return f"{first}{more}"


@register.simple_tag
def options(choices: Sequence[tuple[str, Any]], chosen: Any) -> SafeString:
    """The options of a select; one that is chosen but not known stays, so that saving keeps it."""
    known = {key for key, _words in choices}
    kept = [(chosen, chosen)] if chosen and chosen not in known else []
    return SafeString(
        "".join(
            markup(
                '<option value="{}"{}>{}</option>',
                key,
                SafeString(" selected") if key == chosen else SafeString(""),
                words,
            )
            for key, words in [*kept, *choices]
        )
    )


@register.simple_tag
def term_options(groups: Sequence[Any], chosen: str) -> SafeString:
    """What a condition may say, grouped by what it is about."""
    return SafeString(
        "".join(
            markup(
                '<optgroup label="{}">{}</optgroup>',
                group.label,
                options(group.choices, _in(group, chosen)),
            )
            for group in groups
        )
    )


def _in(group: Any, chosen: str) -> str:
    return chosen if any(key == chosen for key, _words in group.choices) else ""
